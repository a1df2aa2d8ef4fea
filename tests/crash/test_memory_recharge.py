"""The hub's store for recharge cards, and for the sales of terminal boxes, keeps one contract in memory and in SQL."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from hub.business.keeping import TakenError
from hub.business.recharge_keeping import RechargeCard, RechargeKeeping, RedemptionRecord, WrongNumbers
from hub.data.database import Database
from hub.data.engine import sync_engine
from hub.data.migrate import migrate
from hub.data.recharge import RechargeStore
from hub.data.recharge_stock import row_of
from hub.data.schema_recharge import recharge_cards
from hub.data.store import Store
from tests.crash.memory import Books, MemoryShelf
from tests.crash.memory_recharge import MemoryRecharge, add_recharge_card
from tests.crash.memory_store import MemoryStore
from tests.hub.composition.counter import box_sale

NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)
TODAY = date(2026, 11, 23)
CARD = RechargeCard("000000000001", 5_000, "active", date(2099, 1, 1))
ONE, TWO = "1" * 32, "2" * 32
RECORD = RedemptionRecord(ONE, "T", "{}", "m", "redeemed", CARD.serial, b"reply", NOW)
TRIES = WrongNumbers(NOW, 1, NOW)


@dataclass
class Place:
    """One of the two kinds of books, with one good card."""

    shelf: Any
    cards: Callable[[Any], RechargeKeeping]
    store: Callable[[Any], Any]

    def do(self, *acts: Callable[[RechargeKeeping, Any], Awaitable[Any]]) -> list[Any]:
        """One transaction after the other; what each came to, TakenError as its class."""

        async def whole() -> list[Any]:
            found = []
            for act in acts:
                try:
                    async with self.shelf.write() as connection:
                        found.append(await act(self.cards(connection), self.store(connection)))
                except TakenError:
                    found.append(TakenError)
            if isinstance(self.shelf, Database):
                await self.shelf.close()
            return found

        return asyncio.run(whole())


@pytest.fixture(params=["memory", "sqlite"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "memory":
        books = Books()
        add_recharge_card(books, "m", CARD)
        return Place(MemoryShelf(books), MemoryRecharge, MemoryStore)
    url = f"sqlite:///{tmp_path / 'books.sqlite'}"
    engine = sync_engine(url)
    migrate(engine)
    with engine.begin() as connection:
        row = row_of(CARD.serial, "m", CARD.value_fen, CARD.expires_on, NOW, CARD.state)
        connection.execute(insert(recharge_cards), row)
    engine.dispose()
    return Place(Database(url), RechargeStore, Store)


def test_a_card_is_found_by_its_mark_and_spent_once(place: Place) -> None:
    first, unknown, spent, again, after = place.do(
        lambda cards, _: cards.hold_card("m"),
        lambda cards, _: cards.hold_card("n"),
        lambda cards, _: cards.spend(CARD.serial, ONE),
        lambda cards, _: cards.spend(CARD.serial, TWO),
        lambda cards, _: cards.hold_card("m"),
    )
    assert (first, unknown, spent, again) == (CARD, None, None, TakenError)
    assert after == replace(CARD, state="spent", spent_by=ONE)


def test_a_redemption_is_kept_once(place: Place) -> None:
    assert place.do(
        lambda cards, _: cards.redemption(ONE),
        lambda cards, _: cards.add_redemption(RECORD),
        lambda cards, _: cards.add_redemption(RECORD),
        lambda cards, _: cards.redemption(ONE),
    ) == [None, None, TakenError, RECORD]


def test_wrong_numbers_are_one_count_a_terminal(place: Place) -> None:
    two = replace(TRIES, failed=2)
    assert place.do(
        lambda cards, _: cards.hold_tries("T"),
        lambda cards, _: cards.set_tries("T", TRIES, first=True),
        lambda cards, _: cards.set_tries("T", TRIES, first=True),
        lambda cards, _: cards.set_tries("T", two, first=False),
        lambda cards, _: cards.hold_tries("T"),
        lambda cards, _: cards.hold_tries("U"),
    ) == [None, None, TakenError, None, two, None]


def test_a_boxs_sale_is_one_payments(place: Place) -> None:
    box = box_sale(ONE)
    assert place.do(
        lambda _, store: store.payment_of_box(box, TODAY),
        lambda _, store: store.add_box_sale(box, TODAY, ONE),
        lambda _, store: store.add_box_sale(box, TODAY, TWO),
        lambda _, store: store.payment_of_box(box, TODAY),
        lambda _, store: store.payment_of_box(box, date(2026, 11, 24)),
    ) == [None, None, TakenError, ONE, None]
