"""Proves that the books balance, by reading them anew; names everything that does not fit."""

from collections.abc import Iterator
from typing import Any, Literal

import msgspec
from sqlalchemy import Connection, Select, and_, case, func, literal, or_, select

from hub.business.forms import Payment
from hub.business.ledger import SUSPENSE
from hub.data.schema import accounts, bills, claims, legs, payments, transactions

Rule = Literal[
    "transaction_sum",
    "ledger_sum",
    "transaction_without_legs",
    "balance",
    "bill_principal",
    "bill_late_fee",
    "leg_of_no_bill",
    "payment_booking",
    "payment_legs",
    "claim_booking",
    "booking_without_order",
]


class Finding(msgspec.Struct, frozen=True):
    """One thing in the books that does not fit; `what` names the row."""

    rule: Rule
    what: str
    found: str


class Report(msgspec.Struct, frozen=True):
    """The sums of the books, and what is wrong with them."""

    ok: bool
    ledger_sum: int
    transactions: int
    legs: int
    payments: int
    credited_fen: int
    claims: int
    suspense_fen: int
    findings: tuple[Finding, ...]


def check(connection: Connection) -> Report:
    """Read all books; the caller sees to it that nobody writes into this one look."""
    findings = tuple(
        finding
        for rule in (_sums, _balances, _bills, _payments, _claims, _orphans)
        for finding in rule(connection)
    )
    credited = payments.c.transaction_id.is_not(None)
    return Report(
        ok=not findings,
        ledger_sum=_scalar(connection, select(_total(legs.c.amount_fen))),
        transactions=_scalar(connection, select(func.count()).select_from(transactions)),
        legs=_scalar(connection, select(func.count()).select_from(legs)),
        payments=_scalar(connection, select(func.count()).select_from(payments).where(credited)),
        credited_fen=_scalar(connection, select(_total(payments.c.amount_fen)).where(credited)),
        claims=_scalar(connection, select(func.count()).select_from(claims)),
        suspense_fen=-_scalar(
            connection, select(_total(legs.c.amount_fen)).where(legs.c.account == SUSPENSE)
        ),
        findings=findings,
    )


def _scalar(connection: Connection, query: Select[Any]) -> int:
    return int(connection.execute(query).scalar_one())


def _total(column: Any) -> Any:
    return func.coalesce(func.sum(column), 0)


def _sums(connection: Connection) -> Iterator[Finding]:
    query = (
        select(
            transactions.c.id,
            func.count(legs.c.line).label("lines"),
            _total(legs.c.amount_fen).label("total"),
        )
        .select_from(transactions.outerjoin(legs, legs.c.transaction_id == transactions.c.id))
        .group_by(transactions.c.id)
        .having(or_(_total(legs.c.amount_fen) != 0, func.count(legs.c.line) == 0))
    )
    for row in connection.execute(query):
        if row.lines:
            yield Finding(
                "transaction_sum", f"transaction {row.id}", f"legs add up to {row.total} fen, not 0"
            )
        else:
            yield Finding("transaction_without_legs", f"transaction {row.id}", "no legs")
    total = _scalar(connection, select(_total(legs.c.amount_fen)))
    if total:
        yield Finding("ledger_sum", "ledger", f"all legs add up to {total} fen, not 0")


def _balances(connection: Connection) -> Iterator[Finding]:
    booked = (
        select(legs.c.account, func.sum(legs.c.amount_fen).label("total"))
        .where(legs.c.account.like("balance:%"))
        .group_by(legs.c.account)
        .subquery()
    )
    name = literal("balance:") + accounts.c.account_no
    query = select(
        accounts.c.account_no, accounts.c.balance_fen, _total_or_0(booked.c.total).label("total")
    ).select_from(accounts.outerjoin(booked, booked.c.account == name))
    for row in connection.execute(query.where(accounts.c.balance_fen != -_total_or_0(booked.c.total))):
        yield Finding(
            "balance", f"account {row.account_no}", f"balance {row.balance_fen} fen, legs {-row.total}"
        )


def _total_or_0(column: Any) -> Any:
    return func.coalesce(column, 0)


def _bills(connection: Connection) -> Iterator[Finding]:
    fee = legs.c.account == "income:late_fee"
    booked = (
        select(
            legs.c.bill_no,
            func.sum(case((fee, 0), else_=legs.c.amount_fen)).label("principal"),
            func.sum(case((fee, legs.c.amount_fen), else_=0)).label("late_fee"),
        )
        .where(legs.c.bill_no.is_not(None))
        .group_by(legs.c.bill_no)
        .subquery()
    )
    principal, late_fee = _total_or_0(booked.c.principal), _total_or_0(booked.c.late_fee)
    wrong = or_(bills.c.charge_fen - bills.c.paid_fen != principal, bills.c.late_fee_paid_fen != -late_fee)
    query = select(
        bills.c.bill_no,
        (bills.c.charge_fen - bills.c.paid_fen).label("owed"),
        bills.c.late_fee_paid_fen,
        principal.label("principal"),
        late_fee.label("late_fee"),
    ).select_from(bills.outerjoin(booked, booked.c.bill_no == bills.c.bill_no))
    for row in connection.execute(query.where(wrong)):
        if row.owed != row.principal:
            yield Finding(
                "bill_principal", f"bill {row.bill_no}", f"owed {row.owed} fen, legs {row.principal}"
            )
        if row.late_fee_paid_fen != -row.late_fee:
            paid = row.late_fee_paid_fen
            yield Finding(
                "bill_late_fee", f"bill {row.bill_no}", f"late fee paid {paid} fen, legs {-row.late_fee}"
            )
    unknown = select(booked.c.bill_no).where(booked.c.bill_no.not_in(select(bills.c.bill_no)))
    for row in connection.execute(unknown):
        yield Finding("leg_of_no_bill", f"bill {row.bill_no}", "legs name a bill that is not there")


def _payments(connection: Connection) -> Iterator[Finding]:
    """Each payment has one booking of its own, with exactly the legs that its stored answer tells."""
    booking = and_(transactions.c.id == payments.c.transaction_id, transactions.c.kind == "payment")
    query = (
        select(
            payments,
            transactions.c.reference,
            legs.c.account,
            legs.c.amount_fen.label("leg_fen"),
            legs.c.bill_no,
        )
        .select_from(
            payments.outerjoin(transactions, booking).outerjoin(
                legs, legs.c.transaction_id == transactions.c.id
            )
        )
        .where(or_(payments.c.transaction_id.is_not(None), payments.c.content.is_not(None)))
        .order_by(payments.c.id, legs.c.line)
    )
    current: Any = None
    found: dict[tuple[str, str], int] = {}
    for row in connection.execute(query):
        if current is not None and row.id != current.id:
            yield from _judge(current, found)
            found = {}
        current = row
        if row.leg_fen is not None:
            key = (row.account, (row.bill_no or "")[-6:])
            found[key] = found.get(key, 0) + row.leg_fen
    if current is not None:
        yield from _judge(current, found)


def _judge(row: Any, found: dict[tuple[str, str], int]) -> Iterator[Finding]:
    what = f"payment {row.id}"
    if row.reference != row.id:
        yield Finding("payment_booking", what, f"its booking {row.transaction_id} is for {row.reference}")
        return
    answer = msgspec.json.decode(row.reply, type=Payment)
    expected: dict[tuple[str, str], int] = {
        (f"cash:{row.terminal}", ""): row.amount_fen,
        (f"balance:{row.account_no}", ""): -answer.to_balance_fen,
    }
    for part in answer.allocations:
        month = part.month.replace("-", "")
        expected["income:late_fee", month] = -part.late_fee_fen
        expected[f"receivable:{row.account_no}", month] = -part.principal_fen
    expected = {key: amount for key, amount in expected.items() if amount}
    if expected != found:
        yield Finding("payment_legs", what, f"legs {found}, its answer says {expected}")


def _claims(connection: Connection) -> Iterator[Finding]:
    suspended = func.sum(case((legs.c.account == SUSPENSE, legs.c.amount_fen), else_=0))
    query = (
        select(claims.c.id, claims.c.amount_fen, claims.c.resolution, suspended.label("suspense"))
        .select_from(
            claims.outerjoin(
                transactions,
                and_(transactions.c.kind == "claim", transactions.c.reference == claims.c.id),
            ).outerjoin(legs, legs.c.transaction_id == transactions.c.id)
        )
        .group_by(claims.c.id, claims.c.amount_fen, claims.c.resolution)
    )
    for row in connection.execute(query):
        expected = 0 if row.resolution else row.amount_fen
        if -row.suspense != expected:
            text = f"{expected} fen should be in suspense, legs {-row.suspense}"
            yield Finding("claim_booking", f"claim {row.id}", text)


def _orphans(connection: Connection) -> Iterator[Finding]:
    known = {
        "payment": select(payments.c.transaction_id).where(payments.c.transaction_id.is_not(None)),
        "claim": select(claims.c.transaction_id).where(claims.c.transaction_id.is_not(None)),
    }
    for kind, ids in known.items():
        query = select(transactions.c.id, transactions.c.reference).where(
            transactions.c.kind == kind, transactions.c.id.not_in(ids)
        )
        for row in connection.execute(query):
            what = f"transaction {row.id}"
            yield Finding("booking_without_order", what, f"no {kind} {row.reference} has this booking")
