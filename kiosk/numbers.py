"""Numbers that people type and read out: what is wrong with one, and how it reads best."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle
from typing import Literal

EntryError = Literal["", "too_short", "wrong_check_digit"]


def is_digits(text: str) -> bool:
    """Whether `text` is made of the digits 0 to 9 alone and is not empty."""
    return text.isascii() and text.isdecimal()


def check_digit(digits: str) -> int:
    """Return the digit that belongs behind `digits`: weights 3, 1, 3 ... from the right, modulo 10.

    Raises ValueError for anything but digits.

    >>> check_digit("990001001250000000002")
    7
    """
    if not is_digits(digits):
        raise ValueError(f"not a number: {digits!r}")
    weighted = sum(int(digit) * weight for digit, weight in zip(reversed(digits), cycle((3, 1))))
    return -weighted % 10


def account_error(digits: str, lengths: Sequence[int]) -> EntryError:
    """Say what is wrong with an account number, empty if nothing: it has a length but no check digit."""
    return "" if is_digits(digits) and len(digits) in lengths else "too_short"


def meter_error(digits: str, length: int) -> EntryError:
    """Say what is wrong with a meter number of `length` digits, the last of which checks the others."""
    if not is_digits(digits) or len(digits) != length:
        return "too_short"
    return "" if check_digit(digits[:-1]) == int(digits[-1]) else "wrong_check_digit"


def is_meter_number(digits: str, length: int = 22) -> bool:
    """Whether `digits` is a meter number whose check digit is right."""
    return not meter_error(digits, length)


def recharge_error(digits: str, length: int) -> EntryError:
    """Say what is wrong with a recharge card's number, the last digit of which checks the others.

    ISO/IEC 7064 MOD 11,10, by which a wrong digit and two that changed places are seen.

    >>> recharge_error("123456789012345677", 18), recharge_error("123456789012345767", 18)
    ('', 'wrong_check_digit')
    """
    if not is_digits(digits) or len(digits) != length:
        return "too_short"
    product = 10
    for digit in digits[:-1]:
        product = (product + int(digit)) % 10 or 10
        product = product * 2 % 11
    return "" if (product + int(digits[-1])) % 10 == 1 else "wrong_check_digit"


REFERENCE_KEYS = "0123456789ABCDEF"
REFERENCE_LENGTH = 12


def reference(key: str) -> str:
    """Return the reference that people read out and type: the first twelve hex digits of an id, in fours.

    >>> reference("0198f2c4a1b3e5d700000000000000ff")
    '0198-F2C4-A1B3'
    """
    return group_by_four(key[:REFERENCE_LENGTH].upper()).replace(" ", "-")


def as_reference(text: str) -> str:
    """Return what somebody typed as it stands on the slip, empty if it can be no reference.

    >>> as_reference("0198 f2c4 a1b3")
    '0198-F2C4-A1B3'
    """
    word = "".join(text.replace("-", " ").split()).upper()
    return reference(word) if len(word) == REFERENCE_LENGTH and set(word) <= set(REFERENCE_KEYS) else ""


def group_phone(digits: str) -> str:
    """Write a mobile number as people read it, 3-4-4; a shorter number stays whole.

    >>> group_phone("15400000083"), group_phone("123456")
    ('154 0000 0083', '123456')
    """
    parts = (digits[:3], digits[3:7], digits[7:]) if len(digits) > 6 else (digits,)
    return " ".join(part for part in parts if part)


def group_by_four(digits: str) -> str:
    """Group from the left for reading and comparing with paper.

    >>> group_by_four("0399000000001234")
    '0399 0000 0000 1234'
    """
    return " ".join(digits[at : at + 4] for at in range(0, len(digits), 4))
