"""The hub's store for meter cards keeps the same contract in memory and in SQL."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from hub.business.billing import Customer, Meter
from hub.business.card_keeping import CardKeeping, CheckRecord, ReadRecord, Tries
from hub.business.cards import Card, CardMeter, Purchase, WriteRecord
from hub.business.keeping import Shelf, TakenError
from hub.data.cards import CardStore
from hub.data.database import Database
from hub.data.engine import sync_engine
from hub.data.fields import phone_mark
from hub.data.keys_bench import BenchStore
from hub.data.migrate import migrate
from hub.data.seed import add_accounts
from hub.data.seed_cards import ALARM1_FEN, ALARM2_FEN, PROFILE
from hub.data.town_model import TownAccount, TownMeter
from tests.crash.memory import Books, MemoryShelf
from tests.crash.memory_cards import MemoryCards, add_card_meter

NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)
ACCOUNT, METER = "0399000000000141", "9900010022500000000008"
MARK, OTHER = "1122334455667788" * 4, "8877665544332211" * 4
REGISTER = CardMeter(
    METER,
    ACCOUNT,
    METER[9:21],
    ACCOUNT[-12:],
    PROFILE,
    3,
    0,
    0,
    ALARM1_FEN,
    ALARM2_FEN,
    1,
    1,
    opened=False,
)
BOUGHT = Purchase("1" * 32, METER, ACCOUNT, "purchase", 1, 5000, "authorised", MARK, "AAAA-BBBB-CCCC", NOW, 7)
WRITE = WriteRecord("2" * 32, "T", "{}", b"write", BOUGHT.id, 1, "purchase", MARK, "authorised", NOW)
READ = ReadRecord("3" * 32, "T", "{}", b"read", MARK, PROFILE, "sealed reading", "ready", 6, 500_000, NOW)
CHECK = CheckRecord("4" * 32, "T", "{}", b"check", ACCOUNT, False, NOW)
Act = Callable[[Any], Awaitable[Any]]


@dataclass
class Place:
    """One of the two stores, with one card meter that was never opened."""

    shelf: Shelf[Any]
    store: Callable[[Any], CardKeeping]
    mark: str

    def keep(self, *acts: Act) -> Any:
        """Acts in one conversation that is kept; what the last came to."""

        async def within() -> Any:
            came = None
            async with self.shelf.write() as conversation:
                for act in acts:
                    came = await act(self.store(conversation))
            return came

        return asyncio.run(within())


def in_memory() -> Place:
    books = Books()
    who = Customer(ACCOUNT, "邓敏", "路1号", "所", "residential", (Meter(METER, "card"),))
    books.add_account(who, "open", 0, [])
    add_card_meter(books, REGISTER)
    books.rows["marks", (ACCOUNT, "phone")] = "mark"
    return Place(MemoryShelf(books), MemoryCards, "mark")


def in_sql(folder: Path) -> tuple[Place, Database]:
    url = f"sqlite:///{folder}/books.sqlite"
    engine = sync_engine(url)
    migrate(engine)
    home = TownAccount(
        account_no=ACCOUNT,
        name="邓敏",
        phone="15400000141",
        address="路1号",
        supply_unit="所",
        usage_class="residential",
        tariff_id="GD-RES-STEP",
        large_household=False,
        state="open",
        opened_on=date(2020, 1, 1),
        closed_on=None,
        balance_fen=0,
        meters=(TownMeter(METER, "1", "card"),),
        bills=(),
    )
    keys = BenchStore(None, {}, bench=True)
    with engine.begin() as connection:
        add_accounts(connection, [home], date(2026, 11, 23), NOW, keys)
    engine.dispose()
    database = Database(url)
    return Place(database, CardStore, phone_mark(keys, home.phone)), database


@pytest.fixture(params=["memory", "sqlite"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    if request.param == "memory":
        yield in_memory()
        return
    place, database = in_sql(tmp_path)
    yield place
    asyncio.run(database.close())


def test_a_meter_is_found_by_its_number_its_account_and_held(place: Place) -> None:
    assert place.keep(lambda store: store.meter_of_number(METER[9:21])) == REGISTER
    assert place.keep(lambda store: store.meters_of(ACCOUNT)) == [REGISTER]
    assert place.keep(lambda store: store.hold_meter("9" * 22)) is None
    assert place.keep(lambda store: store.meter_of_number("9" * 12)) is None
    changed = replace(REGISTER, purchase_count=1, opened=True, customer_no="is not changed")
    held = place.keep(
        lambda store: store.hold_meter(METER),
        lambda store: store.set_meter(changed),
        lambda store: store.hold_meter(METER),
    )
    assert held == replace(REGISTER, purchase_count=1, opened=True)


def test_a_card_is_kept_and_changed(place: Place) -> None:
    assert place.keep(lambda store: store.card(MARK)) is None
    assert place.keep(lambda store: store.had_card(METER)) is False
    card = Card(MARK, METER, "active", "sealed serial")
    place.keep(lambda store: store.put_card(card))
    assert place.keep(lambda store: store.card(MARK)) == card
    assert place.keep(lambda store: store.active_card(METER)) == card
    place.keep(lambda store: store.put_card(replace(card, state="replaced")))
    assert place.keep(lambda store: store.active_card(METER)) is None
    assert place.keep(lambda store: store.had_card(METER)) is True


def test_a_card_of_one_meter_never_becomes_anothers(place: Place) -> None:
    place.keep(lambda store: store.put_card(Card(MARK, None, "blank", "sealed serial")))
    mine = Card(MARK, METER, "active", "sealed serial")
    place.keep(lambda store: store.put_card(mine))
    with pytest.raises(TakenError):
        place.keep(lambda store: store.put_card(replace(mine, meter_no="8" * 22)))
    assert place.keep(lambda store: store.card(MARK)) == mine


def test_a_count_is_sold_once(place: Place) -> None:
    place.keep(lambda store: store.add_purchase(BOUGHT))
    assert place.keep(lambda store: store.purchase(BOUGHT.id)) == BOUGHT
    again = replace(BOUGHT, id="5" * 32, serial=8)
    with pytest.raises(TakenError):
        place.keep(lambda store: store.add_purchase(again))
    with pytest.raises(TakenError):
        place.keep(lambda store: store.add_purchase(BOUGHT))
    place.keep(lambda store: store.set_purchase(replace(BOUGHT, state="withdrawn")))
    assert place.keep(lambda store: store.orders(METER, 1)) == []
    place.keep(lambda store: store.add_purchase(again))
    assert place.keep(lambda store: store.orders(METER, 1)) == [again]


def test_a_reissue_carries_a_count_and_sells_none(place: Place) -> None:
    reissue = replace(BOUGHT, id="5" * 32, kind="reissue", card_mark=None, serial=9)
    place.keep(lambda store: store.add_purchase(BOUGHT), lambda store: store.add_purchase(reissue))
    assert place.keep(lambda store: store.orders(METER, 1)) == [BOUGHT, reissue]
    assert place.keep(lambda store: store.pending_card(METER)) == reissue
    written = replace(reissue, state="written", card_mark=OTHER, count=2, amount_fen=7)
    place.keep(lambda store: store.set_purchase(written))
    assert place.keep(lambda store: store.pending_card(METER)) is None
    assert place.keep(lambda store: store.orders(METER, 2)) == [written]


def test_writes_and_readings_come_back_as_they_went(place: Place) -> None:
    newer = replace(WRITE, id="6" * 32, number=2, kind="rewrite")
    place.keep(
        lambda store: store.add_purchase(BOUGHT),
        lambda store: store.add_write(WRITE),
        lambda store: store.add_write(newer),
        lambda store: store.add_read(READ),
    )
    assert place.keep(lambda store: store.writes_of(BOUGHT.id)) == [WRITE, newer]
    assert place.keep(lambda store: store.read(READ.id)) == READ
    assert place.keep(lambda store: store.read("9" * 32)) is None
    place.keep(lambda store: store.set_write(WRITE.id, "failed", "{}"))
    assert place.keep(lambda store: store.write(WRITE.id)) == replace(WRITE, state="failed", outcome="{}")
    for act in (lambda store: store.add_write(WRITE), lambda store: store.add_read(READ)):
        with pytest.raises(TakenError):
            place.keep(act)


async def _add(record: CheckRecord, store: CardKeeping) -> None:
    await store.add_check(record)


def test_tries_are_counted_since_the_last_that_matched_but_for_the_terminals_own(place: Place) -> None:
    since = NOW - timedelta(hours=1)
    ask = lambda store: store.tries(ACCOUNT, "T", since)  # noqa: E731
    assert place.keep(ask) == Tries(0, 0, None)
    for number, (minutes, terminal, matched) in enumerate(
        [(-61, "T", False), (0, "T", False), (1, "U", False)], 1
    ):
        at = NOW + timedelta(minutes=minutes)
        record = replace(CHECK, id=f"{number:032x}", terminal=terminal, matched=matched, checked_at=at)
        place.keep(partial(_add, record))
    assert place.keep(ask) == Tries(2, 1, NOW + timedelta(minutes=1))
    good = replace(CHECK, matched=True, checked_at=NOW + timedelta(minutes=2))
    place.keep(lambda store: store.add_check(good))
    assert place.keep(ask) == Tries(0, 1, None)
    assert place.keep(lambda store: store.check(good.id)) == good


def test_a_customer_is_known_by_a_mark(place: Place) -> None:
    assert place.keep(lambda store: store.identity_mark(ACCOUNT, "phone")) == place.mark
    assert place.keep(lambda store: store.identity_mark(ACCOUNT, "identity_no")) is None
    assert place.keep(lambda store: store.identity_mark("1", "phone")) is None
