"""One conversation, two ways: what SQLAlchemy executes on SQLite and what goes straight to asyncpg give the same."""

import asyncio
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, bindparam, insert, literal, select, text, update

from hub.business.keeping import TakenError
from hub.business.refusals import Refusal
from hub.data.database import Database
from hub.data.engine import sync_engine
from hub.data.schema import legs, payments, transactions

_post = insert(transactions).returning(transactions.c.id)
_post_legs = insert(legs)
_legs = (
    select(legs.c.line, legs.c.account, legs.c.amount_fen, literal(7).label("seven"))
    .where(legs.c.transaction_id == bindparam("serial"))
    .order_by(legs.c.line)
)
_add_payment = insert(payments)
_payment = select(payments).where(payments.c.id == bindparam("id"))
_amount = update(payments).where(payments.c.id == bindparam("the_id")).values(amount_fen=bindparam("amount"))
NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
BOOKING = {"kind": "payment", "reference": "r", "business_date": date(2026, 11, 22), "posted_at": NOW}


@pytest.fixture
def run(books: Any) -> Any:
    """Run a conversation with these books to its end."""

    def run(talk: Any) -> Any:
        async def whole() -> Any:
            database = Database(books.url)
            try:
                return await talk(database)
            finally:
                await database.close()

        return asyncio.run(whole())

    return run


async def _write(database: Database, *steps: dict[str, Any] | Callable[[], None]) -> None:
    async with database.write() as connection:
        for step in steps:
            if callable(step):
                await asyncio.to_thread(step)
            else:
                await connection.execute(_add_payment, step)


def test_rows_have_names_and_constants_and_lists_are_run_each(run: Any) -> None:
    async def talk(database: Database) -> Any:
        async with database.write() as connection:
            serial = (await connection.execute(_post, BOOKING)).scalar_one()
            row = {"transaction_id": serial, "bill_no": None}
            entries = [row | {"line": n, "account": f"a{n}", "amount_fen": 3 - 2 * n} for n in (1, 2)]
            await connection.execute(_post_legs, entries)
        async with database.read() as connection:
            return (await connection.execute(_legs, {"serial": serial})).all()

    first, second = run(talk)
    assert (first.line, first.account, first.amount_fen, first.seven) == (1, "a1", 1, 7)
    assert (second.line, second.account, second.amount_fen) == (2, "a2", -1)


def test_bytes_and_absent_values_come_back(run: Any) -> None:
    async def talk(database: Database) -> Any:
        async with database.write() as connection:
            await connection.execute(_add_payment, {"id": "p", "terminal": "k", "reply": b"\x00\xff"})
            await connection.execute(_amount, {"the_id": "p", "amount": 2**40})
        async with database.read() as connection:
            return (await connection.execute(_payment, {"id": "p"})).one()

    row = run(talk)
    assert (row.reply, row.content, row.amount_fen) == (b"\x00\xff", None, 2**40)


def test_a_key_that_is_there_loses_the_whole_transaction(run: Any) -> None:
    async def talk(database: Database) -> Any:
        await _write(database, {"id": "p", "terminal": "first"})
        with pytest.raises(TakenError):
            await _write(database, {"id": "q", "terminal": "second"}, {"id": "p", "terminal": "second"})
        async with database.read() as connection:
            found = [(await connection.execute(_payment, {"id": each})).first() for each in "pq"]
        return [row and row.terminal for row in found]

    assert run(talk) == ["first", None]


def test_what_a_block_that_fails_wrote_is_gone(run: Any) -> None:
    def fail() -> None:
        raise Refusal("bad_request", "change of mind")

    async def talk(database: Database) -> Any:
        with pytest.raises(Refusal, match="change of mind"):
            await _write(database, {"id": "p", "terminal": "k"}, fail)
        async with database.read() as connection:
            return (await connection.execute(_payment, {"id": "p"})).first()

    assert run(talk) is None


def _cut_all(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )


@pytest.mark.parametrize("books", ["postgresql"], indirect=True)
def test_connections_that_were_cut_are_opened_anew(run: Any, books: Any) -> None:
    async def talk(database: Database) -> Any:
        answers: list[Any] = []
        for cut in (False, True, False):
            if cut:
                await asyncio.to_thread(_cut_all, books.engine)
            for _ in range(3):
                try:
                    async with database.write() as connection:
                        answers.append((await connection.execute(_payment, {"id": "p"})).first())
                except Refusal as refusal:
                    answers.append(refusal.code)
        return answers

    answers = run(talk)
    assert set(answers) <= {None, "hub_busy"}
    assert answers[:3] == answers[-3:] == [None] * 3


@pytest.mark.parametrize("books", ["postgresql"], indirect=True)
def test_a_connection_that_is_cut_within_a_transaction_is_busy(run: Any, books: Any) -> None:
    async def talk(database: Database) -> Any:
        with pytest.raises(Refusal) as refused:
            await _write(
                database,
                {"id": "p", "terminal": "k"},
                lambda: _cut_all(books.engine),
                {"id": "q", "terminal": "k"},
            )
        async with database.read() as connection:
            return refused.value.code, (await connection.execute(_payment, {"id": "p"})).first()

    assert run(talk) == ("hub_busy", None)


@pytest.mark.parametrize("books", ["postgresql"], indirect=True)
def test_a_lock_that_is_not_given_is_busy(run: Any, books: Any) -> None:
    async def talk(database: Database) -> Any:
        with books.engine.begin() as other:
            other.execute(_add_payment, {"id": "p", "terminal": "other"})
            with pytest.raises(Refusal) as refused:
                await _write(database, {"id": "p", "terminal": "k"})
        return refused.value.code

    assert run(talk) == "hub_busy"


@pytest.mark.parametrize("books", ["postgresql"], indirect=True)
def test_a_server_that_takes_no_connections_for_now_is_busy(run: Any, books: Any, postgres: str) -> None:
    def let(in_or_out: str) -> None:
        engine = sync_engine(postgres)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(
                text(f"ALTER DATABASE {books.engine.url.database} ALLOW_CONNECTIONS {in_or_out}")
            )
        engine.dispose()

    async def talk(database: Database) -> Any:
        let("false")
        try:
            with pytest.raises(Refusal) as refused:
                await _write(database, {"id": "p", "terminal": "k"})
        finally:
            let("true")
        await _write(database, {"id": "p", "terminal": "k"})
        return refused.value.code

    assert run(talk) == "hub_busy"
