"""The hub's books in memory, as the simulation needs them: the rows, the shelf, and conversations over them.

With the store and the billing port over them they pass the same contract tests as the SQL ones (`test_memory.py`). A
conversation writes into copies of its own and is merged whole when its block ends well, so a hub that dies before that
has kept nothing. Each call is a place where another conversation may come between.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Generator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from itertools import count
from typing import Any

from hub.business.billing import Customer
from hub.business.bills import Bill
from hub.business.keeping import Stored, TakenError
from hub.business.ledger import Leg

Key = tuple[str, Any]


class Turn:
    """A place where another conversation may go on."""

    def __await__(self) -> Generator[None, None, None]:
        yield


@dataclass(frozen=True, slots=True)
class AccountRow:
    """Who is billed, with the numbers of all bills, oldest month first."""

    customer: Customer
    state: str
    balance_fen: int
    bill_nos: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Booking:
    """One transaction of the ledger."""

    kind: str
    reference: str
    on: date
    legs: tuple[Leg, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A quote, payment or reversal: what the desk reads of it again, and what reports need besides."""

    stored: Stored
    account_no: str | None = None
    reference: str | None = None


@dataclass(slots=True)
class Books:
    """What is committed, each row under its table and key, and who holds which row."""

    rows: dict[Key, Any] = field(default_factory=dict)
    holders: dict[Key, Conversation] = field(default_factory=dict)
    serials: Any = field(default_factory=lambda: count(1))
    begun: Callable[[], Any] = lambda: None
    """Called when a transaction begins; what it gives is told again with the commit."""
    committed: Callable[[Any, dict[Key, Any]], None] = lambda *_: None
    """Called after each commit, with its rows."""

    def table(self, name: str) -> dict[Any, Any]:
        """The committed rows of one table by key, in the order of their insertion."""
        return {key: row for (table, key), row in self.rows.items() if table == name}

    def add_account(self, customer: Customer, state: str, balance_fen: int, bills: Sequence[Bill]) -> None:
        """Write a customer in, as the seed of the SQL books does."""
        row = AccountRow(customer, state, balance_fen, tuple(bill.bill_no for bill in bills))
        self.rows["accounts", customer.account_no] = row
        self.rows.update({("bills", bill.bill_no): bill for bill in bills})
        self.rows.update({("meters", m.meter_no): customer.account_no for m in customer.meters})


@dataclass(slots=True, eq=False)
class Conversation:
    """A look at the books, or one transaction over them."""

    books: Books
    own: dict[Key, Any] = field(default_factory=dict)
    inserted: set[Key] = field(default_factory=set)

    async def get(self, table: str, key: Any) -> Any:
        await Turn()
        return self.own.get((table, key), self.books.rows.get((table, key)))

    async def hold(self, table: str, key: Any) -> Any:
        """The row, once nobody else holds it; a row that is not there cannot be held."""
        await Turn()
        place = table, key
        if place not in self.own and place not in self.books.rows:
            return None
        while self.books.holders.get(place, self) is not self:
            await Turn()
        self.books.holders[place] = self
        return self.own.get(place, self.books.rows.get(place))

    async def insert(self, table: str, key: Any, row: Any) -> None:
        await Turn()
        place = table, key
        if place in self.own or place in self.books.rows:
            raise TakenError
        self.own[place] = row
        self.inserted.add(place)

    async def put(self, table: str, key: Any, row: Any) -> None:
        await Turn()
        self.own[table, key] = row

    def commit(self) -> None:
        """Merge all or nothing; raises TakenError."""
        if any(place in self.books.rows for place in self.inserted):
            raise TakenError
        self.books.rows.update(self.own)

    def release(self) -> None:
        for place in [p for p, holder in self.books.holders.items() if holder is self]:
            del self.books.holders[place]


@dataclass(frozen=True, slots=True)
class MemoryShelf:
    """Conversations over books in memory; implements `Shelf`."""

    books: Books

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Conversation]:
        yield Conversation(self.books)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Conversation]:
        conversation, begun = Conversation(self.books), self.books.begun()
        try:
            yield conversation
            await Turn()  # a hub that dies here has kept nothing
            conversation.commit()
            self.books.committed(begun, conversation.own)
        finally:
            conversation.release()
