"""The place for a bank's card, with a motor and as a dip reader, on the real wires of both."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from drivers.card.bank_card import BankCardError, BankCardReader
from drivers.card.bank_card_unit import BankCardUnit, Place, why_not_moved
from drivers.card.model import CardState, MoveFailed
from drivers.card.motor_driver import Crt310Reader
from drivers.card.pcsc import PcscCard
from drivers.errors import CommandRefused, DeviceTimeout, TransportError
from drivers.transport import SerialTransport
from simulators.bench.cards import CardProgram
from simulators.far_end import Launched, launched
from tests.drivers.card.conftest import PATIENCE_S, READER

PAN = "6212142000000000012"


@pytest.fixture(scope="module")
def motor(bank_program: CardProgram, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launched]:
    chip = ("--chip-control", bank_program.do._socket.getpeername())
    folder = tmp_path_factory.mktemp("motor")
    with launched("simulators.motor_reader", folder, "--speed", "1000", *chip) as far_end:
        yield far_end


def chip(card: CardProgram) -> BankCardReader:
    return BankCardReader(PcscCard(card.slot.reader), command_s=PATIENCE_S, settle_s=PATIENCE_S)


@pytest.fixture
def carrying(motor: Launched, bank_card_outside: CardProgram) -> Iterator[BankCardUnit]:
    """A unit with a motor, no card inside."""
    motor.do("renew")
    reader = Crt310Reader(SerialTransport(str(motor.link)), READER)
    with closing(BankCardUnit(chip(bank_card_outside), reader)) as unit:
        unit.open()
        assert unit.poll() is Place.NONE
        yield unit


def until(unit: BankCardUnit, place: Place) -> None:
    deadline, seen = time.monotonic() + PATIENCE_S, list[Place]()
    while time.monotonic() < deadline:
        if (now := unit.poll()) is not None:
            seen.append(now)
            if now is place:
                return
        time.sleep(0.003)
    raise AssertionError(f"no {place} but {seen}")


def let_in(unit: BankCardUnit, motor: Launched) -> None:
    unit.accept()
    assert motor.do("push") == {"taken": True}
    until(unit, Place.IN)


def test_drawn_in_read_held_out_and_taken(carrying: BankCardUnit, motor: Launched) -> None:
    assert carrying.carries
    assert carrying.health().usable
    let_in(carrying, motor)
    assert motor.do("status")["entry"] == "none", "no second card"
    assert carrying.read(time.monotonic() + PATIENCE_S).pan == PAN
    carrying.eject()
    until(carrying, Place.MOUTH)
    motor.do("take")
    until(carrying, Place.NONE)
    assert motor.do("push") == {"taken": False, "why": "shut"}


def test_one_that_is_left_behind_is_kept(carrying: BankCardUnit, motor: Launched) -> None:
    let_in(carrying, motor)
    carrying.eject()
    until(carrying, Place.MOUTH)
    carrying.capture()
    until(carrying, Place.NONE)
    assert motor.do("status")["bin"] == 1
    with pytest.raises(CommandRefused):
        carrying.capture()


def test_none_is_let_in_any_more(carrying: BankCardUnit, motor: Launched) -> None:
    carrying.accept()
    carrying.eject()
    assert motor.do("push") == {"taken": False, "why": "shut"}


def test_a_motor_that_has_restarted_is_set_up_and_tells_of_the_card(
    carrying: BankCardUnit, motor: Launched
) -> None:
    let_in(carrying, motor)
    motor.do("power_off")
    motor.do("power_on")
    carrying.close()
    carrying.open()
    until(carrying, Place.IN)
    assert carrying.health().usable
    assert carrying.read(time.monotonic() + PATIENCE_S).pan == PAN, "it is brought to the contact again"
    carrying.eject()
    until(carrying, Place.MOUTH)


def test_a_jam_and_a_full_bin_are_told(carrying: BankCardUnit, motor: Launched) -> None:
    let_in(carrying, motor)
    motor.do("bin", full=True)
    with pytest.raises(MoveFailed):
        carrying.capture()
    until(carrying, Place.STUCK)
    assert carrying.health().code == "bin_full"
    motor.do("bin", full=False)
    until(carrying, Place.NONE)


def test_a_card_comes_out_though_its_chip_reader_is_gone(
    motor: Launched, bank_card_outside: CardProgram
) -> None:
    motor.do("renew")
    reader = Crt310Reader(SerialTransport(str(motor.link)), READER)
    with closing(BankCardUnit(BankCardReader(PcscCard("Nobody's Reader")), reader)) as unit:
        unit.open()
        assert unit.poll() is Place.NONE
        assert unit.health().code == "no_device"
        let_in(unit, motor)
        with pytest.raises(BankCardError):
            unit.read(time.monotonic() + PATIENCE_S)
        unit.eject()
        until(unit, Place.MOUTH)


def test_a_dip_reader(bank_card: CardProgram) -> None:
    with closing(BankCardUnit(chip(bank_card))) as unit:
        unit.open()
        assert not unit.carries
        until(unit, Place.IN)
        unit.accept()
        assert unit.read(time.monotonic() + PATIENCE_S).pan == PAN
        assert unit.poll() is None
        with pytest.raises(CommandRefused, match="keeps no card"):
            unit.capture()
        unit.eject()
        until(unit, Place.MOUTH)
        bank_card.do("pull")
        until(unit, Place.NONE)
        bank_card.do("insert")
        until(unit, Place.IN)


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (MoveFailed("jam", CardState.INSIDE, ""), "jam"),
        (CommandRefused(), "refused"),
        (DeviceTimeout(), "no_answer"),
        (TransportError(), "no_answer"),
    ],
)
def test_why_a_card_was_not_moved(error: Exception, word: str) -> None:
    assert why_not_moved(error) == word
