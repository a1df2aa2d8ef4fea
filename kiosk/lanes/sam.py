"""The lane of the SAM: looks at the card in its slot, so that a missing one is known before a key runs out."""

from __future__ import annotations

from drivers.errors import CommandRefused, DriverError
from drivers.security.model import TerminalModule
from drivers.status import DeviceHealth, DeviceStatus, ErrorAction
from kiosk.core.inputs import DeviceFelt
from kiosk.lanes.lane import Lane, Tell

LOOK_EVERY_S = 30.0
"""A working key outlasts a pulled SAM by hours; a technician who stands before the cabinet waits for no longer."""
LOOK_AGAIN_S = 5.0
NO_KEY = DeviceHealth(DeviceStatus.USER_ERROR, "sam_no_key", ErrorAction.CONFIGURATION)


class SamLane(Lane):
    """Asks for the master key's check value, which needs the right SAM in its slot and changes nothing in it.

    It shares the SAM with those who sign on and write cards; each waits for the other no longer than `call_s`.
    """

    def __init__(self, terminal: TerminalModule, tell: Tell) -> None:
        super().__init__("sam", tell)
        self._terminal = terminal
        self._health: DeviceHealth | None = None

    def round(self) -> float:
        """Look once, and sooner again where something is wrong."""
        health = self._look()
        if health != self._health:
            self._health = health
            if not health.usable:
                self.log.warning("sam_unusable", extra={"code": health.code, "detail": health.detail})
            self.tell(DeviceFelt("sam", health))
        return LOOK_EVERY_S if health.usable else LOOK_AGAIN_S

    def _look(self) -> DeviceHealth:
        try:
            if self._terminal.check_value() is None:
                return NO_KEY
        except CommandRefused as error:
            # Not every maker's SAM tells check values: one that only says no to this is a SAM in its slot.
            self.log.debug("sam_refused", extra={"error": str(error)[:200]})
        except DriverError as error:
            self.log.debug("sam_not_asked", extra={"error": str(error)[:200]})
        return self._terminal.health()
