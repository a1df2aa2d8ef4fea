"""Settling batches: totals that nothing changes any more, compared by the bank once, and told of where they differ."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, text

from hub.business.day import Day
from hub.business.refusals import Refusal
from hub.composition.bank_settlement import Closed
from hub.data.bank_terminals import BankTerminalBooks
from hub.data.sales import Sales, _row
from hub.data.schema_bank import sales
from hub.data.settlements import Settlement, SettlementBooks, settlements_of
from simulators.bank_host import LaunchedBank, launched_bank
from tests.hub.composition.bank_house import BANK, KIOSK, Clock, House, acquirer, heard_by, register, run


@pytest.fixture(scope="module")
def far_end(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LaunchedBank]:
    with launched_bank(tmp_path_factory.mktemp("bank")) as bank:
        yield bank


@pytest.fixture
def bank(far_end: LaunchedBank) -> Iterator[LaunchedBank]:
    yield far_end
    far_end.do("pass")


def in_books(books: Any) -> list[Settlement]:
    with books.engine.connect() as connection:
        return settlements_of(connection, 100)


def alarms(books: Any) -> list[str]:
    with books.engine.connect() as connection:
        rows = connection.execute(text("SELECT message FROM bank_evidence WHERE kind = 'alarm'"))
        return [row.message for row in rows]


def heard(bank: LaunchedBank, tid: str, kind: str) -> int:
    return heard_by(bank.do("log", tid=tid, last=10_000)["log"], kind)


def closed_at(bank: LaunchedBank, tid: str) -> list[tuple[str, int]]:
    """Batches and codes, as the bank noted them."""
    told = bank.do("settlements")["settlements"]
    return [(each["batch"], each["code"]) for each in told if each["tid"] == tid]


def test_equal_totals_close_the_batch_and_the_next_one_begins(books: Any, bank: LaunchedBank) -> None:
    tid = register(books)

    async def work(house: House) -> tuple[str, Closed, Any]:
        first = await house.sold(12_300)
        await house.sold(100)
        await house.sold(4_000, sent=False, state="declined")
        await house.sold(5_000, sent=False, state="reversed")
        closed = await house.settlements.settle(house.bank, KIOSK)
        return first.batch, closed, await house.at()

    batch, closed, at = run(books, acquirer(bank.port), work)
    assert closed == Closed(BANK, tid, batch, "settled")
    assert closed_at(bank, tid) == [(batch, 1)]
    assert at.ready
    assert at.batch > batch
    [kept] = in_books(books)
    assert (kept.state, kept.debit_count, kept.debit_fen, kept.credit_count) == ("settled", 2, 12_400, 0)
    assert (kept.bank_debit_count, kept.bank_debit_fen, kept.bank_code) == (2, 12_400, 1)
    assert kept.ended_at is not None
    assert kept.worked_until is None


def test_what_the_bank_took_and_we_do_not_know_of_is_told_one_by_one_and_alarms(
    file_books: Any, bank: LaunchedBank
) -> None:
    tid = register(file_books)

    async def work(house: House) -> tuple[list[Any], Closed]:
        sales = [await house.sold(100 + number) for number in range(9)]
        await house.sold(7_000, state="declined")  # the bank has taken it
        return sales, await house.settlements.settle(house.bank, KIOSK)

    sales, closed = run(file_books, acquirer(bank.port), work)
    assert closed.ending == "differs"
    assert [code for _, code in closed_at(bank, tid)] == [2, 3]
    assert heard(bank, tid, "upload") == 3  # eight, the ninth, the end
    [kept] = in_books(file_books)
    assert (kept.state, kept.uploaded, kept.bank_code) == ("differs", len(sales), 2)
    assert kept.debit_fen == sum(sale.amount_fen for sale in sales)
    [alarm] = alarms(file_books)
    assert "the bank has other totals" in alarm
    differences = [each for each in bank.do("settlements")["differences"] if each["tid"] == tid]
    assert [(each["bank_fen"], each["their_fen"]) for each in differences] == [(7_000, None)]


@pytest.mark.parametrize("state", ["sending", "reversing"])
def test_a_batch_with_a_sale_that_is_not_settled_waits(
    file_books: Any, bank: LaunchedBank, state: str
) -> None:
    tid = register(file_books)
    now = datetime.now(UTC)

    async def work(house: House) -> tuple[Closed, Closed]:
        sale = await house.sold(100, state=state, next_at=now)
        waits = await house.settlements.settle(house.bank, KIOSK)
        assert (await house.at()).ready
        async with house.database.write() as connection:
            await Sales(connection).set_sale(replace(sale, state="approved", next_at=None))
        return waits, await house.settlements.settle(house.bank, KIOSK)

    waits, closed = run(file_books, acquirer(bank.port), work)
    assert waits.ending == "waits"
    assert closed.ending == "settled"
    assert heard(bank, tid, "settle") == 1


def test_a_reversal_that_only_people_can_make_keeps_no_batch_open(
    file_books: Any, bank: LaunchedBank
) -> None:
    register(file_books)

    async def work(house: House) -> Closed:
        await house.sold(100)
        await house.sold(300, state="reversing", next_at=None)
        return await house.settlements.settle(house.bank, KIOSK)

    assert run(file_books, acquirer(bank.port), work).ending == "differs"
    assert len(alarms(file_books)) == 1


def test_hubs_that_settle_the_same_batch_tell_the_bank_once(books: Any, bank: LaunchedBank) -> None:
    tid = register(books)

    async def work(*hubs: House) -> list[str]:
        await hubs[0].sold(100)
        bank.do("late", s=0.3, kind="settle", tid=tid)
        batch = (await hubs[0].at()).batch
        closed = await asyncio.gather(*(each.settlements.settle(each.bank, KIOSK, batch) for each in hubs))
        return sorted(each.ending for each in closed)

    assert run(books, acquirer(bank.port), work, count=3) == ["busy", "busy", "settled"]
    assert heard(bank, tid, "settle") == 1


def test_a_hub_that_took_too_long_changes_nothing_that_another_has_ended(
    books: Any, bank: LaunchedBank
) -> None:
    tid = register(books)
    clock = Clock()

    async def work(slow: House, other: House) -> tuple[str, str]:
        await slow.sold(100)
        bank.do("late", kind="settle", tid=tid)
        begun = asyncio.create_task(slow.settlements.settle(slow.bank, KIOSK))
        while bank.do("status")["waiting"] != 1:
            await asyncio.sleep(0.01)
        clock.ahead = timedelta(minutes=5)
        closed = await other.settlements.settle(other.bank, KIOSK)
        assert closed.ending == "settled"
        [ended] = await asyncio.to_thread(in_books, books)
        bank.do("release")
        late = await begun
        assert [ended] == await asyncio.to_thread(in_books, books)
        assert (await other.at()).ready
        return closed.ending, late.ending

    assert run(books, acquirer(bank.port), work, count=2, clock=clock) == ("settled", "busy")


def test_totals_that_have_no_room_in_a_message_alarm_and_keep_no_other_batch_waiting(
    file_books: Any, bank: LaunchedBank
) -> None:
    register(file_books)

    async def work(house: House) -> Closed:
        one = await house.sold(1)
        many = [_row(replace(one, id=f"{number:032d}", stan=f"{number:06d}")) for number in range(2, 1001)]
        async with house.database.write() as connection:
            await connection.execute(insert(sales), many)
        for _ in range(3):
            closed = await house.settlements.settle(house.bank, KIOSK)
        return closed

    closed = run(file_books, acquirer(bank.port), work)
    assert (closed.ending, closed.silent) == ("unanswered", False)
    [alarm] = alarms(file_books)
    assert "no room" in alarm


def test_a_sale_and_the_totals_never_pass_one_another(books: Any, bank: LaunchedBank) -> None:
    """A sale that is begun as the totals are fixed is either in them, or finds the terminal settling."""
    tid = register(books)

    async def work(seller: House, settler: House) -> tuple[int, Closed]:
        await seller.sold(1)
        begun = 0

        async def sell() -> None:
            nonlocal begun
            template = await seller.sold(1)
            for number in range(20):
                async with seller.database.write() as connection:
                    at = await seller.terminals.hold(connection, BANK, KIOSK)
                    assert at
                    if not at.ready:
                        return
                    stan = await seller.terminals.next_stan(connection, at)
                    fresh = replace(template, id=f"{tid}{number:024d}", stan=stan)
                    await Sales(connection).add_sale(fresh)
                begun += 1
                await asyncio.sleep(0)

        selling = asyncio.create_task(sell())
        while not begun:
            await asyncio.sleep(0)
        bank.do("silence", kind="settle", next=1, tid=tid)
        settling = asyncio.create_task(settler.settlements.settle(settler.hurry(), KIOSK))
        await selling
        return begun, await settling

    begun, closed = run(books, acquirer(bank.port), work, count=2)
    assert closed.ending == "unanswered"
    [kept] = in_books(books)
    assert kept.debit_count == begun + 2


@pytest.mark.parametrize("fault", ["drop_answer", "hang_up", "garbage", "silence", "decline"])
def test_an_answer_that_was_lost_is_asked_for_again_and_meanwhile_nothing_is_sold(
    file_books: Any, bank: LaunchedBank, fault: str
) -> None:
    tid = register(file_books)

    async def work(house: House) -> tuple[Closed, bool, list[Closed]]:
        await house.sold(100)
        bank.do(fault, kind="settle", tid=tid, next=1, **({"code": "96"} if fault == "decline" else {}))
        unanswered = await house.settlements.settle(house.hurry(), KIOSK)
        house.calm()
        return unanswered, (await house.at()).ready, await house.settlements.settle_due()

    unanswered, ready, [closed] = run(file_books, acquirer(bank.port), work)
    assert unanswered.ending == "unanswered"
    assert not ready
    assert closed.ending == "settled"
    assert [code for _, code in closed_at(bank, tid)][-1] == 1
    assert [each.attempts for each in in_books(file_books)] == [2]
    assert alarms(file_books) == []


def test_a_bank_that_wants_a_sign_on_first_gets_it(file_books: Any, bank: LaunchedBank) -> None:
    tid = register(file_books)

    async def work(house: House) -> list[str]:
        await house.sold(100)
        bank.do("sign_off", tid=tid)
        return [(await house.settlements.settle(house.bank, KIOSK)).ending for _ in range(2)]

    assert run(file_books, acquirer(bank.port), work) == ["unanswered", "settled"]


def test_an_alarm_stands_once_after_attempts_that_came_to_nothing(
    file_books: Any, bank: LaunchedBank, caplog: pytest.LogCaptureFixture
) -> None:
    tid = register(file_books)

    async def work(house: House) -> None:
        await house.sold(100)
        bank.do("silence", kind="settle", tid=tid, next=4)
        for _ in range(4):
            assert (await house.settlements.settle(house.hurry(), KIOSK)).ending == "unanswered"

    run(file_books, acquirer(bank.port), work)
    [alarm] = alarms(file_books)
    assert "not settled after 3 attempts" in alarm
    assert caplog.text.count("not settled after 3 attempts") == 1


def test_a_hub_that_died_over_an_upload_leaves_it_to_another_that_goes_on(
    books: Any, bank: LaunchedBank
) -> None:
    tid = register(books)
    clock = Clock()

    async def work(dead: House, other: House) -> list[Closed]:
        for number in range(9):
            await dead.sold(100 + number)
        await dead.sold(7_000, state="declined")
        bank.do("late", s=0, kind="upload", tid=tid)  # the first eight arrive, the ninth does not
        bank.do("hold", kind="upload", tid=tid)
        begun = asyncio.create_task(dead.settlements.settle(dead.bank, KIOSK))
        async with asyncio.timeout(20):
            while bank.do("status")["waiting"] != 1:
                await asyncio.sleep(0.02)
        begun.cancel()
        await asyncio.gather(begun, return_exceptions=True)
        assert await other.settlements.settle_due() == []  # it is the dead hub's still
        clock.ahead = timedelta(minutes=3)
        bank.do("release")
        closed = await other.settlements.settle_due()
        async with asyncio.timeout(20):
            while heard(bank, tid, "upload") < 4:
                await asyncio.sleep(0.02)
        return closed

    [closed] = run(books, acquirer(bank.port), work, count=2, clock=clock)
    assert closed.ending == "differs"
    assert heard(bank, tid, "settle") == 1
    assert heard(bank, tid, "upload") == 4  # eight, the ninth twice, the end
    assert [each.uploaded for each in in_books(books)] == [9]


def test_days_that_are_over_are_settled_by_themselves_and_today_is_not(
    file_books: Any, bank: LaunchedBank
) -> None:
    tids = [register(file_books, f"kiosk-{number}") for number in range(1, 4)]
    clock = Clock()
    local = datetime.now(UTC) + timedelta(hours=8)
    day = Day(cut_over=timedelta(hours=(local + timedelta(hours=6)).hour or 24))

    async def work(house: House) -> tuple[list[Closed], list[Closed], list[Closed]]:
        await house.sold(100)
        today = await house.settlements.settle_due()
        clock.ahead = timedelta(hours=24)
        await house.signed_on("kiosk-2")  # nothing was sold there
        return today, await house.settlements.settle_due(), await house.settlements.settle_due()

    today, tomorrow, again = run(file_books, acquirer(bank.port), work, clock=clock, day=day)
    assert today == again == []
    assert [(each.tid, each.ending) for each in tomorrow] == [(tids[0], "settled")]
    [kept] = in_books(file_books)
    assert kept.business_date == day.business_date(datetime.now(UTC))


def test_after_a_bank_left_one_unanswered_no_further_batch_is_begun_in_that_round(
    file_books: Any, bank: LaunchedBank
) -> None:
    clock = Clock()
    tids = {register(file_books, f"kiosk-{number}") for number in range(12)}

    async def work(house: House) -> tuple[int, int]:
        template = None
        for number in range(12):
            at = await house.signed_on(f"kiosk-{number}")
            if template is None:
                template = replace(await _sold_by(house, f"kiosk-{number}"), pan_kept="")
                continue
            async with house.database.write() as connection:
                sale = replace(
                    template, id=f"{number:032d}", terminal=at.terminal, tid=at.tid, batch=at.batch
                )
                await Sales(connection).add_sale(sale)
        clock.ahead = timedelta(hours=30)
        bank.do("silence", kind="settle", next=None)
        house.hurry()
        closed = await house.settlements.settle_due()
        return len(closed), sum(each.ending == "unanswered" for each in closed)

    assert run(file_books, acquirer(bank.port), work, clock=clock) == (4, 4)
    assert len(tids) == 12


def test_a_terminal_that_the_bank_refuses_keeps_no_other_waiting(file_books: Any, bank: LaunchedBank) -> None:
    clock = Clock()
    tids = [register(file_books, f"kiosk-{number}") for number in range(3)]

    async def work(house: House) -> list[list[tuple[str, str]]]:
        template = None
        for number, tid in enumerate(tids):
            at = await house.signed_on(f"kiosk-{number}")
            template = template or replace(await _sold_by(house, "kiosk-0"), pan_kept="")
            sale = replace(
                template, id=f"{number:032d}", terminal=at.terminal, tid=tid, batch=at.batch, stan="000009"
            )
            async with house.database.write() as connection:
                await Sales(connection).add_sale(sale)
        clock.ahead = timedelta(hours=30)
        bank.do("decline", code="96", kind="settle", tid=tids[0], next=None)
        bank.do("decline", code="96", kind="settle", tid=tids[2], next=1)
        return [[(each.tid, each.ending) for each in await house.settlements.settle_due()] for _ in range(2)]

    first, second = run(file_books, acquirer(bank.port), work, clock=clock)
    assert sorted(ending for _, ending in first) == ["differs", "unanswered", "unanswered"]
    assert dict(second) == {tids[0]: "unanswered", tids[2]: "differs"}


async def _sold_by(house: House, terminal: str) -> Any:
    at = await house.at(terminal)
    async with house.database.write() as connection:
        stan = await house.terminals.next_stan(connection, at)
    template = await house.sold(100, terminal=terminal, sent=False)
    return replace(template, stan=stan)


def test_a_batch_that_the_bank_ended_by_itself_is_settled_still(file_books: Any, bank: LaunchedBank) -> None:
    tid = register(file_books)

    async def work(house: House) -> tuple[str, str, list[Closed]]:
        # Of this sale the bank knows nothing, so the next sign-on begins another batch.
        lost = await house.sold(100, sent=False)
        async with house.database.write() as connection:
            await house.terminals.need_sign_on(connection, await house.at())
        now = await house.signed_on()
        assert not await is_settled(house, lost)
        return lost.batch, now.batch, await house.settlements.settle_due()

    left, now, [closed] = run(file_books, acquirer(bank.port), work)
    assert left < now
    assert (closed.batch, closed.ending) == (left, "differs")
    assert [(each.batch, each.state, each.debit_fen) for each in in_books(file_books)] == [
        (left, "differs", 100)
    ]
    assert closed_at(bank, tid) == [(left, 2), (left, 3)]


async def is_settled(house: House, sale: Any) -> bool:
    async with house.database.read() as connection:
        return await Sales(connection).is_settled(sale)


def test_from_the_moment_its_totals_are_fixed_no_sale_of_a_batch_can_go_back(
    file_books: Any, bank: LaunchedBank
) -> None:
    tid = register(file_books)

    async def work(house: House) -> tuple[bool, bool]:
        sale = await house.sold(100)
        before = await is_settled(house, sale)
        bank.do("silence", kind="settle", next=1, tid=tid)
        await house.settlements.settle(house.hurry(), KIOSK)
        return before, await is_settled(house, sale)

    assert run(file_books, acquirer(bank.port), work) == (False, True)


def test_an_empty_batch_and_one_that_is_settled_are_left_alone(file_books: Any, bank: LaunchedBank) -> None:
    tid = register(file_books)

    async def work(house: House) -> list[Closed]:
        empty = await house.settlements.settle(house.bank, KIOSK)
        sale = await house.sold(100)
        await house.settlements.settle(house.bank, KIOSK)
        return [empty, await house.settlements.settle(house.bank, KIOSK, sale.batch)]

    empty, over = run(file_books, acquirer(bank.port), work)
    assert (empty.ending, empty.why) == ("nothing", "no sales")
    assert over.ending == "nothing"
    assert over.why.startswith("settled on ")
    assert heard(bank, tid, "settle") == 1


def test_a_kiosk_without_a_terminal_there_is_refused(file_books: Any, bank: LaunchedBank) -> None:
    async def work(house: House) -> None:
        with pytest.raises(Refusal, match="card_not_served"):
            await house.settlements.settle(house.bank, KIOSK)

    run(file_books, acquirer(bank.port), work)


def test_totals_of_two_batches_keep_the_terminal_closed_until_both_are_ended(
    file_books: Any, bank: LaunchedBank
) -> None:
    register(file_books)

    async def work(house: House) -> list[bool]:
        first = await house.sold(100)
        seen = []
        async with house.database.write() as connection:
            books = SettlementBooks(connection)
            for batch in (first.batch, "999999"):
                known = replace(_fixed(await house.at(), batch), state="sent")
                await books.add(known)
            await BankTerminalBooks(connection).set_settling(BANK, KIOSK, settling=True)
        await house.settlements.settle(house.bank, KIOSK)
        seen.append((await house.at()).settling)
        await house.settlements.settle(house.bank, KIOSK, "999999")
        seen.append((await house.at()).settling)
        return seen

    assert run(file_books, acquirer(bank.port), work) == [True, False]


def _fixed(at: Any, batch: str) -> Settlement:
    now = datetime.now(UTC)
    return Settlement(at.acquirer, at.tid, batch, at.terminal, now.date(), "due", 0, 0, 0, 0, now)
