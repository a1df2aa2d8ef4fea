"""How one value of a meter card's file stands in bytes, by the name of its code.

    code     value            bytes
    binary   int              unsigned, big-endian
    bcd      int              two decimal digits a byte
    digits   str of digits    two decimal digits a byte; leading zeros count
    time     str              YYMMDDhhmm in BCD: "2026-11-22T18:30", "" for zeros; digits that are no time stay digits
    hex      str              bytes as they are, upper-case hex
    sum      (computed)       one byte: the sum of other bytes modulo 256

>>> encode(Code.BCD, 2000, 4).hex(), encode(Code.BINARY, 5000, 4).hex()
('00002000', '00001388')
>>> decode(Code.TIME, bytes.fromhex("2611221830"))
'2026-11-22T18:30'
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

Value = int | str | tuple[int | str, ...]

_TIME = 5


class Code(StrEnum):
    """How a field is coded."""

    BINARY = "binary"
    BCD = "bcd"
    DIGITS = "digits"
    TIME = "time"
    HEX = "hex"
    SUM = "sum"


NUMBERS = frozenset({Code.BINARY, Code.BCD})
TEXTS = frozenset({Code.DIGITS, Code.TIME, Code.HEX})


class CodeError(ValueError):
    """A value or its bytes do not fit the code: what was `expected` and what was `found`."""

    def __init__(self, expected: str, found: str) -> None:
        super().__init__(f"expected {expected}, found {found}")
        self.expected = expected
        self.found = found


def decode(code: Code, data: bytes) -> int | str:
    """Read one value; CodeError when the bytes are not of this code."""
    if code in (Code.BINARY, Code.SUM):
        return int.from_bytes(data, "big")
    digits = data.hex().upper()
    if code is Code.HEX:
        return digits
    if not digits.isdecimal():
        raise CodeError("decimal digits", digits)
    if code is Code.BCD:
        return int(digits)
    return _time_told(digits) if code is Code.TIME else digits


def encode(code: Code, value: object, length: int) -> bytes:
    """Write one value into `length` bytes; CodeError when it is of another kind or does not fit."""
    if code in NUMBERS:
        return _number(code, value, length)
    if not isinstance(value, str):
        raise CodeError(f"a text for {code}", repr(value))
    if code is Code.HEX:
        return _exactly(value.upper(), length, "0123456789ABCDEF", "hex")
    return _exactly(_time_digits(value) if code is Code.TIME else value, length, "0123456789", "decimal")


def is_time_length(length: int) -> bool:
    """Whether a field of this many bytes can hold a time."""
    return length == _TIME


def _number(code: Code, value: object, length: int) -> bytes:
    limit = 256**length if code is Code.BINARY else 100**length
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < limit:
        raise CodeError(f"a whole number from 0 to {limit - 1}", repr(value))
    if code is Code.BINARY:
        return value.to_bytes(length, "big")
    return bytes.fromhex(f"{value:0{2 * length}d}")


def _exactly(text: str, length: int, alphabet: str, kind: str) -> bytes:
    if len(text) != 2 * length or not set(text) <= set(alphabet):
        raise CodeError(f"{2 * length} {kind} digits", repr(text))
    return bytes.fromhex(text)


def _time_told(digits: str) -> str:
    if not digits.strip("0"):
        return ""
    told = f"20{digits[:2]}-{digits[2:4]}-{digits[4:6]}T{digits[6:8]}:{digits[8:]}"
    return told if _is_minute(told) else digits


def _time_digits(value: str) -> str:
    if not value:
        return "0" * (2 * _TIME)
    if not _is_minute(value):
        return value
    return "".join(part for part in value[2:] if part.isdecimal())


def _is_minute(text: str) -> bool:
    if len(text) != len("2026-11-22T18:30") or not text.startswith("20"):
        return False
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M").strftime("%Y-%m-%dT%H:%M") == text  # noqa: DTZ007
    except ValueError:
        return False
