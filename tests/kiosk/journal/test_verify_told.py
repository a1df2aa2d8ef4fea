"""What `verify` says of a journal that holds, and the words in which it names what does not."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kiosk.books import Books, to_snapshot
from kiosk.journal import file
from kiosk.journal import verify as verifying
from kiosk.journal.errors import JournalDamaged, JournalError
from kiosk.journal.prune import prune
from kiosk.journal.row import Row
from kiosk.journal.store import Journal
from kiosk.journal.verify import Verdict, check_link, folded, verify, verify_rows
from kiosk.payment import events as ev

AT = "2026-11-22T19:59:00.000Z"
LATER = datetime(2027, 1, 1, tzinfo=UTC)
ID = "7" * 32


def written(path: Path, kinds: Any, *numbers: int, keep: int = 0) -> tuple[Path, tuple[int, str]]:
    """A journal of cancelled payments (three rows each), without its oldest if `keep` are left; its head."""
    with closing(Journal(path, ID)) as journal:
        for number in numbers:
            journal.append(kinds["cancelled"](number), AT)
        if keep:
            prune(journal, LATER, path.with_name(f"{path.name}.old"))
            for number in range(500, 500 + keep):
                journal.append(kinds["cancelled"](number), AT)
        return path, journal.head


def damage(path: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(statement, values)


def says(path: Path, why: str, **more: Any) -> None:
    with pytest.raises(JournalDamaged) as found:
        verify(path, **more)
    assert str(found.value) == f"{path}: {why}"


def test_a_journal_that_holds_is_told_with_its_first_and_last_row(quick: Path, kinds: Any) -> None:
    path, head = written(quick / "j", kinds, 1, 2)
    assert verify(path) == verify(path, head) == Verdict(ID, 1, 6, head[1])


def test_a_pruned_journal_and_its_archive_are_told_apart_and_together(quick: Path, kinds: Any) -> None:
    path, head = written(quick / "j", kinds, 1, 2, keep=1)
    old = quick / "j.old"
    first = verify(old)
    assert (first.journal_id, first.first, first.last) == (ID, 1, 6)
    assert verify(path) == Verdict(ID, 7, 9, head[1])
    assert verify(path, head, [old]) == Verdict(ID, 1, 9, head[1])
    assert verify(path, (3, file.hash_at(old, 3) or ""), [old]).last == 9
    assert verify(path, (6, first.head)).last == 9
    with pytest.raises(JournalError) as pruned:
        verify(path, (3, "0" * 64))
    assert str(pruned.value) == f"{path}: row 3 was pruned: name the archive that holds it"
    assert not isinstance(pruned.value, JournalDamaged)


def test_archives_must_link_up(quick: Path, kinds: Any) -> None:
    path, _ = written(quick / "j", kinds, 1, 2, keep=1)
    with closing(Journal(quick / "other", "8" * 32)) as other:
        other.append(kinds["cancelled"](1), AT)
    says(path, f"belongs to journal {ID}, not to {'8' * 32}", archives=[quick / "other"])
    short, _ = written(quick / "short", kinds, 1)
    says(path, "begins behind row 6, the part before it ends with row 3", archives=[short])
    twin, _ = written(quick / "twin", kinds, 3, 4)
    says(path, "begins behind row 6, the part before it ends with row 6 of another hash", archives=[twin])


def test_a_noted_head_that_does_not_fit_is_named_with_the_file(quick: Path, kinds: Any) -> None:
    path, (last, _) = written(quick / "j", kinds, 1)
    lost = f"rows {last + 1} to {last + 2} are missing: the tail is lost or this is an old copy"
    says(path, lost, head=(last + 2, "0" * 64))
    other = f"row {last} is not the row that was noted: this is another history"
    says(path, other, head=(last, "0" * 64))


def test_rows_that_others_hand_over_are_checked_too(quick: Path, kinds: Any) -> None:
    path, head = written(quick / "j", kinds, 1, keep=2)
    with file.reading(path) as db:
        anchor = file.read_anchor(db, path)
        rows = list(file.read_rows(db, anchor.packing, anchor.seq))
    assert verify_rows(path, rows) == head
    with pytest.raises(JournalDamaged, match=f"^{re.escape(str(path))}: row 4 is missing"):
        verify_rows(path, rows[1:])


def test_an_event_that_cannot_be_is_named_with_its_row(quick: Path) -> None:
    with closing(Journal(quick / "j", ID)) as journal:
        journal.append([ev.Cancelled(key="a" * 32)], AT)
    says(quick / "j", f"row 1: Cancelled in state none (key {'a' * 32})")


def test_what_is_settled_for_long_is_forgotten_on_the_way(
    quick: Path, kinds: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert verifying.FORGET_EVERY == 5000
    monkeypatch.setattr(verifying, "FORGET_EVERY", 3)
    path, _ = written(quick / "j", kinds, 1, 2, 3)
    with file.reading(path) as db:
        anchor = file.read_anchor(db, path)
        held = [list(books.payments) for _, books in folded(path, anchor, file.read_rows(db, anchor.packing))]
    assert [len(keys) for keys in held] == [1, 1, 1, 2, 2, 1, 2, 2, 1]
    assert held[-1] == [kinds["cancelled"](3)[0].key]


@pytest.mark.parametrize(
    ("seq", "after", "why"),
    [
        (3, 0, "row 1 is missing (row 3 follows the beginning)"),
        (3, 1, "row 2 is missing (row 3 follows row 1)"),
        (1, 1, "row 1 does not belong here (row 1 follows row 1)"),
        (1, 5, "row 1 does not belong here (row 1 follows row 5)"),
        (2, 1, "row 2 was changed after it was written, or one before it was"),
    ],
)
def test_a_row_out_of_its_place_is_named(seq: int, after: int, why: str) -> None:
    with pytest.raises(JournalDamaged) as found:
        check_link(Path("j"), Row(seq, 0, b"", "00", b""), after, "00")
    assert str(found.value) == f"j: {why}"


def test_a_row_in_the_place_of_the_anchor_does_not_belong_there(quick: Path, kinds: Any) -> None:
    path, _ = written(quick / "j", kinds, 1, 2, keep=1)
    damage(path, "INSERT INTO event VALUES (6, 1, zeroblob(32), x'00')")
    says(path, "row 6 does not belong here, the journal begins behind row 6")


def test_a_snapshot_beside_no_row_and_none_at_all_are_found(quick: Path, kinds: Any) -> None:
    path, _ = written(quick / "j", kinds, 1, 2)
    damage(path, "UPDATE snapshot SET seq = 99")
    says(path, "the snapshot was changed, it stands beside row 99")
    damage(path, "DELETE FROM snapshot")
    says(path, "the snapshot was changed")


def test_an_anchor_that_was_changed_is_named_with_its_file(quick: Path, kinds: Any) -> None:
    path, _ = written(quick / "j", kinds, 1)
    damage(path, "UPDATE about SET journal_id = 'x'")
    says(path, "the journal's id or its anchor was changed")
    with pytest.raises(JournalDamaged, match=f"^{re.escape(str(path))}: the journal's id"):
        verify_rows(path, [])


def test_a_file_that_sqlite_finds_damaged_is_named(quick: Path, kinds: Any) -> None:
    path, _ = written(quick / "j", kinds, 1)
    damage(path, "PRAGMA journal_mode=DELETE")
    raw = bytearray(path.read_bytes())
    raw[36:40] = (1).to_bytes(4, "big")  # a page of free room that there is not
    path.write_bytes(raw)
    with pytest.raises(JournalDamaged) as found:
        verify(path)
    assert str(found.value).startswith(f"{path}: ")
    assert "size is 0 but should be 1" in str(found.value)


def test_a_snapshot_may_lack_what_is_over_and_nothing_else(quick: Path, kinds: Any) -> None:
    made = Books.empty()
    for event in (*kinds["cancelled"](1), *kinds["sending"](2)):
        made.apply(event)
    over, still = made.payments.values()
    assert over.over
    assert not still.over
    same = verifying._same
    both = {over.payment_id: over, still.payment_id: still}
    alone = {still.payment_id: still}
    assert same(both, both)
    assert same(alone, both)
    assert same(both, alone)
    assert not same({over.payment_id: over}, both)
    assert not same(both, {over.payment_id: over})
    assert not same({still.payment_id: replace(still, lang="en")}, alone)
    assert not same({**alone, over.payment_id: replace(over, lang="en")}, both)


@pytest.mark.parametrize("what", ["payments", "claims", "kiosk_no", "last_note"])
def test_a_snapshot_that_was_sealed_anew_is_held_against_the_rows(quick: Path, kinds: Any, what: str) -> None:
    made = Books.empty()
    with closing(Journal(quick / "j", ID)) as journal:
        for event in (*kinds["sending"](1), *kinds["claim open"](2)):
            made.apply(event)
            journal.append([event], AT)
        setattr(made, what, {"payments": {}, "claims": {}, "kiosk_no": 99, "last_note": None}[what])
        seq, head = journal.head
    body = to_snapshot(made)
    damage(quick / "j", "UPDATE snapshot SET seq = ?, body = ?", seq, body)
    damage(quick / "j", "UPDATE snapshot SET seal = ?", file.snapshot_seal(seq, head, body))
    says(quick / "j", f"the snapshot beside row {seq} was changed")


def test_a_snapshot_of_an_earlier_program_is_no_damage_and_the_rows_are_read_instead(
    quick: Path, kinds: Any
) -> None:
    made = Books.empty()
    with closing(Journal(quick / "j", ID)) as journal:
        for event in (*kinds["sending"](1), *kinds["claim open"](2)):
            made.apply(event)
            journal.append([event], AT)
        seq, head = journal.head
    earlier = msgspec.json.decode(to_snapshot(made)) | {"version": 1}
    for claim in earlier["claims"]:
        del claim["returned"]
    body = msgspec.json.encode(earlier)
    damage(quick / "j", "UPDATE snapshot SET seq = ?, body = ?", seq, body)
    damage(quick / "j", "UPDATE snapshot SET seal = ?", file.snapshot_seal(seq, head, body))
    assert verify(quick / "j").last == seq
    with closing(Journal(quick / "j")) as journal:
        assert journal.recover() == made
