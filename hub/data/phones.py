"""The orders that phones pay, as one conversation with the books keeps them."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from hub.business.phone_rules import UNSETTLED, PhoneRecord
from hub.data.direct import Conversation
from hub.data.heads import aware
from hub.data.schema_phone import phone_orders

_NAMES = tuple(field.name for field in fields(PhoneRecord))
_TIMES = tuple(_NAMES.index(name) for name in ("opened_at", "changed_at", "next_at", "expires_at"))
_FIXED = {"id", "terminal", "content", "scanned", "opened_at"}
_CHANGED = tuple(name for name in _NAMES if name not in _FIXED)
MOST_AT_ONCE = 50
MOST_LISTED = 200

_columns = [phone_orders.c[name] for name in _NAMES]
_find = select(*_columns).where(phone_orders.c.id == bindparam("the_id"))
_hold = _find.with_for_update()
_add = insert(phone_orders)
_save = (
    update(phone_orders)
    .where(phone_orders.c.id == bindparam("the_id"))
    .values({name: bindparam(f"new_{name}") for name in _CHANGED})
)
_due = (
    select(phone_orders.c.id)
    .where(phone_orders.c.next_at <= bindparam("now"))
    .order_by(phone_orders.c.next_at)
    .limit(MOST_AT_ONCE)
)
_lease = (
    update(phone_orders)
    .where(phone_orders.c.id == bindparam("the_id"), phone_orders.c.next_at <= bindparam("now"))
    .values(next_at=bindparam("until"))
    .returning(phone_orders.c.id)
)
_hurry = (
    update(phone_orders)
    .where(phone_orders.c.id == bindparam("the_id"))
    .values(next_at=bindparam("now"))
    .returning(phone_orders.c.id)
)


class PhoneOrders:
    """One conversation about orders, in one database transaction; times are in UTC."""

    def __init__(self, connection: Conversation) -> None:
        self._connection = connection

    async def find(self, order_id: str) -> PhoneRecord | None:
        return _record((await self._connection.execute(_find, {"the_id": order_id})).first())

    async def hold(self, order_id: str) -> PhoneRecord | None:
        """Give the order, and let nobody else change it until the conversation ends."""
        return _record((await self._connection.execute(_hold, {"the_id": order_id})).first())

    async def add(self, record: PhoneRecord) -> None:
        """Raises TakenError, here or at the end, when the id was taken in the meantime."""
        await self._connection.execute(_add, {name: getattr(record, name) for name in _NAMES})

    async def save(self, record: PhoneRecord) -> None:
        """Keep what changed of an order that is held."""
        values = {f"new_{name}": getattr(record, name) for name in _CHANGED}
        await self._connection.execute(_save, {"the_id": record.id, **values})

    async def due(self, now: datetime) -> list[str]:
        """The orders that want to be attended to, the one that waits longest first."""
        return [row.id for row in await self._connection.execute(_due, {"now": now.astimezone(UTC)})]

    async def lease(self, order_id: str, now: datetime, until: datetime) -> bool:
        """Take an order that is due, so that nobody else takes it before `until`."""
        keys = {"the_id": order_id, "now": now.astimezone(UTC), "until": until.astimezone(UTC)}
        return (await self._connection.execute(_lease, keys)).first() is not None

    async def hurry(self, order_id: str, now: datetime) -> bool:
        """Let an order be due now; false where there is none."""
        keys = {"the_id": order_id, "now": now.astimezone(UTC)}
        return (await self._connection.execute(_hurry, keys)).first() is not None


def listed(connection: Connection, *, unsettled: bool) -> Sequence[PhoneRecord]:
    """The orders for an operator's eyes, oldest first: the newest of all, or every one that is at no end yet."""
    query = select(*_columns).order_by(phone_orders.c.opened_at.desc(), phone_orders.c.id)
    query = query.where(phone_orders.c.state.in_(UNSETTLED)) if unsettled else query.limit(MOST_LISTED)
    return [found for row in connection.execute(query).all()[::-1] if (found := _record(row)) is not None]


def _record(row: Any) -> PhoneRecord | None:
    if row is None:
        return None
    values = list(row)
    for place in _TIMES:
        values[place] = None if values[place] is None else aware(values[place])
    return PhoneRecord(*values)
