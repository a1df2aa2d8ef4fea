"""The hub's terminals at banks as the books have them: numbers, the counter of messages, and keys as they came."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, case, insert, or_, select, update

from hub.data.direct import Conversation
from hub.data.heads import aware
from hub.data.schema_bank_terminals import bank_terminals

FIRST_BATCH = "000001"
MOST_STAN = 999_999
_t = bank_terminals.c


@dataclass(frozen=True, slots=True)
class BankTerminal:
    """One kiosk's terminal at one bank.

    `batch` has 6 digits; `stan` was given last. `pik` and `mak` are wrapped under the terminal's master key as the bank
    gave them, each with the first 4 bytes of its check value; none before the first sign-on. While `settling` the
    totals of the batch are fixed.
    """

    acquirer: str
    terminal: str
    tid: str
    merchant_no: str
    batch: str
    stan: int
    pik: bytes | None
    pik_check: bytes | None
    mak: bytes | None
    mak_check: bytes | None
    signed_on_at: datetime | None
    sign_on_needed: bool
    settling: bool

    @property
    def signed_on(self) -> bool:
        """Whether its keys can be used."""
        return self.mak is not None and not self.sign_on_needed

    @property
    def ready(self) -> bool:
        """Whether a sale may be begun."""
        return self.signed_on and not self.settling


_COLUMNS = tuple(_t[name] for name in BankTerminal.__dataclass_fields__)
_here = (_t.acquirer == bindparam("the_acquirer"), _t.terminal == bindparam("the_terminal"))
_one = select(*_COLUMNS).where(*_here)
_held = _one.with_for_update()
_all = select(*_COLUMNS).order_by(_t.acquirer, _t.terminal)
_of_bank = _all.where(_t.acquirer == bindparam("the_acquirer"))
_first_of_bank = _of_bank.limit(1)
_next_stan = (
    update(bank_terminals)
    .where(*_here)
    .values(stan=case((_t.stan >= MOST_STAN, 1), else_=_t.stan + 1))
    .returning(_t.stan)
)
_sign_on_needed = update(bank_terminals).where(*_here).values(sign_on_needed=True)
_set_settling = update(bank_terminals).where(*_here).values(settling=bindparam("is_settling"))
_begin_sign_on = (
    update(bank_terminals)
    .where(*_here, or_(_t.signing_on_until.is_(None), _t.signing_on_until <= bindparam("now")))
    .values(signing_on_until=bindparam("until"))
    .returning(_t.tid)
)
_end_sign_on = (
    update(bank_terminals)
    .where(*_here, _t.signing_on_until == bindparam("until"))
    .values(signing_on_until=None)
)
_signed_on = (
    update(bank_terminals)
    .where(*_here, _t.signing_on_until == bindparam("until"))
    .values(
        pik=bindparam("new_pik"),
        pik_check=bindparam("new_pik_check"),
        mak=bindparam("new_mak"),
        mak_check=bindparam("new_mak_check"),
        batch=bindparam("new_batch"),
        signed_on_at=bindparam("now"),
        sign_on_needed=False,
        signing_on_until=None,
    )
    .returning(_t.tid)
)
_end_keys = (
    update(bank_terminals)
    .where(_t.acquirer == bindparam("the_acquirer"), _t.tid == bindparam("the_tid"))
    .values(pik=None, pik_check=None, mak=None, mak_check=None, sign_on_needed=True)
)


class BankTerminalBooks:
    """One conversation about terminals at banks, in one database transaction."""

    def __init__(self, connection: Conversation) -> None:
        self._connection = connection

    async def find(self, acquirer: str, terminal: str) -> BankTerminal | None:
        """The kiosk's terminal at this bank, if it has one."""
        return _terminal((await self._connection.execute(_one, _key(acquirer, terminal))).first())

    async def hold(self, acquirer: str, terminal: str) -> BankTerminal | None:
        """The same, and nobody else changes it until this transaction ends."""
        return _terminal((await self._connection.execute(_held, _key(acquirer, terminal))).first())

    async def first_of_bank(self, acquirer: str) -> BankTerminal | None:
        """The first terminal at this bank."""
        return _terminal((await self._connection.execute(_first_of_bank, {"the_acquirer": acquirer})).first())

    async def of_bank(self, acquirer: str) -> list[BankTerminal]:
        """All terminals at this bank."""
        rows = await self._connection.execute(_of_bank, {"the_acquirer": acquirer})
        return [_read(row) for row in rows]

    async def next_stan(self, acquirer: str, terminal: str) -> str:
        """Count one message; LookupError where there is no such terminal."""
        row = (await self._connection.execute(_next_stan, _key(acquirer, terminal))).first()
        if row is None:
            raise LookupError(f"{terminal} is no terminal at {acquirer}")
        return f"{row[0]:06d}"

    async def need_sign_on(self, acquirer: str, terminal: str) -> None:
        """Let the terminal sign on again before its next sale."""
        await self._connection.execute(_sign_on_needed, _key(acquirer, terminal))

    async def begin_sign_on(self, acquirer: str, terminal: str, now: datetime, until: datetime) -> bool:
        """Take the sign-on for oneself until a moment; false while another has it."""
        values = _key(acquirer, terminal) | {"now": now, "until": until}
        return (await self._connection.execute(_begin_sign_on, values)).first() is not None

    async def end_sign_on(self, acquirer: str, terminal: str, until: datetime) -> None:
        """Let another try a sign-on that failed, unless another has taken it since."""
        await self._connection.execute(_end_sign_on, _key(acquirer, terminal) | {"until": until})

    async def signed_on(
        self,
        acquirer: str,
        terminal: str,
        *,
        pik: bytes,
        pik_check: bytes,
        mak: bytes,
        mak_check: bytes,
        batch: str,
        now: datetime,
        until: datetime,
    ) -> bool:
        """Keep what a sign-on gave that was taken until this moment; false where another has taken it since."""
        values = {
            "new_pik": pik,
            "new_pik_check": pik_check,
            "new_mak": mak,
            "new_mak_check": mak_check,
            "new_batch": batch,
            "now": now,
            "until": until,
        }
        return (
            await self._connection.execute(_signed_on, _key(acquirer, terminal) | values)
        ).first() is not None

    async def set_settling(self, acquirer: str, terminal: str, *, settling: bool) -> None:
        """Close the batch to new sales, or open the next one to them."""
        await self._connection.execute(_set_settling, _key(acquirer, terminal) | {"is_settling": settling})


def add_bank_terminal(
    connection: Connection, acquirer: str, terminal: str, tid: str, merchant_no: str, now: datetime
) -> None:
    """Register a kiosk's terminal at a bank; raises IntegrityError where either is registered there already."""
    connection.execute(
        insert(bank_terminals),
        {
            "acquirer": acquirer,
            "terminal": terminal,
            "tid": tid,
            "merchant_no": merchant_no,
            "batch": FIRST_BATCH,
            "stan": 0,
            "sign_on_needed": True,
            "settling": False,
            "added_at": now,
        },
    )


def end_bank_keys(connection: Connection, acquirer: str, tid: str) -> None:
    """Forget the keys that a terminal was given under a master key that it has no more."""
    connection.execute(_end_keys, {"the_acquirer": acquirer, "the_tid": tid})


def bank_terminals_of(connection: Connection) -> list[BankTerminal]:
    """All terminals at all banks."""
    return [_read(row) for row in connection.execute(_all)]


def _key(acquirer: str, terminal: str) -> dict[str, Any]:
    return {"the_acquirer": acquirer, "the_terminal": terminal}


def _terminal(row: Any) -> BankTerminal | None:
    return None if row is None else _read(row)


def _read(row: Any) -> BankTerminal:
    values = dict(zip(BankTerminal.__dataclass_fields__, row, strict=True))
    at = values["signed_on_at"]
    return BankTerminal(**values | {"signed_on_at": None if at is None else aware(at)})
