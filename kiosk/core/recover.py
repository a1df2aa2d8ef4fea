"""The first decisions after a start: every open payment is taken up where the journal says it stood."""

from __future__ import annotations

from kiosk.core import box, closing, credit, deliver, handover, phone, reverse, settle
from kiosk.core.desk import COLLECTING, Desk
from kiosk.payment import effects as fx
from kiosk.payment import events as ev
from kiosk.payment.model import DELIVERING, Claim, Payment, PaymentState
from kiosk.session.state import Page

BOX = frozenset(
    {
        PaymentState.AUTHORISING_BOX,
        PaymentState.ASKING_BOX,
        PaymentState.VOIDING_BOX,
        PaymentState.TAKEN,
    }
)
ORDER = phone.OPENED | {PaymentState.CLOSING_ORDER}
SLIPS_REPEATED = frozenset(
    {
        PaymentState.CHECKING,
        PaymentState.CREDITED,
        PaymentState.PAID,
        PaymentState.OWED,
        PaymentState.CANCELLED,
        PaymentState.REVERSING,
        PaymentState.REVERSED,
        PaymentState.DECLINED,
        PaymentState.ASKING_BOX,
        PaymentState.CHECKING_ORDER,
    }
)


def begin(desk: Desk) -> None:
    """Resume what is open, and show the newest payment to the customer who may still be there."""
    desk.after("status", 0.0)
    for claim in desk.books.open_claims:
        settle.send_claim(desk, claim)
    for paid in tuple(desk.books.payments.values()):
        _owed_slip(desk, paid)
    for claim in tuple(desk.books.claims.values()):
        _owed_slip(desk, claim)
    for payment in desk.books.untold_payments:
        _tell_again(desk, payment)
    for payment in desk.books.open_payments:
        _resume(desk, payment)
    handover.resume(desk)


def _owed_slip(desk: Desk, item: Payment | Claim) -> None:
    """Whether the last slip came out nobody knows: the one printed now says that it is a copy."""
    if not item.slips or item.slips[-1].printed is not None:
        return
    key = item.payment_id if isinstance(item, Payment) else item.claim_id
    if isinstance(item, Payment) and item.state not in SLIPS_REPEATED:
        # Its claim prints a slip of its own.
        job, why = item.slips[-1].job, "restarted while printing"
        desk.emit(ev.SlipFailed(key=key, job=job, reason=why))
    else:
        booked = isinstance(item, Payment) and item.credit is not None
        owed = isinstance(item, Payment) and item.state is PaymentState.OWED
        kind = "owed" if owed else "paid" if booked else item.slips[-1].kind
        settle.print_slip(desk, key, kind, copy_no=sum(slip.kind == kind for slip in item.slips))


def _resume(desk: Desk, payment: Payment) -> None:
    key = payment.payment_id
    if payment.state is PaymentState.CHECKING:
        _repeat(desk, payment)  # its customer has a slip and is gone
        return
    if payment.state is PaymentState.REVERSING:
        reverse.resume(desk, payment)
        return
    if payment.state is PaymentState.CHECKING_ORDER:
        phone.resume(desk, payment)
        return
    desk.change(payment_id=key, modes=type(desk.session.modes)(lang=payment.lang))
    desk.go(Page.SETTLING)
    desk.stop("page")
    desk.after("wait", 2.0)
    if payment.state is PaymentState.SENDING:
        _repeat(desk, payment)
        desk.after("checking", desk.config.hub.checking_after_s)
    elif payment.state is PaymentState.CREDITED:
        _show_receipt(desk, payment)
    elif payment.state in DELIVERING:
        deliver.resume(desk, payment)
    elif payment.tender != "cash":
        _resume_tender(desk, payment)
    if payment.state in COLLECTING:
        desk.ending = key
        desk.do(fx.DisableAcceptor())
        if payment.intended is None:
            closing.end_interrupted(desk)
            desk.after("closing", 2 * desk.config.cash.closing_s)
        else:
            # The acceptor's first report says where the note that was on its way is now.
            desk.after("note_fate", desk.config.cash.note_fate_s)
            desk.after("closing", 2 * desk.config.cash.closing_s)


def _resume_tender(desk: Desk, payment: Payment) -> None:
    """Money that is not cash and not booked yet: reversed, asked for at the box, closed, or spent once more."""
    state = payment.state
    if state is PaymentState.AUTHORISING:
        reverse.resume(desk, payment)
    elif state in BOX:
        desk.after("checking", desk.config.hub.checking_after_s)
        box.resume(desk, payment)
    elif state in ORDER:
        phone.resume(desk, payment)
        desk.after("checking", desk.config.hub.checking_after_s)
    elif state is PaymentState.REDEEMING:
        credit.send_credit(desk, payment)


def _tell_again(desk: Desk, payment: Payment) -> None:
    """The hub may have heard how the write ended: it takes the same word twice."""
    delivery = payment.delivery
    if delivery is not None and delivery.telling:
        why = "restarted while waiting"
        desk.emit(ev.OutcomeUnanswered(key=payment.payment_id, attempt=delivery.tellings, reason=why))
    deliver.tell_hub(desk, desk.books.payments[payment.payment_id])


def _repeat(desk: Desk, payment: Payment) -> None:
    if payment.in_flight:
        desk.emit(
            ev.CreditUnknown(
                key=payment.payment_id, attempt=payment.attempts, sent=True, reason="restarted while waiting"
            )
        )
    credit.send_credit(desk, desk.books.payments[payment.payment_id])


def _show_receipt(desk: Desk, payment: Payment) -> None:
    if not payment.slips:
        settle.print_slip(desk, payment.payment_id, "paid")
    desk.go(Page.DONE)
    desk.after("page", desk.config.screen.slip_s)
