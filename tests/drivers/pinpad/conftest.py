"""The PIN pad's driver on its far end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from drivers.pinpad.driver import GenericPinPad, PinPadSettings
from drivers.transport import SerialTransport
from simulators.far_end import Launched, launched

PATIENCE_S = 20.0
PAN = "6212142000000000012"
MASTER = bytes.fromhex("CA5D92598DCA48CE8A4C76361A9269E9")
"""The reference's own test vector: a master key, and what a bank sends under it at a sign-on."""
PIN_KEY = bytes.fromhex("6701EAD6A9AD51E51AA406E2C27FCFA9"), bytes.fromhex("8D0A74B8")
MAC_KEY = bytes.fromhex("B651F9E9BACE9AE10000000000000000"), bytes.fromhex("AB7153CA")
SETTINGS = PinPadSettings(call=PATIENCE_S, test=PATIENCE_S, answer=0.3, repeats=1000, quiet=0.02)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launched]:
    with launched("simulators.pin_pad", tmp_path_factory.mktemp("pad"), "--speed", "1000") as far_end:
        yield far_end


@pytest.fixture
def unit(program: Launched) -> Launched:
    program.do("renew")
    return program


@pytest.fixture
def empty(unit: Launched) -> Iterator[GenericPinPad]:
    """A driver, just opened on a unit without keys."""
    driver = GenericPinPad(SerialTransport(str(unit.link)), SETTINGS)
    driver.open()
    yield driver
    driver.close()


@pytest.fixture
def pad(empty: GenericPinPad, unit: Launched) -> GenericPinPad:
    """With the master key of the vector in slot 0."""
    unit.do("load", slot=0, master=MASTER.hex())
    return empty


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.003)
