"""The terminal box's driver on its far end, and what its tests wait for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from drivers.eft.driver import EftBox, EftSettings
from drivers.eft.model import EftResult
from drivers.transport import SerialTransport
from simulators.far_end import Launched, launched

PATIENCE_S = 20.0
"""How long a sound box on a busy machine may take; who waits for a silent one is `hurried`."""
PATIENT = EftSettings(
    status=PATIENCE_S,
    last=PATIENCE_S,
    sale=PATIENCE_S,
    void=PATIENCE_S,
    sign_on=PATIENCE_S,
    settlement=PATIENCE_S,
    acknowledge=PATIENCE_S,
    quiet=0.05,
)
REFERENCE = "123456789012345678"
FEN = 12050
PAN = "6212149876543210124"


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launched]:
    folder: Path = tmp_path_factory.mktemp("eft")
    options = ("--speed", "1000", "--books", str(folder / "books.json"), "--wait", "30")
    with launched("simulators.eft_box", folder, *options) as far_end:
        yield far_end


@pytest.fixture
def unit(program: Launched) -> Launched:
    """A box from the factory."""
    program.do("renew")
    return program


@pytest.fixture
def box(unit: Launched) -> Iterator[EftBox]:
    """Its driver, just opened."""
    driver = EftBox(SerialTransport(str(unit.link)), PATIENT)
    driver.open()
    yield driver
    driver.close()


@contextmanager
def hurried(box: EftBox, **settings: float) -> Iterator[None]:
    """Within the block the driver has these settings."""
    before = box.settings
    box.settings = box._line.settings = replace(before, **settings)  # type: ignore[arg-type]
    try:
        yield
    finally:
        box.settings = box._line.settings = before


def sold(box: EftBox, unit: Launched, reference: str = REFERENCE, fen: int = FEN) -> EftResult:
    """A sale that goes well."""
    unit.do("present", pan=PAN)
    return box.sale(reference, fen)


def await_status(unit: Launched, key: str, value: object) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while unit.do("status")[key] != value:
        assert time.monotonic() < deadline, unit.do("status")
        time.sleep(0.003)


@contextmanager
def meanwhile(call: Callable[[], object]) -> Iterator[list[object]]:
    """Within the block the call goes on in a thread; what it gave or raised is in the list after the block."""
    ended: list[object] = []

    def run() -> None:
        try:
            ended.append(call())
        except Exception as error:  # noqa: BLE001 - handed to the test's own thread
            ended.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield ended
    finally:
        thread.join(2 * PATIENCE_S)
