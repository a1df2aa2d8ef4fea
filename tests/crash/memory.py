"""The hub's books in memory: the store, the shelf and the billing port as the simulation needs them.

They pass the same contract tests as the SQL ones (`test_memory.py`). A conversation writes into copies of its own and
is merged whole when its block ends well, so a hub that dies before that has kept nothing. Each call is a place where
another conversation may come between.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import count
from typing import Any

from hub.business.allocation import Settlement, Standing, Undoing
from hub.business.billing import Customer
from hub.business.bills import Bill, after_payment, after_reversal, as_of
from hub.business.forms import HeartbeatOrder, Outcome, PaymentOrder, Quote, ReversalOrder, Verdict
from hub.business.keeping import ClaimRecord, Head, Stored, TakenError
from hub.business.late_fee import LateFeeRule
from hub.business.ledger import Leg, balanced

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
        conversation = Conversation(self.books)
        try:
            yield conversation
            await Turn()  # a hub that dies here has kept nothing
            conversation.commit()
        finally:
            conversation.release()


class MemoryStore:
    """One conversation of the desk; implements `Keeping`."""

    def __init__(self, conversation: Conversation) -> None:
        self._all = conversation

    async def quote(self, quote_id: str) -> Stored | None:
        return await self._stored("quotes", quote_id)

    async def add_quote(self, terminal: str, content: str, quote: Quote, reply: bytes) -> None:
        row = Row(Stored(terminal, content, reply), quote.account_no)
        await self._all.insert("quotes", quote.id, row)

    async def payment_and_quoted_account(
        self, payment_id: str, quote_id: str | None, terminal: str
    ) -> tuple[Stored | None, str | None]:
        quote: Row | None = await self._all.get("quotes", quote_id)
        known = await self.payment(payment_id)
        return known, quote.account_no if quote and quote.stored.terminal == terminal else None

    async def payment(self, payment_id: str) -> Stored | None:
        return await self._stored("payments", payment_id)

    async def hold_payment(self, payment_id: str) -> Stored | None:
        row: Row | None = await self._all.hold("payments", payment_id)
        return row.stored if row else None

    async def add_payment(
        self, payment_id: str, terminal: str, content: str, order: PaymentOrder, serial: int, reply: bytes
    ) -> None:
        stored = Stored(terminal, content, reply, amount_fen=order.amount_fen, serial=serial)
        await self._all.insert("payments", payment_id, Row(stored, order.account_no, order.reference))

    async def add_tombstone(
        self, payment_id: str, terminal: str, *, claim_id: str | None = None, reversal_id: str | None = None
    ) -> None:
        stored = Stored(terminal, "", b"", claim_id=claim_id, reversal_id=reversal_id)
        await self._all.insert("payments", payment_id, Row(stored))

    async def mark_payment(
        self, payment_id: str, *, claim_id: str | None = None, reversal_id: str | None = None
    ) -> None:
        row: Row = await self._all.get("payments", payment_id)
        before = row.stored
        stored = replace(
            before, claim_id=claim_id or before.claim_id, reversal_id=reversal_id or before.reversal_id
        )
        await self._all.put("payments", payment_id, replace(row, stored=stored))

    async def claim(self, claim_id: str) -> ClaimRecord | None:
        found: ClaimRecord | None = await self._all.get("claims", claim_id)
        return found

    async def add_claim(self, claim: ClaimRecord) -> None:
        await self._all.insert("claims", claim.id, claim)

    async def reversal(self, reversal_id: str) -> Stored | None:
        return await self._stored("reversals", reversal_id)

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
        stored = Stored(terminal, content, reply, amount_fen=order.amount_fen, serial=serial)
        await self._all.insert("reversals", reversal_id, Row(stored, reference=outcome))

    async def post(self, kind: str, reference: str, on: date, now: datetime, entries: Sequence[Leg]) -> int:
        entries = balanced(entries)
        serial: int = next(self._all.books.serials)
        await self._all.insert("transactions", serial, Booking(kind, reference, on, entries))
        return serial

    async def legs(self, serial: int) -> tuple[Leg, ...]:
        booking: Booking | None = await self._all.get("transactions", serial)
        return booking.legs if booking else ()

    async def hold_head(self, terminal: str) -> Head | None:
        found: Head | None = await self._all.hold("heads", terminal)
        return found

    async def set_head(self, terminal: str, beat: HeartbeatOrder, now: datetime, *, first: bool) -> None:
        head = Head(beat.journal_id, beat.seq, beat.head)
        if first:
            await self._all.insert("heads", terminal, head)
        else:
            await self._all.put("heads", terminal, head)

    async def add_alarm(self, terminal: str, verdict: Verdict, beat: HeartbeatOrder, now: datetime) -> None:
        key = terminal, verdict, beat.journal_id
        times = await self._all.get("alarms", key) or 0
        await self._all.put("alarms", key, times + 1)

    async def referred(self, reference: str) -> tuple[ClaimRecord | None, Stored | None]:
        await Turn()
        rows = self._all.books.rows | self._all.own
        claims = [r for (t, _), r in rows.items() if t == "claims" and r.reference == reference]
        paid = [r for (t, _), r in rows.items() if t == "payments" and r.reference == reference]
        claim = max(claims, key=lambda c: c.made_at, default=None)
        return claim, paid[-1].stored if paid else None

    async def _stored(self, table: str, key: str) -> Stored | None:
        row: Row | None = await self._all.get(table, key)
        return row.stored if row else None


class MemoryBilling:
    """One conversation of the billing port; implements `Billing` with one late-fee rule for all."""

    def __init__(self, conversation: Conversation, rule: LateFeeRule) -> None:
        self._all = conversation
        self._rule = rule
        self._held: dict[str, AccountRow] = {}

    async def account(self, account_no: str, on: date) -> tuple[Customer, Standing] | None:
        row: AccountRow | None = await self._all.get("accounts", account_no)
        return (row.customer, await self._standing(row, on)) if row else None

    async def account_of_meter(self, meter_no: str) -> str | None:
        found: str | None = await self._all.get("meters", meter_no)
        return found

    async def standing(self, account_no: str, on: date) -> Standing | None:
        row: AccountRow | None = await self._all.get("accounts", account_no)
        return await self._standing(row, on) if row else None

    async def hold(self, account_no: str, on: date) -> Standing | None:
        row: AccountRow | None = await self._all.hold("accounts", account_no)
        if row is None:
            return None
        self._held[account_no] = row
        return await self._standing(row, on)

    async def apply(self, settlement: Settlement, on: date) -> None:
        row = self._row(settlement.account_no)
        for part in settlement.allocations:
            bill: Bill = await self._all.get("bills", part.bill_no)
            paid = after_payment(bill, part.late_fee_fen, part.principal_fen, on, self._rule)
            await self._all.put("bills", part.bill_no, paid)
        await self._balance(row, settlement.to_balance_fen)

    async def undo(self, undoing: Undoing, on: date) -> None:
        row = self._row(undoing.account_no)
        for part in undoing.parts:
            bill: Bill = await self._all.get("bills", part.bill_no)
            back = after_reversal(bill, part.late_fee_fen, part.principal_fen, on, self._rule)
            await self._all.put("bills", part.bill_no, back)
        await self._balance(row, -undoing.to_balance_fen)

    def _row(self, account_no: str) -> AccountRow:
        if account_no not in self._held:
            raise ValueError(f"account {account_no} is not held")
        return self._held[account_no]

    async def _balance(self, row: AccountRow, change: int) -> None:
        if change:
            after = replace(row, balance_fen=row.balance_fen + change)
            self._held[row.customer.account_no] = after
            await self._all.put("accounts", row.customer.account_no, after)

    async def _standing(self, row: AccountRow, on: date) -> Standing:
        bills = [await self._all.get("bills", number) for number in row.bill_nos]
        owed = tuple(as_of(bill, on, self._rule) for bill in bills if bill.principal_fen > 0)
        state: Any = row.state
        return Standing(row.customer.account_no, state, row.balance_fen, owed)
