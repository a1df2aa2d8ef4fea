"""The kiosk's books: every open payment and claim, folded from the journal's events."""

from __future__ import annotations

from dataclasses import dataclass, replace

import msgspec

from kiosk.payment import events as ev
from kiosk.payment.effects import Effect
from kiosk.payment.model import WHOLE, Claim, ClaimState, NoteState, Payment
from kiosk.payment.table import IllegalEvent, step, step_claim


@dataclass(frozen=True, slots=True)
class LastNote:
    """The newest note on the books: what a repeated report of the acceptor is compared with."""

    note_id: str
    key: str
    value_fen: int
    state: NoteState
    counter: int | None = None


@dataclass(slots=True)
class Books:
    """All that follows from the journal. `apply` is the only way to change it."""

    payments: dict[str, Payment]
    claims: dict[str, Claim]
    last_note: LastNote | None = None
    kiosk_no: int = 0

    @classmethod
    def empty(cls) -> Books:
        """Books of a kiosk that has never taken money."""
        return cls({}, {})

    def apply(self, event: ev.Event) -> tuple[Effect, ...]:
        """Fold one event in and return the effects it permits. Raises IllegalEvent and then changes nothing."""
        if isinstance(event, ev.ClaimOpened) or event.key in self.claims:
            claim, effects = step_claim(self.claims.get(event.key), event)
            if isinstance(event, ev.ClaimOpened):
                claim = replace(claim, returned=self._returned_beside(event))
            self.claims[event.key] = claim
        else:
            payment, effects = step(self.payments.get(event.key), event)
            if isinstance(event, ev.PaymentOpened | ev.RewriteOpened | ev.TenderOpened):
                self.kiosk_no = event.kiosk_no
            self.payments[event.key] = payment
        self._note(event)
        return effects

    def _returned_beside(self, event: ev.ClaimOpened) -> tuple[ev.NoteCount, ...]:
        """What the claim's slip tells of notes that came back: no other slip of a payment that is claimed would."""
        payment = self.payments.get(event.payment_id)
        return payment.returned_counts if payment is not None and event.reason in WHOLE else ()

    def _note(self, event: ev.Event) -> None:
        match event:
            case ev.NoteIntended():
                self.last_note = LastNote(
                    event.note_id, event.key, event.value_fen, NoteState.INTENDED, event.counter
                )
            case ev.NoteStacked() if not event.asked:
                self.last_note = LastNote(event.note_id, event.key, event.value_fen, NoteState.STACKED)
            case ev.NoteStacked():
                self._settle(NoteState.STACKED)
            case ev.NoteReturned():
                self._settle(NoteState.RETURNED)
            case ev.NoteFateUnknown():
                self._settle(NoteState.UNKNOWN)
            case ev.ClaimOpened() if event.note_id:
                self.last_note = LastNote(event.note_id, event.key, event.amount_fen, NoteState.STACKED)

    def _settle(self, state: NoteState) -> None:
        if self.last_note is not None:
            self.last_note = replace(self.last_note, state=state)

    @property
    def open_payments(self) -> tuple[Payment, ...]:
        """Payments with something still to do, oldest first."""
        return tuple(p for p in self.payments.values() if not p.ended)

    @property
    def untold_payments(self) -> tuple[Payment, ...]:
        """Payments that have ended, or wait for their receipt, and of whose card the hub is still to be told."""
        return tuple(p for p in self.payments.values() if p.untold)

    @property
    def unhanded_payments(self) -> tuple[Payment, ...]:
        """Payments whose new card is written and still in the machine, as far as anybody knows."""
        return tuple(p for p in self.payments.values() if p.unhanded)

    @property
    def open_claims(self) -> tuple[Claim, ...]:
        """Claims that the hub does not have yet, oldest first."""
        return tuple(c for c in self.claims.values() if c.state is ClaimState.OPEN)

    def forget_ended(self, keep: str = "") -> None:
        """Drop what is over, except the payment `keep` (and its claim) that a customer still sees."""
        shown = self.payments.get(keep)
        claim_id = shown.claim_id if shown else ""
        self.payments = {k: p for k, p in self.payments.items() if not p.over or k == keep}
        # A claim for a note of nobody's has no payment, and is no one's to see.
        own = {k for k, c in self.claims.items() if k == claim_id or (keep and c.payment_id == keep)}
        self.claims = {k: c for k, c in self.claims.items() if not c.over or k in own}

    def forget_settled(self, before: set[str]) -> set[str]:
        """Drop what was settled to the last slip already at the call before; returns what is settled now.

        The events of one step stand together in the journal, so what was settled a whole call ago stays so.
        """
        over = {k for k, p in self.payments.items() if p.over} | {k for k, c in self.claims.items() if c.over}
        for key in over & before:
            self.payments.pop(key, None)
            self.claims.pop(key, None)
        return over - before


class Snapshot(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The open part of the books, as the journal stores it beside the row it was taken after."""

    version: int
    payments: tuple[Payment, ...]
    claims: tuple[Claim, ...]
    last_note: LastNote | None
    kiosk_no: int


VERSION = 3


def to_snapshot(books: Books) -> bytes:
    """Encode all that the books still hold: a payment that has ended may still owe the word on its slip."""
    return msgspec.json.encode(
        Snapshot(
            VERSION,
            tuple(books.payments.values()),
            tuple(books.claims.values()),
            books.last_note,
            books.kiosk_no,
        )
    )


def from_snapshot(raw: bytes) -> Books:
    """Decode a snapshot. Raises msgspec.DecodeError, and ValueError for another version."""
    found = msgspec.json.decode(raw, type=Snapshot)
    if found.version != VERSION:
        raise ValueError(f"snapshot version {found.version}, expected {VERSION}")
    return Books(
        {p.payment_id: p for p in found.payments},
        {c.claim_id: c for c in found.claims},
        found.last_note,
        found.kiosk_no,
    )


class Carried(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What hangs over from payments and claims that are gone: all that the anchor of a pruned journal has to hold."""

    kiosk_no: int
    last_note: LastNote | None


def to_carried(books: Books) -> bytes:
    """Encode what hangs over."""
    return msgspec.json.encode(Carried(books.kiosk_no, books.last_note))


def from_carried(raw: bytes) -> Books:
    """Make books without any payment or claim of it. Raises msgspec.DecodeError."""
    found = msgspec.json.decode(raw, type=Carried)
    return Books({}, {}, found.last_note, found.kiosk_no)


__all__ = [
    "Books",
    "IllegalEvent",
    "LastNote",
    "from_carried",
    "from_snapshot",
    "to_carried",
    "to_snapshot",
]
