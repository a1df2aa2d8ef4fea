"""The scanner's lane: reads codes while a page wants them, and puts a payer's where only the hub's lane finds it."""

from __future__ import annotations

from drivers.barcode.model import BarcodeReader
from drivers.errors import DriverError, ProtocolError
from drivers.status import DeviceHealth, DeviceStatus
from kiosk.core.inputs import DeviceFelt, Scanned
from kiosk.lanes.hold import Hold
from kiosk.lanes.lane import Lane, Tell
from kiosk.payment import effects as fx
from kiosk.payment.effects import Effect
from kiosk.scans import ScanForms, meaning

LISTEN_S = 0.2
"""How long one look for a code takes: so long an order may wait."""
LOOK_EVERY_S = 0.25
REOPEN_S = 1.0


class ScannerLane(Lane):
    """Owns the scanner's handle. What no page wants is dropped unread; no code is ever logged."""

    def __init__(self, device: BarcodeReader, forms: ScanForms, hold: Hold, tell: Tell) -> None:
        super().__init__("scanner", tell)
        self._device = device
        self._forms = forms
        self._hold = hold
        self._wanted = ""
        self._open = False
        self._health: DeviceHealth | None = None

    def serve(self, effect: Effect) -> None:
        """Begin to read for a page, or rest."""
        match effect:
            case fx.Scan(wanted):
                self._want(wanted)
            case fx.StopScan():
                self._hold.put_payer("")
                self._want("")

    def round(self) -> float:
        """Look for a code; told at most once each, as what the page wants it to be."""
        try:
            self._be_open()
            code = self._device.read(LISTEN_S if self._wanted else 0.0)
            if code is not None and self._wanted:
                self._tell_of(code)
        except ProtocolError as error:
            self.log.info("no_code", extra={"error": str(error)[:200]})
            if self._wanted:
                self.tell(Scanned("unknown"))
        except DriverError as error:
            self._failed(error)
        self._feel()
        if not self._open:
            return REOPEN_S
        return 0.0 if self._wanted else LOOK_EVERY_S

    def close(self) -> None:
        """Let the scanner rest and close the line."""
        try:
            if self._open:
                self._device.stop()
        except DriverError as error:
            self.log.info("close_failed", extra={"error": str(error)[:200]})
        self._device.close()

    def _tell_of(self, code: str) -> None:
        scan = meaning(code, self._wanted, self._forms)
        if scan is None:
            self.tell(Scanned("unknown"))
        elif scan.kind == "payer":
            self._hold.put_payer(scan.text)
            self.tell(Scanned("payer"))
        else:
            self.tell(Scanned(scan.kind, scan.text))

    def _want(self, wanted: str) -> None:
        self._wanted = wanted
        try:
            self._be_open()
            if wanted:
                self._device.start()
            else:
                self._device.stop()
        except DriverError as error:
            self._failed(error)
        self._feel()

    def _be_open(self) -> None:
        """Open a line that is not, and go on with what is wanted."""
        if not self._open:
            self._device.open()
            self._open = True
            if self._wanted:
                self._device.start()

    def _failed(self, error: DriverError) -> None:
        if self._open or self._health is None:
            self.log.warning("line_lost", extra={"error": str(error)[:200]})

    def _feel(self) -> None:
        health = self._device.health()
        if health.status is DeviceStatus.NO_DEVICE:
            self._open = False
            self._device.close()
        if health != self._health:
            self._health = health
            self.tell(DeviceFelt("scanner", health))
