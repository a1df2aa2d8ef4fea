"""The line to a bank, against a bank on a real socket that answers as each test has it."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from drivers.bank.frame import Decoder, Frame
from drivers.bank.message import Message, decode, encode
from hub.composition import bank_line
from hub.composition.bank_line import BankLine, Key, NoAnswer, NotSent

PATIENCE = 10.0
TPDU, HEADER = bytes.fromhex("6000030000"), "603100000000"
Behaviour = Callable[[Message, asyncio.StreamWriter], Awaitable[None]]


def framed(message: Message) -> bytes:
    return Frame(TPDU, HEADER, encode(message, None)).to_bytes()


def asked(stan: str, tid: str = "10000001") -> tuple[bytes, Key]:
    return framed(Message("0820", {11: stan, 41: tid})), Key(tid, "0830", stan)


def answered(request: Message, **changes: str) -> bytes:
    fields = {11: request.get(11), 41: request.get(41), 39: "00"}
    fields |= {int(name[1:]): value for name, value in changes.items()}
    return framed(Message("0830", fields))


async def answer(request: Message, writer: asyncio.StreamWriter) -> None:
    writer.write(answered(request))


class Bench:
    """A line to a bank that behaves as told, and what the line told besides."""

    def __init__(self, line: BankLine, server: asyncio.Server) -> None:
        self.line = line
        self.server = server
        self.evidence: list[str] = []
        self.connections = 0

    async def ask(self, stan: str, within: float = PATIENCE) -> str:
        message, key = asked(stan)
        frame = await self.line.exchange(message, key, asyncio.get_running_loop().time() + within)
        return decode(frame.body).get(11)

    async def evident(self, count: int) -> list[str]:
        async with asyncio.timeout(PATIENCE):
            while len(self.evidence) < count:
                await asyncio.sleep(0.01)
        return self.evidence


@asynccontextmanager
async def bench(behave: Behaviour = answer) -> AsyncIterator[Bench]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        made.connections += 1
        decoder = Decoder()
        try:
            while data := await reader.read(65536):
                for frame in decoder.feed(data):
                    await behave(decode(frame.body), writer)
        except ConnectionError:
            pass
        finally:
            writer.close()

    async def kept(_frame: Frame, message: Message | None) -> None:
        made.evidence.append(message.get(11) if message else "")

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    made = Bench(BankLine("127.0.0.1", port, PATIENCE, kept), server)
    try:
        yield made
    finally:
        await made.line.close()
        server.close()


def test_answers_are_told_apart_in_any_order() -> None:
    async def run() -> None:
        waiting: list[Message] = []

        async def all_at_once_backwards(request: Message, writer: asyncio.StreamWriter) -> None:
            waiting.append(request)
            if len(waiting) == 5:
                writer.write(b"".join(answered(each) for each in reversed(waiting)))

        async with bench(all_at_once_backwards) as at:
            stans = [f"{number:06d}" for number in range(5)]
            assert await asyncio.gather(*map(at.ask, stans)) == stans
            assert at.connections == 1

    asyncio.run(run())


def test_a_bank_that_says_nothing_is_waited_for_until_the_deadline() -> None:
    async def run() -> None:
        async def nothing(_request: Message, _writer: asyncio.StreamWriter) -> None:
            pass

        async with bench(nothing) as at:
            with pytest.raises(NoAnswer, match="in time"):
                await at.ask("000001", within=0.2)
            assert at.line.connected  # what comes late is still heard

    asyncio.run(run())


def test_a_bank_that_trickles_is_waited_for_until_the_deadline() -> None:
    async def run() -> None:
        async def trickle(request: Message, writer: asyncio.StreamWriter) -> None:
            for byte in answered(request):
                writer.write(bytes([byte]))
                await asyncio.sleep(0.05)

        async with bench(trickle) as at:
            with pytest.raises(NoAnswer, match="in time"):
                await at.ask("000001", within=0.4)
            assert await at.evident(1) == ["000001"]

    asyncio.run(run())


def test_what_nobody_waits_for_is_evidence() -> None:
    async def run() -> None:
        async def strange(request: Message, writer: asyncio.StreamWriter) -> None:
            nonsense = Frame(TPDU, HEADER, b"\xee" * 20).to_bytes()
            writer.write(nonsense + answered(request, f11="999999") + answered(request) * 2)

        async with bench(strange) as at:
            assert await at.ask("000001") == "000001"
            assert await at.evident(3) == ["", "999999", "000001"]

    asyncio.run(run())


@pytest.mark.parametrize("said", [b"\xff\xff\xff\xff", b""])
def test_a_line_that_breaks_leaves_no_answer_and_is_opened_anew(said: bytes) -> None:
    async def run() -> None:
        async def breaks(request: Message, writer: asyncio.StreamWriter) -> None:
            if request.get(11) == "000001":
                writer.write(said)
                writer.close()
            else:
                await answer(request, writer)

        async with bench(breaks) as at:
            with pytest.raises(NoAnswer, match="broke"):
                await at.ask("000001")
            assert await at.ask("000002") == "000002"
            assert at.connections == 2

    asyncio.run(run())


def test_a_bank_that_takes_no_connection_is_sent_nothing_and_left_alone_for_a_moment() -> None:
    async def run() -> None:
        async with bench() as at:
            at.server.close()
            await at.server.wait_closed()
            with pytest.raises(NotSent, match=r"127\.0\.0\.1"):
                await at.ask("000001")
            with pytest.raises(NotSent, match="a moment ago"):
                await at.ask("000002")

    asyncio.run(run())


def test_nothing_is_sent_once_the_time_is_over() -> None:
    async def run() -> None:
        async with bench() as at:
            assert await at.ask("000001") == "000001"
            with pytest.raises(NotSent, match="the time was over"):
                await at.ask("000002", within=-1)
            assert await at.ask("000003") == "000003"

    asyncio.run(run())


def test_one_number_is_asked_once_at_a_time() -> None:
    async def run() -> None:
        async def nothing(_request: Message, _writer: asyncio.StreamWriter) -> None:
            pass

        async with bench(nothing) as at:
            first = asyncio.create_task(at.ask("000001"))
            while not at.line.connected:
                await asyncio.sleep(0.01)
            with pytest.raises(NotSent, match="awaited already"):
                await at.ask("000001")
            await at.line.close()
            with pytest.raises(NoAnswer):
                await first

    asyncio.run(run())


def test_what_a_bank_does_not_take_in_time_never_reaches_it() -> None:
    """Or a reversal that another hub process sends could come before the sale."""

    async def run() -> None:
        gate = asyncio.Event()
        seen: list[str] = []

        async def stalls(request: Message, _writer: asyncio.StreamWriter) -> None:
            seen.append(request.get(11))
            await gate.wait()

        async with bench(stalls) as at:
            filler = framed(Message("0320", {11: "000000", 41: "10000001", 62: "00" * 500}))
            loop = asyncio.get_running_loop()
            with pytest.raises(NoAnswer):
                await at.line.exchange(filler * 20_000, Key("10000001", "0330", "000000"), loop.time() + 0.3)
            assert not at.line.connected
            gate.set()

    asyncio.run(run())


def test_a_dead_peer_is_noticed_by_the_connection_itself() -> None:
    async def run() -> None:
        async with bench() as at:
            await at.ask("000001")
            assert at.line._writer is not None
            line = at.line._writer.get_extra_info("socket")
            limit = bank_line.UNACKNOWLEDGED_S * 1000
            assert line.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == limit
            assert line.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1

    asyncio.run(run())
