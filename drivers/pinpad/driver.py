"""The generic PIN pad: keys in slots, one PIN at a time, and nothing of a PIN or a card's number kept here."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace

from drivers.errors import DeviceTimeout, ProtocolError
from drivers.pinpad import codec
from drivers.pinpad.codec import Answer, Command, Entry, Flag, Status
from drivers.pinpad.line import PinPadLine, PinPadSettings
from drivers.pinpad.model import (
    LEAST_DIGITS,
    MOST_DIGITS,
    Key,
    KeyKind,
    PinPadIdentity,
    PinPadRefused,
    PinReport,
    SlotKeys,
)
from drivers.security.cipher import KEY_LENGTH, TRIPLE_DES
from drivers.security.components import ComponentRefused, judge
from drivers.status import DeviceHealth, DeviceStatus, ErrorAction
from drivers.transport import SerialTransport

__all__ = ["GenericPinPad", "PinPadSettings"]

OK = DeviceHealth(DeviceStatus.ONLINE)
NO_DEVICE = DeviceHealth(DeviceStatus.NO_DEVICE, "no_device", ErrorAction.MAINTENANCE)
OFFLINE = DeviceHealth(DeviceStatus.OFFLINE, "offline", ErrorAction.MAINTENANCE)
TAMPERED = DeviceHealth(DeviceStatus.FRAUD_ATTEMPT, "tampered", ErrorAction.MAINTENANCE)
FAILED = DeviceHealth(DeviceStatus.HARDWARE_ERROR, "failed", ErrorAction.MAINTENANCE)
NO_KEY = DeviceHealth(DeviceStatus.USER_ERROR, "no_key", ErrorAction.MAINTENANCE)

CHECK_BYTES = 4
PIN_BLOCK_BYTES = MAC_BYTES = 8
_ENDS = {
    Entry.NONE: Key.ABORTED,
    Entry.ENTERED: Key.ENTER,
    Entry.CANCELLED: Key.CANCEL,
    Entry.TIMED_OUT: Key.TIMEOUT,
}


class GenericPinPad:
    """`PinPad` over the protocol of `codec`; see there for each call's contract. For one thread."""

    def __init__(self, transport: SerialTransport, settings: PinPadSettings | None = None) -> None:
        self.settings = settings or PinPadSettings()
        self._line = PinPadLine(transport, self.settings)
        self._forget()

    def _forget(self) -> None:
        self._seen: Status | None = None
        self._silent = False
        self._ends_at: float | None = None  # of the entry that is open
        self._digits = 0

    @property
    def tampered(self) -> bool:
        """See `PinPad`."""
        return self._seen is not None and Flag.TAMPERED in self._seen.flags

    def open(self) -> None:
        """See `PinPad`."""
        self._line.transport.open()
        self._line.forget()
        self._forget()

    def close(self) -> None:
        """See `PinPad`."""
        self._line.transport.close()
        self._ends_at = None

    def health(self) -> DeviceHealth:
        """Offline until the first answer and after a long silence, no_device while the line is gone."""
        if not self._line.transport.is_open:
            return NO_DEVICE
        if self._seen is None or self._silent:
            return OFFLINE
        if self.tampered:
            return TAMPERED
        if Flag.FAILED in self._seen.flags:
            return FAILED
        slots = self._seen.slots
        lacking = [s for s in self.settings.slots if SlotKeys.MASTER not in slots.get(s, SlotKeys(0))]
        if lacking:
            return replace(NO_KEY, detail=f"no master key in slot {', '.join(map(str, lacking))}")
        return OK

    def identify(self) -> PinPadIdentity:
        """See `PinPad`; what cannot be printed is left out."""
        parts = self._order(Command.IDENTIFY).split(b"|")
        if len(parts) != 3:
            raise ProtocolError("a name that is not in three parts")
        maker, serial, firmware = (bytes(b for b in p if 0x20 <= b < 0x7F).decode("ascii") for p in parts)
        return PinPadIdentity(maker, serial, firmware)

    def slots(self) -> Mapping[int, SlotKeys]:
        """See `PinPad`."""
        return self._look().slots

    def self_test(self) -> bool:
        """See `PinPad`."""
        self._order(Command.SELF_TEST, seconds=self.settings.test)
        return not self._look().flags

    def load_master_key(self, slot: int, number: int, component: bytes, check: bytes) -> bytes | None:
        """See `PinPad`; a component that is mistyped does not come to the unit."""
        judge(TRIPLE_DES, number, component, check)
        try:
            data = self._order(Command.LOAD_COMPONENT, bytes((_byte(slot), number)) + component + check)
        except PinPadRefused as error:
            if error.word == "component_refused":
                raise ComponentRefused(number, "the PIN pad does not take it here") from error
            raise
        if len(data) != (0 if number == 1 else len(check)):
            raise ProtocolError("a loaded component with a wrong answer")
        self._look()
        return data or None

    def load_working_key(self, slot: int, kind: KeyKind, wrapped: bytes, check: bytes) -> None:
        """See `PinPad`."""
        if len(wrapped) != KEY_LENGTH or len(check) != CHECK_BYTES:
            raise ValueError(f"a wrapped key has {KEY_LENGTH} bytes, its check value {CHECK_BYTES}")
        self._order(Command.LOAD_WORKING, bytes((_byte(slot), codec.KIND_CODES[kind])) + wrapped + check)

    def start_pin(
        self, slot: int, pan: str, least: int = LEAST_DIGITS, most: int = MOST_DIGITS, *, seconds: int
    ) -> None:
        """See `PinPad`. Twelve digits of the card's number go to the unit, and none is kept."""
        if not LEAST_DIGITS <= least <= most <= MOST_DIGITS or not 1 <= seconds <= 255:
            raise ValueError(f"a PIN has {LEAST_DIGITS} to {MOST_DIGITS} digits, its entry 1 to 255 seconds")
        self._ends_at = None
        data = bytes((_byte(slot), least, most, seconds)) + codec.account_part(pan)
        self._order(Command.START_PIN, data)
        self._ends_at = time.monotonic() + seconds + self.settings.grace
        self._digits = 0

    def poll(self) -> PinReport | None:
        """See `PinPad`. The unit tells how the entry stands, so a poll that failed loses nothing.

        A unit that lets an entry last longer than it was told is made to end it, which is TIMEOUT.
        """
        try:
            status = self._look()
        except DeviceTimeout:
            if self._ends_at is not None and time.monotonic() >= self._ends_at:
                self._ends_at = None
                return PinReport((Key.TIMEOUT,), 0)
            raise
        return self._report(status)

    def _report(self, status: Status) -> PinReport | None:
        if self._ends_at is None:
            return None
        if status.entry is Entry.OPEN and time.monotonic() >= self._ends_at:
            self.end_pin()
            return PinReport((Key.TIMEOUT,), 0)
        ends = status.entry is not Entry.OPEN
        digits = status.digits if status.entry in (Entry.OPEN, Entry.ENTERED) else self._digits
        change = digits - self._digits
        keys = (Key.DIGIT,) * max(change, 0) + (Key.DELETED,) * max(-change, 0)
        self._digits = digits
        if ends:
            self._ends_at = None
            keys += (_ENDS[status.entry],)
        return PinReport(keys, digits) if keys else None

    def pin_block(self) -> bytes:
        """See `PinPad`."""
        return _sized(self._order(Command.PIN_BLOCK), PIN_BLOCK_BYTES, "a PIN block")

    def end_pin(self) -> None:
        """See `PinPad`."""
        self._ends_at = None
        self._order(Command.END_PIN)

    def mac(self, slot: int, data: bytes) -> bytes:
        """See `PinPad`."""
        if not 1 <= len(data) <= codec.LONGEST_MAC_TEXT:
            raise ValueError(f"a MAC is over 1 to {codec.LONGEST_MAC_TEXT} bytes")
        return _sized(self._order(Command.MAC, bytes([_byte(slot)]) + data), MAC_BYTES, "a MAC")

    def _look(self) -> Status:
        """Ask how unit and entry are."""
        status = Status.read(self._order(Command.STATUS))
        self._seen = status
        return status

    def _order(self, command: Command, data: bytes = b"", seconds: float | None = None) -> bytes:
        """The data of the unit's yes; PinPadRefused for its no."""
        deadline = time.monotonic() + (self.settings.call if seconds is None else seconds)
        try:
            answer = self._line.ask(deadline, command, data)
        except DeviceTimeout:
            self._silent = self._line.silent_s >= self.settings.offline
            raise
        self._silent = False
        return _granted(answer, command)


def _granted(answer: Answer, command: Command) -> bytes:
    if answer.status != codec.OK:
        raise PinPadRefused(codec.REFUSALS.get(answer.status, "unknown"), command.name.lower())
    return answer.data


def _byte(slot: int) -> int:
    if not 0 <= slot <= 255:
        raise ValueError("a slot is 0 to 255")
    return slot


def _sized(data: bytes, size: int, what: str) -> bytes:
    if len(data) != size:
        raise ProtocolError(f"{what} of {len(data)} bytes")
    return data
