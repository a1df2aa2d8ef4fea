"""The store's port: what the desk asks of the place where orders and bookings are kept.

SQL (`hub.data.store`) is its one adapter in service. A store in memory stands beside it for the simulation of crashes;
both pass the same contract tests.
"""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol, TypeVar

from hub.business.forms import (
    BoxSale,
    HeartbeatOrder,
    Outcome,
    PaymentOrder,
    Quote,
    Resolution,
    ReversalOrder,
    Verdict,
)
from hub.business.ledger import Leg


class TakenError(Exception):
    """Another one inserted the same key; the transaction is lost."""


@dataclass(frozen=True, slots=True)
class Stored:
    """An order the hub took before.

    A payment with a `serial` is booked; without one it is a tombstone, left by the claim or the reversal that it
    names, and has no content. A booked payment may name the reversal that undid it, and a claim for other money.
    """

    terminal: str
    content: str
    reply: bytes
    claim_id: str | None = None
    reversal_id: str | None = None
    amount_fen: int | None = None
    serial: int | None = None


@dataclass(frozen=True, slots=True)
class ClaimRecord:
    """A claim as it is kept; `state` is the hub's own: open, proposed, released or closed.

    `content` is the order it came with, `serial` the booking that took its money into suspense, if any.
    """

    id: str
    terminal: str
    content: str
    reply: bytes
    reference: str
    reason: str
    payment_id: str | None
    account_no: str | None
    amount_fen: int
    memo_fen: int
    state: str
    resolution: Resolution
    serial: int | None
    made_at: datetime
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Head:
    """The newest row that a terminal's journal has shown; `renewed` when an operator allowed another journal."""

    journal_id: str
    seq: int
    head: str
    renewed: bool = False


class Keeping(Protocol):
    """One conversation, in one database transaction; what is kept is seen by others once that has ended well.

    Each `add_...` raises TakenError, there or at the end, when the id was taken in the meantime; everything of the
    conversation is lost then. "Hold" means that nobody else changes the row until the conversation ends.
    """

    async def quote(self, quote_id: str) -> Stored | None: ...

    async def add_quote(self, terminal: str, content: str, quote: Quote, reply: bytes) -> None: ...

    async def payment_and_quoted_account(
        self, payment_id: str, quote_id: str | None, terminal: str
    ) -> tuple[Stored | None, str | None]:
        """Give the payment of this id, if any, and the account that the terminal's quote is for, if any."""

    async def payment(self, payment_id: str) -> Stored | None: ...

    async def hold_payment(self, payment_id: str) -> Stored | None:
        """Hold the payment of this id, booked or tombstone; nothing is held where there is none."""

    async def add_payment(
        self, payment_id: str, terminal: str, content: str, order: PaymentOrder, serial: int, reply: bytes
    ) -> None:
        """Keep a booked payment."""

    async def add_tombstone(
        self, payment_id: str, terminal: str, *, claim_id: str | None = None, reversal_id: str | None = None
    ) -> None:
        """Refuse the payment of this id for good, naming the claim or the reversal that forestalls it."""

    async def mark_payment(
        self, payment_id: str, *, claim_id: str | None = None, reversal_id: str | None = None
    ) -> None:
        """Set what stands against a payment that is held; what is not given stays as it was."""

    async def payment_of_box(self, box: BoxSale, sold_on: date) -> str | None:
        """Give the payment that a terminal box's sale of that day is booked under, if any."""

    async def add_box_sale(self, box: BoxSale, sold_on: date, payment_id: str) -> None:
        """Keep which payment a box's sale is; raises TakenError when the sale was taken in the meantime."""

    async def claim(self, claim_id: str) -> ClaimRecord | None: ...

    async def add_claim(self, claim: ClaimRecord) -> None: ...

    async def reversal(self, reversal_id: str) -> Stored | None: ...

    async def add_reversal(
        self,
        reversal_id: str,
        terminal: str,
        content: str,
        order: ReversalOrder,
        outcome: Outcome,
        serial: int | None,
        reply: bytes,
    ) -> None:
        """Keep a reversal; `serial` is its booking where the outcome is reversed."""

    async def post(self, kind: str, reference: str, on: date, now: datetime, entries: Sequence[Leg]) -> int:
        """Write a booking and give its serial; raises UnbalancedError before anything is written."""

    async def legs(self, serial: int) -> tuple[Leg, ...]:
        """Give the legs of a booking in the order in which they were written."""

    async def hold_head(self, terminal: str) -> Head | None:
        """Hold what the hub knows of a terminal's journal; none before its first heartbeat."""

    async def set_head(self, terminal: str, beat: HeartbeatOrder, now: datetime, *, first: bool) -> None:
        """Remember the heartbeat in the place of the one before, and that no other journal is allowed any more.

        `first` when there is none before; raises TakenError then when another one came in the meantime.
        """

    async def add_alarm(self, terminal: str, verdict: Verdict, beat: HeartbeatOrder, now: datetime) -> None:
        """Keep that a heartbeat did not fit: once for each terminal, verdict and journal, counted and dated."""

    async def referred(self, reference: str) -> tuple[ClaimRecord | None, Stored | None]:
        """Give the newest claim and the newest booked payment that carry this reference, of any terminal."""


C = TypeVar("C", covariant=True)


class Shelf(Protocol[C]):
    """Where the books stand: conversations to read in, and conversations that are kept whole or not at all."""

    def read(self) -> AbstractAsyncContextManager[C]:
        """A look at what is committed; nothing is kept."""

    def write(self) -> AbstractAsyncContextManager[C]:
        """One transaction, on disk when the block has ended without an exception; raises TakenError."""
