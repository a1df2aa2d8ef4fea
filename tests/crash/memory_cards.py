"""The hub's store for meter cards over books in memory: the same contract as the SQL one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from hub.business.card_forms import IdentityField, WriteState
from hub.business.card_keeping import CheckRecord, ReadRecord, Tries
from hub.business.cards import Card, CardMeter, Purchase, WriteRecord
from hub.business.keeping import TakenError
from tests.crash.memory import Books, Conversation, Turn


def add_card_meter(books: Books, meter: CardMeter, card: Card | None = None) -> None:
    """Write a meter that takes cards in, and its card, as the seed of the SQL books does."""
    books.rows["card_meters", meter.meter_no] = meter
    if card is not None:
        books.rows["cards", card.mark] = card


class MemoryCards:
    """One conversation about cards; implements `CardKeeping`."""

    def __init__(self, conversation: Conversation) -> None:
        self._all = conversation

    async def card(self, mark: str) -> Card | None:
        found: Card | None = await self._all.get("cards", mark)
        return found

    async def put_card(self, card: Card) -> None:
        before = await self.card(card.mark)
        if before is not None and before.meter_no not in {None, card.meter_no}:
            raise TakenError
        await self._all.put("cards", card.mark, card)

    async def active_card(self, meter_no: str) -> Card | None:
        await Turn()
        mine = (c for c in self._rows("cards") if c.meter_no == meter_no and c.state == "active")
        return next(mine, None)

    async def had_card(self, meter_no: str) -> bool:
        await Turn()
        return any(card.meter_no == meter_no for card in self._rows("cards"))

    async def meter_of_number(self, card_meter_no: str) -> CardMeter | None:
        await Turn()
        return next((m for m in self._rows("card_meters") if m.card_meter_no == card_meter_no), None)

    async def meters_of(self, account_no: str) -> Sequence[CardMeter]:
        await Turn()
        mine = [m for m in self._rows("card_meters") if m.account_no == account_no]
        return sorted(mine, key=lambda meter: meter.meter_no)

    async def hold_meter(self, meter_no: str) -> CardMeter | None:
        found: CardMeter | None = await self._all.hold("card_meters", meter_no)
        return found

    async def set_meter(self, meter: CardMeter) -> None:
        before: CardMeter = await self._all.get("card_meters", meter.meter_no)
        after = replace(before, purchase_count=meter.purchase_count, opened=meter.opened)
        await self._all.put("card_meters", meter.meter_no, after)

    async def purchase(self, purchase_id: str) -> Purchase | None:
        found: Purchase | None = await self._all.get("purchases", purchase_id)
        return found

    async def orders(self, meter_no: str, count: int) -> Sequence[Purchase]:
        await Turn()
        mine = [
            order
            for order in self._rows("purchases")
            if (order.meter_no, order.count) == (meter_no, count) and order.state != "withdrawn"
        ]
        return sorted(mine, key=lambda order: order.serial)

    async def pending_card(self, meter_no: str) -> Purchase | None:
        await Turn()
        mine = [
            order
            for order in self._rows("purchases")
            if order.meter_no == meter_no and order.kind != "purchase" and order.pending
        ]
        return max(mine, key=lambda order: order.serial, default=None)

    async def add_purchase(self, purchase: Purchase) -> None:
        if purchase.sells and any(
            (order.meter_no, order.count) == (purchase.meter_no, purchase.count)
            for order in self._rows("purchases")
            if order.sells and order.state != "withdrawn"
        ):
            raise TakenError
        await self._all.insert("purchases", purchase.id, purchase)

    async def set_purchase(self, purchase: Purchase) -> None:
        await self._all.put("purchases", purchase.id, purchase)

    async def write(self, write_id: str) -> WriteRecord | None:
        found: WriteRecord | None = await self._all.get("card_writes", write_id)
        return found

    async def writes_of(self, purchase_id: str) -> Sequence[WriteRecord]:
        await Turn()
        mine = [write for write in self._rows("card_writes") if write.purchase_id == purchase_id]
        return sorted(mine, key=lambda write: write.number)

    async def add_write(self, write: WriteRecord) -> None:
        await self._all.insert("card_writes", write.id, write)

    async def set_write(self, write_id: str, state: WriteState, outcome: str) -> None:
        before: WriteRecord = await self._all.get("card_writes", write_id)
        await self._all.put("card_writes", write_id, replace(before, state=state, outcome=outcome))

    async def read(self, read_id: str) -> ReadRecord | None:
        found: ReadRecord | None = await self._all.get("card_reads", read_id)
        return found

    async def add_read(self, read: ReadRecord) -> None:
        await self._all.insert("card_reads", read.id, read)

    async def check(self, check_id: str) -> CheckRecord | None:
        found: CheckRecord | None = await self._all.get("identity_checks", check_id)
        return found

    async def add_check(self, check: CheckRecord) -> None:
        await self._all.insert("identity_checks", check.id, check)

    async def tries(self, account_no: str, terminal: str, since: datetime) -> Tries:
        await Turn()
        checks = [check for check in self._rows("identity_checks") if check.checked_at > since]
        of_account = list(_failed([check for check in checks if check.account_no == account_no]))
        of_terminal = [check for check in checks if check.terminal == terminal and not check.matched]
        last_at = max((check.checked_at for check in of_account), default=None)
        return Tries(len(of_account), len(of_terminal), last_at)

    async def identity_mark(self, account_no: str, field: IdentityField) -> str | None:
        found: str | None = await self._all.get("marks", (account_no, field))
        return found

    def _rows(self, table: str) -> list[Any]:
        rows = self._all.books.rows | self._all.own
        return [row for (name, _), row in rows.items() if name == table]


def _failed(checks: Sequence[CheckRecord]) -> Iterator[CheckRecord]:
    matched = max((check.checked_at for check in checks if check.matched), default=None)
    for check in checks:
        if not check.matched and (matched is None or check.checked_at > matched):
            yield check
