"""The part of the check that is about bank cards: what a bank took is booked, and what is not booked goes back."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, and_, func, or_, select

from hub.business.forms import PaymentOrder
from hub.data.finding import Finding
from hub.data.heads import aware
from hub.data.schema import payments
from hub.data.schema_bank import sales
from hub.data.schema_bank_terminals import settlements

OVERDUE_GRACE = timedelta(minutes=5)
"""How long after it is due a sale may still be found sending: hubs look every second, but may all be down."""


class _Sold(msgspec.Struct):
    """What a sale was ordered for."""

    account_no: str


def bank_findings(connection: Connection) -> Iterator[Finding]:
    """Judge sales by bank card and the payments that they became."""
    for rule in (_sales, _payments, _overdue, _left, _numbers, _traces):
        yield from rule(connection)


def _sales(connection: Connection) -> Iterator[Finding]:
    """An approved sale is booked, for its account and amount; no other one is, unless it was undone."""
    query = select(
        sales.c.id,
        sales.c.state,
        sales.c.content,
        sales.c.amount_fen,
        payments.c.account_no,
        payments.c.amount_fen.label("paid_fen"),
        payments.c.transaction_id,
        payments.c.reversal_id,
    ).select_from(sales.outerjoin(payments, payments.c.id == sales.c.id))
    for row in connection.execute(query):
        what = f"sale {row.id}, {row.state}"
        stands = row.transaction_id is not None and row.reversal_id is None
        if row.state != "approved":
            if stands:
                yield Finding("sale_booked", what, f"its payment of {row.paid_fen} fen stands")
            continue
        if not stands:
            yield Finding("sale_not_booked", what, "no payment stands for it")
            continue
        wanted = msgspec.json.decode(row.content, type=_Sold).account_no, row.amount_fen
        if (row.account_no, row.paid_fen) != wanted:
            found = f"booked {row.paid_fen} fen for account {row.account_no}, not {wanted[1]} for {wanted[0]}"
            yield Finding("sale_booking", what, found)


def _payments(connection: Connection) -> Iterator[Finding]:
    """Money of a bank card that stands, and that no terminal box took, came by a sale."""
    query = (
        select(payments.c.id, payments.c.content, payments.c.amount_fen)
        .select_from(payments.outerjoin(sales, sales.c.id == payments.c.id))
        .where(
            payments.c.transaction_id.is_not(None),
            payments.c.reversal_id.is_(None),
            payments.c.content.contains('"tender":"bank_card"'),
            sales.c.id.is_(None),
        )
    )
    for row in connection.execute(query):
        order = msgspec.json.decode(row.content, type=PaymentOrder)
        if order.tender == "bank_card" and order.box is None:
            yield Finding("payment_without_sale", f"payment {row.id}", f"{row.amount_fen} fen of no sale")


def _overdue(connection: Connection) -> Iterator[Finding]:
    """What is due was taken up by some hub."""
    before = datetime.now(UTC) - OVERDUE_GRACE
    query = select(sales.c.id, sales.c.due_at).where(sales.c.state == "sending", sales.c.due_at < before)
    for row in connection.execute(query):
        due = f"{aware(row.due_at):%Y-%m-%d %H:%M} UTC"
        yield Finding("sale_overdue", f"sale {row.id}", f"still sending, was due at {due}")


def _left(connection: Connection) -> Iterator[Finding]:
    """A sale that goes back is tried again, by a hub that knows its bank, unless its batch is settled: then it is for
    people."""
    before = datetime.now(UTC) - OVERDUE_GRACE
    late = select(sales.c.id, sales.c.acquirer, sales.c.next_at).where(
        sales.c.state == "reversing", sales.c.next_at < before
    )
    for row in connection.execute(late):
        due = f"{aware(row.next_at):%Y-%m-%d %H:%M} UTC"
        yield Finding("reversal_forgotten", f"sale {row.id} at {row.acquirer}", f"was to go back at {due}")
    of_batch: Any = and_(
        settlements.c.acquirer == sales.c.acquirer,
        settlements.c.tid == sales.c.tid,
        settlements.c.batch == sales.c.batch,
    )
    query = (
        select(sales.c.id)
        .select_from(sales.outerjoin(settlements, of_batch))
        .where(sales.c.state == "reversing", sales.c.next_at.is_(None), settlements.c.batch.is_(None))
    )
    for row in connection.execute(query):
        yield Finding("reversal_forgotten", f"sale {row.id}", "goes back, and nobody tries it again")


def _numbers(connection: Connection) -> Iterator[Finding]:
    """A card's number is kept while money may go back, and only encrypted."""
    query = select(sales.c.id, sales.c.state, sales.c.pan_kept, sales.c.card).where(
        or_(
            and_(sales.c.state == "declined", sales.c.pan_kept.is_not(None)),
            and_(sales.c.pan_kept.is_not(None), ~sales.c.pan_kept.like("p1.%")),
            ~sales.c.card.contains("*"),
        )
    )
    for row in connection.execute(query):
        yield Finding("card_number_kept", f"sale {row.id}, {row.state}", "a card's number that may not stand")


def _traces(connection: Connection) -> Iterator[Finding]:
    """A bank knows a sale by its terminal, batch and trace number: a reversal of one must not undo another."""
    key = sales.c.acquirer, sales.c.tid, sales.c.batch, sales.c.stan
    query = select(*key, func.count().label("number")).group_by(*key).having(func.count() > 1)
    for row in connection.execute(query):
        what = f"trace {row.stan} in batch {row.batch} of terminal {row.tid} at {row.acquirer}"
        yield Finding("trace_twice", what, f"{row.number} sales have it")
