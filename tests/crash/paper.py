"""Paper and cover of the printer: the roll runs low and out, someone leaves the cover open, someone comes and mends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from drivers.printer.escpos_codec import PrinterState
from drivers.printer.escpos_driver import health_of
from drivers.status import DeviceHealth

FULL = 1000
NEAR_END = 3
"""Slips that the near-end sensor leaves."""


@dataclass
class Roll:
    """What is in the printer. `later(seconds, what)` sets an alarm of the world; `changed` is called at each change."""

    rng: Random
    later: Callable[[float, Callable[[], None]], None]
    changed: Callable[[], None]
    pace: float
    """Seconds from one misfortune to the next; 0 for a printer that is always well."""
    slips: int = FULL
    cover_open: bool = False
    mended: int = field(default=0, init=False)

    @property
    def health(self) -> DeviceHealth:
        """As the driver names it."""
        low, out = self.slips <= NEAR_END, not self.slips
        return health_of(PrinterState(cover_open=self.cover_open, paper_out=out, paper_low=low))

    def begin(self) -> None:
        """Let things happen."""
        if self.pace:
            self.later(self.rng.expovariate(1 / self.pace), self._happens)

    def used(self) -> None:
        """A slip has come out."""
        self.slips -= 1
        if self.slips <= NEAR_END:
            self.changed()

    def mend(self) -> None:
        """Somebody puts a roll in and closes the cover."""
        self.slips, self.cover_open = FULL, False
        self.mended += 1
        self.changed()

    def heal(self) -> None:
        """From here on it is well."""
        self.pace = 0.0
        self.mend()

    def _happens(self) -> None:
        if not self.pace:
            return
        match self.rng.choice(["low", "out", "out", "cover"]):
            case "low":
                self.slips = self.rng.randint(1, NEAR_END)
            case "out":
                self.slips = 0
            case "cover":
                self.cover_open = True
        self.changed()
        self.later(self.rng.choice([2.0, 10.0, 60.0, 400.0]), self._comes)

    def _comes(self) -> None:
        self.mend()
        self.begin()
