"""Sales and evidence as people look them up: nothing in it by which a card could be used."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, or_, select

from hub.data.heads import aware
from hub.data.schema_bank import bank_evidence, sales


@dataclass(frozen=True, slots=True)
class SaleLine:
    """A sale; `card` is masked. A reversal without `next_at` is left to people."""

    id: str
    terminal: str
    acquirer: str
    tid: str
    batch: str
    stan: str
    card: str
    amount_fen: int
    state: str
    code: str
    rrn: str
    auth_code: str
    attempts: int
    made_at: datetime
    ended_at: datetime | None
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class EvidenceLine:
    """What a bank said besides, or an alarm; `message` is JSON, masked."""

    id: int
    at: datetime
    acquirer: str
    kind: str
    tid: str
    stan: str
    sale_id: str | None
    message: str


_sales = (
    select(*(sales.c[field.name] for field in fields(SaleLine)))
    .order_by(sales.c.made_at.desc(), sales.c.id)
    .limit(bindparam("most"))
)
_open_sales = _sales.where(or_(sales.c.state == "sending", sales.c.state == "reversing"))
_evidence = (
    select(*(bank_evidence.c[field.name] for field in fields(EvidenceLine)))
    .order_by(bank_evidence.c.id.desc())
    .limit(bindparam("most"))
)


def sales_of(connection: Connection, most: int, *, only_open: bool) -> list[SaleLine]:
    """The newest sales, or those that are under way or on their way back."""
    rows = connection.execute(_open_sales if only_open else _sales, {"most": most})
    return [SaleLine(*map(_value, row)) for row in rows]


def evidence_of(connection: Connection, most: int) -> list[EvidenceLine]:
    """The newest evidence."""
    return [EvidenceLine(*map(_value, row)) for row in connection.execute(_evidence, {"most": most})]


def _value(value: Any) -> Any:
    return aware(value) if isinstance(value, datetime) else value
