"""Signing terminals on at a bank: by one hub at a time, with keys that fit, and never with any that do not."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from drivers.bank.working_keys import kcv, unwrap
from drivers.security import bench_keys
from hub.business.day import Day
from hub.business.refusals import Refusal
from hub.composition.bank_terminals import BankTerminal
from hub.data.bank_terminals import BankTerminalBooks
from hub.data.keys_bench import BenchStore
from simulators.bank_host import LaunchedBank, launched_bank
from tests.hub.composition.bank_house import BANK, KIOSK, Clock, House, acquirer, heard_by, register, run

OTHER_KEY = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")


@pytest.fixture(scope="module")
def far_end(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LaunchedBank]:
    with launched_bank(tmp_path_factory.mktemp("bank")) as bank:
        yield bank


@pytest.fixture
def bank(far_end: LaunchedBank) -> Iterator[LaunchedBank]:
    yield far_end
    far_end.do("pass")


def sign_ons(bank: LaunchedBank) -> int:
    return heard_by(bank.do("log", last=10_000)["log"], "sign_on")


def test_a_terminal_gets_its_keys_and_its_batch(books: Any, bank: LaunchedBank) -> None:
    tid = register(books)

    async def work(house: House) -> tuple[BankTerminal, BankTerminal]:
        assert not (await house.at()).signed_on
        first = await house.signed_on()
        return first, await house.signed_on()

    before = sign_ons(bank)
    first, again = run(books, acquirer(bank.port), work)
    assert first == again
    assert sign_ons(bank) == before + 1
    assert first.ready
    tmk = bench_keys.bank_key(BANK, tid)
    assert kcv(unwrap(tmk, first.pik)) == first.pik_check
    assert kcv(unwrap(tmk, first.mak)) == first.mak_check


def test_its_macs_are_those_that_the_bank_expects(file_books: Any, bank: LaunchedBank) -> None:
    register(file_books)

    async def work(house: House) -> None:
        await house.sold(100)  # which tells the bank's MAC, too

    run(file_books, acquirer(bank.port), work)


def test_hubs_that_need_the_same_keys_at_once_sign_on_once(books: Any, bank: LaunchedBank) -> None:
    register(books)

    async def work(*hubs: House) -> list[BankTerminal]:
        return await asyncio.gather(*(each.signed_on() for each in (*hubs, *hubs)))

    before = sign_ons(bank)
    bank.do("late", s=0.5, kind="sign_on")
    found = run(books, acquirer(bank.port), work, count=3)
    assert len({each.mak for each in found}) == 1
    assert sign_ons(bank) == before + 1


def test_a_kiosk_that_goes_away_leaves_the_sign_on_to_the_others(file_books: Any, bank: LaunchedBank) -> None:
    register(file_books)

    async def work(house: House) -> BankTerminal:
        going = asyncio.create_task(house.signed_on())
        await asyncio.sleep(0)
        staying = asyncio.create_task(house.signed_on())
        while not house.line.connected:
            await asyncio.sleep(0.01)
        going.cancel()
        return await staying

    bank.do("late", s=0.3, kind="sign_on")
    assert run(file_books, acquirer(bank.port), work).ready


def test_keys_under_another_master_key_are_not_kept(
    file_books: Any, bank: LaunchedBank, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    keys = tmp_path / "keys.toml"
    BenchStore(keys, {}, bench=True).load_bank(BANK, register(file_books), OTHER_KEY)

    async def work(house: House) -> BankTerminal:
        for _ in range(2):  # the second finds the sign-on free
            with pytest.raises(Refusal) as refused:
                await house.signed_on()
            assert refused.value.code == "bank_away"
        return await house.at()

    found = run(file_books, acquirer(bank.port), work, keys=keys)
    assert found.mak is found.pik is None
    assert "different master keys" in caplog.text


@pytest.mark.parametrize(
    ("tid", "changes", "told"),
    [
        ("1000 000", {}, "code 97"),
        ("", {"double_mak": True}, "a MAC key of 8 bytes"),
        ("", {"port": 1}, "127.0.0.1:1"),
    ],
)
def test_a_bank_that_gives_no_keys_is_away(
    file_books: Any, bank: LaunchedBank, tid: str, changes: dict[str, Any], told: str
) -> None:
    register(file_books, tid=tid)

    async def work(house: House) -> None:
        with pytest.raises(Refusal, match=told) as refused:
            await house.signed_on()
        assert (refused.value.code, refused.value.retry_after_s) == ("bank_away", 10)
        assert not (await house.at()).signed_on

    run(file_books, acquirer(**{"port": bank.port} | changes), work)


@pytest.mark.parametrize("fault", ["silence", "drop_answer", "garbage", "other_stan"])
def test_a_bank_that_does_not_answer_is_given_up_in_time_and_asked_again(
    file_books: Any, bank: LaunchedBank, fault: str
) -> None:
    register(file_books)

    async def work(house: House) -> BankTerminal:
        with pytest.raises(Refusal, match="bank_away"):
            await asyncio.wait_for(house.sign_ons.ensure_signed_on(house.hurry(), KIOSK), 20)
        bank.do("pass")
        return await house.signed_on()

    bank.do(fault, kind="sign_on", next=1)
    assert run(file_books, acquirer(bank.port), work).ready


def test_a_kiosk_without_a_terminal_there_is_told_so(file_books: Any, bank: LaunchedBank) -> None:
    async def work(house: House) -> None:
        with pytest.raises(Refusal, match="card_not_served"):
            await house.signed_on()

    run(file_books, acquirer(bank.port), work)


def test_every_business_day_begins_with_new_keys(file_books: Any, bank: LaunchedBank) -> None:
    register(file_books)
    clock = Clock()
    local = datetime.now(UTC) + timedelta(hours=8)
    # A day that changes in six hours, so that it cannot while the test runs.
    day = Day(cut_over=timedelta(hours=(local + timedelta(hours=6)).hour or 24))

    async def work(house: House) -> None:
        first = await house.signed_on()
        clock.ahead = timedelta(hours=24)
        stale = await house.sign_ons.ensure_signed_on(house.bank, KIOSK, fresh=False)
        assert stale.mak == first.mak
        assert (await house.signed_on()).mak != first.mak

    run(file_books, acquirer(bank.port), work, clock=clock, day=day)


def test_a_sign_on_whose_hub_died_is_taken_over_and_its_late_answer_is_not_kept(
    books: Any, bank: LaunchedBank
) -> None:
    register(books)
    clock = Clock()

    async def work(dead: House, other: House) -> None:
        begun = asyncio.create_task(dead.signed_on())
        while bank.do("status")["waiting"] != 1:
            await asyncio.sleep(0.01)
        with pytest.raises(Refusal, match="another hub is signing on"):
            await other.sign_ons.ensure_signed_on(other.hurry(), KIOSK)
        clock.ahead = timedelta(minutes=2)
        kept = await other.signed_on()
        bank.do("release")
        with pytest.raises(Refusal, match="took too long"):
            await begun
        assert (await other.at()).mak == kept.mak

    bank.do("late", kind="sign_on")
    run(books, acquirer(bank.port), work, count=2, clock=clock)


def test_a_bank_that_asks_for_a_sign_on_gets_one_before_the_next_sale(
    file_books: Any, bank: LaunchedBank
) -> None:
    register(file_books)

    async def work(house: House) -> None:
        first = await house.signed_on()
        async with house.database.write() as connection:
            await house.terminals.need_sign_on(connection, first)
        assert not (await house.at()).ready
        assert (await house.signed_on()).mak != first.mak

    run(file_books, acquirer(bank.port), work)


def test_an_echo_tells_whether_the_bank_is_there(
    file_books: Any, bank: LaunchedBank, caplog: pytest.LogCaptureFixture
) -> None:
    hub = acquirer(bank.port)

    async def work(house: House) -> None:
        assert await house.echoes.ask(hub)  # nobody to ask as
        register(file_books)
        assert await house.echoes.ask(hub)
        bank.do("silence")
        assert not await house.echoes.ask(house.hurry())
        assert not await house.echoes.ask(house.hurry())
        assert house.echoes.silent == {BANK}
        bank.do("pass")
        assert await house.echoes.ask(hub)
        assert house.echoes.silent == frozenset()

    run(file_books, hub, work)
    assert caplog.text.count("gives no echo") == caplog.text.count("gives echo again") == 1


def test_echoes_go_on_by_themselves(file_books: Any, bank: LaunchedBank) -> None:
    register(file_books)

    async def work(house: House) -> None:
        echoes = asyncio.create_task(house.echoes.run())
        async with asyncio.timeout(20):
            while heard_by(bank.do("log", last=10_000)["log"], "echo") < before + 2:
                await asyncio.sleep(0.02)
        echoes.cancel()
        await asyncio.gather(echoes, return_exceptions=True)

    before = heard_by(bank.do("log", last=10_000)["log"], "echo")
    run(file_books, acquirer(bank.port, echo_every_s=0.05), work)


def test_a_lease_is_nobody_elses_until_it_ends(books: Any, bank: LaunchedBank) -> None:
    register(books)
    now = datetime(2026, 3, 4, tzinfo=UTC)

    async def work(house: House) -> list[bool]:
        taken = []
        for minute in (0, 1, 2):
            async with house.database.write() as connection:
                begins = now + timedelta(minutes=minute)
                until = now + timedelta(minutes=minute + 2)
                taken.append(await BankTerminalBooks(connection).begin_sign_on(BANK, KIOSK, begins, until))
        return taken

    assert run(books, acquirer(bank.port), work) == [True, False, True]


def test_who_has_lost_a_sign_on_to_another_ends_it_for_nobody(books: Any, bank: LaunchedBank) -> None:
    register(books)
    now = datetime(2026, 3, 4, tzinfo=UTC)
    first, second = now + timedelta(minutes=1), now + timedelta(minutes=3)

    async def work(house: House) -> list[bool]:
        taken = []
        async with house.database.write() as connection:
            terminals = BankTerminalBooks(connection)
            taken.append(await terminals.begin_sign_on(BANK, KIOSK, now, first))
            taken.append(await terminals.begin_sign_on(BANK, KIOSK, first, second))
            await terminals.end_sign_on(BANK, KIOSK, first)
            taken.append(await terminals.begin_sign_on(BANK, KIOSK, first, second))
            await terminals.end_sign_on(BANK, KIOSK, second)
            taken.append(await terminals.begin_sign_on(BANK, KIOSK, first, second))
        return taken

    assert run(books, acquirer(bank.port), work) == [True, True, False, True]
