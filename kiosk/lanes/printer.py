"""The receipt printer's lane: prints slips and keeps an eye on paper and cover in between."""

from __future__ import annotations

from collections.abc import Callable

from drivers.errors import DriverError
from drivers.printer.document import Document
from drivers.printer.model import Outcome, Printer
from drivers.status import DeviceHealth
from kiosk.core.inputs import DeviceFelt, SlipOutcome
from kiosk.lanes.lane import Lane, Tell
from kiosk.payment.effects import Effect, PrintSlip


class PrinterLane(Lane):
    """Owns the printer's handle. `compose` turns an effect into the document to print."""

    def __init__(
        self, device: Printer, compose: Callable[[PrintSlip], Document], check_every_s: float, tell: Tell
    ) -> None:
        super().__init__("printer", tell)
        self._device = device
        self._compose = compose
        self._check_every_s = check_every_s
        self._health: DeviceHealth | None = None

    def serve(self, effect: Effect) -> None:
        """Print one slip and tell how it ended, whatever happens."""
        if not isinstance(effect, PrintSlip):
            return
        printed, reason = False, "software_error"
        try:
            result = self._device.print(self._compose(effect))
            printed, reason = result.outcome is Outcome.PRINTED, result.reason
        finally:
            self.tell(SlipOutcome(effect.job, printed, reason))
        self._feel(self._device.health())

    def round(self) -> float:
        """Ask the printer how it is."""
        self._feel(self._device.check())
        return self._check_every_s

    def close(self) -> None:
        """Close the line."""
        try:
            self._device.close()
        except DriverError as error:
            self.log.info("close_failed", extra={"error": str(error)})

    def _feel(self, health: DeviceHealth) -> None:
        if health != self._health:
            self._health = health
            self.tell(DeviceFelt("printer", health))
