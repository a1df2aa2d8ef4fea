"""The scanner's lane: codes as the page wants them, a payer's kept out of every input, and a cable that is out."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

import pytest

from drivers.barcode.driver import ScannerSettings, SerialScanner
from drivers.transport import SerialTransport
from kiosk.core.inputs import DeviceFelt, Scanned
from kiosk.lanes.hold import Hold
from kiosk.lanes.lane import Lane
from kiosk.lanes.scanner import ScannerLane
from kiosk.payment import effects as fx
from kiosk.scans import ScanForms
from simulators.far_end import Launched
from tests.kiosk.lanes.conftest import PATIENCE, Told

BILL, PAYER, RECHARGE = "3120000017450042", "134567890123456789", "901234567890123457"


@pytest.fixture
def hold() -> Hold:
    """What never leaves the lanes."""
    return Hold()


@pytest.fixture
def lane(scanner: Launched, told: Told, start: Callable[[Lane], Lane], hold: Hold) -> Lane:
    """A running lane on a scanner that is there."""
    settings = ScannerSettings(on=b"\x01", off=b"\x02")
    device = SerialScanner(SerialTransport(str(scanner.link)), settings)
    running = start(ScannerLane(device, ScanForms(), hold, told))
    told.wait(lambda t: isinstance(t, DeviceFelt) and t.health.usable)
    return running


def await_reading(scanner: Launched, reading: bool) -> None:
    until = time.monotonic() + PATIENCE
    while scanner.do("status")["reading"] is not reading:
        assert time.monotonic() < until
        time.sleep(0.005)


def want(lane: Lane, scanner: Launched, wanted: str) -> None:
    lane.put(fx.Scan(wanted))
    await_reading(scanner, True)


def scanned(told: Told) -> tuple[str, str]:
    found = told.wait(lambda t: isinstance(t, Scanned))
    assert isinstance(found, Scanned)
    return found.kind, found.text


@pytest.mark.parametrize(
    ("wanted", "code", "kind"),
    [
        ("home", BILL, "bill"),
        ("recharge", RECHARGE, "recharge"),
        ("reference", "0198-F2C4-A1B3", "reference"),
    ],
)
def test_a_code_is_told_as_what_the_page_wants(
    lane: Lane, told: Told, scanner: Launched, wanted: str, code: str, kind: str
) -> None:
    want(lane, scanner, wanted)
    scanner.do("scan", text=code)
    assert scanned(told) == (kind, code)
    scanner.do("scan", text=code)
    assert scanned(told) == (kind, code)


def test_a_payers_code_is_held_and_never_told(
    lane: Lane, told: Told, scanner: Launched, hold: Hold, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    want(lane, scanner, "payer")
    scanner.do("scan", text=PAYER)
    assert scanned(told) == ("payer", "")
    assert hold.take_payer() == PAYER
    assert PAYER not in caplog.text


def test_a_payers_code_is_forgotten_when_the_scanner_rests(
    lane: Lane, told: Told, scanner: Launched, hold: Hold
) -> None:
    want(lane, scanner, "payer")
    scanner.do("scan", text=PAYER)
    assert scanned(told) == ("payer", "")
    lane.put(fx.StopScan())
    await_reading(scanner, False)
    assert hold.take_payer() == ""


@pytest.mark.parametrize(
    ("wanted", "code"), [("home", PAYER), ("payer", BILL), ("recharge", "42"), ("nowhere", BILL)]
)
def test_what_no_page_wants_is_unknown_and_not_shown(
    lane: Lane,
    told: Told,
    scanner: Launched,
    hold: Hold,
    caplog: pytest.LogCaptureFixture,
    wanted: str,
    code: str,
) -> None:
    caplog.set_level(logging.DEBUG)
    want(lane, scanner, wanted)
    scanner.do("scan", text=code)
    assert scanned(told) == ("unknown", "")
    assert hold.take_payer() == ""
    assert code not in caplog.text


def test_half_a_code_is_unknown(lane: Lane, told: Told, scanner: Launched) -> None:
    want(lane, scanner, "home")
    scanner.do("half", text=BILL)
    assert scanned(told) == ("unknown", "")
    scanner.do("scan", text=BILL)
    assert scanned(told) == ("bill", BILL)


def test_what_was_held_out_before_is_not_told(lane: Lane, told: Told, scanner: Launched) -> None:
    want(lane, scanner, "home")
    lane.put(fx.StopScan())
    await_reading(scanner, False)
    assert scanner.do("scan", text="1111111111111111") == {"read": False}
    want(lane, scanner, "home")
    scanner.do("scan", text=BILL)
    assert scanned(told) == ("bill", BILL)


def test_a_scanner_that_was_pulled_out_goes_on_where_it_was(
    lane: Lane, told: Told, scanner: Launched
) -> None:
    want(lane, scanner, "home")
    scanner.do("unplug")
    told.wait(lambda t: isinstance(t, DeviceFelt) and t.health.code == "no_device")
    scanner.do("plug")
    told.wait(lambda t: isinstance(t, DeviceFelt) and t.health.usable)
    await_reading(scanner, True)
    scanner.do("scan", text=BILL)
    assert scanned(told) == ("bill", BILL)


def test_a_resting_scanner_that_was_pulled_out_is_told(lane: Lane, told: Told, scanner: Launched) -> None:
    scanner.do("unplug")
    told.wait(lambda t: isinstance(t, DeviceFelt) and t.health.code == "no_device")
