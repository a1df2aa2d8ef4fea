"""What stands inside the fields that banks divide further: 48, 53, 60, 61, 63, and PIN blocks and masked numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from drivers.errors import ProtocolError

PIN_SHORTEST, PIN_LONGEST = 4, 12
OPERATOR = "01 "
CURRENCY = "156"
"""Renminbi (ISO 4217), field 49."""
_HALF = 31


class Balance(IntEnum):
    """How a bank found a batch's totals."""

    UNSAID = 0
    EQUAL = 1
    UNEQUAL = 2
    WRONG = 3


@dataclass(frozen=True, slots=True)
class Totals:
    """Field 48 of a settlement: how many transactions of a batch took and gave back how much, in fen.

    On the wire the same follows for cards of foreign schemes, of which we have none. `code` is the bank's finding, the
    worse of both halves.

    >>> Totals(3, 12_300, 1, 100).to_field()
    '00000001230000300000000010000100000000000000000000000000000000'
    """

    debit_count: int = 0
    debit_fen: int = 0
    credit_count: int = 0
    credit_fen: int = 0
    code: int = Balance.UNSAID

    def to_field(self) -> str:
        """Give the 62 digits; ValueError for a number that has no room."""
        foreign = min(self.code, Balance.EQUAL)
        half = (
            _number(self.debit_fen, 12)
            + _number(self.debit_count, 3)
            + _number(self.credit_fen, 12)
            + _number(self.credit_count, 3)
        )
        return half + _number(self.code, 1) + "0" * (_HALF - 1) + _number(foreign, 1)

    @staticmethod
    def from_field(text: str) -> Totals:
        """Read the 62 digits; ProtocolError for anything else."""
        _require(text, "48", 2 * _HALF, 2 * _HALF)
        code = max(int(text[30]), int(text[61]))
        return Totals(int(text[12:15]), int(text[:12]), int(text[27:30]), int(text[15:27]), code)


@dataclass(frozen=True, slots=True)
class Detail:
    """One transaction in a batch upload: its trace number, its amount in fen, and its card where it is still known."""

    trace: str
    fen: int
    pan: str = ""


DETAILS_MOST = 8
_DETAIL = 40


def details_to_field(details: Sequence[Detail]) -> str:
    """Give field 48 of a batch upload: how many (2 digits), then kind of card 2, trace 6, card 20, amount 12 of each.

    ValueError for more than 8, or a part that has no room.

    >>> details_to_field([Detail("000042", 100)])
    '010000004200000000000000000000000000000100'
    """
    if len(details) > DETAILS_MOST:
        raise ValueError(f"a batch upload tells of {DETAILS_MOST} transactions at most")
    parts = [f"00{each.trace:0>6}{each.pan:0>20}{_number(each.fen, 12)}" for each in details]
    text = f"{len(details):02d}" + "".join(parts)
    if len(text) != 2 + _DETAIL * len(details) or not (text.isascii() and text.isdigit()):
        raise ValueError("a part of a batch upload has no room in field 48, or is not of digits")
    return text


def details_from_field(text: str) -> list[Detail]:
    """Read field 48 of a batch upload; ProtocolError for anything else. A card of zeros counts as unknown."""
    _require(text, "48", 2, 2 + _DETAIL * DETAILS_MOST)
    if len(text) != 2 + _DETAIL * int(text[:2]):
        raise ProtocolError("field 48 of a batch upload is not as long as it says")
    rows = [text[at : at + _DETAIL] for at in range(2, len(text), _DETAIL)]
    return [Detail(row[2:8], int(row[28:]), row[8:28].lstrip("0")) for row in rows]


def security_control(*, pin: bool, double_length: bool = True) -> str:
    """Give field 53: whether a PIN block of format 0 is there, and the length of the keys.

    >>> security_control(pin=True)
    '2600000000000000'
    """
    return f"{2 if pin else 0}{6 if double_length else 0}".ljust(16, "0")


@dataclass(frozen=True, slots=True)
class Field60:
    """Field 60: `kind` of transaction (2 digits), `batch` (6), then what may be missing from some place on.

    `network` (3) is the code of network management; `capability` (1) what the reader can read; `condition` (1) why a
    chip was not read; `partial` (1) whether less may be approved; `account` (3) the kind of account.

    >>> Field60("22", "000001", "000", "6", "0").to_field()
    '2200000100060'
    """

    kind: str
    batch: str
    network: str = ""
    capability: str = ""
    condition: str = ""
    partial: str = ""
    account: str = ""

    def to_field(self) -> str:
        """Give the digits; ValueError for a part of a wrong form, or one that follows a missing one."""
        text = ""
        missing = False
        for value, length in zip(self._parts(), _FIELD60, strict=True):
            missing = missing or not value
            if missing and value:
                raise ValueError("a part of field 60 follows one that is missing")
            if value and (len(value) != length or not value.isdigit()):
                raise ValueError(f"a part of field 60 has {length} digits")
            text += value
        if len(text) < sum(_FIELD60[:2]):
            raise ValueError("field 60 begins with kind and batch")
        return text

    def _parts(self) -> tuple[str, ...]:
        return (
            self.kind,
            self.batch,
            self.network,
            self.capability,
            self.condition,
            self.partial,
            self.account,
        )

    @staticmethod
    def from_field(text: str) -> Field60:
        """Read the digits; ProtocolError for anything else. A part that is cut off counts as missing."""
        _require(text, "60", sum(_FIELD60[:2]), sum(_FIELD60))
        parts, at = [], 0
        for length in _FIELD60:
            part = text[at : at + length]
            parts.append(part if len(part) == length else "")
            at += length
        return Field60(*parts)


_FIELD60 = (2, 6, 3, 1, 1, 1, 3)


@dataclass(frozen=True, slots=True)
class Field61:
    """Field 61, the transaction that a void, refund or reversal means: its batch and trace of 6 digits each, date MMDD.

    >>> Field61("000001", "000042", "1124").to_field()
    '0000010000421124'
    """

    batch: str
    trace: str
    date: str = ""

    def to_field(self) -> str:
        """Give the digits; ValueError for a part of a wrong form."""
        for value, lengths in ((self.batch, (6,)), (self.trace, (6,)), (self.date, (0, 4))):
            if len(value) not in lengths or (value and not value.isdigit()):
                raise ValueError("field 61 is batch and trace of 6 digits each and a date of 4")
        return self.batch + self.trace + self.date

    @staticmethod
    def from_field(text: str) -> Field61:
        """Read the digits, without the way of authorisation that may follow; ProtocolError for anything else."""
        _require(text, "61", 12, 29)
        return Field61(text[:6], text[6:12], text[12:16] if len(text) >= 16 else "")


def field63(operator: str = OPERATOR) -> str:
    """Give field 63 of a request: the operator, 3 characters; ValueError for others."""
    if len(operator) != 3 or not operator.isascii():
        raise ValueError("an operator has 3 characters")
    return operator


def operator_of(text: str) -> str:
    """Read the operator, or the card organisation in an answer, from field 63; empty where there is none."""
    return text[:3]


def pin_block(pin: str, pan: str) -> bytes:
    """Give the clear PIN block of ISO 9564-1 format 0: 0, length, PIN, filled with F; exclusive or with the card.

    `pin` has 4 to 12 digits, `pan` 12 to 19, of which the last, the check digit, does not count. ValueError otherwise.

    >>> pin_block("123456", "6212142000000000012").hex().upper()
    '06121456FFFFFFFE'
    """
    if not (PIN_SHORTEST <= len(pin) <= PIN_LONGEST and pin.isascii() and pin.isdigit()):
        raise ValueError(f"a PIN has {PIN_SHORTEST} to {PIN_LONGEST} digits")
    return _xor(bytes.fromhex(f"0{len(pin):X}{pin}".ljust(16, "F")), _pan_block(pan))


def pin_of(block: bytes, pan: str) -> str:
    """Open a clear PIN block of format 0; ProtocolError, without any digit, for a block that is none of this card."""
    text = _xor(block, _pan_block(pan)).hex().upper() if len(block) == 8 else ""
    length = int(text[1], 16) if text else 0
    pin, rest = text[2 : 2 + length], text[2 + length :]
    fits = text[:1] == "0" and PIN_SHORTEST <= length <= PIN_LONGEST
    if not fits or not pin.isdigit() or rest.strip("F"):
        raise ProtocolError("no PIN block of format 0 for this card")
    return pin


def masked(pan: str) -> str:
    """Give a card number as it may be shown: first six and last four digits.

    >>> masked("6212142000000000012")
    '621214*********0012'
    """
    if len(pan) < 11:
        return "*" * len(pan)
    return pan[:6] + "*" * (len(pan) - 10) + pan[-4:]


def _pan_block(pan: str) -> bytes:
    if not (12 <= len(pan) <= 19 and pan.isascii() and pan.isdigit()):
        raise ValueError("a PIN block needs a card number of 12 to 19 digits")
    return bytes.fromhex(pan[-13:-1].zfill(16))


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


def _number(value: int, digits: int) -> str:
    text = f"{value:0{digits}d}"
    if value < 0 or len(text) > digits:
        raise ValueError(f"a number has no room in {digits} digits of field 48")
    return text


def _require(text: str, field: str, least: int, most: int) -> None:
    if not (least <= len(text) <= most and text.isascii() and text.isdigit()):
        raise ProtocolError(f"field {field} has not {least} to {most} digits")
