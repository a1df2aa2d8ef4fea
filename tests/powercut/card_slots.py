"""A station's slot for meter cards and its dispenser of new ones, with the pcscd that both are read through."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from simulators.bench.cards import CardProgram, card_program
from simulators.bench.household import PROFILE, blanks
from simulators.bench.pcscd import BenchPcscd
from simulators.bench.programs import Program
from simulators.card_dispenser import STACKER_SENSOR
from tests.journeys.cabinet import SPEED, Control
from tests.journeys.kiosk import PATIENCE

CARD_SPEED = 1000.0
STACK = 120
"""New cards enough for every case of one station."""


class CardSlots:
    """Cards come and go, and their memory stays in files in `folder`; all ends with `close`."""

    def __init__(self, folder: Path, cabinet: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self._ends = contextlib.ExitStack()
        try:
            self._pcscd = BenchPcscd(folder)
            self._pcscd.start()
            self._ends.callback(self._pcscd.stop)
            self._slot, self._contact = (
                self._program(name, number) for number, name in enumerate(("user_card", "new_card"))
            )
            self._port = cabinet / "card_dispenser"
            self.dispenser = self._dispenser()
        except BaseException:
            self.close()
            raise

    def _program(self, name: str, number: int) -> CardProgram:
        some = ("--profile", PROFILE, "--serial", "A6" + "0" * 14)
        program = card_program(name, self._pcscd.slots[number], self.folder, CARD_SPEED, some)
        self._ends.callback(program.end)
        return program

    def _dispenser(self) -> Control:
        control = self.folder / "dispenser.sock"
        own = ("--link", str(self._port), "--control", str(control), "--speed", f"{SPEED}")
        chip = ("--chip-control", str(self.folder / "new_card.sock"), "--bin", f"{STACK}")
        cards = [word for file in blanks(self.folder, STACK) for word in ("--blank", str(file))]
        command = (sys.executable, "-m", "simulators.card_dispenser", *own, *chip, *cards)
        program = Program("card_dispenser", command, self.folder)
        self._ends.callback(program.end)
        program.wait_for("^ready", PATIENCE)
        orders = Control(control)
        self._ends.callback(orders.close)
        return orders

    @property
    def environment(self) -> Mapping[str, str]:
        """What leads a kiosk's process to this pcscd."""
        return self._pcscd.environment

    def tables(self, *, new_cards: bool) -> dict[str, dict[str, Any]]:
        """The settings of a kiosk that reads cards here, and makes new ones."""
        reader = {"meter_card": {"reader": self._slot.slot.reader}}
        if not new_cards:
            return reader
        unit = {"port": str(self._port), "stacker_sensor": STACKER_SENSOR}
        return {**reader, "dispenser": {**unit, "reader": self._contact.slot.reader}}

    def card(self, do: str, **arguments: object) -> Mapping[str, Any]:
        """Give one order to the hand at the slot."""
        return self._slot.do(do, **arguments)

    @property
    def holds_card(self) -> bool:
        """Whether a card is in the slot."""
        return bool(self.card("status")["inserted"])

    def new_card(self, serial: str) -> Path:
        """The memory of the new card with this serial."""
        return self.folder / f"blank_{int(serial[2:])}.json"

    def clear(self) -> None:
        """Nobody's card stands in the slot or is held out, and nothing is ordered for later."""
        self.card("calm")
        if self.holds_card:
            self.card("pull")
        self.take_new_card()

    @property
    def offers_card(self) -> bool:
        """Whether the dispenser holds a new card out."""
        return bool(self.dispenser("status", log=0)["place"] == "mouth")

    def take_new_card(self) -> None:
        """Take the card that the dispenser holds out, if it does."""
        if self.offers_card:
            self.dispenser("take")

    def close(self) -> None:
        """End everything."""
        self._ends.close()
