"""What goes back does so whatever happens: to the bank, to other banks, to the hub process that sent it."""

import asyncio
import itertools
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from hub.business.refusals import Refusal
from hub.data.bank_terminals import BankTerminalBooks
from hub.data.sales import Sales
from hub.data.schema_bank_terminals import settlements
from simulators.bank_host import LaunchedBank, launched_bank
from simulators.banks.cards import bench_cards
from tests.hub.bankcards import PLAIN
from tests.hub.composition.hall import Hall, hall, registered
from tools.hub_process import new_id

TIDS = map(str, itertools.count(30_000_001))
QUICK: dict[str, Any] = {"reversal_first_s": 0.1, "reversal_most_s": 0.4, "reversal_alarm_after": 2}
SHORT: dict[str, Any] = QUICK | {"answer_s": 0.5}
"""Where the bank says nothing."""


@pytest.fixture(scope="module")
def banks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, LaunchedBank]]:
    with ExitStack() as stack:
        folder = tmp_path_factory.mktemp("banks")
        yield {name: stack.enter_context(launched_bank(folder, name=name)) for name in ("bank_a", "bank_b")}


@pytest.fixture
def stage(
    banks: dict[str, LaunchedBank], books: Any, tmp_path: Path
) -> Iterator[Callable[..., tuple[Any, ...]]]:
    """Books with a kiosk that is a terminal of both banks; afterwards the bank kept what was credited."""
    tid = next(TIDS)
    registered(books, ("bank_a", "kiosk-1", tid), ("bank_b", "kiosk-1", tid))
    for bank in banks.values():
        bank.do("pass")
    yield lambda: (books, tmp_path, banks)
    for bank in banks.values():
        bank.do("pass")
    report = books.check()
    assert report.findings == ()
    kept = [
        bank.do("books", tid=tid)["books"].get(tid, {"taken_fen": 0})["taken_fen"] for bank in banks.values()
    ]
    assert sum(kept) == report.credited_fen


def play(scene: Any, stage: Any, **settings: Any) -> None:
    async def whole() -> None:
        async with hall(*stage(), **settings) as at:
            await scene(at, at.books.account((30_000,)).account_no)

    asyncio.run(whole())


async def taken_and_unanswered(at: Hall, account: str) -> str:
    """A sale that the bank has taken, and nobody knows of."""
    order, payment_id = await at.order(account), new_id()
    at.banks["bank_a"].do("drop_answer")
    assert (await at.put(payment_id, order))["status"] in {"reversing", "reversed"}
    return payment_id


def test_a_bank_that_is_away_is_asked_until_it_answers(stage: Any) -> None:
    async def scene(at: Hall, account: str) -> None:
        order, payment_id = await at.order(account), new_id()
        at.banks["bank_a"].do("hang_up", when="after")
        sale = asyncio.create_task(at.put(payment_id, order))
        at.banks["bank_a"].do("drop_answer", kind="reversal", next=2)
        await sale
        await at.evident("alarm", payment_id)
        await at.until(payment_id, "reversed")
        row = await at.row(payment_id)
        assert row.attempts == 3
        assert row.pan_kept == ""
        kinds = [kind for kind, of, _ in await at.evidence() if of == payment_id]
        assert kinds == ["alarm"]  # told once

    play(scene, stage, **SHORT)


@pytest.mark.parametrize("code", ["12", "25"])
def test_an_answer_that_nothing_is_to_be_undone_ends_it(stage: Any, code: str) -> None:
    async def scene(at: Hall, account: str) -> None:
        order, payment_id = await at.order(account), new_id()
        at.banks["bank_a"].do("hang_up", when="before")
        at.banks["bank_a"].do("decline", code=code, kind="reversal")
        await at.put(payment_id, order)
        await at.until(payment_id, "reversed")
        assert (await at.row(payment_id)).attempts == 1
        assert (await at.row(payment_id)).pan_kept  # the bank may still come upon it

    play(scene, stage, **QUICK)


@pytest.mark.parametrize(
    ("fault", "arguments"),
    [
        ("decline", {"code": "96"}),
        ("decline", {"code": "77"}),
        ("decline", {"code": "A0"}),
        ("break_mac", {}),
        ("wrong_amount", {}),
        ("hang_up", {"when": "after"}),
        ("hang_up", {"when": "before"}),
        ("garbage", {"form": "frame"}),
        ("silence", {"next": 1}),
        ("other_stan", {}),
    ],
)
def test_whatever_else_the_bank_says_it_is_tried_again(
    stage: Any, fault: str, arguments: dict[str, Any]
) -> None:
    async def scene(at: Hall, account: str) -> None:
        order, payment_id = await at.order(account), new_id()
        at.banks["bank_a"].do("drop_answer")
        at.banks["bank_a"].do(fault, kind="reversal", **arguments)
        await at.put(payment_id, order)
        await at.until(payment_id, "reversed")
        assert (await at.row(payment_id)).attempts == 2

    play(scene, stage, **SHORT)


def test_one_banks_silence_holds_no_other_up(stage: Any) -> None:
    async def scene(at: Hall, account: str) -> None:
        payment_id = await taken_and_unanswered(at, account)
        at.banks["bank_a"].do("silence")
        other = bench_cards("bank_b")["plain"]
        at.banks["bank_b"].do("set_balance", pan=other.pan, fen=other.balance_fen)
        at.banks["bank_b"].do("hang_up", when="after")
        sold = await at.sell(account, card=other)
        await at.until(sold["id"], "reversed")
        assert (await at.sell(account, card=other))["status"] == "approved"
        at.banks["bank_a"].do("silence", on=False)
        await at.until(payment_id, "reversed")

    play(scene, stage, **SHORT)


# Other processes ----------------------------------------------------------------------------------------------


async def left_behind(stage: Any, account: str, **settings: Any) -> str:
    """A sale whose hub process ended while the bank thought; it is still sending."""
    async with hall(*stage(), work=False, **settings) as first:
        order, payment_id = await first.order(account), new_id()
        first.banks["bank_a"].do("late")
        sale = asyncio.create_task(first.put(payment_id, order))
        await first.begun(payment_id)
        tid = (await first.row(payment_id)).tid
        async with asyncio.timeout(30):
            while not first.banks["bank_a"].do("transactions", tid=tid)["transactions"]:
                await asyncio.sleep(0.02)
        await first.switch.close()
        await asyncio.gather(sale, return_exceptions=True)
    return payment_id


def test_a_sale_whose_process_died_goes_back_when_it_is_due_and_not_before(stage: Any) -> None:
    async def run() -> None:
        books, *_ = stage()
        account = books.account((30_000,)).account_no
        payment_id = await left_behind(stage, account, **QUICK)
        async with hall(*stage(), **QUICK) as second:
            assert (await second.get(payment_id))["status"] == "pending"
            second.ahead = timedelta(seconds=30)  # short of answer_s and the grace
            second.side.switch._wake("bank_a")
            assert (await second.get(payment_id))["status"] == "pending"
            second.ahead = timedelta(seconds=36)
            await second.until(payment_id, "reversed")
            assert (await second.row(payment_id)).reason == "98"
            second.banks["bank_a"].do("release")

    asyncio.run(run())


def test_two_processes_give_it_back_once(stage: Any) -> None:
    async def run() -> None:
        books, *_ = stage()
        account = books.account((30_000,)).account_no
        payment_id = await left_behind(stage, account, **QUICK)
        async with hall(*stage(), **QUICK) as one, hall(*stage(), **QUICK) as other:
            one.ahead = other.ahead = timedelta(seconds=36)
            await one.until(payment_id, "reversed")
            tid = (await one.row(payment_id)).tid
            log = one.banks["bank_a"].do("log", tid=tid)["log"]
            assert [each["kind"] for each in log].count("reversal") == 1
            one.banks["bank_a"].do("release")

    asyncio.run(run())


def test_an_approval_that_is_late_for_its_own_process_is_not_booked_once_another_gives_it_back(
    stage: Any,
) -> None:
    async def run() -> None:
        books, *_ = stage()
        account = books.account((30_000,)).account_no
        async with hall(*stage(), work=False, **QUICK) as one:
            order, payment_id = await one.order(account), new_id()
            one.banks["bank_a"].do("late")
            sale = asyncio.create_task(one.put(payment_id, order))
            await one.begun(payment_id)
            async with hall(*stage(), **QUICK) as other:
                other.ahead = timedelta(seconds=36)
                await other.until(payment_id, "reversed")
            one.banks["bank_a"].do("release")
            assert (await sale)["status"] == "reversed"

    asyncio.run(run())


def test_an_approval_that_another_process_overtook_with_no_such_sale_goes_back_once_more(stage: Any) -> None:
    """Clocks of two machines differ, or one jumps: the reversal is at the bank before the sale."""

    async def run() -> None:
        books, *_ = stage()
        account = books.account((30_000,)).account_no
        async with hall(*stage(), work=False, **QUICK) as one:
            order, payment_id = await one.order(account), new_id()
            one.banks["bank_a"].do("late")
            one.banks["bank_a"].do("decline", code="25", kind="reversal")
            sale = asyncio.create_task(one.put(payment_id, order))
            await one.begun(payment_id)
            async with hall(*stage(), **QUICK) as other:
                other.ahead = timedelta(seconds=36)
                await other.until(payment_id, "reversed")
                other.ahead = timedelta(0)
                one.banks["bank_a"].do("release")
                assert (await sale)["status"] in {"reversing", "reversed"}
                await gone_for_good(other, payment_id)
                assert (await other.row(payment_id)).attempts == 2

    asyncio.run(run())


# After the end ------------------------------------------------------------------------------------------------


def test_an_approval_after_the_bank_knew_of_no_sale_goes_back_once_more(stage: Any) -> None:
    async def scene(at: Hall, account: str) -> None:
        order, payment_id = await at.order(account), new_id()
        at.banks["bank_a"].do("late")
        at.banks["bank_a"].do("decline", code="25", kind="reversal")
        await at.put(payment_id, order)
        await at.until(payment_id, "reversed")
        assert (await at.row(payment_id)).pan_kept
        at.banks["bank_a"].do("release")
        assert '"39":"00"' in await at.evident("contradicts", payment_id)
        async with asyncio.timeout(30):
            while (await at.row(payment_id)).pan_kept:
                await asyncio.sleep(0.02)
        row = await at.row(payment_id)
        assert (row.state, row.attempts) == ("reversed", 2)

    play(scene, stage, **SHORT)


async def gone_for_good(at: Hall, payment_id: str) -> None:
    """Wait until the bank itself has undone a sale."""
    async with asyncio.timeout(30):
        while (row := await at.row(payment_id)).pan_kept or row.state != "reversed":
            await asyncio.sleep(0.02)


def test_an_approval_that_comes_while_the_books_are_busy_is_not_lost(stage: Any) -> None:
    async def scene(at: Hall, account: str) -> None:
        order, payment_id = await at.order(account), new_id()
        at.banks["bank_a"].do("late")
        at.banks["bank_a"].do("decline", code="25", kind="reversal")
        await at.put(payment_id, order)
        await at.until(payment_id, "reversed")
        witness: Any = at.side._witness
        keeps, times = witness._unasked, iter(range(2))

        async def busy(*heard: Any) -> None:
            if next(times, None) is not None:
                raise Refusal("hub_busy", "the books are busy", retry_after_s=2)
            await keeps(*heard)

        witness._unasked = busy
        at.banks["bank_a"].do("release")
        await gone_for_good(at, payment_id)

    play(scene, stage, **SHORT)


def test_an_approval_under_keys_that_are_gone_goes_back_once_more(stage: Any) -> None:
    """Nobody can vouch for it any more, and the money is taken all the same."""

    async def scene(at: Hall, account: str) -> None:
        order, payment_id = await at.order(account), new_id()
        at.banks["bank_a"].do("late")
        at.banks["bank_a"].do("decline", code="25", kind="reversal")
        await at.put(payment_id, order)
        await at.until(payment_id, "reversed")
        async with at.database.write() as connection:
            await BankTerminalBooks(connection).need_sign_on("bank_a", "kiosk-1")
        await at.side._sign_ons.ensure_signed_on(at.acquirers[0], "kiosk-1")
        at.banks["bank_a"].do("release")
        await gone_for_good(at, payment_id)

    play(scene, stage, **SHORT)


@pytest.mark.parametrize("code", ["12", "25"])
def test_no_such_sale_ends_nothing_where_the_bank_approved_meanwhile(stage: Any, code: str) -> None:
    """The reversal was at the bank before the sale, and its answer is here after the approval."""

    async def scene(at: Hall, account: str) -> None:
        order, payment_id = await at.order(account), new_id()
        at.banks["bank_a"].do("late")
        at.banks["bank_a"].do("decline", code=code, kind="reversal")
        back: Any = at.side._workers[0]
        asked = back._asked

        async def slowly(*args: Any) -> Any:
            heard = await asked(*args)
            if heard.message.get(39) == code:
                at.banks["bank_a"].do("release")
                await at.evident("late", payment_id)
            return heard

        back._asked = slowly
        await at.put(payment_id, order)
        await gone_for_good(at, payment_id)
        assert (await at.row(payment_id)).attempts == 2

    play(scene, stage, **SHORT)


async def settled(at: Hall) -> None:
    closed = await at.side.settlements.settle(at.acquirers[0], "kiosk-1")
    assert closed.ending == "settled"


def test_after_its_batch_is_settled_a_sale_is_for_people(stage: Any) -> None:
    """Nothing is sent, the terminal takes cards again, and an alarm has told of it."""

    async def scene(at: Hall, account: str) -> None:
        sold = await at.sell(account)
        row = await at.row(sold["id"])
        await settled(at)
        assert (await at.reverse(sold["id"]))["outcome"] == "reversed"
        assert (await at.get(sold["id"]))["status"] == "reversing"
        assert "settled" in await at.evident("alarm", sold["id"])
        assert (await at.row(sold["id"])).next_at is None
        assert (await at.checked()).credited_fen == 0
        assert (await at.sell(account))["status"] == "approved"
        refunded(at, row)

    play(scene, stage, **QUICK)


def test_a_sale_that_is_undone_after_its_batch_was_settled_is_never_tried(stage: Any) -> None:
    async def run() -> None:
        async with hall(*stage(), work=False, **QUICK) as at:
            sold = await at.sell(at.books.account((30_000,)).account_no)
            row = await at.row(sold["id"])
            await settled(at)
            await at.reverse(sold["id"])
            assert ((await at.row(sold["id"])).state, (await at.row(sold["id"])).next_at) == (
                "reversing",
                None,
            )
            assert "settled" in await at.evident("alarm", sold["id"])
            refunded(at, row)

    asyncio.run(run())


def by_the_bank_alone(books: Any, row: Any) -> None:
    """The hub settles no batch while a reversal is due; what else might have is played here."""
    sums = ("debit_count", "debit_fen", "credit_count", "credit_fen")
    counts = (*sums, *(f"bank_{each}" for each in sums), "attempts", "uploaded")
    values = {"acquirer": row.acquirer, "tid": row.tid, "batch": row.batch, "terminal": row.terminal}
    values |= {"business_date": row.made_at.date(), "state": "settled", "opened_at": row.made_at}
    values["bank_code"] = 1
    with books.engine.begin() as connection:
        connection.execute(insert(settlements), values | {"ended_at": row.made_at} | dict.fromkeys(counts, 0))


def test_a_reversal_that_finds_its_batch_settled_sends_nothing(stage: Any) -> None:
    async def run() -> None:
        books, *_ = stage()
        async with hall(*stage(), work=False, **QUICK) as first:
            sold = await first.sell(books.account((30_000,)).account_no)
            await first.reverse(sold["id"])
            row = await first.row(sold["id"])
            assert row.next_at is not None
        by_the_bank_alone(books, row)
        async with hall(*stage(), **QUICK) as at:
            assert "settled" in await at.evident("alarm", sold["id"])
            after = await at.row(sold["id"])
            assert (after.state, after.next_at, after.attempts) == ("reversing", None, 0)
            log = at.banks["bank_a"].do("log", tid=row.tid)["log"]
            assert "reversal" not in [each["kind"] for each in log]
            refunded(at, row)

    asyncio.run(run())


def test_a_refusal_that_comes_after_a_reversal_was_begun_ends_nothing(stage: Any) -> None:
    async def run() -> None:
        books, *_ = stage()
        async with hall(*stage(), work=False, **QUICK) as one:
            order, payment_id = await one.order(books.account((30_000,)).account_no), new_id()
            one.banks["bank_a"].do("decline", code="51", kind="sale")
            judged = one.switch._settle
            begun: list[Any] = []

            async def later(*asked: Any) -> None:
                begun.append(asked)
                row = await one.row(payment_id)
                async with one.database.write() as connection:
                    back = replace(row, state="reversing", attempts=1, next_at=one.now())
                    await Sales(connection).set_sale(back)
                await judged(*asked)

            one.switch._settle = later  # type: ignore[method-assign, assignment]
            assert (await one.put(payment_id, order))["status"] == "reversing"
            assert len(begun) == 1
        async with hall(*stage(), **QUICK) as other:
            await other.until(payment_id, "reversed")

    asyncio.run(run())


def test_the_number_of_a_card_is_dropped_once_its_batch_is_settled(stage: Any) -> None:
    async def scene(at: Hall, account: str) -> None:
        sold = await at.sell(account)
        row = await at.row(sold["id"])
        assert row.pan_kept
        assert PLAIN.pan not in row.pan_kept
        await settled(at)
        async with hall(*stage(), **QUICK) as second:
            async with asyncio.timeout(30):
                while (await second.row(sold["id"])).pan_kept:
                    await asyncio.sleep(0.02)

    play(scene, stage, **QUICK)


def refunded(at: Hall, row: Any) -> None:
    """What a person does at the bank then; here the bank's books alone are put right."""
    connection = sqlite3.connect(at.banks["bank_a"].books)
    connection.execute(
        "UPDATE business SET refunded_fen = fen WHERE tid = ? AND stan = ?", (row.tid, row.stan)
    )
    connection.commit()
    connection.close()
