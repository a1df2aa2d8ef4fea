"""A playbook for the core: the world tells, the kiosk asks; what was journalled can be replayed at any moment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from drivers.cash.model import CashReport, CashState, NoteType
from drivers.status import DeviceHealth, DeviceStatus
from kiosk.books import Books, from_snapshot, to_snapshot
from kiosk.config import Acceptor, Cash, Config, Hub, JournalFile, Printer, Terminal
from kiosk.core.core import Core
from kiosk.core.inputs import (
    AcceptorSaid,
    AccountSaid,
    ClaimSaid,
    CreditSaid,
    DeviceFelt,
    Input,
    Intent,
    Moment,
    QuoteSaid,
    SlipOutcome,
    StatusSaid,
    Tick,
)
from kiosk.hubclient import wire
from kiosk.hubclient.outcomes import Answer, NotSent, NotSentReason, Outcome, Unknown, UnknownReason
from kiosk.payment import effects as fx
from kiosk.payment.effects import Effect
from kiosk.payment.events import AnyEvent
from kiosk.payment.model import Payment, PaymentState
from kiosk.session.state import Page

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
DAY = date(2026, 11, 22)
FINE = DeviceHealth(DeviceStatus.ONLINE)
NOTES = {v: NoteType(i, v, "CNY") for i, v in enumerate((500, 1000, 2000, 5000, 10000))}

CONFIG = Config(
    terminal=Terminal(id="T-1", bench=True),
    hub=Hub(url="http://127.0.0.1:1", key_file=Path("k"), claim_after_attempts=5),
    journal=JournalFile(path=Path("j")),
    acceptor=Acceptor(port="a"),
    printer=Printer(port="p"),
    cash=Cash(most_fen=100000, most_notes=8),
)


def bill(month: str, due: int) -> wire.Bill:
    return wire.Bill(
        month=month,
        charge_fen=due,
        late_fee_fen=0,
        paid_fen=0,
        due_fen=due,
        due_date=DAY,
        state="open",
        kwh=100,
    )


def account(*bills: wire.Bill, balance: int = 0, state: str = "open") -> wire.Account:
    arrears = sum(b.due_fen for b in bills)
    return wire.Account(
        account_no="0399000000000018",
        name_masked="*伟",
        address_masked="漠阳花园**栋",
        supply_unit="城东",
        usage_class="residential",
        state="closed" if state == "closed" else "open",
        meters=(),
        balance_fen=balance,
        arrears_fen=arrears,
        due_fen=max(arrears - balance, 0),
        bills=bills,
        as_of=NOW,
        business_date=DAY,
    )


SILENCE: Unknown = Unknown(UnknownReason.BROKEN, "no answer")


@dataclass
class Stage:
    """One kiosk on a bench of words. `effects` are what the last input led to, `journal` all events so far."""

    config: Config = CONFIG
    journal: list[AnyEvent] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    mono: float = 1000.0
    snapshot: bytes = b""
    snapshot_at: int = 0
    ids: Callable[[], str] = field(default_factory=lambda: (lambda n: lambda: f"{next(n):032x}")(count(1)))

    def __post_init__(self) -> None:
        self.restart()

    @property
    def now(self) -> Moment:
        return Moment(self.mono, NOW + timedelta(seconds=self.mono - 1000))

    def restart(self) -> list[Effect]:
        """Lose everything but the journal."""
        books = from_snapshot(self.snapshot) if self.snapshot else Books.empty()
        for event in self.journal[self.snapshot_at :]:
            books.apply(event)
        self.core = Core(self.config, books, self.ids, self.now)
        decision = self.core.begin(self.now)
        self.journal += decision.events
        self.effects = list(decision.effects)
        return self.effects

    def take_snapshot(self) -> None:
        """What the journal would store beside its last row."""
        self.snapshot, self.snapshot_at = to_snapshot(self.core.books), len(self.journal)

    def says(self, *told: Input) -> list[Effect]:
        """The world tells; returns what the kiosk asks of it."""
        self.effects = []
        for one in told:
            decision = self.core.handle(one, self.now)
            self.journal += decision.events
            self.effects += decision.effects
        return self.effects

    def press(self, *names: str) -> list[Effect]:
        return self.says(*(Intent(*name.split(":")) for name in names))

    def wait(self, seconds: float) -> list[Effect]:
        """Let time pass, timer by timer."""
        until, effects = self.mono + seconds, []
        while (due := self.core.next_due) is not None and due <= until:
            self.mono = max(due, self.mono)
            effects += self.says(Tick())
        self.mono = until
        self.effects = effects
        return effects

    def acceptor(
        self,
        state: CashState,
        value: int = 0,
        counter: int | None = None,
        *,
        first: bool = False,
        reason: str = "",
    ) -> list[Effect]:
        report = CashReport(
            state,
            NOTES.get(value),
            reason=reason,
            first=first,
            needs_ack=state is CashState.STACKED,
        )
        return self.says(AcceptorSaid(report, counter))

    def note(self, value: int) -> None:
        """A note goes in and is stacked."""
        self.acceptor(CashState.ACCEPTING)
        self.acceptor(CashState.ESCROW, value)
        assert isinstance(self.effects[-1], fx.StackNote), self.effects
        self.acceptor(CashState.STACKED, value)
        assert fx.AcknowledgeNote() in self.effects
        self.acceptor(CashState.IDLE)

    def hub(self, outcome: Outcome[wire.Payment] | None = None) -> list[Effect]:
        """The hub answers the newest credit request: books it if no other word is given."""
        payment = self.payment
        return self.says(
            CreditSaid(payment.payment_id, payment.attempts, outcome or Answer(self.booked(payment)))
        )

    def claim_taken(self) -> list[Effect]:
        claim = self.core.books.open_claims[0]
        body = wire.Claim(
            id=claim.claim_id,
            reference=claim.reference,
            state="open",
            amount_fen=claim.amount_fen,
            memo_fen=claim.memo_fen,
            payment_id=claim.payment_id or None,
            resolution="",
        )
        return self.says(ClaimSaid(claim.claim_id, claim.attempts, Answer(body)))

    def booked(self, payment: Payment) -> wire.Payment:
        return wire.Payment(
            id=payment.payment_id,
            status="credited",
            hub_no="000000000050",
            account_no=payment.account.account_no,
            amount_fen=payment.inserted_fen,
            allocations=(),
            to_balance_fen=payment.inserted_fen,
            balance_before_fen=0,
            balance_after_fen=payment.inserted_fen,
            arrears_after_fen=0,
            credited_at=NOW,
            business_date=DAY,
        )

    def printed(self, ok: bool = True, reason: str = "") -> list[Effect]:
        """The newest slip comes out, or does not."""
        jobs = [e for e in self.journal if type(e).__name__ == "SlipIntended"]
        return self.says(SlipOutcome(jobs[-1].job, ok, reason))  # type: ignore[union-attr]

    @property
    def payment(self) -> Payment:
        return list(self.core.books.payments.values())[-1]

    @property
    def page(self) -> Page:
        return self.core.session.page

    def at(self, page: Page) -> bool:
        """Whether this page is shown."""
        return self.page is page

    def stands(self, state: PaymentState) -> bool:
        """Whether the newest payment is in this state."""
        return self.payment.state is state

    def up(self) -> Stage:
        """Everything works."""
        status = wire.Status(now=NOW, business_date=DAY, mode="open", version="1")
        self.says(DeviceFelt("acceptor", FINE), DeviceFelt("printer", FINE), StatusSaid(Answer(status)))
        self.acceptor(CashState.DISABLED, first=True)
        return self

    def leaves(self) -> Stage:
        """The hub does not answer any more."""
        self.says(StatusSaid(NotSent(NotSentReason.REFUSED, "no")))
        return self

    def comes(self) -> None:
        """The hub answers again."""
        status = wire.Status(now=NOW, business_date=DAY, mode="open", version="1")
        self.says(StatusSaid(Answer(status)))

    def found(self, who: wire.Account) -> Stage:
        """The customer has found and confirmed an account."""
        self.press("start", "pay_bill", *(f"key:{d}" for d in who.account_no), "confirm")
        [look_up] = [effect for effect in self.effects if isinstance(effect, fx.LookUp)]
        self.says(AccountSaid(look_up.request, Answer(who)))
        assert self.at(Page.CONFIRM_ACCOUNT)
        self.press("correct")
        return self

    def at_slot(self, who: wire.Account | None = None, max_fen: int = 200000) -> Stage:
        """The customer stands at the note slot."""
        who = who or account(bill("2026-09", 9255), bill("2026-10", 12056))
        self.found(who)
        self.press("pay" if who.bills else "prepay", "cash")
        [ask] = self.effects
        self.quoted(ask, who, max_fen)
        assert self.effects == [fx.EnableAcceptor()]
        self.acceptor(CashState.IDLE)
        return self

    def quoted(self, ask: Effect, who: wire.Account | None = None, max_fen: int = 200000) -> None:
        """The hub gives the quote that was asked for."""
        assert isinstance(ask, fx.AskQuote)
        quote = wire.Quote(
            id=ask.quote_id,
            account_no=ask.account_no,
            business="prepay" if ask.business == "prepay" else "arrears",
            months=ask.months,
            due_fen=who.due_fen if who else 0,
            max_fen=max_fen,
            expires_at=NOW,
            as_of=NOW,
        )
        self.says(QuoteSaid(ask.quote_id, Answer(quote)))


@pytest.fixture
def stage() -> Stage:
    return Stage().up()


@pytest.fixture
def make_stage() -> type[Stage]:
    return Stage


@pytest.fixture
def world() -> object:
    """The names that tests need from here."""

    class World:
        account = staticmethod(account)
        bill = staticmethod(bill)
        silence = SILENCE
        day = DAY
        config = CONFIG

    return World
