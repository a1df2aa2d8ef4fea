"""Recharge cards in the books: each guard of a card holds by itself, on SQLite and PostgreSQL."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import insert

from hub.business.keeping import TakenError
from hub.business.recharge_keeping import RechargeCard, WrongNumbers
from hub.data.database import Database
from hub.data.recharge import RechargeStore
from hub.data.recharge_stock import row_of
from hub.data.schema_recharge import recharge_cards

NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)
CARD = RechargeCard("000000000001", 5_000, "active", date(2099, 1, 1))
ONE, TWO = "1" * 32, "2" * 32


@pytest.fixture
def talk(books: Any) -> Callable[[Callable[[Database], Awaitable[Any]]], Any]:
    """Talk to books that hold one good card."""
    with books.engine.begin() as connection:
        connection.execute(
            insert(recharge_cards), row_of(CARD.serial, "m", 5_000, CARD.expires_on, NOW, "active")
        )

    def talked(act: Callable[[Database], Awaitable[Any]]) -> Any:
        async def whole() -> Any:
            database = Database(books.url)
            try:
                return await act(database)
            finally:
                await database.close()

        return asyncio.run(whole())

    return talked


def test_a_card_is_spent_once_even_where_nobody_looked(talk: Any) -> None:
    async def act(database: Database) -> None:
        async with database.write() as connection:
            await RechargeStore(connection).spend(CARD.serial, ONE)
        with pytest.raises(TakenError):
            async with database.write() as connection:
                await RechargeStore(connection).spend(CARD.serial, TWO)
        async with database.write() as connection:
            card = await RechargeStore(connection).hold_card("m")
            assert (card and card.state, card and card.spent_by) == ("spent", ONE)

    talk(act)


def test_who_holds_a_card_is_alone_with_it(talk: Any) -> None:
    async def act(database: Database) -> None:
        held, order = asyncio.Event(), []

        async def first() -> None:
            async with database.write() as connection:
                await RechargeStore(connection).hold_card("m")
                held.set()
                await asyncio.sleep(0.2)  # room for the other one, should nothing keep him out
                order.append("first")
                await RechargeStore(connection).spend(CARD.serial, ONE)

        async def second() -> Any:
            await held.wait()
            async with database.write() as connection:
                card = await RechargeStore(connection).hold_card("m")
                order.append("second")
                return card and card.state

        _, state = await asyncio.gather(first(), second())
        assert (order, state) == (["first", "second"], "spent")

    talk(act)


def test_wrong_numbers_of_a_terminal_are_one_count(talk: Any) -> None:
    tries = WrongNumbers(NOW, 1, NOW)

    async def act(database: Database) -> None:
        async with database.write() as connection:
            store = RechargeStore(connection)
            assert await store.hold_tries("T") is None
            await store.set_tries("T", tries, first=True)
            assert await store.hold_tries("T") == tries
            await store.set_tries("T", WrongNumbers(NOW, 2, NOW), first=False)
        with pytest.raises(TakenError):
            async with database.write() as connection:
                await RechargeStore(connection).set_tries("T", tries, first=True)
        async with database.read() as connection:
            assert await RechargeStore(connection).hold_tries("T") == WrongNumbers(NOW, 2, NOW)

    talk(act)
