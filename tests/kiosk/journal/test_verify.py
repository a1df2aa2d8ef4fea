"""`verify` finds any single edit of the file's content, and with a noted head also a lost tail or an old copy."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from kiosk.journal.errors import JournalDamaged
from kiosk.journal.prune import prune
from kiosk.journal.row import stamp
from kiosk.journal.verify import verify

TABLES = ("about", "anchor", "event", "snapshot")
DAY_MS = 86_400_000
NOW = datetime(2026, 11, 22, tzinfo=UTC)
VALUES = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.binary(max_size=80),
    st.text("ab0é\0", max_size=8),
    st.floats(),
)


@pytest.fixture(scope="module")
def written(quick_folder: Any, kinds: Any, begin: Any) -> Path:
    """A pruned journal with an anchor, a snapshot amid its rows, and something open."""
    told = begin(quick_folder() / "journal.sqlite")
    for number in range(1, 90):
        at = stamp(int(NOW.timestamp() * 1000) + (number - 60) * DAY_MS)
        for event in kinds["paid" if number % 20 else "claim open" if number > 60 else "claimed"](number):
            told.tell(event, at)
        told.books.forget_ended()
    assert prune(told.journal, NOW - timedelta(days=50)).removed > 60
    told.journal.close()
    path: Path = told.journal.path
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode=DELETE")  # one file, to be copied again and again
        anchor, snapshot = (
            db.execute(f"SELECT seq FROM {name}").fetchone()[0] for name in ("anchor", "snapshot")
        )
        last = db.execute("SELECT max(seq) FROM event").fetchone()[0]
    assert anchor < snapshot < last
    return path


@pytest.fixture(scope="module")
def copy(written: Path) -> Path:
    return written.with_name("copy")


def content(db: sqlite3.Connection) -> list[list[tuple[Any, ...]]]:
    return [db.execute(f"SELECT * FROM {name} ORDER BY 1").fetchall() for name in TABLES]


def edit(data: st.DataObject, db: sqlite3.Connection) -> None:
    """One edit, of any kind, anywhere."""
    table = data.draw(st.sampled_from((*TABLES, "event", "event", "event")), label="table")
    columns = [name for _, name, *_ in db.execute(f"PRAGMA table_info({table})")]
    keys = [key for (key,) in db.execute(f"SELECT {columns[0]} FROM {table}")]
    row = data.draw(st.sampled_from(keys), label="row")
    where = f"WHERE {columns[0]} = ?"
    act = data.draw(st.sampled_from(("change", "flip", "swap", "delete", "insert")), label="act")
    if act == "change":
        column = data.draw(st.sampled_from(columns), label="column")
        db.execute(f"UPDATE {table} SET {column} = ? {where}", (data.draw(VALUES), row))
    elif act == "flip":
        column = data.draw(st.sampled_from(columns), label="column")
        old = db.execute(f"SELECT {column} FROM {table} {where}", (row,)).fetchone()[0]
        db.execute(f"UPDATE {table} SET {column} = ? {where}", (flipped(data, old), row))
    elif act == "swap":
        other = data.draw(st.sampled_from(keys), label="other")
        some = data.draw(st.lists(st.sampled_from(columns[1:]), min_size=1, unique=True), label="columns")
        one, two = (
            db.execute(f"SELECT {','.join(some)} FROM {table} {where}", (key,)).fetchone()
            for key in (row, other)
        )
        assign = ", ".join(f"{name} = ?" for name in some)
        db.execute(f"UPDATE {table} SET {assign} {where}", (*two, row))
        db.execute(f"UPDATE {table} SET {assign} {where}", (*one, other))
    elif act == "delete":
        db.execute(f"DELETE FROM {table} {where}", (row,))
    else:
        known = db.execute(f"SELECT * FROM {table} {where}", (row,)).fetchone()
        key = data.draw(st.one_of(st.just(max(keys) + 1), st.integers(-(2**63), 2**63 - 1)), label="new key")
        db.execute(f"INSERT INTO {table} VALUES ({','.join('?' * len(columns))})", (key, *known[1:]))


def flipped(data: st.DataObject, old: Any) -> Any:
    """The smallest change of a value that keeps its type."""
    if isinstance(old, int):
        return old + data.draw(st.sampled_from((-1, 1)))
    at = data.draw(st.integers(0, len(old) - 1), label="at")
    if isinstance(old, str):
        return old[:at] + ("0" if old[at] != "0" else "1") + old[at + 1 :]
    return old[:at] + bytes([old[at] ^ 1 << data.draw(st.integers(0, 7))]) + old[at + 1 :]


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_single_edit_is_found(data: st.DataObject, written: Path, copy: Path) -> None:
    copy.unlink(missing_ok=True)
    shutil.copyfile(written, copy)
    with closing(sqlite3.connect(copy)) as db:
        before = content(db)
        top = before[2][-1][0]
        try:
            with db:
                edit(data, db)
        except (sqlite3.IntegrityError, sqlite3.DataError):
            assume(False)  # SQLite itself refused it
        after = content(db)
        assume(repr(after) != repr(before))
    lost_tail = [*before[:2], before[2][:-1], before[3]] == after
    noted = (top, before[2][-1][2].hex()) if lost_tail else None
    with pytest.raises(JournalDamaged):
        verify(copy, noted)


def test_the_untouched_journal_holds(written: Path) -> None:
    found = verify(written)
    assert found.last - found.first + 1 > 100
    assert verify(written, (found.last, found.head)) == found


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE more (a)",
        "CREATE TRIGGER t AFTER INSERT ON event BEGIN DELETE FROM event WHERE seq = 1; END",
        "CREATE VIEW v AS SELECT 1",
        "ALTER TABLE event ADD COLUMN note TEXT",
        "PRAGMA user_version = 1",
    ],
)
def test_anything_added_to_the_file_is_found(written: Path, copy: Path, statement: str) -> None:
    shutil.copyfile(written, copy)
    with closing(sqlite3.connect(copy)) as db:
        db.execute(statement)
    with pytest.raises(JournalDamaged):
        verify(copy)


def test_a_noted_head_finds_a_lost_tail_an_old_copy_and_another_history(
    told: Any, kinds: dict[str, Callable[[int], Any]]
) -> None:
    for event in kinds["paid"](1):
        told.tell(event)
    told.journal.close()
    old = told.journal.path.with_name("old")
    shutil.copyfile(told.journal.path, old)
    seq, head = told.journal.head
    assert verify(old, (seq, head)).last == seq
    assert verify(old, (0, told.journal.anchor.genesis)).last == seq
    with pytest.raises(JournalDamaged, match=f"rows {seq + 1} to {seq + 2} are missing"):
        verify(old, (seq + 2, head))
    with pytest.raises(JournalDamaged, match="another history"):
        verify(old, (seq, "0" * 64))
    with closing(sqlite3.connect(old)) as db, db:
        db.execute("DELETE FROM event WHERE seq = ?", (seq,))
    assert verify(old).last == seq - 1
    with pytest.raises(JournalDamaged, match="tail is lost"):
        verify(old, (seq, head))


def test_the_message_names_the_row(written: Path, copy: Path) -> None:
    for statement, told in cases():
        shutil.copyfile(written, copy)
        with closing(sqlite3.connect(copy)) as db, db:
            db.execute(statement)
        with pytest.raises(JournalDamaged, match=told):
            verify(copy)


def cases() -> Iterator[tuple[str, str]]:
    yield "DELETE FROM event WHERE seq = 300", "row 300 is missing"
    yield "UPDATE event SET at = at + 1 WHERE seq = 300", "row 300 was changed"
    yield "UPDATE event SET body = x'00' WHERE seq = 300", "row 300 was changed"
    yield "INSERT INTO event VALUES (1, 1, zeroblob(32), x'00')", "row 1 does not belong here"
    yield "UPDATE snapshot SET body = CAST(body || ' ' AS BLOB)", "the snapshot beside row [0-9]+ was changed"
    yield "UPDATE anchor SET seq = seq + 1", "anchor was changed"
    yield "UPDATE about SET journal_id = 'x'", "journal's id or its anchor was changed"
