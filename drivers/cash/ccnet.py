"""CCNET, the CashCode acceptors' protocol: frames to and from bytes, and what the payloads mean.

    host    02 | ADR | LNG | CMD | DATA 0..n | CRC_lo CRC_hi
    device  02 | ADR | LNG |       DATA 1..n | CRC_lo CRC_hi

LNG counts all bytes from 02 to the CRC. A frame longer than 250 bytes has LNG 0 and carries its length in
the first two data bytes. The CRC is CRC-16/KERMIT over everything before it.

What the decoder gives of a stream with noise in it is the leftmost whole frames that do not overlap, and nothing else:
a frame whose bytes are intact is lost only when noise before it happens to be a whole frame, sound CRC included, that
reaches into it (one chance in 65,536 for each 02 in the noise). Noise that merely begins like a frame holds the frames
behind it back until its length has come in (1,024 bytes at most) or the line falls silent, which is told by `flush`.

>>> Frame(VALIDATOR, bytes([Command.POLL])).to_bytes().hex(" ").upper()
'02 03 06 33 DA 81'
"""

from __future__ import annotations

import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from drivers.cash.model import NoteType
from drivers.errors import ProtocolError

SYNC = 0x02
VALIDATOR = 0x03

ACK = b"\x00"
NAK = b"\xff"
ILLEGAL = b"\x30"

NOTE_TYPES = 24
IDENTIFICATION_BYTES = 34
BILL_TABLE_BYTES = 5 * NOTE_TYPES

_OVERHEAD = 5
_SHORTEST = 6
_LONGEST_SHORT = 250
# Nothing we ask for is longer; bounds what a line full of noise can make us wait for and hold.
_LONGEST = 1024


class Command(IntEnum):
    """What the host can ask of a validator."""

    ACK = 0x00
    RESET = 0x30
    GET_STATUS = 0x31
    SET_SECURITY = 0x32
    POLL = 0x33
    ENABLE_BILL_TYPES = 0x34
    STACK = 0x35
    RETURN = 0x36
    IDENTIFICATION = 0x37
    HOLD = 0x38
    GET_BILL_TABLE = 0x41
    GET_STACKED_COUNTER = 0x5B
    NAK = 0xFF


class State(IntEnum):
    """The first byte of a POLL answer."""

    POWER_UP = 0x10
    POWER_UP_BILL_IN_VALIDATOR = 0x11
    POWER_UP_BILL_IN_STACKER = 0x12
    INITIALIZE = 0x13
    IDLING = 0x14
    ACCEPTING = 0x15
    STACKING = 0x17
    RETURNING = 0x18
    UNIT_DISABLED = 0x19
    HOLDING = 0x1A
    BUSY = 0x1B
    REJECTING = 0x1C
    CASSETTE_FULL = 0x41
    CASSETTE_OUT = 0x42
    VALIDATOR_JAMMED = 0x43
    CASSETTE_JAMMED = 0x44
    CHEATED = 0x45
    PAUSE = 0x46
    FAILURE = 0x47
    ESCROW = 0x80
    STACKED = 0x81
    RETURNED = 0x82


# States whose second byte is part of the answer: a reason, a failure code, a time or a bill type.
_WITH_DETAIL = frozenset(
    {State.BUSY, State.REJECTING, State.FAILURE, State.ESCROW, State.STACKED, State.RETURNED}
)


_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def crc16(data: bytes) -> int:
    """CRC-16/KERMIT.

    >>> hex(crc16(b"123456789"))
    '0x2189'
    """
    # The standard library has the same polynomial with the highest bit first: mirror what goes in and what comes out.
    crc = binascii.crc_hqx(data.translate(_MIRRORED), 0)
    return _MIRRORED[crc & 0xFF] << 8 | _MIRRORED[crc >> 8]


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame. `payload` is CMD and DATA from the host, DATA alone from the device; never empty."""

    address: int
    payload: bytes

    def to_bytes(self, *, from_host: bool = True) -> bytes:
        """The frame as it goes over the line; `from_host` matters only where it is longer than 250 bytes."""
        length = _OVERHEAD + len(self.payload)
        if not self.payload or length + 2 > _LONGEST:
            raise ValueError(f"a CCNET payload has 1 to {_LONGEST - _OVERHEAD - 2} bytes")
        if length <= _LONGEST_SHORT:
            body = bytes([SYNC, self.address, length]) + self.payload
        else:
            command = self.payload[: int(from_host)]
            rest = self.payload[int(from_host) :]
            body = bytes([SYNC, self.address, 0]) + command + (length + 2).to_bytes(2, "big") + rest
        return body + crc16(body).to_bytes(2, "little")


@dataclass(frozen=True, slots=True)
class Broken:
    """Bytes that began like a frame and were none; `whole` is true when only the CRC was wrong."""

    data: bytes
    whole: bool


class Decoder:
    """Finds frames in a stream of bytes, however it is cut and whatever stands between them.

    Holds at most one frame's length of bytes (1,024) and what one call to `feed` brought; what it gives back as
    broken is no longer than that either. Never raises.
    """

    def __init__(self, *, from_host: bool = False) -> None:
        self._command_bytes = int(from_host)
        self._buffer = bytearray()
        self._told = 0

    @property
    def pending(self) -> int:
        """How many bytes wait for the rest of their frame."""
        return len(self._buffer)

    def feed(self, data: bytes) -> list[Frame | Broken]:
        """Take bytes and give what they completed, in order; empty while more is needed."""
        self._buffer += data
        found: list[Frame | Broken] = []
        while (event := self._next()) is not None:
            found.append(event)
        return found

    def flush(self) -> list[Frame | Broken]:
        """The line fell silent: give up on the frame that has begun, and look for whole ones inside it."""
        found: list[Frame | Broken] = [Broken(bytes(self._buffer), whole=False)] if self._buffer else []
        while self._buffer:
            self._drop(1)
            found += self.feed(b"")
        return found

    def clear(self) -> None:
        """Forget what was begun."""
        self._drop(len(self._buffer))

    def _drop(self, count: int) -> None:
        del self._buffer[:count]
        self._told = max(self._told - count, 0)

    def _next(self) -> Frame | Broken | None:
        buffer = self._buffer
        while True:
            start = buffer.find(SYNC)
            self._drop(len(buffer) if start < 0 else start)
            length = self._length()
            if length is None or len(buffer) < length:
                return None
            if not length:
                self._drop(1)
                continue
            data = bytes(buffer[:length])
            if crc16(data[:-2]) == int.from_bytes(data[-2:], "little"):
                self._drop(length)
                return self._frame(data)
            # A frame may begin inside what only looked like one; that another false one does is no news.
            told, self._told = self._told, self._told or length
            self._drop(1)
            if not told:
                return Broken(data, whole=True)

    def _frame(self, data: bytes) -> Frame:
        payload = data[3:-2]
        if data[2] == 0:
            payload = payload[: self._command_bytes] + payload[self._command_bytes + 2 :]
        return Frame(data[1], payload)

    def _length(self) -> int | None:
        """The length that the frame at the buffer's head claims; 0 if impossible, None if not yet known."""
        if len(self._buffer) < 3:
            return None
        length = self._buffer[2]
        if length:
            return length if _SHORTEST <= length <= _LONGEST_SHORT else 0
        at = 3 + self._command_bytes
        if len(self._buffer) < at + 2:
            return None
        length = int.from_bytes(self._buffer[at : at + 2], "big")
        return length if _LONGEST_SHORT < length <= _LONGEST else 0


@dataclass(frozen=True, slots=True)
class PollAnswer:
    """State and second byte of a POLL answer; `detail` is None for the states that have none."""

    state: State
    detail: int | None = None

    def to_bytes(self) -> bytes:
        """The payload of the answer."""
        return bytes([self.state] if self.detail is None else [self.state, self.detail])


def parse_poll(payload: bytes) -> PollAnswer:
    """Read a POLL answer; ProtocolError for a state that no validator has, a missing second byte or a third one."""
    if len(payload) > 2:
        raise ProtocolError("POLL answer of a wrong length", payload)
    try:
        state = State(payload[0])
    except ValueError:
        raise ProtocolError("unknown state in a POLL answer", payload) from None
    if state not in _WITH_DETAIL:
        return PollAnswer(state)
    if len(payload) < 2:
        raise ProtocolError("POLL answer without its second byte", payload)
    return PollAnswer(state, payload[1])


@dataclass(frozen=True, slots=True)
class Identification:
    """Part number, serial number (both without their padding) and asset number."""

    part: str
    serial: str
    asset: bytes

    def to_bytes(self) -> bytes:
        """The 34 bytes of the answer."""
        return self.part.encode("ascii").ljust(15) + self.serial.encode("ascii").ljust(12) + self.asset


def parse_identification(payload: bytes) -> Identification:
    """Read an IDENTIFICATION answer: 15 bytes part number, 12 serial number, 7 asset number."""
    if len(payload) != IDENTIFICATION_BYTES:
        raise ProtocolError("IDENTIFICATION answer of a wrong length", payload)
    part, serial = (field.decode("ascii", "replace").strip(" \0") for field in (payload[:15], payload[15:27]))
    return Identification(part, serial, payload[27:])


def parse_bill_table(payload: bytes) -> tuple[NoteType, ...]:
    """Read a GET BILL TABLE answer: 24 entries of leading digits, three country letters and an exponent."""
    if len(payload) != BILL_TABLE_BYTES:
        raise ProtocolError("bill table of a wrong length", payload)
    entries = (payload[5 * index : 5 * index + 5] for index in range(NOTE_TYPES))
    return tuple(_note_type(index, entry) for index, entry in enumerate(entries) if entry[0])


def _note_type(index: int, entry: bytes) -> NoteType:
    exponent = entry[4] & 0x7F
    if exponent > 9:
        raise ProtocolError("bill table entry with an impossible exponent", entry)
    if entry[4] & 0x80:
        value, rest = divmod(entry[0] * 100, 10**exponent)
        if rest:
            raise ProtocolError("bill table entry that is no whole number of fen", entry)
    else:
        value = entry[0] * 100 * 10**exponent
    return NoteType(index, value, entry[1:4].decode("ascii", "replace"))


def bill_table(notes: Iterable[NoteType]) -> bytes:
    """The payload of a GET BILL TABLE answer; the inverse of `parse_bill_table`."""
    table = bytearray(BILL_TABLE_BYTES)
    for note in notes:
        digits, exponent = note.value_fen, -2
        while digits % 10 == 0 and digits:
            digits, exponent = digits // 10, exponent + 1
        sign = 0x80 if exponent < 0 else 0
        entry = bytes([digits]) + note.currency.encode("ascii") + bytes([sign | abs(exponent)])
        table[5 * note.index : 5 * note.index + 5] = entry
    return bytes(table)


def type_mask(note_types: Iterable[int]) -> bytes:
    """Three bytes with a bit for each note type, type 0 in the lowest bit of the last byte."""
    mask = 0
    for index in note_types:
        if not 0 <= index < NOTE_TYPES:
            raise ValueError(f"note type {index} is not within 0..{NOTE_TYPES - 1}")
        mask |= 1 << index
    return mask.to_bytes(3, "big")


def parse_type_mask(mask: bytes) -> frozenset[int]:
    """The note types of a three-byte mask."""
    bits = int.from_bytes(mask, "big")
    return frozenset(index for index in range(8 * len(mask)) if bits >> index & 1)


def parse_counter(payload: bytes) -> int:
    """Read a GET COUNTER OF STACKED BILLS answer: one number of 3 to 8 bytes, highest byte first.

    A POLL answer is shorter and raises ProtocolError, like every other answer that a validator is asked for here.
    """
    if not 3 <= len(payload) <= 8:
        raise ProtocolError("counter of a wrong length", payload)
    return int.from_bytes(payload, "big")
