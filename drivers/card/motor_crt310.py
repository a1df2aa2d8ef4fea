"""The CRT-310 motor readers' commands, answers and codes; docs/protocols/crt310.md says what is sure of them.

    host    CM PM DATA
    unit    CM PM DATA        yes; a move's DATA is one byte: Y done, N failed, E no card, W card in a wrong place
            4E CM ... E       no, for the reason E

What a unit of the family does otherwise is changed here, in these tables, and nowhere else.

>>> parse_answer(bytes.fromhex("32 30 59"))
Answer(command=50, parameter=48, data=b'Y', error='')
>>> parse_answer(bytes.fromhex("4E 32 06"))
Answer(command=50, parameter=None, data=b'', error='06')
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from drivers.card.frame import MOTOR, Answer, Dialect, Question
from drivers.card.model import CardState
from drivers.errors import ProtocolError

NO = 0x4E


class Command(IntEnum):
    """The first byte of a text."""

    STOP_POSITION = 0x2E
    ENTRY = 0x2F
    RESET = 0x30
    STATUS = 0x31
    MOVE = 0x32


class Reset(IntEnum):
    """What RESET does with a card inside."""

    STAY = 0x30
    TO_FRONT = 0x31
    TO_REAR = 0x32


class Move(IntEnum):
    """Where MOVE carries the card."""

    INSIDE = 0x2E
    CONTACT = 0x2F
    FRONT_LOOSE = 0x30
    FRONT_HELD = 0x31
    REAR_HELD = 0x32
    REAR_OUT = 0x33
    ABNORMAL_OUT = 0x34


class Stop(IntEnum):
    """Where a card comes to rest that was let in."""

    FRONT_LOOSE = 0x30
    FRONT_HELD = 0x31
    INSIDE = 0x32
    CONTACT = 0x33
    REAR_HELD = 0x34
    REAR_OUT = 0x35


class Entry(IntEnum):
    """Which cards ENTRY lets in at the front."""

    NONE = 0x31
    MAGNETIC_AND_SWITCH = 0x32
    SWITCH = 0x33
    MAGNETIC = 0x34


class Rear(IntEnum):
    """Whether ENTRY lets cards in at the rear."""

    ALLOWED = 0x30
    REFUSED = 0x31


class Place(IntEnum):
    """The first byte of a status: where the card is."""

    TOO_LONG = 0x46
    TOO_SHORT = 0x47
    FRONT_LOOSE = 0x48
    FRONT_HELD = 0x49
    INSIDE = 0x4A
    CONTACT = 0x4B
    REAR_HELD = 0x4C
    REAR_OUT = 0x4D
    NONE = 0x4E


class Done(IntEnum):
    """How a move ended."""

    YES = 0x59
    FAILED = 0x4E
    NO_CARD = 0x45
    WRONG_PLACE = 0x57


FRONT_SHUT = REAR_SHUT = 0x4E
FRONT_OPEN = {Entry.MAGNETIC_AND_SWITCH: 0x49, Entry.SWITCH: 0x4A, Entry.MAGNETIC: 0x4B}
REAR_OPEN = 0x4A

UNKNOWN_COMMAND, UNKNOWN_PARAMETER, NOT_NOW, WRONG_DATA = "00", "01", "02", "04"
VOLTAGE, ABNORMAL_CARD, POWER_DOWN = "05", "06", "07"
ERRORS = {
    UNKNOWN_COMMAND: "unknown command",
    UNKNOWN_PARAMETER: "unknown parameter",
    NOT_NOW: "not possible now",
    WRONG_DATA: "wrong data",
    VOLTAGE: "supply voltage out of range",
    ABNORMAL_CARD: "a card of abnormal length is inside",
    POWER_DOWN: "main power is down",
}

STATES = {
    Place.TOO_LONG: CardState.ABNORMAL,
    Place.TOO_SHORT: CardState.ABNORMAL,
    Place.FRONT_LOOSE: CardState.LOOSE,
    Place.FRONT_HELD: CardState.HELD,
    Place.INSIDE: CardState.INSIDE,
    Place.CONTACT: CardState.CONTACT,
    Place.REAR_HELD: CardState.REAR,
    Place.REAR_OUT: CardState.IN_BIN_MOUTH,
    Place.NONE: CardState.EMPTY,
}

STATUS = Question(Command.STATUS, 0x30)
SENSORS = Question(Command.STATUS, 0x2F)
SERIAL = Question(Command.RESET, 0x3A)


@dataclass(frozen=True, slots=True)
class Status:
    """Where the card is, and what the unit lets in at the front and at the rear."""

    place: Place
    front: int
    rear: int


def parse_status(data: bytes) -> Status:
    """Read the data of a STATUS answer; ProtocolError for a place that is not in the table."""
    if len(data) != 3:
        raise ProtocolError("status of a wrong length", data)
    try:
        return Status(Place(data[0]), data[1], data[2])
    except ValueError:
        raise ProtocolError("status with an unknown place", data) from None


def shutter_open(data: bytes) -> bool:
    """Read the data of a SENSORS answer: five or six light barriers, the shutter, the switch at the entry."""
    if len(data) not in (7, 8) or set(data) - {0x30, 0x31}:
        raise ProtocolError("sensors that cannot be read", data)
    return data[-2] == 0x31


def parse_done(data: bytes) -> Done:
    """Read the data of a MOVE answer."""
    try:
        return Done(data[0])
    except (IndexError, ValueError):
        raise ProtocolError("move with an unknown end", data) from None


def to_text(question: Question) -> bytes:
    """CM PM DATA."""
    return bytes([question.command, question.parameter]) + question.data


def parse_answer(text: bytes) -> Answer:
    """Read what a unit says; the reason of a no is its last byte, whatever stands before."""
    if text[0] == NO and len(text) >= 3:
        return Answer(text[1], None, error=f"{text[-1]:02X}")
    if text[0] == NO or len(text) < 2:
        raise ProtocolError("answer too short", text)
    return Answer(text[0], text[1], text[2:])


CRT310 = Dialect(MOTOR, enquires=True, marks=(SERIAL, SENSORS), text=to_text, answer=parse_answer)
