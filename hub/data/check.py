"""Proves that the books balance, by reading them anew; names everything that does not fit."""

from collections.abc import Iterator
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, and_, case, func, literal, or_, select

from hub.business.ledger import SUSPENSE
from hub.data.check_bank import bank_findings
from hub.data.check_cards import card_findings
from hub.data.check_claims import claim_findings
from hub.data.check_payments import payment_findings
from hub.data.check_phone import phone_findings
from hub.data.check_recharge import recharge_findings
from hub.data.check_settlements import settlement_findings
from hub.data.finding import Finding
from hub.data.schema import accounts, bills, claims, legs, payments, purchases, reversals, transactions
from hub.data.schema_phone import phone_orders


class Report(msgspec.Struct, frozen=True):
    """The sums of the books, and what is wrong with them; reversed payments are not counted as credited."""

    ok: bool
    ledger_sum: int
    transactions: int
    legs: int
    payments: int
    credited_fen: int
    reversals: int
    claims: int
    suspense_fen: int
    purchases: int
    power_fen: int
    phone_orders: int
    refunds_due_fen: int
    findings: tuple[Finding, ...]


def check(connection: Connection) -> Report:
    """Read all books; the caller sees to it that nobody writes into this one look."""
    findings = tuple(finding for rule in RULES for finding in rule(connection))
    credited = and_(payments.c.transaction_id.is_not(None), payments.c.reversal_id.is_(None))
    undone = reversals.c.outcome == "reversed"
    return Report(
        ok=not findings,
        ledger_sum=_scalar(connection, select(_total(legs.c.amount_fen))),
        transactions=_scalar(connection, select(func.count()).select_from(transactions)),
        legs=_scalar(connection, select(func.count()).select_from(legs)),
        payments=_scalar(connection, select(func.count()).select_from(payments).where(credited)),
        credited_fen=_scalar(connection, select(_total(payments.c.amount_fen)).where(credited)),
        reversals=_scalar(connection, select(func.count()).select_from(reversals).where(undone)),
        claims=_scalar(connection, select(func.count()).select_from(claims)),
        suspense_fen=-_scalar(
            connection, select(_total(legs.c.amount_fen)).where(legs.c.account == SUSPENSE)
        ),
        purchases=_scalar(connection, select(func.count(purchases.c.sold_count))),
        power_fen=-_scalar(
            connection, select(_total(legs.c.amount_fen)).where(legs.c.account.like("power:%"))
        ),
        phone_orders=_scalar(connection, select(func.count()).select_from(phone_orders)),
        refunds_due_fen=_scalar(
            connection,
            select(_total(phone_orders.c.amount_fen)).where(phone_orders.c.state == "refund_due"),
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


RULES = (
    _sums,
    _balances,
    _bills,
    payment_findings,
    claim_findings,
    card_findings,
    bank_findings,
    settlement_findings,
    phone_findings,
    recharge_findings,
)
