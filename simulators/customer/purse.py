"""What a customer has besides notes: bank cards with their PINs, a phone, recharge cards; and how he uses them."""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.numbers import recharge_error
from simulators.banks.cards import Card, bench_cards

_RECHARGE_DIGITS = 18
_RECHARGE_FEN = {1: 5_000, 2: 10_000, 3: 20_000}


def recharge_number(place: int) -> str:
    """The secret number of a test card of the hub's sample town, by its place there.

    >>> recharge_number(1)
    '999900000000000012'
    """
    body = f"9999{place:013d}"
    return next(body + last for last in "0123456789" if not recharge_error(body + last, _RECHARGE_DIGITS))


@dataclass
class Purse:
    """One person's other money. `bank` and `kind` name the card in hand (`simulators.banks.cards.bench_cards`)."""

    bank: str = "bank_a"
    kind: str = "plain"
    pin: str = ""
    """What is typed in place of the card's own PIN."""
    leaves_card: bool = False
    """Walks away from a card that is held out."""
    taps: bool = True
    """Pays on the phone as soon as the code can be scanned."""
    presents: bool = True
    """Puts the card into the terminal box."""
    recharge: int = 2
    """Which of the town's test cards: its place there."""
    cancels: bool = False
    """Changes his mind at the PIN, or before the code."""

    @property
    def card(self) -> Card:
        """The bank card in hand."""
        return bench_cards(self.bank)[self.kind]

    @property
    def typed_pin(self) -> str:
        """What is typed at the PIN pad."""
        return self.pin or self.card.pin

    @property
    def recharge_no(self) -> str:
        """The secret number of the recharge card in hand."""
        return recharge_number(self.recharge)

    @property
    def recharge_fen(self) -> int:
        """What that card is worth; 0 for one that buys nothing."""
        return _RECHARGE_FEN.get(self.recharge, 0)
