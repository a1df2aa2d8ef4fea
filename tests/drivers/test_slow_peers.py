"""The serial line and the printer against peers that take nothing, or a little now and then."""

from __future__ import annotations

import os
import socket
import threading
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from drivers import transport
from drivers.errors import DeviceTimeout
from drivers.printer.document import Document, Line
from drivers.printer.escpos_codec import Paper
from drivers.printer.escpos_driver import EscposPrinter, EscposSettings
from drivers.printer.model import Outcome
from drivers.transport import LineSettings, SerialTransport

SLIP = Document("a" * 32, tuple(Line(f"第 {number} 行 {'■' * 20}") for number in range(200)))


@contextmanager
def pty() -> Iterator[tuple[int, str]]:
    master, slave = os.openpty()
    tty.setraw(slave)
    try:
        yield master, os.ttyname(slave)
    finally:
        os.close(master)
        os.close(slave)


def taken(master: int, count: int) -> int:
    """Read what is there, so many bytes at most, and say how many it were."""
    os.set_blocking(master, False)
    with suppress(BlockingIOError):
        return len(os.read(master, count))
    return 0


@contextmanager
def peer(act: Callable[[threading.Event], None]) -> Iterator[None]:
    """Let `act` run beside the block; it is to end when the event is set."""
    over = threading.Event()
    thread = threading.Thread(target=act, args=(over,))
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a second instead of two for each write."""
    monkeypatch.setattr(transport, "_WRITE_TIMEOUT", 0.5)


@pytest.mark.parametrize("gap_s", [None, 0.1], ids=["silent", "trickling"])
def test_a_write_to_a_pty_ends_in_time(gap_s: float | None) -> None:
    with pty() as (master, path):

        def sip(over: threading.Event) -> None:
            while gap_s and not over.wait(gap_s):
                taken(master, 16)

        with peer(sip):
            assert_write_times_out(SerialTransport(path))


@pytest.mark.parametrize("gap_s", [None, 0.1], ids=["silent", "trickling"])
def test_a_write_to_a_socket_ends_in_time(gap_s: float | None) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def sip(over: threading.Event) -> None:
            connection, _ = server.accept()
            with connection:
                while not over.wait(gap_s or 0.1):
                    if gap_s:
                        connection.recv(16)

        with peer(sip):
            assert_write_times_out(SerialTransport(f"socket://127.0.0.1:{server.getsockname()[1]}"))


def assert_write_times_out(line: SerialTransport) -> None:
    line.open()
    try:
        since = time.monotonic()
        with pytest.raises(DeviceTimeout):
            line.write(bytes(32 << 20))
        assert 0.4 < time.monotonic() - since < 20
    finally:
        line.close()


def test_a_read_from_a_line_that_chatters_ends_with_each_piece_and_holds_no_more() -> None:
    with pty() as (master, path):

        def chatter(over: threading.Event) -> None:
            os.set_blocking(master, False)
            while not over.wait(0.001):
                try:
                    os.write(master, bytes(4096))
                except BlockingIOError:
                    continue

        line = SerialTransport(path)
        line.open()
        with peer(chatter):
            since = time.monotonic()
            for _ in range(20):
                assert 0 < len(line.read(time.monotonic() + 10)) <= 4096
            assert time.monotonic() - since < 20
        line.close()


def test_a_printer_that_takes_its_slip_sip_by_sip_is_given_up() -> None:
    settings = EscposSettings(Paper(mode="raster"), asks_status=False, done_seconds=0.5)
    with pty() as (master, path):
        total = 0

        def sip(over: threading.Event) -> None:
            # Each chunk of 4,096 bytes goes out well within the time of one write.
            nonlocal total
            while not over.wait(0.05):
                total += taken(master, 1024)

        printer = EscposPrinter(SerialTransport(path, LineSettings(921_600)), settings)
        since = time.monotonic()
        with peer(sip):
            result = printer.print(SLIP)
            printer.close()
        assert (result.outcome, result.reason, result.part) == (Outcome.UNKNOWN, "no_answer", True)
        assert time.monotonic() - since < 40
        assert 0 < total < 60_000


@pytest.mark.parametrize(
    "noise", [b"", b"\x37", b"\xff", b"\x10"], ids=["silent", "blocks", "rubbish", "changes"]
)
def test_a_printer_that_only_babbles_ends_each_question_in_time(noise: bytes) -> None:
    with pty() as (master, path):

        def babble(over: threading.Event) -> None:
            os.set_blocking(master, False)
            while not over.wait(0.01):
                try:
                    os.write(master, noise)
                except BlockingIOError:
                    continue

        printer = EscposPrinter(SerialTransport(path), EscposSettings(answer_seconds=0.4))
        printer.open()
        with peer(babble):
            since = time.monotonic()
            with pytest.raises(DeviceTimeout):
                printer.status()
            assert 0.4 <= time.monotonic() - since < 20
        printer.close()
