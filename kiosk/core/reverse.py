"""Decisions on undoing a sale of which nobody here knows whether it stands: repeated until the hub has answered."""

from __future__ import annotations

from kiosk.core import settle
from kiosk.core.desk import Desk
from kiosk.core.inputs import ReversalSaid
from kiosk.hubclient.outcomes import Answer, NotSent, Refused, Unknown
from kiosk.payment import events as ev
from kiosk.payment.model import Payment, PaymentState
from kiosk.session.state import Page


def begin(desk: Desk, payment: Payment, why: str) -> None:
    """The outcome is unknown: the sale is undone, and the customer goes with a slip that says so."""
    key = payment.payment_id
    desk.emit(ev.SaleUnknown(key=key, reason=why[:200]))
    send(desk, desk.books.payments[key])
    settle.print_slip(desk, key, "reversal")
    desk.eject_bank_card()
    settle.show_outcome(desk, key, Page.REVERSED, desk.config.screen.slip_s)


def send(desk: Desk, payment: Payment) -> None:
    """Make the next attempt durable and send it, under the same id as all others."""
    known = payment.reversal
    desk.emit(
        ev.ReversalSending(
            key=payment.payment_id,
            reversal_id=known.reversal_id if known else desk.ids(),
            attempt=known.attempts + 1 if known else 1,
        )
    )
    desk.stop(f"reverse:{payment.payment_id}")


def again(desk: Desk, key: str) -> None:
    """The pause before the next attempt is over."""
    payment = desk.books.payments.get(key)
    if payment is not None and payment.state is PaymentState.REVERSING and not payment.in_flight:
        send(desk, payment)


def on_reversal(desk: Desk, said: ReversalSaid) -> None:
    """The hub's word on one attempt; only an answer ends it."""
    payment = desk.books.payments.get(said.payment_id)
    if payment is None or payment.state is not PaymentState.REVERSING:
        return
    match said.outcome:
        case Answer(body):
            desk.emit(ev.ReversalAnswered(key=payment.payment_id, outcome=body.outcome))
            desk.stop(f"reverse:{payment.payment_id}")
            return
        case Refused(problem):
            why = problem.code
        case NotSent(reason, detail) | Unknown(reason, detail):
            why = f"{reason}: {detail}"
    desk.emit(ev.ReversalUnanswered(key=payment.payment_id, attempt=said.attempt, reason=why[:200]))
    desk.after(f"reverse:{payment.payment_id}", settle.pause(desk, payment.payment_id, said.attempt))


def resume(desk: Desk, payment: Payment) -> None:
    """After a start: what was on its way may have been heard, so it is sent again under the same id."""
    if payment.state is PaymentState.AUTHORISING:
        begin(desk, payment, "restarted while waiting")
        return
    if payment.in_flight and payment.reversal is not None:
        attempt, why = payment.reversal.attempts, "restarted while waiting"
        desk.emit(ev.ReversalUnanswered(key=payment.payment_id, attempt=attempt, reason=why))
    send(desk, desk.books.payments[payment.payment_id])
