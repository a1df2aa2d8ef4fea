"""The serial scanner: reads line after line while it is wanted, and nothing that was held out before."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field

from drivers.barcode.codec import Code, Decoder, Event, ScannerForm, Spoilt
from drivers.errors import DeviceTimeout, ProtocolError
from drivers.status import DeviceHealth, DeviceStatus, ErrorAction
from drivers.transport import SerialTransport

__all__ = ["ScannerSettings", "SerialScanner"]

OK = DeviceHealth(DeviceStatus.ONLINE)
NO_DEVICE = DeviceHealth(DeviceStatus.NO_DEVICE, "no_device", ErrorAction.MAINTENANCE)
SPOILT_IN_A_ROW = 3
"""One spoilt code is a customer's hand; so many are a scanner that is set otherwise than we are."""


@dataclass(frozen=True, slots=True)
class ScannerSettings:
    """`on` and `off` are sent to let it read and rest; empty: it reads all the time.

    Times in seconds: `quiet` is how long the line must be silent for a code that has begun to count as cut short,
    `code` how long a code that has begun in time may take beyond the time of its call.
    """

    form: ScannerForm = field(default_factory=ScannerForm)
    on: bytes = b""
    off: bytes = b""
    quiet: float = 0.3
    code: float = 2.0


class SerialScanner:
    """`BarcodeReader` over a serial line; see there for each call's contract. For one thread."""

    def __init__(self, transport: SerialTransport, settings: ScannerSettings | None = None) -> None:
        self.settings = settings or ScannerSettings()
        self._line = transport
        self._decoder = Decoder(self.settings.form)
        self._events: deque[Event] = deque()
        self._spoilt = 0
        self._why = ""
        self._deaf = False

    def open(self) -> None:
        """Open the line and let the scanner rest."""
        self._line.open()
        self._spoilt = 0
        self.stop()

    def close(self) -> None:
        """Close the line; safe to call twice."""
        self._line.close()

    def health(self) -> DeviceHealth:
        """The state as of the last call; no_device while the line is gone."""
        if not self._line.is_open:
            return NO_DEVICE
        if self._deaf:
            return DeviceHealth(DeviceStatus.OFFLINE, "offline", ErrorAction.MAINTENANCE)
        if self._spoilt >= SPOILT_IN_A_ROW:
            return DeviceHealth(
                DeviceStatus.HARDWARE_ERROR, "unreadable", ErrorAction.CONFIGURATION, detail=self._why
            )
        return OK

    def start(self) -> None:
        """Let it read; what was held out before is forgotten."""
        self._forget()
        self._say(self.settings.on)

    def stop(self) -> None:
        """Let it rest."""
        self._say(self.settings.off)
        self._forget()

    def read(self, seconds: float) -> str | None:
        """Wait for the next code; None when none came in time."""
        deadline = time.monotonic() + seconds
        while not self._events:
            now, pending = time.monotonic(), self._decoder.pending
            if now >= deadline + self.settings.code:
                self._events += self._decoder.flush() or [Spoilt("without an end")]
                break
            data = self._line.read(now + self.settings.quiet if pending else deadline)
            self._events += self._decoder.feed(data) if data else self._decoder.flush()
            if not (data or pending or self._events):
                return None
        return self._told(self._events.popleft())

    def _told(self, event: Event) -> str:
        if isinstance(event, Code):
            self._spoilt = 0
            return event.text
        self._spoilt += 1
        self._why = event.why
        raise ProtocolError(f"no code: {event.why}")

    def _forget(self) -> None:
        self._line.drop_input()
        self._decoder.clear()
        self._events.clear()

    def _say(self, order: bytes) -> None:
        try:
            if order:
                self._line.write(order)
        except DeviceTimeout:
            self._deaf = True
            raise
        self._deaf = False
