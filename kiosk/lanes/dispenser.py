"""The lane of the new cards' dispenser: one card at a time to the chip station, to the mouth or into the bin."""

from __future__ import annotations

import time
from collections.abc import Callable

from drivers.card.model import CardDispenser, CardState, DispenserReport, MoveFailed
from drivers.errors import CommandRefused, DriverError, TransportError
from drivers.status import DeviceHealth
from kiosk.core.inputs import CardPresented, CardStaged, DeviceFelt, DispenserSaid
from kiosk.lanes.lane import Lane, Tell
from kiosk.payment import effects as fx
from kiosk.payment.effects import Effect

REOPEN_S = 1.0


class DispenserLane(Lane):
    """Owns the dispenser's handle. Moves a card only when the core asks; the one thing done unasked moves nothing."""

    def __init__(self, device: CardDispenser, poll_s: float, tell: Tell) -> None:
        super().__init__("dispenser", tell)
        self._device = device
        self._poll_s = poll_s
        self._open = False
        self._health: DeviceHealth | None = None

    def serve(self, effect: Effect) -> None:
        """Move a card; the core hears first where it is then, and after that what came of it."""
        match effect:
            case fx.StageCard(request, fresh):
                code = self._moved(lambda: self._stage(fresh))
                self.tell(CardStaged(request, code))
            case fx.PresentCard(payment):
                code = self._moved(self._device.present)
                self.tell(CardPresented(payment.payment_id, code))
            case fx.RetractCard():
                self._moved(self._device.retract)

    def round(self) -> float:
        """Poll once."""
        began = time.monotonic()
        try:
            self._look()
        except TransportError as error:
            self._lost(error)
            return REOPEN_S
        except DriverError as error:
            self.log.info("poll_failed", extra={"error": str(error)})
        self._feel()
        return max(self._poll_s - (time.monotonic() - began), 0.0)

    def close(self) -> None:
        """Leave the card where it is."""
        self._device.close()

    def _look(self) -> None:
        if not self._open:
            self._device.open()
            self._open = True
        report = self._device.poll()
        if report is not None and report.needs_reset:
            # It wants that before anything else, and it moves nothing; the card is told of by the next look.
            self._device.reset()
            report = self._device.poll()
        if report is not None:
            self.tell(DispenserSaid(report))

    def _stage(self, fresh: bool) -> None:
        self._look()
        try:
            self._device.to_contact()
        except CommandRefused:
            if not fresh:
                raise
            self._device.dispense()

    def _moved(self, move: Callable[[], None]) -> str:
        """Empty, or why the card is not where it was to go."""
        code = "software_error"
        try:
            code = self._tried(move)
        finally:
            self.round()
        return code

    def _tried(self, move: Callable[[], None]) -> str:
        try:
            move()
        except MoveFailed as error:
            self.log.warning("card_not_moved", extra={"code": error.code, "detail": error.detail[:200]})
            return error.code
        except CommandRefused as error:
            self.log.warning("dispenser_refused", extra={"error": str(error)[:200]})
            return "refused"
        except DriverError as error:
            self.log.warning("dispenser_failed", extra={"error": str(error)[:200]})
            return "no_answer"
        return ""

    def _lost(self, error: TransportError) -> None:
        if self._open or self._health is None:
            self.log.warning("line_lost", extra={"error": str(error)})
            self.tell(DispenserSaid(DispenserReport(CardState.OFFLINE)))
        self._open = False
        self._device.close()
        self._feel()

    def _feel(self) -> None:
        health = self._device.health()
        if health != self._health:
            self._health = health
            self.tell(DeviceFelt("dispenser", health))
