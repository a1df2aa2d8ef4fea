"""The journal's file by itself: its seals, its descriptors, its readers, and the room of its log."""

from __future__ import annotations

import dataclasses
import errno
import os
import re
import resource
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from kiosk.journal import file
from kiosk.journal.errors import JournalDamaged, JournalLocked, JournalUnsafe
from kiosk.journal.store import Journal
from kiosk.payment import events as ev

AT = "2026-11-22T19:59:00.000Z"


def row(number: int) -> ev.Cancelled:
    return ev.Cancelled(key=f"{number:032x}")


def descriptors(path: Path) -> int:
    """How many of this process's open files lie in the journal's folder, or are that folder."""
    links = [link for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
    return sum(link.readlink().is_relative_to(path.parent) for link in links)


@contextmanager
def small_files(limit: int) -> Iterator[None]:
    """No file of this process grows beyond this: what a full disk does to a write, with its first part written."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_snapshots_seal_stays_what_it_was() -> None:
    """Else the next version of the program passes over every snapshot that this one has made."""
    assert file.snapshot_seal(7, "ab" * 32, b"body").hex() == (
        "7c3b3f2a2d7288d005210702d8d72aaecd35e17af51d9ddf6d8f9c7e876a1d03"
    )


def test_a_journal_is_opened_in_one_thread_and_used_in_another(journal: Journal, path: Path) -> None:
    seen: list[object] = []

    def use() -> None:
        journal.append([row(1)], AT)
        seen.append(db.execute("SELECT count(*) FROM event").fetchone())

    with file.reading(path) as db:
        thread = threading.Thread(target=use)
        thread.start()
        thread.join()
    assert journal.head[0] == 1
    assert len(seen) == 1


def test_who_reads_sees_one_state_of_the_file_however_long_it_takes(journal: Journal, path: Path) -> None:
    count = "SELECT count(*) FROM event"
    journal.append([row(1)], AT)
    with file.reading(path) as db:
        assert db.execute(count).fetchone() == (1,)
        journal.append([row(2)], AT)
        assert db.execute(count).fetchone() == (1,)
    with file.reading(path) as db:
        assert db.execute(count).fetchone() == (2,)


def test_nothing_is_left_open(path: Path) -> None:
    with closing(Journal(path)) as journal:
        used = descriptors(path)
        journal.recover()
        journal.append([row(1)], AT)
        with pytest.raises(JournalLocked) as held:
            file.lock(path)
        assert descriptors(path) == used
        assert held.value
    with file.reading(path) as reader:
        assert descriptors(path) > 0
    assert descriptors(path) == 0
    assert reader


def test_the_folders_own_entry_is_synced(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda handle: synced.append(os.fstat(handle).st_ino))
    file.sync_directory(path.parent)
    assert synced == [path.parent.stat().st_ino]
    assert descriptors(path) == 0


def test_a_log_for_which_there_is_no_room_is_as_long_as_before(journal: Journal, path: Path) -> None:
    log = path.with_name(path.name + "-wal")
    before = log.read_bytes()
    with small_files(len(before) + 100_000), pytest.raises(OSError, match="No space left") as refused:
        file.fill_log(path)
    assert refused.value.errno == errno.ENOSPC
    assert log.read_bytes() == before
    file.fill_log(path)
    assert log.read_bytes().rstrip(b"\0") == before.rstrip(b"\0")


def test_what_cannot_be_opened_at_all_is_no_damaged_journal(path: Path) -> None:
    """The disk is not there, or a folder stands in its place."""
    path.mkdir()
    with pytest.raises(
        JournalUnsafe, match=f"^{re.escape(str(path))}: unable to open database file$"
    ) as told:
        Journal(path)
    path.rmdir()
    Journal(path).close()  # the lock was let go, though the error is still at hand
    assert told.value


@pytest.mark.parametrize("statement", ["CREATE TABLE foreign_one (a)", "PRAGMA user_version=2"])
def test_only_a_file_of_nothing_at_all_becomes_a_journal(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute(statement)
    with pytest.raises(JournalDamaged, match=f"^{re.escape(str(path))}: "):
        Journal(path)
    with closing(sqlite3.connect(path)) as db:
        assert not db.execute("SELECT name FROM sqlite_master WHERE name = 'event'").fetchall()


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("PRAGMA user_version=0", "this is no journal, or one that was cut to nothing"),
        ("PRAGMA user_version=1", "journal version 1, this program knows 2"),
        ("CREATE TABLE one_more (a)", "its tables are not those of a journal"),
        ("CREATE VIEW about_it AS SELECT id FROM about", "its tables are not those of a journal"),
        ("UPDATE anchor SET seal = x'00'", "the journal's id or its anchor was changed"),
    ],
)
def test_a_reader_names_the_file_and_what_is_wrong_with_it(path: Path, statement: str, why: str) -> None:
    Journal(path).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute(statement)
    with pytest.raises(JournalDamaged, match=f"^{re.escape(f'{path}: {why}')}$"):
        file.hash_at(path, 0)


def test_a_view_in_the_place_of_a_table_is_found(path: Path) -> None:
    """It could show to each reader what it likes."""
    Journal(path).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("ALTER TABLE snapshot RENAME TO hidden")
        db.execute("DROP TABLE hidden")
        db.execute("CREATE VIEW snapshot AS SELECT id, seq, seal, books AS body FROM anchor")
    with pytest.raises(JournalDamaged, match="its tables are not those of a journal$"):
        file.hash_at(path, 0)


def test_a_text_that_is_no_utf8_where_bytes_belong_is_a_row_that_was_changed(
    journal: Journal, path: Path
) -> None:
    journal.append([row(1), row(2)], AT)
    journal._db.execute("UPDATE event SET body = CAST(x'ff' AS TEXT) WHERE seq = 2")
    with file.reading(path) as db:
        found = file.read_rows(db, journal.anchor.packing)
        assert next(found).seq == 1
        with pytest.raises(ValueError, match="^row 2 was changed: a column is not of its type$"):
            next(found)


@pytest.mark.parametrize(
    ("seq", "head", "holds"), [(0, "", True), (0, "ab" * 32, False), (1, "ab" * 32, True)]
)
def test_before_the_first_row_of_all_stands_the_genesis_and_nothing_else(
    journal: Journal, path: Path, seq: int, head: str, holds: bool
) -> None:
    """An anchor that was sealed anew cannot claim rows that were never there; a pruned journal begins anywhere."""
    anchor = dataclasses.replace(journal.anchor, seq=seq, head=head or journal.head[1])
    file.write_anchor(journal._db, anchor)
    if holds:
        assert file.hash_at(path, seq) == anchor.head
    else:
        with pytest.raises(JournalDamaged, match="its anchor was changed$"):
            file.hash_at(path, seq)


def test_a_file_that_is_no_database_is_named_to_its_reader(path: Path) -> None:
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(JournalDamaged, match=f"^{re.escape(str(path))}: file is not a database$"):
        file.hash_at(path, 0)
