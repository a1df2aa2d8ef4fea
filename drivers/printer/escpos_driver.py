"""The ESC/POS printer: asked before, watched while and heard after each slip."""

from __future__ import annotations

import secrets
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal

from drivers.errors import DeviceTimeout, DriverError, TransportError
from drivers.printer import escpos_codec as codec
from drivers.printer import raster
from drivers.printer.document import Document
from drivers.printer.escpos_codec import JobDone, Paper, PaperStatus, PrinterState, RealTimeStatus
from drivers.printer.model import Outcome, PrintResult
from drivers.status import DeviceHealth, DeviceStatus, ErrorAction, Supply
from drivers.transport import SerialTransport

_RECOVER = b"\x10\x05\x02"
_POLL = 0.25
# The last marker may still be on its way when the state already says that the paper ended behind the slip.
_GRACE = 0.3
# One write may block 2 s; this many bytes take a tenth of a second on the line, so a slow line is not taken for dead.
_CHUNKS_A_SECOND = 10
_LARGEST_CHUNK = 4096
_LISTEN_EVERY = 4


@dataclass(frozen=True, slots=True)
class EscposSettings:
    """One printer's ways.

    `asks_status` false: a printer that never answers is printed to all the same. `end_of_job` is how the end of a slip
    is known: "process_id" by GS ( H (Epson and compatible), "paper_status" by GS r 1 (the data has been taken up),
    "none" not at all. `answer_seconds` bounds one question, `done_seconds` the wait for the end of a slip after
    its last byte was sent, and what sending may take beyond the line's own time for so many bytes.
    """

    paper: Paper = field(default_factory=Paper)
    asks_status: bool = True
    end_of_job: Literal["process_id", "paper_status", "none"] = "process_id"
    answer_seconds: float = 3.0
    done_seconds: float = 15.0


def health_of(state: PrinterState) -> DeviceHealth:
    """Name what the printer says in our codes; the gravest comes first."""
    if state.fatal_error:
        return DeviceHealth(
            DeviceStatus.HARDWARE_ERROR, "error", ErrorAction.MAINTENANCE, detail="DLE EOT 3 bit 5"
        )
    if state.cover_open:
        return DeviceHealth(DeviceStatus.USER_ERROR, "cover_open", ErrorAction.CLEAR)
    if state.cutter_error:
        return DeviceHealth(
            DeviceStatus.HARDWARE_ERROR, "cutter_jam", ErrorAction.CLEAR, detail="DLE EOT 3 bit 3"
        )
    if state.paper_out:
        return DeviceHealth(DeviceStatus.USER_ERROR, "paper_out", ErrorAction.MAINTENANCE, Supply.OUT)
    if state.other_error:
        return DeviceHealth(
            DeviceStatus.HARDWARE_ERROR, "error", ErrorAction.RESET, detail="DLE EOT 3 bit 2 or 6"
        )
    if state.offline:
        return DeviceHealth(DeviceStatus.OFFLINE, "offline", ErrorAction.RESET)
    if state.paper_low:
        return DeviceHealth(DeviceStatus.ONLINE, "paper_low", ErrorAction.MAINTENANCE, Supply.LOW)
    return DeviceHealth(DeviceStatus.ONLINE, supply=Supply.GOOD)


class EscposPrinter:
    """Implements `drivers.printer.model.Printer` over a serial line."""

    def __init__(self, transport: SerialTransport, settings: EscposSettings | None = None) -> None:
        self._line = transport
        self._settings = settings or EscposSettings()
        self._decoder = codec.Decoder()
        self._health = DeviceHealth(DeviceStatus.NO_DEVICE, "no_device", detail="not opened yet")
        self._marker = ""
        self._finished = False
        self._told: PrinterState | None = None
        self._answer: int | None = None
        self._part_left = False

    def open(self) -> None:
        """Open the line; raises TransportError."""
        if not self._line.is_open:
            self._line.open()
            self._decoder = codec.Decoder()

    def close(self) -> None:
        """Close the line; safe to call twice."""
        self._line.close()

    def health(self) -> DeviceHealth:
        """Tell the state as of the last `check` or `print`."""
        return self._health

    def check(self) -> DeviceHealth:
        """Ask the printer how it is; never raises a DriverError."""
        try:
            if self._settings.paper.mode == "raster":
                raster.font(bold=False, size=raster.FONT)
            self.open()
            if self._settings.asks_status:
                self._health = health_of(self.status())
            else:
                self._health = DeviceHealth(DeviceStatus.ONLINE, detail="does not tell its state")
        except TransportError as error:
            self._health = _no_device(error)
        except DriverError as error:
            self._health = DeviceHealth(DeviceStatus.OFFLINE, "offline", ErrorAction.RESET, detail=str(error))
        except OSError as error:
            self._health = _no_font(error)
        return self._health

    def status(self) -> PrinterState:
        """Ask DLE EOT 1 to 4; raises DeviceTimeout, TransportError."""
        deadline = time.monotonic() + self._settings.answer_seconds
        self._listen(time.monotonic())
        printer, cause, error, paper = (self._ask(number, deadline) for number in (1, 2, 3, 4))
        return PrinterState.from_real_time(printer, cause, error, paper)

    def reset(self) -> DeviceHealth:
        """Drop what the printer holds (DLE ENQ 2), initialise it, and check."""
        try:
            self.open()
            self._line.write(_RECOVER + codec.ABORT)
        except DriverError:
            self._line.close()
        return self.check()

    def print(self, document: Document) -> PrintResult:
        """Print one slip and wait until it is out."""
        health = self.check()
        if not health.usable:
            return PrintResult(Outcome.NOT_PRINTED, health.code)
        self._marker = "".join(secrets.choice(codec.MARKER_CHARACTERS) for _ in range(4))
        self._finished, self._told = False, None
        data = codec.encode(document, self._settings.paper) + self._question()
        if self._part_left:
            data = codec.ABORT + codec.void(self._settings.paper) + data
        try:
            self._send(data)
            result = self._wait(time.monotonic() + self._settings.done_seconds)
        except TransportError as error:
            self._health = _no_device(error)
            result = PrintResult(Outcome.UNKNOWN, "line_lost", part=True)
        self._part_left = result.part
        return result

    def _question(self) -> bytes:
        match self._settings.end_of_job:
            case "process_id":
                return codec.ask_done(self._marker)
            case "paper_status":
                return codec.ASK_PAPER
            case _:
                return b""

    def _send(self, data: bytes) -> None:
        """Write in chunks; stops early when the printer takes no more, or too slowly, or tells of a fault."""
        line_time = len(data) * 10 / self._line.settings.baud
        deadline = time.monotonic() + line_time + self._settings.done_seconds
        size = max(64, min(_LARGEST_CHUNK, self._line.settings.baud // 10 // _CHUNKS_A_SECOND))
        for number, start in enumerate(range(0, len(data), size)):
            if number % _LISTEN_EVERY == _LISTEN_EVERY - 1:
                self._listen(time.monotonic())
            if time.monotonic() >= deadline or (self._told is not None and _stops(self._told)):
                return
            try:
                self._line.write(data[start : start + size])
            except DeviceTimeout:
                return

    def _wait(self, deadline: float) -> PrintResult:
        """Wait for the end of the slip, or for a reason why it will not come."""
        hears_end = self._settings.end_of_job != "none"
        while hears_end:
            self._listen(min(deadline, time.monotonic() + _POLL))
            if self._finished:
                return PrintResult(Outcome.PRINTED)
            fault = self._fault()
            if fault is not None:
                return self._stopped(fault)
            if time.monotonic() >= deadline:
                self._health = DeviceHealth(
                    DeviceStatus.OFFLINE, "offline", ErrorAction.RESET, detail="no end of slip"
                )
                return PrintResult(Outcome.UNKNOWN, "no_answer", part=True)
        fault = self._fault()
        return self._stopped(fault) if fault is not None else PrintResult(Outcome.PRINTED, confirmed=False)

    def _fault(self) -> DeviceHealth | None:
        """Tell why the slip cannot be finished, None while it can."""
        state = self._told
        if self._settings.asks_status:
            with suppress(DeviceTimeout):
                state = self.status()
        return health_of(state) if state is not None and _stops(state) else None

    def _stopped(self, fault: DeviceHealth) -> PrintResult:
        """Drop the rest of a slip that stopped on its way, unless it was the end of the slip after all."""
        until = time.monotonic() + _GRACE
        while not self._finished and time.monotonic() < until:
            self._listen(until)
        self._health = fault
        if self._finished:
            return PrintResult(Outcome.PRINTED)
        with suppress(DeviceTimeout):
            self._line.write(codec.ABORT)
        return PrintResult(Outcome.NOT_PRINTED, fault.code, part=True)

    def _ask(self, number: int, deadline: float) -> int:
        self._answer = None
        self._line.write(codec.ask_status(number))
        while self._answer is None:
            if time.monotonic() >= deadline:
                # What looks like an unfinished answer must not swallow the next ones.
                self._note(self._decoder.flush())
                break
            self._listen(deadline)
        if self._answer is None:
            raise DeviceTimeout(f"{self._line.address}: no answer to DLE EOT {number}")
        return self._answer

    def _listen(self, until: float) -> None:
        """Read what is there, or wait for it until then, and note what it says."""
        self._note(self._decoder.feed(self._line.read(until)))

    def _note(self, frames: list[codec.Frame]) -> None:
        for frame in frames:
            match frame:
                case RealTimeStatus(value):
                    self._answer = value
                case PrinterState():
                    self._told = frame
                case JobDone(marker):
                    self._finished |= marker == self._marker
                case PaperStatus():
                    self._finished |= self._settings.end_of_job == "paper_status"
                case _:
                    continue


def _stops(state: PrinterState) -> bool:
    return health_of(state).code not in {"ok", "paper_low", "offline"}


def _no_device(error: TransportError) -> DeviceHealth:
    return DeviceHealth(DeviceStatus.NO_DEVICE, "no_device", ErrorAction.MAINTENANCE, detail=str(error))


def _no_font(error: OSError) -> DeviceHealth:
    detail = f"fonts-noto-cjk is not installed: {error}"
    return DeviceHealth(DeviceStatus.HARDWARE_ERROR, "no_font", ErrorAction.CONFIGURATION, detail=detail)
