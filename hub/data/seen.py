"""The replay window: which attempts of which terminal the hub processes have seen lately.

It need not outlast a power cut, because a payment's own id protects it; so it never waits for the disk.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import DateTime, Text, bindparam, delete, func, select
from sqlalchemy.dialects.postgresql import ARRAY, insert

from hub.business.refusals import Refusal
from hub.data.database import Database
from hub.data.schema import seen_requests

log = logging.getLogger("hub.seen")
_PRUNE = timedelta(seconds=60)
_LOCKED_S = 1.0
"""How long a hub waits for another one that writes into the same window."""


class SeenInPostgres:
    """An unlogged table that all hub processes share.

    What comes while a statement is under way goes together with the next one: under load a round trip serves many.
    """

    def __init__(self, database: Database, keep: timedelta) -> None:
        self._database = database
        self._keep = keep
        self._next_prune: datetime | None = None
        self._waiting: dict[tuple[str, str], tuple[datetime, asyncio.Future[bool]]] = {}
        self._writer: asyncio.Task[None] | None = None

    async def first_time(self, terminal: str, request_id: str, now: datetime) -> bool:
        """Remember the attempt; false when it was there already."""
        attempt = terminal, request_id
        if attempt in self._waiting:
            return False
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting[attempt] = now, answer
        if self._writer is None:
            self._writer = asyncio.create_task(self._write())
        return await answer

    async def _write(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, {}
            try:
                new = await self._remember(batch)
            except Exception as error:  # noqa: BLE001  # it belongs to those who asked
                for _, answer in batch.values():
                    if not answer.done():
                        answer.set_exception(error)
            else:
                for attempt, (_, answer) in batch.items():
                    if not answer.done():
                        answer.set_result(attempt in new)
        self._writer = None

    async def _remember(
        self, batch: Mapping[tuple[str, str], tuple[datetime, object]]
    ) -> set[tuple[str, str]]:
        now = max(seen_at for seen_at, _ in batch.values())
        attempts = sorted(batch)  # in one order everywhere, lest two hubs wait for one another
        values = {
            "terminals": [terminal for terminal, _ in attempts],
            "request_ids": [request_id for _, request_id in attempts],
            "seen_at": now,
        }
        async with self._database.read() as connection:
            new = {(row[0], row[1]) for row in await connection.execute(_remember, values)}
            if self._next_prune is None or now >= self._next_prune:
                self._next_prune = now + _PRUNE
                await connection.execute(_forget, {"before": now - self._keep})
        return new


class SeenInFile:
    """A SQLite file beside the books, shared by the hub processes of this machine; a write takes microseconds.

    A power cut may leave it unusable: then it is begun anew.
    """

    def __init__(self, path: str, keep: timedelta) -> None:
        self._path = path
        try:
            self._connection = _opened(path)
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:
            self._connection = _begun_anew(path)
        self._keep = keep
        self._next_prune: datetime | None = None

    async def first_time(self, terminal: str, request_id: str, now: datetime) -> bool:
        """Remember the attempt; false when it was there already."""
        try:
            return self._remember(terminal, request_id, now)
        except sqlite3.OperationalError as error:
            raise Refusal("hub_busy", f"replay window: {error}", retry_after_s=2) from error
        except sqlite3.DatabaseError:
            self._connection.close()
            self._connection = _begun_anew(self._path)
            return self._remember(terminal, request_id, now)

    def _remember(self, terminal: str, request_id: str, now: datetime) -> bool:
        cursor = self._connection.execute(
            "INSERT OR IGNORE INTO seen_requests VALUES (?, ?, ?)", (terminal, request_id, now.timestamp())
        )
        if self._next_prune is None or now >= self._next_prune:
            self._next_prune = now + _PRUNE
            self._connection.execute(
                "DELETE FROM seen_requests WHERE seen_at < ?", ((now - self._keep).timestamp(),)
            )
        return cursor.rowcount == 1

    def close(self) -> None:
        self._connection.close()


def _opened(path: str) -> sqlite3.Connection:
    """Open the window; raises sqlite3.DatabaseError when the file is none any more."""
    connection = sqlite3.connect(path, isolation_level=None, timeout=_LOCKED_S)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS seen_requests (terminal TEXT, request_id TEXT, seen_at REAL NOT NULL, "
            "PRIMARY KEY (terminal, request_id)) WITHOUT ROWID"
        )
        found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise sqlite3.DatabaseError(found)
    except BaseException:
        connection.close()
        raise
    return connection


def _begun_anew(path: str) -> sqlite3.Connection:
    log.warning("the replay window %s was damaged and is begun anew", path)
    for name in (path, f"{path}-wal", f"{path}-shm"):
        Path(name).unlink(missing_ok=True)
    return _opened(path)


def seen_requests_of(database: Database, keep: timedelta) -> SeenInPostgres | SeenInFile:
    """Open the window that belongs to these books; `keep` is how long an attempt could be replayed."""
    if database.dialect == "sqlite":
        return SeenInFile(f"{database.path}-seen", keep)
    return SeenInPostgres(database, keep)


_remember = (
    insert(seen_requests)
    .from_select(
        ["terminal", "request_id", "seen_at"],
        select(
            func.unnest(bindparam("terminals", type_=ARRAY(Text))),
            func.unnest(bindparam("request_ids", type_=ARRAY(Text))),
            bindparam("seen_at", type_=DateTime(timezone=True)),
        ),
    )
    .on_conflict_do_nothing()
    .returning(seen_requests.c.terminal, seen_requests.c.request_id)
)
_forget = delete(seen_requests).where(seen_requests.c.seen_at < bindparam("before"))
