"""The journal, judged at each append: its chain, its sums against the box, and how often a request is repeated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kiosk.journal.row import chain_hash
from kiosk.payment import events as ev
from tests.crash.disk import GENESIS
from tests.crash.ledger import strange_fen


@dataclass
class Reader:
    """Reads each row as it is written, and counts the money on the kiosk's own books."""

    world: Any
    length: int = 0
    head: str = GENESIS
    booked_fen: int = 0
    """Certain money: stacked notes of payments, and notes that are a claim of their own."""
    memo_fen: int = 0
    life: Any = None
    """The life of the kiosk that wrote last."""

    def appended(self, events: Sequence[ev.AnyEvent]) -> None:
        """Judge the rows of one append, which are durable now."""
        self._chain()
        self._bounded(events)
        before = self.booked_fen
        for event in events:
            match event:
                case ev.PaymentOpened():
                    self._all_is_booked()
                case ev.NoteStacked(value_fen=value):
                    self.booked_fen += value
                case ev.ClaimOpened() if event.note_id or event.memo_fen:
                    self.booked_fen += event.amount_fen
                    self.memo_fen += event.memo_fen
                    if not event.amount_fen and not event.memo_fen:
                        self.memo_fen += 10000  # a note of unknown value
        if self.booked_fen > before:
            self._none_too_much()
        self.life = self.world.kiosk

    def _chain(self) -> None:
        """I12: each row stands behind the one before it and bears its hash."""
        rows = self.world.disk.rows
        for seq, at_ms, digest, packed in rows[self.length :]:
            self.length += 1
            if seq != self.length or chain_hash(self.head, seq, at_ms, packed) != digest.hex():
                self.world.judge.wrong("broken", f"I12: row {seq} does not follow the row before it")
            self.head = digest.hex()

    def _bounded(self, events: Sequence[ev.AnyEvent]) -> None:
        """A request is repeated so often and no more; then its money is a claim. A restart asks once more."""
        most = self.world.config.hub.claim_after_attempts
        for event in events:
            if isinstance(event, ev.CreditSending) and event.attempt > most and self.life is self.world.kiosk:
                text = f"rule 3: attempt {event.attempt} of payment {event.key[-4:]}, which must be a claim"
                self.world.judge.wrong("broken", text)

    def _none_too_much(self) -> None:
        """I1, I11: nothing is on the kiosk's books that is not in the box."""
        box = self.world.unit.box
        most = sum(note.value_fen for note in box) + strange_fen(box)
        if self.booked_fen > most:
            text = f"I1: the kiosk has {self.booked_fen} fen on its books and {most} in the box"
            self.world.judge.wrong("doubled", text, self.booked_fen - most)

    def _all_is_booked(self) -> None:
        """I1, I5: before the next customer all that is in the box is on the books, if only as a memo."""
        box = sum(note.value_fen for note in self.world.unit.box if not note.unasked)
        if box > self.booked_fen + self.memo_fen:
            text = f"I1: a new customer, with {self.booked_fen} fen on the books and {box} in the box"
            self.world.judge.wrong("lost", text, box - self.booked_fen - self.memo_fen)
