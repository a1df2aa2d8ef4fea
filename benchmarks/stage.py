"""Puts watched screens on displays of their own and walks a customer's first steps on them."""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from benchmarks.display import Display
from simulators.bench.programs import Program
from simulators.customer.hand import Hand
from simulators.far_end import ControlClient
from ui.tokens import PANELS

READY_S = 60.0
HOLD_MS = 70
PANEL = PANELS["lobby"]


class Watched:
    """One watched screen (`benchmarks.watched`) on a display of its own: the kiosk's, or the bare window's without a
    config. `frames` is what was seen, in order, once the block has ended."""

    def __init__(self, name: str, folder: Path, config: Path | None = None) -> None:
        self._name, self._folder, self._config = name, folder, config
        self._ends = ExitStack()
        self._file = folder / f"{name}.jsonl"
        self.hand: Hand
        self.frames: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        with ExitStack() as ends:
            display = ends.enter_context(Display(PANEL.width, PANEL.height))
            socket = self._folder / f"{self._name}.sock"
            command = [sys.executable, "-m", "benchmarks.watched", "--socket", str(socket)]
            command += ["--frames", str(self._file)]
            command += ["--config", str(self._config)] if self._config else []
            surroundings = {
                "DISPLAY": display.name,
                "QT_QPA_PLATFORM": "xcb",
                "QT_QUICK_BACKEND": "software",
            }
            program = Program(self._name, command, self._folder, surroundings)
            ends.callback(program.end)
            program.wait_for("^ready$", READY_S)
            self.hand = Hand(socket)
            ends.callback(self.hand.let_go)
            self._finger = ControlClient(socket)
            ends.callback(self._finger.close)
            self._ends = ends.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.close()
        self.frames = [json.loads(line) for line in self._file.read_text("utf-8").splitlines()]

    def tap(self, name: str) -> None:
        """Touch a target without a person's pauses."""
        self._finger("touch", name=name, hold_ms=HOLD_MS)


def to_keypad(hand: Hand, business: str = "pay_bill") -> None:
    """Go from the attract page to the page that asks for the account."""
    hand.wait("attract")
    hand.read("¥100")  # until hub and devices are heard of, some ways are shut
    hand.touch("id=start")
    hand.wait("home")
    hand.touch(f"id={business}")
    hand.wait("enter_account")


def to_slot(hand: Hand, account_no: str) -> None:
    """Go on with a prepayment until the note slot is open."""
    to_keypad(hand, "prepay")
    hand.key(account_no)
    for touched, page in (
        ("confirm", "confirm_account"),
        ("correct", "bills"),
        ("prepay", "means"),
        ("cash", "cash"),
    ):
        hand.touch(f"id={touched}")
        hand.wait(page)
