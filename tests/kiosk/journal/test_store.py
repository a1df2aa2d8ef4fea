"""The journal keeps what it was given, refuses what it cannot trust, and belongs to one process."""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from kiosk.books import Books
from kiosk.journal import file, store
from kiosk.journal.store import (
    Journal,
    JournalDamaged,
    JournalFailed,
    JournalLocked,
    JournalUnsafe,
    hash_at,
    require_durable,
    verify_rows,
)
from kiosk.payment import events as ev
from kiosk.payment.model import PaymentState

AT = "2026-11-22T19:59:00.000Z"


def opened(number: int) -> ev.PaymentOpened:
    return ev.PaymentOpened(
        key=f"{number:032x}",
        kiosk_no=number,
        business="arrears",
        account=ev.AccountFacts("0399000000000018", "*伟", "漠阳花园**栋"),
        quote=ev.QuoteFacts("c" * 32, ("2026-08",), 11506, 200000, "2026-11-22T20:00:00Z"),
        lang="zh",
        at=AT,
    )


def cancelled(number: int) -> list[ev.PaymentEvent]:
    key = f"{number:032x}"
    return [opened(number), ev.CancelRequested(key=key, by="customer"), ev.Cancelled(key=key)]


def recover(path: Path) -> Books:
    with closing(Journal(path)) as journal:
        return journal.recover()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    journal = Journal(path)
    yield journal
    journal.close()


def test_what_was_appended_is_there_after_a_restart(path: Path) -> None:
    first = Journal(path)
    first.append([opened(1)], AT)
    first.append([ev.NoteIntended(key=f"{1:032x}", note_id="n" * 32, note_type=1, value_fen=5000)], AT)
    head = first.head
    first.close()
    again = Journal(path)
    books = again.recover()
    assert again.head == head
    assert [p.state for p in books.open_payments] == [PaymentState.STACKING_FIRST]
    assert books.kiosk_no == 1
    assert books.last_note is not None
    assert books.last_note.value_fen == 5000
    again.close()


def test_a_new_journal_is_durable_and_empty(journal: Journal) -> None:
    assert journal.head == (0, journal.anchor.genesis)
    assert journal.recover() == Books.empty()
    assert journal._db.execute("PRAGMA synchronous").fetchone() == (2,)
    assert journal._db.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_journal_has_an_id_that_its_hashes_depend_on(tmp_path: Path) -> None:
    one, two = Journal(tmp_path / "one", "a" * 32), Journal(tmp_path / "two")
    assert one.journal_id == "a" * 32
    assert len(bytes.fromhex(two.journal_id)) == 16
    assert one.journal_id != two.journal_id
    for journal in (one, two):
        journal.append([opened(1)], AT)
    assert one.head[1] != two.head[1]
    known = two.journal_id
    one.close()
    two.close()
    with closing(Journal(two.path, "b" * 32)) as again:
        assert again.journal_id == known


def test_a_hash_can_be_looked_up_beside_the_open_journal(journal: Journal, path: Path) -> None:
    heads = [journal.head]
    for number in range(1, 4):
        journal.append([opened(number)], AT)
        heads.append(journal.head)
    with ThreadPoolExecutor() as other:
        assert [other.submit(hash_at, path, seq).result() for seq, _ in heads] == [told for _, told in heads]
    assert hash_at(path, 4) is None
    with pytest.raises(JournalDamaged, match="no such journal"):
        hash_at(path.with_name("absent"), 1)


@pytest.mark.parametrize("pragma", ["synchronous=NORMAL", "synchronous=OFF"])
def test_less_than_full_is_refused(journal: Journal, path: Path, pragma: str) -> None:
    journal._db.execute(f"PRAGMA {pragma}")
    with pytest.raises(JournalUnsafe, match="FULL"):
        require_durable(journal._db, path)


def test_a_file_system_that_cannot_hold_a_wal_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_wal(where: Path) -> sqlite3.Connection:
        db = sqlite3.connect(where, isolation_level=None)
        db.execute("PRAGMA journal_mode=DELETE")
        db.execute("PRAGMA synchronous=FULL")
        return db

    monkeypatch.setattr(file, "connect", no_wal)
    with pytest.raises(JournalUnsafe, match="journal_mode is delete"):
        Journal(path)


def test_a_second_process_is_refused_and_the_first_goes_on(journal: Journal, path: Path) -> None:
    script = (
        f"from pathlib import Path; from kiosk.journal.store import Journal; Journal(Path({str(path)!r}))"
    )
    second = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert second.returncode != 0
    assert "JournalLocked" in second.stderr
    with pytest.raises(JournalLocked, match="another kiosk process"):
        Journal(path)
    journal.append([opened(1)], AT)


def test_the_lock_dies_with_its_process(path: Path) -> None:
    script = (
        f"from pathlib import Path; from kiosk.journal.store import Journal; j = Journal(Path({str(path)!r}));"
        "print('open', flush=True); input()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        with pytest.raises(JournalLocked):
            Journal(path)
        os.kill(holder.pid, signal.SIGKILL)
    Journal(path).close()


@pytest.mark.parametrize("at", ["SQLite format 3", "CREATE TABLE", "a row"])
def test_a_damaged_file_is_refused_and_left_as_it_is(path: Path, at: str) -> None:
    journal = Journal(path)
    for number in range(1, 20):
        journal.append(cancelled(number), AT)
    row = next(row for row in journal.rows() if row.seq == 5)
    journal.close()
    raw = bytearray(path.read_bytes())
    place = raw.index(bytes.fromhex(row.hash) if at == "a row" else at.encode())
    raw[place : place + 40] = b"\xa5" * 40
    path.write_bytes(raw)
    with pytest.raises(JournalDamaged):
        recover(path)
    assert path.read_bytes() == raw


def test_a_damaged_journal_is_not_touched_even_where_a_kill_left_a_wal(path: Path) -> None:
    script = (
        "import os; from pathlib import Path;"
        "from kiosk.journal.store import Journal; from kiosk.payment import events as ev;"
        f"j = Journal(Path({str(path)!r}));"
        "j.append([ev.Cancelled(key='a' * 32)], '2026-11-22T19:59:00.000Z'); os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
    wal = path.with_name(path.name + "-wal")
    before = (path.read_bytes(), wal.read_bytes())
    assert before[1]
    journal = Journal(path)
    with pytest.raises(JournalDamaged):
        journal.recover()
    journal.close_untouched()
    assert (path.read_bytes(), wal.read_bytes()) == before


def test_a_file_of_something_else_is_refused(path: Path) -> None:
    path.write_bytes(b"this is no database, whatever it is called\n" * 40)
    with pytest.raises(JournalDamaged):
        Journal(path)
    assert path.read_bytes().startswith(b"this is no database")


def test_a_journal_of_another_version_is_refused(path: Path) -> None:
    Journal(path).close()
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version=99")
    db.close()
    with pytest.raises(JournalDamaged, match="version 99"):
        Journal(path)


def tamper(path: Path, statement: str) -> None:
    db = sqlite3.connect(path)
    with db:
        db.execute(statement)
    db.close()


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        (
            "UPDATE event SET body = (SELECT body FROM event WHERE seq = 1) WHERE seq = 4",
            "row 4 was changed",
        ),
        ("UPDATE event SET at = at - 1 WHERE seq = 5", "row 5 was changed"),
        ("UPDATE event SET at = '2026' WHERE seq = 5", "row 5 was changed"),
        ("UPDATE event SET hash = zeroblob(32) WHERE seq = 5", "row 5 was changed"),
        ("UPDATE event SET body = 'text' WHERE seq = 5", "row 5 was changed"),
        ("DELETE FROM event WHERE seq = 5", "row 5 is missing"),
        (
            "UPDATE event SET body = (SELECT body FROM event o WHERE o.seq = 10 - event.seq) WHERE seq IN (4, 6)",
            "row 4 was changed",
        ),
    ],
)
def test_an_edited_missing_or_swapped_row_is_found(path: Path, statement: str, told: str) -> None:
    journal = Journal(path)
    for number in range(1, 5):
        journal.append(cancelled(number), AT)
    journal.close()
    tamper(path, statement)
    with pytest.raises(JournalDamaged, match=told):
        recover(path)


def test_a_chain_that_holds_but_breaks_the_table_is_found(journal: Journal) -> None:
    journal.append([opened(1), ev.Cancelled(key=f"{1:032x}")], AT)
    with pytest.raises(JournalDamaged, match="Cancelled in state open"):
        journal.recover()
    with pytest.raises(JournalDamaged, match="row 2"):
        verify_rows(journal.path, journal.rows())


def test_a_start_reads_from_the_last_snapshot_on(journal: Journal, path: Path) -> None:
    books = Books.empty()
    for number in range(1, 200):
        for event in (batch := cancelled(number)):
            books.apply(event)
        journal.append(batch, AT)
        journal.snapshot_if_due(books)
    open_one = opened(200)
    books.apply(open_one)
    journal.append([open_one], AT)
    journal.close()
    tamper(path, "UPDATE event SET body = CAST('old' AS BLOB) WHERE seq = 3")
    again = Journal(path)
    found = again.recover()
    assert found.open_payments == books.open_payments
    assert found.kiosk_no == 200
    with closing(again), pytest.raises(JournalDamaged, match="row 3"):
        verify_rows(path, again.rows())


@pytest.mark.parametrize(
    "change", ["seal = 'another'", "body = CAST('{}' AS BLOB)", "body = 'text'", "body = NULL", "seq = 1"]
)
def test_a_snapshot_that_does_not_fit_the_chain_is_passed_over(journal: Journal, change: str) -> None:
    books = Books.empty()
    for number in range(1, 260):
        for event in (batch := cancelled(number)[:2]):
            books.apply(event)
        journal.append(batch, AT)
        journal.snapshot_if_due(books)
    journal._db.execute(f"UPDATE snapshot SET {change.replace('NULL', 'zeroblob(0)')}")
    assert journal.recover() == books


def test_what_has_ended_may_still_owe_a_word_on_its_slip(journal: Journal) -> None:
    """A snapshot between an end and the printer's word on its slip does not lose the way to that word."""
    books = Books.empty()
    key, job = f"{1:032x}", "d" * 32
    first: list[ev.AnyEvent] = [
        ev.ClaimOpened(
            key=key,
            reference="R",
            reason="orphan_note",
            payment_id="",
            account_no="",
            amount_fen=1000,
            memo_fen=0,
            notes=(),
            note_id="n" * 32,
            at=AT,
            lang="zh",
        ),
        ev.SlipIntended(key=key, job=job, slip="claim"),
        ev.ClaimTaken(key=key, resolution=""),
    ]
    others: list[list[ev.AnyEvent]] = [[opened(number)] for number in range(2, 510)]
    batches: list[list[ev.AnyEvent]] = [first, *others, [ev.SlipPrinted(key=key, job=job)]]
    for batch in batches:
        for event in batch:
            books.apply(event)
        journal.append(batch, AT)
        journal.snapshot_if_due(books)
    assert journal._db.execute("SELECT count(*) FROM snapshot").fetchone() == (1,)
    assert journal.recover() == books
    assert verify_rows(journal.path, journal.rows()) == journal.head


def test_a_full_disk_fails_the_append_and_loses_nothing(tmp_path: Path) -> None:
    """In a process of its own whose files may not grow: SQLite meets EFBIG as it would meet ENOSPC."""
    path = tmp_path / "journal.sqlite"
    journal = Journal(path)
    journal.append([opened(1)], AT)
    journal.close()
    limit = 100_000  # room for SQLite to open its files, not for 500 payments
    child = os.fork()
    if child == 0:
        try:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
            full = Journal(path)
            for number in range(2, 500):
                full.append([opened(number)], AT)
        except JournalFailed:
            os._exit(7)
        finally:
            os._exit(0)  # whatever happens, the child is no second run of the tests
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    again = Journal(path)
    books = again.recover()
    assert list(books.payments)[:1] == [f"{1:032x}"]
    assert again.head[0] == len(books.payments)
    again.close()


def test_appends_are_all_or_nothing(journal: Journal) -> None:
    journal._db.execute(
        "CREATE TRIGGER no BEFORE INSERT ON event WHEN NEW.seq = 3 BEGIN SELECT RAISE(ABORT, 'no'); END"
    )
    with pytest.raises(JournalFailed):
        journal.append(cancelled(1), AT)
    assert list(journal.rows()) == []
    with pytest.raises(JournalFailed):
        journal.append([opened(1)], AT)


def test_a_start_begins_the_write_ahead_log_anew(path: Path) -> None:
    """What a failed sync left in the kernel's cache alone may not stand before the rows that follow."""
    journal = Journal(path)
    journal.append(cancelled(1), AT)
    wal = path.with_name(path.name + "-wal")
    before = wal.read_bytes()[:32]
    assert list(journal.recover().payments) == [f"{1:032x}"]
    journal.append(cancelled(2), AT)
    assert wal.read_bytes()[:32] != before
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM event").fetchone()
        assert len(journal.recover().payments) == 2  # put off, and nobody waits for the reader
    assert verify_rows(path, journal.rows()) == journal.head
    journal.close()


def test_a_program_that_keeps_the_log_cannot_hold_an_append_up_for_ever(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "_LOOKED_AT_S", 0.2)
    journal = Journal(path)
    journal.recover()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(JournalFailed, match="locked"):
            journal.append([opened(1)], AT)
    journal.close()
