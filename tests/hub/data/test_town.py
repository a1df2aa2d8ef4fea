"""The sample town: the same everywhere, true to its tariffs, and near the published figures."""

import hashlib
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import islice
from statistics import mean, median

import pytest

from hub.business.late_fee import late_fee_fen
from hub.business.numbers import identity_number, is_account_number, is_meter_number
from hub.data.tariff_file import NoTariffInForceError, read_tariffs
from hub.data.town import SEED, TownAccount, TownBill, generate
from hub.data.town_demo import KNOWN

AS_OF = date(2026, 10, 10)
BOOK = read_tariffs()
DAYS = [date(2026, 1, 1), date(2026, 3, 31), date(2026, 10, 10), date(2028, 2, 29)]


@pytest.fixture(scope="module")
def town() -> list[TownAccount]:
    return list(generate(SEED, AS_OF))


@pytest.fixture(scope="module")
def homes(town: list[TownAccount]) -> list[TownAccount]:
    """The drawn homes without the large households, as in the published simulation."""
    return [
        account
        for account in town[len(KNOWN) :]
        if account.usage_class == "residential" and not account.large_household
    ]


def known(number: int, as_of: date) -> TownAccount:
    account_no = f"0399{number:012d}"
    return next(account for account in generate(SEED, as_of, len(KNOWN)) if account.account_no == account_no)


def late_fee_due(account: TownAccount, bill: TownBill, on: date) -> int:
    rule = BOOK.in_force(account.tariff_id, on).late_fee
    grown = late_fee_fen(bill.unpaid_principal_fen, bill.due_date, on, rule, bill.late_fee_accrued_to)
    return bill.late_fee_accrued_fen + grown - bill.paid_late_fee_fen


def open_bills(account: TownAccount) -> list[TownBill]:
    return [bill for bill in account.bills if bill.unpaid_principal_fen]


def overdue(account: TownAccount, on: date) -> list[TownBill]:
    return [bill for bill in open_bills(account) if bill.due_date < on]


def share(flags: Sequence[bool]) -> float:
    return sum(flags) / len(flags)


def test_the_same_seed_and_day_give_the_same_town_on_every_machine() -> None:
    written = "\n".join(repr(account) for account in generate(SEED, AS_OF, 300))
    assert (
        hashlib.sha256(written.encode()).hexdigest()
        == "e99780b29aa319c5440c45247ad1a9e6c8270cc1b12da62ebb673a28e775d666"
    )


def test_another_seed_gives_another_town(town: list[TownAccount]) -> None:
    other = list(islice(generate(SEED + 1, AS_OF), 50))
    assert other[: len(KNOWN)] == town[: len(KNOWN)]
    assert all(
        one.bills != two.bills for one, two in zip(other[len(KNOWN) :], town[len(KNOWN) : 50], strict=False)
    )


def test_a_smaller_town_is_the_beginning_of_the_larger(town: list[TownAccount]) -> None:
    for size in (0, 5, 40):
        assert list(generate(SEED, AS_OF, size)) == town[:size]


def test_a_town_of_a_later_day_has_the_same_past(town: list[TownAccount]) -> None:
    later = list(generate(SEED, AS_OF + timedelta(days=200), 200))
    for then, now in zip(town[len(KNOWN) : 200], later[len(KNOWN) :], strict=True):
        assert (then.account_no, then.name, then.address) == (now.account_no, now.name, now.address)
        used = {bill.month: (bill.kwh, bill.charge_fen) for bill in now.bills}
        both = [bill for bill in then.bills if bill.month in used]
        assert [used[bill.month] for bill in both] == [(bill.kwh, bill.charge_fen) for bill in both]


def test_two_thousand_accounts_with_every_kind_of_meter(town: list[TownAccount]) -> None:
    assert len(town) == 2000
    kinds = [account.meters[0].kind for account in town]
    assert kinds.count("card") == pytest.approx(300, abs=3)
    assert kinds.count("remote_prepaid") == pytest.approx(200, abs=3)
    assert kinds.count("sts") == pytest.approx(60, abs=3)
    assert sum(account.usage_class == "business" for account in town) == pytest.approx(40, abs=2)
    assert share([account.large_household for account in town]) == pytest.approx(0.06, abs=0.02)


def test_numbers_and_addresses_are_good_and_unique(town: list[TownAccount]) -> None:
    meters = [meter for account in town for meter in account.meters]
    assert all(is_account_number(account.account_no) for account in town)
    assert all(is_meter_number(meter.meter_no) for meter in meters)
    assert len({account.account_no for account in town}) == len(town)
    assert len({meter.meter_no for meter in meters}) == len(meters)
    assert len({meter.metering_point for meter in meters}) == len(meters)
    assert len({account.address for account in town}) == len(town)
    assert all(len(account.phone) == 11 and account.phone.startswith("154") for account in town)
    people = [account for account in town if account.usage_class == "residential"]
    assert all(account.identity == identity_number(account.identity[:17]) for account in people)
    assert {account.identity[:6] for account in people} == {"999900"}


def test_bills_end_with_the_last_complete_month(town: list[TownAccount]) -> None:
    full = [account for account in town if len(account.bills) == 24]
    assert len(full) > 0.95 * len(town)
    for account in full:
        months = [bill.month for bill in account.bills]
        assert (months[0], months[-1]) == ("2024-10", "2026-09")
        assert months == sorted(set(months))
    for account in town:
        assert all(bill.issued_on <= AS_OF for bill in account.bills)
        assert account.closed_on is None or account.bills[-1].month < f"{account.closed_on:%Y-%m}"


def test_lines_add_up_and_payments_obey_the_rules_of_the_house(town: list[TownAccount]) -> None:
    for account in town:
        rule = BOOK.in_force(account.tariff_id, AS_OF).late_fee
        for bill in account.bills:
            assert sum(line.amount_fen for line in bill.lines) == bill.charge_fen
            assert sum(line.kwh for line in bill.lines) == bill.kwh
            assert 0 <= bill.paid_principal_fen <= bill.charge_fen
            assert late_fee_due(account, bill, AS_OF) >= 0
            if bill.paid_on is None:
                assert (bill.paid_principal_fen, bill.paid_late_fee_fen, bill.channel) == (0, 0, None)
                continue
            assert bill.issued_on <= bill.paid_on <= AS_OF
            fee = late_fee_fen(bill.charge_fen, bill.due_date, bill.paid_on, rule)
            assert bill.paid_late_fee_fen == bill.late_fee_accrued_fen == fee


def test_open_bills_are_the_last_ones_and_closed_accounts_owe_nothing(town: list[TownAccount]) -> None:
    for account in town:
        opened = open_bills(account)
        if account.state == "closed" or account.meters[0].kind != "postpaid":
            assert opened == []
        charged = [bill for bill in account.bills if bill.charge_fen and bill.due_date < AS_OF]
        unpaid = overdue(account, AS_OF)
        assert unpaid == charged[len(charged) - len(unpaid) :]


def test_consumption_is_near_the_published_figures(homes: list[TownAccount]) -> None:
    bills = [bill for account in homes for bill in account.bills]
    steps = [len(bill.lines) for bill in bills]
    assert share([step <= 1 for step in steps]) == pytest.approx(0.784, abs=0.025)
    assert share([step == 2 for step in steps]) == pytest.approx(0.188, abs=0.025)
    assert share([step == 3 for step in steps]) == pytest.approx(0.029, abs=0.01)
    assert mean(bill.kwh for bill in bills) == pytest.approx(168, rel=0.05)
    assert mean(bill.kwh for bill in bills if bill.month[5:] in ("07", "08")) == pytest.approx(244, rel=0.05)
    assert mean(bill.kwh for bill in bills if bill.month[5:] in ("02", "03")) == pytest.approx(122, rel=0.05)
    assert mean(bill.charge_fen for bill in bills) == pytest.approx(10_500, rel=0.06)
    assert median(bill.charge_fen for bill in bills) == pytest.approx(8_100, rel=0.06)
    yearly = sorted(sum(bill.kwh for bill in account.bills) / 2 for account in homes)
    assert yearly[len(yearly) // 2] == pytest.approx(1679, rel=0.06)
    assert yearly[len(yearly) * 9 // 10] == pytest.approx(3810, rel=0.08)


def test_shops_use_more_and_pay_one_price(town: list[TownAccount]) -> None:
    shops = [account for account in town[len(KNOWN) :] if account.usage_class == "business"]
    assert 300 < median(bill.kwh for account in shops for bill in account.bills) < 1200
    assert {line.price for account in shops for bill in account.bills for line in bill.lines} == {
        BOOK.in_force("GD-BUS-FLAT", AS_OF).prices["total"]
    }


def test_arrears_and_balances_have_their_shares(town: list[TownAccount]) -> None:
    postpaid = [
        account
        for account in town[len(KNOWN) :]
        if account.meters[0].kind == "postpaid" and account.state == "open"
    ]
    depths = [len(overdue(account, AS_OF)) for account in postpaid]
    assert share([depth == 1 for depth in depths]) == pytest.approx(0.06, abs=0.02)
    assert share([depth in (2, 3) for depth in depths]) == pytest.approx(0.015, abs=0.01)
    assert share([depth > 3 for depth in depths]) == pytest.approx(0.005, abs=0.005)
    on_time = [account for account, depth in zip(postpaid, depths, strict=True) if not depth]
    assert share([bool(open_bills(account)) for account in on_time]) == pytest.approx(0.22, abs=0.04)
    assert any(0 < bill.paid_principal_fen < bill.charge_fen for a in postpaid for bill in a.bills)
    balances = [account.balance_fen for account in town]
    assert share([balance > 0 for balance in balances]) == pytest.approx(0.35, abs=0.03)
    assert median(balance for balance in balances if balance) == pytest.approx(4000, rel=0.15)


def test_unpaid_current_bills_fall_to_five_percent_by_the_due_date() -> None:
    town = list(generate(SEED, date(2026, 10, 25)))[len(KNOWN) :]
    on_time = [
        account
        for account in town
        if account.meters[0].kind == "postpaid"
        and account.state == "open"
        and account.usage_class == "residential"
        and not overdue(account, date(2026, 10, 25))
    ]
    assert share([bool(open_bills(account)) for account in on_time]) == pytest.approx(0.05, abs=0.02)


@pytest.mark.parametrize("as_of", DAYS)
def test_known_three_open_months_one_of_them_overdue(as_of: date) -> None:
    account = known(18, as_of)
    assert account.meters[0].meter_no == "9900010012500000000010"
    assert [bill.charge_fen for bill in open_bills(account)] == [11325, 9255, 12056]
    assert [late_fee_due(account, bill, as_of) for bill in open_bills(account)] == [170, 0, 0]
    assert all(bill.due_date > bill.issued_on for bill in open_bills(account))


@pytest.mark.parametrize("as_of", DAYS)
def test_known_accounts_without_arrears(as_of: date) -> None:
    for number, kind, balance_fen in [
        (26, "postpaid", 1250),
        (83, "card", 0),
        (91, "remote_prepaid", 6600),
        (109, "sts", 0),
    ]:
        account = known(number, as_of)
        assert (open_bills(account), account.meters[0].kind, account.balance_fen) == ([], kind, balance_fen)
        assert (account.state, len(account.bills)) == ("open", 24)


@pytest.mark.parametrize(
    ("number", "card", "count", "amount_fen", "state"),
    [
        (83, "A500000000000083", 12, 10_000, "taken"),
        (125, "A500000000000125", 5, 20_000, "written"),
        (133, "A500000000000133", 8, 5_000, "owed"),
        (158, "A500000000000158", 21, 30_000, "taken"),
    ],
)
def test_known_cards(number: int, card: str, count: int, amount_fen: int, state: str) -> None:
    [meter] = known(number, AS_OF).meters
    assert meter.card is not None
    last = meter.card.last
    assert (meter.card.serial, last.count, last.amount_fen, last.state) == (card, count, amount_fen, state)
    assert last.paid_on == AS_OF - timedelta(days=20)
    assert meter.card.former == (("A400000000000158",) if number == 158 else ())
    assert meter.hoarding_limit_fen == (100_000 if number == 158 else 0)


def test_a_known_meter_was_never_opened() -> None:
    [meter] = known(141, AS_OF).meters
    assert (meter.kind, meter.card) == ("card", None)


def test_every_way_a_card_can_stand_is_in_the_town(town: list[TownAccount]) -> None:
    held = [meter for account in town[len(KNOWN) :] for meter in account.meters if meter.kind == "card"]
    cards = [meter.card for meter in held if meter.card]
    assert share([meter.card is None for meter in held]) == pytest.approx(0.01, abs=0.01)
    assert share([card.last.state == "taken" for card in cards]) == pytest.approx(0.88, abs=0.05)
    assert {card.last.state for card in cards} == {"taken", "written", "owed"}
    assert any(card.former for card in cards)
    assert len({card.serial for card in cards}) == len(cards)
    assert all(not meter.card for account in town for meter in account.meters if meter.kind != "card")


@pytest.mark.parametrize("as_of", DAYS)
def test_known_balance_covers_a_part_of_what_is_due(as_of: date) -> None:
    account = known(34, as_of)
    assert (sum(bill.charge_fen for bill in open_bills(account)), account.balance_fen) == (9255, 5000)
    assert overdue(account, as_of) == []


@pytest.mark.parametrize("as_of", DAYS)
def test_known_closed_account(as_of: date) -> None:
    account = known(42, as_of)
    assert (account.state, open_bills(account), account.balance_fen) == ("closed", [], 0)
    assert account.closed_on is not None
    assert len(account.bills) == 21


@pytest.mark.parametrize("as_of", DAYS)
def test_known_year_of_arrears(as_of: date) -> None:
    account = known(59, as_of)
    assert (len(open_bills(account)), len(overdue(account, as_of))) == (12, 11)
    fees = [late_fee_due(account, bill, as_of) for bill in open_bills(account)]
    assert fees[-3:] == [416, 139, 0]
    assert fees[0] == 2915
    assert all(bill.due_date >= bill.issued_on for bill in account.bills)


@pytest.mark.parametrize("as_of", DAYS)
def test_known_latin_account_shop_and_part_payment(as_of: date) -> None:
    latin, shop, part_paid = known(67, as_of), known(75, as_of), known(117, as_of)
    assert (latin.name, latin.address) == ("Anna Li", "Garden 8-302")
    assert [bill.charge_fen for bill in open_bills(latin)] == [9255]
    assert (len(shop.meters), shop.usage_class) == (2, "business")
    assert [bill.charge_fen for bill in open_bills(shop)] == [60000, 66000]
    assert len(overdue(shop, as_of)) == 1
    bill, _ = open_bills(part_paid)
    assert (bill.paid_late_fee_fen, bill.paid_principal_fen) == (57, 4943)
    assert late_fee_due(part_paid, bill, as_of) == 64


def test_a_day_before_the_tariffs_is_refused() -> None:
    with pytest.raises(NoTariffInForceError, match="GD-RES-STEP"):
        next(generate(SEED, date(2014, 1, 1)))
