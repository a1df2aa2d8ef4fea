"""The journal of a simulated kiosk: real rows in a chain, on a disk in memory that outlives the process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from kiosk.books import Books, from_snapshot, to_snapshot
from kiosk.journal.packing import Packing, dictionary
from kiosk.journal.row import chain_hash, chained, from_columns, genesis, milliseconds
from kiosk.payment.events import AnyEvent
from tests.crash.coverage import Death

PACKING = Packing(dictionary())
JOURNAL_ID = "00" * 16
GENESIS = genesis(JOURNAL_ID, PACKING)


class BrokenJournal(Exception):  # noqa: N818 - named for what was found
    """The rows on disk are no journal: nothing that follows could be judged."""


@dataclass
class Disk:
    """The journal's file: the columns of real rows in a chain; what was appended outlives the process."""

    rows: list[tuple[int, int, bytes, bytes]] = field(default_factory=list)
    snapshot: tuple[int, bytes] | None = None
    folded: tuple[int, Books] | None = None
    """All rows up to so many, and the books that they make."""

    @property
    def head(self) -> tuple[int, str]:
        return len(self.rows), self._head_at(len(self.rows))

    def hash_at(self, seq: int) -> str | None:
        """Hash of the row, the journal's own before the first; None for a row that is not there."""
        return self._head_at(seq) if 0 <= seq <= len(self.rows) else None

    def _head_at(self, seq: int) -> str:
        return self.rows[seq - 1][2].hex() if seq else GENESIS

    def recover(self) -> Books:
        """Fold as the journal does at a start, from the newest snapshot on, checking the chain."""
        if self.snapshot is None:
            return self._fold(0, Books.empty())
        return self._fold(self.snapshot[0], from_snapshot(self.snapshot[1]))

    def whole(self) -> Books:
        """Fold all rows, forgetting nothing."""
        if self.folded is None or self.folded[0] != len(self.rows):
            self.folded = len(self.rows), self._fold(0, Books.empty())
        return self.folded[1]

    def _fold(self, seq: int, books: Books) -> Books:
        head = self._head_at(seq)
        for columns in self.rows[seq:]:
            row = from_columns(columns, PACKING)
            if row.hash != chain_hash(head, row.seq, row.at_ms, row.packed):
                raise BrokenJournal("I12: the chain is broken")
            books.apply(row.event)
            head = row.hash
        return books


class MemoryJournal:
    """The journal as the runner uses it. `world` decides whether the process dies around an append."""

    def __init__(self, world: Any) -> None:
        self.world = world
        self.disk: Disk = world.disk
        self.path, self.journal_id = world.disk, JOURNAL_ID

    @property
    def head(self) -> tuple[int, str]:
        return self.disk.head

    def append(self, events: Sequence[AnyEvent], at: str) -> None:
        """Durable when this returns, all or none."""
        world = self.world
        try:
            appended = world.coverage.about(events)
        except KeyError as missing:
            state, event = missing.args[0]
            raise BrokenJournal(f"I12: {event.__name__} in state {state}, as it is on disk") from None
        if world.plan.dies_before(appended):
            world.coverage.died(appended, appended=False)
            raise Death
        seq, head = self.head
        rows = []
        for event in events:
            row = chained(head, seq := seq + 1, milliseconds(at), event, PACKING)
            rows.append((row.seq, row.at_ms, bytes.fromhex(row.hash), row.packed))
            head = row.hash
        self.disk.rows += rows
        world.kiosk.appended = appended
        world.coverage.follow(events)
        world.judge.durable(events)

    def snapshot_if_due(self, books: Books) -> None:
        """At random moments, so that a start begins anywhere."""
        if self.world.rng.random() < 0.05:
            self.disk.snapshot = len(self.disk.rows), to_snapshot(books)

    def close(self) -> None:
        pass
