"""The part of the check that is about claims: what is in suspense, and who released it."""

from collections.abc import Iterator
from typing import Any

import msgspec
from sqlalchemy import Connection, and_, case, exists, func, or_, select

from hub.business.forms import Tender
from hub.business.ledger import SUSPENSE, taken
from hub.data.finding import Finding
from hub.data.schema import claims, legs, payments, proposals, transactions

_WHOLE = ("declined", "unanswered", "sale_fate_unknown", "taken_over")
"""The reasons of a claim that stands for all the money of its payment."""
_claimed = claims.c.amount_fen + claims.c.memo_fen


def claim_findings(connection: Connection) -> Iterator[Finding]:
    """Judge claims and what was decided about them."""
    for rule in (_one_for_a_payment, _beside_a_payment, _bookings, _tenders, _persons, _orphans):
        yield from rule(connection)


def _one_for_a_payment(connection: Connection) -> Iterator[Finding]:
    """A closed claim that found its payment credited stands for no money."""
    query = (
        select(claims.c.terminal, claims.c.payment_id, func.count().label("times"))
        .where(
            claims.c.payment_id.is_not(None),
            claims.c.reason.in_(_WHOLE),
            claims.c.resolution != "already_credited",
        )
        .group_by(claims.c.terminal, claims.c.payment_id)
        .having(func.count() > 1)
    )
    for row in connection.execute(query):
        yield Finding("two_claims", f"payment {row.payment_id}", f"{row.times} claims for all its money")


def _beside_a_payment(connection: Connection) -> Iterator[Finding]:
    """No claim stands, or was released, for money that is credited; one for more than that stands for the rest.

    One that was taken over from an older kiosk names no payment: then the reference tells, which is the payment's own
    only if the claim is for all of it.
    """
    nameless = and_(
        claims.c.payment_id.is_(None),
        claims.c.amount_fen == 0,
        claims.c.memo_fen > 0,
        payments.c.reference == claims.c.reference,
    )
    columns = (
        claims.c.id,
        claims.c.state,
        claims.c.content,
        payments.c.id.label("payment"),
        payments.c.amount_fen,
    )
    query = (
        select(*columns, _claimed.label("claimed_fen"))
        .join(
            payments,
            and_(
                payments.c.terminal == claims.c.terminal, or_(payments.c.id == claims.c.payment_id, nameless)
            ),
        )
        .where(
            claims.c.reason.in_(_WHOLE),
            claims.c.state != "closed",
            payments.c.transaction_id.is_not(None),
            payments.c.reversal_id.is_(None),
        )
        .order_by(claims.c.id)
    )
    for row in connection.execute(query):
        asked = msgspec.json.decode(row.content, type=_Asked)
        beyond_fen = max(asked.amount_fen + asked.memo_fen - (row.amount_fen or 0), 0)
        if row.claimed_fen > beyond_fen:
            text = f"stands for payment {row.payment}, which is credited"
            yield Finding("claim_beside_payment", f"claim {row.id}, {row.state}", text)


class _Asked(msgspec.Struct):
    """What a claim was ordered for, before the hub took off what is credited."""

    amount_fen: int
    memo_fen: int


def _in_suspense(kind: str) -> Any:
    """What the bookings of a kind have moved in suspense, by the claim they are for."""
    return (
        select(transactions.c.reference.label("claim"), func.sum(legs.c.amount_fen).label("fen"))
        .select_from(transactions.join(legs, legs.c.transaction_id == transactions.c.id))
        .where(transactions.c.kind == kind, legs.c.account == SUSPENSE)
        .group_by(transactions.c.reference)
        .subquery(kind)
    )


def _bookings(connection: Connection) -> Iterator[Finding]:
    """Certain money stands in suspense until a release takes all of it out, with what the count found."""
    moved = {kind: _in_suspense(kind) for kind in ("claim", "count", "release")}
    approved = _approved()
    joined: Any = claims
    for table in moved.values():
        joined = joined.outerjoin(table, table.c.claim == claims.c.id)
    joined = joined.outerjoin(approved, approved.c.claim_id == claims.c.id)
    columns = [func.coalesce(table.c.fen, 0).label(f"{kind}_fen") for kind, table in moved.items()]
    query = select(
        claims.c.id, claims.c.amount_fen, claims.c.state, claims.c.resolution, *columns, approved.c.found_fen
    ).select_from(joined)
    for row in connection.execute(query):
        certain = 0 if row.resolution == "already_credited" else row.amount_fen
        if -row.claim_fen != certain:
            text = f"{certain} fen should be in suspense, legs {-row.claim_fen}"
            yield Finding("claim_booking", f"claim {row.id}", text)
        found = row.found_fen or 0
        released = certain + found if row.state == "released" else 0
        if (-row.count_fen, row.release_fen) != (found, released):
            text = f"{found} counted and {released} released, legs {-row.count_fen} and {row.release_fen}"
            yield Finding("claim_release", f"claim {row.id}, {row.state}", text)


class _Paid(msgspec.Struct):
    """How a claim says that its money was paid; one of an older kiosk is for cash."""

    tender: Tender = "cash"


def _tenders(connection: Connection) -> Iterator[Finding]:
    """What went into suspense came from the terminal's own money of the claim's tender."""
    query = (
        select(claims.c.id, claims.c.terminal, claims.c.content, legs.c.account, transactions.c.kind)
        .select_from(
            claims.join(transactions, transactions.c.reference == claims.c.id).join(
                legs, legs.c.transaction_id == transactions.c.id
            )
        )
        .where(transactions.c.kind.in_(("claim", "count")), legs.c.account != SUSPENSE)
    )
    for row in connection.execute(query):
        due = taken(msgspec.json.decode(row.content, type=_Paid).tender, row.terminal)
        if row.account != due:
            text = f"its {row.kind} is of {row.account}, and not of {due}"
            yield Finding("claim_booking", f"claim {row.id}", text)


def _approved() -> Any:
    return (
        select(proposals.c.claim_id, func.sum(proposals.c.found_fen).label("found_fen"))
        .where(proposals.c.decision == "approved")
        .group_by(proposals.c.claim_id)
        .subquery("approved")
    )


def _persons(connection: Connection) -> Iterator[Finding]:
    """What people closed or released was proposed by one and approved by another, once."""
    good = and_(
        proposals.c.decision == "approved",
        proposals.c.decided_by.is_not(None),
        proposals.c.decided_by != proposals.c.proposed_by,
    )
    approvals = func.sum(case((proposals.c.decision == "approved", 1), else_=0))
    query = (
        select(
            claims.c.id,
            claims.c.state,
            claims.c.resolution,
            func.coalesce(approvals, 0).label("approvals"),
            func.coalesce(func.sum(case((good, 1), else_=0)), 0).label("good"),
        )
        .select_from(claims.outerjoin(proposals, proposals.c.claim_id == claims.c.id))
        .group_by(claims.c.id, claims.c.state, claims.c.resolution)
    )
    for row in connection.execute(query):
        decided = row.state in {"released", "closed"} and row.resolution != "already_credited"
        if (row.approvals, row.good) != (int(decided), int(decided)):
            text = f"approved {row.approvals} times, {row.good} of them by a second person"
            yield Finding("release_persons", f"claim {row.id}, {row.state}", text)


def _orphans(connection: Connection) -> Iterator[Finding]:
    columns = {
        "claim": claims.c.transaction_id,
        "count": proposals.c.count_transaction_id,
        "release": proposals.c.transaction_id,
    }
    for kind, column in columns.items():
        query = select(transactions.c.id, transactions.c.reference).where(
            transactions.c.kind == kind, ~exists().where(column == transactions.c.id)
        )
        for row in connection.execute(query):
            what = f"transaction {row.id}"
            yield Finding("booking_without_order", what, f"no {kind} {row.reference} has this booking")
