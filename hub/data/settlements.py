"""The settlements of batches as the books have them: which are due, our totals, and what the bank found."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from typing import Any, Literal

from sqlalchemy import Connection, and_, bindparam, case, exists, func, insert, or_, select, update

from drivers.bank.elements import Totals
from hub.business.bank_keeping import SaleRecord
from hub.data.bank_terminals import BankTerminal
from hub.data.direct import Conversation
from hub.data.heads import aware
from hub.data.sales import SALE_COLUMNS, sale_record
from hub.data.schema_bank import sales
from hub.data.schema_bank_terminals import bank_terminals, settlements

SettlementState = Literal["due", "sent", "uploading", "settled", "differs"]
_s, _t = settlements.c, bank_terminals.c


@dataclass(frozen=True, slots=True)
class Settlement:
    """The settlement of one batch of a terminal at a bank.

    `due`: nothing was sent. `sent`: our totals are fixed and the bank was told, maybe. `uploading`: it found others,
    and is told each sale. `settled`: it found the same. `differs`: it was told each sale, and people compare.
    """

    acquirer: str
    tid: str
    batch: str
    terminal: str
    business_date: date
    state: SettlementState
    debit_count: int
    debit_fen: int
    credit_count: int
    credit_fen: int
    opened_at: datetime
    bank_debit_count: int | None = None
    bank_debit_fen: int | None = None
    bank_credit_count: int | None = None
    bank_credit_fen: int | None = None
    bank_code: int | None = None
    attempts: int = 0
    uploaded: int = 0
    ended_at: datetime | None = None
    worked_until: datetime | None = None

    @property
    def totals(self) -> Totals:
        """Our totals."""
        return Totals(self.debit_count, self.debit_fen, self.credit_count, self.credit_fen)

    @property
    def fixed(self) -> bool:
        """Whether our totals stand, so that nothing may come into the batch or go out of it."""
        return self.state != "due"


_COLUMNS = tuple(_s[field.name] for field in fields(Settlement))
_TIMES = ("opened_at", "ended_at", "worked_until")
_here = (
    _s.acquirer == bindparam("the_acquirer"),
    _s.tid == bindparam("the_tid"),
    _s.batch == bindparam("the_batch"),
)
_one = select(*_COLUMNS).where(*_here)
_add = insert(settlements)
_CHANGES = (
    "state",
    "business_date",
    "debit_count",
    "debit_fen",
    "credit_count",
    "credit_fen",
    "bank_debit_count",
    "bank_debit_fen",
    "bank_credit_count",
    "bank_credit_fen",
    "bank_code",
    "attempts",
    "uploaded",
    "ended_at",
    "worked_until",
)
_set = update(settlements).where(*_here).values({name: bindparam(f"new_{name}") for name in _CHANGES})
_unfinished = (
    select(_s.acquirer, _s.terminal, _s.batch)
    .where(
        or_(_s.state == "due", _s.state == "sent", _s.state == "uploading"),
        or_(_s.worked_until.is_(None), _s.worked_until <= bindparam("now")),
    )
    .order_by(_s.attempts, _s.opened_at)
)
_fixed_now = select(func.count()).where(
    _s.acquirer == bindparam("the_acquirer"),
    _s.tid == bindparam("the_tid"),
    or_(_s.state == "sent", _s.state == "uploading"),
)
_with_money = sales.c.state != "declined"
_old_batches = (
    select(_t.acquirer, _t.terminal, _t.batch)
    .where(
        exists().where(
            sales.c.acquirer == _t.acquirer,
            sales.c.tid == _t.tid,
            sales.c.batch == _t.batch,
            sales.c.made_at < bindparam("before"),
            _with_money,
        ),
        ~exists().where(_s.acquirer == _t.acquirer, _s.tid == _t.tid, _s.batch == _t.batch),
    )
    .order_by(_t.acquirer, _t.terminal)
)
_of_batch = (
    sales.c.acquirer == bindparam("the_acquirer"),
    sales.c.tid == bindparam("the_tid"),
    sales.c.batch == bindparam("the_batch"),
)
_hold_sales = select(sales.c.id).where(*_of_batch, _with_money).order_by(sales.c.id).with_for_update()
_has_sales = select(sales.c.id).where(*_of_batch, _with_money).limit(1)
_still_open = (
    select(sales.c.id)
    .where(
        *_of_batch,
        or_(sales.c.state == "sending", and_(sales.c.state == "reversing", sales.c.next_at.is_not(None))),
    )
    .limit(1)
)
_approved = sales.c.state == "approved"
_totals = select(
    func.count(case((_approved, 1))).label("number"),
    func.coalesce(func.sum(case((_approved, sales.c.amount_fen))), 0).label("fen"),
    func.min(sales.c.made_at).label("first_at"),
).where(*_of_batch)
_told = select(*SALE_COLUMNS).where(*_of_batch, _approved).order_by(sales.c.made_at, sales.c.id)
_listed = select(*_COLUMNS).order_by(_s.opened_at.desc()).limit(bindparam("most"))


class SettlementBooks:
    """One conversation about settlements, in one database transaction."""

    def __init__(self, connection: Conversation) -> None:
        self._connection = connection

    async def find(self, acquirer: str, tid: str, batch: str) -> Settlement | None:
        """The settlement of a batch, if there is one."""
        row = (await self._connection.execute(_one, _key(acquirer, tid, batch))).first()
        return None if row is None else _read(row)

    async def add(self, settlement: Settlement) -> None:
        """Raises TakenError when the batch got one in the meantime."""
        await self._connection.execute(_add, _row(settlement))

    async def leave(self, at: BankTerminal, now: datetime, on: date) -> bool:
        """Let the batch that a terminal has now be settled later; false where nothing in it is to be settled."""
        key = at.acquirer, at.tid, at.batch
        if await self.find(*key) is not None or not await self.has_sales(*key):
            return False
        await self.add(opened(at, at.batch, now, on))
        return True

    async def set(self, settlement: Settlement) -> None:
        """Keep what changed."""
        row = _row(settlement)
        key = _key(settlement.acquirer, settlement.tid, settlement.batch)
        await self._connection.execute(_set, key | {f"new_{name}": row[name] for name in _CHANGES})

    async def to_do(self, now: datetime, before: datetime) -> list[tuple[str, str, str]]:
        """Bank, kiosk and batch of each settlement that nobody is at.

        That is: batches without any that have a sale of before a moment, then all that are not ended, those last that
        have been tried most: one that never ends must not keep the others waiting.
        """
        old = await self._connection.execute(_old_batches, {"before": before})
        found = [(row[0], row[1], row[2]) for row in old]
        unfinished = await self._connection.execute(_unfinished, {"now": now})
        return found + [(row[0], row[1], row[2]) for row in unfinished]

    async def fixed_now(self, acquirer: str, tid: str) -> bool:
        """Whether totals of the terminal are fixed that the bank has not closed."""
        key = {"the_acquirer": acquirer, "the_tid": tid}
        return bool((await self._connection.execute(_fixed_now, key)).scalar())

    async def has_sales(self, acquirer: str, tid: str, batch: str) -> bool:
        """Whether a batch has any sale that the bank may have taken money for."""
        return (await self._connection.execute(_has_sales, _key(acquirer, tid, batch))).first() is not None

    async def hold_sales(self, acquirer: str, tid: str, batch: str) -> None:
        """Let no sale of a batch become another one until this transaction ends."""
        await self._connection.execute(_hold_sales, _key(acquirer, tid, batch))

    async def still_open(self, acquirer: str, tid: str, batch: str) -> bool:
        """Whether a sale of the batch is under way, or on its way back."""
        return (await self._connection.execute(_still_open, _key(acquirer, tid, batch))).first() is not None

    async def totals(self, acquirer: str, tid: str, batch: str) -> tuple[Totals, datetime | None]:
        """What was sold in a batch and stays sold, and when its first sale was made.

        What went back counts on neither side: a reversal undoes its sale, unlike a refund.
        """
        row = (await self._connection.execute(_totals, _key(acquirer, tid, batch))).one()
        return Totals(int(row.number), int(row.fen)), row.first_at and aware(row.first_at)

    async def told(self, acquirer: str, tid: str, batch: str) -> Sequence[SaleRecord]:
        """The sales of a batch that are in its totals, in the order in which the bank is told."""
        rows = await self._connection.execute(_told, _key(acquirer, tid, batch))
        return [sale_record(row) for row in rows]


def opened(at: BankTerminal, batch: str, now: datetime, on: date) -> Settlement:
    """The settlement of a terminal's batch before anything was done about it."""
    return Settlement(
        acquirer=at.acquirer,
        tid=at.tid,
        batch=batch,
        terminal=at.terminal,
        business_date=on,
        state="due",
        debit_count=0,
        debit_fen=0,
        credit_count=0,
        credit_fen=0,
        opened_at=now,
    )


def settlements_of(connection: Connection, most: int) -> list[Settlement]:
    """The newest settlements."""
    return [_read(row) for row in connection.execute(_listed, {"most": most})]


def _key(acquirer: str, tid: str, batch: str) -> dict[str, Any]:
    return {"the_acquirer": acquirer, "the_tid": tid, "the_batch": batch}


def _row(settlement: Settlement) -> dict[str, Any]:
    row = {field.name: getattr(settlement, field.name) for field in fields(Settlement)}
    return row | {name: row[name] and row[name].astimezone(UTC) for name in _TIMES}


def _read(row: Any) -> Settlement:
    values = {column.name: value for column, value in zip(_COLUMNS, row, strict=True)}
    return Settlement(**values | {name: values[name] and aware(values[name]) for name in _TIMES})
