"""The hub's store for recharge cards over books in memory: the same contract as the SQL one."""

from __future__ import annotations

from dataclasses import replace

from hub.business.keeping import TakenError
from hub.business.recharge_keeping import RechargeCard, RedemptionRecord, WrongNumbers
from tests.crash.memory import Books, Conversation, Turn


def add_recharge_card(books: Books, mark: str, card: RechargeCard) -> None:
    """Write a card in, as the operators' command does; `mark` is that of its number."""
    books.rows["recharge_cards", card.serial] = card
    books.rows["recharge_marks", mark] = card.serial


class MemoryRecharge:
    """One conversation about recharge cards; implements `RechargeKeeping`."""

    def __init__(self, conversation: Conversation) -> None:
        self._all = conversation

    async def redemption(self, payment_id: str) -> RedemptionRecord | None:
        found: RedemptionRecord | None = await self._all.get("redemptions", payment_id)
        return found

    async def add_redemption(self, record: RedemptionRecord) -> None:
        await self._all.insert("redemptions", record.id, record)

    async def hold_tries(self, terminal: str) -> WrongNumbers | None:
        found: WrongNumbers | None = await self._all.hold("redemption_tries", terminal)
        return found

    async def set_tries(self, terminal: str, tries: WrongNumbers, *, first: bool) -> None:
        if first:
            await self._all.insert("redemption_tries", terminal, tries)
        else:
            await self._all.put("redemption_tries", terminal, tries)

    async def hold_card(self, mark: str) -> RechargeCard | None:
        await Turn()
        serial: str | None = self._all.books.rows.get(("recharge_marks", mark))
        if serial is None:
            return None
        found: RechargeCard | None = await self._all.hold("recharge_cards", serial)
        return found

    async def spend(self, serial: str, payment_id: str) -> None:
        card: RechargeCard | None = await self._all.hold("recharge_cards", serial)
        if card is None or card.state != "active":
            raise TakenError
        await self._all.put("recharge_cards", serial, replace(card, state="spent", spent_by=payment_id))
