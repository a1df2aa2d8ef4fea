"""The working keys of terminals that signed on, wrapped as the terminals got them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from hub.business.keeping import Stored
from hub.data.direct import Conversation
from hub.data.heads import aware
from hub.data.schema import working_keys

_key = select(working_keys.c.wrapped, working_keys.c.check, working_keys.c.expires_at).where(
    working_keys.c.terminal == bindparam("terminal"), working_keys.c.key_no == bindparam("key_no")
)
_sign_on = select(working_keys.c.terminal, working_keys.c.content, working_keys.c.reply).where(
    working_keys.c.sign_on_id == bindparam("id")
)
_last_no = select(func.max(working_keys.c.key_no)).where(working_keys.c.terminal == bindparam("terminal"))
_add = insert(working_keys)
_end_by = (
    update(working_keys)
    .where(
        working_keys.c.terminal == bindparam("the_terminal"), working_keys.c.expires_at > bindparam("until")
    )
    .values(expires_at=bindparam("until"))
)
_forget = delete(working_keys).where(
    working_keys.c.terminal == bindparam("the_terminal"),
    working_keys.c.expires_at < bindparam("before"),
    working_keys.c.key_no < bindparam("newest"),
)


@dataclass(frozen=True, slots=True)
class WorkingKey:
    """A working key as it is kept; `check` is its check value in hex."""

    wrapped: bytes
    check: str
    expires_at: datetime


class WorkingKeys:
    """One conversation about working keys, in one database transaction."""

    def __init__(self, connection: Conversation) -> None:
        self._connection = connection

    async def find(self, terminal: str, key_no: int) -> WorkingKey | None:
        """The terminal's key of this number, expired or not."""
        row = (await self._connection.execute(_key, {"terminal": terminal, "key_no": key_no})).first()
        return None if row is None else WorkingKey(row.wrapped, row.check, aware(row.expires_at))

    async def sign_on(self, sign_on_id: str) -> Stored | None:
        """The sign-on that was taken under this id."""
        row = (await self._connection.execute(_sign_on, {"id": sign_on_id})).first()
        return None if row is None else Stored(row.terminal, row.content, row.reply)

    async def last_no(self, terminal: str) -> int:
        """The number of the terminal's newest key, 0 before the first."""
        return (await self._connection.execute(_last_no, {"terminal": terminal})).scalar() or 0

    async def add(
        self,
        terminal: str,
        key_no: int,
        sign_on_id: str,
        content: str,
        key: WorkingKey,
        issued_at: datetime,
        reply: bytes,
    ) -> None:
        """Keep a key; raises TakenError when the number or the id is taken."""
        row = {
            "terminal": terminal,
            "key_no": key_no,
            "sign_on_id": sign_on_id,
            "content": content,
            "wrapped": key.wrapped,
            "check": key.check,
            "issued_at": issued_at,
            "expires_at": key.expires_at,
            "reply": reply,
        }
        await self._connection.execute(_add, row)

    async def end_by(self, terminal: str, until: datetime) -> None:
        """Let no key that the terminal has live longer than this."""
        await self._connection.execute(_end_by, {"the_terminal": terminal, "until": until})

    async def forget(self, terminal: str, before: datetime, newest: int) -> None:
        """Drop what expired before; the newest stays, for its number is not to be given twice."""
        values = {"the_terminal": terminal, "before": before, "newest": newest}
        await self._connection.execute(_forget, values)


def end_now(connection: Connection, terminal: str, now: datetime) -> None:
    """Let no working key of the terminal be good any more."""
    connection.execute(_end_by, {"the_terminal": terminal, "until": now})
