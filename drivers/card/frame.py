"""The frames of the CRT family of card units, to and from bytes, and the questions and answers that they carry.

    motor readers (CRT-310)    02 |       LENH LENL | TEXT | 03 | BCC
    dispensers (CRT-571)       F2 | ADDR | LENH LENL | TEXT | 03 | BCC

LEN counts the bytes of TEXT. BCC is the exclusive or of every byte before it. Between frames stand single control
characters: ACK, NAK, ENQ, EOT. What TEXT means is each unit's own: `motor_crt310`, `dispenser_crt571`.

One byte of check is little: noise of the right shape passes for a frame once in 256. So what a frame says is believed
only where it answers what was asked, and a card's place only if it is one of the table.

>>> MOTOR.to_bytes(Frame(b"\\x32\\x30")).hex(" ")
'02 00 02 32 30 03 01'
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from functools import reduce
from operator import xor

ETX = 0x03
LONGEST_TEXT = 520
"""Nothing we ask for is longer; bounds what a line full of noise can make us wait for and hold."""


class Control(IntEnum):
    """A single character between frames."""

    EOT = 0x04
    ENQ = 0x05
    ACK = 0x06
    NAK = 0x15


_CONTROLS = frozenset(Control)


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame; `address` stays 0 where the framing has none."""

    text: bytes
    address: int = 0


@dataclass(frozen=True, slots=True)
class Broken:
    """Bytes that began like a frame and were none."""

    data: bytes


def bcc(data: bytes) -> int:
    """The exclusive or of all bytes.

    >>> bcc(bytes.fromhex("02 00 03 32 30 59 03"))
    89
    """
    return reduce(xor, data, 0)


@dataclass(frozen=True, slots=True)
class Framing:
    """How one kind of unit wraps its text: the start byte, and whether an address follows it."""

    start: int
    addressed: bool

    @property
    def head(self) -> int:
        """How many bytes stand before the text."""
        return 3 + self.addressed

    def to_bytes(self, frame: Frame) -> bytes:
        """The frame as it goes over the line; ValueError for a text that is empty or too long."""
        if not 0 < len(frame.text) <= LONGEST_TEXT:
            raise ValueError(f"a text has 1 to {LONGEST_TEXT} bytes")
        address = bytes([frame.address]) if self.addressed else b""
        body = bytes([self.start]) + address + len(frame.text).to_bytes(2, "big") + frame.text + bytes([ETX])
        return body + bytes([bcc(body)])


MOTOR = Framing(0x02, addressed=False)
DISPENSER = Framing(0xF2, addressed=True)

Event = Frame | Control | Broken


class Decoder:
    """Finds frames and control characters in a stream of bytes, however it is cut and whatever stands between them.

    Holds at most one frame's length of bytes and what one call to `feed` brought. Inside a frame that turns out
    broken only frames are looked for: a check byte that happens to be 06h acknowledges nothing. Never raises.
    """

    def __init__(self, framing: Framing) -> None:
        self._framing = framing
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
        found: list[Event] = [Broken(bytes(self._buffer))] if self._buffer else []
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
            if byte == self._framing.start:
                length = self._length()
                if length is None or len(self._buffer) < length:
                    return None
                event = self._take(length)
                if event is not None:
                    return event
                continue
            suspect = self._suspect
            self._drop(1)
            if not suspect and byte in _CONTROLS:
                return Control(byte)
        return None

    def _take(self, length: int) -> Frame | Broken | None:
        """What the `length` bytes at the head are; None for a false start, which is dropped."""
        if not length:
            self._drop(1)
            return None
        data, framing = bytes(self._buffer[:length]), self._framing
        if data[-2] == ETX and bcc(data[:-1]) == data[-1]:
            self._drop(length)
            return Frame(data[framing.head : -2], data[1] if framing.addressed else 0)
        told, self._suspect = self._suspect, max(self._suspect, length)
        self._drop(1)
        return None if told else Broken(data)

    def _length(self) -> int | None:
        """The length that the frame at the head claims; 0 if impossible, None if not yet known."""
        head = self._framing.head
        if len(self._buffer) < head:
            return None
        text = int.from_bytes(self._buffer[head - 2 : head], "big")
        return head + text + 2 if 0 < text <= LONGEST_TEXT else 0


@dataclass(frozen=True, slots=True)
class Question:
    """One command: its two bytes and what follows them."""

    command: int
    parameter: int
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a unit says to a question. `error` is its own error code, "" where it says yes.

    `parameter` is None where the unit does not repeat it, which motor readers do not when they say no.
    """

    command: int
    parameter: int | None
    data: bytes = b""
    error: str = ""

    def answers(self, question: Question) -> bool:
        """Whether this can be the answer to `question`; a late one to another question is not."""
        return self.command == question.command and self.parameter in (None, question.parameter)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one kind of unit is spoken to.

    `enquires`: the unit acknowledges a command, and carries it out and answers when it is sent ENQ; otherwise it does
    so by itself. `marks` are questions that move nothing, for getting back in step; seldom asked otherwise.
    `text` gives a question's text, `answer` reads one (ProtocolError for what no unit says).
    """

    framing: Framing
    enquires: bool
    marks: tuple[Question, ...]
    text: Callable[[Question], bytes]
    answer: Callable[[bytes], Answer]
