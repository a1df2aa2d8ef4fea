"""The base of the far ends, driven as a program: a far end that echoes what it hears."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.errors import TransportError
from drivers.transport import SerialTransport
from simulators.far_end import ControlError, Launched, launched

ECHO = "simulators.echo"


def heard(line: SerialTransport, count: int, seconds: float = 20.0) -> bytes:
    """Read until `count` bytes are there or the time is over."""
    deadline, data = time.monotonic() + seconds, b""
    while len(data) < count and (more := line.read(deadline)):
        data += more
    return data


@pytest.fixture
def echo(tmp_path: Path) -> Iterator[Launched]:
    with launched(ECHO, tmp_path, "--speed", "10") as far_end:
        yield far_end


@pytest.fixture
def line(echo: Launched) -> Iterator[SerialTransport]:
    transport = SerialTransport(str(echo.link))
    transport.open()
    yield transport
    transport.close()


def test_bytes_go_both_ways(line: SerialTransport) -> None:
    line.write(b"\x00\x03\x11\x13\r\n\xff")
    assert heard(line, 7) == b"\x00\x03\x11\x13\r\n\xff"


def test_line_outlives_its_host(echo: Launched, line: SerialTransport) -> None:
    line.close()
    line.open()
    line.write(b"again")
    assert heard(line, 5) == b"again"


def test_silence_hears_nothing_and_says_nothing(echo: Launched, line: SerialTransport) -> None:
    echo.do("silence", on=True)
    line.write(b"lost")
    assert heard(line, 1, 0.2) == b""
    echo.do("silence", on=False)
    line.write(b"heard")
    assert heard(line, 5) == b"heard"


def test_garble_flips_one_bit_and_ends(echo: Launched, line: SerialTransport) -> None:
    echo.do("garble", next=1)
    line.write(b"\x00\x00\x00")
    assert sum(byte.bit_count() for byte in heard(line, 3)) == 1
    line.write(b"\x00\x00\x00")
    assert heard(line, 3) == b"\x00\x00\x00"


def test_truncate_sends_the_first_half(echo: Launched, line: SerialTransport) -> None:
    echo.do("truncate")
    line.write(b"abcdef")
    assert heard(line, 3) == b"abc"
    line.write(b"next")
    assert heard(line, 4) == b"next"


def test_trickle_sends_byte_by_byte(echo: Launched, line: SerialTransport) -> None:
    echo.do("trickle", ms=600_000)
    line.write(b"abc")
    assert heard(line, 1) == b"a"
    assert heard(line, 1, 0.1) == b""
    echo.do("trickle", ms=60)
    since = time.monotonic()
    line.write(b"def")
    assert heard(line, 3) == b"def"
    assert time.monotonic() - since >= 0.11


def test_delayed_answer_comes_late(echo: Launched, line: SerialTransport) -> None:
    echo.do("delay_answer", ms=300)
    since = time.monotonic()
    line.write(b"x")
    assert heard(line, 1) == b"x"
    assert time.monotonic() - since >= 0.29


def test_noise_comes_unasked(echo: Launched, line: SerialTransport) -> None:
    echo.do("noise", bytes=9)
    assert len(heard(line, 9)) == 9


def test_unplugged_line_is_gone_and_comes_back(echo: Launched, line: SerialTransport) -> None:
    echo.do("unplug")
    with pytest.raises(TransportError):
        line.read(time.monotonic() + 20)
    assert not echo.link.exists()
    with pytest.raises(TransportError):
        line.open()
    with pytest.raises(ControlError, match="not plugged in"):
        echo.do("unplug")
    echo.do("plug")
    line.open()
    line.write(b"back")
    assert heard(line, 4) == b"back"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_it_and_cleans_up(tmp_path: Path, number: signal.Signals) -> None:
    with launched(ECHO, tmp_path) as far_end:
        far_end.process.send_signal(number)
        assert far_end.process.wait(20) == 0
        assert list(tmp_path.iterdir()) == []
