"""The hub's terminals at banks: no trace number twice, whichever hub asks, and MACs with the right key alone."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from drivers.bank import working_keys
from drivers.bank.mac import mac
from drivers.security import bench_keys
from hub.business.acquirers import Acquirer, CardRange
from hub.business.refusals import Refusal
from hub.business.tender_forms import Title
from hub.composition.bank_terminals import BankTerminals
from hub.composition.vault import Vault
from hub.data.bank_terminals import BankTerminalBooks, add_bank_terminal, bank_terminals_of
from hub.data.database import Database
from hub.data.keys_bench import BenchStore
from hub.data.keystore import KeyRefused

OWN = Acquirer(
    name="own",
    title=Title("本行", "Own Bank"),
    host="127.0.0.1",
    port=1,
    merchant_no="898440000000001",
    tpdu=bytes.fromhex("6000030000"),
    header="603100000000",
    mac="ecb_up",
    double_mak=False,
    ranges=(CardRange("62"),),
)
NOW = datetime(2026, 3, 4, 5, 6, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)
PIK, MAK = bytes(range(16)), bytes(range(16, 24))


@pytest.fixture
def vault() -> Iterator[Vault]:
    vault = Vault(BenchStore(None, {}, bench=True))
    yield vault
    vault.close()


@pytest.fixture
def terminals(vault: Vault) -> BankTerminals:
    return BankTerminals((OWN,), vault)


def add(books: Any, terminal: str = "kiosk-1", tid: str = "10000001", merchant_no: str = "") -> None:
    with books.engine.begin() as connection:
        add_bank_terminal(connection, "own", terminal, tid, merchant_no, NOW)


def run(books: Any, *hubs: Callable[[Database], Awaitable[Any]]) -> list[Any]:
    """Let hubs with a database of their own each work beside one another."""

    async def one(work: Callable[[Database], Awaitable[Any]]) -> Any:
        database = Database(books.url)
        try:
            return await work(database)
        finally:
            await database.close()

    async def all_of_them() -> list[Any]:
        return await asyncio.gather(*(one(work) for work in hubs))

    return asyncio.run(all_of_them())


def signed_on(books: Any, mak_check: bytes = working_keys.kcv(MAK)) -> None:
    data = working_keys.wrapped_for(bench_keys.bank_key("own", "10000001"), PIK, MAK)
    keys = working_keys.parse(data)

    async def keep(database: Database) -> None:
        async with database.write() as connection:
            books_of = BankTerminalBooks(connection)
            assert await books_of.begin_sign_on("own", "kiosk-1", NOW, LATER)
            assert not await books_of.begin_sign_on("own", "kiosk-1", NOW, LATER)
            assert await books_of.signed_on(
                "own",
                "kiosk-1",
                pik=keys.pik,
                pik_check=keys.pik_check,
                mak=keys.mak,
                mak_check=mak_check,
                batch="000007",
                now=NOW,
                until=LATER,
            )

    run(books, keep)


def test_hubs_that_need_a_trace_number_at_once_never_get_the_same(
    books: Any, terminals: BankTerminals
) -> None:
    add(books)
    add(books, "kiosk-2", "10000002")

    async def take(database: Database) -> list[int]:
        async def one() -> int:
            async with database.write() as connection:
                found = await terminals.hold(connection, "own", "kiosk-1")
                assert found
                return int(await terminals.next_stan(connection, found))

        return list(await asyncio.gather(*(one() for _ in range(12))))

    taken = run(books, take, take, take)
    assert sorted(stan for each in taken for stan in each) == list(range(1, 37))
    with books.engine.connect() as connection:
        assert [each.stan for each in bank_terminals_of(connection)] == [36, 0]


def test_a_trace_number_outlasts_its_hub_and_begins_anew_after_the_last(
    books: Any, terminals: BankTerminals
) -> None:
    add(books)

    async def twice(database: Database) -> list[str]:
        stans = []
        for _ in range(2):
            async with database.write() as connection:
                found = await terminals.of(connection, "own", "kiosk-1")
                assert found
                stans.append(await terminals.next_stan(connection, found))
        return stans

    assert run(books, twice) == [["000001", "000002"]]
    assert run(books, twice) == [["000003", "000004"]]
    with books.engine.begin() as connection:
        connection.execute(text("UPDATE bank_terminals SET stan = 999998"))
    assert run(books, twice) == [["999999", "000001"]]


def test_a_hold_lets_nobody_else_change_the_terminal(books: Any, terminals: BankTerminals) -> None:
    add(books)
    seen: list[str] = []

    async def beside() -> None:
        held, settled = asyncio.Event(), asyncio.Event()
        one, other = Database(books.url), Database(books.url)

        async def hold() -> None:
            async with one.write() as connection:
                assert await terminals.hold(connection, "own", "kiosk-1")
                held.set()
                await asyncio.wait([asyncio.ensure_future(settled.wait())], timeout=0.2)
                seen.append("held to the end")

        async def settle() -> None:
            await held.wait()
            async with other.write() as connection:
                await BankTerminalBooks(connection).set_settling("own", "kiosk-1", settling=True)
                settled.set()
                seen.append("changed")

        await asyncio.gather(hold(), settle())
        await asyncio.gather(one.close(), other.close())

    asyncio.run(beside())
    assert seen == ["held to the end", "changed"]


def test_a_kiosk_without_a_terminal_at_the_bank_has_none(books: Any, terminals: BankTerminals) -> None:
    add(books)

    async def look(database: Database) -> list[Any]:
        async with database.read() as connection:
            return [
                await terminals.of(connection, *where)
                for where in (("own", "kiosk-2"), ("other", "kiosk-1"), ("own", "kiosk-1"))
            ]

    [[one, other, found]] = run(books, look)
    assert one is other is None
    assert (found.tid, found.merchant_no, found.batch) == ("10000001", OWN.merchant_no, "000001")
    assert not found.signed_on


def test_a_number_at_a_bank_and_a_kiosk_are_registered_there_once(books: Any) -> None:
    add(books, merchant_no="898440000000009")
    with pytest.raises(IntegrityError):
        add(books, "kiosk-2")
    with pytest.raises(IntegrityError):
        add(books, tid="10000002")
    with books.engine.connect() as connection:
        assert [each.merchant_no for each in bank_terminals_of(connection)] == ["898440000000009"]


@pytest.mark.parametrize("needed", [False, True])
def test_a_mac_is_made_with_the_key_of_the_sign_on(
    books: Any, terminals: BankTerminals, needed: bool
) -> None:
    add(books)

    async def made(database: Database) -> Any:
        async with database.write() as connection:
            found = await terminals.of(connection, "own", "kiosk-1")
            assert found
            if needed:
                await terminals.need_sign_on(connection, found)
        async with database.read() as connection:
            found = await terminals.of(connection, "own", "kiosk-1")
            assert found
        return found, await terminals.mac(found, b"text of some length")

    with pytest.raises(Refusal, match="not signed on"):
        run(books, made)
    signed_on(books)
    [(found, told)] = run(books, made)
    assert told == mac("ecb_up", MAK, b"text of some length")
    assert (found.batch, found.signed_on_at) == ("000007", NOW)
    assert found.ready is not needed


def test_a_mac_key_that_is_not_the_one_of_its_check_value_makes_no_mac(
    books: Any, terminals: BankTerminals
) -> None:
    add(books)
    signed_on(books, mak_check=b"\0\0\0\0")

    async def made(database: Database) -> bytes:
        async with database.read() as connection:
            found = await terminals.of(connection, "own", "kiosk-1")
        assert found
        return await terminals.mac(found, b"text")

    with pytest.raises(KeyRefused, match="10000001 at own"):
        run(books, made)
