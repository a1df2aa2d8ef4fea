"""Kiosk, driver and hub as they might have been written for meter cards: each function makes one fault of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from unittest.mock import patch

from drivers.meter_card.model import CardContents, Wallet, WriteOrder
from drivers.meter_card.profile import WALLET, WRITE_BACK
from drivers.meter_card.writer import CpuCardWriter
from drivers.security.model import CardKeys
from hub.business import card_answers, card_sales, card_writes, cards
from hub.composition import card_counter, card_desk
from kiosk.core import deliver
from kiosk.core.card_fate import Glance, Seen
from kiosk.lanes import authority
from kiosk.lanes.authority import HubAuthority
from kiosk.lanes.card import CardLane
from tests.crash.home import LAYOUT, MODULE, PROFILE
from tests.crash.memory_cards import MemoryCards
from tests.crash.patches import Patch, wrapped

OTHER = "A500000000000009"


def written_without_authority() -> tuple[Patch, ...]:
    """The kiosk has keys of its own, and does as it likes."""

    def authorise(_authority: Any, payment: Any) -> Any:
        sold, card = payment.delivery.purchase, payment.card
        parameter = {"user_type": 3, "alarm1_fen": 2000, "alarm2_fen": 500, "card_type": 2}
        numbers = {"meter_no": sold.meter_no, "customer_no": sold.customer_no}
        files = LAYOUT.order({**parameter, **numbers}, Wallet(sold.amount_fen, sold.count))
        return WriteOrder(payment.delivery.write_id, PROFILE, card.serial, files), MODULE

    return (patch.object(HubAuthority, "authorise", authorise),)


def not_read_back() -> tuple[Patch, ...]:
    def write(writer: Any, order: WriteOrder, module: Any) -> CardContents:
        layout, steps = writer._steps(order)
        card = CardKeys(order.profile, order.serial, order.write_id)
        session = writer._begin(layout, module, card)
        writer._update_all(session, layout, steps, module, card)
        contents: CardContents = layout.contents({f.file: f.data for f in order.files}, order.serial)
        return contents

    return (patch.object(CpuCardWriter, "write", write),)


def seen_as(verdict: Seen, *seen: Seen) -> tuple[Patch, ...]:
    """What is seen on a card is taken for something else."""

    def look(original: Any, *args: Any) -> Seen:
        found: Seen = original(*args)
        return verdict if found in seen else found

    return (wrapped(deliver, "look", look),)


def count_used_again() -> tuple[Patch, ...]:
    def purchase_of(original: Any, *args: Any) -> Any:
        order = original(*args)
        return order and replace(order, count=order.count - 1)

    def set_meter(_original: Any, _store: Any, _meter: Any) -> Any:
        return _nothing()

    return (
        wrapped(card_counter, "purchase_of", purchase_of),
        wrapped(MemoryCards, "set_meter", set_meter),
        wrapped(MemoryCards, "add_purchase", lambda _, store, p: store._all.put("purchases", p.id, p)),
    )


async def _nothing() -> None:
    pass


def count_up_twice() -> tuple[Patch, ...]:
    def set_meter(original: Any, store: Any, meter: Any) -> Any:
        return original(store, replace(meter, purchase_count=meter.purchase_count + 1))

    return (wrapped(MemoryCards, "set_meter", set_meter),)


def sold_untaken() -> tuple[Patch, ...]:
    return (
        patch.object(cards, "_in_meter", lambda *_: True),
        patch.object(card_sales, "settled", lambda _: True),
    )


def wallet_first() -> tuple[Patch, ...]:
    def steps(original: Any, writer: Any, order: WriteOrder) -> Any:
        layout, own = original(writer, order)
        return layout, tuple(sorted(own, key=lambda step: step[0] != WALLET))

    return (wrapped(CpuCardWriter, "_steps", steps),)


def serial_not_compared() -> tuple[Patch, ...]:
    def on_the_card(_original: Any, writer: Any, layout: Any, _serial: str) -> Any:
        session = writer._session(30.0)
        if not writer._port.connected:
            session.connect()
        session.profile = layout.profile.name
        session.start(layout)
        return session

    return (wrapped(CpuCardWriter, "_on_the_card", on_the_card),)


def rewritten_under_a_new_count() -> tuple[Patch, ...]:
    def counted(purchase: Any) -> Any:
        return replace(purchase, count=purchase.count + 1) if purchase.state == "owed" else purchase

    def plan(original: Any, layout: Any, purchase: Any, meter: Any) -> Any:
        return original(layout, counted(purchase), meter)

    return (
        wrapped(card_desk, "write_plan", plan),
        patch.object(authority, "_is_for", lambda *_: True),
    )


def nothing_owed_after_a_pull() -> tuple[Patch, ...]:
    return (patch.object(deliver, "give_up", lambda desk, *_: desk.start_over()),)


def outcome_forgotten() -> tuple[Patch, ...]:
    return (patch.object(deliver, "tell_hub", lambda *_: None),)


def unwritten_counts_as_written() -> tuple[Patch, ...]:
    """The hub crosses off what it owes, however the write ended."""

    def after(original: Any, state: Any, _outcome: Any) -> Any:
        return original(state, "written")

    return (wrapped(card_desk, "after_outcome", after),)


def another_card_authorised() -> tuple[Patch, ...]:
    def add_write(original: Any, store: Any, write: Any) -> Any:
        return original(store, replace(write, card_mark=OTHER))

    return (wrapped(MemoryCards, "add_write", add_write),)


def failed_is_sold_again() -> tuple[Patch, ...]:
    """Whatever is told, the write has failed: the purchase is taken back, and its count is free."""

    async def settle(store: Any, _write: Any, purchase: Any, meter: Any, _state: Any) -> None:
        await store.set_purchase(replace(purchase, state="withdrawn"))
        await store.set_meter(replace(meter, purchase_count=meter.purchase_count - 1))

    return (
        patch.object(card_desk, "believed", lambda *_, **__: "failed"),
        patch.object(card_desk, "_settle", settle),
    )


def no_power_sold() -> tuple[Patch, ...]:
    """All the money goes into the balance, though there is power to be had."""

    async def sell(_counter: Any, _c: Any, _terminal: str, order: Any, _quote: Any, standing: Any) -> Any:
        return card_sales.sell(standing, order.amount_fen, None)

    return (patch.object(card_counter.CardCounter, "sell", sell),)


def meters_word_left_on() -> tuple[Patch, ...]:
    """The meter's own words stay on the card, and the meter takes nothing from it."""

    def files(original: Any, *args: Any) -> Any:
        return tuple(each for each in original(*args) if each.file != WRITE_BACK)

    return wrapped(card_answers, "plan_files", files), wrapped(card_writes, "plan_files", files)


def read_proves_anything() -> tuple[Patch, ...]:
    """The hub takes a card that was read for proof that its meter has the last count."""
    return (patch.object(cards, "proven", lambda *_: "taken"),)


def refused_write_is_read_as_written() -> tuple[Patch, ...]:
    """The lane says what it was to write, not what it has read."""

    def look(_original: Any, lane: Any, code: str = "") -> Glance:
        return Glance(lane._ordered, code) if lane._ordered else _original(lane, code)

    def authorise(original: Any, lane: Any, payment: Any) -> Any:
        try:
            order, _ = lane._authority.authorise(payment)
            lane._ordered = LAYOUT.contents({f.file: f.data for f in order.files}, order.serial)
        except Exception:  # noqa: BLE001 - as careless as the fault
            lane._ordered = None
        return original(lane, payment)

    return (
        patch.object(CardLane, "_ordered", None, create=True),
        wrapped(CardLane, "_read_back", look),
        wrapped(CardLane, "_write", authorise),
    )
