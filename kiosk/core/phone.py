"""Decisions on payment by phone: the order, its code and count-down, and the closing that ends it for certain."""

from __future__ import annotations

from kiosk.core import begun, credit, refused, settle
from kiosk.core.desk import Desk
from kiosk.core.inputs import OrderSaid, Scanned
from kiosk.hubclient import tender_wire
from kiosk.hubclient.outcomes import Answer, NotSent, Refused, Unknown
from kiosk.numbers import reference
from kiosk.payment import effects as fx
from kiosk.payment import events as ev
from kiosk.payment.model import Payment, PaymentState
from kiosk.session.state import Page

LOOK_AGAIN_S = 1.0
"""Between two looks at an order whose answer came at once; the hub itself waits as long as it may."""
OPENED = frozenset({PaymentState.OPENING_ORDER, PaymentState.AWAITING_PHONE})
CLOSING = frozenset({PaymentState.CLOSING_ORDER, PaymentState.CHECKING_ORDER})


def begin(desk: Desk, *, scanned: bool = False) -> None:
    """Make the order durable and have the hub open it."""
    opening = begun.opening(desk, desk.session.amount_fen)
    if opening is None:
        return
    desk.emit(ev.PhoneOpened(**opening, scanned=scanned))
    desk.go(Page.PHONE, payment_id=opening["key"])
    desk.change(phone_left=None)


def on_order(desk: Desk, said: OrderSaid) -> None:
    """Deal with the hub's word on an order."""
    payment = desk.books.payments.get(said.payment_id)
    if payment is None or payment.state not in OPENED | CLOSING:
        return
    if payment.state in CLOSING and said.asked != "close":
        return  # the closing has the order's id and covers it either way
    match said.outcome:
        case Answer(tender_wire.Phone(status="paid") as order):
            _paid(desk, payment, order)
        case Answer(tender_wire.Phone(status="refused", refusal=refusal)):
            desk.stop(f"close:{payment.payment_id}")
            refused.decline(desk, payment, refusal or "other", "refused")
        case Answer(tender_wire.Phone(status="closed")):
            _closed(desk, payment)
        case Answer(order):
            _open(desk, payment, order, said.asked)
        case Refused(problem) as no if said.asked == "open" and not no.judges_call_only:
            away = "provider_away" if problem.code in {"tender_off", "wallet_away"} else "other"
            refused.decline(desk, payment, away, problem.code)
        case NotSent(reason, _) if said.asked == "open":
            refused.decline(desk, payment, "hub_gone", str(reason))
        case outcome:
            _unanswered(desk, payment, said, _word(outcome))


def _open(desk: Desk, payment: Payment, order: tender_wire.Phone, asked: str) -> None:
    """The order can be paid: its code is shown, and the hub is asked again until that changes."""
    key = payment.payment_id
    if asked == "close":
        desk.emit(ev.OrderUnanswered(key=key, attempt=payment.asks, reason="still open"))
        desk.after(f"close:{key}", settle.pause(desk, key, payment.asks))
        return
    if payment.state is PaymentState.OPENING_ORDER:
        facts = ev.TenderFacts(title_zh=order.title.zh, title_en=order.title.en)
        expires = order.expires_at.isoformat() if order.expires_at else ""
        desk.emit(ev.OrderOpened(key=key, code=order.code, expires_at=expires, facts=facts))
        if begun.shown(desk, payment):
            desk.change(phone_left=round(desk.config.phone.pay_s))
            desk.after("phone", 1.0)
        watch(desk, desk.books.payments[key])
    else:
        desk.after(f"watch:{key}", LOOK_AGAIN_S)


def watch(desk: Desk, payment: Payment) -> None:
    """Ask the hub how the order stands."""
    desk.do(fx.WatchOrder(payment))


def watch_again(desk: Desk, key: str) -> None:
    """The pause between two looks is over."""
    payment = desk.books.payments.get(key)
    if payment is not None and payment.state is PaymentState.AWAITING_PHONE:
        watch(desk, payment)


def _paid(desk: Desk, payment: Payment, order: tender_wire.Phone) -> None:
    booked = order.payment
    known = payment.facts or ev.TenderFacts(title_zh=order.title.zh, title_en=order.title.en)
    facts = ev.TenderFacts(title_zh=known.title_zh, title_en=known.title_en, number=order.wallet_no)
    desk.stop("phone")
    if booked is None or not credit.approve(
        desk, payment, booked, tendered_fen=order.amount_fen, facts=facts
    ):
        close(desk, payment, "fault")
        return
    desk.stop(f"close:{payment.payment_id}")


def _closed(desk: Desk, payment: Payment) -> None:
    key = payment.payment_id
    desk.stop(f"close:{key}")
    if payment.state in CLOSING:
        desk.emit(ev.OrderClosed(key=key))
    else:
        desk.emit(ev.SaleDeclined(key=key, family="timeout", code="closed"))
    if begun.shown(desk, payment) and desk.session.payer_waits:
        desk.stop("checking")
        desk.change(payer_waits=False)
        begin(desk, scanned=True)
    else:
        refused.show(desk, desk.books.payments[key], "timeout")


def _unanswered(desk: Desk, payment: Payment, said: OrderSaid, why: str) -> None:
    key = payment.payment_id
    if payment.state in CLOSING:
        desk.emit(ev.OrderUnanswered(key=key, attempt=said.attempt, reason=why[:200]))
        desk.after(f"close:{key}", settle.pause(desk, key, payment.asks))
    elif payment.state is PaymentState.OPENING_ORDER:
        close(desk, payment, "fault")
    else:
        desk.after(f"watch:{key}", 2 * LOOK_AGAIN_S)


def close(desk: Desk, payment: Payment, by: str) -> None:
    """Have the hub close the order: no code of it may be paid for any more."""
    key = payment.payment_id
    first = payment.state in OPENED
    desk.emit(ev.OrderClosing(key=key, attempt=1 if first else payment.asks + 1, by=by))
    desk.stop(f"close:{key}")
    if first and begun.shown(desk, payment):
        desk.stop("phone")
        desk.go(Page.CLOSING_ORDER)
        desk.after("wait", 2.0)
        desk.after("checking", desk.config.hub.checking_after_s)


def close_again(desk: Desk, key: str) -> None:
    """The pause before the next attempt to close is over."""
    payment = desk.books.payments.get(key)
    if payment is not None and payment.state in CLOSING and not payment.in_flight:
        close(desk, payment, payment.ended_by)


def cancel(desk: Desk, _arg: str = "") -> None:
    """The customer does not want to pay by phone after all."""
    payment = desk.shown
    if payment is not None and payment.state in OPENED:
        close(desk, payment, "customer")


def count_down(desk: Desk) -> None:
    """One second less; at the end the order is closed."""
    payment, left = desk.shown, desk.session.phone_left
    if payment is None or left is None or payment.state is not PaymentState.AWAITING_PHONE:
        return
    if left <= 1:
        close(desk, payment, "timeout")
        return
    desk.change(phone_left=left - 1)
    desk.after("phone", 1.0)


def on_payer(desk: Desk, _said: Scanned) -> None:
    """The customer held the phone's own code out: the order with our code is closed, and one with his is opened."""
    payment = desk.shown
    if payment is not None and payment.state is PaymentState.AWAITING_PHONE and not payment.scanned:
        desk.change(payer_waits=True)
        close(desk, payment, "scanned")


def promise(desk: Desk, payment: Payment) -> None:
    """The customer has waited long enough: a slip says that the outcome is being checked, and they may go."""
    key = payment.payment_id
    desk.emit(ev.CheckingPromised(key=key, reference=reference(key)))
    settle.print_slip(desk, key, "checking")
    settle.show_outcome(desk, key, Page.CHECKING, desk.config.screen.slip_s)


def resume(desk: Desk, payment: Payment) -> None:
    """After a start the order is closed: nobody knows who stands before its code."""
    if payment.state in OPENED:
        close(desk, payment, "restart")
        return
    if payment.in_flight:
        why = "restarted while waiting"
        desk.emit(ev.OrderUnanswered(key=payment.payment_id, attempt=payment.asks, reason=why))
    close(desk, desk.books.payments[payment.payment_id], payment.ended_by)


def _word(outcome: object) -> str:
    match outcome:
        case Refused(problem):
            return problem.code
        case NotSent(reason, detail) | Unknown(reason, detail):
            return f"{reason}: {detail}"
    return "no usable answer"
