"""The place for a bank's card: a motor that draws it in and a chip reader behind it, or the chip reader alone.

Without a motor it is a dip reader: the customer puts the card in and pulls it, and PC/SC alone tells that it is there.
Then nothing here can let a card in, give it back or keep it; it can only be asked for.
"""

from __future__ import annotations

import contextlib
from enum import StrEnum

from drivers.card.bank_card import BankCardFace, BankCardReader
from drivers.card.model import CardReader, CardState, MoveFailed
from drivers.errors import CommandRefused, DriverError, TransportError
from drivers.status import DeviceHealth

__all__ = ["BankCardUnit", "Place"]


class Place(StrEnum):
    """Where the card is."""

    NONE = "none"
    IN = "in"
    """Where its chip can be read, or on its way there."""
    MOUTH = "mouth"
    """Held out to the customer; of a dip reader: in, and the customer was asked to take it."""
    STUCK = "stuck"


_PLACES = {
    CardState.EMPTY: Place.NONE,
    CardState.HELD: Place.MOUTH,
    CardState.INSIDE: Place.IN,
    CardState.CONTACT: Place.IN,
    CardState.REAR: Place.IN,
    CardState.IN_BIN_MOUTH: Place.STUCK,
    CardState.ABNORMAL: Place.STUCK,
}
_OUT_OF_REACH = frozenset({CardState.OFFLINE, CardState.UNKNOWN})


class BankCardUnit:
    """One place; for one thread. Calls raise as those of the motor and the chip reader, each with its own deadline.

    What a call that moves the card has done is told by the next `poll`, which is also where a motor is set up that
    has restarted; that moves nothing.
    """

    def __init__(self, chip: BankCardReader, motor: CardReader | None = None) -> None:
        self._chip = chip
        self._motor = motor
        self._forget()

    def _forget(self) -> None:
        self._told: Place | None = None
        self._accepts = False
        self._offered = False
        self._state = CardState.UNKNOWN

    @property
    def carries(self) -> bool:
        """Whether a motor draws the card in, so that it can be kept."""
        return self._motor is not None

    def open(self) -> None:
        """Take motor and reader; what they told before is forgotten. Moves nothing.

        A motor works without its chip reader, so that a card always comes out again: what is wrong with the reader is
        told by `health`, and it is tried again with each `poll`.
        """
        self._forget()
        if self._motor is None:
            self._chip.open()
        else:
            self._motor.open()
            self._look_at_chip()

    def close(self) -> None:
        """Let go of both; safe to call twice. The card stays where it is."""
        if self._motor is not None:
            self._motor.close()
        self._chip.close()

    def health(self) -> DeviceHealth:
        """The state as of the last call: the motor's while something is wrong with it, else the chip reader's."""
        if self._motor is not None and not (motor := self._motor.health()).usable:
            return motor
        return self._chip.health()

    def poll(self) -> Place | None:
        """Where the card is, where that is news."""
        if self._motor is None:
            place = self._dipped(self._chip.poll())
        else:
            place = self._moved(self._motor)
            self._look_at_chip()
        if place is None or place is self._told:
            return None
        self._told = place
        return place

    def _look_at_chip(self) -> None:
        with contextlib.suppress(DriverError):
            try:
                self._chip.poll()
            except TransportError:
                self._chip.open()

    def accept(self) -> None:
        """Let one card in; CommandRefused while one is in the path."""
        self._accepts, self._offered = True, False
        if self._motor is not None:
            self._motor.accept()

    def read(self, deadline: float) -> BankCardFace:
        """Read the card, see `BankCardReader.read`; a motor brings it to its contact first."""
        if self._motor is not None and self._state is not CardState.CONTACT:
            self._motor.to_contact()
        return self._chip.read(deadline)

    def eject(self) -> None:
        """Offer the card, and let none in any more; where none is, only that."""
        self._accepts = False
        if self._motor is None:
            self._offered = True
            return
        self._motor.refuse()
        try:
            self._motor.eject()
        except CommandRefused:
            if not self._is_empty():
                raise

    def capture(self) -> None:
        """Draw the card into the bin; CommandRefused where nothing can."""
        self._accepts = False
        if self._motor is None:
            raise CommandRefused("a dip reader keeps no card")
        self._motor.refuse()
        self._motor.capture()

    def _is_empty(self) -> bool:
        self._told = None
        return self.poll() is Place.NONE

    def _moved(self, motor: CardReader) -> Place | None:
        report = motor.poll()
        if report is not None and report.needs_reset:
            # It wants that before anything else, and it moves nothing; the card is told of by the next look.
            motor.reset()
            report = motor.poll()
        if report is None:
            return None
        self._state = report.state
        if report.state in _OUT_OF_REACH:
            self._told = None
            return None
        if report.state is CardState.EMPTY:
            if self._accepts and self._told not in (None, Place.NONE):
                self._accepts = False  # it was let in and has gone: the next one wants to be let in anew
                motor.refuse()
            return Place.NONE
        if report.state is CardState.LOOSE:
            # On its way in, or let go of: the customer has a hand on it.
            return None if self._accepts else Place.MOUTH
        if self._accepts and _PLACES[report.state] is Place.IN:
            self._accepts = False
            motor.refuse()
        return _PLACES[report.state]

    def _dipped(self, chip: bool | None) -> Place | None:
        if chip is False:
            self._offered = False
            return Place.NONE
        present = chip or self._told in (Place.IN, Place.MOUTH)
        if not present:
            return None
        return Place.MOUTH if self._offered else Place.IN


def why_not_moved(error: Exception) -> str:
    """The word for a card that did not get where it was to go: that of `MoveFailed`, refused, or no_answer."""
    if isinstance(error, MoveFailed):
        return error.code
    return "refused" if isinstance(error, CommandRefused) else "no_answer"
