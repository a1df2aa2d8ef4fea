"""The cards of the bench's banks. Every number is made up and passes Luhn's check; no such card exists."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from drivers.bank.elements import masked

RANGES = {"bank_a": "621214", "bank_b": "622848"}
"""The first six digits of each bank's own cards."""
FOREVER = "4912"


@dataclass(frozen=True, slots=True)
class Card:
    """One card. Without a `pin` it asks for none; `expiry` is YYMM, `sequence` has 3 digits."""

    pan: str
    pin: str
    balance_fen: int
    expiry: str = FOREVER
    sequence: str = "001"

    def __repr__(self) -> str:
        return f"Card({masked(self.pan)!r}, {self.balance_fen})"

    @property
    def key(self) -> str:
        """By what the bank's books know the card, which keep no number."""
        return key_of(self.pan)

    @property
    def track2(self) -> str:
        """What its stripe says, field 35."""
        return f"{self.pan}={self.expiry}2201000001230"


def key_of(pan: str) -> str:
    """By what the bank's books know a card number."""
    return hashlib.sha256(f"bench card {pan}".encode()).hexdigest()[:24]


def check_digit(digits: str) -> str:
    """Luhn's check digit of a card number without it (ISO/IEC 7812-1, annex B).

    >>> check_digit("621214200000000001")
    '2'
    """
    doubled = (
        int(digit) * 2 if place % 2 == 0 else int(digit) for place, digit in enumerate(reversed(digits))
    )
    return str(-sum(value - 9 if value > 9 else value for value in doubled) % 10)


def test_pan(prefix: str, number: int) -> str:
    """Give a made-up card number of 19 digits."""
    digits = f"{prefix}2{number:011d}"
    return digits + check_digit(digits)


def bench_cards(bank: str) -> dict[str, Card]:
    """Give the cards that a bank has from the start, by what they are for; none for a bank without a range."""
    prefix = RANGES.get(bank)
    if prefix is None:
        return {}
    return {
        "plain": Card(test_pan(prefix, 1), "123456", 100_000_00),
        "second": Card(test_pan(prefix, 2), "246810", 100_000_00),
        "poor": Card(test_pan(prefix, 3), "123456", 1_00),
        "expired": Card(test_pan(prefix, 4), "123456", 100_000_00, expiry="2001"),
        "no_pin": Card(test_pan(prefix, 5), "", 1_000_00),
        "rich": Card(test_pan(prefix, 6), "123456", 10_000_000_00),
    }


def by_pan(cards: Iterable[Card]) -> Mapping[str, Card]:
    """The cards by their numbers; the last of two with the same number counts."""
    return {card.pan: card for card in cards}


def parse(text: str) -> Card:
    """Read PAN:PIN:BALANCE_FEN as an option gives it; ValueError for anything else."""
    pan, pin, balance = text.split(":")
    if not (12 <= len(pan) <= 19 and pan.isdigit() and check_digit(pan[:-1]) == pan[-1]):
        raise ValueError("a card number has 12 to 19 digits, the last of them its check digit")
    if pin and not (4 <= len(pin) <= 12 and pin.isdigit()):
        raise ValueError("a PIN has 4 to 12 digits")
    return Card(pan, pin, int(balance))
