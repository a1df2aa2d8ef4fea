"""What can go wrong between us and a chip card, beside what can go wrong with its reader.

DriverError
├── CardGone    no card in the reader, or it was pulled under our hand
├── CardMute    a card is there and does not answer its reset: upside down, no chip, broken
└── CardReset   the card lost power or was reset by another program: file, challenge and authentication are forgotten
"""

from __future__ import annotations

from drivers.errors import DriverError


class CardGone(DriverError):  # noqa: N818 - the contract's word
    """The card is not in the reader; whether the last command took effect is not known."""


class CardMute(DriverError):  # noqa: N818
    """What is in the reader does not answer its reset."""


class CardReset(DriverError):  # noqa: N818
    """The card was reset since the last command; connect again and start from the first step."""
