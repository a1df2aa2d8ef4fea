"""The banks that take cards for this hub: how each is reached and spoken to, and which cards it gets."""

from collections.abc import Iterable
from dataclasses import dataclass

from hub.business.tender_forms import Title

MOST_ANSWER_S = 45.0
"""The kiosk waits 60 s for a sale; a bank that is waited for longer would be answered to nobody."""


@dataclass(frozen=True, slots=True)
class CardRange:
    """Cards by the first digits of their number, 1 to 6 of them, and its length where that matters."""

    prefix: str
    length: int | None = None

    def takes(self, prefix: str, length: int) -> bool:
        """Whether a card with these first six digits and so many in all is of the range."""
        return prefix.startswith(self.prefix) and self.length in (None, length)

    @property
    def closeness(self) -> tuple[int, bool]:
        """Of two ranges that take a card, the one where this is more is meant."""
        return len(self.prefix), self.length is not None


@dataclass(frozen=True, slots=True)
class Acquirer:
    """One bank, or a switch that stands for banks. Times are in seconds.

    `tpdu` has 5 bytes and `header` 12 digits: what stands before every message (reference frame of POS networks).
    `mac` is one of the schemes of `drivers.bank.mac`; with `double_mak` its key has 16 bytes. `pin` tells whether
    the card's PIN is asked for. `merchant_no` is used where a terminal has none of its own.
    """

    name: str
    title: Title
    host: str
    port: int
    merchant_no: str
    tpdu: bytes
    header: str
    mac: str
    double_mak: bool
    ranges: tuple[CardRange, ...]
    pin: bool = True
    connect_s: float = 5.0
    answer_s: float = 30.0
    echo_every_s: float = 300.0
    reversal_first_s: float = 5.0
    reversal_most_s: float = 300.0
    reversal_alarm_after: int = 3


def route(acquirers: Iterable[Acquirer], prefix: str, length: int) -> Acquirer | None:
    """Give the bank whose range fits a card most closely, or none where no range does.

    `prefix` are the first six digits of the card's number, `length` is how many it has.
    """
    fitting = [
        (each.closeness, acquirer)
        for acquirer in acquirers
        for each in acquirer.ranges
        if each.takes(prefix, length)
    ]
    return max(fitting, key=lambda found: found[0])[1] if fitting else None
