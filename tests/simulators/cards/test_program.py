"""The card's program on its wire: what a reader hears, what people do to it, and what stands in the file afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from simulators.cards import program, seat, store
from simulators.cards.program import CardEnd, main
from simulators.cards.sam_card import SamCard
from simulators.cards.user_card import UserCard, blank
from simulators.cards.vpcd import Order
from simulators.control import ControlError

SERIAL = "1122334455667788"
READ_SERIAL = "00B0990108"
UPDATE_PUBLIC = "00D6810027" + "5A" * 39
PUBLIC = bytes.fromhex("5A") * 39
PATIENCE_S = 20.0


class Reader:
    """A virtual reader that does only what the test orders."""

    def __init__(self) -> None:
        self._address = self._bound(0)
        self.port = int(self._address.getsockname()[1])
        self._cards: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
        self._server: asyncio.Server | None = None
        self._card: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    @staticmethod
    def _bound(port: int) -> socket.socket:
        """Bound and not listening: nobody is there, and the port is nobody else's."""
        bound = socket.socket()
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(("127.0.0.1", port))
        return bound

    async def start(self) -> None:
        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await self._cards.put((reader, writer))

        self._server = await asyncio.start_server(accept, sock=self._address)

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        self._address = self._bound(self.port)
        await self.let_go()
        while not self._cards.empty():
            self._card = self._cards.get_nowait()
            await self.let_go()

    async def end(self) -> None:
        await self.stop()
        self._address.close()

    async def let_go(self) -> None:
        card, self._card = self._card, None
        if card is not None:
            card[1].close()
            with contextlib.suppress(ConnectionError):
                await card[1].wait_closed()

    async def find(self) -> bytes:
        """Wait for a card, give it power, and return its answer to reset."""
        await self.let_go()
        self._card = await self._cards.get()
        self.say(bytes([Order.ON]))
        return await self.ask(bytes([Order.ATR]))

    def say(self, message: bytes) -> None:
        assert self._card is not None
        self._card[1].write(len(message).to_bytes(2, "big") + message)

    async def ask(self, message: bytes) -> bytes:
        """Send a message and give the answer; b"" when the card is gone."""
        assert self._card is not None
        self.say(message)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            return await self._card[0].readexactly(int.from_bytes(await self._card[0].readexactly(2), "big"))
        return b""

    async def command(self, hex_: str) -> str:
        return (await self.ask(bytes.fromhex(hex_))).hex().upper()


Act = Callable[[CardEnd, Reader], Awaitable[None]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    card = tmp_path / "card.json"
    store.save(card, UserCard(blank("state_grid_2013", SERIAL)))
    return card


@contextlib.asynccontextmanager
async def slot(path: Path) -> AsyncIterator[tuple[CardEnd, Reader]]:
    reader = Reader()
    await reader.start()
    end = CardEnd(reader.port, path, 1000.0)
    try:
        yield end, reader
    finally:
        await reader.end()
        await end.close()


async def inserted(end: CardEnd, reader: Reader, **how: str) -> None:
    waiting = asyncio.create_task(end.do_insert(**how))
    await reader.find()
    assert await waiting == {"powered": True}


def play(path: Path, act: Act) -> None:
    async def whole() -> None:
        async with asyncio.timeout(PATIENCE_S), slot(path) as (end, reader):
            await inserted(end, reader)
            await act(end, reader)

    asyncio.run(whole())


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """These readers need no time to look; a busy machine may need some before they see a card."""
    monkeypatch.setattr(seat, "_LOOK_S", 0.0)
    monkeypatch.setattr(program, "_SEEN_S", PATIENCE_S)


def kept(path: Path) -> UserCard:
    card = store.load(path)
    assert isinstance(card, UserCard)
    return card


def test_it_answers_counts_and_keeps_what_was_written(path: Path) -> None:
    async def act(end: CardEnd, reader: Reader) -> None:
        assert await reader.ask(bytes([Order.ATR])) == kept(path).atr
        assert await reader.command(READ_SERIAL) == SERIAL + "9000"
        assert await reader.command(UPDATE_PUBLIC) == "9000"
        assert kept(path).state.public == PUBLIC
        status = end.do_status()
        assert (status["apdus"], status["power_ups"], status["inserted"]) == (2, 1, True)
        assert status["apdu_s"] > 0
        assert status["log"] == [
            {"command": READ_SERIAL, "sw": "9000"},
            {"command": UPDATE_PUBLIC[:10], "sw": "9000"},
        ]
        own = kept(path).state.keys
        assert not any(key.hex() in json.dumps(status) for key in (own.internal, own.external, own.mac))

    play(path, act)


@pytest.mark.parametrize(
    ("cut", "torn", "left"),
    [
        ("before", None, bytes(39)),
        ("half", None, PUBLIC[:19] + bytes(20)),
        ("half", 3, PUBLIC[:3] + bytes(36)),
        ("after", None, PUBLIC),
    ],
)
def test_pulled_at_the_second_command_from_now(path: Path, cut: str, torn: int | None, left: bytes) -> None:
    async def act(end: CardEnd, reader: Reader) -> None:
        await end.do_pull(at=2, cut=cut, torn=torn)
        assert await reader.command(READ_SERIAL) == SERIAL + "9000"
        assert await reader.command(UPDATE_PUBLIC) == ""
        assert not end.do_status()["inserted"]
        assert kept(path).state.public == left
        assert end.do_status()["log"][-1]["sw"] == ""
        await inserted(end, reader)
        assert await reader.command(UPDATE_PUBLIC) == "9000", "once it is in again nothing is wrong with it"

    play(path, act)


def test_contacts_lost_for_a_moment(path: Path) -> None:
    async def act(end: CardEnd, reader: Reader) -> None:
        await end.do_pull(at=1, stay=True)
        assert await reader.command(READ_SERIAL) == ""
        await reader.find()
        assert await reader.command(READ_SERIAL) == SERIAL + "9000"
        assert end.do_status()["inserted"]

    play(path, act)


def test_without_power_it_parts_from_the_contacts(path: Path) -> None:
    async def act(end: CardEnd, reader: Reader) -> None:
        reader.say(bytes([Order.OFF]))
        assert await reader.command(READ_SERIAL) == ""
        await reader.find()
        reader.say(bytes([Order.RESET]))
        assert await reader.command(READ_SERIAL) == SERIAL + "9000"

    play(path, act)


def test_it_comes_again_when_the_reader_was_restarted(path: Path) -> None:
    async def act(end: CardEnd, reader: Reader) -> None:
        await reader.stop()
        await reader.start()
        await reader.find()
        assert await reader.command(READ_SERIAL) == SERIAL + "9000"

    play(path, act)


def test_without_a_reader_it_says_so(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "_SEEN_S", 0.1)

    async def whole() -> None:
        async with asyncio.timeout(PATIENCE_S), slot(path) as (end, reader):
            await reader.stop()
            assert await end.do_insert() == {"powered": False}
            await reader.start()
            await reader.find()

    asyncio.run(whole())


def test_a_reader_that_looks_late_is_waited_for(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine the reader's program may not get its turn for seconds."""
    monkeypatch.setattr(program, "_SEEN_S", 0.1)

    async def whole() -> None:
        async with asyncio.timeout(PATIENCE_S), slot(path) as (end, reader):
            waiting = asyncio.create_task(end.do_insert())
            await asyncio.sleep(0.3)
            await reader.find()
            assert await waiting == {"powered": True}

    asyncio.run(whole())


def test_silence_holds_a_command_until_it_ends(path: Path) -> None:
    async def act(end: CardEnd, reader: Reader) -> None:
        end.do_silence(after=1)
        assert await reader.command(READ_SERIAL) == SERIAL + "9000"
        waiting = asyncio.create_task(reader.command(UPDATE_PUBLIC))
        while end.do_status()["apdus"] < 2:
            await asyncio.sleep(0.01)
        assert kept(path).state.public == bytes(39), "neither obeyed"
        assert not waiting.done(), "nor answered"
        end.do_calm()
        assert await waiting == "9000"

        end.do_silence()
        waiting = asyncio.create_task(reader.command(READ_SERIAL))
        while end.do_status()["apdus"] < 3:
            await asyncio.sleep(0.01)
        await end.do_pull()
        assert await waiting == ""

    play(path, act)


def test_a_delay_is_after_the_effect(path: Path) -> None:
    async def act(end: CardEnd, reader: Reader) -> None:
        end.do_delay_answer(ms=60_000)
        waiting = asyncio.create_task(reader.command(UPDATE_PUBLIC))
        while kept(path).state.public != PUBLIC:
            await asyncio.sleep(0.01)
        assert not waiting.done()
        await end.do_pull()
        assert await waiting == ""
        end.do_calm()
        await inserted(end, reader)
        assert await reader.command(READ_SERIAL) == SERIAL + "9000"

    play(path, act)


def test_what_can_be_wrong_with_a_card(path: Path) -> None:
    async def act(end: CardEnd, reader: Reader) -> None:
        end.do_wear(writes=1)
        assert [await reader.command(UPDATE_PUBLIC) for _ in range(2)] == ["9000", "6581"]
        end.do_renew()
        assert await reader.command(UPDATE_PUBLIC) == "9000"
        end.do_put(sfi=2, hex="FF", offset=7)
        end.do_lock()
        for command, answer in (
            ("00A4000002DF01", "9000"),
            ("00B0820008", "00000000000000FF9000"),
            ("0082000208" + "00" * 8, "6983"),
        ):
            assert await reader.command(command) == answer
        end.do_lock(on=False)
        await reader.command("0084000008")
        assert await reader.command("0082000208" + "00" * 8) == "63C2"
        right = kept(path).state.keys
        end.do_rekey()
        assert kept(path).state.keys != right
        end.do_unissue()
        assert await reader.command("00B0820008") == "6B00"
        end.do_renew(serial="8877665544332211")
        assert kept(path).state == blank("state_grid_2013", "8877665544332211")
        with pytest.raises(ControlError, match="file 2 has 8 bytes"):
            end.do_put(sfi=2, hex="0000", offset=7)
        with pytest.raises(ControlError, match="is number 1"):
            await end.do_pull(at=0)
        with pytest.raises(ControlError, match="a card is in the slot"):
            await end.do_insert()

    play(path, act)


def test_another_card_and_strange_ones(path: Path) -> None:
    async def act(end: CardEnd, reader: Reader) -> None:
        other = path.with_name("other.json")
        end.do_issue(card=str(other), profile="southern_grid", serial="8877665544332211")
        await end.do_pull()
        with pytest.raises(ControlError, match="no card"):
            await end.do_pull()
        await inserted(end, reader, card=str(other))
        assert await reader.command(READ_SERIAL) == "88776655443322119000"
        assert end.do_status()["profile"] == "southern_grid"
        for kind, answer in (("bank", "6A82"), ("foreign", "6D00"), ("endless", "006101")):
            await end.do_pull()
            await inserted(end, reader, kind=kind)
            assert end.do_status()["kind"] == kind
            assert await reader.command("00A4000002DF01") == answer
            await end.do_pull(at=1)
            assert await reader.command("00A4000002DF01") == ""
            await inserted(end, reader, kind=kind)
        with pytest.raises(ControlError, match="not a user card"):
            end.do_lock()
        await end.do_pull()
        with pytest.raises(ValueError, match="no card is of the kind 'paper'"):
            await end.do_insert(kind="paper")
        await inserted(end, reader)
        assert await reader.command(READ_SERIAL) == "88776655443322119000", (
            "the card is the one that was meant last"
        )

    play(path, act)


def test_a_sam_is_kept_too(tmp_path: Path) -> None:
    path = tmp_path / "sam.json"
    arguments = ["--port", "1", "--control", str(tmp_path / "none" / "socket"), "--card", str(path)]
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert not path.exists()
    with pytest.raises(OSError):  # there is no folder for its socket
        main([*arguments, "--sam", "--serial", "00112233445566778899", "--profile", "state_grid_2013"])
    card = store.load(path)
    assert isinstance(card, SamCard)

    async def act(end: CardEnd, reader: Reader) -> None:
        assert await reader.command("00B095000A") == "001122334455667788999000"
        status = json.dumps(end.do_status())
        slots = [slot.key for slot in card.state.slots.values() if slot.key]
        assert len(slots) == 3
        assert not any(key.hex() in status for key in [*slots, card.state.pin])

    play(path, act)
