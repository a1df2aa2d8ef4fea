"""The desk at which the core works: books, customer, facts, timers, and what was decided in this step."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from drivers.cash.model import CashState
from kiosk.books import Books
from kiosk.config import Config
from kiosk.core.fate import Sight
from kiosk.core.inputs import Moment
from kiosk.page import Modes
from kiosk.payment import effects as fx
from kiosk.payment.effects import Effect
from kiosk.payment.events import AnyEvent
from kiosk.payment.model import Claim, Payment, PaymentState
from kiosk.session.state import CardSight, Facts, Page, Session

COLLECTING = frozenset(
    {
        PaymentState.OPEN,
        PaymentState.STACKING_FIRST,
        PaymentState.FUNDED,
        PaymentState.STACKING,
        PaymentState.CANCELLING,
        PaymentState.CLOSING,
    }
)
"""States in which the acceptor belongs to the payment."""


@dataclass(slots=True)
class Desk:
    """Everything that a decision may read or change. Nothing here outlives a crash except what `emit` was given."""

    config: Config
    ids: Callable[[], str]
    books: Books
    session: Session
    facts: Facts
    now: Moment
    cash_state: CashState = CashState.INITIALIZING
    counter: int | None = None
    sight: Sight = Sight.WATCHED
    """How well the acceptor was watched since it last stood empty-handed before us."""
    business_date: date | None = None
    hub_spoke: float | None = None
    """When the hub last answered, on the monotonic clock of this start."""
    scanning: str = ""
    """What the scanner reads for the page; empty while it rests."""
    card_of: str = ""
    """The payment that the bank card in the reader was put in for; its slip says so should the card be kept."""
    asking_status: bool = False
    """Whether a heartbeat is under way: a second one might overtake it, and the journal would seem to go back."""
    hub_knows: int | None = None
    """The row of our journal that the hub knows, as it last said; 0 is its beginning."""
    ending: str = ""
    """The payment of an earlier run: it takes no further note and is brought to its end."""
    asked: str = ""
    """Id of the look-up or quote that the customer waits for; answers to any other are stale."""
    refused_by: dict[str, float] = field(default_factory=dict)
    """Cards by serial that refused our cryptogram, and until when none is tried on them: each costs them a try."""
    timers: dict[str, float] = field(default_factory=dict)
    events: list[AnyEvent] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)

    def emit(self, *events: AnyEvent) -> None:
        """Decide: fold the events into the books; they become durable before any effect of this step."""
        for event in events:
            self.effects.extend(self.books.apply(event))
            self.events.append(event)

    def do(self, effect: Effect) -> None:
        """Ask for something that an earlier event has permitted already, or that needs no permission."""
        self.effects.append(effect)

    def go(self, page: Page, **changes: Any) -> None:
        """Show another page, with changes to the session; a page's own end goes with it."""
        self.timers.pop("page", None)
        self.session = replace(
            self.session, page=page, seconds_left=None, wait_level=0, under=None, **changes
        )

    def change(self, **changes: Any) -> None:
        """Change the session on the same page."""
        self.session = replace(self.session, **changes)

    def eject_bank_card(self) -> None:
        """Give the bank card back, or take none any more; it does nothing where none can be in."""
        if self.facts.bank_reader is not None and self.session.bank is not None:
            self.do(fx.EjectBankCard())

    def start_over(self) -> None:
        """Forget this customer: nothing of them may reach the next one."""
        for name in ("question", "page", "wait", "checking", "identity", "phone"):
            self.timers.pop(name, None)
        if self.session.page is Page.PIN:
            self.do(fx.EndPin())
        self.eject_bank_card()
        self.asked = ""
        reads = self.session.page in {Page.READING_CARD, Page.SETTLING}
        # After a restart only the payment knows that there is a card.
        paid_for_card = self.shown is not None and self.shown.card is not None
        had_card = self.session.card is not None or reads or paid_for_card
        self.session = Session(modes=Modes(lang=self.config.terminal.language))
        if had_card and self.facts.card_in:
            self.go(Page.TAKE_CARD)
            self.after("page", self.config.meter_card.take_card_s)
        if self.facts.bank_card in {"in", "mouth"}:
            # The meter card is asked for after it; nothing else is known of it any more.
            left = CardSight("", None) if had_card and self.facts.card_in else None
            self.go(Page.TAKE_BANK_CARD, card=left)
        kept = self.card_of if self.facts.bank_card in {"in", "mouth"} else ""
        self.books.forget_ended(kept)

    def after(self, name: str, seconds: float) -> None:
        """Set a timer, replacing the one of that name."""
        self.timers[name] = self.now.mono + seconds

    def stop(self, name: str) -> None:
        """Drop a timer."""
        self.timers.pop(name, None)

    @property
    def shown(self) -> Payment | None:
        """The payment that the customer in front sees."""
        return self.books.payments.get(self.session.payment_id)

    @property
    def shown_claim(self) -> Claim | None:
        """The claim that stands for the shown payment's money, or else for a note of it."""
        payment = self.shown
        if payment is None:
            return None
        if payment.claim_id:
            return self.books.claims.get(payment.claim_id)
        own = [c for c in self.books.claims.values() if c.payment_id == payment.payment_id]
        return own[-1] if own else None

    @property
    def collecting(self) -> Payment | None:
        """The payment that the acceptor works for; there is never more than one."""
        return next((p for p in self.books.payments.values() if p.state in COLLECTING), None)


def spread(key: str, attempt: int) -> float:
    """A factor of 0.75 to 1.25, the same for the same attempt, so that kiosks do not retry in step."""
    digest = hashlib.sha256(f"{key}{attempt}".encode()).digest()
    return 0.75 + int.from_bytes(digest[:2], "big") / 65535 * 0.5
