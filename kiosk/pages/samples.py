"""Every page in realistic states, built by the real builders: what the gallery draws and the tests measure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from drivers.status import DeviceHealth, DeviceStatus
from kiosk.hubclient.wire import Account, Bill, Meter
from kiosk.numbers import check_digit
from kiosk.page import Modes, PageModel
from kiosk.pages import build
from kiosk.pages.over import HELP_TEXTS
from kiosk.pages.start import CLOSED_REASONS
from kiosk.payment.events import AccountFacts, Allocation, NoteCount, QuoteFacts
from kiosk.payment.model import (
    Claim,
    ClaimState,
    Credit,
    Note,
    NoteState,
    Payment,
    PaymentState,
    Slip,
)
from kiosk.session.state import Facts, NoteNotice, Page, Session, SlipFate

Sample = tuple[str, Session, Payment | None, Claim | None, Facts]

ONLINE = DeviceHealth(DeviceStatus.ONLINE)
FACTS = Facts(
    terminal="KIOSK-0001",
    site="漠阳花园服务厅",
    acceptor=ONLINE,
    printer=ONLINE,
    hub_up=True,
    accepted_fen=(10000, 5000, 2000, 1000),
)
METER = "990001001250000000002" + str(check_digit("990001001250000000002"))
ACCOUNT_NO = "0399000000001234"
PAYMENT_ID = "0198f2c4a1b3e5d7a9c1e3f5b7d9f1a3"
TODAY = date(2026, 11, 22)


def bill(month: str, charge: int, late: int = 0, paid: int = 0) -> Bill:
    """Return one open bill, due on the 25th of the month after."""
    year, number = int(month[:4]), int(month[5:])
    due_date = date(year + number // 12, number % 12 + 1, 25)
    return Bill(
        month=month,
        charge_fen=charge,
        late_fee_fen=late,
        paid_fen=paid,
        due_fen=charge + late - paid,
        due_date=due_date,
        state="partly_paid" if paid else "open",
        kwh=charge // 61,
    )


def account(*bills: Bill, balance: int = 0, **changes: Any) -> Account:
    """Return an invented account with these bills."""
    arrears = sum(one.due_fen for one in bills)
    facts: dict[str, Any] = {
        "account_no": ACCOUNT_NO,
        "name_masked": "张**",
        "address_masked": "漠阳花园3栋**单元***",
        "supply_unit": "示例供电公司",
        "usage_class": "居民生活用电",
        "state": "open",
        "meters": (Meter(meter_no=METER, kind="postpaid"),),
        "balance_fen": balance,
        "arrears_fen": arrears,
        "due_fen": max(arrears - balance, 0),
        "bills": bills,
        "as_of": datetime(2026, 11, 22, 9, 30, tzinfo=UTC),
        "business_date": TODAY,
    }
    return Account(**(facts | changes))


ONE = account(bill("2026-10", 12850), balance=0)
THREE = account(
    bill("2026-08", 24360, 1437, paid=2000), bill("2026-09", 15831, 443), bill("2026-10", 9874), balance=35
)
TWELVE = account(
    *(bill(f"2025-{n:02}", 11000 + 731 * n, 900 + 17 * n) for n in (11, 12)),
    *(bill(f"2026-{n:02}", 9000 + 1513 * n, 90 * (11 - n)) for n in range(1, 11)),
)
CLEAR = account(balance=6661)
COVERED = account(bill("2026-10", 5120), balance=8000)
LONGEST = account(
    bill("2025-12", 999_999_900, 99),
    name_masked="欧阳***（漠阳花园业主委员会代收公用电费专户）",
    address_masked="示例省示例市示例区漠阳大道东段一千二百三十四号漠阳花园二期***栋***单元****房",
    supply_unit="示例供电公司漠阳大道东段供电营业中心",
)


def payment(owner: Account, *notes: int, due: int | None = None, **changes: Any) -> Payment:
    """Return a payment of this account with these notes in the box."""
    needed = owner.due_fen if due is None else due
    made = Payment(
        payment_id=PAYMENT_ID,
        kiosk_no=1234,
        state=PaymentState.FUNDED if notes else PaymentState.OPEN,
        business="arrears" if needed else "prepay",
        account=AccountFacts(owner.account_no, owner.name_masked, owner.address_masked, owner.supply_unit),
        quote=QuoteFacts(
            "q" * 32, tuple(b.month for b in owner.bills), needed, 200000, "2026-11-22T10:00:00Z"
        ),
        lang="zh",
        opened_at="2026-11-22T09:31:00Z",
        notes=tuple(Note(f"n{at}", value, NoteState.STACKED) for at, value in enumerate(notes)),
    )
    return replace(made, **changes)


def unquoted(*notes: int, **changes: Any) -> Payment:
    """Return a payment that was opened without the hub: an account number and a limit, no name and no bills."""
    return payment(
        ONE,
        *notes,
        account=AccountFacts(ACCOUNT_NO, "", ""),
        quote=QuoteFacts("", (), 0, 20000, ""),
        **changes,
    )


def credited(
    owner: Account, *notes: int, printed: bool | None = None, slips: bool = True, **changes: Any
) -> Payment:
    """Return the payment as the hub booked it: oldest month first, late fee before principal."""
    amount = sum(notes)
    left, parts = amount + owner.balance_fen, []
    for one in owner.bills:
        take = min(left, one.due_fen)
        fee = min(take, one.late_fee_fen)
        if take:
            parts.append(Allocation(one.month, fee, take - fee))
        left -= take
    credit = Credit(
        hub_no="2026112200012345",
        allocations=tuple(parts),
        to_balance_fen=left - owner.balance_fen,
        balance_before_fen=owner.balance_fen,
        balance_after_fen=left,
        arrears_after_fen=owner.arrears_fen - sum(p.late_fee_fen + p.principal_fen for p in parts),
        credited_at="2026-11-22T09:33:00Z",
        business_date="2026-11-22",
    )
    slip = (Slip("j" * 32, "paid", 0, printed),) if slips else ()
    state = PaymentState.CREDITED if printed is None and slips else PaymentState.PAID
    return payment(owner, *notes, state=state, credit=credit, slips=slip, **changes)


def claim(reason: str, amount: int, memo: int = 0, printed: bool | None = True) -> Claim:
    """Return a claim of this reason."""
    return Claim(
        claim_id="c" * 32,
        reference="0198-F2C4-A1B3",
        reason=reason,
        state=ClaimState.OPEN,
        payment_id=PAYMENT_ID,
        account_no=ACCOUNT_NO,
        amount_fen=amount,
        memo_fen=memo,
        notes=(NoteCount(10000, 1),),
        made_at="2026-11-22T09:33:00Z",
        lang="zh",
        slips=(Slip("s" * 32, "claim", 0, printed),),
    )


NO_HUB = replace(FACTS, hub_up=False, hub_heard=True)
STANDS_IN = replace(NO_HUB, offline_fen=20000)
NO_PAPER = replace(FACTS, printer=DeviceHealth(DeviceStatus.USER_ERROR, "paper_out"))
BOX_FULL = replace(FACTS, acceptor=DeviceHealth(DeviceStatus.HARDWARE_ERROR, "box_full"))
JAMMED = replace(FACTS, acceptor=DeviceHealth(DeviceStatus.HARDWARE_ERROR, "jam_entry"))
BROKEN = replace(FACTS, acceptor=DeviceHealth(DeviceStatus.HARDWARE_ERROR, "failed"))
COVER_OPEN = replace(FACTS, printer=DeviceHealth(DeviceStatus.USER_ERROR, "cover_open"))
STARTING = Facts(terminal="KIOSK-0001", site="", accepted_fen=(10000,), hub_up=True)


def samples(lang: str) -> dict[str, PageModel]:
    """Return all sample pages of a language by name; the name begins with the page's own."""
    modes = Modes(lang=lang)
    return {
        name: build(replace(session, modes=replace(session.modes, lang=modes.lang)), paid, case, facts)
        for name, session, paid, case, facts in states()
    }


def states() -> Iterator[Sample]:
    """Yield what the samples are built from."""
    for group in (_start, _find, _references, _bills, _waits, _cash, _notes, _ends, _claims, _over):
        yield from group()


def _plain(name: str, page: Page, facts: Facts = FACTS, **changes: Any) -> Sample:
    return name, Session(page=page, **changes), None, None, facts


def _start() -> Iterator[Sample]:
    yield _plain("attract", Page.ATTRACT)
    yield _plain("attract_no_paper", Page.ATTRACT, NO_PAPER)
    yield _plain("attract_box_full", Page.ATTRACT, BOX_FULL)
    yield _plain("attract_note_jam", Page.ATTRACT, JAMMED)
    yield _plain("attract_acceptor_broken", Page.ATTRACT, BROKEN)
    yield _plain("attract_cover_open", Page.ATTRACT, COVER_OPEN)
    yield _plain("attract_starting", Page.ATTRACT, STARTING)
    yield _plain("attract_no_hub", Page.ATTRACT, NO_HUB)
    yield _plain("attract_offline", Page.ATTRACT, STANDS_IN)
    yield _plain("home", Page.HOME)
    yield _plain("home_large_low", Page.HOME, modes=Modes(large=True, low=True))
    yield _plain("home_no_cash", Page.HOME, BOX_FULL)
    yield _plain("home_no_hub", Page.HOME, NO_HUB)
    yield _plain("home_offline", Page.HOME, STANDS_IN)
    for reason in CLOSED_REASONS:
        facts = NO_HUB if reason == "no_service" else FACTS
        yield _plain(f"closed_{reason}", Page.CLOSED, replace(facts, closed_reason=reason))
    for level in range(3):
        yield _plain(f"settling_{level}", Page.SETTLING, wait_level=level)
    yield _plain("settling_note_back", Page.SETTLING, note_notice=NoteNotice("returned", 10000))


def _find() -> Iterator[Sample]:
    yield _plain("enter_account_empty", Page.ENTER_ACCOUNT)
    yield _plain("enter_account_part", Page.ENTER_ACCOUNT, digits=ACCOUNT_NO[:7])
    yield _plain("enter_account_full", Page.ENTER_ACCOUNT, digits=ACCOUNT_NO)
    one = replace(FACTS, account_lengths=(16,))
    yield _plain("enter_account_one_length", Page.ENTER_ACCOUNT, one, digits=ACCOUNT_NO[:4])
    for error in ("too_short", "unknown_account", "account_closed", "hub_gone", "hub_busy", "surprise"):
        digits = ACCOUNT_NO[:12] if error == "too_short" else ACCOUNT_NO
        yield _plain(f"enter_account_{error}", Page.ENTER_ACCOUNT, digits=digits, entry_error=error)
    yield _plain("enter_account_differs", Page.ENTER_ACCOUNT, STANDS_IN, entry_error="differs")
    yield _plain("enter_again_empty", Page.ENTER_AGAIN, STANDS_IN, typed_first=ACCOUNT_NO)
    again = {"digits": ACCOUNT_NO, "typed_first": ACCOUNT_NO}
    yield _plain("enter_again_full", Page.ENTER_AGAIN, STANDS_IN, **again)
    short = {"digits": ACCOUNT_NO[:12], "typed_first": ACCOUNT_NO, "entry_error": "too_short"}
    yield _plain("enter_again_too_short", Page.ENTER_AGAIN, STANDS_IN, **short)
    yield _plain("provisional", Page.PROVISIONAL, STANDS_IN, **again)
    no_paper = replace(STANDS_IN, printer=NO_PAPER.printer)
    yield _plain("provisional_no_paper", Page.PROVISIONAL, no_paper, **again)
    yield _plain("provisional_known", Page.PROVISIONAL, STANDS_IN, account=THREE)
    yield _plain("enter_meter_account_only", Page.ENTER_METER, STANDS_IN, entry_error="account_only")
    yield _plain("enter_meter_empty", Page.ENTER_METER)
    yield _plain("enter_meter_part", Page.ENTER_METER, digits=METER[:9])
    yield _plain("enter_meter_full", Page.ENTER_METER, digits=METER)
    for error in ("too_short", "wrong_check_digit", "unknown_meter", "hub_gone"):
        digits = METER[:20] if error == "too_short" else METER[:-1] + "3"
        yield _plain(f"enter_meter_{error}", Page.ENTER_METER, digits=digits, entry_error=error)
    yield _plain("confirm_account", Page.CONFIRM_ACCOUNT, account=THREE, digits=ACCOUNT_NO)
    yield _plain("confirm_account_by_meter", Page.CONFIRM_ACCOUNT, account=THREE, digits=METER)
    yield _plain("confirm_account_longest", Page.CONFIRM_ACCOUNT, account=LONGEST, digits=ACCOUNT_NO)


REFERENCE = "0198F2C4A1B3"


def _references() -> Iterator[Sample]:
    for name, typed in (("empty", ""), ("part", REFERENCE[:6]), ("full", REFERENCE)):
        yield _plain(f"enter_reference_{name}", Page.ENTER_REFERENCE, digits=typed)
    short, error = REFERENCE[:11], "too_short"
    yield _plain("enter_reference_too_short", Page.ENTER_REFERENCE, digits=short, entry_error=error)
    for level in range(3):
        yield _plain(f"asking_reference_{level}", Page.ASKING_REFERENCE, digits=REFERENCE, wait_level=level)
    for name, slip in SLIPS.items():
        yield _plain(f"reference_{name}", Page.REFERENCE, digits=REFERENCE, slip=slip, unknown_slips=5)


def slip_fate(fate: str, kind: Any = "", amount: int = 0, memo: int = 0, on: date | None = None) -> SlipFate:
    """Return what became of the money on an invented slip; `memo` is what is or was in doubt."""
    made_at = datetime(2026, 11, 22, 9, 33, tzinfo=UTC) if kind else None
    return SlipFate(fate, "0198-F2C4-A1B3", kind, amount, memo, made_at, on)


SLIPS = {
    "booked": slip_fate("booked", "payment", 50000, on=TODAY),
    "booked_largest": slip_fate("booked", "payment", 999_999_999, on=TODAY),
    "checking": slip_fate("checking", "payment", 50000),
    "person": slip_fate("person", "claim", 50000),
    "person_note": slip_fate("person", "claim", 0, 10000),
    "person_both": slip_fate("person", "claim", 10000, 5000),
    "credited": slip_fate("credited", "claim", 10000, 5000),
    "refunded": slip_fate("refunded", "claim", 50000),
    "nothing_found": slip_fate("nothing_found", "claim", 0, 10000),
    "reversed": slip_fate("reversed", "payment", 50000),
    "other": slip_fate("other", "claim", 50000),
    "no_amount": slip_fate("person", "claim"),
    "unknown": slip_fate("unknown"),
    "too_many": slip_fate("too_many"),
    "hub_gone": slip_fate("hub_gone"),
    "hub_busy": slip_fate("hub_busy"),
}


def _bills() -> Iterator[Sample]:
    yield _plain("bills_1", Page.BILLS, account=ONE)
    yield _plain("bills_3_all", Page.BILLS, account=THREE)
    yield _plain("bills_3_oldest", Page.BILLS, account=THREE, choose="oldest")
    yield _plain("bills_3_none_chosen", Page.BILLS, account=THREE, choose="chosen")
    two = ("2026-08", "2026-09")
    yield _plain("bills_3_two_chosen", Page.BILLS, account=THREE, choose="chosen", months=two)
    yield _plain("bills_12", Page.BILLS, account=TWELVE)
    yield _plain("bills_12_middle", Page.BILLS, account=TWELVE, first_bill=5)
    yield _plain("bills_12_end", Page.BILLS, account=TWELVE, first_bill=10)
    yield _plain("bills_nothing_due", Page.BILLS, account=CLEAR)
    yield _plain("bills_nothing_due_prepay", Page.BILLS, account=CLEAR, business="prepay")
    yield _plain("bills_covered", Page.BILLS, account=COVERED)
    rich = account(*THREE.bills, balance=30000)
    yield _plain("bills_oldest_covered", Page.BILLS, account=rich)
    yield _plain("bills_prepay_with_arrears", Page.BILLS, account=THREE, business="prepay")
    yield _plain("bills_no_cash", Page.BILLS, NO_PAPER, account=THREE)
    yield _plain("bills_longest", Page.BILLS, account=LONGEST)
    yield _plain("means", Page.MEANS, account=THREE)
    yield _plain("means_prepay", Page.MEANS, account=CLEAR, business="prepay")
    yield _plain("means_no_cash", Page.MEANS, BOX_FULL, account=THREE)


def _waits() -> Iterator[Sample]:
    for level in range(3):
        yield _plain(f"looking_up_{level}", Page.LOOKING_UP, wait_level=level)
        yield _plain(f"preparing_{level}", Page.PREPARING, account=THREE, wait_level=level)
        session = Session(page=Page.PAYING, account=THREE, wait_level=level)
        paid = payment(THREE, 10000, 10000, 10000, 10000, 10000, state=PaymentState.SENDING)
        yield f"paying_{level}", session, paid, None, FACTS
    for level in range(2):
        session = Session(page=Page.CLOSING, account=THREE, wait_level=level)
        closing = payment(THREE, 10000, state=PaymentState.CLOSING)
        yield f"closing_{level}", session, closing, None, FACTS
        leaving = payment(THREE, state=PaymentState.CANCELLING)
        yield f"closing_cancelled_{level}", session, leaving, None, FACTS
    back = Session(page=Page.CLOSING, account=THREE, note_notice=NoteNotice("refused", 10000, "closing"))
    yield "closing_note_back", back, payment(THREE, 10000, state=PaymentState.CLOSING), None, FACTS


def _cash() -> Iterator[Sample]:
    def page(name: str, owner: Account, *notes: int, **changes: Any) -> Sample:
        business: Any = "arrears" if owner.due_fen else "prepay"
        session = Session(page=Page.CASH, account=owner, business=business)
        return f"cash_{name}", session, payment(owner, *notes, **changes), None, FACTS

    yield page("empty", ONE)
    yield page("part", ONE, 10000)
    yield page("exact", ONE, 10000, 2000, 500, 200, 100, 50)
    yield page("surplus", ONE, 10000, 5000)
    yield page("three_months", THREE, 10000, 10000, 5000)
    yield page("prepay_empty", CLEAR)
    yield page("prepay", CLEAR, 10000, 5000)
    yield page("prepay_covered", COVERED, 10000)
    yield page("prepay_arrears", THREE, 10000, due=0)
    on_its_way = Note("n9", 5000, NoteState.INTENDED)
    first = payment(ONE, state=PaymentState.STACKING_FIRST, notes=(on_its_way,))
    session = Session(page=Page.CASH, account=ONE)
    yield "cash_first_note_moving", session, first, None, FACTS
    further = (Note("n0", 10000, NoteState.STACKED), on_its_way)
    second = payment(ONE, state=PaymentState.STACKING, notes=further)
    yield "cash_next_note_moving", session, second, None, FACTS
    for notes in ((), (10000,)):
        name = "cash_provisional" if notes else "cash_provisional_empty"
        yield name, Session(page=Page.CASH), unquoted(*notes), None, STANDS_IN
    longest = payment(LONGEST, *([10000] * 20))
    yield "cash_longest", replace(session, account=LONGEST), longest, None, FACTS
    everything = payment(LONGEST, 999_999_999)
    yield "cash_largest_amount", replace(session, account=LONGEST), everything, None, FACTS


NOTICES = (
    NoteNotice("credited", 10000),
    NoteNotice("returned", 5000),
    NoteNotice("refused", 10000, "over_limit"),
    NoteNotice("refused", 500, "type_off"),
    NoteNotice("refused", 10000, "hub_gone"),
    NoteNotice("refused", 10000, "printer"),
    NoteNotice("refused", 10000, "closing"),
    NoteNotice("rejected", 0, "optic"),
    NoteNotice("rejected", 0, "type_disabled"),
    NoteNotice("paused", 0, "second_note"),
    NoteNotice("jam", 0, "jam"),
    NoteNotice("trouble", 0, "box_full"),
    NoteNotice("trouble", 0, "trouble"),
    NoteNotice("kept", 10000, "money_in"),
)


def _notes() -> Iterator[Sample]:
    for notice in NOTICES:
        name = "_".join(part for part in ("cash_note", notice.kind, notice.reason) if part)
        session = Session(page=Page.CASH, account=ONE, note_notice=notice)
        facts = NO_PAPER if notice.reason == "printer" else FACTS
        yield name, session, payment(ONE, 10000), None, facts
    enough = Session(page=Page.CASH, account=ONE, note_notice=NoteNotice("credited", 5000))
    yield "cash_note_credited_enough", enough, payment(ONE, 10000, 5000), None, FACTS
    for state, name in ((NoteState.STACKED, "recovered"), (NoteState.RETURNED, "recovered_back")):
        unseen = (Note("n0", 10000, NoteState.STACKED), Note("n1", 2000, state, recovered=True))
        session = Session(page=Page.CASH, account=ONE)
        yield f"cash_note_{name}", session, payment(ONE, state=PaymentState.FUNDED, notes=unseen), None, FACTS
    jam = Session(page=Page.CASH, account=ONE, note_notice=NoteNotice("jam", 0, "jam"))
    yield "cash_note_jam_nothing_in", jam, payment(ONE), None, JAMMED


def _ends() -> Iterator[Sample]:
    def page(name: str, paid: Payment, case: Claim | None = None, page: Page = Page.DONE) -> Sample:
        return name, Session(page=page, account=THREE, payment_id=PAYMENT_ID), paid, case, FACTS

    five = (10000,) * 5
    yield page("done_printing", credited(THREE, *five))
    yield page("done_receipt_taken", credited(THREE, *five, printed=True))
    yield page("done_no_receipt", credited(THREE, *five, printed=False))
    yield page("done_surplus", credited(ONE, 10000, 5000, printed=True))
    yield page("done_part", credited(THREE, 10000, printed=True))
    yield page("done_balance_used", credited(COVERED, 1000, printed=True))
    yield page(
        "done_from_balance", credited(account(bill("2026-10", 9000), balance=8000), 1000, printed=True)
    )
    yield page("done_prepay", credited(CLEAR, 10000, printed=True))
    yield page("done_after_checking", credited(THREE, *five, slips=False))
    doubtful = claim("note_fate_unknown", 0, 10000)
    yield page("done_note_in_doubt", credited(THREE, *five, printed=True), doubtful)
    yield page("done_after_restart", credited(THREE, *five, printed=True, ended_by="restart"))
    yield page("done_largest", credited(LONGEST, 999_999_999, printed=True))
    for printed, name in ((None, "printing"), (True, "slip"), (False, "no_slip")):
        slips = (Slip("k" * 32, "checking", 0, printed),)
        waiting = payment(THREE, *five, state=PaymentState.CHECKING, slips=slips)
        yield page(f"checking_{name}", waiting, None, Page.CHECKING)
        slips = (Slip("k" * 32, "provisional", 0, printed),)
        waiting = unquoted(10000, 5000, state=PaymentState.CHECKING, slips=slips)
        yield page(f"checking_provisional_{name}", waiting, None, Page.CHECKING)
    gone = payment(THREE, state=PaymentState.CANCELLED, ended_by="customer")
    yield page("cancelled", gone, None, Page.CANCELLED)
    back = (Note("n0", 10000, NoteState.RETURNED, recovered=True),)
    cut = replace(gone, ended_by="restart")
    for printed, name in ((None, "printing"), (True, "slip"), (False, "no_slip")):
        slips = (Slip("k" * 32, "returned", 0, printed),)
        yield page(f"restart_note_back_{name}", replace(cut, notes=back, slips=slips), None, Page.CANCELLED)
    refused = Session(page=Page.CANCELLED, note_notice=NoteNotice("refused", 5000, "closing"))
    yield "restart_note_never_taken", refused, cut, None, FACTS
    for word in ("hub_gone", "account_closed", "no_cash", "quote_refused", "busy"):
        yield _plain(f"message_{word}", Page.MESSAGE, account=THREE, message=word)


def _claims() -> Iterator[Sample]:
    cases = {
        "declined": claim("declined", 50000),
        "unanswered": claim("unanswered", 50000),
        "note_fate_unknown": claim("note_fate_unknown", 0, 10000),
        "late_note": claim("late_note", 10000),
        "orphan_note": claim("orphan_note", 0, 0),
        "unasked_note": claim("unasked_note", 10000, 5000),
        "printing": claim("declined", 999_999_999, printed=None),
        "no_slip": claim("declined", 50000, printed=False),
    }
    for name, case in cases.items():
        owner = payment(THREE, 10000, state=PaymentState.CLAIMED, claim_id=case.claim_id)
        session = Session(page=Page.CLAIM, account=THREE, payment_id=PAYMENT_ID)
        yield f"claim_{name}", session, owner, case, FACTS


def _over() -> Iterator[Sample]:
    for under in (*HELP_TEXTS, Page.MESSAGE):
        yield _plain(f"help_over_{under}", Page.HELP, under=under)
    money = Session(page=Page.HELP, under=Page.CASH, account=ONE)
    yield "help_over_cash_money_in", money, payment(ONE, 10000), None, FACTS
    yield _plain("more_time", Page.MORE_TIME, under=Page.BILLS, account=THREE, seconds_left=30)
    asked = Session(page=Page.MORE_TIME, under=Page.CASH, account=ONE, seconds_left=21)
    yield "more_time_nothing_in", asked, payment(ONE), None, FACTS
    yield "more_time_money_in", asked, payment(ONE, 10000), None, FACTS
    yield "more_time_enough_in", asked, payment(ONE, 10000, 5000), None, FACTS
