"""What one province's meter card looks like: its files and fields, and how it wants to be spoken to, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from drivers.meter_card.codes import NUMBERS, Code, Value

PARAMETER = "parameter"
WALLET = "wallet"
WRITE_BACK = "write_back"

_NUMBER = NUMBERS
_DIGITS = frozenset({Code.DIGITS})
_TIME = frozenset({Code.TIME})

REQUIRED: Mapping[str, Mapping[str, frozenset[Code]]] = {
    PARAMETER: {
        "user_type": _NUMBER,
        "update_flag": _NUMBER,
        "switch_at": _TIME,
        "alarm1_fen": _NUMBER,
        "alarm2_fen": _NUMBER,
        "ct_ratio": _NUMBER,
        "pt_ratio": _NUMBER,
        "meter_no": _DIGITS,
        "customer_no": _DIGITS,
        "card_type": _NUMBER,
    },
    WALLET: {"amount_fen": _NUMBER, "count": _NUMBER},
    WRITE_BACK: {
        "meter_no": _DIGITS,
        "customer_no": _DIGITS,
        "remaining_fen": _NUMBER,
        "count": _NUMBER,
        "overdraft_fen": _NUMBER,
        "illegal_cards": _NUMBER,
        "written_at": _TIME,
    },
}
"""The files and fields that every profile has, so that hub and meter need not know which one they work with."""

CARD_TYPES = ("opening", "purchase", "reissue")
"""The card types that every profile has; a profile may name more."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a file: `count` values of `length` bytes each, the first at `offset`.

    `value` is fixed, and a card that says otherwise is damaged; `default` is written where no value is given.
    `covers` is what a checksum sums up: first and last byte.
    """

    name: str
    offset: int
    length: int
    code: Code
    count: int = 1
    value: Value | None = None
    default: Value | None = None
    covers: tuple[int, int] | None = None

    @property
    def end(self) -> int:
        """Offset of the first byte after the field."""
        return self.offset + self.length * self.count


@dataclass(frozen=True, slots=True)
class EmptyRule:
    """When the meter takes its write-back file for empty.

    Its first byte is not `first_not`, and the bytes `zero_from` to `zero_to` are zero.
    """

    first_not: int
    zero_from: int
    zero_to: int

    def holds(self, data: bytes) -> bool:
        """Whether these bytes are an empty file."""
        return data[0] != self.first_not and not any(data[self.zero_from : self.zero_to + 1])


@dataclass(frozen=True, slots=True)
class CardFile:
    """One file: `p1` selects it by its short identifier, `chunks` are the lengths of the commands that carry it.

    `read` says whether the kiosk reads it when it reads the card.
    """

    name: str
    p1: int
    length: int
    chunks: tuple[int, ...]
    read: bool
    fields: tuple[Field, ...]
    empty: EmptyRule | None = None


@dataclass(frozen=True, slots=True)
class Probe:
    """One more read that only a card of this profile answers: `length` bytes at `offset` of the file at `p1`."""

    p1: int
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class CardFacts:
    """How the card wants to be spoken to.

    `application` is the file id selected below the MF. The serial stands in the MF. `challenge_each` tells whether
    each UPDATE BINARY wants a challenge of its own or one serves the whole series.
    """

    application: bytes
    serial_p1: int
    serial_offset: int
    serial_length: int
    internal_key: int
    external_key: int
    update_cla: int
    challenge_each: bool
    probe: Probe | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """One province's card."""

    name: str
    title: str
    card: CardFacts
    card_types: Mapping[str, int]
    files: Mapping[str, CardFile]
