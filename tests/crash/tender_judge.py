"""The judge of money that is not cash: holds far ends, hub and journal against one another at each step."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from drivers.printer.document import Document
from kiosk.core.inputs import Intent
from kiosk.payment import effects as fx
from kiosk.payment import events as ev
from kiosk.payment.effects import Effect
from kiosk.payment.model import Claim, PaymentState
from kiosk.receipts import ReceiptFacts
from kiosk.session.state import Page, Session
from tests.crash.cabinet import ORDERED
from tests.crash.coverage import EFFECTS
from tests.crash.judge import FORBIDDEN, Kind, Violation
from tests.crash.line import Answered, Asked
from tests.crash.memory_sales import is_unsettled
from tests.crash.privacy import exposed

PERMITTED: frozenset[Any] = frozenset(ORDERED)
"""The acts that a row permits, once."""


def booked_fen(world: Any, payment_id: str) -> int:
    """What the hub's books credit of a payment now."""
    row = world.books.rows.get(("payments", payment_id))
    if row is None or row.stored.serial is None or row.stored.reversal_id is not None:
        return 0
    return int(row.stored.amount_fen)


@dataclass
class Watch:
    """What the hub commits, as it commits it."""

    world: Any

    def committed(self, _begun: Any, rows: dict[Any, Any]) -> None:
        """Rule R3, and I4: nothing is credited beside its claim or its reversal."""
        world = self.world
        for (table, key), row in rows.items():
            if table == "sales" and row.state == "sending":
                others = [
                    sale
                    for sale in world.books.table("sales").values()
                    if sale.id != key and (sale.acquirer, sale.terminal) == (row.acquirer, row.terminal)
                ]
                if any(is_unsettled(sale) for sale in others):
                    world.judge.wrong("broken", "rule 3: a new sale while another's fate is open")
            approved = table == "sales" and row.state == "approved"
            if approved and (row.acquirer, row.stan) in world.house.bad_answers:
                world.judge.wrong(
                    "broken", "rule 2: a sale is approved by an answer that nothing vouches for"
                )
            if table == "payments" and row.stored.serial is not None and row.stored.claim_id is not None:
                world.judge.wrong("doubled", "I4: a payment is credited and claimed")


@dataclass
class TenderJudge:
    """Told of everything that happens; `found` is what was wrong."""

    world: Any
    found: list[Violation] = field(default_factory=list)
    secrets: frozenset[bytes] = frozenset()
    prints: bool = False
    permits: Counter[tuple[type[Effect], str]] = field(default_factory=Counter)
    """What rows on disk permit in this life of the kiosk, and has not been begun."""
    jobs: set[str] = field(default_factory=set)
    reversals: dict[str, str] = field(default_factory=dict)
    bodies: dict[str, bytes] = field(default_factory=dict)
    replies: dict[str, bytes] = field(default_factory=dict)
    confirmed: str = ""
    kiosk_no: int = 0
    clerk: Watch = field(init=False)

    def __post_init__(self) -> None:
        self.clerk = Watch(self.world)

    def wrong(self, kind: Kind, text: str, fen: int = 0) -> None:
        self.world.note(f"WRONG {kind}: {text}")
        self.found.append(Violation(kind, text, fen))

    # The kiosk.

    def started(self) -> None:
        """A new life: what an earlier one was permitted and has not begun is not permitted to this one."""
        self.permits.clear()

    def durable(self, events: Sequence[ev.AnyEvent]) -> None:
        """These rows are on disk; what they permit may happen from here on, once."""
        for event, name in zip(events, self.world.kiosk.appended.names, strict=True):
            effect = EFFECTS.get(name)
            if effect is not None and effect in PERMITTED:
                self.permits[effect, event.key] += 1
            if isinstance(event, ev.TenderOpened):
                if event.account.account_no != self.confirmed:
                    self.wrong("broken", f"opened for {event.account.account_no}, not {self.confirmed}")
                if event.kiosk_no <= self.kiosk_no:
                    self.wrong("broken", f"I10: kiosk number {event.kiosk_no} after {self.kiosk_no}")
                self.kiosk_no = event.kiosk_no
                if self.world.ends_accounts:
                    self.world.ends_account(event.account.account_no)
                if not self.prints:
                    self.wrong("broken", "rule 8: a payment begins without paper")

    def chose(self, session: Session, intent: Intent) -> None:
        """The customer says yes to an account."""
        if intent.name == "correct" and session.page is Page.CONFIRM_ACCOUNT and session.account:
            self.confirmed = session.account.account_no

    def ordered(self, effect: Effect) -> None:
        """I7: an act begins only when its permission is durable."""
        if isinstance(effect, fx.PrintSlip):
            if effect.job in self.jobs:
                self.wrong("broken", f"slip {effect.job[-4:]} printed twice as one job")
            self.jobs.add(effect.job)
            return
        if type(effect) not in PERMITTED:
            return
        about: Any = getattr(effect, "payment", None) or getattr(effect, "claim", None)
        key = about.claim_id if isinstance(about, Claim) else about.payment_id
        self.permits[type(effect), key] -= 1
        if self.permits[type(effect), key] < 0:
            self.wrong("broken", f"I7: {type(effect).__name__} before its row was durable")

    def stepped(self, core: Any) -> None:
        """After each step: what the screen says is true."""
        session = core.session
        payment = core.books.payments.get(session.payment_id)
        if payment is None:
            return
        if payment.tender == "qr" and self.world.hub.policy.late == "credit" and payment.ended:
            return  # the utility credits what a phone pays after all, and the page was true when it came
        fen = booked_fen(self.world, payment.payment_id)
        if session.page is Page.DONE and not fen:
            self.wrong("broken", "I6: the screen says paid, and the hub has not booked it")
        ended = session.page is Page.DECLINED or payment.state is PaymentState.REVERSED
        if ended and fen:
            self.wrong("broken", f"the page {session.page} says that nothing was taken, and it is booked")
        taken = session.page is Page.DECLINED and self.world.taken_fen(payment.payment_id)
        if taken and not self.world.goes_back(payment.payment_id):
            self.wrong("lost", "the screen says that nothing was taken, and it was", payment.asked_fen)

    def printed(self, effect: fx.PrintSlip, _facts: ReceiptFacts) -> None:
        """A slip fell into a customer's hand."""
        key = getattr(effect.about, "payment_id", "")
        fen = booked_fen(self.world, key)
        if effect.slip == "paid" and not fen:
            self.wrong("broken", "I6: a paid slip for what the hub has not credited")
        if effect.slip == "reversal" and fen and not self.world.undoes(key):
            self.wrong("broken", "a slip says that it goes back, and it is booked")

    def read(self, slip: Document) -> None:
        """I13: what is printed on it."""
        for open_secret in exposed("a slip", repr(slip).encode(), self.secrets):
            self.wrong("broken", open_secret)

    def acknowledged(self, _note: Any) -> None:
        """There are no notes in this world."""

    def heard(self, _report: Any, _unit: Any) -> None:
        """There are no notes in this world."""

    # The hub.

    def answered(self, asked: Asked, answered: Answered) -> None:
        """I6, I8, I9: what the hub says it has is committed, and of what is at its end it says the same each time."""
        if answered.status in FORBIDDEN or (answered.status == 404 and b"not_found" in answered.body):
            self.wrong(
                "broken", f"{asked.method} {asked.path}: {FORBIDDEN.get(answered.status, 'no resource')}"
            )
        if b'"id_reused"' in answered.body and answered.status == 409:
            self.wrong("broken", f"rule 4: {asked.path} was sent with other content")
        for open_secret in exposed("an answer", answered.body, self.secrets):
            self.wrong("broken", open_secret)
        if "/reversals/" in asked.path:
            about = json.loads(asked.body)["payment_id"]
            if self.reversals.setdefault(about, asked.path) != asked.path:
                self.wrong("broken", "rule 4: another id for the reversal of the same sale")
        if answered.status not in {200, 201} or asked.method != "PUT":
            return
        kind, _, key = asked.path.removeprefix("/v1/").partition("/")
        if kind in {"payments", "claims", "reversals", "redemptions"}:
            if (kind, key) not in self.world.books.rows:
                self.wrong("lost", f"I8: {asked.path} answered and not committed")
            if self.replies.setdefault(asked.path, answered.body) != answered.body:
                self.wrong("broken", f"I9: {asked.path} answered in other bytes")
        if b'"status":"approved"' in answered.body and not booked_fen(self.world, key):
            row = self.world.books.rows.get(("payments", key))
            if row is None or row.stored.serial is None:
                self.wrong("lost", f"I8: {asked.path} says approved and nothing is booked")


__all__ = ["TenderJudge", "booked_fen"]
