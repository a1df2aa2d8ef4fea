"""Orders that phones pay: the table has a word for everything, and money is credited or goes back by it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest

from hub.business.forms import Payment, Quote, QuoteOrder
from hub.business.identity import canonical
from hub.business.phone_rules import (
    STATES,
    TABLE,
    PhonePolicy,
    PhoneRecord,
    State,
    Told,
    check_quote,
    duty,
    gives_up,
    is_payer_code,
    phone_answer,
    phone_order,
    refund_no,
    rest,
    step,
)
from hub.business.refusals import Refusal
from hub.business.tender_forms import PhoneOrder, Title

NOW = datetime(2026, 11, 22, 4, tzinfo=UTC)
TITLE = Title("钱包", "Wallet")
POLICY = PhonePolicy()
ORDER = PhoneOrder(
    account_no="0399000000000001",
    quote_id="2" * 32,
    business="arrears",
    months=(),
    kiosk_no=1,
    business_date=NOW.date(),
    made_at=NOW,
    reference="AAAA",
    amount_fen=5000,
)
OPEN = PhoneRecord(
    id="1" * 32,
    terminal="T",
    content=canonical(ORDER),
    amount_fen=5000,
    scanned=False,
    state="open",
    given_up=False,
    opened_at=NOW,
    changed_at=NOW,
    next_at=NOW,
    code="https://wallet.example/p/1",
    expires_at=NOW + timedelta(seconds=120),
)


def record(**changes: Any) -> PhoneRecord:
    return replace(OPEN, **changes)


def test_every_state_has_a_next_one_for_every_word() -> None:
    assert set(STATES) == set(get_args(State))
    for state, row in TABLE.items():
        assert set(row) == set(get_args(Told)), state
        assert row["silent"] == (state, ""), "no answer changes nothing"
        assert all(after in STATES for after, _ in row.values())


def test_money_is_credited_once_and_goes_back_once() -> None:
    acts = {(state, told): act for state, row in TABLE.items() for told, (_, act) in row.items() if act}
    waiting = ("opening", "open", "closing", "closed", "refused")
    assert acts == {(state, "paid"): "book" for state in waiting} | {("refund_due", "refunded"): "gave_back"}
    assert {after for after, _ in TABLE["paid"].values()} == {"paid"}
    assert {after for after, _ in TABLE["refunded"].values()} == {"refunded"}
    assert {after for after, _ in TABLE["refund_due"].values()} == {"refund_due", "refunded"}


@pytest.mark.parametrize("state", ["opening", "open", "closing", "closed", "refused"])
def test_what_is_given_up_goes_back_wherever_it_would_be_credited(state: State) -> None:
    assert step(record(state=state), "paid") == ("paid", "book")
    assert step(record(state=state, given_up=True), "paid") == ("refund_due", "keep_back")
    assert step(record(state=state, given_up=True), "silent") == (state, "")


def test_what_is_due() -> None:
    late = NOW + timedelta(seconds=130)
    assert duty(record(state="opening"), NOW, POLICY) == "open"
    assert duty(record(state="opening", scanned=True), late, POLICY) == "ask"
    assert duty(record(), late - timedelta(seconds=1), POLICY) == "ask"
    assert duty(record(), late, POLICY) == "close"
    for state, due in (("closing", "close"), ("closed", "ask"), ("refused", "ask"), ("refund_due", "refund")):
        assert duty(record(state=state), late, POLICY) == due
    assert [duty(record(state=state), late, POLICY) for state in ("paid", "refunded")] == ["", ""]


def test_pauses_grow_to_a_limit_and_a_closed_order_rests_in_the_end() -> None:
    def pauses(state: State, changed_at: datetime = NOW) -> list[timedelta | None]:
        found = [
            rest(record(state=state, tries=tries, changed_at=changed_at), NOW, POLICY) for tries in range(40)
        ]
        return [None if at is None else at - NOW for at in found]

    for state, most in (
        ("open", POLICY.poll_most),
        ("opening", POLICY.poll_most),
        ("closing", POLICY.again_most),
        ("refund_due", POLICY.again_most),
        ("closed", POLICY.watch_most),
        ("refused", POLICY.watch_most),
    ):
        found = pauses(state)  # type: ignore[arg-type]
        assert found == sorted(found)  # type: ignore[type-var]
        assert found[-1] == most
    assert set(pauses("paid") + pauses("refunded")) == {None}
    assert pauses("closed", NOW - timedelta(hours=47))[-1] is None
    assert set(pauses("closed", NOW - timedelta(hours=49))) == {None}
    assert pauses("refund_due", NOW - timedelta(days=400))[-1] == POLICY.again_most, "never given up"


def test_late_money_is_credited_to_accounts_only() -> None:
    credit = PhonePolicy(late="credit")
    assert gives_up(OPEN, POLICY)
    assert not gives_up(OPEN, credit)
    assert gives_up(record(content=""), credit)
    for business, goes_back in (
        ("prepay", False),
        ("buy_power", True),
        ("reissue", True),
        ("open_card", True),
    ):
        content = OPEN.content.replace('"arrears"', f'"{business}"')
        assert gives_up(record(content=content), credit) == goes_back


def test_what_the_kiosk_is_told() -> None:
    def told(**changes: Any) -> tuple[str, str, str]:
        phone = phone_answer(record(**changes), TITLE, None)
        assert (phone.expires_at is None) == (phone.status != "open")
        return phone.status, phone.code, phone.refusal

    assert told() == ("open", OPEN.code, "")
    assert told(state="opening", code="") == ("open", "", "")
    assert told(state="closing") == ("open", OPEN.code, ""), "a payment may still be credited"
    for state in ("closing", "closed", "refund_due", "refunded"):
        assert told(state=state, given_up=True) == ("closed", "", "")
        assert told(state=state, given_up=True, refusal="provider_away") == ("refused", "", "provider_away")
    assert told(state="closed") == ("closed", "", "")
    assert told(state="refused", given_up=True, refusal="funds") == ("refused", "", "funds")
    payment = Payment(
        id=OPEN.id,
        status="credited",
        hub_no="1",
        account_no=ORDER.account_no,
        amount_fen=5000,
        allocations=(),
        to_balance_fen=5000,
        balance_before_fen=0,
        balance_after_fen=5000,
        arrears_after_fen=0,
        credited_at=NOW,
        business_date=NOW.date(),
    )
    paid = phone_answer(record(state="paid", wallet_no="W1"), TITLE, payment)
    assert (paid.status, paid.payment, paid.wallet_no) == ("paid", payment, "W1")
    assert phone_answer(record(wallet_no="W1"), TITLE, payment).payment is None


def test_a_quote_allows_its_own_order_only() -> None:
    quote = Quote(
        id="2" * 32,
        account_no=ORDER.account_no,
        business="arrears",
        months=(),
        due_fen=100,
        max_fen=5000,
        expires_at=NOW + timedelta(minutes=15),
        as_of=NOW,
        min_fen=5000,
    )
    asked = QuoteOrder(account_no=ORDER.account_no, business="arrears", months=(), tender="qr")
    check_quote(ORDER, canonical(asked), quote, quote.expires_at)

    def refused(
        content: str = canonical(asked), at: datetime = NOW, **changes: Any
    ) -> tuple[str, str | None]:
        with pytest.raises(Refusal) as found:
            check_quote(
                ORDER,
                content,
                Quote(**({n: getattr(quote, n) for n in quote.__struct_fields__} | changes)),
                at,
            )
        return found.value.code, found.value.field

    assert refused(max_fen=4999) == ("amount_differs", "amount_fen")
    assert refused(min_fen=5001) == ("amount_differs", "amount_fen")
    assert refused(account_no="0399000000000002") == ("unknown_quote", "quote_id")
    assert refused(business="prepay") == ("unknown_quote", "quote_id")
    assert refused(canonical(asked).replace('"qr"', '"cash"')) == ("unknown_quote", "quote_id")
    assert refused(at=quote.expires_at + timedelta(seconds=1)) == ("unknown_quote", "quote_id")


def test_numbers() -> None:
    assert refund_no("1" * 32) == "1" * 32 + "-r"
    assert phone_order(OPEN) == ORDER
    assert [
        is_payer_code(text)
        for text in ("2" * 10, "2" * 32, "2" * 9, "2" * 33, "28x", "1" * 18 + "\n", "٣" * 18)
    ] == [
        True,
        True,
        False,
        False,
        False,
        False,
        False,
    ]
