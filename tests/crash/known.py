"""What the journal has told so far, payment by payment: the measure of every page and slip that tells an outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from kiosk.numbers import reference
from kiosk.payment import events as ev


@dataclass(slots=True)
class Job:
    """One print job: what its slip may say, and what the printer has said of it."""

    kind: str
    received_fen: int
    account_no: str
    reference: str
    uncertain_fen: int = 0
    credited: bool = False
    printed: bool | None = None


@dataclass(slots=True)
class Known:
    """One payment, by its durable rows alone."""

    key: str
    account_no: str
    provisional: bool
    intended: dict[str, int] = field(default_factory=dict)
    stacked: list[int] = field(default_factory=list)
    unwatched_fen: int = 0
    """What came back while nobody watched, of which a slip tells."""
    claims: list[ev.ClaimOpened] = field(default_factory=list)
    credit: ev.CreditApproved | None = None
    promised: str = ""
    good: ev.PurchaseFacts | None = None
    """What is to be written on a card for it."""
    rewrite: bool = False
    """It was paid before: no money goes in."""
    written: bool = False

    @property
    def fen(self) -> int:
        """Money that is certainly in the box for it."""
        return sum(self.stacked)

    @property
    def claim(self) -> ev.ClaimOpened | None:
        """The claim that stands for all its money, or else the newest one for a note of it."""
        whole = [c for c in self.claims if c.reason in {"declined", "unanswered"}]
        own = whole or self.claims
        return own[-1] if own else None


class Journal:
    """All payments and claims, by their durable rows alone."""

    def __init__(self) -> None:
        self.payments: dict[str, Known] = {}
        self.claims: dict[str, ev.ClaimOpened] = {}
        self.jobs: dict[str, dict[str, Job]] = {}
        """The print jobs of each payment and claim, in their order."""

    def follow(self, events: Sequence[ev.AnyEvent]) -> None:
        """These rows are durable."""
        for event in events:
            match event:
                case ev.PaymentOpened(key=key, account=account):
                    self.payments[key] = Known(key, account.account_no, not event.quote.quote_id)
                case ev.RewriteOpened(key=key, account=account, purchase=good):
                    self.payments[key] = Known(key, account.account_no, False, good=good, rewrite=True)
                case ev.ClaimOpened(key=key, payment_id=payment_id):
                    self.claims[key] = event
                    if payment_id in self.payments:
                        self.payments[payment_id].claims.append(event)
                case ev.SlipIntended(key=key, job=job):
                    self.jobs.setdefault(key, {})[job] = self._job(event)
                case ev.SlipPrinted(key=key, job=job) | ev.SlipFailed(key=key, job=job):
                    if job in self.jobs.get(key, {}):
                        self.jobs[key][job].printed = isinstance(event, ev.SlipPrinted)
                case _ if event.key in self.payments:
                    _fold(self.payments[event.key], event)

    def last(self, key: str, kind: str) -> Job | None:
        """The newest print job of this kind."""
        return next((job for job in reversed(self.jobs.get(key, {}).values()) if job.kind == kind), None)

    def _job(self, event: ev.SlipIntended) -> Job:
        claim, known = self.claims.get(event.key), self.payments.get(event.key)
        if claim is not None:
            return Job(event.slip, claim.amount_fen, claim.account_no, claim.reference, claim.memo_fen)
        if known is None:
            return Job(event.slip, 0, "", "")
        if event.slip == "returned":
            return Job(event.slip, known.unwatched_fen, known.account_no, "")
        paid_by = known.good.purchase_id if known.good is not None else event.key
        name = "" if event.slip == "paid" else reference(paid_by)
        return Job(event.slip, known.fen, known.account_no, name, credited=known.credit is not None)


def _fold(known: Known, event: ev.AnyEvent) -> None:
    match event:
        case ev.NoteIntended(note_id=note_id, value_fen=value):
            known.intended[note_id] = value
        case ev.NoteStacked(value_fen=value):
            known.stacked.append(value)
        case ev.NoteReturned(note_id=note_id, recovered=True):
            known.unwatched_fen += known.intended.get(note_id, 0)
        case ev.CreditApproved():
            known.credit = event
            if isinstance(event, ev.GoodApproved):
                known.good = event.purchase
        case ev.WriteVerified():
            known.written = True
        case ev.CheckingPromised(reference=promised):
            known.promised = promised
