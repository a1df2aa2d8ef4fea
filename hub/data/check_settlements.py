"""The part of the check that is about batches: what a bank was told of one is what was sold in it."""

from collections.abc import Iterator

from sqlalchemy import Connection, and_, case, func, or_, select

from hub.data.finding import Finding
from hub.data.schema_bank import sales
from hub.data.schema_bank_terminals import bank_terminals, settlements

_s, _t = settlements.c, bank_terminals.c


def settlement_findings(connection: Connection) -> Iterator[Finding]:
    """Judge settlements and the terminals that they hold up."""
    for rule in (_totals, _ends, _held):
        yield from rule(connection)


def _totals(connection: Connection) -> Iterator[Finding]:
    """Fixed totals have each approved sale, and no other but such as people give back since."""
    of_batch = and_(sales.c.acquirer == _s.acquirer, sales.c.tid == _s.tid, sales.c.batch == _s.batch)
    approved = func.coalesce(func.sum(case((sales.c.state == "approved", sales.c.amount_fen))), 0)
    back = and_(sales.c.state == "reversing", sales.c.next_at.is_(None))
    given_back = func.coalesce(func.sum(case((back, sales.c.amount_fen))), 0)
    query = (
        select(_s.acquirer, _s.tid, _s.batch, _s.debit_fen, approved.label("least"), given_back.label("more"))
        .select_from(settlements.outerjoin(sales, of_batch))
        .where(_s.state != "due")
        .group_by(_s.acquirer, _s.tid, _s.batch, _s.debit_fen)
    )
    for row in connection.execute(query):
        if not row.least <= row.debit_fen <= row.least + row.more:
            what = f"batch {row.batch} of terminal {row.tid} at {row.acquirer}"
            yield Finding("batch_totals", what, f"told {row.debit_fen} fen, sold {row.least} fen")


def _ends(connection: Connection) -> Iterator[Finding]:
    """A batch is settled with equal totals, and what is ended has its time."""
    equal = and_(
        _s.bank_debit_count == _s.debit_count,
        _s.bank_debit_fen == _s.debit_fen,
        _s.bank_credit_count == _s.credit_count,
        _s.bank_credit_fen == _s.credit_fen,
    )
    over = or_(_s.state == "settled", _s.state == "differs")
    query = select(_s.acquirer, _s.tid, _s.batch, _s.state, _s.bank_debit_fen, _s.debit_fen).where(
        or_(
            and_(_s.state == "settled", func.coalesce(case((equal, 1), else_=0), 0) == 0),
            and_(over, _s.ended_at.is_(None)),
            and_(~over, _s.ended_at.is_not(None)),
        )
    )
    for row in connection.execute(query):
        what = f"batch {row.batch} of terminal {row.tid} at {row.acquirer}"
        yield Finding(
            "batch_end", what, f"{row.state} with {row.bank_debit_fen} fen there, {row.debit_fen} here"
        )


def _held(connection: Connection) -> Iterator[Finding]:
    """A terminal is held only while totals of it are fixed that the bank has not closed."""
    of_terminal = and_(
        _s.acquirer == _t.acquirer, _s.tid == _t.tid, or_(_s.state == "sent", _s.state == "uploading")
    )
    query = (
        select(_t.acquirer, _t.tid, _t.settling, func.count(_s.batch).label("fixed"))
        .select_from(bank_terminals.outerjoin(settlements, of_terminal))
        .group_by(_t.acquirer, _t.tid, _t.settling)
    )
    for row in connection.execute(query):
        if row.settling and not row.fixed:
            yield Finding(
                "terminal_held", f"terminal {row.tid} at {row.acquirer}", "settling, and no batch is"
            )
