"""The journal's file: its tables, its lock, what its first row hangs on, and reading it beside a running kiosk.

about     one row: the journal's id and the dictionary of its bodies
anchor    one row: number, hash and remaining books of the row before the first, sealed by the genesis hash
event     the rows
snapshot  one row: the open books beside one of the rows, sealed by the chain
"""

from __future__ import annotations

import errno
import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

from kiosk.books import Books, from_carried, to_carried, to_snapshot
from kiosk.journal.errors import JournalDamaged, JournalLocked, JournalUnsafe
from kiosk.journal.packing import Packing, dictionary
from kiosk.journal.row import Row, chain_hash, from_columns, genesis

SCHEMA_VERSION = 2
# The smallest page there is: each touched page is written whole to the write-ahead log (flash wears).
PAGE_SIZE = 512
CHECKPOINT_PAGES = 1000
# What SQLite's log has around its pages (its file format, section 4), and a last append that passes the mark.
_LOG_HEADER, _FRAME_HEADER, _BEYOND_PAGES = 32, 24, 20
QUICK_CHECK_BELOW = 1024 * 1024
# What SQLite says of a disk that is full, fails or is not there: no damage of the journal.
NO_ROOM = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN})
_LAYOUT: dict[str, dict[str, type]] = {
    "about": {"id": int, "journal_id": str, "dictionary": bytes},
    "anchor": {"id": int, "seq": int, "hash": bytes, "books": bytes, "seal": bytes},
    "event": {"seq": int, "at": int, "hash": bytes, "body": bytes},
    "snapshot": {"id": int, "seq": int, "seal": bytes, "body": bytes},
}


@dataclass(frozen=True, slots=True)
class Anchor:
    """What the first row hangs on: row `seq` with the hash `head` stood before it, or nothing (seq 0)."""

    journal_id: str
    packing: Packing
    seq: int
    head: str
    carried: bytes

    @property
    def genesis(self) -> str:
        """The hash that binds the journal to its id."""
        return genesis(self.journal_id, self.packing)

    @property
    def seal(self) -> str:
        """The anchor's own hash."""
        return chain_hash(self.genesis, "anchor", self.seq, self.head, self.carried)

    def books(self) -> Books:
        """The books at the anchor. Raises msgspec.DecodeError."""
        return from_carried(self.carried)


def connect(path: Path, mode: str = "WAL") -> sqlite3.Connection:
    """Open for writing."""
    # The core thread is the only user; the check would only forbid opening it before that thread runs.
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    db.execute(f"PRAGMA page_size={PAGE_SIZE}")
    db.execute(f"PRAGMA journal_mode={mode}")
    db.execute("PRAGMA synchronous=FULL")
    db.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")
    return db


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """Open read-only, in any thread or process, beside a running kiosk too. Raises JournalDamaged."""
    if not path.exists():
        raise JournalDamaged(f"{path}: no such journal")
    try:
        db = sqlite3.connect(
            f"{path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None, check_same_thread=False
        )
        # A text where bytes belong reaches the check of its row, which names it, also when it is no UTF-8.
        db.text_factory = partial(str, encoding="utf-8", errors="replace")
        try:
            db.execute("BEGIN")  # one state of the file, however long the reading takes
            check_layout(db, path)
            yield db
        finally:
            db.close()
    except (sqlite3.DatabaseError, ValueError) as error:
        raise JournalDamaged(f"{path}: {error}") from error


def hash_at(path: Path, seq: int) -> str | None:
    """Hash of the row `seq` (hexadecimal), or None where the journal has no such row (any more).

    It opens a read-only connection of its own: for any thread or process, while the journal is open. The row before
    the first counts too, 0 in a journal that was never pruned. Raises JournalDamaged.
    """
    with reading(path) as db:
        anchor = read_anchor(db, path)
        if seq == anchor.seq:
            return anchor.head
        found = db.execute("SELECT hash FROM event WHERE seq = ?", (seq,)).fetchone()
        return found[0].hex() if found and isinstance(found[0], bytes) else None


def read_rows(db: sqlite3.Connection, packing: Packing, after: int = 0) -> Iterator[Row]:
    """All rows with a number above `after`, in order. Raises ValueError.

    Read in pieces: a statement left in the middle would keep the file locked as long as its error is held.
    """
    part = "SELECT seq, at, hash, body FROM event WHERE seq > ? ORDER BY seq LIMIT 500"
    while found := db.execute(part, (after,)).fetchall():
        for columns in found:
            yield from_columns(columns, packing)
        after = found[-1][0]


def read_anchor(db: sqlite3.Connection, path: Path) -> Anchor:
    """Read what the first row hangs on. Raises JournalDamaged unless it is sealed."""
    about = db.execute("SELECT id, journal_id, dictionary FROM about").fetchall()
    found = db.execute("SELECT id, seq, hash, books, seal FROM anchor").fetchall()
    match about, found:
        case (
            [(1, str() as journal_id, bytes() as words)],
            [(1, int() as seq, bytes() as head, bytes() as carried, bytes() as seal)],
        ):
            anchor = Anchor(journal_id, Packing(words), seq, head.hex(), carried)
            if anchor.seal == seal.hex() and (seq > 0 or anchor.head == anchor.genesis):
                return anchor
    raise JournalDamaged(f"{path}: the journal's id or its anchor was changed")


def write_anchor(db: sqlite3.Connection, anchor: Anchor) -> None:
    """Store the anchor, with the snapshot that saves nothing yet; inside the caller's transaction."""
    body = to_snapshot(anchor.books())
    db.execute(
        "INSERT OR REPLACE INTO anchor VALUES (1, ?, ?, ?, ?)",
        (anchor.seq, bytes.fromhex(anchor.head), anchor.carried, bytes.fromhex(anchor.seal)),
    )
    db.execute(
        "INSERT OR REPLACE INTO snapshot VALUES (1, ?, ?, ?)",
        (anchor.seq, snapshot_seal(anchor.seq, anchor.head, body), body),
    )


def snapshot_seal(seq: int, head: str, body: bytes) -> bytes:
    """The seal of a snapshot: it continues the chain at its row."""
    return bytes.fromhex(chain_hash(head, "snapshot", seq, body))


def create(db: sqlite3.Connection, anchor: Anchor) -> None:
    """Make tables, id and anchor in one transaction: a kill leaves an empty file or a whole journal."""
    import sqlite_utils  # only a new journal needs it, and it costs a tenth of a second

    tables = sqlite_utils.Database(db)
    db.execute("BEGIN IMMEDIATE")
    for name, columns in _LAYOUT.items():
        key, *others = columns
        tables.table(name).create(columns, pk=key, not_null=others)
    db.execute("INSERT INTO about VALUES (1, ?, ?)", (anchor.journal_id, anchor.packing.dictionary))
    write_anchor(db, anchor)
    db.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
    db.execute("COMMIT")


def first_anchor(journal_id: str) -> Anchor:
    """Give the anchor of a new journal."""
    packing = Packing(dictionary())
    return Anchor(journal_id, packing, 0, genesis(journal_id, packing), to_carried(Books.empty()))


def is_new(db: sqlite3.Connection) -> bool:
    """Whether the file holds nothing at all."""
    version = db.execute("PRAGMA user_version").fetchone()[0]
    return version == 0 and not db.execute("SELECT 1 FROM sqlite_master").fetchone()


def check_layout(db: sqlite3.Connection, path: Path) -> None:
    """Refuse a file of another version, and one to which anything was added. Raises JournalDamaged."""
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version == 0:
        raise JournalDamaged(f"{path}: this is no journal, or one that was cut to nothing")
    if version != SCHEMA_VERSION:
        raise JournalDamaged(f"{path}: journal version {version}, this program knows {SCHEMA_VERSION}")
    found = {
        name: [column[1] for column in db.execute(f"PRAGMA table_info('{name}')")] if kind == "table" else []
        for kind, name in db.execute("SELECT type, name FROM sqlite_master")
    }
    if found != {name: list(columns) for name, columns in _LAYOUT.items()}:
        raise JournalDamaged(f"{path}: its tables are not those of a journal")


def lock(path: Path) -> BinaryIO:
    """Take the journal for this process; closing the handle, or dying, lets it go. Raises JournalLocked."""
    handle = path.with_name(path.name + ".lock").open("ab")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        handle.close()
        raise JournalLocked(f"{path}: another kiosk process is using this journal") from error
    return handle


def require_durable(db: sqlite3.Connection, path: Path) -> None:
    """Refuse less than WAL with synchronous=FULL. Raises JournalUnsafe."""
    mode = db.execute("PRAGMA journal_mode").fetchone()[0]
    level = db.execute("PRAGMA synchronous").fetchone()[0]
    if mode != "wal" or level < 2:
        raise JournalUnsafe(
            f"{path}: journal_mode is {mode} and synchronous is {level}; wal and 2 (FULL) are needed"
        )


def fill_log(path: Path) -> None:
    """Give the write-ahead log all the room that it will need, in zeros behind what it holds. Raises OSError.

    A file that grows costs the file system an entry in its own journal at every sync: four times the bytes of the
    append. To SQLite whatever stands behind the last frame of its own is nothing. Where there is no room for all of it
    the log is as long as before.
    """
    wanted = _LOG_HEADER + (CHECKPOINT_PAGES + _BEYOND_PAGES) * (_FRAME_HEADER + PAGE_SIZE)
    handle = os.open(path.with_name(path.name + "-wal"), os.O_WRONLY)
    try:
        length = os.fstat(handle).st_size
        if length >= wanted:
            return
        try:
            if os.pwrite(handle, b"\0" * (wanted - length), length) < wanted - length:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError:
            os.ftruncate(handle, length)
            raise
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_directory(folder: Path) -> None:
    """Make a new file's name durable: a journal that a power cut unlinks is no journal."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
