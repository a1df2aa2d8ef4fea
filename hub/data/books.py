"""The hub's own books as billing system: the default adapter of the billing port."""

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

from sqlalchemy import and_, bindparam, select, update

from hub.business.allocation import Settlement, Standing, Undoing
from hub.business.billing import Customer, Meter
from hub.business.bills import Bill, after_payment, after_reversal, as_of
from hub.business.late_fee import LateFeeRule
from hub.data.direct import Conversation
from hub.data.schema import accounts, bills, meters

RuleOf = Callable[[str, date], LateFeeRule]
"""The late-fee rule of a tariff on a date."""

_account = select(
    accounts.c.account_no, accounts.c.state, accounts.c.balance_fen, accounts.c.tariff_id
).where(accounts.c.account_no == bindparam("account_no"))
_held_account = _account.with_for_update()
_account_of_meter = select(meters.c.account_no).where(meters.c.meter_no == bindparam("meter_no"))
_bill_columns = (
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
_BILL_COLUMNS = len(_bill_columns)
_is_open = bills.c.paid_fen < bills.c.charge_fen
_open_bills = (
    select(*_bill_columns)
    .where(bills.c.account_no == bindparam("account_no"), _is_open)
    .order_by(bills.c.month)
)
_bill = select(*_bill_columns).where(bills.c.bill_no == bindparam("bill_no"))
_whole_account = (
    select(
        accounts.c.account_no,
        accounts.c.name,
        accounts.c.address,
        accounts.c.supply_unit,
        accounts.c.usage_class,
        accounts.c.state,
        accounts.c.balance_fen,
        accounts.c.tariff_id,
        meters.c.meter_no,
        meters.c.kind,
        *_bill_columns,
    )
    .select_from(
        accounts.outerjoin(meters, meters.c.account_no == accounts.c.account_no).outerjoin(
            bills, and_(bills.c.account_no == accounts.c.account_no, _is_open)
        )
    )
    .where(accounts.c.account_no == bindparam("account_no"))
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

    def __init__(self, connection: Conversation, rule_of: RuleOf) -> None:
        self._connection = connection
        self._rule_of = rule_of
        self._held: dict[str, tuple[LateFeeRule, dict[str, Bill], int]] = {}

    async def account(self, account_no: str, on: date) -> tuple[Customer, Standing] | None:
        rows = (await self._connection.execute(_whole_account, {"account_no": account_no})).all()
        if not rows:
            return None
        first = rows[0]
        found = {row.meter_no: Meter(row.meter_no, row.kind) for row in rows if row.meter_no is not None}
        # Each open bill comes once with each meter.
        owed = {row.bill_no: Bill(*row[-_BILL_COLUMNS:]) for row in rows if row.bill_no is not None}
        customer = Customer(
            account_no=account_no,
            name=first.name,
            address=first.address,
            supply_unit=first.supply_unit,
            usage_class=first.usage_class,
            meters=tuple(found[meter_no] for meter_no in sorted(found)),
        )
        rule = self._rule_of(first.tariff_id, on)
        return customer, _as_of(first, owed.values(), on, rule)

    async def account_of_meter(self, meter_no: str) -> str | None:
        return (await self._connection.execute(_account_of_meter, {"meter_no": meter_no})).scalar()

    async def standing(self, account_no: str, on: date) -> Standing | None:
        return await self._standing(_account, account_no, on)

    async def hold(self, account_no: str, on: date) -> Standing | None:
        return await self._standing(_held_account, account_no, on)

    async def apply(self, settlement: Settlement, on: date) -> None:
        if settlement.account_no not in self._held:
            raise ValueError(f"account {settlement.account_no} is not held")
        rule, held, _ = self._held[settlement.account_no]
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

    async def undo(self, undoing: Undoing, on: date) -> None:
        if undoing.account_no not in self._held:
            raise ValueError(f"account {undoing.account_no} is not held")
        rule, _, balance_fen = self._held[undoing.account_no]
        back = []
        for part in undoing.parts:
            row = (await self._connection.execute(_bill, {"bill_no": part.bill_no})).one()
            back.append(after_reversal(Bill(*row), part.late_fee_fen, part.principal_fen, on, rule))
        if back:
            await self._connection.execute(_paid_bill, [_columns(bill) for bill in back])
        if undoing.to_balance_fen:
            balance = {"the_account": undoing.account_no, "balance": balance_fen - undoing.to_balance_fen}
            await self._connection.execute(_new_balance, balance)

    async def _standing(self, query: Any, account_no: str, on: date) -> Standing | None:
        key = {"account_no": account_no}
        account = (await self._connection.execute(query, key)).first()
        if account is None:
            return None
        rule = self._rule_of(account.tariff_id, on)
        owed = [Bill(*row) for row in await self._connection.execute(_open_bills, key)]
        if query is _held_account:
            self._held[account_no] = rule, {bill.bill_no: bill for bill in owed}, account.balance_fen
        return _as_of(account, owed, on, rule)


def _as_of(account: Any, owed: Iterable[Bill], on: date, rule: LateFeeRule) -> Standing:
    bills_now = tuple(as_of(bill, on, rule) for bill in owed)
    return Standing(account.account_no, account.state, account.balance_fen, bills_now)


def _columns(bill: Bill) -> dict[str, Any]:
    return {
        "the_bill": bill.bill_no,
        "paid": bill.paid_fen,
        "accrued": bill.late_fee_accrued_fen,
        "accrued_to": bill.late_fee_accrued_to,
        "fee_paid": bill.late_fee_paid_fen,
    }
