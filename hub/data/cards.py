"""What the hub remembers of meter cards: meters, cards, purchases, their writes, and who was asked who he is."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import and_, bindparam, func, insert, or_, select, update

from hub.business.card_forms import IdentityField, WriteState
from hub.business.card_keeping import CheckRecord, ReadRecord, Tries
from hub.business.cards import Card, CardMeter, Purchase, WriteRecord
from hub.data.direct import Conversation
from hub.data.heads import aware
from hub.data.schema import (
    accounts,
    card_meters,
    card_reads,
    card_writes,
    cards,
    identity_checks,
    meters,
    purchases,
)

_meter_columns = (
    card_meters.c.meter_no,
    meters.c.account_no,
    *(column for column in card_meters.c if column.name != "meter_no"),
)
_meter = select(*_meter_columns).select_from(card_meters.join(meters))
_held_meter = _meter.where(card_meters.c.meter_no == bindparam("meter")).with_for_update(of=card_meters)
_meter_of_number = _meter.where(card_meters.c.card_meter_no == bindparam("number"))
_meters_of = _meter.where(meters.c.account_no == bindparam("account")).order_by(card_meters.c.meter_no)
_set_meter = (
    update(card_meters)
    .where(card_meters.c.meter_no == bindparam("the_meter"))
    .values(purchase_count=bindparam("new_count"), opened=bindparam("now_opened"))
)
_card_columns = cards.c.mark, cards.c.meter_no, cards.c.state, cards.c.sealed
_card = select(*_card_columns).where(cards.c.mark == bindparam("the_mark"))
_active_card = select(*_card_columns).where(
    cards.c.meter_no == bindparam("meter"), cards.c.state == bindparam("wanted")
)
_any_card = select(cards.c.mark).where(cards.c.meter_no == bindparam("meter")).limit(1)
_add_card = insert(cards)
_set_card = (
    update(cards)
    .where(
        cards.c.mark == bindparam("the_mark"),
        # Only a meter is held, so a card may become another one's between a look and this; its row refuses then.
        or_(cards.c.meter_no.is_(None), cards.c.meter_no == bindparam("new_meter")),
    )
    .values(meter_no=bindparam("new_meter"), state=bindparam("new_state"))
    .returning(cards.c.mark)
)
_purchase_columns = (
    purchases.c.id,
    purchases.c.meter_no,
    purchases.c.account_no,
    purchases.c.kind,
    purchases.c.count,
    purchases.c.amount_fen,
    purchases.c.state,
    purchases.c.card_mark,
    purchases.c.reference,
    purchases.c.paid_at,
    purchases.c.transaction_id,
)
_purchase = select(*_purchase_columns).where(purchases.c.id == bindparam("the_id"))
_orders = (
    select(*_purchase_columns)
    .where(
        purchases.c.meter_no == bindparam("meter"),
        purchases.c.count == bindparam("the_count"),
        purchases.c.state != bindparam("left_out"),
    )
    .order_by(purchases.c.transaction_id)
)
_pending_card = (
    select(*_purchase_columns)
    .where(
        purchases.c.meter_no == bindparam("meter"),
        or_(purchases.c.kind == bindparam("again"), purchases.c.kind == bindparam("first")),
        or_(purchases.c.state == bindparam("paid"), purchases.c.state == bindparam("owed")),
    )
    .order_by(purchases.c.transaction_id.desc())
    .limit(1)
)
_PENDING_CARD = {"again": "reissue", "first": "open", "paid": "authorised", "owed": "owed"}
_add_purchase = insert(purchases)
_set_purchase = (
    update(purchases)
    .where(purchases.c.id == bindparam("the_id"))
    .values(
        state=bindparam("new_state"),
        card_mark=bindparam("new_mark"),
        count=bindparam("new_count"),
        sold_count=bindparam("new_sold_count"),
        amount_fen=bindparam("new_amount"),
    )
)
_write_columns = tuple(card_writes.c)
_write = select(*_write_columns).where(card_writes.c.id == bindparam("the_id"))
_writes_of = (
    select(*_write_columns)
    .where(card_writes.c.purchase_id == bindparam("purchase"))
    .order_by(card_writes.c.number)
)
_add_write = insert(card_writes)
_set_write = (
    update(card_writes)
    .where(card_writes.c.id == bindparam("the_id"))
    .values(state=bindparam("new_state"), outcome=bindparam("new_outcome"))
)
_read = select(*card_reads.c).where(card_reads.c.id == bindparam("the_id"))
_add_read = insert(card_reads)
_check = select(*identity_checks.c).where(identity_checks.c.id == bindparam("the_id"))
_add_check = insert(identity_checks)
_marks = select(accounts.c.phone_mark, accounts.c.identity_mark).where(
    accounts.c.account_no == bindparam("account")
)


def _failed(mine: Any, *since: Any) -> Any:
    """Count the checks that failed after all these times, and give the newest one's time."""
    failed = and_(mine, identity_checks.c.matched == bindparam("bad"))
    later = (identity_checks.c.checked_at > each for each in (bindparam("since"), *since))
    return select(func.count(), func.max(identity_checks.c.checked_at)).where(failed, *later)


_of_account = identity_checks.c.account_no == bindparam("key")
_last_match = (
    select(func.max(identity_checks.c.checked_at))
    .where(_of_account, identity_checks.c.matched == bindparam("good"))
    .scalar_subquery()
)
_failed_of_account = _failed(_of_account, func.coalesce(_last_match, bindparam("since")))
# Who knows his own number begins nothing anew for the machine: else he could try a list of others' there.
_failed_of_terminal = _failed(identity_checks.c.terminal == bindparam("key"))


class CardStore:
    """One conversation, in one database transaction; implements `CardKeeping`."""

    def __init__(self, connection: Conversation) -> None:
        self._connection = connection

    async def card(self, mark: str) -> Card | None:
        return _card_of(await self._one(_card, {"the_mark": mark}))

    async def put_card(self, card: Card) -> None:
        values = {"the_mark": card.mark, "new_meter": card.meter_no, "new_state": card.state}
        if await self._one(_set_card, values) is None:
            await self._connection.execute(_add_card, {name: getattr(card, name) for name in Card.__slots__})

    async def active_card(self, meter_no: str) -> Card | None:
        return _card_of(await self._one(_active_card, {"meter": meter_no, "wanted": "active"}))

    async def had_card(self, meter_no: str) -> bool:
        return await self._one(_any_card, {"meter": meter_no}) is not None

    async def meter_of_number(self, card_meter_no: str) -> CardMeter | None:
        row = await self._one(_meter_of_number, {"number": card_meter_no})
        return None if row is None else CardMeter(*row)

    async def meters_of(self, account_no: str) -> Sequence[CardMeter]:
        rows = await self._connection.execute(_meters_of, {"account": account_no})
        return [CardMeter(*row) for row in rows]

    async def hold_meter(self, meter_no: str) -> CardMeter | None:
        row = await self._one(_held_meter, {"meter": meter_no})
        return None if row is None else CardMeter(*row)

    async def set_meter(self, meter: CardMeter) -> None:
        values = {
            "the_meter": meter.meter_no,
            "new_count": meter.purchase_count,
            "now_opened": meter.opened,
        }
        await self._connection.execute(_set_meter, values)

    async def purchase(self, purchase_id: str) -> Purchase | None:
        return _purchase_of(await self._one(_purchase, {"the_id": purchase_id}))

    async def orders(self, meter_no: str, count: int) -> Sequence[Purchase]:
        keys = {"meter": meter_no, "the_count": count, "left_out": "withdrawn"}
        found = map(_purchase_of, await self._connection.execute(_orders, keys))
        return [each for each in found if each is not None]

    async def pending_card(self, meter_no: str) -> Purchase | None:
        return _purchase_of(await self._one(_pending_card, _PENDING_CARD | {"meter": meter_no}))

    async def add_purchase(self, purchase: Purchase) -> None:
        """Raises TakenError when the meter's count was sold in the meantime; the transaction is lost then."""
        await self._connection.execute(_add_purchase, purchase_row(purchase))

    async def set_purchase(self, purchase: Purchase) -> None:
        values = {
            "the_id": purchase.id,
            "new_state": purchase.state,
            "new_mark": purchase.card_mark,
            "new_count": purchase.count,
            "new_sold_count": _sold_count(purchase),
            "new_amount": purchase.amount_fen,
        }
        await self._connection.execute(_set_purchase, values)

    async def write(self, write_id: str) -> WriteRecord | None:
        row = await self._one(_write, {"the_id": write_id})
        return None if row is None else _write_of(row)

    async def writes_of(self, purchase_id: str) -> Sequence[WriteRecord]:
        return [
            _write_of(row) for row in await self._connection.execute(_writes_of, {"purchase": purchase_id})
        ]

    async def add_write(self, write: WriteRecord) -> None:
        row = {name: getattr(write, name) for name in WriteRecord.__slots__}
        await self._connection.execute(_add_write, row | {"made_at": write.made_at.astimezone(UTC)})

    async def set_write(self, write_id: str, state: WriteState, outcome: str) -> None:
        values = {"the_id": write_id, "new_state": state, "new_outcome": outcome}
        await self._connection.execute(_set_write, values)

    async def read(self, read_id: str) -> ReadRecord | None:
        row = await self._one(_read, {"the_id": read_id})
        return None if row is None else ReadRecord(*_dated(row))

    async def add_read(self, read: ReadRecord) -> None:
        row = {name: getattr(read, name) for name in ReadRecord.__slots__}
        await self._connection.execute(_add_read, row | {"received_at": read.received_at.astimezone(UTC)})

    async def check(self, check_id: str) -> CheckRecord | None:
        row = await self._one(_check, {"the_id": check_id})
        return None if row is None else CheckRecord(*_dated(row))

    async def add_check(self, check: CheckRecord) -> None:
        row = {name: getattr(check, name) for name in CheckRecord.__slots__}
        await self._connection.execute(_add_check, row | {"checked_at": check.checked_at.astimezone(UTC)})

    async def tries(self, account_no: str, terminal: str, since: datetime) -> Tries:
        keys = {"bad": False, "since": since.astimezone(UTC)}
        of_account = await self._one(_failed_of_account, keys | {"good": True, "key": account_no})
        of_terminal = await self._one(_failed_of_terminal, keys | {"key": terminal})
        last_at = of_account[1]
        return Tries(of_account[0], of_terminal[0], last_at and aware(last_at))

    async def identity_mark(self, account_no: str, field: IdentityField) -> str | None:
        row = await self._one(_marks, {"account": account_no})
        return None if row is None else row.phone_mark if field == "phone" else row.identity_mark

    async def _one(self, query: Any, keys: Mapping[str, Any]) -> Any:
        return (await self._connection.execute(query, dict(keys))).first()


def purchase_row(purchase: Purchase) -> dict[str, Any]:
    """The columns of an order."""
    row = {name: getattr(purchase, name) for name in Purchase.__slots__ if name != "serial"}
    paid_at = purchase.paid_at.astimezone(UTC)
    return row | {
        "sold_count": _sold_count(purchase),
        "paid_at": paid_at,
        "transaction_id": purchase.serial,
    }


def _sold_count(purchase: Purchase) -> int | None:
    return purchase.count if purchase.sells and purchase.state != "withdrawn" else None


def _card_of(row: Any) -> Card | None:
    return None if row is None else Card(*row)


def _purchase_of(row: Any) -> Purchase | None:
    if row is None:
        return None
    values: list[Any] = list(row)
    values[-2] = aware(values[-2])
    return Purchase(*values)


def _write_of(row: Any) -> WriteRecord:
    values: list[Any] = list(row)
    values[-2] = aware(values[-2])
    return WriteRecord(*values)


def _dated(row: Any) -> list[Any]:
    """The values of a row that ends with a time."""
    return [*row[:-1], aware(row[-1])]
