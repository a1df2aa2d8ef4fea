"""The hub's store, shelf and billing port keep the same contract in memory and in SQL."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from hub.business.allocation import Part, Undoing, allocate
from hub.business.billing import Customer, Meter
from hub.business.bills import Bill
from hub.business.forms import Backlog, HeartbeatOrder, PaymentOrder, Quote, ReversalOrder
from hub.business.keeping import ClaimRecord, Head, Keeping, Shelf, TakenError
from hub.business.ledger import Leg, UnbalancedError
from hub.data.books import OwnBooks
from hub.data.database import Database
from hub.data.engine import sync_engine
from hub.data.migrate import migrate
from hub.data.seed import add_accounts
from hub.data.store import Store
from hub.data.town_model import TownAccount, TownBill, TownMeter
from tests.crash.line import RULE
from tests.crash.memory import Books, MemoryShelf
from tests.crash.memory_billing import MemoryBilling
from tests.crash.memory_store import MemoryStore

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
TODAY = date(2026, 11, 22)
ACCOUNT, METER = "0399000000000001", "9900099000000000000015"
LEGS = (Leg("cash:T", 300), Leg("balance:1", -300))
ORDER = PaymentOrder(
    account_no=ACCOUNT,
    quote_id="2" * 32,
    business="arrears",
    tender="cash",
    amount_fen=5000,
    months=(),
    notes=(),
    kiosk_no=1,
    business_date=TODAY,
    taken_at=NOW,
    reference="AAAA-BBBB",
)
QUOTE = Quote(
    id="2" * 32,
    account_no=ACCOUNT,
    business="arrears",
    months=(),
    due_fen=0,
    max_fen=1,
    expires_at=NOW,
    as_of=NOW,
)
CLAIM = ClaimRecord(
    id="3" * 32,
    terminal="T",
    content="{}",
    reply=b"claim",
    reference="AAAA-BBBB",
    reason="declined",
    payment_id="1" * 32,
    account_no=None,
    amount_fen=100,
    memo_fen=0,
    state="open",
    resolution="",
    serial=None,
    made_at=NOW,
    received_at=NOW,
)
BEAT = HeartbeatOrder(
    journal_id="4" * 32,
    seq=7,
    head="a" * 64,
    known=None,
    open=(),
    backlog=Backlog(count=0, oldest_at=None),
    version="1",
)
Act = Callable[[Any, Any], Awaitable[Any]]


@dataclass
class Place:
    """One of the two stores, empty but for an account with two bills."""

    shelf: Shelf[Any]
    store: Callable[[Any], Keeping]
    billing: Callable[[Any], Any]

    def keep(self, act: Act) -> Any:
        """One conversation that is kept."""

        async def within() -> Any:
            async with self.shelf.write() as conversation:
                return await act(self.store(conversation), self.billing(conversation))

        return asyncio.run(within())

    def look(self, act: Act) -> Any:
        async def within() -> Any:
            async with self.shelf.read() as conversation:
                return await act(self.store(conversation), self.billing(conversation))

        return asyncio.run(within())

    def both(self, *acts: Act) -> list[Any]:
        """Conversations at the same time; what each came to, or its exception."""

        async def within(act: Act) -> Any:
            async with self.shelf.write() as conversation:
                return await act(self.store(conversation), self.billing(conversation))

        async def all_of_them() -> list[Any]:
            return await asyncio.gather(*map(within, acts), return_exceptions=True)

        return asyncio.run(all_of_them())


def in_memory() -> Place:
    books = Books()
    who = Customer(ACCOUNT, "测试户", "路1号", "所", "residential", (Meter(METER, "postpaid"),))
    bills = [
        Bill(f"{ACCOUNT}-20261{n}", f"2026-1{n}", 100, 1000 * (n + 1), date(2026, 12, 31)) for n in range(2)
    ]
    books.add_account(who, "open", 250, bills)
    return Place(MemoryShelf(books), MemoryStore, lambda c: MemoryBilling(c, RULE))


def in_sql(folder: Path) -> tuple[Place, Database]:
    url = f"sqlite:///{folder}/books.sqlite"
    engine = sync_engine(url)
    migrate(engine)
    bills = tuple(
        TownBill(
            month=f"2026-1{n}",
            kwh=100,
            lines=(),
            charge_fen=1000 * (n + 1),
            read_on=date(2026, 10, 1),
            issued_on=date(2026, 10, 5),
            due_date=date(2026, 12, 31),
        )
        for n in range(2)
    )
    home = TownAccount(
        account_no=ACCOUNT,
        name="测试户",
        phone="1",
        address="路1号",
        supply_unit="所",
        usage_class="residential",
        tariff_id="GD-RES-STEP",
        large_household=False,
        state="open",
        opened_on=TODAY,
        closed_on=None,
        balance_fen=250,
        meters=(TownMeter(METER, "1", "postpaid"),),
        bills=bills,
    )
    with engine.begin() as connection:
        add_accounts(connection, [home], TODAY, NOW)
    engine.dispose()
    database = Database(url)
    return Place(database, Store, lambda c: OwnBooks(c, lambda _tariff, _on: RULE)), database


@pytest.fixture(params=["memory", "sqlite"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    if request.param == "memory":
        yield in_memory()
        return
    place, database = in_sql(tmp_path)
    yield place
    asyncio.run(database.close())


async def add_payment(store: Keeping, _billing: Any) -> int:
    serial = await store.post("payment", "1" * 32, TODAY, NOW, LEGS)
    await store.add_payment("1" * 32, "T", "content", ORDER, serial, b"reply")
    return serial


def test_what_is_kept_is_seen_by_others(place: Place) -> None:
    serial = place.keep(add_payment)
    kept = place.look(lambda store, _: store.payment("1" * 32))
    assert (kept.terminal, kept.content, kept.reply, kept.serial) == ("T", "content", b"reply", serial)
    assert (kept.amount_fen, kept.claim_id, kept.reversal_id) == (5000, None, None)
    assert place.look(lambda store, _: store.payment("9" * 32)) is None
    assert place.look(lambda store, _: store.legs(serial)) == LEGS


def test_a_conversation_that_fails_leaves_nothing(place: Place) -> None:
    async def fails(store: Keeping, billing: Any) -> None:
        await add_payment(store, billing)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        place.keep(fails)
    assert place.look(lambda store, _: store.payment("1" * 32)) is None


def test_an_id_is_taken_once(place: Place) -> None:
    place.keep(add_payment)
    with pytest.raises(TakenError):
        place.keep(add_payment)
    with pytest.raises(TakenError):
        place.keep(lambda store, _: store.add_tombstone("1" * 32, "T", claim_id="3" * 32))


def test_of_two_at_the_same_moment_one_is_kept(place: Place) -> None:
    came = place.both(add_payment, add_payment)
    assert sorted(type(one).__name__ for one in came) == ["TakenError", "int"]


def test_serials_rise(place: Place) -> None:
    first = place.keep(lambda store, _: store.post("claim", "a", TODAY, NOW, LEGS))
    second = place.keep(lambda store, _: store.post("claim", "b", TODAY, NOW, LEGS))
    assert second > first


def test_unbalanced_legs_are_not_written(place: Place) -> None:
    with pytest.raises(UnbalancedError):
        place.keep(lambda store, _: store.post("claim", "a", TODAY, NOW, LEGS[:1]))


def test_a_quote_is_the_terminals_own(place: Place) -> None:
    place.keep(lambda store, _: store.add_quote("T", "content", QUOTE, b"quote"))
    found = place.look(lambda store, _: store.payment_and_quoted_account("1" * 32, QUOTE.id, "T"))
    assert found == (None, ACCOUNT)
    assert place.look(lambda store, _: store.payment_and_quoted_account("1" * 32, QUOTE.id, "U")) == (
        None,
        None,
    )
    assert place.look(lambda store, _: store.quote(QUOTE.id)).reply == b"quote"
    with pytest.raises(TakenError):
        place.keep(lambda store, _: store.add_quote("T", "content", QUOTE, b"quote"))


def test_a_tombstone_has_no_booking(place: Place) -> None:
    place.keep(lambda store, _: store.add_tombstone("1" * 32, "T", claim_id="3" * 32))
    left = place.look(lambda store, _: store.hold_payment("1" * 32))
    assert (left.serial, left.content, left.claim_id, left.reversal_id) == (None, "", "3" * 32, None)


def test_a_mark_leaves_the_rest(place: Place) -> None:
    serial = place.keep(add_payment)

    async def mark(store: Keeping, _: Any) -> None:
        assert await store.hold_payment("1" * 32)
        await store.mark_payment("1" * 32, reversal_id="5" * 32)

    place.keep(mark)
    kept = place.look(lambda store, _: store.payment("1" * 32))
    assert (kept.serial, kept.claim_id, kept.reversal_id) == (serial, None, "5" * 32)


def test_claims_and_reversals_come_back_as_they_went(place: Place) -> None:
    place.keep(lambda store, _: store.add_claim(CLAIM))
    assert place.look(lambda store, _: store.claim(CLAIM.id)) == CLAIM
    with pytest.raises(TakenError):
        place.keep(lambda store, _: store.add_claim(CLAIM))
    order = ReversalOrder(payment_id="1" * 32, amount_fen=5000, reason="unanswered", made_at=NOW)
    place.keep(
        lambda store, _: store.add_reversal("5" * 32, "T", "{}", order, "tombstone", None, b"reversal")
    )
    kept = place.look(lambda store, _: store.reversal("5" * 32))
    assert (kept.terminal, kept.content, kept.reply) == ("T", "{}", b"reversal")


def test_a_reference_finds_the_newest_claim_and_the_booked_payment(place: Place) -> None:
    place.keep(add_payment)
    place.keep(lambda store, _: store.add_claim(CLAIM))
    claim, payment = place.look(lambda store, _: store.referred("AAAA-BBBB"))
    assert claim == CLAIM
    assert payment.reply == b"reply"
    assert place.look(lambda store, _: store.referred("CCCC")) == (None, None)


def test_the_newest_head_of_a_terminal_is_known(place: Place) -> None:
    assert place.keep(lambda store, _: store.hold_head("T")) is None
    place.keep(lambda store, _: store.set_head("T", BEAT, NOW, first=True))
    with pytest.raises(TakenError):
        place.keep(lambda store, _: store.set_head("T", BEAT, NOW, first=True))

    async def goes_on(store: Keeping, _: Any) -> None:
        assert await store.hold_head("T") == Head("4" * 32, 7, "a" * 64)
        newer = HeartbeatOrder(**{f: getattr(BEAT, f) for f in BEAT.__struct_fields__} | {"seq": 9})
        await store.set_head("T", newer, NOW, first=False)

    place.keep(goes_on)
    assert place.keep(lambda store, _: store.hold_head("T")) == Head("4" * 32, 9, "a" * 64)
    for _ in range(2):
        place.keep(lambda store, _: store.add_alarm("T", "behind", BEAT, NOW))


def test_an_account_is_found_with_its_bills(place: Place) -> None:
    customer, standing = place.look(lambda _, billing: billing.account(ACCOUNT, TODAY))
    assert (customer.name, customer.meters[0].meter_no) == ("测试户", METER)
    assert (standing.balance_fen, [b.due_fen for b in standing.bills]) == (250, [1000, 2000])
    assert place.look(lambda _, billing: billing.account_of_meter(METER)) == ACCOUNT
    assert place.look(lambda _, billing: billing.account("1", TODAY)) is None
    assert place.look(lambda _, billing: billing.standing("1", TODAY)) is None


def test_a_payment_is_applied_and_undone(place: Place) -> None:
    async def pay(_: Keeping, billing: Any) -> Any:
        settlement = allocate(await billing.hold(ACCOUNT, TODAY), 1500)
        await billing.apply(settlement, TODAY)
        return settlement

    settlement = place.keep(pay)
    after = place.look(lambda _, billing: billing.standing(ACCOUNT, TODAY))
    assert (after.balance_fen, [b.due_fen for b in after.bills]) == (0, [1250])
    parts = tuple(Part(a.bill_no, a.late_fee_fen, a.principal_fen) for a in settlement.allocations)

    async def undo(_: Keeping, billing: Any) -> None:
        await billing.hold(ACCOUNT, TODAY)
        await billing.undo(Undoing(ACCOUNT, parts, settlement.to_balance_fen), TODAY)

    place.keep(undo)
    back = place.look(lambda _, billing: billing.standing(ACCOUNT, TODAY))
    assert (back.balance_fen, [b.due_fen for b in back.bills]) == (250, [1000, 2000])


def test_nothing_is_applied_to_an_account_that_is_not_held(place: Place) -> None:
    standing = place.look(lambda _, billing: billing.standing(ACCOUNT, TODAY))
    settlement = replace(allocate(standing, 100))
    with pytest.raises(ValueError, match="not held"):
        place.keep(lambda _, billing: billing.apply(settlement, TODAY))


def test_two_payments_of_one_account_wait_for_one_another(place: Place) -> None:
    async def pay(_: Keeping, billing: Any) -> int:
        standing = await billing.hold(ACCOUNT, TODAY)
        await asyncio.sleep(0)
        await billing.apply(allocate(standing, 2000), TODAY)
        return 1

    assert place.both(pay, pay) == [1, 1]
    after = place.look(lambda _, billing: billing.standing(ACCOUNT, TODAY))
    assert (after.balance_fen, after.bills) == (1250, ())
