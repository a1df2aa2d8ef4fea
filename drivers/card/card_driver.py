"""What the drivers of all card units share: which states are news, a silent unit, and a card that does not arrive."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from typing import Generic, TypeVar

from drivers.card.frame import Dialect, Question
from drivers.card.line import CardLine, CardLineSettings
from drivers.card.model import CardReport, CardState, DispenserReport, MoveFailed
from drivers.errors import CommandRefused, DeviceTimeout, DriverError
from drivers.status import DeviceHealth, DeviceStatus, ErrorAction, Supply
from drivers.transport import SerialTransport

Report = TypeVar("Report", CardReport, DispenserReport)

OK = DeviceHealth(DeviceStatus.ONLINE)
NO_DEVICE = DeviceHealth(DeviceStatus.NO_DEVICE, "no_device", ErrorAction.MAINTENANCE)
OFFLINE = DeviceHealth(DeviceStatus.OFFLINE, "offline", ErrorAction.MAINTENANCE)
POWER_UP = DeviceHealth(DeviceStatus.DEVICE_BUSY, "power_up", ErrorAction.RESET)
POWER_FAILED = DeviceHealth(DeviceStatus.POWER_OFF, "power_failed", ErrorAction.MAINTENANCE)

FAULTS = {
    "jam": DeviceHealth(DeviceStatus.HARDWARE_ERROR, "jam", ErrorAction.CLEAR),
    "bin_full": DeviceHealth(DeviceStatus.HARDWARE_ERROR, "bin_full", ErrorAction.MAINTENANCE, Supply.FULL),
    "card_abnormal": DeviceHealth(DeviceStatus.HARDWARE_ERROR, "card_abnormal", ErrorAction.CLEAR),
    "failed": DeviceHealth(DeviceStatus.HARDWARE_ERROR, "failed", ErrorAction.MAINTENANCE),
}
"""The faults that stay until the path is seen free or a move succeeds. A card that was pulled is none of the unit's."""

_WRONG_END = {
    CardState.EMPTY: "pulled",
    CardState.IN_BIN_MOUTH: "bin_full",
    CardState.ABNORMAL: "card_abnormal",
}


class CardDriver(ABC, Generic[Report]):
    """The frame of a driver: a subclass says how to look (`_look`), and with which questions its cards are moved."""

    def __init__(
        self, transport: SerialTransport, dialect: Dialect, settings: CardLineSettings, offline: Report
    ) -> None:
        self._line = CardLine(transport, dialect, settings)
        self._offline_report: Report = offline
        self._forget()

    def _forget(self) -> None:
        self._told: Report | None = None
        self._seen: Report | None = None
        self._fault: DeviceHealth | None = None
        self._offline = False
        self._tell_again = False

    def open(self) -> None:
        """Open the line and forget what an earlier one told; sends nothing."""
        self._line.transport.open()
        self._line.forget()
        self._forget()

    def close(self) -> None:
        """Close the line; safe to call twice."""
        self._line.transport.close()

    def poll(self) -> Report | None:
        """Ask once; a report for a change, None while nothing changed."""
        try:
            seen = self._see(self._line.deadline())
        except DeviceTimeout:
            if self._offline or self._line.silent_s < self._line.settings.offline:
                raise
            self._offline = True
            return self._offline_report
        again = self._offline or self._tell_again
        self._offline = self._tell_again = False
        last, self._told = self._told, seen
        if last == seen and not again:
            return None
        told: Report = replace(seen, first=last is None)
        return told

    def health(self) -> DeviceHealth:
        """The state as of the last call; offline until the first answer, no_device while the line is gone."""
        if not self._line.transport.is_open:
            return NO_DEVICE
        if self._seen is None or self._offline:
            return OFFLINE
        if self._seen.needs_reset:
            return POWER_UP
        return self._condition(self._seen)

    @abstractmethod
    def _look(self, deadline: float) -> Report:
        """Ask the unit where everything stands."""

    @abstractmethod
    def _condition(self, seen: Report) -> DeviceHealth:
        """How well a unit is that speaks and was reset."""

    def _see(self, deadline: float) -> Report:
        """Look, and forget a fault once the path is free."""
        try:
            seen = self._seen = self._look(deadline)
        except DriverError:
            self._tell_again = True
            raise
        if seen.state is CardState.EMPTY:
            self._fault = None
        return seen

    def _ready(self, deadline: float) -> CardState:
        """Where the card is before a move; CommandRefused when the unit is not set up."""
        # Whatever becomes of the order, the caller must hear where the card is even if it is where it was.
        self._tell_again = True
        seen = self._see(deadline)
        self._tell_again = True
        if seen.needs_reset or seen.state is CardState.UNKNOWN:
            raise CommandRefused("the unit wants a reset first")
        return seen.state

    def _arrived(self, deadline: float, goals: frozenset[CardState], trouble: tuple[str, str] | None) -> None:
        """Look where the card went; MoveFailed when it is at none of the `goals`.

        `trouble` is what the unit said of the move, our word and its own; None when it said that all went well.
        """
        state = self._see(deadline).state
        self._tell_again = True
        if state in goals:
            self._fault = None
            return
        word, said = trouble or ("jam", "the unit says that all went well")
        code = _WRONG_END.get(state, word)
        fault = FAULTS.get(code)
        if fault is not None:
            self._fault = replace(fault, detail=said)
        raise MoveFailed(code, state, said)

    def _order(self, deadline: float, question: Question) -> bytes:
        """Have the unit do something that moves nothing; CommandRefused when it says no."""
        answer = self._line.ask(deadline, question)
        if answer.error:
            raise CommandRefused(f"the unit refuses {question.command:02X}h with {answer.error}")
        return answer.data
