"""Pruning to the row and to the millisecond: what stays together, what is kept beside it, what stops it."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kiosk.books import Books, to_snapshot
from kiosk.journal import file
from kiosk.journal import prune as pruning
from kiosk.journal.errors import JournalDamaged, JournalError
from kiosk.journal.prune import Pruned, prune
from kiosk.journal.row import Row
from kiosk.journal.store import Journal
from kiosk.journal.verify import verify
from kiosk.payment import events as ev

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
AT = "2026-11-22T12:00:00.000Z"
ID = "7" * 32


@pytest.fixture
def journal(quick: Path) -> Iterator[Journal]:
    with closing(Journal(quick / "j", ID)) as opened:
        yield opened


def tell(journal: Journal, kinds: Any, *names: str, first: int = 1, at: str = AT) -> None:
    for number, name in enumerate(names, first):
        journal.append(kinds[name](number), at)


def late_claim(kinds: Any, number: int, payment: str, *, taken: bool) -> list[ev.AnyEvent]:
    """A claim for a note that came after its payment had ended."""
    opened, *rest = kinds["orphan"](number)
    about = ev.ClaimOpened(
        **{name: getattr(opened, name) for name in opened.__struct_fields__} | {"payment_id": payment}
    )
    return [about, *(rest if taken else rest[:1])]


def left(journal: Journal) -> list[int]:
    return [row.seq for row in journal.rows()]


def test_a_case_goes_once_its_last_row_is_older_than_the_limit(journal: Journal, kinds: Any) -> None:
    tell(journal, kinds, "cancelled", "cancelled")
    assert prune(journal, NOON) == Pruned(0, 0, 6)
    assert prune(journal, NOON + timedelta(milliseconds=1)) == Pruned(6, 6, 0)
    tell(journal, kinds, "cancelled", first=3)
    assert prune(journal, NOON) == Pruned(0, 6, 3)


def test_an_open_case_keeps_itself_and_all_behind_it(journal: Journal, kinds: Any) -> None:
    tell(journal, kinds, "cancelled", "sending", "cancelled")
    assert prune(journal, NOON + timedelta(days=1)) == Pruned(3, 3, 8)
    assert left(journal) == list(range(4, 12))


def test_a_payment_stays_as_long_as_a_late_claim_for_it_is_open(journal: Journal, kinds: Any) -> None:
    tell(journal, kinds, "cancelled", "cancelled")
    key = kinds["cancelled"](1)[0].key
    journal.append(late_claim(kinds, 9, key, taken=False), AT)
    assert prune(journal, NOON + timedelta(days=1)).removed == 0
    claim = kinds["orphan"](9)[0].key
    journal.append([ev.ClaimTaken(key=claim, resolution="")], AT)
    assert prune(journal, NOON + timedelta(days=1)) == Pruned(9, 9, 0)


def test_claims_for_payments_that_are_gone_go_one_by_one(journal: Journal, kinds: Any) -> None:
    tell(journal, kinds, "cancelled", "cancelled")
    prune(journal, NOON + timedelta(days=1))
    for number, taken in ((1, True), (2, False)):
        key = kinds["cancelled"](number)[0].key
        journal.append(late_claim(kinds, 10 + number, key, taken=taken), AT)
    assert prune(journal, NOON + timedelta(days=1)) == Pruned(3, 9, 2)


def snapshot(journal: Journal, count: int, kinds: Any) -> tuple[Any, ...]:
    """Put a snapshot beside row `count`, as the journal itself does."""
    books = Books.empty()
    for row in list(journal.rows())[:count]:
        books.apply(row.event)
    body, head = to_snapshot(books), journal._hash_of(count)
    stored = (1, count, file.snapshot_seal(count, head, body), body)
    journal._db.execute("INSERT OR REPLACE INTO snapshot VALUES (?, ?, ?, ?)", stored)
    return stored


@pytest.mark.parametrize("beside", [2, 3, 4, 8])
def test_a_snapshot_behind_the_cut_is_kept_and_one_before_it_gives_way(
    journal: Journal, kinds: Any, beside: int
) -> None:
    tell(journal, kinds, "cancelled", "sending")
    before = snapshot(journal, beside, kinds)
    assert prune(journal, NOON + timedelta(days=1)).anchor == 3
    [after] = journal._db.execute("SELECT * FROM snapshot").fetchall()
    if beside > 3:
        assert after == before
    else:
        body = to_snapshot(journal.anchor.books())
        assert after == (1, 3, file.snapshot_seal(3, journal.anchor.head, body), body)
    assert [p.kiosk_no for p in journal.recover().open_payments] == [2]


def test_damage_is_named_with_the_journals_file(journal: Journal, kinds: Any) -> None:
    tell(journal, kinds, "cancelled")
    journal._db.execute("UPDATE event SET at = at - 1 WHERE seq = 2")
    with pytest.raises(JournalDamaged, match=f"^{re.escape(str(journal.path))}: row 2 was changed"):
        prune(journal, NOON + timedelta(days=1))


def test_an_archive_is_one_file_synced_under_its_name(
    journal: Journal, kinds: Any, quick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    monkeypatch.setattr(file, "sync_directory", synced.append)
    (quick / "archive.part").write_bytes(b"of a run that was cut off")
    tell(journal, kinds, "cancelled")
    prune(journal, NOON + timedelta(days=1), quick / "archive")
    assert synced == [quick.resolve()]
    assert sorted(path.name for path in quick.iterdir() if path.name.startswith("archive")) == ["archive"]
    assert (quick / "archive").read_bytes()[18:20] == b"\x01\x01", "it needs no log beside it"


@pytest.mark.parametrize("code", [errno.EPERM, errno.ENOTSUP, errno.ENOSYS])
def test_an_archive_may_lie_on_a_stick_that_knows_no_links(
    journal: Journal, quick: Path, kinds: Any, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(code, "no links")

    monkeypatch.setattr(os, "link", refuse)
    tell(journal, kinds, "paid")
    rows = journal.head[0]
    assert prune(journal, NOON + timedelta(days=1), quick / "archive").removed == rows
    assert verify(quick / "archive").last == rows
    assert not (quick / "archive.part").exists()


@pytest.mark.parametrize(("code", "there"), [(errno.EPERM, True), (errno.EIO, False)])
def test_an_archive_that_gets_no_name_replaces_nothing(
    journal: Journal, quick: Path, kinds: Any, monkeypatch: pytest.MonkeyPatch, code: int, there: bool
) -> None:
    def refuse(_part: Path, archive: Path) -> None:
        if there:
            archive.write_text("of somebody else", encoding="utf-8")
        raise OSError(code, "no links")

    monkeypatch.setattr(os, "link", refuse)
    tell(journal, kinds, "paid")
    rows = journal.head[0]
    with pytest.raises(JournalError, match="nothing was pruned"):
        prune(journal, NOON + timedelta(days=1), quick / "archive")
    assert (quick / "archive").exists() == there
    assert not there or (quick / "archive").read_text(encoding="utf-8") == "of somebody else"
    assert len(list(journal.rows())) == rows


def test_an_archive_that_was_left_is_synced_before_its_rows_go(
    journal: Journal, kinds: Any, quick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(journal, kinds, "cancelled")
    written = pruning._write_archive

    def cut_off(*asked: Any) -> None:
        written(*asked)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(pruning, "_write_archive", cut_off)
        with pytest.raises(KeyboardInterrupt):
            prune(journal, NOON + timedelta(days=1), quick / "archive")
    tell(journal, kinds, "cancelled", first=2)
    synced: list[Path] = []
    monkeypatch.setattr(file, "sync_directory", synced.append)
    assert prune(journal, NOON + timedelta(days=1), quick / "archive") == Pruned(3, 3, 3)
    assert synced == [quick.resolve()]


def test_an_archive_of_rows_that_are_to_stay_stops_the_pruning(
    journal: Journal, kinds: Any, quick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is this journal's own, left by a run that was allowed to take more."""
    tell(journal, kinds, "cancelled")
    tell(journal, kinds, "cancelled", first=2, at="2026-11-24T12:00:00.000Z")
    written = pruning._write_archive

    def cut_off(*asked: Any) -> None:
        written(*asked)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(pruning, "_write_archive", cut_off)
        with pytest.raises(KeyboardInterrupt):
            prune(journal, NOON + timedelta(days=9), quick / "archive")
    with pytest.raises(JournalError, match="holds something else"):
        prune(journal, NOON + timedelta(days=1), quick / "archive")
    assert left(journal) == [1, 2, 3, 4, 5, 6]


def test_a_finished_archive_is_no_fault_where_nothing_more_can_go(
    journal: Journal, kinds: Any, quick: Path
) -> None:
    tell(journal, kinds, "cancelled", "sending")
    assert prune(journal, NOON + timedelta(days=1), quick / "archive") == Pruned(3, 3, 5)
    before = (quick / "archive").read_bytes()
    assert prune(journal, NOON + timedelta(days=1), quick / "archive") == Pruned(0, 3, 5)
    assert (quick / "archive").read_bytes() == before


def test_a_finished_archive_is_said_to_be_so_where_more_could_go(
    journal: Journal, kinds: Any, quick: Path
) -> None:
    for number, name in enumerate(("first", "second"), 1):
        tell(journal, kinds, "cancelled", first=number)
        assert prune(journal, NOON + timedelta(days=1), quick / name).removed == 3
    tell(journal, kinds, "cancelled", first=3)
    for name, rows in (("first", "1 to 3"), ("second", "4 to 6")):
        with pytest.raises(JournalError) as found:
            prune(journal, NOON + timedelta(days=1), quick / name)
        assert str(found.value) == (
            f"{quick / name}: is finished, its rows {rows} left the journal before:"
            " name another archive, nothing was pruned"
        )
    assert left(journal) == [7, 8, 9]


def test_an_archive_that_ends_in_another_row_is_not_taken_for_a_finished_one(
    journal: Journal, kinds: Any, quick: Path
) -> None:
    with closing(Journal(quick / "twin", ID)) as another:
        tell(another, kinds, "cancelled", first=9)
        prune(another, NOON + timedelta(days=1), quick / "archive")
    tell(journal, kinds, "cancelled")
    prune(journal, NOON + timedelta(days=1))
    with pytest.raises(JournalError, match="holds something else"):
        prune(journal, NOON + timedelta(days=1), quick / "archive")


@pytest.mark.parametrize("fault", ["changed", "cut short"])
def test_an_archive_that_does_not_hold_what_goes_stops_the_pruning(
    journal: Journal, kinds: Any, quick: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    tell(journal, kinds, "cancelled", "cancelled")
    columns, rows = pruning._columns, Journal.rows

    def changed(row: Row) -> Any:
        seq, at_ms, digest, packed = columns(row)
        return seq, at_ms + 1, digest, packed

    if fault == "changed":
        monkeypatch.setattr(pruning, "_columns", changed)
    else:
        calls = iter(range(99))

        def short(self: Journal, after: int = 0) -> Iterator[Row]:
            found = list(rows(self, after))
            return iter(found[:-1] if next(calls) == 2 else found)

        monkeypatch.setattr(Journal, "rows", short)
    with pytest.raises(JournalDamaged):
        prune(journal, NOON + timedelta(days=1), quick / "archive")
    assert not (quick / "archive").exists()
    monkeypatch.undo()
    assert left(journal) == [1, 2, 3, 4, 5, 6]


def test_an_archive_of_more_of_other_or_of_later_rows_is_something_else(
    journal: Journal, kinds: Any, quick: Path
) -> None:
    tell(journal, kinds, "cancelled", "cancelled")
    told = "is there already and holds something else, nothing was pruned"

    def refused(archive: Path) -> None:
        with pytest.raises(JournalError) as found:
            prune(journal, NOON + timedelta(days=1), archive)
        assert str(found.value) == f"{archive}: {told}"
        assert left(journal) == [1, 2, 3, 4, 5, 6]

    for name, cases, journal_id in (
        ("more", ("cancelled",) * 3, ID),
        ("twin", ("paid",), ID),
        ("other", ("cancelled",), "8" * 32),
    ):
        with closing(Journal(quick / name, journal_id)) as another:
            tell(another, kinds, *cases, first=1 if name != "twin" else 5)
            prune(another, NOON + timedelta(days=1), quick / f"{name}.archive")
        refused(quick / f"{name}.archive")
    with closing(Journal(quick / "same", ID)) as another:
        tell(another, kinds, "cancelled")
        prune(another, NOON + timedelta(days=1))
        tell(another, kinds, "cancelled", first=2)
        prune(another, NOON + timedelta(days=1), quick / "later")
    refused(quick / "later")
