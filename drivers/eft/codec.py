"""What a terminal box is asked and what it answers, inside its frames; docs/protocols/eft-box.md says what is sure.

    request    operator 10 | subscriber 18 | type 1 | amount 12 | of a void: voucher 12
    reply      code 2 | PAN 19 | subscriber 18 | type 1 | amount 12 | context
    context    merchant~terminal~type~PAN~batch~auth~RRN~datetime~voucher~amount

All is ASCII, amounts are in fen. The subscriber field of a request comes back in its reply; of a sale it is our own
reference. A card's number is cut to its first six and last four digits here: no error text and no object has more.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from drivers.eft.model import EftKind, EftReport, EftResult, EftState, EftTotals
from drivers.errors import ProtocolError

MOST_FEN = 10**12 - 1
NOBODY = "0" * 18
"""The subscriber field where there is none."""

_HEAD = 52
_MASKED = re.compile(r"[0-9]{6}\*{1,9}[0-9]{4}")


@dataclass(frozen=True, slots=True)
class EftLetters:
    """The types of requests, and the codes that mean more than yes or no.

    Known of the family are A, B and C. The rest is our proposal: a box that has others is spoken to by changing these.
    """

    sale: str = "A"
    reprint: str = "B"
    balance: str = "C"
    void: str = "D"
    last_result: str = "E"
    sign_on: str = "F"
    settlement: str = "G"
    status: str = "H"
    approved: str = "00"
    no_record: str = "25"
    idle: str = "I"
    busy: str = "B"
    not_signed_on: str = "S"

    def kind(self, letter: str) -> EftKind | None:
        """Which kind of transaction this type is; None for those that move no money."""
        return {self.sale: EftKind.SALE, self.void: EftKind.VOID}.get(letter)


LETTERS = EftLetters()


@dataclass(frozen=True, slots=True)
class Request:
    """One request; `voucher` is the box's own number of the sale that is to be voided."""

    type: str
    subscriber: str = NOBODY
    amount_fen: int = 0
    operator: str = ""
    voucher: str = ""

    def to_bytes(self) -> bytes:
        """The 41 characters, and 12 more with a voucher; ValueError for what does not fit.

        >>> Request("A", "000000000000000042", 12050, "1").to_bytes()
        b'0000000001000000000000000042A000000012050'
        """
        numbers = (self.operator.zfill(10), self.subscriber, self.voucher.zfill(12) if self.voucher else "")
        if [len(n) for n in numbers[:2]] != [10, 18] or len(numbers[2]) > 12 or len(self.type) != 1:
            raise ValueError("a field of the request is too long or too short")
        if not re.fullmatch(r"[0-9]*", "".join(numbers)) or not 0 <= self.amount_fen <= MOST_FEN:
            raise ValueError("a field of the request is no number that fits")
        operator, subscriber, voucher = numbers
        return f"{operator}{subscriber}{self.type}{self.amount_fen:012d}{voucher}".encode("ascii")


def parse_request(data: bytes) -> Request:
    """Read a request, as a box does."""
    found = re.fullmatch(rb"([0-9]{10})([0-9]{18})([A-Z])([0-9]{12})([0-9]{12})?", data)
    if found is None:
        raise ProtocolError("no request")
    operator, subscriber, letter, amount, voucher = (part.decode() if part else "" for part in found.groups())
    return Request(letter, subscriber, int(amount), operator, voucher)


Body = EftResult | EftReport | EftTotals | None


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply; `body` is what its context says, None where it has none."""

    type: str
    subscriber: str
    amount_fen: int
    code: str
    body: Body = None

    def answers(self, request: Request) -> bool:
        """Whether this can be the answer to `request`.

        A last result repeats the type alone: its subscriber and amount are those of the transaction that it tells.
        """
        if self.type != request.type:
            return False
        return request.subscriber in (NOBODY, self.subscriber)


def reply_bytes(
    code: str, letter: str, subscriber: str = NOBODY, amount_fen: int = 0, pan: str = "", context: str = ""
) -> bytes:
    """A reply as a box writes it."""
    return f"{code:2}{pan:19}{subscriber}{letter}{amount_fen:012d}{context}".encode("ascii")


def parse_reply(data: bytes, letters: EftLetters = LETTERS, utc_offset_min: int = 480) -> Reply:
    """Read a reply. ProtocolError names the field that cannot be read and never repeats what stood in it.

    `utc_offset_min` is how far the box's clock is ahead of UTC.
    """
    if len(data) < _HEAD or not data.isascii():
        raise ProtocolError("reply too short or not ASCII")
    text = data.decode("ascii")
    code, card, letter = text[:2], _card(text[2:21]), text[39]
    if not re.fullmatch(r"[0-9]{18}.[0-9]{12}", text[21:_HEAD], re.DOTALL):
        raise ProtocolError("subscriber or amount is no number")
    subscriber, amount = text[21:39], int(text[40:_HEAD])
    fields = [field.strip() for field in text[_HEAD:].split("~")] if len(text) > _HEAD else []
    if not re.fullmatch(r"[0-9A-Z]{2}", code):
        raise ProtocolError("reply with no response code")
    clock = timedelta(minutes=utc_offset_min)
    body: Body = None
    if letter in (letters.sale, letters.void, letters.last_result):
        body = _result(letter, code, card, subscriber, amount, fields, letters, clock)
    elif letter == letters.status:
        body = _report(fields, letters)
    elif letter == letters.settlement and code == letters.approved:
        body = _totals(fields, clock)
    return Reply(letter, subscriber, amount, code, body)


def _result(
    letter: str,
    code: str,
    card: str,
    subscriber: str,
    amount: int,
    fields: list[str],
    letters: EftLetters,
    clock: timedelta,
) -> EftResult | None:
    """The transaction of a reply; None for "there is none"."""
    approved = code == letters.approved
    if not fields and code == letters.no_record and letter == letters.last_result:
        return None
    if not fields and not approved and letter != letters.last_result:
        return EftResult(_kind(letter, letters), False, code, subscriber, amount, card)
    if len(fields) != 10:
        raise ProtocolError(f"context of {len(fields)} fields where a transaction has 10")
    merchant, terminal, what, pan, batch, auth, rrn, at, voucher, again = fields
    kind = _kind(what, letters)
    if letter != letters.last_result and what != letter:
        raise ProtocolError("context of another type than its reply")
    if len({card, _card(pan)} - {""}) > 1:
        raise ProtocolError("two cards in one reply")
    if again and int(_number("amount of the context", again, 12)) != amount:
        raise ProtocolError("two amounts in one reply")
    result = EftResult(
        kind,
        approved,
        code,
        subscriber,
        amount,
        card or _card(pan),
        _word("merchant", merchant, 15),
        _word("terminal", terminal, 8),
        _number("batch", batch, 6),
        _number("voucher", voucher, 12),
        _word("authorisation", auth, 6),
        _word("RRN", rrn, 12),
        _time(at, clock) if at else None,
    )
    needed = (result.card, result.merchant_no, result.terminal_no, result.trace, result.at, again)
    if approved and not all(needed):
        raise ProtocolError("an approval that lacks card, merchant, terminal, time, voucher or amount")
    return result


def _report(fields: list[str], letters: EftLetters) -> EftReport:
    states = {
        letters.idle: EftState.IDLE,
        letters.busy: EftState.BUSY,
        letters.not_signed_on: EftState.NOT_SIGNED_ON,
    }
    if len(fields) != 5 or fields[2] not in states:
        raise ProtocolError("a status that cannot be read")
    merchant, terminal, state, batch, voucher = fields
    return EftReport(
        states[state],
        _word("merchant", merchant, 15),
        _word("terminal", terminal, 8),
        _number("batch", batch, 6),
        _number("voucher", voucher, 12),
    )


def _totals(fields: list[str], clock: timedelta) -> EftTotals:
    if len(fields) != 6 or not all(fields):
        raise ProtocolError("totals that cannot be read")
    batch, *counts = (_number("totals", field, 12) for field in fields[:5])
    sales, sales_fen, voids, voids_fen = map(int, counts)
    return EftTotals(batch, sales, sales_fen, voids, voids_fen, _time(fields[5], clock))


def _kind(letter: str, letters: EftLetters) -> EftKind:
    kind = letters.kind(letter)
    if kind is None:
        raise ProtocolError("a transaction of an unknown type")
    return kind


def _card(field: str) -> str:
    """First six and last four of a number that comes in full or masked; empty for none.

    >>> _card("6212141234567890128"), _card("621214*********0128"), _card(" " * 19)
    ('621214*********0128', '621214*********0128', '')
    """
    pan = field.strip()
    if not pan:
        return ""
    masked = f"{pan[:6]}{'*' * (len(pan) - 10)}{pan[-4:]}"
    if not re.fullmatch(r"[0-9*Xx]{12,19}", pan) or not _MASKED.fullmatch(masked):
        raise ProtocolError("a card number that cannot be read")
    return masked


def _number(name: str, field: str, longest: int) -> str:
    if len(field) > longest or not re.fullmatch(r"[0-9]*", field):
        raise ProtocolError(f"{name} is no number that fits")
    return field


def _word(name: str, field: str, longest: int) -> str:
    if len(field) > longest or not re.fullmatch(r"[ -~]*", field):
        raise ProtocolError(f"{name} cannot be read")
    return field


def _time(field: str, clock: timedelta) -> datetime:
    try:
        if len(field) != 14:
            raise ValueError
        return datetime.strptime(field, "%Y%m%d%H%M%S").replace(tzinfo=UTC) - clock
    except (ValueError, OverflowError):
        raise ProtocolError("a time that cannot be read") from None
