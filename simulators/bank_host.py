"""A bank on the other side of TCP: the far end of the hub's switch.

    python -m simulators.bank_host --name bank_a --control SOCKET [--port 0] [--mac ecb_up|cbc|x919] [--double-mak]
        [--books FILE] [--speed N] [--merchant NO] [--terminal TID[:HEX]] [--card PAN:PIN:BALANCE_FEN]

prints `ready HOST:PORT`. Without `--terminal` it knows every terminal number, with its test key. It has the test cards
of its name, and those of `--card`. The books survive `kill -9`. The control socket speaks like every far end's
(`simulators.control`): faults meet the next requests of a `kind`, `sale` unless another is named, see
`simulators.banks.bank.KINDS`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from drivers.bank.frame import Decoder, Frame, Wanted
from drivers.bank.mac import SCHEMES
from drivers.bank.message import decode
from drivers.errors import ProtocolError
from drivers.security.bench_keys import bank_key
from simulators.banks import judge
from simulators.banks.bank import Bank, Reply, Settings, altered, kind_of
from simulators.banks.books import Books
from simulators.banks.cards import Card, bench_cards
from simulators.banks.cards import parse as parse_card
from simulators.banks.faults import Fault, Faults, Name
from simulators.control import ControlClient, ControlError, controlled
from simulators.control import Reply as Told

HOST = "127.0.0.1"
THINK = 0.2
"""How long a bank thinks over a request, in seconds; divided by --speed."""


NONSENSE = b"\xee" * 64


class Line:
    """One connection from a host."""

    def __init__(self, number: int, writer: asyncio.StreamWriter) -> None:
        self.number = number
        self._writer = writer

    def send(self, data: bytes) -> None:
        """Send, unless the other side has gone."""
        if not self._writer.is_closing():
            self._writer.write(data)

    def hang_up(self) -> None:
        """Break the connection with a TCP reset."""
        sock = self._writer.get_extra_info("socket")
        if sock is not None:
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()


class BankHost:
    """The program; each `do_` method is a control command."""

    def __init__(self, bank: Bank, port: int = 0, speed: float = 1.0) -> None:
        self._bank = bank
        self._speed = speed
        self._faults = Faults()
        self._silent = False
        self._released = asyncio.Event()
        self._waiting = 0
        self._lines: set[Line] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._numbers = count(1)
        self._server: asyncio.Server | None = None
        self._address = socket.socket()  # bound and never listening: the port stays ours while we refuse
        self._address.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._address.bind((HOST, port))
        self.port: int = self._address.getsockname()[1]

    # Faults. Each meets the `next` requests of a kind (and of a terminal); `next` null means until `pass`.

    async def do_pass(self) -> Told:
        """Call everything off: faults, silence, a refused port, the cut-over."""
        self._faults.call_off()
        self.do_release()
        self._silent = False
        if self._bank.cut_over:
            self._bank.end_cut_over()
        await self.do_refuse(False)
        return {}

    def do_decline(self, code: str, kind: str = "sale", next: int | None = 1, tid: str = "") -> Told:  # noqa: A002
        """Refuse with a response code; nothing is booked but the refusal. 77, 99, A0 also sign the terminal off."""
        if len(code) != 2 or not code.isascii() or code == "00":
            raise ControlError("a refusal's code has two characters and is not 00")
        return self._order("decline", kind, next, tid, code=code)

    def do_late(
        self,
        s: float | None = None,
        kind: str = "sale",
        next: int | None = 1,  # noqa: A002
        tid: str = "",
    ) -> Told:
        """Do the business at once and answer this much later; without a time, at `release`."""
        return self._order("late", kind, next, tid, seconds=s)

    def do_hold(
        self,
        s: float | None = None,
        kind: str = "sale",
        next: int | None = 1,  # noqa: A002
        tid: str = "",
    ) -> Told:
        """The request lies this long on its way before the bank sees it; without a time, until `release`."""
        return self._order("held", kind, next, tid, seconds=s)

    def do_release(self) -> Told:
        """Let go of what waits without a time."""
        told = {"released": self._waiting}
        self._released.set()
        self._released = asyncio.Event()
        return told

    def do_drop_answer(self, kind: str = "sale", next: int | None = 1, tid: str = "") -> Told:  # noqa: A002
        """Do the business and do not answer."""
        return self._order("drop_answer", kind, next, tid)

    def do_twice(self, kind: str = "sale", next: int | None = 1, tid: str = "") -> Told:  # noqa: A002
        """Answer twice."""
        return self._order("twice", kind, next, tid)

    def do_break_mac(self, kind: str = "sale", next: int | None = 1, tid: str = "") -> Told:  # noqa: A002
        """Do the business and answer with a wrong MAC."""
        return self._order("break_mac", kind, next, tid)

    def do_wrong_amount(
        self,
        amount_fen: int | None = None,
        kind: str = "sale",
        next: int | None = 1,  # noqa: A002
        tid: str = "",
    ) -> Told:
        """Answer, with a right MAC, for another amount; one fen more unless it is given."""
        return self._order("wrong_amount", kind, next, tid, amount_fen=amount_fen)

    def do_garbage(
        self,
        form: str = "message",
        kind: str = "sale",
        next: int | None = 1,  # noqa: A002
        tid: str = "",
    ) -> Told:
        """Do the business and answer with nonsense: a frame without a `message`, or bytes that are no `frame`."""
        if form not in ("message", "frame"):
            raise ControlError("nonsense is a message or a frame")
        return self._order("garbage", kind, next, tid, form=form)

    def do_other_stan(self, kind: str = "sale", next: int | None = 1, tid: str = "") -> Told:  # noqa: A002
        """Do the business and answer for a trace number that nobody asked about."""
        return self._order("other_stan", kind, next, tid)

    def do_hang_up(
        self,
        when: str = "after",
        kind: str = "sale",
        next: int | None = 1,  # noqa: A002
        tid: str = "",
    ) -> Told:
        """Break the connection `before` or `after` doing the business."""
        if when not in ("before", "after"):
            raise ControlError("hang up before or after")
        return self._order("hang_up_after" if when == "after" else "hang_up_before", kind, next, tid)

    def do_silence(
        self,
        on: bool = True,
        kind: str = "any",
        next: int | None = None,  # noqa: A002
        tid: str = "",
    ) -> Told:
        """Neither do nor answer anything; with `next`, only so many requests of a kind."""
        if on and next is not None:
            return self._order("silent", kind, next, tid)
        self._silent = on
        return {"silent": on}

    def do_ask_sign_on(
        self,
        by: str = "header",
        kind: str = "any",
        next: int | None = 1,  # noqa: A002
        tid: str = "",
    ) -> Told:
        """Ask for a new sign-on: in the `header` of an answer that is right, or by refusing with 77, 99 or A0."""
        if by == "header":
            return self._order("ask_sign_on", kind, next, tid)
        if by not in ("77", "99", "A0"):
            raise ControlError("a new sign-on is asked for by header, 77, 99 or A0")
        return self.do_decline(by, kind, next, tid)

    def do_sign_off(self, tid: str | None = None) -> Told:
        """Forget the keys of a terminal, or of all: they are answered 77 until they sign on."""
        self._bank.books.sign_off(tid)
        return {}

    def do_cut_over(self, on: bool = True, code: str = "90") -> Told:
        """Change the day: everything but echo and sign-off is refused meanwhile; when it ends the date is the next."""
        if on:
            self._bank.begin_cut_over(code)
        elif self._bank.cut_over:
            self._bank.end_cut_over()
        return {"date": self._bank.business_date.isoformat()}

    async def do_refuse(self, on: bool = True) -> Told:
        """Close the port and break what is open, or open it again."""
        if on:
            await self._close()
        elif self._server is None:
            await self._listen()
        return {"refusing": on}

    def do_set_balance(self, pan: str, fen: int) -> Told:
        """Give a card another balance and all its PIN tries back."""
        self._bank.set_balance(pan, fen)
        return {}

    # What a judge asks.

    def do_books(self, tid: str | None = None) -> Told:
        """Totals by terminal, see `simulators.banks.judge.totals`."""
        return {"books": judge.totals(self._bank.books, tid)}

    def do_transactions(self, tid: str | None = None, last: int = 1000) -> Told:
        """The last transactions."""
        return {"transactions": judge.transactions(self._bank.books, tid, last)}

    def do_log(self, tid: str | None = None, last: int = 100) -> Told:
        """The last messages."""
        return {"log": judge.messages(self._bank.books, tid, last)}

    def do_settlements(self) -> Told:
        """Settlements, and what differed after an upload."""
        books = self._bank.books
        return {"settlements": judge.settlements(books), "differences": judge.differences(books)}

    def do_status(self) -> Told:
        """Where the bank stands."""
        return {
            "address": f"{HOST}:{self.port}",
            "lines": len(self._lines),
            "silent": self._silent,
            "waiting": self._waiting,
            "refusing": self._server is None,
            "cut_over": self._bank.cut_over,
            "date": self._bank.business_date.isoformat(),
            "faults": self._faults.waiting(),
        }

    def _order(
        self,
        name: Name,
        kind: str,
        left: int | None,
        tid: str,
        *,
        code: str = "",
        seconds: float | None = None,
        amount_fen: int | None = None,
        form: str = "",
    ) -> Told:
        self._faults.order(Fault(name, kind, tid, left, code, seconds, amount_fen, form))
        return {}

    # Connections.

    async def serve(self, control: Path) -> None:
        """Run until SIGTERM or SIGINT."""
        async with controlled(self, control) as stop:
            await self._listen()
            sys.stdout.write(f"ready {HOST}:{self.port}\n")
            sys.stdout.flush()
            try:
                await stop.wait()
            finally:
                await self._close()
                self._address.close()
                self._bank.books.close()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, HOST, self.port)

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for task in list(self._tasks):
            task.cancel()
        for line in list(self._lines):
            line.hang_up()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line, decoder = Line(next(self._numbers), writer), Decoder()
        self._lines.add(line)
        try:
            while data := await reader.read(1 << 16):
                for frame in decoder.feed(data):
                    self._begin(frame, line)
        except (ProtocolError, ConnectionError) as error:
            sys.stderr.write(f"line {line.number}: {error}\n")
        finally:
            self._lines.discard(line)
            writer.close()

    def _begin(self, frame: Frame, line: Line) -> None:
        task = asyncio.get_running_loop().create_task(self._deal_with(frame, line))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deal_with(self, frame: Frame, line: Line) -> None:
        if self._silent:
            return
        try:
            request = decode(frame.body)
            fault = self._faults.take(kind_of(request), request.get(41))
            name = fault.name if fault else ""
            if name == "silent":
                return
            if name == "hang_up_before":
                line.hang_up()
                return
            if fault and name == "held":
                await self._pause(fault)
            await asyncio.sleep(THINK / self._speed)
            forced = fault.code if fault and name == "decline" else ""
            reply = self._bank.handle(frame.body, forced=forced, fault=name, line=line.number)
        except ProtocolError as error:
            sys.stderr.write(f"line {line.number}: {error}\n")
            line.hang_up()
            return
        await self._answer(frame, line, reply, fault)

    async def _answer(self, frame: Frame, line: Line, reply: Reply, fault: Fault | None) -> None:
        if fault is None:
            line.send(self._framed(frame, reply))
        elif fault.name == "hang_up_after":
            line.hang_up()
        elif fault.name != "drop_answer":
            if fault.name == "late":
                await self._pause(fault)
            line.send(self._spoilt(frame, reply, fault))

    async def _pause(self, fault: Fault) -> None:
        if fault.seconds is not None:
            await asyncio.sleep(fault.seconds)
            return
        self._waiting += 1
        try:
            await self._released.wait()
        finally:
            self._waiting -= 1

    def _framed(self, frame: Frame, reply: Reply) -> bytes:
        return frame.reply(self._bank.to_bytes(reply)).to_bytes()

    def _spoilt(self, frame: Frame, reply: Reply, fault: Fault) -> bytes:
        right = self._framed(frame, reply)
        if fault.name == "twice":
            return right * 2
        if fault.name == "break_mac":
            return right[:-1] + bytes([right[-1] ^ 1])
        if fault.name == "garbage":
            return b"\xff\xff\xff\xff" if fault.form == "frame" else frame.reply(NONSENSE).to_bytes()
        if fault.name == "ask_sign_on":
            return frame.reply(self._bank.to_bytes(reply)).asking(Wanted.SIGN_ON).to_bytes()
        if fault.name == "wrong_amount":
            fen = int(reply.message.get(4) or 0) + 1 if fault.amount_fen is None else fault.amount_fen
            return self._framed(frame, altered(reply, 4, f"{fen:012d}"))
        if fault.name == "other_stan":
            stan = (int(reply.message.get(11) or 0) + 500_000) % 1_000_000
            return self._framed(frame, altered(reply, 11, f"{stan:06d}"))
        return right


def _terminal(name: str, text: str) -> tuple[str, bytes]:
    tid, _, key = text.partition(":")
    return tid, bytes.fromhex(key) if key else bank_key(name, tid)


def _settings(options: argparse.Namespace) -> Settings:
    return Settings(
        options.name,
        options.mac,
        options.double_mak,
        options.merchant,
        dict(_terminal(options.name, text) for text in options.terminal),
        (*bench_cards(options.name).values(), *options.card),
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until a signal comes."""
    parser = argparse.ArgumentParser(description="A bank behind ISO 8583 over TCP.")
    parser.add_argument(
        "--name", default="bank_a", help="the acquirer's name; its test keys and cards follow from it"
    )
    parser.add_argument("--mac", choices=SCHEMES, default="ecb_up", help="the MAC that it asks for")
    parser.add_argument("--double-mak", action="store_true", help="MAC keys of 16 bytes")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--control", type=Path, required=True, help="path of the control socket")
    parser.add_argument("--books", type=Path, default=None, help="SQLite file; in memory without it")
    parser.add_argument(
        "--speed", type=float, default=1.0, help="divides the time it thinks, never ordered delays"
    )
    parser.add_argument(
        "--merchant", default="", help="the only merchant number that it knows; any without it"
    )
    parser.add_argument("--terminal", action="append", default=[], metavar="TID[:HEX]")
    parser.add_argument("--card", action="append", default=[], type=parse_card, metavar="PAN:PIN:BALANCE_FEN")
    options = parser.parse_args(arguments)
    bank = Bank(_settings(options), Books(options.books))
    asyncio.run(BankHost(bank, options.port, options.speed).serve(options.control))
    return 0


@dataclass(frozen=True, slots=True)
class LaunchedBank:
    """A running bank: where it listens, its books, its control connection, its process."""

    port: int
    books: Path
    do: ControlClient
    process: subprocess.Popen[str]


@contextlib.contextmanager
def launched_bank(
    directory: Path, *options: str, name: str = "bank_a", speed: float = 100.0
) -> Iterator[LaunchedBank]:
    """Start a bank with its books and control socket in `directory`; ended with the block, its books stay."""
    control, books = directory / f"{name}.sock", directory / f"{name}.db"
    fixed = ("--name", name, "--control", str(control), "--books", str(books))
    command = (sys.executable, "-m", "simulators.bank_host", *fixed, "--speed", str(speed), *options)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        client = None
        try:
            first = process.stdout.readline() if process.stdout else ""
            if not first.startswith("ready "):
                raise RuntimeError(f"the bank did not start: it ended with {process.wait(20)}")
            client = ControlClient(control)
            yield LaunchedBank(int(first.rpartition(":")[2]), books, client, process)
        finally:
            if client is not None:
                client.close()
            process.terminate()
            process.wait(20)


__all__ = ["BankHost", "Card", "LaunchedBank", "launched_bank", "main"]

if __name__ == "__main__":
    sys.exit(main())
