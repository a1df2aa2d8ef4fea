"""The part of the check that is about payments by phone: each paid order is credited or has gone back, and once."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, exists, or_, select

from hub.business.ledger import kept_back_legs, opposite
from hub.business.phone_rules import UNSETTLED
from hub.data.check_bank import OVERDUE_GRACE
from hub.data.finding import Finding
from hub.data.heads import aware
from hub.data.schema import legs, payments, transactions
from hub.data.schema_phone import phone_orders

_BY_PHONE = '%"tender":"qr"%'
"""In the content of a payment, which is canonical."""


def phone_findings(connection: Connection) -> Iterator[Finding]:
    """Judge orders that phones pay against payments and bookings."""
    for rule in (_paid, _without_order, _going_back, _orphans, _forgotten):
        yield from rule(connection)


def _paid(connection: Connection) -> Iterator[Finding]:
    """An order is paid exactly when the payment of its id stands; any other has none."""
    query = select(
        phone_orders.c.id,
        phone_orders.c.state,
        phone_orders.c.amount_fen,
        payments.c.transaction_id,
        payments.c.reversal_id,
        payments.c.amount_fen.label("booked_fen"),
    ).select_from(phone_orders.outerjoin(payments, payments.c.id == phone_orders.c.id))
    for row in connection.execute(query):
        stands = row.transaction_id is not None and row.reversal_id is None
        what = f"order {row.id}, {row.state}"
        if stands != (row.state == "paid"):
            yield Finding(
                "phone_payment", what, "its payment stands" if stands else "no payment of it stands"
            )
        elif stands and row.booked_fen != row.amount_fen:
            yield Finding("phone_payment", what, f"of {row.amount_fen} fen, credited {row.booked_fen}")


def _without_order(connection: Connection) -> Iterator[Finding]:
    query = select(payments.c.id).where(
        payments.c.content.like(_BY_PHONE), ~exists().where(phone_orders.c.id == payments.c.id)
    )
    for row in connection.execute(query):
        yield Finding("phone_payment", f"payment {row.id}", "paid by phone, and there is no order for it")


def _going_back(connection: Connection) -> Iterator[Finding]:
    """What was not credited is kept back, in full, until it went back under the one number of its order."""
    query = select(phone_orders).where(
        or_(
            phone_orders.c.state.in_(("refund_due", "refunded")),
            phone_orders.c.kept_back.is_not(None),
            phone_orders.c.gave_back.is_not(None),
        )
    )
    for row in connection.execute(query):
        what = f"order {row.id}, {row.state}"
        due, gone = row.state in {"refund_due", "refunded"}, row.state == "refunded"
        expected = kept_back_legs(row.amount_fen, row.terminal)
        for kind, serial, wanted, entries in (
            ("kept_back", row.kept_back, due, expected),
            ("gave_back", row.gave_back, gone, opposite(expected)),
        ):
            found = _legs(connection, kind, serial, row.id)
            should = {(leg.account, leg.amount_fen) for leg in entries} if wanted else set()
            if found != should:
                yield Finding("phone_refund", what, f"{kind}: legs {sorted(found)}, not {sorted(should)}")
        if due and not row.refund_no:
            yield Finding("phone_refund", what, "it has no number under which it goes back")


def _legs(connection: Connection, kind: str, serial: Any, order_id: str) -> set[tuple[str, int]]:
    query = (
        select(legs.c.account, legs.c.amount_fen)
        .join(transactions, transactions.c.id == legs.c.transaction_id)
        .where(transactions.c.id == serial, transactions.c.kind == kind, transactions.c.reference == order_id)
    )
    return {(row.account, row.amount_fen) for row in connection.execute(query)}


def _orphans(connection: Connection) -> Iterator[Finding]:
    for kind, column in {
        "kept_back": phone_orders.c.kept_back,
        "gave_back": phone_orders.c.gave_back,
    }.items():
        query = select(transactions.c.id, transactions.c.reference).where(
            transactions.c.kind == kind, ~exists().where(column == transactions.c.id)
        )
        for row in connection.execute(query):
            text = f"no order by phone {row.reference} has this {kind} booking"
            yield Finding("booking_without_order", f"transaction {row.id}", text)


def _forgotten(connection: Connection) -> Iterator[Finding]:
    """An order that is at no end is attended to, by a hub that knows its provider."""
    before = datetime.now(UTC) - OVERDUE_GRACE
    query = select(phone_orders.c.id, phone_orders.c.state, phone_orders.c.next_at).where(
        phone_orders.c.state.in_(UNSETTLED),
        or_(phone_orders.c.next_at.is_(None), phone_orders.c.next_at < before),
    )
    for row in connection.execute(query):
        due = f"since {aware(row.next_at):%Y-%m-%d %H:%M} UTC" if row.next_at else "for good"
        yield Finding("phone_forgotten", f"order {row.id}, {row.state}", f"nobody attends to it {due}")
