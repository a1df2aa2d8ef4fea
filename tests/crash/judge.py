"""The judge: holds the history of kiosk, acceptor, hub and slips against one another.

Every operation is ok, failed or unknown, in the manner of Jepsen: what the hub answered is ok, what the kiosk refused
or the hub declined is failed, everything else is unknown until the end, when it must have happened once everywhere or
nowhere. I1 to I12 are the invariants of the design; cheap ones are asserted at each step, the others at the end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from drivers.cash.model import CashReport, CashState
from drivers.printer.document import Document
from kiosk.core.inputs import Intent
from kiosk.payment import effects as fx
from kiosk.payment import events as ev
from kiosk.payment.effects import Effect
from kiosk.payment.model import Claim
from kiosk.receipts import ReceiptFacts
from kiosk.session.state import Page, Session
from tests.crash.acceptor import Note, Unit
from tests.crash.append import Reader
from tests.crash.known import Journal
from tests.crash.ledger import Clerk
from tests.crash.line import Answered, Asked
from tests.crash.privacy import exposed
from tests.crash.truth import Truth, slip_tells

Kind = Literal["lost", "doubled", "in flight", "broken"]
UNBOOKED = {"sending", "checking"}
BUSY = {
    *("open", "stacking_first", "funded", "stacking", "cancelling", "closing", "sending"),
    *("undelivered", "writing", "reading_back", "torn"),
}
PROOF = "in the proof itself: "
"""Begins what is told of a failure of the proof's own, which finds no fault of the product."""
FORBIDDEN = {400: "a body that is not of the contract", 405: "no such method"}


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that did not hold; `fen` where money can be named."""

    kind: Kind
    text: str
    fen: int = 0


@dataclass(frozen=True, slots=True)
class Slip:
    """What a customer can read."""

    effect: fx.PrintSlip
    facts: ReceiptFacts
    hub_knew: bytes


@dataclass
class Judge:
    """Told of everything that happens; `found` is what was wrong."""

    world: Any
    found: list[Violation] = field(default_factory=list)
    permitted: set[tuple[str, str, int]] = field(default_factory=set)
    records: list[int] = field(default_factory=list)
    """Lengths of the journal at which a note came onto the books."""
    notes: dict[str, Note] = field(default_factory=dict)
    """The real note behind each of the kiosk's own ids."""
    unquoted: set[str] = field(default_factory=set)
    """The payments that were opened without the hub."""
    secrets: frozenset[bytes] = frozenset()
    """Names and addresses of the customers, which stand in the hub's books alone."""
    prints: bool = False
    """Whether the kiosk that runs now has been told of a printer that can print."""
    out: set[str] = field(default_factory=set)
    """The print jobs whose slip came out."""
    escrow: Note | None = None
    kiosk_no: int = 0
    replies: dict[str, bytes] = field(default_factory=dict)
    slips: list[Slip] = field(default_factory=list)
    states: dict[str, ev.AnyEvent] = field(default_factory=dict)
    jobs: set[str] = field(default_factory=set)
    inserted: Counter[str] = field(default_factory=Counter)
    orders: dict[str, Asked] = field(default_factory=dict)
    """The first request for each payment that reached the hub."""
    confirmed: str = ""
    """The account that the customer was shown and said yes to, last."""
    journal: Journal = field(default_factory=Journal)
    clerk: Clerk = field(init=False)
    reader: Reader = field(init=False)
    truth: Truth = field(init=False)

    def __post_init__(self) -> None:
        self.clerk, self.reader = Clerk(self.world), Reader(self.world)
        self.truth = Truth(self.world, self.journal)

    def wrong(self, kind: Kind, text: str, fen: int = 0) -> None:
        self.world.note(f"WRONG {kind}: {text}")
        self.found.append(Violation(kind, text, fen))

    def durable(self, events: Sequence[ev.AnyEvent]) -> None:
        """These rows are on disk; what they permit may happen from here on."""
        self.reader.appended(events)
        self.journal.follow(events)
        length = len(self.world.disk.rows)
        for event in events:
            match event:
                case ev.PaymentOpened():
                    self._opened(event)
                case ev.NoteIntended(note_id=note_id):
                    self.permitted.add(("stack", note_id, 0))
                    self._may_be_taken(event)
                    if self.escrow is not None:
                        self.notes[note_id] = self.escrow
                        self.escrow.note_id = note_id
                case ev.NoteStacked(key=key, value_fen=value):
                    self.inserted[key] += value
                    self.records.append(length)
                case ev.ClaimOpened():
                    if event.note_id:
                        self.records.append(length)
                case ev.CreditSending(key=key, attempt=attempt):
                    self.permitted.add(("credit", key, attempt))
                case ev.ClaimSending(key=key, attempt=attempt):
                    self.permitted.add(("claim", key, attempt))
                case ev.SlipIntended(job=job):
                    self.permitted.add(("slip", job, 0))
                case ev.SlipPrinted(job=job):
                    if job not in self.out:
                        self.wrong("broken", f"slip {job[-4:]} is called printed and never came out")
                case ev.CreditApproved():
                    self.states[event.key] = event
                case ev.RewriteOpened():
                    self._numbered(event)
                case ev.WriteIntended(key=key, attempt=attempt):
                    self.permitted.add(("write", key, attempt))
                case ev.CardOffered(key=key):
                    self.permitted.add(("offer", key, 0))
                case ev.CardReadAsked(key=key):
                    self.permitted.add(("look", key, 0))
                case ev.OutcomeSending(key=key, attempt=attempt):
                    self.permitted.add(("outcome", key, attempt))
            if self.world.cards is not None:
                self.world.cards.judge.durable(event)

    def _may_be_taken(self, event: ev.NoteIntended) -> None:
        rules, total = self.world.config, self.inserted[event.key] + event.value_fen
        if not self.prints:
            self.wrong("broken", "rule 8: a note is taken without paper")
        if total > rules.cash.most_fen:
            self.wrong("broken", "rule 8: a note beyond what may be taken")
        if event.key in self.unquoted or not self.world.kiosk.core.facts.hub_up:
            if not rules.offline.take_cash:
                self.wrong("broken", "rule 8: a note is taken while the hub is gone")
            elif total > rules.offline.most_fen:
                self.wrong("broken", "rule 8: more is taken without the hub than may be")

    def _numbered(self, event: ev.PaymentOpened | ev.RewriteOpened) -> None:
        if event.kiosk_no <= self.kiosk_no:
            self.wrong("broken", f"I10: kiosk number {event.kiosk_no} after {self.kiosk_no}")
        self.kiosk_no = event.kiosk_no

    def _opened(self, event: ev.PaymentOpened) -> None:
        self._numbered(event)
        if event.account.account_no != self.confirmed:
            self.wrong("broken", f"opened for {event.account.account_no}, confirmed was {self.confirmed}")
        if not self.prints:
            self.wrong("broken", "rule 8: a payment begins without paper")
        if not event.quote.quote_id:
            self._opened_without_hub(event)
        others = [k for k, s in self.world.coverage.states.items() if s in BUSY and k != event.key]
        if others:
            self.wrong("broken", f"a new customer before {others[0][-4:]} was settled")

    def _opened_without_hub(self, event: ev.PaymentOpened) -> None:
        rules = self.world.config.offline
        self.unquoted.add(event.key)
        waiting = sum(self.inserted[key] for key, s in self.world.coverage.states.items() if s in UNBOOKED)
        waiting += sum(claim.amount_fen + claim.memo_fen for claim in self.world.kiosk.core.books.open_claims)
        if not rules.take_cash:
            self.wrong("broken", "rule 8: a payment begins while the hub is gone")
        elif waiting + event.quote.max_fen > rules.most_waiting_fen:
            self.wrong("broken", f"rule 8: {waiting} fen wait for the hub, and more may come in")

    def chose(self, session: Session, intent: Intent) -> None:
        """The customer presses something: keep which account was on the screen at a yes."""
        yes = (intent.name, session.page) in {("correct", Page.CONFIRM_ACCOUNT), ("buy_power", Page.CARD)}
        if yes and session.account:
            self.confirmed = session.account.account_no
        elif intent.name == "accept" and session.page is Page.PROVISIONAL:
            self.confirmed = session.account.account_no if session.account else session.typed_first

    def ordered(self, effect: Effect) -> None:
        """I6, I7: an act begins only when its permission is durable."""
        match effect:
            case fx.StackNote(note_id):
                key = ("stack", note_id, 0)
                if self.world.unit.note is not None:
                    # While the kiosk was away the customer may have put in another one of the same value.
                    self.notes[note_id] = self.world.unit.note
            case fx.SendCredit(payment):
                key = ("credit", payment.payment_id, payment.attempts)
            case fx.SendClaim(claim):
                key = ("claim", claim.claim_id, claim.attempts)
            case fx.WriteCard(payment) if payment.delivery is not None:
                key = ("write", payment.payment_id, payment.delivery.writes)
            case fx.ReadCardBack(payment):
                key = ("look", payment.payment_id, 0)
            case fx.PresentCard(payment):
                key = ("offer", payment.payment_id, 0)
            case fx.SendOutcome(payment) if payment.delivery is not None:
                key = ("outcome", payment.payment_id, payment.delivery.tellings)
            case fx.PrintSlip(job):
                key = ("slip", job, 0)
                if job in self.jobs:
                    self.wrong("broken", f"slip {job[-4:]} printed twice as one job")
                self.jobs.add(job)
            case _:
                return
        if key not in self.permitted:
            self.wrong("broken", f"I7: {type(effect).__name__} before its row was durable")

    def heard(self, report: CashReport, unit: Unit) -> None:
        """The kiosk is told of a note that waits in escrow."""
        if report.state is CashState.ESCROW and unit.note is not None:
            self.escrow = unit.note
            unit.note.intended_at = len(self.world.disk.rows)

    def acknowledged(self, note: Note | None) -> None:
        """I6 for notes: the acceptor forgets a note only when it is on our books."""
        if note is None or note.acknowledged or note.unasked:
            return
        note.acknowledged = True
        if not any(at > note.intended_at for at in self.records):
            self.wrong("lost", f"note {note.number} acknowledged before it was on the books", note.value_fen)

    def stepped(self, core: Any) -> None:
        """After each step: what the screen says is true."""
        if core.facts.journal_verdict in {"behind", "forked", "new_journal"}:
            self.wrong("broken", f"the hub finds our journal {core.facts.journal_verdict}")
        for untrue in self.truth.shown(core):
            self.wrong("broken", untrue)
        if self.world.cards is not None and self.world.cards.dispenser is not None:
            self.world.cards.judge.new.shown(core.session)

    def answered(self, asked: Asked, answered: Answered) -> None:
        """I8, I9: what the hub says it has is committed, and it says so in the same bytes each time."""
        if answered.status in FORBIDDEN or (answered.status == 404 and b"not_found" in answered.body):
            self.wrong(
                "broken", f"{asked.method} {asked.path}: {FORBIDDEN.get(answered.status, 'no resource')}"
            )
        if any(secret in answered.body for secret in self.secrets):
            self.wrong("broken", f"I13: the answer to {asked.path} tells in clear who is billed")
        if b'"id_reused"' in answered.body and answered.status == 409:
            self.wrong("broken", f"rule 4: {asked.path} was sent with other content")
        if "/reversals/" in asked.path:
            self.wrong("broken", f"rule 3: {asked.path} would take cash back")
        if "/payments/" in asked.path:
            self.orders.setdefault(asked.path, asked)
        if asked.method != "PUT" or answered.status not in {200, 201}:
            return
        kind, _, key = asked.path.removeprefix("/v1/").partition("/")
        if kind in {"card-reads", "card-writes", "identity-checks"}:
            if (kind.replace("-", "_"), key.partition("/")[0]) not in self.world.books.rows:
                self.wrong("lost", f"I8: {asked.path} answered and not committed")
            return
        if kind not in {"payments", "claims", "reversals"}:
            return
        row = self.world.books.rows.get((kind, key))
        kept = getattr(getattr(row, "stored", row), "reply", None)
        if kept != answered.body:
            self.wrong("lost", f"I8: {asked.path} answered and not committed")
        if self.replies.setdefault(asked.path, answered.body) != answered.body:
            self.wrong("broken", f"I9: {asked.path} answered in other bytes")

    def printed(self, effect: fx.PrintSlip, facts: ReceiptFacts) -> None:
        """A slip fell into a customer's hand: keep what it says and what the hub knew at that moment."""
        self.out.add(effect.job)
        about = effect.about
        owner = about.claim_id if isinstance(about, Claim) else about.payment_id
        for untrue in slip_tells(self.journal.jobs.get(owner, {}).get(effect.job), facts, effect.slip):
            self.wrong("broken", untrue)
        key = getattr(about, "payment_id", "") or getattr(about, "claim_id", "")
        row = self.world.books.rows.get(("payments", key))
        knew = row.stored.reply if row is not None and row.stored.serial is not None else b""
        self.slips.append(Slip(effect, facts, knew))

    def read(self, slip: Document) -> None:
        """I13: what is printed on it."""
        for open_secret in exposed("a slip", repr(slip).encode(), self.secrets):
            self.wrong("broken", open_secret)
