"""The store's port: what the desk asks of the place where orders and bookings are kept.

SQL (`hub.data.store`) is its one adapter in service. A store in memory stands beside it for the simulation of crashes;
both pass the same contract tests.
"""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol, TypeVar

from hub.business.forms import ClaimOrder, PaymentOrder, Quote
from hub.business.ledger import Leg


class TakenError(Exception):
    """Another one inserted the same key; the transaction is lost."""


@dataclass(frozen=True, slots=True)
class Stored:
    """An order the hub took before. A payment with `claim_id` is a claim's tombstone and has no content."""

    terminal: str
    content: str
    reply: bytes
    claim_id: str | None = None
    amount_fen: int | None = None


class Keeping(Protocol):
    """One conversation, in one database transaction."""

    async def quote(self, quote_id: str) -> Stored | None: ...

    async def claim(self, claim_id: str) -> Stored | None: ...

    async def payment(self, payment_id: str) -> Stored | None: ...

    async def payment_and_quoted_account(
        self, payment_id: str, quote_id: str, terminal: str
    ) -> tuple[Stored | None, str | None]:
        """Give the payment of this id, if any, and the account that the terminal's quote is for, if any."""

    async def post(self, kind: str, reference: str, on: date, now: datetime, entries: Sequence[Leg]) -> int:
        """Write a booking and give its serial; raises UnbalancedError before anything is written."""

    async def add_quote(self, terminal: str, content: str, quote: Quote, reply: bytes) -> None: ...

    async def add_payment(
        self, payment_id: str, terminal: str, content: str, order: PaymentOrder, serial: int, reply: bytes
    ) -> None:
        """Raises TakenError when the id was taken in the meantime; the transaction is lost then."""

    async def add_tombstone(self, payment_id: str, terminal: str, claim_id: str) -> None:
        """Refuse the payment of this id for good; raises TakenError when it was taken in the meantime."""

    async def add_claim(self, order: ClaimOrder, row: dict[str, Any]) -> None: ...


C = TypeVar("C", covariant=True)


class Shelf(Protocol[C]):
    """Where the books stand: conversations to read in, and conversations that are kept whole or not at all."""

    def read(self) -> AbstractAsyncContextManager[C]:
        """A look at what is committed; nothing is kept."""

    def write(self) -> AbstractAsyncContextManager[C]:
        """One transaction, on disk when the block has ended without an exception; raises TakenError."""
