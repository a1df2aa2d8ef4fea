"""Motor and chip as in a cabinet: one driver carries the card to the contact, another speaks to it through PC/SC."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from drivers.card.apdu import Command, Response
from drivers.card.dispenser_driver import Crt571Dispenser
from drivers.card.errors import CardGone, CardMute
from drivers.card.model import CardState
from drivers.card.motor_driver import Crt310Reader
from drivers.card.pcsc import PcscCard
from drivers.errors import DriverError
from drivers.transport import SerialTransport
from simulators.bench.cards import CardProgram
from simulators.far_end import launched
from tests.drivers.card.conftest import DISPENSER, PATIENCE_S, READER, let_in

SERIAL = "1122334455667788"
READ_SERIAL = Command(0x00, 0xB0, 0x99, 0x01, le=8)


@pytest.fixture
def blank(card_program: CardProgram, tmp_path: Path) -> Iterator[str]:
    """A card in nobody's slot: the file of its memory."""
    if card_program.do("status")["inserted"]:
        card_program.do("pull")
    card = str(tmp_path / "blank.json")
    card_program.do("issue", card=card, profile="state_grid_2013", serial=SERIAL)
    yield card
    if card_program.do("status")["inserted"]:
        card_program.do("pull")


def ask(chip: PcscCard) -> Response:
    """Connect to the card, which its reader may see a moment later, and ask for its serial."""
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            chip.connect()
        except DriverError:
            assert time.monotonic() < until
            time.sleep(0.01)
        else:
            return chip.exchange(READ_SERIAL, until)


def options(card_program: CardProgram) -> tuple[str, ...]:
    return "--speed", "1000", "--chip-control", card_program.do._socket.getpeername()


def test_a_customers_card(card_program: CardProgram, blank: str, tmp_path: Path) -> None:
    with (
        launched("simulators.motor_reader", tmp_path, *options(card_program)) as unit,
        closing(Crt310Reader(SerialTransport(str(unit.link)), READER)) as reader,
        closing(PcscCard(card_program.slot.reader)) as chip,
    ):
        reader.open()
        reader.reset()
        chip.open()
        let_in(reader, unit, card=blank)
        assert ask(chip) == Response(bytes.fromhex(SERIAL), 0x9000)
        reader.eject()
        # Its reader sees a moment later that it has gone; until then it is merely mute.
        with pytest.raises((CardGone, CardMute)):
            chip.exchange(READ_SERIAL, time.monotonic() + PATIENCE_S)
        reader.to_contact()
        assert ask(chip).sw == 0x9000
        chip.disconnect(power_off=True)
        reader.capture()
        assert not card_program.do("status")["inserted"]


def test_a_card_from_the_stack(card_program: CardProgram, blank: str, tmp_path: Path) -> None:
    with (
        launched("simulators.card_dispenser", tmp_path, *options(card_program)) as unit,
        closing(Crt571Dispenser(SerialTransport(str(unit.link)), DISPENSER)) as dispenser,
        closing(PcscCard(card_program.slot.reader)) as chip,
    ):
        dispenser.open()
        dispenser.reset()
        chip.open()
        unit.do("next_card", card=blank)
        dispenser.dispense()
        assert ask(chip) == Response(bytes.fromhex(SERIAL), 0x9000)
        chip.disconnect(power_off=True)
        dispenser.present()
        report = dispenser.poll()
        assert report is not None
        assert report.state is CardState.HELD
        assert not card_program.do("status")["inserted"]
