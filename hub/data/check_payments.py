"""The part of the check that is about payments and reversals: each booked once, and undone exactly or not at all."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from sqlalchemy import Connection, and_, exists, or_, select

from hub.business.forms import Payment, PaymentOrder
from hub.business.ledger import CARD_FEE, power, taken
from hub.data.finding import Finding
from hub.data.schema import card_meters, claims, legs, payments, reversals, transactions

Sums = dict[tuple[str, str], int]
_CARD_METERS = select(card_meters.c.card_meter_no, card_meters.c.meter_no)


def payment_findings(connection: Connection) -> Iterator[Finding]:
    """Judge payments, tombstones and reversals."""
    for rule in (_payments, _tombstones, _marks, _reversals, _orphans):
        yield from rule(connection)


def _payments(connection: Connection) -> Iterator[Finding]:
    """Each payment has one booking of its own, with exactly the legs that its stored answer tells."""
    booking = and_(transactions.c.id == payments.c.transaction_id, transactions.c.kind == "payment")
    query = (
        select(
            payments,
            transactions.c.reference.label("booked_for"),
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
    meters = {row.card_meter_no: row.meter_no for row in connection.execute(_CARD_METERS)}
    current: Any = None
    found: Sums = {}
    for row in connection.execute(query):
        if current is not None and row.id != current.id:
            yield from _judge(current, found, meters)
            found = {}
        current = row
        if row.leg_fen is not None:
            _add(found, row.account, (row.bill_no or "")[-6:], row.leg_fen)
    if current is not None:
        yield from _judge(current, found, meters)


def _judge(row: Any, found: Sums, meters: Mapping[str, str]) -> Iterator[Finding]:
    what = f"payment {row.id}"
    if row.booked_for != row.id:
        yield Finding("payment_booking", what, f"its booking {row.transaction_id} is for {row.booked_for}")
        return
    answer = msgspec.json.decode(row.reply, type=Payment)
    tender = msgspec.json.decode(row.content, type=PaymentOrder).tender
    expected: Sums = {
        (taken(tender, row.terminal), ""): row.amount_fen,
        (f"balance:{row.account_no}", ""): -answer.to_balance_fen,
        (CARD_FEE, ""): -answer.fee_fen,
    }
    if answer.purchase is not None and answer.purchase.kind != "reissue":
        expected[power(meters[answer.purchase.meter_no]), ""] = -answer.purchase.amount_fen
    for part in answer.allocations:
        month = part.month.replace("-", "")
        expected["income:late_fee", month] = -part.late_fee_fen
        expected[f"receivable:{row.account_no}", month] = -part.principal_fen
    expected = {key: amount for key, amount in expected.items() if amount}
    if expected != found:
        yield Finding("payment_legs", what, f"legs {found}, its answer says {expected}")


def _tombstones(connection: Connection) -> Iterator[Finding]:
    """A payment that is refused for good names the claim or the reversal that stands for it."""
    claimed = exists().where(claims.c.id == payments.c.claim_id, claims.c.payment_id == payments.c.id)
    undone = exists().where(
        reversals.c.id == payments.c.reversal_id,
        reversals.c.payment_id == payments.c.id,
        reversals.c.outcome == "tombstone",
    )
    query = select(payments.c.id).where(
        payments.c.transaction_id.is_(None), payments.c.content.is_(None), ~claimed, ~undone
    )
    for row in connection.execute(query):
        text = "refused for good, and neither a claim nor a reversal stands for it"
        yield Finding("tombstone_without_cause", f"payment {row.id}", text)


def _marks(connection: Connection) -> Iterator[Finding]:
    """A booked payment is reversed exactly when a reversal says so, and both name one another."""
    link = and_(reversals.c.payment_id == payments.c.id, reversals.c.outcome == "reversed")
    query = (
        select(payments.c.id, payments.c.reversal_id, reversals.c.id.label("by"))
        .select_from(payments.outerjoin(reversals, link))
        .where(
            payments.c.transaction_id.is_not(None),
            or_(payments.c.reversal_id.is_not(None), reversals.c.id.is_not(None)),
        )
    )
    for row in connection.execute(query):
        if row.reversal_id != row.by:
            text = f"names reversal {row.reversal_id}, reversed by {row.by}"
            yield Finding("payment_reversal", f"payment {row.id}", text)


def _reversals(connection: Connection) -> Iterator[Finding]:
    """A reversal's legs are those of its payment with the other sign; only one that reversed has any."""
    for outcome in connection.execute(
        select(reversals.c.id, reversals.c.outcome).where(
            reversals.c.outcome != "reversed", reversals.c.transaction_id.is_not(None)
        )
    ):
        yield Finding("reversal_legs", f"reversal {outcome.id}", f"has a booking, and was {outcome.outcome}")
    sums: dict[str, Sums] = {}
    query = select(reversals.c.id).where(reversals.c.outcome == "reversed")
    for row in connection.execute(query):
        sums[row.id] = {}
    for kind, serial, id_column in (
        ("payment", payments.c.transaction_id, payments.c.id),
        ("reversal", reversals.c.transaction_id, reversals.c.id),
    ):
        booking = and_(
            transactions.c.id == serial, transactions.c.kind == kind, transactions.c.reference == id_column
        )
        joined = (
            reversals.join(payments, payments.c.id == reversals.c.payment_id)
            .join(transactions, booking)
            .join(legs, legs.c.transaction_id == transactions.c.id)
        )
        entries = (
            select(reversals.c.id, legs.c.account, legs.c.bill_no, legs.c.amount_fen)
            .select_from(joined)
            .where(reversals.c.outcome == "reversed")
        )
        booked = set()
        for row in connection.execute(entries):
            booked.add(row.id)
            _add(sums[row.id], row.account, row.bill_no or "", row.amount_fen)
        for missing in sums.keys() - booked:
            yield Finding("reversal_legs", f"reversal {missing}", f"no {kind} booking")
    for reversal_id, left in sums.items():
        if rest := {key: amount for key, amount in left.items() if amount}:
            text = f"with its payment's legs {rest} is left"
            yield Finding("reversal_legs", f"reversal {reversal_id}", text)


def _orphans(connection: Connection) -> Iterator[Finding]:
    for kind, column in {
        "payment": payments.c.transaction_id,
        "reversal": reversals.c.transaction_id,
    }.items():
        query = select(transactions.c.id, transactions.c.reference).where(
            transactions.c.kind == kind, ~exists().where(column == transactions.c.id)
        )
        for row in connection.execute(query):
            what = f"transaction {row.id}"
            yield Finding("booking_without_order", what, f"no {kind} {row.reference} has this booking")


def _add(sums: Sums, account: str, bill: str, amount_fen: int) -> None:
    sums[account, bill] = sums.get((account, bill), 0) + amount_fen
