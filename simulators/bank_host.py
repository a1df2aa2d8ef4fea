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

from drivers.bank.frame import Decoder, Frame
from drivers.bank.mac import SCHEMES
from drivers.bank.message import decode
from drivers.errors import ProtocolError
from drivers.security.bench_keys import bank_key
from simulators.banks import judge
from simulators.banks.answers import framed, spoilt
from simulators.banks.bank import Bank, Reply, Settings, kind_of
from simulators.banks.books import Books
from simulators.banks.cards import Card, bench_cards
from simulators.banks.cards import parse as parse_card
from simulators.banks.faults import Fault
from simulators.banks.orders import Orders
from simulators.control import ControlClient, controlled
from simulators.control import Reply as Told

HOST = "127.0.0.1"
THINK = 0.2
"""How long a bank thinks over a request, in seconds; divided by --speed."""


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


class BankHost(Orders):
    """The program; each `do_` method is a control command."""

    def __init__(self, bank: Bank, port: int = 0, speed: float = 1.0) -> None:
        super().__init__()
        self._bank = bank
        self._speed = speed
        self._lines: set[Line] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._readers: set[asyncio.Task[None]] = set()
        self._numbers = count(1)
        self._server: asyncio.Server | None = None
        self._address = socket.socket()  # bound and never listening: the port stays ours while we refuse
        self._address.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._address.bind((HOST, port))
        self.port: int = self._address.getsockname()[1]

    # The bank as a whole; the faults of single answers are in `Orders`.

    async def do_pass(self) -> Told:
        """Call everything off: faults, silence, a refused port, the cut-over."""
        self.call_off()
        if self._bank.cut_over:
            self._bank.end_cut_over()
        await self.do_refuse(False)
        return {}

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
            "silent": self.silent,
            "waiting": self.waiting,
            "refusing": self._server is None,
            "cut_over": self._bank.cut_over,
            "date": self._bank.business_date.isoformat(),
            "faults": self.faults.waiting(),
        }

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
        await asyncio.gather(*self._tasks, *self._readers, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._read(reader, writer))
        self._readers.add(task)
        task.add_done_callback(self._readers.discard)

    async def _read(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
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
        if self.silent:
            return
        try:
            request = decode(frame.body)
            fault = self.faults.take(kind_of(request), request.get(41))
            name = fault.name if fault else ""
            if name == "silent":
                return
            if name == "hang_up_before":
                line.hang_up()
                return
            if fault and name == "held":
                await self.pause(fault)
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
            line.send(framed(self._bank, frame, reply))
        elif fault.name == "hang_up_after":
            line.hang_up()
        elif fault.name != "drop_answer":
            if fault.name == "late":
                await self.pause(fault)
            line.send(spoilt(self._bank, frame, reply, fault))


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
