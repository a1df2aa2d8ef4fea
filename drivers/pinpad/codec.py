"""The PIN pad's questions and answers as frames of printable hex; docs/protocols/pinpad.md says whose they are.

    02 | TEXT | 03 | BB           TEXT is upper-case hex, two digits a byte; BB, written so too, the exclusive or
                                  of TEXT's characters and the 03
    host    NN CC DATA            the question's number, the command, its data
    unit    NN CC SS DATA         number and command of the question, 00 or why not, data

Between frames stand single control characters: ACK (heard), NAK (broken, say it again). What a unit of a maker does
otherwise is changed here, and nowhere else.

>>> Question(1, Command.STATUS).to_bytes()
b'\\x020101\\x0303'
>>> Decoder().feed(b"\\x06\\x02010105\\x0306")
[<Control.ACK: 6>, Frame(length=3)]
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, IntFlag
from functools import reduce
from operator import xor
from typing import ClassVar

from drivers.errors import ProtocolError
from drivers.pinpad.model import KeyKind, SlotKeys

STX, ETX = 0x02, 0x03
LONGEST_BODY = 600
"""Nothing is longer; bounds what a line full of noise can make us hold."""
LONGEST_MAC_TEXT = 512
_HEX = frozenset(b"0123456789ABCDEF")
OK = 0x00
REFUSALS = {
    0x01: "unknown_command",
    0x02: "wrong_length",
    0x03: "no_key",
    0x04: "check_wrong",
    0x05: "component_refused",
    0x06: "no_pin",
    0x07: "entry_open",
    0x08: "tampered",
    0x09: "wrong_value",
}
"""Why a unit says no, in our words."""


class Control(IntEnum):
    """A single character between frames."""

    ACK = 0x06
    NAK = 0x15


class Command(IntEnum):
    """The second byte of a question."""

    STATUS = 0x01
    IDENTIFY = 0x02
    SELF_TEST = 0x03
    LOAD_COMPONENT = 0x10
    LOAD_WORKING = 0x11
    START_PIN = 0x20
    END_PIN = 0x21
    PIN_BLOCK = 0x22
    MAC = 0x30


class Flag(IntFlag):
    """What a unit says of itself in a STATUS."""

    TAMPERED = 0x01
    FAILED = 0x02


_FLAGS = 0x03


class Entry(IntEnum):
    """How the entry of a PIN stands."""

    NONE = 0
    OPEN = 1
    ENTERED = 2
    CANCELLED = 3
    TIMED_OUT = 4


KIND_CODES: Mapping[KeyKind, int] = {KeyKind.PIN: 0x01, KeyKind.MAC: 0x02}


@dataclass(frozen=True, slots=True)
class Frame:
    """The bytes that a sound frame carries. Its repr tells their number alone: some are a customer's."""

    body: bytes = field(repr=False)

    def __repr__(self) -> str:
        return f"Frame(length={len(self.body)})"

    def to_bytes(self) -> bytes:
        """The frame as it goes over the line."""
        if not 0 < len(self.body) <= LONGEST_BODY:
            raise ValueError(f"a frame carries 1 to {LONGEST_BODY} bytes")
        text = self.body.hex().upper().encode("ascii")
        return bytes([STX]) + text + bytes([ETX]) + b"%02X" % _check(text)


@dataclass(frozen=True, slots=True)
class Broken:
    """Bytes that began like a frame and were none; which ones is not told."""

    length: int


Event = Frame | Control | Broken


def _check(text: bytes) -> int:
    return reduce(xor, text, ETX)


class Decoder:
    """Finds frames and control characters in a stream, however it is cut and whatever stands between. Never raises.

    STX never stands within a frame, so each one begins anew.
    """

    def __init__(self) -> None:
        self._text: bytearray | None = None

    @property
    def pending(self) -> bool:
        """Whether a frame has begun."""
        return self._text is not None

    def clear(self) -> None:
        """Forget what was begun."""
        self._text = None

    def feed(self, data: bytes) -> list[Event]:
        """Take bytes and give what they completed, in order; empty while more is needed."""
        return [event for byte in data if (event := self._take(byte)) is not None]

    def _take(self, byte: int) -> Event | None:
        text = self._text
        if byte == STX:
            self._text = bytearray()
            return Broken(len(text)) if text else None
        if text is None:
            return Control(byte) if byte in (Control.ACK, Control.NAK) else None
        text.append(byte)
        if len(text) >= 3 and text[-3] == ETX:
            self._text = None
            return _framed(bytes(text))
        fits = byte in _HEX or (byte == ETX and ETX not in text[:-1])
        if not fits or len(text) > 2 * LONGEST_BODY + 3:
            self._text = None
            return Broken(len(text))
        return None


def _framed(text: bytes) -> Frame | Broken:
    digits, check = text[:-3], text[-2:]
    if not digits or len(digits) % 2 or check != b"%02X" % _check(digits):
        return Broken(len(text))
    return Frame(bytes.fromhex(digits.decode("ascii")))


@dataclass(frozen=True, slots=True)
class Question:
    """One command. A number from 1 to 255 is answered once: the same again gets the same answer and does nothing."""

    number: int
    command: int
    data: bytes = field(default=b"", repr=False)

    def to_bytes(self) -> bytes:
        """The frame as it goes over the line."""
        return Frame(bytes((self.number, self.command)) + self.data).to_bytes()

    @classmethod
    def read(cls, body: bytes) -> Question:
        """Read what a frame to a unit carries; ProtocolError when it is too short."""
        if len(body) < 2:
            raise ProtocolError(f"a question of {len(body)} bytes")
        return cls(body[0], body[1], body[2:])


@dataclass(frozen=True, slots=True)
class Answer:
    """What a unit says to a question; `status` is 00 for yes."""

    HEAD: ClassVar[int] = 3

    number: int
    command: int
    status: int = OK
    data: bytes = field(default=b"", repr=False)

    def to_bytes(self) -> bytes:
        """The frame as it goes over the line."""
        return Frame(bytes((self.number, self.command, self.status)) + self.data).to_bytes()

    @classmethod
    def read(cls, body: bytes) -> Answer:
        """Read what a frame from a unit carries; ProtocolError when it is too short."""
        if len(body) < cls.HEAD:
            raise ProtocolError(f"an answer of {len(body)} bytes")
        return cls(body[0], body[1], body[2], body[3:])


@dataclass(frozen=True, slots=True)
class Status:
    """The data of a STATUS answer: flags, entry, digits entered, then slot and keys for each slot that has any."""

    flags: Flag
    entry: Entry
    digits: int
    slots: Mapping[int, SlotKeys]

    def to_bytes(self) -> bytes:
        """Flags, entry, digits, and two bytes a slot."""
        pairs = b"".join(bytes((slot, keys)) for slot, keys in self.slots.items())
        return bytes((self.flags, self.entry, self.digits)) + pairs

    @classmethod
    def read(cls, data: bytes) -> Status:
        """Read the answer's data; ProtocolError for what no unit says."""
        if len(data) < 3 or len(data) % 2 == 0:
            raise ProtocolError("status of a wrong length")
        flags, entry, digits = data[:3]
        slots = dict(zip(data[3::2], data[4::2], strict=True))
        if flags & ~_FLAGS or digits > 12 or any(keys & ~0x0F for keys in slots.values()):
            raise ProtocolError("status with unknown flags")
        try:
            return cls(Flag(flags), Entry(entry), digits, {s: SlotKeys(k) for s, k in slots.items()})
        except ValueError:
            raise ProtocolError("status with an unknown entry") from None


def account_part(pan: str) -> bytes:
    """The twelve digits of a card's number that go into a PIN block of ISO 9564-1 format 0, packed: 6 bytes.

    They are the rightmost but for the check digit. ValueError for what is no number of 13 to 19 digits.

    >>> account_part("6212142000000000012").hex()
    '200000000001'
    """
    if not (pan.isascii() and pan.isdigit() and 13 <= len(pan) <= 19):
        raise ValueError("a card's number has 13 to 19 digits")
    return bytes.fromhex(pan[-13:-1])
