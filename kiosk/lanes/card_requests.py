"""The bodies of the calls about meter cards, made of journalled facts or of what was read just now."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from drivers.meter_card.model import WriteBack
from kiosk.hubclient import card_wire
from kiosk.hubclient.card_calls import Seal, sealed
from kiosk.payment import effects as fx
from kiosk.payment.model import Delivery, Payment

_STATES: dict[str, Literal["written", "failed", "unknown"]] = {
    "written": "written",
    "failed": "failed",
    "unknown": "unknown",
}
_KINDS: dict[str, card_wire.WriteKind] = {"purchase": "purchase", "reissue": "reissue", "open": "open"}


def card_read_request(effect: fx.AskCard, seal: Seal) -> card_wire.CardReadRequest:
    """The body of a card read: what stands on the card, sealed, and its answer to our challenge."""
    contents = effect.face.contents
    said = card_wire.CardContents(
        serial=contents.serial,
        meter_no=contents.meter_no or None,
        customer_no=contents.customer_no or None,
        card_type=contents.card_type,
        amount_fen=contents.wallet.amount_fen,
        count=contents.wallet.count,
        write_back=None if contents.write_back is None else _write_back(contents.write_back),
        damaged=effect.face.damaged[:64],
    )
    return card_wire.CardReadRequest(
        profile=contents.profile,
        sealed=sealed(seal, said),
        challenge=effect.face.challenge.hex(),
        cryptogram=effect.face.answer.hex(),
        read_at=datetime.fromisoformat(effect.at),
    )


def _write_back(told: WriteBack) -> card_wire.WriteBack:
    return card_wire.WriteBack(
        meter_no=told.meter_no or None,
        customer_no=told.customer_no or None,
        remaining_fen=told.remaining_fen,
        count=told.count,
        overdraft_fen=told.overdraft_fen,
        illegal_cards=told.illegal_cards,
        written_at=told.written_at,
    )


def identity_request(effect: fx.CheckIdentity, seal: Seal) -> card_wire.IdentityCheckRequest:
    """The body of an identity check: what was typed, so that the hub alone can read it."""
    return card_wire.IdentityCheckRequest(
        account_no=effect.account_no,
        field="phone" if effect.what == "phone" else "identity_no",
        sealed=seal(effect.what, effect.text),
        made_at=datetime.fromisoformat(effect.at),
    )


def card_write_request(payment: Payment, delivery: Delivery, seal: Seal) -> card_wire.CardWriteRequest:
    """The body that asks for a write; the same at every attempt, so the hub authorises it once."""
    purchase, card = delivery.purchase, payment.card
    if card is None:
        raise ValueError("the payment is for no card")
    return card_wire.CardWriteRequest(
        purchase_id=purchase.purchase_id,
        kind="rewrite" if payment.business == "rewrite" else _KINDS[purchase.good],
        profile=card.profile,
        sealed=sealed(seal, card_wire.CardToWrite(serial=card.serial, count=card.count)),
        made_at=datetime.fromisoformat(payment.opened_at),
    )


def outcome_request(payment: Payment, delivery: Delivery, seal: Seal) -> card_wire.OutcomeRequest:
    """The body that tells how a write ended, made of journalled facts alone."""
    seen = None
    if delivery.outcome == "written" and payment.card is not None:
        sold = delivery.purchase
        held = card_wire.Seen(
            serial=payment.card.serial, count=sold.count, amount_fen=sold.amount_fen, reply_empty=True
        )
        seen = sealed(seal, held)
    return card_wire.OutcomeRequest(
        state=_STATES[delivery.outcome],
        seen=seen,
        reason=delivery.reason,
        at=datetime.fromisoformat(delivery.ended_at),
    )
