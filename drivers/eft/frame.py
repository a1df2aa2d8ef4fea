"""The frames of a terminal box's line.

    02 | LEN 2 bytes BCD | data | 03 | LRC        LEN counts the data, LRC is the exclusive or of LEN..03
    06 ACK: heard and whole        15 NAK: broken, say it again

>>> to_bytes(b"H").hex(" ")
'02 00 01 48 03 4a'
>>> Decoder().feed(bytes.fromhex("06 02 00 01 48 03 4a"))
[<Signal.ACK: 6>, Frame()]

Data may hold a full card number: no frame shows it in its repr, and a broken one keeps none of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from functools import reduce
from operator import xor

STX, ETX = 0x02, 0x03
LONGEST = 512
"""No box of this family says more at once; bounds what noise can make us wait for and hold."""


class Signal(IntEnum):
    """A single character between frames."""

    ACK = 0x06
    NAK = 0x15


_SIGNALS = frozenset(Signal)


@dataclass(frozen=True, slots=True)
class Frame:
    """One whole frame."""

    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Broken:
    """Something that began like a frame and was none."""


Event = Frame | Signal | Broken


def lrc(data: bytes) -> int:
    """The exclusive or of all bytes.

    >>> hex(lrc(bytes.fromhex("00 01 48 03")))
    '0x4a'
    """
    return reduce(xor, data, 0)


def to_bytes(data: bytes) -> bytes:
    """The frame as it goes over the line; ValueError for data that is empty or too long."""
    if not 0 < len(data) <= LONGEST:
        raise ValueError(f"a frame holds 1 to {LONGEST} bytes")
    body = bytes.fromhex(f"{len(data):04d}") + data + bytes([ETX])
    return bytes([STX]) + body + bytes([lrc(body)])


class Decoder:
    """Finds frames and signals in a stream of bytes, however it is cut and whatever stands between them.

    Holds at most one frame's length and what one call to `feed` brought. Inside a frame that turned out broken only
    frames are looked for: a byte of it that happens to be 06h acknowledges nothing. Never raises.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._suspect = 0  # how many bytes at the buffer's head belong to a frame that broke

    @property
    def pending(self) -> int:
        """How many bytes wait for the rest of their frame."""
        return len(self._buffer)

    def feed(self, data: bytes) -> list[Event]:
        """Take bytes and give what they completed, in order; empty while more is needed."""
        self._buffer += data
        found: list[Event] = []
        while (event := self._next()) is not None:
            found.append(event)
        return found

    def flush(self) -> list[Event]:
        """The line fell silent: give up on the frame that has begun, and look for whole ones inside it."""
        found: list[Event] = [Broken()] if self._buffer else []
        while self._buffer:
            self._suspect = len(self._buffer)
            self._drop(1)
            found += [event for event in self.feed(b"") if isinstance(event, Frame)]
        return found

    def clear(self) -> None:
        """Forget what was begun."""
        self._drop(len(self._buffer))

    def _drop(self, count: int) -> None:
        del self._buffer[:count]
        self._suspect = max(self._suspect - count, 0)

    def _next(self) -> Event | None:
        while self._buffer:
            byte = self._buffer[0]
            if byte == STX:
                length = self._length()
                if length is None or len(self._buffer) < length:
                    return None
                event = self._take(length)
                if event is not None:
                    return event
                continue
            suspect = self._suspect
            self._drop(1)
            if not suspect and byte in _SIGNALS:
                return Signal(byte)
        return None

    def _length(self) -> int | None:
        """The length of the frame at the head as it claims it; 0 if impossible, None if not yet known."""
        if len(self._buffer) < 3:
            return None
        digits = self._buffer[1:3].hex()
        data = int(digits) if digits.isdecimal() else 0
        return data + 5 if 0 < data <= LONGEST else 0

    def _take(self, length: int) -> Frame | Broken | None:
        """What the `length` bytes at the head are; None for a false start, which is dropped."""
        if not length:
            self._drop(1)
            return None
        wire = bytes(self._buffer[:length])
        if wire[-2] == ETX and lrc(wire[1:-1]) == wire[-1]:
            self._drop(length)
            return Frame(wire[3:-2])
        told, self._suspect = self._suspect, max(self._suspect, length)
        self._drop(1)
        return None if told else Broken()
