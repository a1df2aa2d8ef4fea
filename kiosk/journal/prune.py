"""Pruning: the oldest rows go once nothing in them can change any more; an anchor takes their place in the chain."""

from __future__ import annotations

import errno
import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from kiosk.books import Books, to_carried
from kiosk.journal import file
from kiosk.journal.errors import JournalDamaged, JournalError
from kiosk.journal.file import Anchor
from kiosk.journal.row import Row, milliseconds
from kiosk.journal.store import Journal
from kiosk.journal.verify import folded, verify
from kiosk.payment.events import ClaimOpened

_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.ENOSYS})
"""What a file system says that has no second names for a file, such as the FAT of a memory stick."""


@dataclass(frozen=True, slots=True)
class Pruned:
    """`anchor` is the last row that is gone; `kept` rows stand behind it."""

    removed: int
    anchor: int
    kept: int


@dataclass(slots=True)
class _Case:
    """A payment with all its claims: they stay or go together."""

    first: int
    last: int
    last_ms: int
    keys: set[str]


def prune(journal: Journal, before: datetime, archive: Path | None = None) -> Pruned:
    """Remove the longest stretch of oldest rows whose every payment and claim is over since before `before`.

    The whole chain is checked first. The rows are durable in `archive`, a new file that `verify` accepts, before they
    leave the journal in one transaction: a kill or a power cut at any moment leaves the old journal or the new one. An
    archive that an interrupted run left is taken for what it holds, and a finished one is never added to. Raises
    JournalDamaged or JournalFailed, and JournalError for an archive that is finished or something else.
    """
    cut = _cut(journal, milliseconds(before.isoformat()))
    if archive is not None and archive.exists():
        cut = _left_over(journal, archive, cut)
    old = journal.anchor
    if cut <= old.seq:
        return Pruned(0, old.seq, journal.head[0] - old.seq)
    new = _anchor_at(journal, cut)
    if archive is not None and not archive.exists():
        _write_archive(journal, archive, new)
    with journal.transaction() as db:
        snapshot = db.execute("SELECT * FROM snapshot").fetchall()
        file.write_anchor(db, new)
        if snapshot and snapshot[0][1] > cut:
            db.execute("INSERT OR REPLACE INTO snapshot VALUES (?, ?, ?, ?)", snapshot[0])
        db.execute("DELETE FROM event WHERE seq <= ?", (cut,))
    journal.anchor = new
    journal.shrink()
    return Pruned(cut - old.seq, cut, journal.head[0] - cut)


def _cut(journal: Journal, before_ms: int) -> int:
    """Find the last row up to which no case is open, young, or cut in two."""
    cases, books = _cases(journal)
    cut = reach = journal.anchor.seq
    for case in sorted(cases, key=lambda one: one.first):
        if case.first > reach:
            cut = reach
        if case.last_ms >= before_ms or any(_open(books, key) for key in case.keys):
            return cut
        reach = max(reach, case.last)
    return reach


def _cases(journal: Journal) -> tuple[list[_Case], Books]:
    cases: dict[str, _Case] = {}
    names: dict[str, str] = {}
    books = journal.anchor.books()
    for row, books in folded(journal.path, journal.anchor, journal.rows(journal.anchor.seq)):  # noqa: B007 - the last
        event = row.event
        name = names.setdefault(event.key, event.key)
        if isinstance(event, ClaimOpened) and event.payment_id:
            name = names[event.key] = event.payment_id
        case = cases.setdefault(name, _Case(row.seq, row.seq, row.at_ms, set()))
        case.last, case.last_ms = row.seq, max(case.last_ms, row.at_ms)
        case.keys.add(event.key)
    return list(cases.values()), books


def _open(books: Books, key: str) -> bool:
    item = books.payments.get(key) or books.claims.get(key)
    return item is not None and not item.over


def _anchor_at(journal: Journal, cut: int) -> Anchor:
    seq, head = journal.anchor.seq, journal.anchor.head
    for row, books in folded(journal.path, journal.anchor, journal.rows(seq)):
        if row.seq == cut:
            return replace(journal.anchor, seq=cut, head=row.hash, carried=to_carried(books))
    raise JournalDamaged(f"{journal.path}: row {cut} behind {head} is gone")


def _write_archive(journal: Journal, archive: Path, until: Anchor) -> None:
    """Write the rows up to the new anchor as a journal of their own, whole and durable before it gets its name."""
    part = archive.with_name(archive.name + ".part")
    try:
        part.unlink(missing_ok=True)
        with closing(file.connect(part, mode="DELETE")) as db:
            file.create(db, journal.anchor)
            db.execute("BEGIN IMMEDIATE")
            for row in journal.rows(journal.anchor.seq):
                if row.seq <= until.seq:
                    db.execute("INSERT INTO event VALUES (?, ?, ?, ?)", _columns(row))
            db.execute("COMMIT")
        verify(part, (until.seq, until.head))
        _name(part, archive)
        file.sync_directory(archive.resolve().parent)
    except (OSError, sqlite3.Error) as error:
        raise JournalError(
            f"{archive}: the archive cannot be written, nothing was pruned: {error}"
        ) from error


def _name(part: Path, archive: Path) -> None:
    """Give a finished archive its name. Raises OSError, and never replaces a file."""
    try:
        os.link(part, archive)
        part.unlink()
    except OSError as error:
        if error.errno not in _NO_LINKS or archive.exists():
            raise
        part.rename(archive)


def _columns(row: Row) -> tuple[int, int, bytes, bytes]:
    return row.seq, row.at_ms, bytes.fromhex(row.hash), row.packed


def _left_over(journal: Journal, archive: Path, cut: int) -> int:
    """Take up where an earlier run was cut off between its archive and the journal. Raises JournalError.

    An archive whose rows have left the journal is finished: it is no fault where no further row can go.
    """
    found = verify(archive)
    old = journal.anchor
    newest = (found.last, found.head) == (old.seq, old.head)
    if found.journal_id == old.journal_id and (newest or found.last < old.seq):
        if newest and cut <= old.seq:
            return cut
        rows = f"its rows {found.first} to {found.last} left the journal before"
        raise JournalError(f"{archive}: is finished, {rows}: name another archive, nothing was pruned")
    same = (found.journal_id, found.first) == (journal.journal_id, journal.anchor.seq + 1)
    if not same or found.last > cut or file.hash_at(journal.path, found.last) != found.head:
        raise JournalError(f"{archive}: is there already and holds something else, nothing was pruned")
    file.sync_directory(archive.resolve().parent)
    return found.last
