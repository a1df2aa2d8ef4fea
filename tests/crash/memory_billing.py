"""The hub's billing port over books in memory: accounts, their bills, and what is owed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from hub.business.allocation import Settlement, Standing, Undoing
from hub.business.billing import Customer
from hub.business.bills import Bill, after_payment, after_reversal, as_of
from hub.business.late_fee import LateFeeRule
from tests.crash.memory import AccountRow, Conversation


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
