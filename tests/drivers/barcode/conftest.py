"""The scanner's driver on its far end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.barcode.driver import ScannerSettings, SerialScanner
from drivers.errors import ProtocolError
from drivers.transport import SerialTransport
from simulators.far_end import Launched, launched

PATIENCE_S = 20.0
ON, OFF = b"\x16T\r", b"\x16U\r"
SETTINGS = ScannerSettings(on=ON, off=OFF, quiet=5.0)


@pytest.fixture
def unit(tmp_path: Path) -> Iterator[Launched]:
    """A scanner that reads when it is told to."""
    with launched("simulators.scanner", tmp_path, "--on", ON.hex(), "--off", OFF.hex()) as far_end:
        yield far_end


@pytest.fixture
def scanner(unit: Launched) -> Iterator[SerialScanner]:
    """Its driver, told to read."""
    driver = SerialScanner(SerialTransport(str(unit.link)), SETTINGS)
    driver.open()
    driver.start()
    await_reading(unit, True)
    yield driver
    driver.close()


def await_reading(unit: Launched, reading: bool) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while unit.do("status")["reading"] is not reading:
        assert time.monotonic() < deadline
        time.sleep(0.003)


def read(scanner: SerialScanner) -> str | None:
    """The next code, or why what came was none; None if nothing came for long."""
    try:
        return scanner.read(PATIENCE_S)
    except ProtocolError as error:
        return str(error)
