"""The note acceptor's lane: polls, passes reports on, and keeps the device waiting until a credit is durable."""

from __future__ import annotations

import time

from drivers.cash.model import CashAcceptor, CashReport, CashState, NoteType
from drivers.errors import DriverError, TransportError
from drivers.status import DeviceHealth
from kiosk.config import Cash
from kiosk.core.inputs import AcceptorSaid, DeviceFelt
from kiosk.lanes.lane import Lane, Tell
from kiosk.payment import effects as fx
from kiosk.payment.effects import Effect

COUNTED = frozenset({CashState.IDLE, CashState.DISABLED, CashState.ESCROW})
"""States in which the device's own counter stands still and can be asked; in escrow it is the count of before."""
DECISION_S = 2.0
REOPEN_S = 1.0
RESET_AGAIN_S = 3.0
"""A device that took RESET and lost power before it told of it comes up in the very state that it was reset in."""


class AcceptorLane(Lane):
    """Owns the acceptor's handle."""

    def __init__(self, device: CashAcceptor, cash: Cash, poll_s: float, tell: Tell) -> None:
        super().__init__("acceptor", tell)
        self._device = device
        self._cash = cash
        self._poll_s = poll_s
        self._open = False
        self._wanted = False
        self._state = CashState.OFFLINE
        self._since = 0.0
        self._reset_in: CashState | None = None
        """The state that the core had it reset in, until it tells another."""
        self._types: frozenset[int] | None = None
        self._health: DeviceHealth | None = None

    def serve(self, effect: Effect) -> None:
        """Do what the core asks; a device that cannot is noticed by its next report."""
        self._wanted = self._wanted and not isinstance(effect, fx.DisableAcceptor)
        self._wanted = self._wanted or isinstance(effect, fx.EnableAcceptor)
        try:
            match effect:
                case fx.EnableAcceptor():
                    self._device.enable(self._note_types())
                case fx.DisableAcceptor():
                    self._device.disable()
                case fx.StackNote():
                    self._device.stack()
                case fx.GiveBackNote():
                    self._device.give_back()
                case fx.AcknowledgeNote():
                    self._device.acknowledge()
                case fx.ResetAcceptor():
                    self._reset_in = self._state
                    self._reset()
        except DriverError as error:
            self.log.warning("command_failed", extra={"command": type(effect).__name__, "error": str(error)})

    def round(self) -> float:
        """Poll once."""
        began = time.monotonic()
        try:
            if not self._open:
                self._device.open()
                self._open = True
            report = self._device.poll()
            if report is not None:
                self._pass_on(report)
            self._insist()
        except TransportError as error:
            self._lost(error)
            return REOPEN_S
        except DriverError as error:
            self.log.info("poll_failed", extra={"error": str(error)})
        self._feel()
        return max(self._poll_s - (time.monotonic() - began), 0.0)

    def close(self) -> None:
        """Leave the device closed to notes, if it listens."""
        if self._open:
            try:
                self._device.disable()
            except DriverError as error:
                self.log.info("close_failed", extra={"error": str(error)})
        self._device.close()

    def _pass_on(self, report: CashReport) -> None:
        self._state, self._since = report.state, time.monotonic()
        self._reset_in = None
        self._feel()
        self.tell(AcceptorSaid(report, self._count() if report.state in COUNTED else None))
        until = time.monotonic() + DECISION_S
        # The device repeats its report and waits; nothing else is asked of it before the core has decided.
        while report.needs_ack and (effect := self.next_effect(until - time.monotonic())) is not None:
            self.serve(effect)
            if isinstance(effect, fx.AcknowledgeNote):
                break

    def _count(self) -> int | None:
        try:
            if self._types is None:
                self._note_types()
            return self._device.stacked_count()
        except DriverError as error:
            self.log.info("counter_failed", extra={"error": str(error)})
            return None

    def _note_types(self) -> frozenset[int]:
        if self._types is None:
            identity = self._device.identify()
            self._types = frozenset(n.index for n in identity.notes if self._ours(n))
            self.log.info("identified", extra={"model": identity.model, "serial": identity.serial})
        return self._types

    def _ours(self, note: NoteType) -> bool:
        return note.value_fen in self._cash.accepted_fen and note.currency in self._cash.currencies

    def _insist(self) -> None:
        """Ask again for a state that the device did not take the first time."""
        unmoved_s = time.monotonic() - self._since
        if self._wanted and self._state is CashState.DISABLED and unmoved_s > 1.0:
            self._since = time.monotonic()
            self._device.enable(self._note_types())
        elif self._reset_in is self._state and unmoved_s > RESET_AGAIN_S:
            self._reset()

    def _reset(self) -> None:
        self._since = time.monotonic()
        self._device.reset()

    def _lost(self, error: TransportError) -> None:
        if self._open or self._health is None:
            self.log.warning("line_lost", extra={"error": str(error)})
            self.tell(AcceptorSaid(CashReport(CashState.OFFLINE)))
        self._state, self._open = CashState.OFFLINE, False
        self._device.close()
        self._feel()

    def _feel(self) -> None:
        health = self._device.health()
        if health != self._health:
            self._health = health
            self.tell(DeviceFelt("acceptor", health))
