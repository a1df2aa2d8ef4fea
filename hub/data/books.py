"""The hub's own books as billing system: the default adapter of the billing port."""

from collections.abc import Callable
from datetime import date
from typing import Any, Literal

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.business.allocation import Settlement, Standing
from hub.business.billing import Customer, Meter
from hub.business.bills import Bill, after_payment, as_of
from hub.business.late_fee import LateFeeRule
from hub.data.schema import accounts, bills, meters

RuleOf = Callable[[str, date], LateFeeRule]
"""The late-fee rule of a tariff on a date."""

_account = select(
    accounts.c.account_no, accounts.c.state, accounts.c.balance_fen, accounts.c.tariff_id
).where(accounts.c.account_no == bindparam("account_no"))
_held_account = _account.with_for_update()
_open_bills = (
    select(
        bills.c.bill_no,
        bills.c.month,
        bills.c.kwh,
        bills.c.charge_fen,
        bills.c.due_date,
        bills.c.paid_fen,
        bills.c.late_fee_accrued_fen,
        bills.c.late_fee_accrued_to,
        bills.c.late_fee_paid_fen,
    )
    .where(bills.c.account_no == bindparam("account_no"), bills.c.paid_fen < bills.c.charge_fen)
    .order_by(bills.c.month)
)
_paid_bill = (
    update(bills)
    .where(bills.c.bill_no == bindparam("the_bill"))
    .values(
        paid_fen=bindparam("paid"),
        late_fee_accrued_fen=bindparam("accrued"),
        late_fee_accrued_to=bindparam("accrued_to"),
        late_fee_paid_fen=bindparam("fee_paid"),
    )
)
_new_balance = (
    update(accounts)
    .where(accounts.c.account_no == bindparam("the_account"))
    .values(balance_fen=bindparam("balance"))
)


class OwnBooks:
    """One conversation, in one database transaction."""

    def __init__(self, connection: AsyncConnection, rule_of: RuleOf) -> None:
        self._connection = connection
        self._rule_of = rule_of
        self._held: dict[str, tuple[LateFeeRule, dict[str, Bill]]] = {}

    async def customer(self, account_no: str) -> Customer | None:
        row = (
            await self._connection.execute(select(accounts).where(accounts.c.account_no == account_no))
        ).first()
        if row is None:
            return None
        found = await self._connection.execute(
            select(meters.c.meter_no, meters.c.kind)
            .where(meters.c.account_no == account_no)
            .order_by(meters.c.meter_no)
        )
        return Customer(
            account_no=row.account_no,
            name=row.name,
            address=row.address,
            supply_unit=row.supply_unit,
            usage_class=row.usage_class,
            meters=tuple(Meter(meter.meter_no, meter.kind) for meter in found),
        )

    async def account_of_meter(self, meter_no: str) -> str | None:
        query = select(meters.c.account_no).where(meters.c.meter_no == meter_no)
        return (await self._connection.execute(query)).scalar()

    async def standing(self, account_no: str, on: date) -> Standing | None:
        return await self._standing(_account, account_no, on)

    async def hold(self, account_no: str, on: date) -> Standing | None:
        return await self._standing(_held_account, account_no, on)

    async def apply(self, settlement: Settlement, on: date) -> None:
        if settlement.account_no not in self._held:
            raise ValueError(f"account {settlement.account_no} is not held")
        rule, held = self._held[settlement.account_no]
        paid = [
            after_payment(held[part.bill_no], part.late_fee_fen, part.principal_fen, on, rule)
            for part in settlement.allocations
        ]
        if paid:
            await self._connection.execute(_paid_bill, [_columns(bill) for bill in paid])
        if settlement.to_balance_fen:
            await self._connection.execute(
                _new_balance, {"the_account": settlement.account_no, "balance": settlement.balance_after_fen}
            )

    async def _standing(self, query: Any, account_no: str, on: date) -> Standing | None:
        key = {"account_no": account_no}
        account = (await self._connection.execute(query, key)).first()
        if account is None:
            return None
        rule = self._rule_of(account.tariff_id, on)
        owed = [_bill(row) for row in await self._connection.execute(_open_bills, key)]
        if query is _held_account:
            self._held[account_no] = rule, {bill.bill_no: bill for bill in owed}
        state: Literal["open", "closed"] = account.state
        return Standing(account_no, state, account.balance_fen, tuple(as_of(bill, on, rule) for bill in owed))


def _bill(row: Any) -> Bill:
    return Bill(*row)


def _columns(bill: Bill) -> dict[str, Any]:
    return {
        "the_bill": bill.bill_no,
        "paid": bill.paid_fen,
        "accrued": bill.late_fee_accrued_fen,
        "accrued_to": bill.late_fee_accrued_to,
        "fee_paid": bill.late_fee_paid_fen,
    }
