"""What any terminal box can be asked, and what it tells of the money that it moved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Protocol

from drivers.errors import DriverError
from drivers.status import DeviceHealth


class NotTaken(DriverError):  # noqa: N818 - what the caller may rely on
    """The box has not taken the request, for certain: nothing was begun and no money moved."""


class EftKind(StrEnum):
    """What a transaction of the box was."""

    SALE = "sale"
    VOID = "void"


@dataclass(frozen=True, slots=True)
class EftResult:
    """One transaction as its box tells it. Texts are empty, and `at` is None, where a refusal has none.

    `reference` is our own, as the request carried it; of a void it is that of the sale that was voided. `code` is the
    bank's response code or the box's own. `card` shows the first six and last four digits; the full number ends in the
    codec. `trace` is the box's own number of the transaction, by which it is voided. `at` is UTC.
    """

    kind: EftKind
    approved: bool
    code: str
    reference: str
    amount_fen: int
    card: str = ""
    merchant_no: str = ""
    terminal_no: str = ""
    batch: str = ""
    trace: str = ""
    auth_code: str = ""
    rrn: str = ""
    at: datetime | None = None

    def is_of(self, kind: EftKind, reference: str, amount_fen: int) -> bool:
        """Whether it tells of this very transaction."""
        return (self.kind, self.reference, self.amount_fen) == (kind, reference, amount_fen)


class EftState(StrEnum):
    """What a box is doing."""

    IDLE = "idle"
    BUSY = "busy"
    NOT_SIGNED_ON = "not_signed_on"


@dataclass(frozen=True, slots=True)
class EftReport:
    """What a box tells of itself; `last_trace` is its number of the last transaction, empty before the first."""

    state: EftState
    merchant_no: str
    terminal_no: str
    batch: str
    last_trace: str


@dataclass(frozen=True, slots=True)
class EftTotals:
    """One batch that was settled, as the box counts it. A sale that was voided is in both counts."""

    batch: str
    sales: int
    sales_fen: int
    voids: int
    voids_fen: int
    at: datetime


def reference18(payment_id: str) -> str:
    """Return the 18 digits by which a box knows a payment: 16 of its SHA-256 between a 0 and a digit that checks them.

    No card's number begins with 0, and the last digit is never the one that a card's would have (ISO/IEC 7812-1): who
    looks for card numbers finds none here. Two payments meet in one reference with a chance of 1 in 10^16. One
    reference is for one attempt: a second card tried under it could not be told from the first.

    >>> reference18("0198f2c4a1b3e5d700000000000000ff")
    '015873472877109805'
    """
    number = int.from_bytes(sha256(payment_id.encode()).digest(), "big") % 10**16
    digits = f"0{number:016d}"
    doubled = (int(digit) * (2 - place % 2) for place, digit in enumerate(reversed(digits)))
    luhn = -sum(n - 9 if n > 9 else n for n in doubled) % 10
    return f"{digits}{(luhn + 1) % 10}"


class EftTerminal(Protocol):
    """A terminal box. Every call has a deadline of its own; for one thread.

    `NotTaken` is the only error after which nothing can have happened. After any other DriverError of `sale`, `void`
    or `settle` the outcome is unknown: ask `last_result`.
    """

    def open(self) -> None:
        """Open the line; sends nothing. Raises TransportError."""
        ...

    def close(self) -> None:
        """Close the line; safe to call twice."""
        ...

    def health(self) -> DeviceHealth:
        """Tell the state as of the last call, without asking."""
        ...

    def status(self) -> EftReport:
        """Ask the box how it is; never moves money."""
        ...

    def sign_on(self) -> str:
        """Let the box sign on at its bank; the response code, "00" when it has."""
        ...

    def sale(self, reference: str, amount_fen: int) -> EftResult:
        """Take money from a card that the customer shows the box, with his PIN at the box; bounded by two minutes."""
        ...

    def last_result(self) -> EftResult | None:
        """Tell the box's last transaction, whoever began it; None if it has none. Never moves money."""
        ...

    def void(self, trace: str, reference: str, amount_fen: int) -> EftResult:
        """Give a sale of the open batch back; `trace`, `reference` and `amount_fen` are those of the sale."""
        ...

    def settle(self) -> EftTotals:
        """Close the batch at the bank and begin the next."""
        ...
