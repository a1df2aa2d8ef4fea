"""The hub's store for sales by bank card, and its terminals at banks, over books in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from hub.business.bank_keeping import EvidenceKind, RouteRecord, SaleRecord
from hub.business.keeping import TakenError
from hub.data.bank_terminals import FIRST_BATCH, MOST_STAN, BankTerminal
from tests.crash.memory import Books, Conversation, Turn

MERCHANT = "104440000000001"


def is_unsettled(sale: SaleRecord) -> bool:
    """Whether a sale is sending, or its reversal is still to be tried."""
    return sale.state == "sending" or (sale.state == "reversing" and sale.next_at is not None)


class MemorySales:
    """One conversation about sales; implements `SaleKeeping`. No batch is ever settled here."""

    def __init__(self, conversation: Conversation) -> None:
        self._all = conversation

    async def route(self, route_id: str) -> RouteRecord | None:
        found: RouteRecord | None = await self._all.get("bank_routes", route_id)
        return found

    async def add_route(self, route_id: str, route: RouteRecord, now: datetime) -> None:
        await self._all.insert("bank_routes", route_id, route)

    async def sale(self, sale_id: str) -> SaleRecord | None:
        found: SaleRecord | None = await self._all.get("sales", sale_id)
        return found

    async def hold_sale(self, sale_id: str) -> SaleRecord | None:
        found: SaleRecord | None = await self._all.hold("sales", sale_id)
        return found

    async def add_sale(self, sale: SaleRecord) -> None:
        """As in SQL a bank terminal has one sale of a trace number."""
        await self._all.insert("sales", sale.id, sale)

    async def set_sale(self, sale: SaleRecord) -> None:
        await self._all.put("sales", sale.id, sale)

    async def unsettled(self, acquirer: str, terminal: str) -> SaleRecord | None:
        found = [
            sale
            for sale in await self._sales()
            if (sale.acquirer, sale.terminal) == (acquirer, terminal) and is_unsettled(sale)
        ]
        return min(found, key=lambda sale: sale.made_at, default=None)

    async def due(self, acquirer: str, now: datetime, most: int) -> Sequence[str]:
        found = [
            sale
            for sale in await self._sales()
            if sale.acquirer == acquirer
            and (
                (sale.state == "sending" and sale.due_at <= now)
                or (sale.state == "reversing" and sale.next_at is not None and sale.next_at <= now)
            )
        ]
        return [sale.id for sale in sorted(found, key=lambda sale: (sale.attempts, sale.made_at))[:most]]

    async def sale_of_message(self, acquirer: str, tid: str, stan: str) -> SaleRecord | None:
        found = [s for s in await self._sales() if (s.acquirer, s.tid, s.stan) == (acquirer, tid, stan)]
        return max(found, key=lambda sale: sale.made_at, default=None)

    async def is_settled(self, sale: SaleRecord) -> bool:
        await Turn()
        return False

    async def forget_numbers(self) -> None:
        await Turn()

    async def add_evidence(
        self,
        acquirer: str,
        kind: EvidenceKind,
        tid: str,
        stan: str,
        sale_id: str | None,
        text: str,
        now: datetime,
    ) -> None:
        serial = next(self._all.books.serials)
        await self._all.insert("bank_evidence", serial, (acquirer, kind, tid, stan, sale_id, text))

    async def _sales(self) -> list[SaleRecord]:
        await Turn()
        rows = self._all.books.rows | self._all.own
        return [row for (table, _), row in rows.items() if table == "sales"]


def add_terminal(books: Books, acquirer: str, terminal: str, tid: str) -> None:
    """Register a kiosk's terminal at a bank, as the operators' command does."""
    books.rows["bank_terminals", (acquirer, terminal)] = BankTerminal(
        acquirer=acquirer,
        terminal=terminal,
        tid=tid,
        merchant_no=MERCHANT,
        batch=FIRST_BATCH,
        stan=0,
        pik=None,
        pik_check=None,
        mak=None,
        mak_check=None,
        signed_on_at=None,
        sign_on_needed=True,
        settling=False,
    )


class MemoryTerminals:
    """One conversation about terminals at banks, as `BankTerminalBooks`."""

    def __init__(self, conversation: Conversation) -> None:
        self._all = conversation

    async def find(self, acquirer: str, terminal: str) -> BankTerminal | None:
        found: BankTerminal | None = await self._all.get("bank_terminals", (acquirer, terminal))
        return found

    async def hold(self, acquirer: str, terminal: str) -> BankTerminal | None:
        found: BankTerminal | None = await self._all.hold("bank_terminals", (acquirer, terminal))
        return found

    async def next_stan(self, acquirer: str, terminal: str) -> str:
        found = await self._held(acquirer, terminal)
        stan = 1 if found.stan >= MOST_STAN else found.stan + 1
        await self._change(found, stan=stan)
        return f"{stan:06d}"

    async def need_sign_on(self, acquirer: str, terminal: str) -> None:
        await self._change(await self._held(acquirer, terminal), sign_on_needed=True)

    async def begin_sign_on(self, acquirer: str, terminal: str, now: datetime, until: datetime) -> bool:
        key = acquirer, terminal
        await self._held(*key)
        taken = await self._all.get("sign_ons", key)
        if taken is not None and taken > now:
            return False
        await self._all.put("sign_ons", key, until)
        return True

    async def end_sign_on(self, acquirer: str, terminal: str, until: datetime) -> None:
        if await self._all.get("sign_ons", (acquirer, terminal)) == until:
            await self._all.put("sign_ons", (acquirer, terminal), None)

    async def signed_on(
        self, acquirer: str, terminal: str, *, now: datetime, until: datetime, **keys: Any
    ) -> bool:
        found = await self._held(acquirer, terminal)
        if await self._all.get("sign_ons", (acquirer, terminal)) != until:
            return False
        await self._change(found, signed_on_at=now, sign_on_needed=False, **keys)
        await self.end_sign_on(acquirer, terminal, until)
        return True

    async def _held(self, acquirer: str, terminal: str) -> BankTerminal:
        found = await self.hold(acquirer, terminal)
        if found is None:
            raise LookupError(f"{terminal} is no terminal at {acquirer}")
        return found

    async def _change(self, found: BankTerminal, **changes: Any) -> None:
        await self._all.put("bank_terminals", (found.acquirer, found.terminal), replace(found, **changes))


class NoSettlements:
    """Settlements of a world in which no batch is settled: one that a bank ends has no money in it."""

    def __init__(self, _conversation: Conversation) -> None:
        pass

    async def leave(self, *_: Any) -> bool:
        await Turn()
        return False


__all__ = [
    "MERCHANT",
    "MemorySales",
    "MemoryTerminals",
    "NoSettlements",
    "TakenError",
    "add_terminal",
    "is_unsettled",
]
