"""The line to one bank: a TCP connection that every terminal of this hub process shares, answers told apart by number.

It is opened when it is first needed. A bank may answer in any order, or late, or what nobody asked.
"""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from drivers.bank.frame import Decoder, Frame
from drivers.bank.message import Message, decode
from drivers.errors import ProtocolError

READ = 4096
FIRST_WAIT_S = 0.5
MOST_WAIT_S = 10.0
"""How long a bank that does not take connections is left alone: at first, and at most. Nobody waits for that."""
UNACKNOWLEDGED_S = 20
"""How long a bank's machine may leave our bytes without TCP's acknowledgement: then it is gone, whatever it was."""
log = logging.getLogger(__name__)


class LineError(Exception):
    """An exchange that did not come to an answer."""


class NotSent(LineError):  # noqa: N818 - it was not
    """Not one byte of the message has left: nothing has happened at the bank."""


class NoAnswer(LineError):  # noqa: N818 - there was none
    """The message may have arrived, and no answer to it came."""


class Key(NamedTuple):
    """By what an answer is known: terminal number, type of message, trace number."""

    tid: str
    mti: str
    stan: str


Evidence = Callable[[Frame, Message | None], Awaitable[None]]
"""Told of a frame for which nobody waits; the message is none where it cannot be read."""


class BankLine:
    """One bank's line. All its methods belong to one event loop; deadlines are in that loop's time."""

    def __init__(self, host: str, port: int, connect_s: float, evidence: Evidence) -> None:
        self._host = host
        self._port = port
        self._connect_s = connect_s
        self._evidence = evidence
        self._waiting: dict[Key, tuple[asyncio.StreamWriter, asyncio.Future[Frame]]] = {}
        self._writer: asyncio.StreamWriter | None = None
        self._reader: asyncio.Task[None] | None = None
        self._opening = asyncio.Lock()
        self._failures = 0
        self._not_before = 0.0

    @property
    def connected(self) -> bool:
        """Whether the connection stands, as far as this side knows."""
        return self._writer is not None and not self._writer.is_closing()

    async def exchange(self, message: bytes, key: Key, deadline: float) -> Frame:
        """Send a frame and give the answer that carries this key.

        Raises NotSent when not one byte has left, and NoAnswer when none came by the deadline, or the line broke. After
        either nothing of this message goes out any more.
        """
        loop = asyncio.get_running_loop()
        writer = await self._connected(deadline)
        if loop.time() >= deadline:
            raise NotSent("the time was over before the message was sent")
        if key in self._waiting:
            raise NotSent(f"an answer to {key.stan} of terminal {key.tid} is awaited already")
        answer: asyncio.Future[Frame] = loop.create_future()
        self._waiting[key] = writer, answer
        try:
            writer.write(message)  # from here on something may have left
            async with asyncio.timeout_at(deadline):
                return await answer
        except TimeoutError:
            if writer.transport.get_write_buffer_size():
                # What the bank does not take now must not reach it after the reversal.
                writer.transport.abort()
            raise NoAnswer("the bank did not answer in time") from None
        finally:
            del self._waiting[key]

    async def close(self) -> None:
        """Let the connection go; who still waits has no answer."""
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)

    async def _connected(self, deadline: float) -> asyncio.StreamWriter:
        try:
            async with asyncio.timeout_at(deadline), self._opening:
                if self._writer is not None and not self._writer.is_closing():
                    return self._writer
                return await self._open()
        except TimeoutError:
            raise NotSent(f"{self._host}:{self._port} took no connection in time") from None

    async def _open(self) -> asyncio.StreamWriter:
        loop = asyncio.get_running_loop()
        if loop.time() < self._not_before:
            raise NotSent(f"{self._host}:{self._port} took no connection a moment ago")
        try:
            async with asyncio.timeout(self._connect_s):
                reader, writer = await asyncio.open_connection(self._host, self._port)
        except (OSError, TimeoutError) as error:
            wait = min(FIRST_WAIT_S * 2 ** min(self._failures, 16), MOST_WAIT_S)
            self._failures += 1
            self._not_before = loop.time() + wait
            raise NotSent(f"{self._host}:{self._port}: {error or 'no connection in time'}") from None
        self._failures, self._not_before = 0, 0.0
        _notice_a_dead_peer(writer)
        self._writer = writer
        self._reader = loop.create_task(self._read(reader, writer), name=f"bank {self._host}:{self._port}")
        return writer

    async def _read(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        decoder = Decoder()
        try:
            while data := await reader.read(READ):
                for frame in decoder.feed(data):
                    await self._take(frame)
            decoder.feed(b"")  # where a wrong length stood behind whole frames
        except ProtocolError as error:
            log.error("bank %s:%d: %s", self._host, self._port, error)
        except OSError as error:
            log.warning("bank %s:%d: %s", self._host, self._port, error)
        finally:
            writer.transport.abort()
            if self._writer is writer:
                self._writer = None
            self._break_off(writer)

    def _break_off(self, writer: asyncio.StreamWriter) -> None:
        for over, answer in self._waiting.values():
            if over is writer and not answer.done():
                answer.set_exception(NoAnswer("the line broke before the bank answered"))

    async def _take(self, frame: Frame) -> None:
        try:
            message = decode(frame.body)
        except ProtocolError as error:
            log.error("bank %s:%d: %s", self._host, self._port, error)
            await self._told(frame, None)
            return
        _, waits = self._waiting.get(Key(message.get(41), message.mti, message.get(11)), (None, None))
        if waits is None or waits.done():
            await self._told(frame, message)
        else:
            waits.set_result(frame)

    async def _told(self, frame: Frame, message: Message | None) -> None:
        try:
            await self._evidence(frame, message)
        except Exception:
            log.exception("bank %s:%d: evidence could not be kept", self._host, self._port)


def _notice_a_dead_peer(writer: asyncio.StreamWriter) -> None:
    """Let TCP break a connection whose other end is gone without a word; a quiet bank is not gone."""
    line: socket.socket = writer.get_extra_info("socket")
    line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (
        (socket.TCP_KEEPIDLE, UNACKNOWLEDGED_S),
        (socket.TCP_KEEPINTVL, 5),
        (socket.TCP_KEEPCNT, 4),
        (socket.TCP_USER_TIMEOUT, UNACKNOWLEDGED_S * 1000),
    ):
        line.setsockopt(socket.IPPROTO_TCP, option, value)
