"""Loads the sample town into empty books: customers, 24 bill runs, what was paid before, opening balances."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Engine, Table, func, insert, select

from hub.business.ledger import ENERGY, LATE_FEE, OPENING, Leg, balance, balanced, receivable
from hub.data.fields import sealed_fields
from hub.data.keys_bench import BenchStore
from hub.data.keystore import KeyStore
from hub.data.schema import accounts, bills, legs, meters, transactions
from hub.data.seed_cards import add_cards, power_legs
from hub.data.seed_recharge import add_test_cards
from hub.data.store import leg_rows
from hub.data.town_model import TownAccount, TownBill

Rows = Sequence[dict[str, Any]]


class NotEmptyError(Exception):
    """The books hold accounts already; a town is only loaded into empty ones."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """How much was loaded."""

    accounts: int
    bills: int
    legs: int


def load_town(
    engine: Engine, town: Iterable[TownAccount], as_of: date, now: datetime, keys: KeyStore | None = None
) -> Loaded:
    """Write the town in one transaction; raises NotEmptyError if there is one already.

    Its people are invented, so without a key store their phones are encrypted under the bench's test keys.
    """
    with engine.begin() as connection:
        if connection.execute(select(func.count()).select_from(accounts)).scalar_one():
            raise NotEmptyError("the books hold accounts already; seed only empty ones")
        add_test_cards(connection, keys, as_of, now)
        return add_accounts(connection, list(town), as_of, now, keys)


def add_accounts(
    connection: Connection,
    people: Sequence[TownAccount],
    as_of: date,
    now: datetime,
    keys: KeyStore | None = None,
) -> Loaded:
    """Write accounts with their bills and balances, and post the bookings for them; `keys` as of `load_town`."""
    store = keys or BenchStore(None, {}, bench=True)
    bulk_insert(connection, accounts, [_account_row(store, each) for each in people])
    bulk_insert(connection, meters, [row for each in people for row in _meter_rows(each)])
    bulk_insert(connection, bills, [_bill_row(each, bill) for each in people for bill in each.bills])
    bookings = [booking for booking in _bookings(people, as_of) if booking.legs]
    rows = [row for booking in bookings for row in _post(connection, booking, now)]
    bought = _Booking("opening", "power", as_of, power_legs(people))
    power = _post(connection, bought, now) if bought.legs else []
    rows.extend(power)
    bulk_insert(connection, legs, rows)
    serial = power[0]["transaction_id"] if power else None
    add_cards(lambda table, found: bulk_insert(connection, table, found), people, serial, store)
    return Loaded(len(people), sum(len(each.bills) for each in people), len(rows))


def bulk_insert(connection: Connection, table: Table, rows: Rows) -> None:
    """Write many rows: COPY on PostgreSQL, one prepared statement on SQLite."""
    if not rows:
        return
    if connection.dialect.name != "postgresql":
        connection.execute(insert(table), rows)
        return
    columns = tuple(rows[0])
    names = ", ".join(f'"{name}"' for name in columns)
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f'COPY "{table.name}" ({names}) FROM STDIN') as copy:
        for row in rows:
            copy.write_row([row[name] for name in columns])


def bill_no(account_no: str, month: str) -> str:
    """The hub's number of a month's bill."""
    return f"{account_no}-{month.replace('-', '')}"


@dataclass(frozen=True, slots=True)
class _Booking:
    kind: str
    reference: str
    on: date
    legs: tuple[Leg, ...]


def _post(connection: Connection, booking: _Booking, now: datetime) -> Rows:
    values = {
        "kind": booking.kind,
        "reference": booking.reference,
        "business_date": booking.on,
        "posted_at": now,
    }
    serial = connection.execute(insert(transactions).returning(transactions.c.id), values).scalar_one()
    return leg_rows(serial, booking.legs)


def _bookings(town: Sequence[TownAccount], as_of: date) -> Iterable[_Booking]:
    """One bill run a month, one booking for what was paid of it, one for all balances."""
    months: dict[str, list[tuple[TownAccount, TownBill]]] = {}
    for account in town:
        for bill in account.bills:
            months.setdefault(bill.month, []).append((account, bill))
    for month in sorted(months):
        run = months[month]
        issued_on = max(bill.issued_on for _, bill in run)
        yield _Booking("bill_run", month, issued_on, balanced(_bill_run(run)))
        yield _Booking("opening", f"paid {month}", as_of, balanced(_paid_before(run)))
    credit = sum(account.balance_fen for account in town)
    balances = [Leg(balance(account.account_no), -account.balance_fen) for account in town]
    yield _Booking("opening", "balances", as_of, balanced((Leg(OPENING, credit), *balances)))


def _bill_run(run: Iterable[tuple[TownAccount, TownBill]]) -> Iterable[Leg]:
    total = 0
    for account, bill in run:
        total += bill.charge_fen
        yield Leg(receivable(account.account_no), bill.charge_fen, bill_no(account.account_no, bill.month))
    yield Leg(ENERGY, -total)


def _paid_before(run: Iterable[tuple[TownAccount, TownBill]]) -> Iterable[Leg]:
    total = 0
    for account, bill in run:
        total += bill.paid_principal_fen + bill.paid_late_fee_fen
        number = bill_no(account.account_no, bill.month)
        yield Leg(receivable(account.account_no), -bill.paid_principal_fen, number)
        yield Leg(LATE_FEE, -bill.paid_late_fee_fen, number)
    yield Leg(OPENING, total)


def _account_row(store: KeyStore, account: TownAccount) -> dict[str, Any]:
    sealed = sealed_fields(store, account.account_no, account.phone, account.identity)
    plain = [column.name for column in accounts.columns if column.name not in sealed]
    return {name: getattr(account, name) for name in plain} | sealed


def _meter_rows(account: TownAccount) -> Rows:
    return [
        {
            "meter_no": meter.meter_no,
            "account_no": account.account_no,
            "metering_point": meter.metering_point,
            "kind": meter.kind,
        }
        for meter in account.meters
    ]


def _bill_row(account: TownAccount, bill: TownBill) -> dict[str, Any]:
    return {
        "bill_no": bill_no(account.account_no, bill.month),
        "account_no": account.account_no,
        "month": bill.month,
        "kwh": bill.kwh,
        "charge_fen": bill.charge_fen,
        "issued_on": bill.issued_on,
        "due_date": bill.due_date,
        "paid_fen": bill.paid_principal_fen,
        "late_fee_accrued_fen": bill.late_fee_accrued_fen,
        "late_fee_accrued_to": bill.late_fee_accrued_to,
        "late_fee_paid_fen": bill.paid_late_fee_fen,
    }
