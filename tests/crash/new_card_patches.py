"""Kiosk and hub as they might have been written for new cards: each function makes one fault of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import msgspec

from hub.business import card_answers, card_writes, pending_cards
from hub.composition import card_counter, card_desk, identity_desk
from kiosk.core import deliver, handover, reissue
from kiosk.core.card_fate import Seen
from kiosk.hubclient.outcomes import Answer
from kiosk.lanes import hub as hub_lane
from kiosk.payment import effects as fx
from tests.crash.memory_cards import MemoryCards
from tests.crash.patches import Patch, wrapped


async def _nothing(*_: Any) -> None:
    pass


def carried(name: str, change: Callable[[int], int]) -> tuple[Patch, ...]:
    """A reissue is sold and written with something else than was sold last."""

    def other(original: Any, *args: Any) -> Any:
        purchase = original(*args)
        if purchase is None or purchase.kind != "reissue":
            return purchase
        return replace(purchase, **{name: change(getattr(purchase, name))})

    return wrapped(card_counter, "purchase_of", other), wrapped(card_desk, "on_card", other)


def written_empty() -> tuple[Patch, ...]:
    """The new card gets no amount; what the hub says of it is right."""

    def files(original: Any, layout: Any, plan: Any) -> Any:
        new = plan.parameter["card_type"] == layout.profile.card_types["reissue"]
        return original(layout, msgspec.structs.replace(plan, amount_fen=0) if new else plan)

    def look(original: Any, card: Any, *rest: Any) -> Any:
        found = original(card, *rest)
        return Seen.WRITTEN if not card.meter_no and found is Seen.TORN else found

    return (
        wrapped(card_answers, "plan_files", files),
        wrapped(card_writes, "plan_files", files),
        wrapped(deliver, "look", look),
    )


def old_card_stays_active() -> tuple[Patch, ...]:
    def put_card(original: Any, store: Any, card: Any) -> Any:
        return _nothing() if card.state == "replaced" else original(store, card)

    return (wrapped(MemoryCards, "put_card", put_card),)


def sold_beside_one_that_is_owed() -> tuple[Patch, ...]:
    """Nobody remembers that a new card is paid for, neither who is asked for it nor who sells."""

    def offer(original: Any, meter: Any, _pending: Any, last: Any, **rest: Any) -> Any:
        return original(meter, None, last, **rest)

    return (
        wrapped(card_counter, "reissue_offer", offer),
        wrapped(identity_desk, "pending_card", lambda *_: None),
    )


def made_again_before_it_is_told() -> tuple[Patch, ...]:
    """The kiosk believes the hub, which does not know yet that the card is made."""
    return (patch.object(reissue, "_has_made", lambda *_: False),)


def made_and_still_owed() -> tuple[Patch, ...]:
    """The hub hears that a new card is written, and goes on owing it."""

    def settle(original: Any, store: Any, write: Any, purchase: Any, *rest: Any) -> Any:
        return original(store, write, purchase, *rest) if purchase.kind == "purchase" else _nothing()

    return (wrapped(card_desk, "_settle", settle),)


def another_kiosk_is_not_waited_for() -> tuple[Patch, ...]:
    """The hub lets a card be made that another kiosk may be making."""
    return (patch.object(pending_cards, "AT_WORK", timedelta(0)),)


def fee_taken_twice() -> tuple[Patch, ...]:
    def quoted(original: Any, offer: Any, quote: Any) -> Any:
        made = original(offer, quote)
        return replace(made, fee_fen=2 * made.fee_fen)

    return (wrapped(card_counter, "as_quoted", quoted),)


def fee_without_a_card() -> tuple[Patch, ...]:
    """The fee is taken, and nobody keeps what for."""

    def purchase_of(original: Any, *args: Any) -> Any:
        purchase = original(*args)
        return None if purchase is not None and purchase.kind == "reissue" else purchase

    return (wrapped(card_counter, "purchase_of", purchase_of),)


def anybody_is_the_customer() -> tuple[Patch, ...]:
    return (patch.object(identity_desk, "hmac", SimpleNamespace(compare_digest=lambda *_: True)),)


def tries_without_end() -> tuple[Patch, ...]:
    return (patch.object(identity_desk, "check_tries", lambda *_: None),)


def nobody_is_asked_who_he_is() -> tuple[Patch, ...]:
    """Whatever the hub says of it, the customer goes on; and it sells without."""

    def said(original: Any, desk: Any, told: Any) -> None:
        if isinstance(told.outcome, Answer) and told.check_id == desk.asked:
            desk.change(identity_check=told.check_id, digits="")
            reissue.stage(desk)
        else:
            original(desk, told)

    return (
        wrapped(reissue, "on_identity", said),
        patch.object(card_counter, "_require_identity", _nothing),
    )


def held_out_while_it_is_written() -> tuple[Patch, ...]:
    def write(original: Any, desk: Any, payment: Any) -> None:
        original(desk, payment)
        if payment.new_card:
            desk.do(fx.PresentCard(desk.books.payments[payment.payment_id]))

    return (wrapped(deliver, "_write", write),)


def held_out_as_it_is() -> tuple[Patch, ...]:
    """A new card counts as written, whatever stands on it."""

    def look(original: Any, card: Any, *rest: Any) -> Any:
        found = original(card, *rest)
        return Seen.WRITTEN if not card.meter_no and found in {Seen.TORN, Seen.ABSENT} else found

    return (wrapped(deliver, "look", look),)


def offered_without_a_row() -> tuple[Patch, ...]:
    def offer(_original: Any, desk: Any, payment: Any) -> None:
        desk.do(fx.PresentCard(payment))
        handover._wait_for_hand(desk, payment.payment_id)

    return (wrapped(handover, "offer", offer),)


def told_written_of_a_spoiled_card() -> tuple[Patch, ...]:
    """The hub crosses off a new card that lies in the bin."""

    def request(original: Any, payment: Any, delivery: Any, seal: Any) -> Any:
        told = replace(delivery, outcome="written") if payment.new_card else delivery
        return original(payment, told, seal)

    return (wrapped(hub_lane, "outcome_request", request),)


def drawn_in_without_a_row() -> tuple[Patch, ...]:
    def keep(_original: Any, desk: Any, payment: Any, _why: str) -> None:
        desk.do(fx.RetractCard())

    return (wrapped(handover, "keep", keep),)


def forgotten_in_the_machine() -> tuple[Patch, ...]:
    """Whose the card in the machine is nobody remembers."""
    return (patch.object(handover, "owner", lambda _desk: None),)


def held_out_to_whoever_comes() -> tuple[Patch, ...]:
    """After a start the customer may go while his card is looked at, and it is held out all the same."""
    return (
        patch.object(handover, "holds_page", lambda _desk: False),
        patch.object(handover, "_in_front", lambda *_: True),
    )


def gone_when_the_kiosk_starts() -> tuple[Patch, ...]:
    """After a start a card that was held out counts as taken."""

    def hand_over(original: Any, desk: Any, payment: Any, state: Any) -> None:
        if f"collect:{payment.payment_id}" in desk.timers or payment.hand_over != "offered":
            original(desk, payment, state)
        else:
            handover._left(desk, payment, "gone")

    return (wrapped(handover, "_hand_over", hand_over),)
