"""The open journal: SQLite in WAL mode with synchronous=FULL, append-only, one writer."""

from __future__ import annotations

import logging
import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from kiosk.books import Books, IllegalEvent, from_snapshot, to_snapshot
from kiosk.journal import file
from kiosk.journal.errors import JournalDamaged, JournalError, JournalFailed, JournalLocked, JournalUnsafe
from kiosk.journal.file import Anchor, hash_at, require_durable
from kiosk.journal.row import Row, chained, milliseconds
from kiosk.journal.verify import check_link, verify_rows
from kiosk.payment.events import AnyEvent

log = logging.getLogger("kiosk.journal")
SNAPSHOT_EVERY = 500
_LOOKED_AT_S = 5.0
"""How long a statement waits for a program that looks into the journal at that moment."""
__all__ = [
    "Journal",
    "JournalDamaged",
    "JournalError",
    "JournalFailed",
    "JournalLocked",
    "JournalUnsafe",
    "hash_at",
    "require_durable",
    "verify_rows",
]


class Journal:
    """The open journal. One instance a process and one process a file."""

    def __init__(self, path: Path, journal_id: str = "") -> None:
        """Open or create the journal at `path`. Raises JournalLocked, JournalUnsafe or JournalDamaged.

        `journal_id` (32 hex digits) is only for a journal that is created now; without it a random one is made.
        """
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._lock = file.lock(path)
        except OSError as error:
            raise JournalUnsafe(f"{path}: {error}") from error
        try:
            self._db = file.connect(path)
            self._prepare(journal_id)
            self.anchor: Anchor = file.read_anchor(self._db, path)
            self._seq, self._head = self._last()
        except JournalDamaged:
            self.close_untouched()
            raise
        except (sqlite3.DatabaseError, msgspec.DecodeError, ValueError) as error:
            self.close_untouched()
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in file.NO_ROOM:
                raise JournalUnsafe(f"{path}: {error}") from error
            raise JournalDamaged(f"{path}: {error}") from error
        except BaseException:
            self.close()
            raise
        self._since_snapshot = 0
        self._failed = ""

    def close(self) -> None:
        """Close the file and let go of the lock; safe to call twice."""
        if (db := getattr(self, "_db", None)) is not None:
            db.close()
        if not self._lock.closed:
            self._lock.close()

    def close_untouched(self) -> None:
        """Close a damaged journal without the checkpoint that SQLite's last close would write into it."""
        reader = None
        try:
            reader = sqlite3.connect(f"{self.path.resolve().as_uri()}?mode=ro", uri=True)
            reader.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except (
            sqlite3.DatabaseError,
            UnicodeDecodeError,
        ):  # the second for an error text that is damaged itself
            log.info("journal_unreadable", extra={"path": str(self.path)})
        finally:
            self.close()
            if reader is not None:
                reader.close()

    @property
    def journal_id(self) -> str:
        """Made with the file (32 hex digits), and bound into every hash: tells this journal from any other."""
        return self.anchor.journal_id

    @property
    def head(self) -> tuple[int, str]:
        """Number and hash of the last row; (0, the genesis hash) for an empty journal."""
        return self._seq, self._head

    def append(self, events: Sequence[AnyEvent], at: str) -> None:
        """Make the events durable, all or none; `at` is RFC 3339.

        Raises JournalFailed, and from then on always: whether the rows reached the disk is only known after a restart.
        """
        if self._failed:
            raise JournalFailed(self._failed)
        rows, at_ms = [], milliseconds(at)
        seq, head = self._seq, self._head
        for event in events:
            seq += 1
            row = chained(head, seq, at_ms, event, self.anchor.packing)
            head = row.hash
            rows.append((seq, at_ms, bytes.fromhex(head), row.packed))
        with self.transaction():
            self._db.executemany("INSERT INTO event VALUES (?, ?, ?, ?)", rows)
        self._seq, self._head = seq, head
        self._since_snapshot += len(rows)

    def transaction(self) -> _Transaction:
        """All or nothing: a context that gives the connection. Raises JournalFailed."""
        return _Transaction(self)

    def failed(self, error: sqlite3.Error) -> JournalFailed:
        """Note that nothing may be appended any more, and give the error to raise."""
        self._failed = f"{self.path}: {error}"
        return JournalFailed(self._failed)

    def snapshot_if_due(self, books: Books) -> None:
        """Store the open books beside the last row now and then, so that a start reads few rows."""
        if self._since_snapshot < SNAPSHOT_EVERY:
            return
        body = to_snapshot(books)
        seal = file.snapshot_seal(self._seq, self._head, body)
        with self.transaction() as db:
            db.execute("INSERT OR REPLACE INTO snapshot VALUES (1, ?, ?, ?)", (self._seq, seal, body))
        self._since_snapshot = 0

    def recover(self) -> Books:
        """Fold the books from the last snapshot on, checking the chain. Raises JournalDamaged.

        A snapshot only saves time: one that does not fit the chain is passed over, and every row is read.
        """
        try:
            books, seq, head = self._snapshot() or (self.anchor.books(), self.anchor.seq, self.anchor.head)
            self._since_snapshot = 0
            for row in self.rows(after=seq):
                check_link(self.path, row, seq, head)
                books.apply(row.event)
                seq, head = row.seq, row.hash
                self._since_snapshot += 1
        except (
            sqlite3.DatabaseError,
            msgspec.DecodeError,
            ValueError,
            RecursionError,
            IllegalEvent,
        ) as error:
            raise JournalDamaged(f"{self.path}: {error}") from error
        self._settle_log()
        return books

    def rows(self, after: int = 0) -> Iterator[Row]:
        """All rows with a number above `after`, in order."""
        return file.read_rows(self._db, self.anchor.packing, after)

    def shrink(self) -> None:
        """Give the file system its room back where most pages are empty; it only saves room, so it may fail."""
        empty = self._db.execute("PRAGMA freelist_count").fetchone()[0]
        if 2 * empty < self._db.execute("PRAGMA page_count").fetchone()[0]:
            return
        try:
            self._db.execute("VACUUM")
        except sqlite3.Error:
            log.exception("journal_not_shrunk")
        self._settle_log()

    def _settle_log(self) -> None:
        """Begin the write-ahead log anew, in room that it has already.

        After a failed sync the kernel may show bytes that the disk does not have. Rows appended behind them would be
        lost with them at a power cut, so what was read here is written to its place and synced first.
        """
        try:
            self._db.execute("PRAGMA busy_timeout=0")
            try:
                busy = self._db.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()[0]
            finally:
                self._db.execute(f"PRAGMA busy_timeout={int(_LOOKED_AT_S * 1000)}")
        except sqlite3.Error:
            log.exception("checkpoint_failed")  # a full disk: the first append will tell
        else:
            if busy:
                log.info("checkpoint_put_off", extra={"path": str(self.path)})
            else:
                self._fill_log()

    def _fill_log(self) -> None:
        """It only saves wear, so it may fail; what is in the log meanwhile is in the file as well."""
        try:
            file.fill_log(self.path)
        except OSError:
            log.exception("log_not_filled")  # a full disk: the first append will tell

    def _snapshot(self) -> tuple[Books, int, str] | None:
        for seq, seal, body in self._db.execute("SELECT seq, seal, body FROM snapshot ORDER BY seq DESC"):
            try:
                head = self._hash_of(seq)
                if head and seal == file.snapshot_seal(seq, head, body):
                    return from_snapshot(body), seq, head
            except (TypeError, ValueError, AttributeError, msgspec.DecodeError):
                log.exception("snapshot_unreadable")
            log.warning("snapshot_passed_over", extra={"seq": seq})
        return None

    def _hash_of(self, seq: int) -> str:
        if seq == self.anchor.seq:
            return self.anchor.head
        found = self._db.execute("SELECT hash FROM event WHERE seq = ?", (seq,)).fetchone()
        return found[0].hex() if found else ""

    def _last(self) -> tuple[int, str]:
        found = self._db.execute("SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1").fetchone()
        if found is None:
            return self.anchor.seq, self.anchor.head
        if not isinstance(found[1], bytes):
            raise JournalDamaged(f"{self.path}: row {found[0]} was changed: a column is not of its type")
        return found[0], found[1].hex()

    def _prepare(self, journal_id: str) -> None:
        if file.is_new(self._db):
            file.create(self._db, file.first_anchor(journal_id or secrets.token_hex(16)))
            file.sync_directory(self.path.parent)
        file.check_layout(self._db, self.path)
        if self.path.stat().st_size < file.QUICK_CHECK_BELOW:
            verdict = self._db.execute("PRAGMA quick_check(1)").fetchone()[0]
            if verdict != "ok":
                raise JournalDamaged(f"{self.path}: {verdict}")
        require_durable(self._db, self.path)


class _Transaction:
    """Commits at its end, and undoes everything where anything fails."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._db = journal._db  # noqa: SLF001 - one class in two

    def __enter__(self) -> sqlite3.Connection:
        try:
            self._db.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            raise self._journal.failed(error) from error
        return self._db

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        try:
            if error is None:
                self._db.execute("COMMIT")
                return
        except sqlite3.Error as refused:
            error = refused
            raise self._journal.failed(refused) from refused
        finally:
            if error is not None:
                with suppress(sqlite3.Error):
                    self._db.execute("ROLLBACK")
        if isinstance(error, sqlite3.Error):
            raise self._journal.failed(error) from error
