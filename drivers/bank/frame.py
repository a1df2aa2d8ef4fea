"""What wraps a bank's message on a TCP connection.

    LEN 2, of all that follows | TPDU 5: 60, destination 2, source 2 | header 6 BCD | message

The header's 12 digits: class of application 2 (60 stripe, 61 chip), version 2, terminal's state 1, what the bank wants
done 1, version of the terminal's program 6.

>>> frame = Frame(bytes.fromhex("60 0003 0000"), "603100000000", b"message")
>>> frame.to_bytes().hex(" ")
'00 12 60 00 03 00 00 60 31 00 00 00 00 6d 65 73 73 61 67 65'
>>> frame.reply(b"").tpdu.hex()
'6000000003'
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum

from drivers.errors import ProtocolError

LENGTH_BYTES = 2
TPDU_LENGTH = 5
HEADER_DIGITS = 12
_HEAD = TPDU_LENGTH + HEADER_DIGITS // 2
MOST = 4096
"""The longest frame we hold, without its length; a message in this form has some 1,500 bytes at most."""


class Wanted(IntEnum):
    """What the bank asks the terminal to do after this message."""

    NOTHING = 0
    PARAMETERS = 1
    STATUS = 2
    SIGN_ON = 3
    CA_KEYS = 4
    CHIP_PARAMETERS = 5
    REMOTE_UPDATE = 6


@dataclass(frozen=True, slots=True)
class Frame:
    """One message with what wraps it; `body` is for `drivers.bank.message`."""

    tpdu: bytes
    header: str
    body: bytes

    def __repr__(self) -> str:
        """Without the body, which may hold a card's number."""
        return f"Frame({self.tpdu.hex()!r}, {self.header!r}, <{len(self.body)} bytes>)"

    @property
    def wanted(self) -> Wanted:
        """What the bank wants done; digits that nobody gave a meaning want nothing."""
        digit = int(self.header[5])
        return Wanted(digit) if digit <= max(Wanted) else Wanted.NOTHING

    def asking(self, wanted: Wanted) -> Frame:
        """The same frame with another wish in its header."""
        return replace(self, header=f"{self.header[:5]}{int(wanted)}{self.header[6:]}")

    def reply(self, body: bytes) -> Frame:
        """The frame of an answer: addresses exchanged, the same header with no wish in it."""
        tpdu = self.tpdu[:1] + self.tpdu[3:5] + self.tpdu[1:3]
        return Frame(tpdu, self.header, body).asking(Wanted.NOTHING)

    def to_bytes(self) -> bytes:
        """The frame as it goes over the connection; ValueError for parts of a wrong form."""
        if len(self.tpdu) != TPDU_LENGTH:
            raise ValueError(f"a TPDU has {TPDU_LENGTH} bytes")
        if len(self.header) != HEADER_DIGITS or not (self.header.isascii() and self.header.isdigit()):
            raise ValueError(f"a header has {HEADER_DIGITS} digits")
        content = self.tpdu + bytes.fromhex(self.header) + self.body
        if len(content) > MOST:
            raise ValueError(f"a frame has at most {MOST} bytes")
        return len(content).to_bytes(LENGTH_BYTES, "big") + content


class Decoder:
    """Finds frames in a stream, however it is cut. Holds at most one frame and what one call brought."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    @property
    def pending(self) -> int:
        """How many bytes wait for the rest of their frame."""
        return len(self._buffer)

    def feed(self, data: bytes) -> list[Frame]:
        """Take bytes and give the frames that they complete.

        ProtocolError for a length or a header that no frame has. Where the next frame begins is unknown then: each
        further call fails too, and the connection must be closed. What was whole before is given first.
        """
        self._buffer += data
        frames: list[Frame] = []
        while len(self._buffer) >= LENGTH_BYTES:
            length = int.from_bytes(self._buffer[:LENGTH_BYTES], "big")
            whole = len(self._buffer) >= LENGTH_BYTES + length
            fault = self._fault(length, whole)
            if fault:
                if frames:
                    break  # the next call tells
                raise ProtocolError(fault)
            if not whole:
                break
            content = bytes(self._buffer[LENGTH_BYTES : LENGTH_BYTES + length])
            del self._buffer[: LENGTH_BYTES + length]
            frames.append(Frame(content[:TPDU_LENGTH], content[TPDU_LENGTH:_HEAD].hex(), content[_HEAD:]))
        return frames

    def _fault(self, length: int, whole: bool) -> str:
        if not _HEAD <= length <= MOST:
            return f"a bank's frame tells a length of {length}"
        if whole and not self._buffer[LENGTH_BYTES + TPDU_LENGTH : LENGTH_BYTES + _HEAD].hex().isdigit():
            return "a bank's frame has a header that is not of digits"
        return ""
