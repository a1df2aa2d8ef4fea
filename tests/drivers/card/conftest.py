"""The card units' drivers on their far ends, and what their tests wait for."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from drivers.card.card_driver import CardDriver
from drivers.card.dispenser_driver import Crt571Dispenser, Crt571Settings
from drivers.card.model import CardReport, CardState, DispenserReport, MoveFailed
from drivers.card.motor_driver import Crt310Reader, Crt310Settings
from drivers.errors import CommandRefused, DeviceTimeout
from drivers.transport import SerialTransport
from simulators.card_dispenser import STACKER_SENSOR
from simulators.far_end import Launched, launched

PATIENCE_S = 20.0
"""How long a sound unit on a busy machine may take for one answer; who waits for a silent one is `hurried`."""
READER = Crt310Settings(
    call=PATIENCE_S, move=PATIENCE_S, acknowledge=0.02, repeats=1000, quiet=0.01, shutter=1000
)
DISPENSER = Crt571Settings(call=PATIENCE_S, move=PATIENCE_S, quiet=0.01, stacker_sensor=STACKER_SENSOR)

Driver = CardDriver[CardReport] | CardDriver[DispenserReport]


@pytest.fixture(scope="module")
def reader_program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launched]:
    with launched("simulators.motor_reader", tmp_path_factory.mktemp("reader"), "--speed", "1000") as far_end:
        yield far_end


@pytest.fixture(scope="module")
def dispenser_program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launched]:
    folder: Path = tmp_path_factory.mktemp("dispenser")
    with launched("simulators.card_dispenser", folder, "--speed", "1000") as far_end:
        yield far_end


@pytest.fixture
def unit(reader_program: Launched) -> Launched:
    reader_program.do("renew")
    return reader_program


@pytest.fixture
def fresh(unit: Launched) -> Iterator[Crt310Reader]:
    """A reader's driver, just opened on a unit that was just powered up."""
    driver = Crt310Reader(SerialTransport(str(unit.link)), READER)
    driver.open()
    yield driver
    driver.close()


@pytest.fixture
def reader(fresh: Crt310Reader) -> Crt310Reader:
    """Reset, polled, no card inside."""
    fresh.reset()
    assert fresh.poll() == CardReport(CardState.EMPTY, first=True)
    return fresh


@pytest.fixture
def stock(dispenser_program: Launched) -> Launched:
    dispenser_program.do("renew")
    return dispenser_program


@pytest.fixture
def unset(stock: Launched) -> Iterator[Crt571Dispenser]:
    """A dispenser's driver, just opened on a unit that was just powered up."""
    driver = Crt571Dispenser(SerialTransport(str(stock.link)), DISPENSER)
    driver.open()
    yield driver
    driver.close()


@pytest.fixture
def dispenser(unset: Crt571Dispenser) -> Crt571Dispenser:
    """Reset, polled, no card in the path."""
    unset.reset()
    report = unset.poll()
    assert report is not None
    assert report.state is CardState.EMPTY
    return unset


@contextmanager
def hurried(driver: Driver, **settings: float) -> Iterator[None]:
    """Within the block the driver's line has these settings."""
    before = driver._line.settings
    driver._line.settings = replace(before, **settings)  # type: ignore[arg-type]
    try:
        yield
    finally:
        driver._line.settings = before


def until(driver: Crt310Reader | Crt571Dispenser, state: CardState) -> CardReport | DispenserReport:
    """Poll until this state is reported; everything reported on the way is allowed."""
    deadline, seen = time.monotonic() + PATIENCE_S, []
    while time.monotonic() < deadline:
        report = driver.poll()
        if report is not None:
            seen.append(report.state)
            if report.state is state:
                return report
        time.sleep(0.003)
    raise AssertionError(f"no {state} but {seen}")


def await_status(unit: Launched, key: str, value: object) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while unit.do("status", log=0)[key] != value:
        assert time.monotonic() < deadline, unit.do("status")
        time.sleep(0.003)


def failed(call: Callable[[], None], code: str) -> MoveFailed:
    with pytest.raises(MoveFailed, match=code) as error:
        call()
    assert error.value.code == code
    return error.value


def given_up(driver: Driver, unit: Launched, call: Callable[[], None], key: str, value: object) -> None:
    """Make a call and give it up while the unit is silent in the middle of it, as its status tells."""
    patience = 0.2
    while unit.do("status", log=0)[key] != value:
        # A driver that was held up may give up before it has asked, or meet the move that it gave up before.
        with hurried(driver, move=patience), contextlib.suppress(DeviceTimeout, CommandRefused):
            call()
        # A unit that was held up may take only now what it was asked last.
        deadline = time.monotonic() + patience
        while unit.do("status", log=0)[key] != value and time.monotonic() < deadline:
            time.sleep(0.003)
        patience *= 2


@contextmanager
def meanwhile(call: Callable[[], None]) -> Iterator[list[BaseException]]:
    """Within the block the call goes on in a thread; what it raised is in the list after the block."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            call()
        except Exception as error:  # noqa: BLE001 - handed to the test's own thread
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield raised
    finally:
        thread.join(2 * PATIENCE_S)


def let_in(reader: Crt310Reader, unit: Launched, **card: object) -> None:
    """A customer's card at the contact, the entry shut behind it."""
    reader.accept()
    assert unit.do("push", **card) == {"taken": True}
    until(reader, CardState.CONTACT)
    reader.refuse()
    reader.poll()
