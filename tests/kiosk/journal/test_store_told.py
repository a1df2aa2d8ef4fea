"""What the open journal says and leaves behind when something goes wrong, and when it takes a snapshot."""

from __future__ import annotations

import logging
import os
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from kiosk.books import Books
from kiosk.journal import file, store
from kiosk.journal.errors import JournalDamaged, JournalError, JournalFailed, JournalUnsafe
from kiosk.journal.store import SNAPSHOT_EVERY, Journal
from kiosk.payment import events as ev

AT = "2026-11-22T19:59:00.000Z"


def refusing(journal: Journal, word: str) -> None:
    """SQLite refuses one kind of statement from now on, as it does on a bad disk."""
    kinds = {"INSERT": (sqlite3.SQLITE_INSERT, "event")}
    kind, name = kinds.get(word, (sqlite3.SQLITE_TRANSACTION, word))

    def judge(action: int, first: str | None, *_: object) -> int:
        return sqlite3.SQLITE_DENY if (action, first) == (kind, name) else sqlite3.SQLITE_OK

    journal._db.set_authorizer(judge)


def rows(count: int, first: int = 1) -> list[ev.AnyEvent]:
    """Small events that any journal takes; nobody folds them."""
    return [ev.Cancelled(key=f"{number:032x}") for number in range(first, first + count)]


def snapshot_at(journal: Journal) -> int:
    seq: int = journal._db.execute("SELECT seq FROM snapshot").fetchone()[0]
    return seq


def records(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """What the journal has logged; a thread of an earlier test may still log something of its own."""
    return [record for record in caplog.records if record.name.startswith("kiosk.journal")]


def told(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str, str]]:
    return [(record.name, record.levelname, record.getMessage()) for record in records(caplog)]


def test_the_folders_of_a_new_journal_are_made(quick: Path) -> None:
    with closing(Journal(quick / "a" / "b" / "j")) as journal:
        assert journal.path.exists()
        assert journal.head[0] == 0
    with closing(Journal(quick / "a" / "b" / "j")):
        pass


def test_the_folder_of_a_new_journal_is_synced_once(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a power cut takes the whole file, whatever was synced in it."""
    synced: list[Path] = []
    monkeypatch.setattr(file, "sync_directory", synced.append)
    Journal(path).close()
    assert synced == [path.parent]
    Journal(path).close()
    assert synced == [path.parent]


@pytest.mark.parametrize("word", ["BEGIN", "INSERT", "COMMIT"])
def test_a_refused_append_is_told_then_and_ever_after_and_leaves_nothing_half_done(
    journal: Journal, word: str
) -> None:
    journal.append(rows(2), AT)
    head = journal.head
    refusing(journal, word)
    why = f"^{re.escape(str(journal.path))}: not authorized$"
    with pytest.raises(JournalFailed, match=why):
        journal.append(rows(1, 3), AT)
    assert not journal._db.in_transaction
    journal._db.set_authorizer(None)
    with pytest.raises(JournalFailed, match=why):
        journal.append(rows(1, 3), AT)
    assert journal.head == head
    assert len(list(journal.rows())) == 2


def test_a_folder_that_takes_no_journal_is_no_fault_of_the_program(path: Path, tmp_path: Path) -> None:
    path.with_name(f"{path.name}.lock").mkdir()
    (tmp_path / "file").touch()
    for place in (path, tmp_path / "file" / "journal.sqlite"):
        with pytest.raises(JournalUnsafe, match=re.escape(f"{place}: [Errno ")):
            Journal(place)


def test_what_is_not_the_disks_fault_undoes_the_transaction_and_nothing_more(journal: Journal) -> None:
    with pytest.raises(ZeroDivisionError), journal.transaction():
        raise ZeroDivisionError
    assert not journal._db.in_transaction
    journal.append(rows(1), AT)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (sqlite3.SQLITE_FULL, JournalUnsafe),
        (sqlite3.SQLITE_IOERR | 3 << 8, JournalUnsafe),
        (sqlite3.SQLITE_CANTOPEN | 1 << 8, JournalUnsafe),
        (sqlite3.SQLITE_CORRUPT, JournalDamaged),
        (sqlite3.SQLITE_CORRUPT | 1 << 8, JournalDamaged),
        (None, JournalDamaged),
    ],
)
def test_a_disk_without_room_is_no_damaged_journal(
    path: Path, monkeypatch: pytest.MonkeyPatch, code: int | None, error: type[JournalError]
) -> None:
    def fails(*_: object) -> Any:
        refused = sqlite3.OperationalError("the disk says no")
        if code is not None:
            refused.sqlite_errorcode = code
        raise refused

    Journal(path).close()
    with monkeypatch.context() as patch:
        patch.setattr(file, "read_anchor", fails)
        with pytest.raises(JournalError, match=f"^{re.escape(str(path))}: the disk says no$") as caught:
            Journal(path)
        assert type(caught.value) is error
        patch.undo()
        Journal(path).close()  # the lock was let go, though the error is still at hand


@pytest.mark.parametrize(
    "thrown", [JournalDamaged("so"), KeyboardInterrupt()], ids=lambda e: type(e).__name__
)
def test_whatever_stops_the_opening_the_lock_is_let_go(
    path: Path, monkeypatch: pytest.MonkeyPatch, thrown: BaseException
) -> None:
    def fails(*_: object) -> None:
        raise thrown

    Journal(path).close()
    with monkeypatch.context() as patch:
        patch.setattr(file, "check_layout", fails)
        with pytest.raises(type(thrown)):
            Journal(path)
        patch.undo()
        Journal(path).close()


def test_what_is_found_damaged_is_named_with_its_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Path] = []
    for name in ("read_anchor", "check_layout"):
        real = getattr(file, name)

        def look(db: Any, where: Path, real: Any = real) -> Any:
            seen.append(where)
            return real(db, where)

        monkeypatch.setattr(file, name, look)
    monkeypatch.setattr(store, "require_durable", lambda _db, where: seen.append(where))
    Journal(path).close()
    assert seen == [path] * len(seen)
    assert len(seen) == 3


def test_a_last_row_of_another_type_is_named(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(Journal(path)) as journal:
        journal.append(rows(2), AT)
        journal._db.execute("UPDATE event SET hash = 'text' WHERE seq = 2")
    why = f"^{re.escape(str(path))}: row 2 was changed: a column is not of its type$"
    with pytest.raises(JournalDamaged, match=why):
        Journal(path)


def test_a_broken_link_is_named_with_its_file(path: Path) -> None:
    with closing(Journal(path)) as journal:
        journal.append(rows(2), AT)
        journal._db.execute("UPDATE event SET at = at + 1 WHERE seq = 1")
    with (
        closing(Journal(path)) as journal,
        pytest.raises(JournalDamaged, match=f"^{re.escape(str(path))}: row 1 was changed"),
    ):
        journal.recover()


def test_a_snapshot_is_due_after_so_many_rows_and_no_sooner(journal: Journal, kinds: Any) -> None:
    assert SNAPSHOT_EVERY == 500
    books = Books.empty()
    journal.append(rows(499), AT)
    journal.snapshot_if_due(books)
    assert snapshot_at(journal) == 0
    journal.append(rows(1, 500), AT)
    journal.snapshot_if_due(books)
    assert snapshot_at(journal) == 500
    journal.append(rows(499, 501), AT)
    journal.snapshot_if_due(books)
    assert snapshot_at(journal) == 500
    journal.append(rows(1, 1000), AT)
    journal.snapshot_if_due(books)
    assert snapshot_at(journal) == 1000


def test_a_start_counts_the_rows_since_the_last_snapshot(path: Path, kinds: Any) -> None:
    cases = [event for number in range(1, 40) for event in kinds["cancelled"](number)]
    for missing in (SNAPSHOT_EVERY - 1 - len(cases), SNAPSHOT_EVERY - len(cases)):
        with closing(Journal(path)) as journal:
            journal.append(cases, AT)
        with closing(Journal(path)) as journal:
            books = journal.recover()
            journal.append(rows(missing, 9000), AT)
            journal.snapshot_if_due(books)
            due = missing == SNAPSHOT_EVERY - len(cases)
            assert snapshot_at(journal) == (SNAPSHOT_EVERY if due else 0)
        path.unlink()


def test_a_snapshot_that_is_passed_over_is_told(
    journal: Journal, kinds: Any, caplog: pytest.LogCaptureFixture
) -> None:
    journal.append(kinds["cancelled"](1), AT)
    caplog.set_level(logging.INFO)
    journal._db.execute("UPDATE snapshot SET seq = 77")
    journal.recover()
    seal = file.snapshot_seal(1, journal._hash_of(1), b"x")
    journal._db.execute("UPDATE snapshot SET seq = 1, seal = ?, body = ?", (seal, b"x"))
    journal.recover()
    assert told(caplog) == [
        ("kiosk.journal", "WARNING", "snapshot_passed_over"),
        ("kiosk.journal", "ERROR", "snapshot_unreadable"),
        ("kiosk.journal", "WARNING", "snapshot_passed_over"),
    ]
    assert [getattr(record, "seq", None) for record in records(caplog)] == [77, None, 1]


def test_a_reader_puts_the_new_log_off_without_a_wait(
    journal: Journal, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    journal.append(rows(3), AT)
    asked: list[str] = []
    journal._db.set_trace_callback(asked.append)
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM event").fetchone()
        journal._settle_log()
    assert asked[:2] == ["PRAGMA busy_timeout=0", "PRAGMA wal_checkpoint(RESTART)"]
    assert told(caplog) == [("kiosk.journal", "INFO", "checkpoint_put_off")]
    assert records(caplog)[0].path == str(path)  # type: ignore[attr-defined]
    assert journal._db.execute("PRAGMA busy_timeout").fetchone()[0] == 5000
    caplog.clear()
    journal._settle_log()
    assert told(caplog) == []


def test_a_disk_that_cannot_be_checkpointed_is_told_and_goes_on(
    journal: Journal, caplog: pytest.LogCaptureFixture
) -> None:
    def judge(action: int, first: str | None, *_: object) -> int:
        return sqlite3.SQLITE_DENY if first == "wal_checkpoint" else sqlite3.SQLITE_OK

    journal._db.set_authorizer(judge)
    journal._settle_log()
    assert told(caplog) == [("kiosk.journal", "ERROR", "checkpoint_failed")]
    assert journal._db.execute("PRAGMA busy_timeout").fetchone()[0] == 5000, (
        "an append waits for others as before"
    )
    journal.append(rows(1), AT)


def test_the_log_has_its_whole_room_from_the_start_and_never_grows(journal: Journal, path: Path) -> None:
    log = path.with_name(path.name + "-wal")
    whole = 32 + 1020 * (24 + 512)
    assert log.stat().st_size < whole
    journal.recover()
    assert log.stat().st_size == whole
    while journal.head[0] < 2000:  # one checkpoint and more
        journal.append(rows(1), AT)
    assert log.stat().st_size == whole
    assert journal._db.execute("PRAGMA wal_checkpoint").fetchone()[1] < 1000
    journal._settle_log()
    assert log.stat().st_size == whole
    assert [row.seq for row in journal.rows()] == list(range(1, 2001))


@pytest.mark.parametrize("fails", ["pwrite", "fsync"])
def test_a_log_that_cannot_be_filled_is_told_and_the_journal_goes_on(
    journal: Journal,
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    fails: str,
) -> None:
    def refuse(*_: object) -> int:
        raise OSError(5, "it fails")

    before = path.with_name(path.name + "-wal").stat().st_size
    with monkeypatch.context() as patch:
        patch.setattr(os, fails, refuse)
        journal.recover()
    assert told(caplog) == [("kiosk.journal", "ERROR", "log_not_filled")]
    assert (path.with_name(path.name + "-wal").stat().st_size == before) == (fails == "pwrite")
    journal.append(rows(4), AT)
    assert [row.seq for row in journal.rows()] == [1, 2, 3, 4]


def test_a_log_that_somebody_reads_is_not_filled(journal: Journal, path: Path) -> None:
    """What is in it may stand nowhere else yet."""
    journal.append(rows(3), AT)
    before = path.with_name(path.name + "-wal").stat().st_size
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM event").fetchone()
        journal._settle_log()
    assert path.with_name(path.name + "-wal").stat().st_size == before


def test_a_journal_that_cannot_even_be_read_is_closed_all_the_same(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path.write_bytes(b"no database at all" * 100)
    caplog.set_level(logging.INFO)
    with pytest.raises(JournalDamaged, match=f"^{re.escape(str(path))}: file is not a database$") as caught:
        Journal(path)
    assert told(caplog) == [("kiosk.journal", "INFO", "journal_unreadable")]
    assert records(caplog)[0].path == str(path)  # type: ignore[attr-defined]
    path.unlink()
    Journal(path).close()
    assert caught.value


def test_what_a_quick_check_finds_is_named_with_its_file(path: Path) -> None:
    with closing(Journal(path)) as journal:
        journal.append(rows(3), AT)
    raw = bytearray(path.read_bytes())
    raw[36:40] = (1).to_bytes(4, "big")  # a page of free room that there is not
    path.write_bytes(raw)
    with pytest.raises(JournalDamaged, match=f"^{re.escape(str(path))}: (?s:.*)size is 0 but should be 1"):
        Journal(path)


def pages(journal: Journal) -> tuple[int, int]:
    db = journal._db
    return tuple(db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count"))


@pytest.mark.parametrize(("left", "shrinks"), [(0.1, True), (0.45, True), (0.6, False), (0.9, False)])
def test_room_is_given_back_where_most_pages_are_empty(journal: Journal, left: float, shrinks: bool) -> None:
    journal.append(rows(2000), AT)
    journal._db.execute("DELETE FROM event WHERE seq > ?", (2000 * left,))
    before, empty = pages(journal)
    assert empty > 10
    assert (2 * empty >= before) is shrinks
    journal.shrink()
    after, still = pages(journal)
    assert (after < before) is shrinks
    if shrinks:
        assert journal.path.stat().st_size == after * file.PAGE_SIZE, "the file itself, not only its log"
    assert (still == 0) is shrinks


def test_a_journal_that_cannot_be_shrunk_goes_on(journal: Journal, caplog: pytest.LogCaptureFixture) -> None:
    journal.append(rows(500), AT)
    journal._db.execute("DELETE FROM event WHERE seq > 5")
    with journal.transaction():
        journal.shrink()  # no VACUUM within a transaction
    assert ("kiosk.journal", "ERROR", "journal_not_shrunk") in told(caplog)
