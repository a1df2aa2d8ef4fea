"""How each event of a card write changes what is known of its payment; whether it may happen the table says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from kiosk.payment import events as ev
from kiosk.payment.model import Delivery, Payment
from kiosk.payment.model import PaymentState as S


class NotTheWriteError(ValueError):
    """The event is of another write than the payment's own."""


def rewrite_opened(e: ev.RewriteOpened) -> Payment:
    """The rewrite that begins: a payment without money, for a purchase that was paid before."""
    return Payment(
        payment_id=e.key,
        kiosk_no=e.kiosk_no,
        state=S.UNDELIVERED,
        business="rewrite",
        account=e.account,
        quote=ev.QuoteFacts("", (), 0, 0, e.at),
        lang=e.lang,
        opened_at=e.at,
        card=e.card,
        delivery=Delivery(e.purchase),
    )


def sold(p: Payment, e: ev.GoodApproved) -> Payment:
    """What the hub sold; it is for the card that the payment was opened with, and for no more than was paid in.

    A reissue carries what was paid before: only its fee is of this money.
    """
    bought = e.purchase
    of_this_money = bought.fee_fen + (0 if bought.good == "reissue" else bought.amount_fen)
    if p.card is None or bought.card_serial != p.card.serial or of_this_money > p.inserted_fen:
        raise NotTheWriteError("the purchase is not the payment's own")
    return replace(p, delivery=Delivery(bought))


def _intended(p: Payment, e: ev.Event) -> Payment:
    assert isinstance(e, ev.WriteIntended)  # noqa: S101 - each fold is reached by its own event type only
    delivery = _of(p)
    if delivery.write_id not in {"", e.write_id} or e.attempt != delivery.writes + 1:
        raise NotTheWriteError("a payment has one write, its attempts counted from 1")
    return _with(p, replace(delivery, write_id=e.write_id, writes=e.attempt))


def _verified(p: Payment, e: ev.Event) -> Payment:
    assert isinstance(e, ev.WriteVerified)  # noqa: S101
    return _with(p, replace(_of(p), outcome="written", reason="", ended_at=e.at, taken=e.taken))


def _doubtful(p: Payment, e: ev.Event) -> Payment:
    assert isinstance(e, ev.WriteUncertain | ev.WriteAbsent | ev.WriteTorn)  # noqa: S101
    return _with(p, replace(_of(p), reason=e.reason))


def _given_up(p: Payment, e: ev.Event) -> Payment:
    assert isinstance(e, ev.WriteGivenUp)  # noqa: S101
    return _with(p, replace(_of(p), outcome=e.outcome, reason=e.reason, ended_at=e.at))


def _telling(p: Payment, e: ev.Event) -> Payment:
    assert isinstance(e, ev.OutcomeSending)  # noqa: S101
    delivery = _of(p)
    if not delivery.untold:
        raise NotTheWriteError("there is no outcome that the hub is still to learn")
    return _with(p, replace(delivery, tellings=e.attempt, telling=True))


def _unanswered(p: Payment, _e: ev.Event) -> Payment:
    return _with(p, replace(_of(p), telling=False))


def _taken(p: Payment, _e: ev.Event) -> Payment:
    return _with(p, replace(_of(p), telling=False, told=True))


def _handing(p: Payment, e: ev.Event) -> Payment:
    unwritten = isinstance(e, ev.CardKept) and p.new_card and not p.hand_over and _of(p).outcome != "written"
    if not p.unhanded and not unwritten:
        raise NotTheWriteError("there is no new card to hand over")
    word = e.how if isinstance(e, ev.CardLeft) else "kept" if isinstance(e, ev.CardKept) else "offered"
    return replace(p, hand_over=word)


def _same(p: Payment, _e: ev.Event) -> Payment:
    return p


def _of(p: Payment) -> Delivery:
    if p.delivery is None:
        raise NotTheWriteError("the payment has nothing to be written")
    return p.delivery


def _with(p: Payment, delivery: Delivery) -> Payment:
    return replace(p, delivery=delivery)


CARD_FOLDS: Mapping[type[ev.Event], Callable[[Payment, ev.Event], Payment]] = {
    ev.WriteIntended: _intended,
    ev.WriteUncertain: _doubtful,
    ev.CardReadAsked: _same,
    ev.WriteVerified: _verified,
    ev.WriteAbsent: _doubtful,
    ev.WriteTorn: _doubtful,
    ev.WriteGivenUp: _given_up,
    ev.CardOffered: _handing,
    ev.CardKept: _handing,
    ev.CardLeft: _handing,
    ev.OutcomeSending: _telling,
    ev.OutcomeUnanswered: _unanswered,
    ev.OutcomeTaken: _taken,
}
