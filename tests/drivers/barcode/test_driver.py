"""The scanner's driver against the scanner on a pty: codes, what is none, silence, and a cable that is out."""

from __future__ import annotations

import contextlib
import os
import threading
import time
import tty
from dataclasses import replace
from pathlib import Path

import pytest

from drivers.barcode.driver import ScannerSettings, SerialScanner
from drivers.errors import DeviceTimeout, ProtocolError, TransportError
from drivers.status import DeviceStatus
from drivers.transport import SerialTransport
from simulators.far_end import Launched, launched
from tests.drivers.barcode.conftest import SETTINGS, await_reading, read


def test_codes_come_one_after_another(scanner: SerialScanner, unit: Launched) -> None:
    unit.do("scan", text="3120000017450042")
    unit.do("scan", text="电费单 42", times=2)
    assert [read(scanner) for _ in range(3)] == ["3120000017450042", "电费单 42", "电费单 42"]
    assert scanner.health().usable


def test_silence_is_no_fault(scanner: SerialScanner) -> None:
    assert scanner.read(0.05) is None
    assert scanner.read(0.0) is None
    assert scanner.health().usable


def test_one_look_takes_what_is_there(scanner: SerialScanner, unit: Launched) -> None:
    unit.do("scan", text="1", times=2)
    seen: list[str] = []
    until = time.monotonic() + 20
    while len(seen) < 2 and time.monotonic() < until:
        seen += [code] if (code := scanner.read(0.0)) is not None else []
    assert seen == ["1", "1"]


def test_a_scanner_that_was_pulled_out_is_told(scanner: SerialScanner, unit: Launched) -> None:
    unit.do("unplug")
    with pytest.raises(TransportError):
        read(scanner)
    assert (scanner.health().status, scanner.health().code) == (DeviceStatus.NO_DEVICE, "no_device")
    unit.do("plug")
    scanner.open()
    scanner.start()
    await_reading(unit, True)
    unit.do("scan", text="42")
    assert read(scanner) == "42"
    assert scanner.health().usable


def test_it_reads_only_while_it_is_wanted(scanner: SerialScanner, unit: Launched) -> None:
    scanner.stop()
    await_reading(unit, False)
    assert unit.do("scan", text="1") == {"read": False}
    scanner.start()
    await_reading(unit, True)
    unit.do("scan", text="2")
    assert read(scanner) == "2"


@pytest.mark.parametrize("again", ["start", "stop"])
def test_what_was_held_out_before_is_forgotten(scanner: SerialScanner, unit: Launched, again: str) -> None:
    unit.do("scan", text="1", times=2)
    assert read(scanner) == "1"
    unit.do("scan", text="2")
    until = time.monotonic() + 20
    while scanner._line._open_port().in_waiting < 3:
        assert time.monotonic() < until
        time.sleep(0.003)
    getattr(scanner, again)()
    await_reading(unit, again == "start")
    assert scanner.read(0.05) is None


def test_half_a_code_does_not_spoil_the_next(scanner: SerialScanner, unit: Launched) -> None:
    scanner.settings = replace(SETTINGS, quiet=0.1)
    unit.do("half", text="3120000017450042")
    assert "cut short" in str(read(scanner))
    scanner.settings = SETTINGS
    unit.do("scan", text="3120000017450042")
    assert read(scanner) == "3120000017450042"


def test_a_code_that_comes_byte_by_byte(scanner: SerialScanner, unit: Launched) -> None:
    unit.do("trickle", ms=2)
    unit.do("scan", text="3120000017450042")
    assert read(scanner) == "3120000017450042"


def test_noise_and_codes_that_are_too_long(scanner: SerialScanner, unit: Launched) -> None:
    for hex_ in ("fffefd0d0a", "0001020d0a", (b"1" * 600).hex() + "0d0a"):
        assert scanner.health().usable
        unit.do("scan_bytes", hex=hex_)
        assert "no code" in str(read(scanner))
    assert (scanner.health().code, scanner.health().usable) == ("unreadable", False)
    unit.do("scan", text="42")
    assert read(scanner) == "42"
    assert scanner.health().usable


def test_a_secret_is_in_no_error(scanner: SerialScanner, unit: Launched) -> None:
    scanner.settings = replace(SETTINGS, quiet=0.1)
    unit.do("half", text="134567890123456789")
    with pytest.raises(ProtocolError) as error:
        scanner.read(20)
    assert "1345" not in str(error.value) + repr(error.value.data) + repr(vars(scanner))


def test_a_scanner_that_reads_all_the_time(tmp_path: Path) -> None:
    with launched("simulators.scanner", tmp_path, "--end", "cr") as unit:
        scanner = SerialScanner(SerialTransport(str(unit.link)), ScannerSettings())
        scanner.open()
        scanner.start()
        unit.do("scan", text="42")
        assert "cut short" in str(read(scanner))
        scanner.close()
        assert scanner.health().code == "no_device"


def test_a_line_that_never_ends_a_code_cannot_hold_a_read() -> None:
    master, slave = os.openpty()
    tty.setraw(slave)
    os.set_blocking(master, False)
    over = threading.Event()

    def drip() -> None:
        while not over.wait(0.01):
            with contextlib.suppress(BlockingIOError):
                os.write(master, b"1")

    thread = threading.Thread(target=drip)
    scanner = SerialScanner(SerialTransport(os.ttyname(slave)), ScannerSettings(quiet=5.0, code=0.1))
    scanner.open()
    thread.start()
    since = time.monotonic()
    with pytest.raises(ProtocolError, match="cut short"):
        scanner.read(0.1)
    assert time.monotonic() - since < 20
    over.set()
    thread.join(20)
    scanner.close()
    os.close(master)
    os.close(slave)


def test_a_scanner_that_takes_no_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drivers.transport._WRITE_TIMEOUT", 0.2)
    master, slave = os.openpty()
    tty.setraw(slave)
    settings = ScannerSettings(on=bytes(1 << 20))
    scanner = SerialScanner(SerialTransport(os.ttyname(slave)), settings)
    scanner.open()
    with pytest.raises(DeviceTimeout):
        scanner.start()
    assert scanner.health().code == "offline"
    scanner.close()
    os.close(master)
    os.close(slave)


def test_no_such_port(tmp_path: Path) -> None:
    scanner = SerialScanner(SerialTransport(f"{tmp_path}/none"), SETTINGS)
    with pytest.raises(TransportError):
        scanner.open()
    assert scanner.health().code == "no_device"
