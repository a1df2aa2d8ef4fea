"""Decisions at the end of taking notes: the amount is fixed, or a payment without money ends."""

from __future__ import annotations

from drivers.cash.model import CashState
from kiosk.core import credit, settle
from kiosk.core.desk import Desk
from kiosk.payment import events as ev
from kiosk.payment.model import NoteState, Payment, PaymentState
from kiosk.session.state import Page

RESTING = frozenset(
    {
        CashState.DISABLED,
        CashState.OFFLINE,
        CashState.BOX_FULL,
        CashState.BOX_OUT,
        CashState.JAM_ENTRY,
        CashState.JAM_BOX,
        CashState.CHEATED,
        CashState.FAILED,
    }
)
"""States in which no further note can come in."""


def lose_note(desk: Desk, payment: Payment) -> None:
    """No device can tell where the intended note is: a claim with a memo amount, neither credited nor denied."""
    note = payment.intended
    if note is None:
        return
    claim_id = settle.open_claim(
        desk, reason="note_fate_unknown", payment=payment, amount_fen=0, memo_fen=note.value_fen
    )
    desk.emit(ev.NoteFateUnknown(key=payment.payment_id, note_id=note.note_id, claim_id=claim_id))
    desk.stop("note_fate")
    after = desk.books.payments[payment.payment_id]
    if after.state is PaymentState.FUNDED:
        request_pay(desk, after, "fault")
    elif after.state is PaymentState.OPEN:
        request_cancel(desk, after, "fault")


def end_interrupted(desk: Desk) -> None:
    """A payment that a restart interrupted takes no further note once its last one is settled."""
    payment = desk.collecting
    if payment is None or payment.payment_id != desk.ending:
        return
    if payment.state is PaymentState.FUNDED:
        request_pay(desk, payment, "restart")
    elif payment.state is PaymentState.OPEN:
        request_cancel(desk, payment, "restart")


def finish(desk: Desk, *, waited: bool = False) -> None:
    """Fix the amount or end the cancelled payment once no note can come in any more (or `waited` long enough)."""
    payment = desk.collecting
    if payment is None:
        return
    if payment.intended is not None:
        if waited:
            desk.after("closing", desk.config.cash.closing_s)  # the note's fate comes first
        return
    if not waited and desk.cash_state not in RESTING:
        return
    if payment.state is PaymentState.CLOSING:
        desk.stop("closing")
        credit.send_credit(desk, payment)
    elif payment.state is PaymentState.CANCELLING:
        desk.stop("closing")
        desk.emit(ev.Cancelled(key=payment.payment_id))
        if payment.returned_counts:
            settle.print_slip(desk, payment.payment_id, "returned")
        _show_cancelled(desk, payment)


def _show_cancelled(desk: Desk, payment: Payment) -> None:
    if desk.session.payment_id != payment.payment_id:
        return
    if desk.shown_claim is not None:  # as always where a fault ended it: the note that was lost is in doubt
        desk.go(Page.CLAIM)
        desk.after("page", desk.config.screen.slip_s)
    elif payment.ended_by == "customer":
        desk.go(Page.CANCELLED)
        desk.after("page", desk.config.screen.done_s)
    elif payment.ended_by == "restart" and _gave_back(desk, payment):
        desk.go(Page.CANCELLED)
        desk.after("page", desk.config.screen.slip_s)
    else:
        desk.start_over()


def _gave_back(desk: Desk, payment: Payment) -> bool:
    """Whether a note came out of the slot that its owner, who may still stand there, must be told of."""
    seen = desk.session.note_notice
    given = seen is not None and seen.kind in {"returned", "refused"}
    return given or any(note.state is NoteState.RETURNED for note in payment.notes)


def request_pay(desk: Desk, payment: Payment, by: str) -> None:
    """Fix the amount: no further note, then the credit request."""
    desk.emit(ev.PayRequested(key=payment.payment_id, by=by))
    _begin_closing(desk, payment)


def request_cancel(desk: Desk, payment: Payment, by: str) -> None:
    """End a payment into which nothing was put."""
    desk.emit(ev.CancelRequested(key=payment.payment_id, by=by))
    _begin_closing(desk, payment)


def _begin_closing(desk: Desk, payment: Payment) -> None:
    if desk.session.payment_id == payment.payment_id:
        desk.go(Page.CLOSING)
        desk.after("wait", 2.0)
    desk.after("closing", desk.config.cash.closing_s)
    finish(desk)
