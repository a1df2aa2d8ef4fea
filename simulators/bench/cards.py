"""Card programs of the bench: which command starts one, and a running one with its control connection."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from simulators.bench.pcscd import Slot
from simulators.bench.programs import Program
from simulators.control import ControlClient

READY_S = 60.0


@dataclass(frozen=True, slots=True)
class CardProgram:
    """A card's program in its slot; `do` gives it orders (`simulators.cards.program`)."""

    slot: Slot
    do: ControlClient
    program: Program

    def end(self) -> None:
        """End it; the card's memory stays in its file. Safe to call twice."""
        self.do.close()
        self.program.end()


def card_program(name: str, slot: Slot, folder: Path, speed: float, options: Sequence[str]) -> CardProgram:
    """Start a card's program and wait until it takes orders; its memory is `<folder>/<name>.json`.

    `options` make the card where that file is not there yet: `--profile P --serial S`, with `--sam` a SAM;
    `--inserted` puts it in at once.
    """
    control = folder / f"{name}.sock"
    own = ("--port", str(slot.port), "--control", str(control), "--card", str(folder / f"{name}.json"))
    command = [sys.executable, "-m", "simulators.cards.program", *own, "--speed", str(speed), *options]
    program = Program(name, command, folder)
    program.wait_for("^ready$", READY_S)
    return CardProgram(slot, ControlClient(control), program)
