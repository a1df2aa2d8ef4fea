"""How each event of money that is not cash changes what is known of its payment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from kiosk.payment import events as ev
from kiosk.payment.model import BUSINESSES, Payment, PaymentState, Reversal, Tender


class NotTheSaleError(ValueError):
    """The event is of another sale, order or reversal than the payment's own."""


def tender_opened(e: ev.TenderOpened) -> Payment:
    """The payment that begins; its state is the table's to say."""
    payment = Payment(
        payment_id=e.key,
        kiosk_no=e.kiosk_no,
        state=PaymentState.OPEN,
        business=next((known for known in BUSINESSES if known == e.business), "arrears"),
        account=e.account,
        quote=e.quote,
        lang=e.lang,
        opened_at=e.at,
        card=e.card,
        tender=TENDERS[type(e)],
        asked_fen=e.amount_fen,
        business_date=e.business_date,
        taken_at=e.at,
    )
    match e:
        case ev.SaleOpened():
            return replace(payment, route_id=e.route_id, facts=e.facts, in_flight=True)
        case ev.BoxSaleOpened():
            return replace(payment, box_reference=e.box_reference, in_flight=True)
        case ev.PhoneOpened():
            return replace(payment, scanned=e.scanned, in_flight=True)
        case ev.RechargeOpened():
            return replace(payment, sealed=e.sealed)
    raise NotTheSaleError("an opening of no known tender")


TENDERS: Mapping[type[ev.Event], Tender] = {
    ev.SaleOpened: "bank_card",
    ev.BoxSaleOpened: "bank_card",
    ev.PhoneOpened: "qr",
    ev.RechargeOpened: "recharge_card",
}


def _box_approved(p: Payment, e: ev.Event) -> Payment:
    assert isinstance(e, ev.SaleApproved)  # noqa: S101 - each fold is reached by its own event type only
    if e.amount_fen != p.asked_fen:
        raise NotTheSaleError("the box took another amount")
    return replace(p, tendered_fen=e.amount_fen, facts=e.facts, in_flight=False)


def _declined(p: Payment, e: ev.Event) -> Payment:
    assert isinstance(e, ev.SaleDeclined)  # noqa: S101
    if p.tender == "cash" or p.inserted_fen:
        raise NotTheSaleError("the money is in")
    return replace(p, declined=e.family, ended_by="declined", in_flight=False)


def _idle(p: Payment, _e: ev.Event) -> Payment:
    return replace(p, in_flight=False)


def _reversing(p: Payment, e: ev.Event) -> Payment:
    assert isinstance(e, ev.ReversalSending)  # noqa: S101
    before = p.reversal
    if before is not None and before.reversal_id != e.reversal_id:
        raise NotTheSaleError("a sale has one reversal")
    if e.attempt != (before.attempts if before else 0) + 1:
        raise NotTheSaleError("the attempts of a reversal are counted from 1")
    return replace(p, reversal=Reversal(e.reversal_id, e.attempt), in_flight=True)


def _reversed(p: Payment, e: ev.Event) -> Payment:
    assert isinstance(e, ev.ReversalAnswered)  # noqa: S101
    return replace(p, ended_by=e.outcome, in_flight=False)


def _asking(p: Payment, e: ev.Event) -> Payment:
    assert isinstance(e, ev.LastResultAsked | ev.VoidAsked | ev.OrderClosing)  # noqa: S101
    if isinstance(e, ev.VoidAsked) and not (p.by_box and p.inserted_fen):
        raise NotTheSaleError("no box has taken the money")
    first = not isinstance(e, ev.LastResultAsked) and p.state in _BEFORE_ASKING
    if e.attempt != (1 if first else p.asks + 1):
        raise NotTheSaleError("what is asked again is counted from 1")
    by = e.by if isinstance(e, ev.OrderClosing) and first else p.ended_by
    return replace(p, asks=e.attempt, ended_by=by, in_flight=True)


_BEFORE_ASKING = frozenset(
    {
        PaymentState.SENDING,
        PaymentState.CHECKING,
        PaymentState.OPENING_ORDER,
        PaymentState.AWAITING_PHONE,
    }
)


def _voided(p: Payment, e: ev.Event) -> Payment:
    assert isinstance(e, ev.Voided)  # noqa: S101
    return replace(p, ended_by="voided", in_flight=False)


def _order_opened(p: Payment, e: ev.Event) -> Payment:
    assert isinstance(e, ev.OrderOpened)  # noqa: S101
    return replace(p, code=e.code, expires_at=e.expires_at, facts=e.facts, in_flight=False)


def _same(p: Payment, _e: ev.Event) -> Payment:
    return p


TENDER_FOLDS: Mapping[type[ev.Event], Callable[[Payment, ev.Event], Payment]] = {
    ev.SaleApproved: _box_approved,
    ev.SaleDeclined: _declined,
    ev.SaleUnknown: _idle,
    ev.ReversalSending: _reversing,
    ev.ReversalUnanswered: _idle,
    ev.ReversalAnswered: _reversed,
    ev.LastResultAsked: _asking,
    ev.LastResultUnknown: _idle,
    ev.VoidAsked: _asking,
    ev.VoidUnknown: _idle,
    ev.Voided: _voided,
    ev.OrderOpened: _order_opened,
    ev.OrderClosing: _asking,
    ev.OrderUnanswered: _idle,
    ev.OrderClosed: _idle,
    ev.LateAnswer: _same,
}
