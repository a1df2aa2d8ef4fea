"""Where the journals of the terminals stand, as their newest heartbeats said, and which heartbeats did not fit."""

from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, insert, select, update

from hub.business.forms import HeartbeatOrder, OpenItem, Verdict
from hub.business.keeping import Head
from hub.data.direct import Conversation
from hub.data.schema import alarms, heads

_head = (
    select(heads.c.journal_id, heads.c.seq, heads.c.head, heads.c.renewed)
    .where(heads.c.terminal == bindparam("terminal"))
    .with_for_update()
)
_BEAT = (
    "journal_id",
    "seq",
    "head",
    "renewed",
    "beat_at",
    "open_items",
    "backlog",
    "backlog_oldest_at",
    "version",
)
_add_head = insert(heads)
_next_head = (
    update(heads)
    .where(heads.c.terminal == bindparam("the_terminal"))
    .values({name: bindparam(f"new_{name}") for name in _BEAT})
)
_again = (
    update(alarms)
    .where(
        alarms.c.terminal == bindparam("the_terminal"),
        alarms.c.verdict == bindparam("the_verdict"),
        alarms.c.journal_id == bindparam("the_journal"),
    )
    .values(
        seq=bindparam("new_seq"),
        head=bindparam("new_head"),
        times=alarms.c.times + 1,
        last_at=bindparam("new_last_at"),
    )
    .returning(alarms.c.times)
)
_first_time = insert(alarms)


class Heads:
    """The part of a conversation that is about journals."""

    def __init__(self, connection: Conversation) -> None:
        self._connection = connection

    async def hold_head(self, terminal: str) -> Head | None:
        row = (await self._connection.execute(_head, {"terminal": terminal})).first()
        return None if row is None else Head(row.journal_id, row.seq, row.head, row.renewed)

    async def set_head(self, terminal: str, beat: HeartbeatOrder, now: datetime, *, first: bool) -> None:
        """Remember the heartbeat in the place of the one before; raises TakenError when `first` was overtaken."""
        row: dict[str, Any] = {
            "journal_id": beat.journal_id,
            "seq": beat.seq,
            "head": beat.head,
            "renewed": False,
            "beat_at": now,
            "open_items": msgspec.json.encode(beat.open).decode(),
            "backlog": beat.backlog.count,
            "backlog_oldest_at": beat.backlog.oldest_at and beat.backlog.oldest_at.astimezone(UTC),
            "version": beat.version,
        }
        if first:
            await self._connection.execute(_add_head, {"terminal": terminal} | row)
        else:
            changes = {f"new_{name}": value for name, value in row.items()}
            await self._connection.execute(_next_head, {"the_terminal": terminal} | changes)

    async def add_alarm(self, terminal: str, verdict: Verdict, beat: HeartbeatOrder, now: datetime) -> None:
        """Keep that a heartbeat did not fit; called while the terminal's head is held, so none comes between."""
        key = {"the_terminal": terminal, "the_verdict": verdict, "the_journal": beat.journal_id}
        values = {"new_seq": beat.seq, "new_head": beat.head, "new_last_at": now}
        if (await self._connection.execute(_again, key | values)).first() is not None:
            return
        await self._connection.execute(
            _first_time,
            {
                "terminal": terminal,
                "verdict": verdict,
                "journal_id": beat.journal_id,
                "seq": beat.seq,
                "head": beat.head,
                "times": 1,
                "first_at": now,
                "last_at": now,
            },
        )


class Alarm(msgspec.Struct, frozen=True):
    """So many heartbeats of one journal that did not fit; over when the terminal's `beat_at` is later."""

    verdict: str
    journal_id: str
    seq: int
    head: str
    times: int
    first_at: datetime
    last_at: datetime


class TerminalHead(msgspec.Struct, frozen=True):
    """What an operator sees of a terminal's journal; `age_s` is that of the newest heartbeat that fitted."""

    terminal: str
    journal_id: str
    seq: int
    head: str
    renewed: bool
    beat_at: datetime
    age_s: int
    backlog: int
    version: str
    open: tuple[OpenItem, ...]
    alarms: tuple[Alarm, ...]


def heads_of(connection: Connection, now: datetime) -> list[TerminalHead]:
    """Give what is known of every terminal's journal, by terminal."""
    raised: dict[str, list[Alarm]] = {}
    for row in connection.execute(select(alarms).order_by(alarms.c.last_at)):
        times = aware(row.first_at), aware(row.last_at)
        raised.setdefault(row.terminal, []).append(
            Alarm(row.verdict, row.journal_id, row.seq, row.head, row.times, *times)
        )
    return [
        TerminalHead(
            terminal=row.terminal,
            journal_id=row.journal_id,
            seq=row.seq,
            head=row.head,
            renewed=row.renewed,
            beat_at=aware(row.beat_at),
            age_s=round((now - aware(row.beat_at)).total_seconds()),
            backlog=row.backlog,
            version=row.version,
            open=msgspec.json.decode(row.open_items, type=tuple[OpenItem, ...]),
            alarms=tuple(raised.get(row.terminal, ())),
        )
        for row in connection.execute(select(heads).order_by(heads.c.terminal))
    ]


def aware(moment: datetime) -> datetime:
    """Give a moment from the database in UTC; SQLite forgets that it was."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
