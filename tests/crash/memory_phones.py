"""The hub's store for orders that phones pay over books in memory."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from hub.business.phone_rules import PhoneRecord
from tests.crash.memory import Conversation, Turn


class MemoryPhones:
    """One conversation about orders; implements `Phones`."""

    def __init__(self, conversation: Conversation) -> None:
        self._all = conversation

    async def find(self, order_id: str) -> PhoneRecord | None:
        found: PhoneRecord | None = await self._all.get("phone_orders", order_id)
        return found

    async def hold(self, order_id: str) -> PhoneRecord | None:
        found: PhoneRecord | None = await self._all.hold("phone_orders", order_id)
        return found

    async def add(self, record: PhoneRecord) -> None:
        await self._all.insert("phone_orders", record.id, record)

    async def save(self, record: PhoneRecord) -> None:
        await self._all.put("phone_orders", record.id, record)

    async def due(self, now: datetime) -> list[str]:
        await Turn()
        rows = self._all.books.table("phone_orders").values()
        due = [(row.next_at, row.id) for row in rows if row.next_at is not None and row.next_at <= now]
        return [order_id for _, order_id in sorted(due)]

    async def lease(self, order_id: str, now: datetime, until: datetime) -> bool:
        found = await self.hold(order_id)
        if found is None or found.next_at is None or found.next_at > now:
            return False
        await self.save(replace(found, next_at=until))
        return True

    async def hurry(self, order_id: str, now: datetime) -> bool:
        found = await self.hold(order_id)
        if found is not None:
            await self.save(replace(found, next_at=now))
        return found is not None
