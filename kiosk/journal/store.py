"""The journal's file: SQLite in WAL mode with synchronous=FULL, append-only, one writer.

JournalError
├── JournalLocked    another kiosk process has it
├── JournalUnsafe    the file system or SQLite would not keep what was written
├── JournalDamaged   what is there cannot be trusted: a person must look, nothing may be written
└── JournalFailed    an append did not become durable: the program must stop acting
"""

from __future__ import annotations

import fcntl
import logging
import os
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import msgspec

from kiosk.books import Books, IllegalEvent, from_snapshot, to_snapshot
from kiosk.journal.row import GENESIS, Row, chain_hash, chained, from_columns
from kiosk.payment.events import AnyEvent

log = logging.getLogger("kiosk.journal")
SCHEMA_VERSION = 1
SNAPSHOT_EVERY = 200
FORGET_EVERY = 5000
# Small pages: a payment touches few of them, and each touched page is written whole to the WAL (flash wears).
PAGE_SIZE = 1024
QUICK_CHECK_BELOW = 16 * 1024 * 1024


class JournalError(Exception):
    """Anything that keeps the journal from being used."""


class JournalLocked(JournalError):  # noqa: N818 - the state's name
    """Another process holds the journal."""


class JournalUnsafe(JournalError):  # noqa: N818 - the state's name
    """Durability cannot be had."""


class JournalDamaged(JournalError):  # noqa: N818 - the state's name
    """The file is no journal, or its chain is broken, or its events contradict the table."""


class JournalFailed(JournalError):  # noqa: N818 - the state's name
    """The append failed: disk full, I/O error. What it would have permitted must not happen."""


class Journal:
    """The open journal. One instance a process and one process a file."""

    def __init__(self, path: Path) -> None:
        """Open or create the journal at `path`. Raises JournalLocked, JournalUnsafe or JournalDamaged."""
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = _lock(path)
        try:
            self._db = _connect(path)
            self._prepare()
            self._seq, self._head = self._last()
        except JournalDamaged:
            self.close_untouched()
            raise
        except (sqlite3.DatabaseError, msgspec.DecodeError) as error:
            self.close_untouched()
            raise JournalDamaged(f"{path}: {error}") from error
        except BaseException:
            self.close()
            raise
        self._since_snapshot = 0

    def close(self) -> None:
        """Close the file and let go of the lock; safe to call twice."""
        if (db := getattr(self, "_db", None)) is not None:
            db.close()
        if not self._lock.closed:
            self._lock.close()

    def close_untouched(self) -> None:
        """Close a damaged journal without the checkpoint that SQLite's last close would write into it."""
        reader = sqlite3.connect(f"{self.path.resolve().as_uri()}?mode=ro", uri=True)
        try:
            reader.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except sqlite3.DatabaseError:
            log.info("journal_unreadable", extra={"path": str(self.path)})
        finally:
            self.close()
            reader.close()

    @property
    def head(self) -> tuple[int, str]:
        """Number and hash of the last row; (0, GENESIS) for an empty journal."""
        return self._seq, self._head

    def append(self, events: Sequence[AnyEvent], at: str) -> None:
        """Make the events durable, all or none. Raises JournalFailed; the journal is unusable after that."""
        rows = []
        seq, head = self._seq, self._head
        for event in events:
            seq += 1
            row = chained(head, seq, at, event)
            head = row.hash
            rows.append((row.seq, row.at, row.key, row.kind, row.body, row.hash))
        try:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?)", rows)
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            raise JournalFailed(f"{self.path}: {error}") from error
        self._seq, self._head = seq, head
        self._since_snapshot += len(rows)

    def snapshot_if_due(self, books: Books) -> None:
        """Store the open books beside the last row now and then, so that a start reads few rows."""
        if self._since_snapshot < SNAPSHOT_EVERY:
            return
        body = to_snapshot(books)
        seal = _sealed(self._seq, self._head, body)
        try:
            self._db.execute("INSERT OR REPLACE INTO snapshot VALUES (?, ?, ?)", (self._seq, seal, body))
            self._db.execute("DELETE FROM snapshot WHERE seq < ?", (self._seq,))
        except sqlite3.Error as error:
            raise JournalFailed(f"{self.path}: {error}") from error
        self._since_snapshot = 0

    def recover(self) -> Books:
        """Fold the books from the last snapshot on, checking the chain. Raises JournalDamaged.

        A snapshot only saves time: one that does not fit the chain is passed over, and every row is read.
        """
        try:
            books, seq, head = self._snapshot() or (Books.empty(), 0, GENESIS)
            self._since_snapshot = 0
            for row in self.rows(after=seq):
                _check_link(self.path, row, seq, head)
                books.apply(row.event)
                seq, head = row.seq, row.hash
                self._since_snapshot += 1
        except (sqlite3.DatabaseError, msgspec.DecodeError, ValueError, IllegalEvent) as error:
            raise JournalDamaged(f"{self.path}: {error}") from error
        return books

    def rows(self, after: int = 0) -> Iterator[Row]:
        """All rows with a number above `after`, in order."""
        for found in self._db.execute("SELECT * FROM event WHERE seq > ? ORDER BY seq", (after,)):
            yield from_columns(found)

    def _snapshot(self) -> tuple[Books, int, str] | None:
        found = self._db.execute(
            "SELECT s.seq, s.hash, s.body, e.hash FROM snapshot s JOIN event e ON e.seq = s.seq"
            " ORDER BY s.seq DESC LIMIT 1"
        ).fetchone()
        if found is None:
            return None
        seq, seal, body, head = found
        try:
            if seal == _sealed(seq, head, body):
                return from_snapshot(body), seq, head
        except (TypeError, ValueError, msgspec.DecodeError):
            log.exception("snapshot_unreadable")
        log.warning("snapshot_passed_over", extra={"seq": seq})
        return None

    def _last(self) -> tuple[int, str]:
        found = self._db.execute("SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1").fetchone()
        return (found[0], found[1]) if found else (0, GENESIS)

    def _prepare(self) -> None:
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version == 0 and not self._db.execute("SELECT 1 FROM sqlite_master").fetchone():
            _create(self._db)
            _sync_directory(self.path.parent)
        elif version != SCHEMA_VERSION:
            raise JournalDamaged(
                f"{self.path}: journal version {version}, this program knows {SCHEMA_VERSION}"
            )
        if self.path.stat().st_size < QUICK_CHECK_BELOW:
            verdict = self._db.execute("PRAGMA quick_check(1)").fetchone()[0]
            if verdict != "ok":
                raise JournalDamaged(f"{self.path}: {verdict}")
        require_durable(self._db, self.path)


def verify_rows(path: Path, rows: Iterator[Row]) -> tuple[int, str]:
    """Check chain and transaction table over the whole journal and return its head. Raises JournalDamaged."""
    books, seq, head = Books.empty(), 0, GENESIS
    settled: set[str] = set()
    for row in rows:
        _check_link(path, row, seq, head)
        try:
            books.apply(row.event)
        except (IllegalEvent, msgspec.DecodeError) as error:
            raise JournalDamaged(f"{path}: row {row.seq}: {error}") from error
        seq, head = row.seq, row.hash
        if seq % FORGET_EVERY == 0:
            settled = books.forget_settled(settled)
    return seq, head


def _check_link(path: Path, row: Row, seq: int, head: str) -> None:
    if row.seq != seq + 1:
        raise JournalDamaged(f"{path}: row {seq + 1} is missing (row {row.seq} follows row {seq})")
    if chain_hash(head, row.seq, row.at, row.body) != row.hash:
        raise JournalDamaged(f"{path}: row {row.seq} was changed after it was written, or one before it was")
    event = row.event
    if (event.key, type(event).__name__) != (row.key, row.kind):
        raise JournalDamaged(
            f"{path}: row {row.seq} is labelled {row.kind} {row.key} but holds another event"
        )


def _sealed(seq: int, head: str, body: bytes) -> str:
    """The seal of a snapshot: it continues the chain at its row."""
    return chain_hash(head, seq, "snapshot", body)


def _lock(path: Path) -> BinaryIO:
    handle = path.with_name(path.name + ".lock").open("ab")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        handle.close()
        raise JournalLocked(f"{path}: another kiosk process is using this journal") from error
    return handle


def _connect(path: Path) -> sqlite3.Connection:
    # The core thread is the only user; the check would only forbid opening it before that thread runs.
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    db.execute(f"PRAGMA page_size={PAGE_SIZE}")
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    return db


def require_durable(db: sqlite3.Connection, path: Path) -> None:
    """Refuse less than WAL with synchronous=FULL. Raises JournalUnsafe."""
    mode = db.execute("PRAGMA journal_mode").fetchone()[0]
    level = db.execute("PRAGMA synchronous").fetchone()[0]
    if mode != "wal" or level < 2:
        raise JournalUnsafe(
            f"{path}: journal_mode is {mode} and synchronous is {level}; wal and 2 (FULL) are needed"
        )


def _create(db: sqlite3.Connection) -> None:
    import sqlite_utils  # only a new journal needs it, and it costs a tenth of a second

    tables = sqlite_utils.Database(db)
    tables.table("event").create(
        {"seq": int, "at": str, "key": str, "kind": str, "body": bytes, "hash": str},
        pk="seq",
        not_null={"at", "key", "kind", "body", "hash"},
    )
    tables.table("snapshot").create(
        {"seq": int, "hash": str, "body": bytes}, pk="seq", not_null={"hash", "body"}
    )
    db.execute(f"PRAGMA user_version={SCHEMA_VERSION}")


def _sync_directory(folder: Path) -> None:
    """Make the new file's name durable: a journal that a power cut unlinks is no journal."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
