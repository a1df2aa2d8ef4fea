"""The journal in memory keeps the same contract as the one on disk: what is appended, recovered, hashed and refused."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from kiosk.books import Books
from kiosk.journal import store
from kiosk.journal.errors import JournalDamaged
from kiosk.journal.store import Journal, hash_at
from kiosk.payment import events as ev
from tests.crash.coverage import Coverage, Plan
from tests.crash.disk import GENESIS, JOURNAL_ID, Disk, MemoryJournal

AT = "2026-11-22T19:59:00.000Z"


def begun(number: int) -> list[ev.AnyEvent]:
    """A payment that waits for the hub."""
    key, note = f"{number:032x}", f"{number:031x}f"
    return [
        ev.PaymentOpened(
            key=key,
            kiosk_no=number,
            business="arrears",
            account=ev.AccountFacts("0399000000000018", "*伟", "漠阳花园**栋"),
            quote=ev.QuoteFacts("c" * 32, ("2026-08",), 11506, 200000, "2026-11-22T20:00:00Z"),
            lang="zh",
            at=AT,
        ),
        ev.NoteIntended(key=key, note_id=note, note_type=1, value_fen=5000, counter=number),
        ev.NoteStacked(key=key, note_id=note, value_fen=5000),
        ev.PayRequested(key=key, by="customer"),
        ev.CreditSending(key=key, attempt=1, amount_fen=5000, taken_at=AT, business_date="2026-11-23"),
    ]


HISTORY = [*begun(1), ev.CreditUnknown(key=f"{1:032x}", attempt=1, sent=True, reason="timeout"), *begun(2)]


class OnDisk:
    """The kiosk's own journal; each look is a new start on the same file."""

    damaged: type[Exception] = JournalDamaged

    def __init__(self, folder: Path) -> None:
        self.path = folder / "journal.sqlite"

    def append(self, *events: ev.AnyEvent, then: Books | None = None) -> None:
        """Start, append, note a snapshot of these books, end."""
        with closing(Journal(self.path, JOURNAL_ID)) as journal:
            journal.recover()
            journal.append(events, AT)
            if then is not None:
                journal.snapshot_if_due(then)

    def recover(self) -> Books:
        with closing(Journal(self.path, JOURNAL_ID)) as journal:
            return journal.recover()

    @property
    def head(self) -> tuple[int, str]:
        with closing(Journal(self.path, JOURNAL_ID)) as journal:
            return journal.head

    def hash_at(self, seq: int) -> str | None:
        return hash_at(self.path, seq)

    def edit(self, seq: int, as_row: int) -> None:
        """Put another row's body in the place of this one."""
        with closing(sqlite3.connect(self.path)) as db, db:
            db.execute(
                "UPDATE event SET body = (SELECT body FROM event WHERE seq = ?) WHERE seq = ?", (as_row, seq)
            )


class InMemory:
    """The simulation's."""

    damaged: type[Exception] = ValueError

    def __init__(self, _folder: Path) -> None:
        self.disk = Disk()
        judge = SimpleNamespace(durable=lambda _events: None)
        plan, coverage = Plan(Random(1), 0.0, None), Coverage()
        always = SimpleNamespace(random=lambda: 0.0)
        self.world: Any = SimpleNamespace(
            disk=self.disk, judge=judge, plan=plan, coverage=coverage, rng=always
        )
        self.world.kiosk = SimpleNamespace()

    def append(self, *events: ev.AnyEvent, then: Books | None = None) -> None:
        journal = MemoryJournal(self.world)
        journal.append(events, AT)
        if then is not None:
            journal.snapshot_if_due(then)

    def recover(self) -> Books:
        return self.disk.recover()

    @property
    def head(self) -> tuple[int, str]:
        return MemoryJournal(self.world).head

    def hash_at(self, seq: int) -> str | None:
        return self.disk.hash_at(seq)

    def edit(self, seq: int, as_row: int) -> None:
        number, at_ms, digest, _ = self.disk.rows[seq - 1]
        self.disk.rows[seq - 1] = number, at_ms, digest, self.disk.rows[as_row - 1][-1]


Place = OnDisk | InMemory


@pytest.fixture(params=[OnDisk, InMemory])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setattr(store, "SNAPSHOT_EVERY", 1)
    made: Place = request.param(tmp_path)
    return made


def fold(events: Sequence[ev.AnyEvent]) -> Books:
    books = Books.empty()
    for event in events:
        books.apply(event)
    return books


def same(books: Books, others: Books) -> bool:
    """Whether they agree in all that a start needs."""
    return (books.open_payments, books.open_claims, books.last_note, books.kiosk_no) == (
        others.open_payments,
        others.open_claims,
        others.last_note,
        others.kiosk_no,
    )


def test_an_empty_journal_has_the_head_of_its_id(place: Place) -> None:
    assert place.head == (0, GENESIS)
    assert same(place.recover(), Books.empty())


def test_what_was_appended_is_there_after_a_start(place: Place) -> None:
    place.append(*HISTORY[:4])
    place.append(*HISTORY[4:])
    assert same(place.recover(), fold(HISTORY))
    assert len(place.recover().open_payments) == 2
    assert place.head[0] == len(HISTORY)


def test_a_start_from_a_snapshot_knows_what_a_start_from_the_first_row_knows(place: Place) -> None:
    place.append(*HISTORY[:4], then=fold(HISTORY[:4]))
    assert same(place.recover(), fold(HISTORY[:4]))
    place.append(*HISTORY[4:])
    assert same(place.recover(), fold(HISTORY))


def test_a_snapshot_is_where_a_start_begins(place: Place) -> None:
    place.append(*HISTORY[:4], then=Books({}, {}, None, 7))
    assert (place.recover().kiosk_no, place.recover().open_payments) == (7, ())


def test_events_are_kept_all_or_none(place: Place) -> None:
    place.append(*HISTORY[:3])
    before = place.head
    not_of_the_form = msgspec.structs.replace(HISTORY[4], business_date=object())
    with pytest.raises(TypeError):
        place.append(HISTORY[3], not_of_the_form)
    assert place.head == before
    assert same(place.recover(), fold(HISTORY[:3]))


def test_a_row_is_known_by_its_hash(place: Place) -> None:
    place.append(*HISTORY)
    hashes = [place.hash_at(seq) for seq in range(len(HISTORY) + 1)]
    assert (hashes[0], hashes[-1]) == (GENESIS, place.head[1])
    assert len(set(hashes)) == len(hashes)
    assert place.hash_at(len(HISTORY) + 1) is None
    assert place.hash_at(-1) is None


def test_a_changed_row_is_noticed_at_the_next_start(place: Place) -> None:
    place.append(*HISTORY)
    place.edit(4, as_row=10)
    with pytest.raises(place.damaged):
        place.recover()


def test_both_write_the_same_rows(tmp_path: Path) -> None:
    real, model = OnDisk(tmp_path), InMemory(tmp_path)
    for place in (real, model):
        place.append(*HISTORY[:2])
        place.append(*HISTORY[2:])
    with closing(sqlite3.connect(real.path)) as db:
        rows = db.execute("SELECT seq, at, hash, body FROM event ORDER BY seq").fetchall()
    assert rows == model.disk.rows
    assert real.head == model.head
