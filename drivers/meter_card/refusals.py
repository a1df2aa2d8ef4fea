"""Cards that find our key wrong: after two of them it is the key that is wrong, and no card is asked for a while.

Each refusal takes a card one of a few tries, and one without any is lost to its owner. A key that was loaded wrongly
would lock the cards of a whole town within a week.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from drivers.errors import CommandRefused

MOST = 2
"""So many different cards in a row."""
PAUSE_S = 600.0


class Refusals:
    """What the cards have said since one of them has let us in."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._by: set[str] = set()
        self._until = 0.0

    def check(self) -> None:
        """Raise CommandRefused while no card is to be asked."""
        if len(self._by) >= MOST and self._clock() < self._until:
            raise CommandRefused(
                f"{len(self._by)} cards one after the other have refused our key: no more is asked now"
            )

    def refused(self, serial: str) -> None:
        """This card has found our key wrong."""
        self._by.add(serial)
        self._until = self._clock() + PAUSE_S

    def let_in(self) -> None:
        """A card has found it right."""
        self._by.clear()
