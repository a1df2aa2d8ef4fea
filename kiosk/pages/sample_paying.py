"""The sample pages from the first wait for the hub to the end of a payment, and what lies over them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from kiosk.hubclient.wire import Account
from kiosk.pages.over import HELP_TEXTS
from kiosk.pages.sample_accounts import (
    CLEAR,
    COVERED,
    FACTS,
    JAMMED,
    LONGEST,
    NO_PAPER,
    ONE,
    STANDS_IN,
    THREE,
    Sample,
    account,
    bill,
    plain,
)
from kiosk.pages.sample_payments import PAYMENT_ID, claim, credited, payment, unquoted
from kiosk.payment.model import Claim, Note, NoteState, Payment, PaymentState, Slip
from kiosk.session.state import NoteNotice, Page, Session


def paying() -> Iterator[Sample]:
    """Yield the states from the first wait for the hub to the end, then help and the question for more time."""
    for group in (_waits, _cash, _notes, _ends, _claims, _over):
        yield from group()


def _waits() -> Iterator[Sample]:
    for level in range(3):
        yield plain(f"looking_up_{level}", Page.LOOKING_UP, wait_level=level)
        yield plain(f"preparing_{level}", Page.PREPARING, account=THREE, wait_level=level)
        session = Session(page=Page.PAYING, account=THREE, wait_level=level)
        paid = payment(THREE, 10000, 10000, 10000, 10000, 10000, state=PaymentState.SENDING)
        yield f"paying_{level}", session, paid, None, FACTS
    for level in range(2):
        session = Session(page=Page.CLOSING, account=THREE, wait_level=level)
        closing = payment(THREE, 10000, state=PaymentState.CLOSING)
        yield f"closing_{level}", session, closing, None, FACTS
        leaving = payment(THREE, state=PaymentState.CANCELLING)
        yield f"closing_cancelled_{level}", session, leaving, None, FACTS
        doubtful = claim("note_fate_unknown", 0, 10000, printed=None)
        yield f"closing_note_in_doubt_{level}", session, leaving, doubtful, FACTS
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
    NoteNotice("refused", 10000, "too_many_notes"),
    NoteNotice("refused", 500, "type_off"),
    NoteNotice("refused", 10000, "hub_gone"),
    NoteNotice("refused", 10000, "printer"),
    NoteNotice("refused", 10000, "closing"),
    NoteNotice("refused", 10000, "card_gone"),
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
        yield plain(f"message_{word}", Page.MESSAGE, account=THREE, message=word)


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
        yield plain(f"help_over_{under}", Page.HELP, under=under)
    money = Session(page=Page.HELP, under=Page.CASH, account=ONE)
    yield "help_over_cash_money_in", money, payment(ONE, 10000), None, FACTS
    yield plain("more_time", Page.MORE_TIME, under=Page.BILLS, account=THREE, seconds_left=30)
    asked = Session(page=Page.MORE_TIME, under=Page.CASH, account=ONE, seconds_left=21)
    yield "more_time_nothing_in", asked, payment(ONE), None, FACTS
    yield "more_time_money_in", asked, payment(ONE, 10000), None, FACTS
    yield "more_time_enough_in", asked, payment(ONE, 10000, 5000), None, FACTS
    for under, paid in (
        (Page.DONE, credited(ONE, 10000, printed=True)),
        (Page.CHECKING, payment(ONE, 10000, state=PaymentState.CHECKING)),
    ):
        session = Session(page=Page.MORE_TIME, under=under, account=ONE, seconds_left=21)
        yield f"more_time_over_{under}", session, paid, None, FACTS
    yield plain("more_time_over_reference", Page.MORE_TIME, under=Page.REFERENCE, seconds_left=21)
