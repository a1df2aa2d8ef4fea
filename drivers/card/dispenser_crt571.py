"""The CRT-571 dispensers' commands, answers and codes; docs/protocols/crt571.md says what is sure of them.

    host    43 CM PM DATA
    unit    50 CM PM ST0 ST1 ST2 DATA      yes, and where everything stands now
            4E CM PM E1 E0 DATA            no (45 in place of 4E in some editions), with two characters that say why

What a unit of the family does otherwise is changed here, in these tables, and nowhere else.

>>> parse_answer(bytes.fromhex("50 32 31 32 32 30"))
Answer(command=50, parameter=49, data=b'220', error='')
>>> parse_answer(b"N21A0")
Answer(command=50, parameter=49, data=b'', error='A0')
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from drivers.card.frame import DISPENSER, Answer, Dialect, Question
from drivers.errors import ProtocolError
from drivers.status import Supply

COMMAND, YES = 0x43, 0x50
NO = frozenset({0x4E, 0x45})


class Command(IntEnum):
    """The second byte of a text."""

    RESET = 0x30
    STATUS = 0x31
    MOVE = 0x32
    ENTRY = 0x33
    VERSION = 0xA4


class Reset(IntEnum):
    """What RESET does with a card in the path."""

    TO_MOUTH = 0x30
    TO_BIN = 0x31
    STAY = 0x33


class Move(IntEnum):
    """Where MOVE carries the card; with none in the path, one from the stack."""

    MOUTH_HELD = 0x30
    CONTACT = 0x31
    ANTENNA = 0x32
    BIN = 0x33
    MOUTH_OUT = 0x39


class Entry(IntEnum):
    """Whether a card may be put in at the mouth."""

    ALLOWED = 0x30
    REFUSED = 0x31


class Path(IntEnum):
    """ST0: the card in the path."""

    NONE = 0x30
    MOUTH = 0x31
    STATION = 0x32


STACKS = {0x30: Supply.OUT, 0x31: Supply.LOW, 0x32: Supply.GOOD}
BINS = {0x30: Supply.GOOD, 0x31: Supply.FULL}

NOT_RESET = "B0"
REFUSED, JAM, PULLED, ABNORMAL, BIN_FULL = "refused", "jam", "pulled", "card_abnormal", "bin_full"
STACK_OUT, FAILED = "stack_out", "failed"
ERRORS: dict[str, tuple[str, str]] = {
    "00": (REFUSED, "unknown command"),
    "01": (REFUSED, "unknown parameter"),
    "02": (REFUSED, "not possible now"),
    "03": (REFUSED, "not in this hardware"),
    "04": (REFUSED, "wrong data"),
    "05": (FAILED, "chip contact not released"),
    "10": (JAM, "card jam"),
    "12": (FAILED, "sensor"),
    "13": (ABNORMAL, "card too long"),
    "14": (ABNORMAL, "card too short"),
    "16": (PULLED, "card moved by hand"),
    "40": (JAM, "card moved while it was taken back"),
    "41": (FAILED, "magnet of the chip contact"),
    "43": (JAM, "cannot move the card to the chip contact"),
    "45": (PULLED, "card moved by hand"),
    "50": (BIN_FULL, "counter of the reject bin overflows"),
    "51": (FAILED, "motor"),
    "A0": (STACK_OUT, "stack empty"),
    "A1": (BIN_FULL, "reject bin full"),
    NOT_RESET: (REFUSED, "not reset since power-up"),
}
"""Our word for each code, and what the unit means by it."""

STATUS = Question(Command.STATUS, 0x30)
SENSORS = Question(Command.STATUS, 0x31)
VERSION = Question(Command.VERSION, 0x30)


@dataclass(frozen=True, slots=True)
class Status:
    """ST0, ST1 and ST2, which stand in every answer that says yes."""

    path: Path
    stack: Supply
    reject_bin: Supply


def parse_status(data: bytes) -> Status:
    """Read the first three bytes of an answer's data; ProtocolError for a byte that is not in the tables."""
    try:
        return Status(Path(data[0]), STACKS[data[1]], BINS[data[2]])
    except (IndexError, KeyError, ValueError):
        raise ProtocolError("status that cannot be read", data) from None


def meaning(error: str) -> tuple[str, str]:
    """Our word for an error code, and the unit's; a code that nobody knows is a failure."""
    return ERRORS.get(error, (FAILED, "unknown code"))


def to_text(question: Question) -> bytes:
    """43 CM PM DATA."""
    return bytes([COMMAND, question.command, question.parameter]) + question.data


def parse_answer(text: bytes) -> Answer:
    """Read what a unit says."""
    if len(text) >= 6 and text[0] == YES:
        return Answer(text[1], text[2], text[3:])
    if len(text) >= 5 and text[0] in NO:
        return Answer(text[1], text[2], text[5:], text[3:5].decode("ascii", "replace"))
    raise ProtocolError("answer that cannot be read", text)


CRT571 = Dialect(DISPENSER, enquires=False, marks=(VERSION, SENSORS), text=to_text, answer=parse_answer)
