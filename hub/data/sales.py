"""What the hub remembers of sales by bank card, their routes, and what banks said besides."""

from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import and_, bindparam, exists, insert, or_, select, update

from hub.business.bank_keeping import EvidenceKind, RouteRecord, SaleRecord
from hub.business.keeping import Stored
from hub.data.direct import Conversation
from hub.data.heads import aware
from hub.data.schema_bank import bank_evidence, bank_routes, sales
from hub.data.schema_bank_terminals import settlements

_route = select(
    bank_routes.c.terminal,
    bank_routes.c.content,
    bank_routes.c.reply,
    bank_routes.c.acquirer,
    bank_routes.c.pik_check,
).where(bank_routes.c.id == bindparam("the_id"))
_add_route = insert(bank_routes)
SALE_COLUMNS = tuple(sales.c[field.name] for field in fields(SaleRecord))
_TIMES = tuple(field.name for field in fields(SaleRecord) if field.name.endswith("_at"))
_sale = select(*SALE_COLUMNS).where(sales.c.id == bindparam("the_id"))
_held_sale = _sale.with_for_update()
_add_sale = insert(sales)
_CHANGES = (
    "pan_kept",
    "state",
    "answered_at",
    "ended_at",
    "code",
    "rrn",
    "auth_code",
    "reason",
    "attempts",
    "next_at",
)
_set_sale = (
    update(sales)
    .where(sales.c.id == bindparam("the_id"))
    .values({name: bindparam(f"new_{name}") for name in _CHANGES})
)
_unsettled = (
    select(*SALE_COLUMNS)
    .where(
        sales.c.acquirer == bindparam("the_acquirer"),
        sales.c.terminal == bindparam("the_terminal"),
        or_(
            sales.c.state == bindparam("sending"),
            and_(sales.c.state == bindparam("reversing"), sales.c.next_at.is_not(None)),
        ),
    )
    .order_by(sales.c.made_at)
    .limit(1)
)
_due = (
    select(sales.c.id)
    .where(
        sales.c.acquirer == bindparam("the_acquirer"),
        or_(
            and_(sales.c.state == bindparam("sending"), sales.c.due_at <= bindparam("now")),
            and_(sales.c.state == bindparam("reversing"), sales.c.next_at <= bindparam("now")),
        ),
    )
    .order_by(sales.c.attempts, sales.c.made_at)
    .limit(bindparam("most"))
)
_of_message = (
    select(*SALE_COLUMNS)
    .where(
        sales.c.acquirer == bindparam("the_acquirer"),
        sales.c.tid == bindparam("the_tid"),
        sales.c.stan == bindparam("the_stan"),
    )
    .order_by(sales.c.made_at.desc())
    .limit(1)
)
_batch_of_sale = and_(
    settlements.c.acquirer == sales.c.acquirer,
    settlements.c.tid == sales.c.tid,
    settlements.c.batch == sales.c.batch,
)
# From the moment on at which the totals of its batch are fixed nothing may change what the bank is told of it.
_settled = select(settlements.c.batch).where(
    settlements.c.acquirer == bindparam("the_acquirer"),
    settlements.c.tid == bindparam("the_tid"),
    settlements.c.batch == bindparam("the_batch"),
    settlements.c.state != "due",
)
_forget_numbers = (
    update(sales)
    .where(
        sales.c.pan_kept.is_not(None),
        or_(sales.c.state == bindparam("approved"), sales.c.state == bindparam("reversed")),
        exists().where(_batch_of_sale, settlements.c.ended_at.is_not(None)),
    )
    .values(pan_kept=None)
)
_add_evidence = insert(bank_evidence)


class Sales:
    """One conversation about sales, in one database transaction; implements `SaleKeeping`."""

    def __init__(self, connection: Conversation) -> None:
        self._connection = connection

    async def route(self, route_id: str) -> RouteRecord | None:
        row = (await self._connection.execute(_route, {"the_id": route_id})).first()
        if row is None:
            return None
        return RouteRecord(Stored(row.terminal, row.content, row.reply), row.acquirer, row.pik_check)

    async def add_route(self, route_id: str, route: RouteRecord, now: datetime) -> None:
        """Raises TakenError when the id was taken in the meantime."""
        row = {
            "id": route_id,
            "terminal": route.stored.terminal,
            "content": route.stored.content,
            "reply": route.stored.reply,
            "acquirer": route.acquirer,
            "pik_check": route.pik_check,
            "made_at": now,
        }
        await self._connection.execute(_add_route, row)

    async def sale(self, sale_id: str) -> SaleRecord | None:
        return await self._one(_sale, {"the_id": sale_id})

    async def hold_sale(self, sale_id: str) -> SaleRecord | None:
        return await self._one(_held_sale, {"the_id": sale_id})

    async def add_sale(self, sale: SaleRecord) -> None:
        """Raises TakenError when the id was taken in the meantime."""
        await self._connection.execute(_add_sale, _row(sale))

    async def set_sale(self, sale: SaleRecord) -> None:
        row = _row(sale)
        changes = {f"new_{name}": row[name] for name in _CHANGES}
        await self._connection.execute(_set_sale, {"the_id": sale.id} | changes)

    async def unsettled(self, acquirer: str, terminal: str) -> SaleRecord | None:
        keys = {"the_acquirer": acquirer, "the_terminal": terminal}
        return await self._one(_unsettled, keys | {"sending": "sending", "reversing": "reversing"})

    async def due(self, acquirer: str, now: datetime, most: int) -> Sequence[str]:
        keys = {"the_acquirer": acquirer, "now": now, "most": most}
        keys |= {"sending": "sending", "reversing": "reversing"}
        return [row.id for row in await self._connection.execute(_due, keys)]

    async def sale_of_message(self, acquirer: str, tid: str, stan: str) -> SaleRecord | None:
        keys = {"the_acquirer": acquirer, "the_tid": tid, "the_stan": stan}
        return await self._one(_of_message, keys)

    async def is_settled(self, sale: SaleRecord) -> bool:
        keys = {"the_acquirer": sale.acquirer, "the_tid": sale.tid, "the_batch": sale.batch}
        return (await self._connection.execute(_settled, keys)).first() is not None

    async def forget_numbers(self) -> None:
        await self._connection.execute(_forget_numbers, {"approved": "approved", "reversed": "reversed"})

    async def add_evidence(
        self,
        acquirer: str,
        kind: EvidenceKind,
        tid: str,
        stan: str,
        sale_id: str | None,
        text: str,
        now: datetime,
    ) -> None:
        row = {
            "at": now,
            "acquirer": acquirer,
            "kind": kind,
            "tid": tid,
            "stan": stan,
            "sale_id": sale_id,
            "message": text,
        }
        await self._connection.execute(_add_evidence, row)

    async def _one(self, statement: Any, keys: dict[str, Any]) -> SaleRecord | None:
        row = (await self._connection.execute(statement, keys)).first()
        return None if row is None else sale_record(row)


def sale_record(row: Any) -> SaleRecord:
    """Give a sale from a row of `SALE_COLUMNS`."""
    values = {column.name: value for column, value in zip(SALE_COLUMNS, row, strict=True)}
    values |= {name: values[name] and aware(values[name]) for name in _TIMES}
    values["pan_kept"] = values["pan_kept"] or ""
    return SaleRecord(**values)


def _row(sale: SaleRecord) -> dict[str, Any]:
    row = asdict(sale)
    row |= {name: row[name] and row[name].astimezone(UTC) for name in _TIMES}
    row["pan_kept"] = sale.pan_kept or None
    return row
