"""The whole core in a small world that crashes, cuts power, loses answers and forgets: no money is lost or doubled.

The acceptor, the hub and the customer here are models of a few lines; the core, its table and its books are the real
ones. Everything follows from the seed.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

import pytest

from drivers.cash.model import CashState
from kiosk.core.inputs import ClaimSaid, CreditSaid, Input, Intent, SlipOutcome, StatusSaid, Tick
from kiosk.hubclient import wire
from kiosk.hubclient.outcomes import Answer, NotSent, NotSentReason, Unknown, UnknownReason
from kiosk.payment import effects as fx
from kiosk.payment.model import Payment

SEEDS = 400
VALUES = (1000, 2000, 5000, 10000)


@dataclass
class Acceptor:
    """Holds one note at most on its way; keeps count and box through everything."""

    state: CashState = CashState.DISABLED
    value: int = 0
    owner: str = ""
    """The payment for which the note on its way was put in."""
    box: list[tuple[int, str]] = field(default_factory=list)
    told: CashState | None = None
    waiting: bool = False
    """A STACKED that was not acknowledged yet: repeated to whoever asks."""

    def obey(self, effect: fx.Effect) -> None:
        if isinstance(effect, fx.EnableAcceptor) and self.state is CashState.DISABLED:
            self.state = CashState.IDLE
        elif isinstance(effect, fx.DisableAcceptor) and self.state is CashState.IDLE:
            self.state = CashState.DISABLED
        elif isinstance(effect, fx.StackNote) and self.state is CashState.ESCROW:
            self.state = CashState.STACKING
        elif isinstance(effect, fx.GiveBackNote) and self.state is CashState.ESCROW:
            self.state = CashState.RETURNED
        elif isinstance(effect, fx.AcknowledgeNote):
            self.waiting = False
        elif isinstance(effect, fx.ResetAcceptor):
            self.state, self.value = CashState.DISABLED, 0

    def move(self, rng: random.Random) -> None:
        if self.state is CashState.STACKING and rng.random() < 0.2:
            return  # the motor hangs
        if self.state is CashState.STACKING:
            self.box.append((self.value, self.owner))
            self.state, self.waiting = CashState.STACKED, True
        elif self.state is CashState.RETURNED or (self.state is CashState.STACKED and not self.waiting):
            self.state, self.value = CashState.IDLE, 0

    def cut(self, rng: random.Random) -> None:
        """Power goes and comes back."""
        if self.state is CashState.STACKING and rng.random() < 0.5:
            self.box.append((self.value, self.owner))
            self.state = CashState.POWER_UP_NOTE_IN_BOX
        elif self.state in {CashState.ESCROW, CashState.STACKING}:
            self.state = CashState.POWER_UP_NOTE_IN_HEAD
        elif self.state is CashState.STACKED and self.waiting:
            self.state = CashState.POWER_UP_NOTE_IN_BOX
        else:
            self.state = CashState.POWER_UP
        self.waiting, self.told = False, None


class World:
    """One kiosk, its acceptor and the hub's books, driven by a seed."""

    def __init__(self, stage: Any, seed: int, account: Any, counts: bool) -> None:
        self.rng = random.Random(seed)
        self.stage, self.account, self.counts = stage, account, counts
        self.acceptor = Acceptor()
        self.first = True
        self.hub: dict[str, int] = {}
        self.claims: dict[str, wire.Claim] = {}
        self.tombstones: set[str] = set()
        self.bad_line = True

    def tell(self, told: Input) -> None:
        """One step of the kiosk, which may die before its journal, or after it and before any of its effects."""
        decision = self.stage.core.handle(told, self.stage.now)
        dies = self.rng.choice(["before", "after"]) if self.rng.random() < 0.02 and self.bad_line else ""
        if dies == "before":
            return self.restart()
        self.stage.journal += decision.events
        if self.rng.random() < 0.05:
            self.stage.take_snapshot()
        survive = self.rng.randrange(len(decision.effects) + 1) if dies else len(decision.effects)
        for effect in decision.effects[:survive]:
            self.act(effect)
        if dies:
            self.restart()
        return None

    def restart(self) -> None:
        self.first = True
        self.acceptor.told = None
        for effect in self.stage.restart():
            self.act(effect)

    def act(self, effect: fx.Effect) -> None:
        match effect:
            case fx.SendCredit(payment):
                self.credit(payment)
            case fx.SendClaim(claim):
                self.later(self.take_claim(claim))
            case fx.PrintSlip(job):
                self.later(SlipOutcome(job, self.rng.random() < 0.9, ""))
            case fx.AskHubStatus():
                status = wire.Status(
                    now=self.stage.now.utc, business_date=self.stage.now.day, mode="open", version="1"
                )
                self.later(StatusSaid(Answer(status)))
            case _:
                self.acceptor.obey(effect)

    pending: list[Input]

    def later(self, told: Input) -> None:
        self.pending.append(told)

    def credit(self, payment: Payment) -> None:
        luck = self.rng.random() if self.bad_line else 1.0
        if luck < 0.15:
            outcome: Any = NotSent(NotSentReason.REFUSED, "")
        else:
            assert payment.payment_id not in self.tombstones, "credited after it was claimed"
            known = self.hub.setdefault(payment.payment_id, payment.inserted_fen)
            assert known == payment.inserted_fen, "the same id with other content"
            outcome = Unknown(UnknownReason.TIMEOUT, "") if luck < 0.4 else Answer(self.stage.booked(payment))
        self.later(CreditSaid(payment.payment_id, payment.attempts, outcome))

    def take_claim(self, claim: Any) -> ClaimSaid:
        body = wire.Claim(
            id=claim.claim_id,
            reference=claim.reference,
            state="open",
            amount_fen=claim.amount_fen,
            memo_fen=claim.memo_fen,
            payment_id=claim.payment_id or None,
            resolution="",
        )
        if self.bad_line and self.rng.random() < 0.3:
            return ClaimSaid(claim.claim_id, claim.attempts, Unknown(UnknownReason.TIMEOUT, ""))
        whole = claim.reason in {"declined", "unanswered"}
        if not (whole and claim.payment_id in self.hub):
            self.claims[claim.claim_id] = body
            self.tombstones |= {claim.payment_id} if whole else set()
        return ClaimSaid(claim.claim_id, claim.attempts, Answer(body))

    def poll(self) -> None:
        """The kiosk hears of the acceptor's state, once a change and again after a restart."""
        acceptor = self.acceptor
        if acceptor.state is acceptor.told:
            acceptor.move(self.rng)
            return
        acceptor.told = acceptor.state
        resting = acceptor.state in {CashState.IDLE, CashState.DISABLED}
        counter = len(acceptor.box) if self.counts and resting else None
        first, self.first = self.first, False
        told = acceptor.state in {CashState.ESCROW, CashState.STACKED, CashState.RETURNED}
        unreadable = acceptor.state is CashState.STACKED and self.rng.random() < 0.03
        note = acceptor.value if told and not unreadable else 0
        self.tell(self.report(acceptor.state, note, counter, first))

    @staticmethod
    def report(state: CashState, value: int, counter: int | None, first: bool) -> Input:
        from drivers.cash.model import CashReport, NoteType
        from kiosk.core.inputs import AcceptorSaid

        note = NoteType(VALUES.index(value), value, "CNY") if value else None
        return AcceptorSaid(
            CashReport(state, note, first=first, needs_ack=state is CashState.STACKED), counter
        )

    def turn(self) -> None:
        """One random thing happens."""
        happens = self.rng.random()
        if happens < 0.3 and self.acceptor.state is CashState.IDLE:
            self.acceptor.state, self.acceptor.value = CashState.ESCROW, self.rng.choice(VALUES)
            whose = self.stage.core._desk.collecting
            self.acceptor.owner = whose.payment_id if whose else ""
        elif happens < 0.33:
            self.acceptor.cut(self.rng)
        elif happens < 0.40:
            self.tell(Intent(self.rng.choice(["pay_now", "cancel", "finish", "leave", "more_time", "help"])))
        elif happens < 0.45:
            self.stage.mono += self.rng.choice([1.0, 5.0, 65.0, 200.0])
            self.tell(Tick())
        elif self.pending and happens < 0.7:
            self.tell(self.pending.pop(self.rng.randrange(len(self.pending))))
        else:
            self.poll()

    def heal(self) -> None:
        """The line is good, nobody touches anything: everything comes to its end."""
        self.bad_line = False
        for _ in range(600):
            if self.pending:
                self.tell(self.pending.pop(0))
            else:
                self.poll()
                self.stage.mono += 5.0
                self.tell(Tick())

    def check(self) -> None:
        books = self.stage.core.books
        assert books.open_payments == ()
        assert books.open_claims == ()
        box = sum(value for value, _ in self.acceptor.box)
        credited = sum(self.hub.values())
        certain = sum(c.amount_fen for c in self.claims.values())
        uncertain = sum(c.memo_fen for c in self.claims.values())
        sums = (box, credited, certain, uncertain)
        assert credited + certain <= box, sums
        if not any(c.amount_fen == c.memo_fen == 0 for c in self.claims.values()):
            assert box <= credited + certain + uncertain, sums
        for payment_id, amount in self.hub.items():
            own = sum(value for value, owner in self.acceptor.box if owner == payment_id)
            assert amount <= own, "money of another customer"


@pytest.mark.parametrize("counts", [True, False], ids=["with a counter", "without a counter"])
def test_money_in_the_box_is_credited_or_claimed_whatever_happens(
    make_stage: Any, world: Any, counts: bool
) -> None:
    for seed in range(SEEDS):
        stage = make_stage().up()
        small = World(stage, seed, world.account, counts)
        small.pending = []
        for _ in range(3):
            if stage.page.value == "attract" and small.acceptor.state is CashState.DISABLED:
                stage.up().at_slot()
                small.acceptor.state, small.acceptor.told = CashState.IDLE, CashState.IDLE
            for _ in range(60):
                small.turn()
        small.heal()
        try:
            small.check()
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {error}") from error
