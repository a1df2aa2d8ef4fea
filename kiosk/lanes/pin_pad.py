"""The PIN pad's lane: one PIN at a time, for the card that the lanes hold; its encrypted block goes into the hold."""

from __future__ import annotations

import time

from drivers.errors import DeviceTimeout, DriverError, TransportError
from drivers.pinpad.model import Key, KeyKind, PinPad, PinPadRefused, PinReport
from drivers.status import DeviceHealth
from kiosk.config_tenders import PinPad as Settings
from kiosk.core.inputs import DeviceFelt, PinSaid
from kiosk.lanes.hold import Hold
from kiosk.lanes.lane import Lane, Tell
from kiosk.payment import effects as fx
from kiosk.payment.effects import Effect

REOPEN_S = 1.0
KEYS_POLL_S = 0.1
CHECK_EVERY_S = 5.0
_ENDS = {Key.CANCEL: "cancelled", Key.TIMEOUT: "timeout"}


class PinPadLane(Lane):
    """Owns the PIN pad's handle. What is typed stays in the unit; here it is counted and nothing else."""

    def __init__(self, device: PinPad, settings: Settings, hold: Hold, tell: Tell) -> None:
        super().__init__("pin_pad", tell)
        self._device = device
        self._settings = settings
        self._hold = hold
        self._open = False
        self._request = ""
        self._clean = False
        """Whether the unit is known to have no entry open that nobody here follows."""
        self._checked_at = 0.0
        self._loaded: dict[int, tuple[str, str]] = {}
        self._health: DeviceHealth | None = None

    def serve(self, effect: Effect) -> None:
        """Begin an entry, or end it."""
        match effect:
            case fx.AskPin(request):
                try:
                    self._begin(effect)
                except DriverError as error:
                    self._failed(request, error)
            case fx.EndPin():
                self._end()
        self._feel()

    def round(self) -> float:
        """Ask the unit how it is; while a PIN is entered, what was pressed.

        A unit that does not answer now keeps its entry, and tells how it stands when it does; the driver ends it.
        """
        if not self._request and time.monotonic() < self._checked_at + CHECK_EVERY_S:
            return KEYS_POLL_S
        self._checked_at = time.monotonic()
        try:
            self._ready()
            report = self._device.poll()
        except TransportError as error:
            self._lost(error)
            return REOPEN_S
        except DriverError as error:
            self.log.info("poll_failed", extra={"error": str(error)[:200]})
            report = None
        if report is not None and self._request:
            self._pressed(report)
        self._feel()
        return KEYS_POLL_S

    def close(self) -> None:
        """End what has begun, so that no PIN stays in the unit, and let go of it."""
        if self._request:
            self._end()
        self._device.close()

    def _ready(self) -> None:
        """Hold the line, with no entry open on the unit but our own."""
        if not self._open:
            self._device.open()
            self._open, self._clean = True, False
            self._loaded.clear()
        if not self._clean:
            self._device.end_pin()
            self._clean = True

    def _begin(self, wish: fx.AskPin) -> None:
        """Have the bank's PIN key in its slot, and let the PIN be typed for the card in the hold."""
        slot, pan = self._settings.slots.get(wish.acquirer), self._hold.pan
        if slot is None or not pan:
            self.tell(PinSaid(wish.request, "failed", code="no_slot" if slot is None else "no_card"))
            return
        self._ready()
        if self._loaded.get(slot) != (wish.wrapped, wish.check):
            self._load(slot, wish)
        try:
            self._start(slot, pan)
        except PinPadRefused as error:
            if error.word != "no_key":
                raise
            self._load(slot, wish)  # the unit has lost it since
            self._start(slot, pan)
        self._request = wish.request
        self.tell(PinSaid(wish.request, "ready"))

    def _load(self, slot: int, wish: fx.AskPin) -> None:
        self._loaded.pop(slot, None)
        wrapped, check = bytes.fromhex(wish.wrapped), bytes.fromhex(wish.check)
        self._device.load_working_key(slot, KeyKind.PIN, wrapped, check)
        self._loaded[slot] = (wish.wrapped, wish.check)

    def _start(self, slot: int, pan: str) -> None:
        settings = self._settings
        seconds = min(max(round(settings.pin_s), 1), 255)
        self._device.start_pin(slot, pan, settings.least_digits, settings.most_digits, seconds=seconds)

    def _pressed(self, report: PinReport) -> None:
        end = report.keys[-1]
        if end in (Key.DIGIT, Key.DELETED):
            self.tell(PinSaid(self._request, "typed", report.digits))
            return
        request, self._request = self._request, ""
        if end is Key.ENTER:
            self._entered(request, report.digits)
        else:
            what = _ENDS.get(end, "failed")
            self.tell(PinSaid(request, what, code="aborted" if what == "failed" else ""))

    def _entered(self, request: str, digits: int) -> None:
        try:
            block = self._device.pin_block()
        except DriverError as error:
            self._failed(request, error)
            return
        self._hold.put_pin_block(block)
        self.tell(PinSaid(request, "entered", digits))

    def _failed(self, request: str, error: DriverError) -> None:
        """Tell why there is no PIN; what may have begun all the same is ended."""
        code = _code(error)
        self.log.warning("pin_failed", extra={"code": code, "error": str(error)[:200]})
        self.tell(PinSaid(request, "failed", code=code))
        if isinstance(error, TransportError):
            self._lost(error)
        else:
            self._end()

    def _end(self) -> None:
        """Have the unit forget what was typed; one that cannot be told now is told before anything else."""
        self._request, self._clean = "", False
        if not self._open:
            return
        try:
            self._ready()
        except DriverError as error:
            self.log.info("pin_not_ended", extra={"error": str(error)[:200]})

    def _lost(self, error: TransportError) -> None:
        if self._open or self._health is None:
            self.log.warning("line_lost", extra={"error": str(error)[:200]})
        request, self._request = self._request, ""
        if request:
            self.tell(PinSaid(request, "failed", code=_code(error)))
        self._open = False
        self._checked_at = 0.0
        self._device.close()
        self._feel()

    def _feel(self) -> None:
        health = self._device.health()
        if health != self._health:
            self._health = health
            self.tell(DeviceFelt("pin_pad", health))


def _code(error: DriverError) -> str:
    match error:
        case PinPadRefused(word=word):
            return word
        case TransportError():
            return "line_lost"
        case DeviceTimeout():
            return "no_answer"
    return "garbled"
