"""Whether a journal is the one that was written: every row, the anchor, the snapshot, and the head someone noted."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from kiosk.books import Books, IllegalEvent, from_snapshot
from kiosk.journal import file
from kiosk.journal.errors import JournalDamaged, JournalError
from kiosk.journal.row import Row, chain_hash
from kiosk.payment.model import Claim, Payment

FORGET_EVERY = 5000


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a journal or archive that holds is: `first` and `last` are the numbers of its rows."""

    journal_id: str
    first: int
    last: int
    head: str


def verify(path: Path, head: tuple[int, str] | None = None, archives: Sequence[Path] = ()) -> Verdict:
    """Check a journal or an archive from its anchor to its last row. Raises JournalDamaged, naming the row.

    A `head` in a part that was pruned cannot be judged without its archive: JournalError.

    `head` is a row's number and hash as the hub or a report wrote it down: it finds a lost tail and an old copy.
    `archives`, oldest first, must link up with one another and with the journal.
    """
    verdict: Verdict | None = None
    hashes: dict[int, str] = {}
    for part in (*archives, path):
        with file.reading(part) as db:
            anchor = file.read_anchor(db, part)
            _check_joint(part, anchor, verdict)
            found = _verify_file(db, part, anchor)
            if head is not None and anchor.seq <= head[0] <= found.last:
                hashes[head[0]] = _hash_of(db, anchor, head[0])
        verdict = (
            found if verdict is None else Verdict(found.journal_id, verdict.first, found.last, found.head)
        )
    assert verdict is not None  # noqa: S101 - there is always `path`
    if head is not None:
        _check_head(path, verdict, head, hashes)
    return verdict


def _verify_file(db: sqlite3.Connection, path: Path, anchor: file.Anchor) -> Verdict:
    told = db.execute("PRAGMA integrity_check(1)").fetchone()[0]
    lowest = db.execute("SELECT min(seq) FROM event").fetchone()[0]
    if isinstance(lowest, int) and lowest <= anchor.seq:
        raise JournalDamaged(
            f"{path}: row {lowest} does not belong here, the journal begins behind row {anchor.seq}"
        )
    stored = _StoredSnapshot.read(db, path)
    seq, head = _fold(path, anchor, file.read_rows(db, anchor.packing, anchor.seq), stored)
    if told != "ok":
        raise JournalDamaged(f"{path}: {told}")
    return Verdict(anchor.journal_id, anchor.seq + 1, seq, head)


def verify_rows(path: Path, rows: Iterable[Row]) -> tuple[int, str]:
    """Check chain and transaction table over the whole journal and return its head. Raises JournalDamaged."""
    with file.reading(path) as db:
        anchor = file.read_anchor(db, path)
    return _fold(path, anchor, rows, None)


def _fold(
    path: Path, anchor: file.Anchor, rows: Iterable[Row], stored: _StoredSnapshot | None
) -> tuple[int, str]:
    seq, head, books = anchor.seq, anchor.head, anchor.books()
    if stored is not None:
        stored.check(seq, head, books)
    for row, books in folded(path, anchor, rows):
        seq, head = row.seq, row.hash
        if stored is not None and stored.seq == seq:
            stored.check(seq, head, books)
    if stored is not None and not stored.checked:
        raise JournalDamaged(f"{path}: the snapshot was changed, it stands beside row {stored.seq}")
    return seq, head


def folded(path: Path, anchor: file.Anchor, rows: Iterable[Row]) -> Iterator[tuple[Row, Books]]:
    """Each row with the books after it, checked; what has been over for long is forgotten. Raises JournalDamaged."""
    seq, head, books = anchor.seq, anchor.head, anchor.books()
    settled: set[str] = set()
    try:
        for row in rows:
            check_link(path, row, seq, head)
            try:
                books.apply(row.event)
            except (IllegalEvent, msgspec.DecodeError, ValueError, RecursionError) as error:
                raise JournalDamaged(f"{path}: row {row.seq}: {error}") from error
            seq, head = row.seq, row.hash
            if seq % FORGET_EVERY == 0:
                settled = books.forget_settled(settled)
            yield row, books
    except ValueError as error:
        raise JournalDamaged(f"{path}: {error}") from error


def check_link(path: Path, row: Row, seq: int, head: str) -> None:
    """Refuse a row that does not follow row `seq` with the hash `head`. Raises JournalDamaged."""
    if row.seq != seq + 1:
        where = f"row {seq}" if seq else "the beginning"
        told = f"row {seq + 1} is missing" if row.seq > seq else f"row {row.seq} does not belong here"
        raise JournalDamaged(f"{path}: {told} (row {row.seq} follows {where})")
    if chain_hash(head, row.seq, row.at_ms, row.packed) != row.hash:
        raise JournalDamaged(f"{path}: row {row.seq} was changed after it was written, or one before it was")


@dataclass(slots=True)
class _StoredSnapshot:
    path: Path
    seq: int
    seal: bytes
    body: bytes
    checked: bool = False

    @classmethod
    def read(cls, db: sqlite3.Connection, path: Path) -> _StoredSnapshot:
        found = db.execute("SELECT id, seq, seal, body FROM snapshot").fetchall()
        match found:
            case [(1, int() as seq, bytes() as seal, bytes() as body)]:
                return cls(path, seq, seal, body)
        raise JournalDamaged(f"{path}: the snapshot was changed")

    def check(self, seq: int, head: str, books: Books) -> None:
        """Refuse it where it stands beside this row and says anything but the rows do. Raises JournalDamaged."""
        if seq != self.seq:
            return
        self.checked = True
        changed = JournalDamaged(f"{self.path}: the snapshot beside row {seq} was changed")
        if self.seal != file.snapshot_seal(seq, head, self.body):
            raise changed
        try:
            stored = from_snapshot(self.body)
        except (ValueError, msgspec.DecodeError):
            return  # an earlier program wrote it: the seal holds, and a start passes it over
        if (stored.kiosk_no, stored.last_note) != (books.kiosk_no, books.last_note):
            raise changed
        if not _same(stored.payments, books.payments) or not _same(stored.claims, books.claims):
            raise changed


def _same(stored: Mapping[str, Payment | Claim], items: Mapping[str, Payment | Claim]) -> bool:
    """What is over may be missing on either side, all else must agree."""
    left = (stored[key] != item if key in stored else not item.over for key, item in items.items())
    right = (not item.over for key, item in stored.items() if key not in items)
    return not any(left) and not any(right)


def _check_joint(part: Path, anchor: file.Anchor, before: Verdict | None) -> None:
    if before is None:
        return
    if anchor.journal_id != before.journal_id:
        raise JournalDamaged(f"{part}: belongs to journal {anchor.journal_id}, not to {before.journal_id}")
    if (anchor.seq, anchor.head) != (before.last, before.head):
        raise JournalDamaged(
            f"{part}: begins behind row {anchor.seq}, the part before it ends with row {before.last}"
            + ("" if anchor.seq != before.last else " of another hash")
        )


def _check_head(path: Path, verdict: Verdict, head: tuple[int, str], hashes: dict[int, str]) -> None:
    seq, noted = head
    if seq > verdict.last:
        lost = f"rows {verdict.last + 1} to {seq} are missing"
        raise JournalDamaged(f"{path}: {lost}: the tail is lost or this is an old copy")
    if seq not in hashes:
        raise JournalError(f"{path}: row {seq} was pruned: name the archive that holds it")
    if hashes[seq] != noted:
        raise JournalDamaged(f"{path}: row {seq} is not the row that was noted: this is another history")


def _hash_of(db: sqlite3.Connection, anchor: file.Anchor, seq: int) -> str:
    if seq == anchor.seq:
        return anchor.head
    found: bytes = db.execute("SELECT hash FROM event WHERE seq = ?", (seq,)).fetchone()[0]
    return found.hex()
