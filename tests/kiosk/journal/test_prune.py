"""Pruning takes away what is over and old, never anything else, and changes nothing of what a start finds."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.books import Books
from kiosk.cli import main
from kiosk.journal import file
from kiosk.journal.errors import JournalDamaged, JournalError
from kiosk.journal.prune import prune
from kiosk.journal.row import milliseconds, stamp
from kiosk.journal.store import Journal
from kiosk.journal.verify import verify
from kiosk.payment import events as ev

NOW = datetime(2026, 11, 22, tzinfo=UTC)
DAY = timedelta(days=1)
NAMES = ("paid", "paid", "paid", "cancelled", "claimed", "orphan", "slip failed")
OPEN_NAMES = ("slip owed", "sending", "claim open", "note on its way")
CASES = st.lists(st.tuples(st.sampled_from(NAMES + OPEN_NAMES), st.integers(0, 60)), min_size=1, max_size=14)


def history(cases: Iterable[tuple[str, int]], seed: int, kinds: Any) -> list[tuple[ev.AnyEvent, str]]:
    """Interleave the cases, each from its own day on, as a busy kiosk with a slow hub would."""
    rng = random.Random(seed)
    told: list[tuple[float, int, ev.AnyEvent]] = []
    for number, (kind, age) in enumerate(sorted(cases, key=lambda case: -case[1]), start=1):
        at = -float(age)
        for event in kinds[kind](number):
            told.append((at, len(told), event))
            at += rng.choice((0.0, 0.0, 0.01, 1.5))
    told.sort(key=lambda one: one[:2])
    return [(event, stamp(milliseconds((NOW + at * DAY).isoformat()))) for at, _, event in told]


def left(books: Books) -> tuple[object, ...]:
    """All of the books that still matters."""
    return (
        {key: p for key, p in books.payments.items() if not p.over},
        {key: c for key, c in books.claims.items() if not c.over},
        books.last_note,
        books.kiosk_no,
    )


@settings(max_examples=60, deadline=None)
@given(cases=CASES, keep=st.integers(0, 40), seed=st.integers(0, 999))
def test_a_start_finds_the_same_with_and_without_pruning(
    cases: list[tuple[str, int]], keep: int, seed: int, kinds: Any, begin: Any, quick_folder: Any
) -> None:
    folder = quick_folder()
    told = begin(folder / "journal.sqlite")
    events = history(cases, seed, kinds)
    told.journal.append([event for event, _ in events[:1]], events[0][1])
    for event, at in events[1:]:
        told.journal.append([event], at)
    whole, head = told.journal.recover(), told.journal.head
    before = NOW - keep * DAY
    archive = folder / "archive"
    done = prune(told.journal, before, archive)
    check_removed(events, done.anchor, whole, before)
    told.journal.close()
    with closing(Journal(told.journal.path)) as again:
        assert left(again.recover()) == left(whole)
        assert again.head == head
        assert again.journal_id == told.journal.journal_id
    found = verify(told.journal.path, head, [archive] if done.removed else [])
    assert (found.first, found.last) == (1 if done.removed else done.anchor + 1, len(events))
    assert archive.exists() == bool(done.removed)


def check_removed(events: list[tuple[ev.AnyEvent, str]], cut: int, whole: Books, before: datetime) -> None:
    """Nothing that is open, young, or goes on behind the cut has lost a row."""
    gone = {event.key for event, _ in events[:cut]}
    for event, at in events:
        if event.key in gone:
            assert datetime.fromisoformat(at) < before
    assert not gone & {event.key for event, _ in events[cut:]}
    for payment in whole.payments.values():
        assert payment.over or payment.payment_id not in gone
    for claim in whole.claims.values():
        assert claim.over or not gone & {claim.claim_id, claim.payment_id}


def write(path: Path, begin: Any, kinds: Any, cases: list[tuple[str, int]]) -> Journal:
    told = begin(path)
    for event, at in history(cases, 1, kinds):
        told.tell(event, at)
    journal: Journal = told.journal
    return journal


OLD = [("paid", 60 - n // 8) for n in range(160)] + [("sending", 30), ("paid", 20)]


def test_everything_before_the_oldest_open_payment_goes(quick: Path, begin: Any, kinds: Any) -> None:
    journal = write(quick / "j", begin, kinds, OLD)
    size = journal.path.stat().st_size
    done = prune(journal, NOW - 10 * DAY)
    assert done.removed == 160 * 8
    assert done.kept == 5 + 8
    assert prune(journal, NOW - 10 * DAY).removed == 0
    assert [p.kiosk_no for p in journal.recover().open_payments] == [161]
    journal.append(kinds["paid"](500), "2026-11-22T10:00:00.000Z")
    head = journal.head
    journal.close()
    assert verify(journal.path, head).first == done.anchor + 1
    assert journal.path.stat().st_size < size / 4


def test_all_of_it_may_go_and_the_chain_goes_on(quick: Path, begin: Any, kinds: Any) -> None:
    journal = write(quick / "j", begin, kinds, [("paid", 50), ("claimed", 49)])
    parts = [quick / "first", quick / "second"]
    assert prune(journal, NOW, parts[0]).kept == 0
    journal.close()
    with closing(Journal(journal.path)) as again:
        books = again.recover()
        assert (books.kiosk_no, books.payments) == (2, {})
        again.append(kinds["paid"](3), "2026-01-01T10:00:00.000Z")
        assert prune(again, NOW, parts[1]).removed == 8
        assert verify(again.path, again.head, parts) == verify(parts[1], again.head, parts[:1])
    with pytest.raises(JournalDamaged, match="begins behind row"):
        verify(journal.path, None, parts[:1])
    with pytest.raises(JournalDamaged, match="begins behind row"):
        verify(journal.path, None, parts[::-1])


def test_another_journals_archive_does_not_link_up(quick: Path, begin: Any, kinds: Any) -> None:
    one, two = (write(quick / name, begin, kinds, [("paid", 50)]) for name in "ab")
    prune(one, NOW, quick / "archive")
    prune(two, NOW)
    one.close()
    two.close()
    with pytest.raises(JournalDamaged, match="belongs to journal"):
        verify(two.path, None, [quick / "archive"])


def test_an_archive_that_is_something_else_stops_the_pruning(quick: Path, begin: Any, kinds: Any) -> None:
    one, two = (write(quick / name, begin, kinds, [("paid", 50)]) for name in "ab")
    prune(one, NOW, quick / "archive")
    with pytest.raises(JournalError, match="holds something else"):
        prune(two, NOW, quick / "archive")
    with pytest.raises(JournalError, match="nothing was pruned"):
        prune(two, NOW, quick / "absent" / "archive")
    assert two.anchor.seq == 0
    one.close()
    two.close()


def test_a_damaged_journal_is_not_pruned(quick: Path, begin: Any, kinds: Any) -> None:
    journal = write(quick / "j", begin, kinds, [("paid", 50), ("paid", 40)])
    journal._db.execute("UPDATE event SET at = at - 1 WHERE seq = 3")
    with pytest.raises(JournalDamaged, match="row 3"):
        prune(journal, NOW, quick / "archive")
    assert sum(1 for _ in journal._db.execute("SELECT 1 FROM event")) == 16
    assert not (quick / "archive").exists()
    journal.close()


def test_a_kill_at_any_statement_leaves_the_old_or_the_new(
    quick: Path, begin: Any, kinds: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = write(quick / "j", begin, kinds, [("paid", 50), ("claimed", 40), ("sending", 30)])
    whole, head = journal.recover(), journal.head
    journal.close()
    ends = set()
    for at in range(1, 200, 2):
        folder = quick / str(at)
        folder.mkdir()
        path = folder / "j"
        shutil.copyfile(journal.path, path)
        killed = run_and_kill(path, at, monkeypatch)
        with closing(Journal(path)) as again:
            assert left(again.recover()) == left(whole)
            assert again.head == head
            ends.add((again.anchor.seq, (folder / "archive").exists()))
            prune(again, NOW, folder / "archive" if not again.anchor.seq else None)
            assert again.anchor.seq == 17
        verify(path, head, [folder / "archive"])
        if not killed:
            break
    assert ends == {(0, False), (0, True), (17, True)}


def run_and_kill(path: Path, at: int, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Prune in a process that kills itself before statement number `at`, or before the archive's name."""
    child = os.fork()
    if child == 0:
        count = 0

        def passed(*_: object) -> None:
            nonlocal count
            count += 1
            if count == at:
                os.kill(os.getpid(), signal.SIGKILL)

        def named(*names: Any) -> None:
            passed()
            link(*names)
            passed()

        def watched(where: Path, mode: str = "WAL") -> sqlite3.Connection:
            db = connect(where, mode)
            db.set_trace_callback(passed)
            return db

        link, connect = os.link, file.connect
        monkeypatch.setattr(os, "link", named)
        monkeypatch.setattr(file, "connect", watched)
        try:
            with closing(Journal(path)) as journal:
                prune(journal, NOW, path.with_name("archive"))
            os._exit(0)
        finally:
            os._exit(1)  # whatever happens, the child is no second run of the tests
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert ended in (0, -signal.SIGKILL)
    return ended != 0


def test_the_command_prunes_archives_and_refuses_beside_a_kiosk(
    quick: Path, begin: Any, kinds: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    journal = write(quick / "j", begin, kinds, [("paid", 50), ("claimed", 40)])
    command: Callable[..., int] = lambda *more: main(["journal", *more, "--journal", str(quick / "j")])  # noqa: E731
    assert command("prune", "--keep-days", "1") == 1
    assert "another kiosk process" in capsys.readouterr().err
    head = f"{journal.head[0]}:{journal.head[1]}"
    journal.close()
    assert command("prune") == 2
    archive = str(quick / "archive")
    assert command("prune", "--keep-days", "1", "--archive", archive) == 0
    assert "17 rows removed up to row 17, 0 kept" in capsys.readouterr().out
    assert command("prune", "--keep-days", "1", "--archive", archive) == 0
    assert "0 rows removed up to row 17, 0 kept, the archive was finished before" in capsys.readouterr().out
    assert command("prune", "--keep-days", "1", "--archive", f"{archive}2") == 0
    assert "0 kept, no archive was written" in capsys.readouterr().out
    assert command("verify", "--archive", archive, "--head", head) == 0
    assert f"ok: 17 rows of journal {journal.journal_id}" in capsys.readouterr().out
    assert command("verify", "--head", f"18:{'0' * 64}", "--json") == 1
    assert "row" in capsys.readouterr().out
    assert command("list") == 0
