"""The hub's store over books in memory: what the desk keeps of each order, and its ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from hub.business.forms import BoxSale, HeartbeatOrder, Outcome, PaymentOrder, Quote, ReversalOrder, Verdict
from hub.business.keeping import ClaimRecord, Head, Stored
from hub.business.ledger import Leg, balanced
from tests.crash.memory import Booking, Conversation, Row, Turn


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

    async def payment_of_box(self, box: BoxSale, sold_on: date) -> str | None:
        found: str | None = await self._all.get("box_sales", _box_key(box, sold_on))
        return found

    async def add_box_sale(self, box: BoxSale, sold_on: date, payment_id: str) -> None:
        await self._all.insert("box_sales", _box_key(box, sold_on), payment_id)

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


def _box_key(box: BoxSale, sold_on: date) -> tuple[str, str, str, str, date]:
    return box.merchant_no, box.terminal_no, box.batch, box.trace, sold_on
