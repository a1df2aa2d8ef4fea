"""Decisions on the terminal box: its sale, its last result before anything else, and giving money back by it."""

from __future__ import annotations

from drivers.eft.model import EftKind, EftResult, reference18
from kiosk.core import begun, credit, refused, settle, void
from kiosk.core.desk import Desk
from kiosk.core.inputs import BoxSaid
from kiosk.numbers import reference
from kiosk.payment import events as ev
from kiosk.payment.model import Payment, PaymentState
from kiosk.session.state import Page

FAMILIES = {
    "51": "funds",
    "61": "limit",
    "65": "limit",
    "55": "pin",
    "38": "pin_tries",
    "75": "pin_tries",
    "54": "expired",
    "33": "expired",
    "04": "capture",
    "41": "capture",
    "43": "capture",
    "14": "card",
    "15": "card",
    "62": "card",
    "57": "not_allowed",
    "58": "not_allowed",
    "90": "day_end",
    "91": "bank_away",
    "96": "bank_away",
    "98": "bank_away",
    "01": "call_bank",
    "05": "call_bank",
}
"""What a box's two digits mean for the customer; the bank's own list is the hub's."""


def begin(desk: Desk) -> None:
    """Make the sale durable and have the box take the amount; it leads the customer from here."""
    opening = begun.opening(desk, desk.session.amount_fen)
    if opening is None:
        return
    key = opening["key"]
    desk.emit(ev.BoxSaleOpened(**opening, box_reference=reference18(key)))
    desk.go(Page.BOX, payment_id=key)


def on_box(desk: Desk, said: BoxSaid) -> None:
    """Deal with what the box said, or did not."""
    payment = desk.books.payments.get(said.payment_id)
    if payment is None:
        return
    match (said.asked, payment.state):
        case ("sale", PaymentState.AUTHORISING_BOX):
            _on_sale(desk, payment, said)
        case ("last", PaymentState.ASKING_BOX):
            _on_last(desk, payment, said)
        case ("void", PaymentState.VOIDING_BOX):
            _on_void(desk, payment, said)


def _on_sale(desk: Desk, payment: Payment, said: BoxSaid) -> None:
    if said.result is not None and _is_own(payment, said.result):
        _settled(desk, payment, said.result)
    elif said.code == "not_sent":
        refused.decline(desk, payment, "bank_away", "box_not_asked")
    else:
        desk.emit(ev.SaleUnknown(key=payment.payment_id, reason=(said.code or credit.OTHER_CONTENT)[:200]))
        if desk.session.payment_id == payment.payment_id:
            desk.go(Page.ASKING_BOX)
            desk.after("wait", 2.0)
            desk.after("checking", desk.config.hub.checking_after_s)
        ask_last(desk, desk.books.payments[payment.payment_id])


def _is_own(payment: Payment, result: EftResult, kind: EftKind = EftKind.SALE) -> bool:
    """Whether it tells of this very sale, or of its void: neither says what became of the other."""
    return result.is_of(kind, payment.box_reference, payment.asked_fen)


def _settled(desk: Desk, payment: Payment, result: EftResult) -> None:
    """The box has said for certain what it did."""
    if result.approved:
        taken(desk, payment, result)
    else:
        refused.decline(desk, payment, FAMILIES.get(result.code, "other"), result.code)


def facts_of(result: EftResult) -> ev.TenderFacts:
    """What the slip tells of the box's side."""
    return ev.TenderFacts(
        card=result.card,
        terminal_no=result.terminal_no,
        merchant_no=result.merchant_no,
        trace=result.trace,
        batch=result.batch,
        number=result.rrn,
        auth_code=result.auth_code,
        at=result.at.isoformat() if result.at else "",
    )


def taken(desk: Desk, payment: Payment, result: EftResult) -> None:
    """The money is taken: from here on it is as stacked cash, and only we can tell the hub."""
    key = payment.payment_id
    desk.emit(ev.SaleApproved(key=key, amount_fen=result.amount_fen, facts=facts_of(result)))
    desk.stop(f"box:{key}")
    gone = bool(payment.slips)
    credit.send_credit(desk, desk.books.payments[key])
    if gone:  # the slip that says it is being checked is out already
        desk.emit(ev.CheckingPromised(key=key, reference=reference(key)))


def ask_last(desk: Desk, payment: Payment) -> None:
    """Ask for the last result, before the box is asked for anything else; the question moves no money."""
    desk.emit(ev.LastResultAsked(key=payment.payment_id, attempt=payment.asks + 1))
    desk.stop(f"box:{payment.payment_id}")


def _on_last(desk: Desk, payment: Payment, said: BoxSaid) -> None:
    if said.result is not None and _is_own(payment, said.result):
        _settled(desk, payment, said.result)
        return
    if said.code == "nothing":
        refused.decline(desk, payment, "other", "box_never_made_it")
        return
    key = payment.payment_id
    desk.emit(ev.LastResultUnknown(key=key, attempt=said.attempt, reason=said.code[:200]))
    if payment.asks >= desk.config.eft_terminal.most_asks:
        credit.claim_payment(desk, payment, "sale_fate_unknown", said.code, memo_fen=payment.asked_fen)
    else:
        desk.after(f"box:{key}", desk.config.eft_terminal.ask_again_s)


def _on_void(desk: Desk, payment: Payment, said: BoxSaid) -> None:
    key = payment.payment_id
    if said.result is not None and said.result.approved and _is_own(payment, said.result, EftKind.VOID):
        desk.emit(ev.Voided(key=key, facts=facts_of(said.result)))
        if not payment.slips:
            settle.print_slip(desk, key, "reversal")
        settle.show_outcome(desk, key, Page.REVERSED, desk.config.screen.slip_s)
        return
    why = said.code or (said.result.code if said.result else "")
    desk.emit(ev.VoidUnknown(key=key, attempt=said.attempt, reason=why[:200]))
    if payment.asks >= desk.config.eft_terminal.most_asks:
        credit.claim_payment(desk, payment, "declined", why)
    else:
        desk.after(f"box:{key}", desk.config.eft_terminal.ask_again_s)


def again(desk: Desk, key: str) -> None:
    """The pause before the next question is over."""
    payment = desk.books.payments.get(key)
    if payment is None or payment.in_flight:
        return
    if payment.state is PaymentState.ASKING_BOX:
        ask_last(desk, payment)
    elif payment.state is PaymentState.VOIDING_BOX:
        void.ask(desk, payment, "asked again")


def promise(desk: Desk, payment: Payment) -> None:
    """The customer has waited long enough: a slip says that the outcome is being checked, and they may go."""
    settle.print_slip(desk, payment.payment_id, "checking")
    settle.show_outcome(desk, payment.payment_id, Page.CHECKING, desk.config.screen.slip_s)


def resume(desk: Desk, payment: Payment) -> None:
    """After a start the box is asked for its last result before anything else."""
    key = payment.payment_id
    if payment.state is PaymentState.AUTHORISING_BOX:
        desk.emit(ev.SaleUnknown(key=key, reason="restarted while waiting"))
        ask_last(desk, desk.books.payments[key])
    elif payment.state is PaymentState.ASKING_BOX:
        if payment.in_flight:
            why = "restarted while waiting"
            desk.emit(ev.LastResultUnknown(key=key, attempt=payment.asks, reason=why))
        ask_last(desk, desk.books.payments[key])
    elif payment.state is PaymentState.VOIDING_BOX:
        if payment.in_flight:
            desk.emit(ev.VoidUnknown(key=key, attempt=payment.asks, reason="restarted while waiting"))
        void.ask(desk, desk.books.payments[key], "restart")
    elif payment.state is PaymentState.TAKEN:
        credit.send_credit(desk, payment)
