"""One kiosk of the simulation: the real core and runner, with journal, lanes and printer on virtual time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from drivers.cash.ccnet_states import HEALTH
from drivers.cash.model import CashState
from drivers.status import DeviceHealth, DeviceStatus
from kiosk import runner as kiosk_runner
from kiosk.books import Books, from_snapshot, to_snapshot
from kiosk.core.core import Core
from kiosk.core.inputs import AcceptorSaid, DeviceFelt, Input, SlipOutcome, Tick
from kiosk.journal.packing import Packing, dictionary
from kiosk.journal.row import chain_hash, chained, from_columns, genesis, milliseconds
from kiosk.lanes.build import BACK_LANES
from kiosk.lanes.lane import Lane
from kiosk.payment import effects as fx
from kiosk.payment.effects import Effect
from kiosk.payment.events import AnyEvent
from kiosk.payment.model import Claim
from kiosk.slips import Slips
from tests.crash.acceptor import Ear, Unit
from tests.crash.config import KEY
from tests.crash.coverage import Appended, Death
from tests.crash.line import WireClient, WireLane

PACKING = Packing(dictionary())
JOURNAL_ID = "00" * 16
GENESIS = genesis(JOURNAL_ID, PACKING)
FINE = DeviceHealth(DeviceStatus.ONLINE)


@dataclass
class Disk:
    """The journal's file: the columns of real rows in a chain; what was appended outlives the process."""

    rows: list[tuple[int, int, bytes, bytes]] = field(default_factory=list)
    snapshot: tuple[int, bytes] | None = None

    @property
    def head(self) -> tuple[int, str]:
        return len(self.rows), self.hash_at(len(self.rows))

    def hash_at(self, seq: int) -> str:
        return self.rows[seq - 1][2].hex() if seq else GENESIS

    def recover(self) -> Books:
        """Fold as the journal does at a start, from the newest snapshot on, checking the chain."""
        if self.snapshot is None:
            return self._fold(0, Books.empty())
        return self._fold(self.snapshot[0], from_snapshot(self.snapshot[1]))

    def whole(self) -> Books:
        """Fold all rows, forgetting nothing."""
        return self._fold(0, Books.empty())

    def _fold(self, seq: int, books: Books) -> Books:
        head = self.hash_at(seq)
        for columns in self.rows[seq:]:
            row = from_columns(columns, PACKING)
            if row.hash != chain_hash(head, row.seq, row.at_ms, row.packed):
                raise ValueError("I12: the chain is broken")
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
        appended = world.coverage.about(events)
        if world.plan.dies_before(appended):
            world.coverage.died(appended, appended=False)
            raise Death
        seq, head = self.head
        for event in events:
            row = chained(head, seq := seq + 1, milliseconds(at), event, PACKING)
            self.disk.rows.append((row.seq, row.at_ms, bytes.fromhex(row.hash), row.packed))
            head = row.hash
        world.kiosk.appended = appended
        world.coverage.follow(events)
        world.judge.durable(events)

    def snapshot_if_due(self, books: Books) -> None:
        """At random moments, so that a start begins anywhere."""
        if self.world.rng.random() < 0.05:
            self.disk.snapshot = len(self.disk.rows), to_snapshot(books)

    def close(self) -> None:
        pass


class SimRunner(kiosk_runner.Runner):
    """The real runner without its thread and its screen: what it does with a decision is its own."""

    def _show(self) -> None:
        pass

    def _take_pulse(self) -> Any:
        return None


class Port(Lane):
    """The acceptor's lane."""

    def __init__(self, world: Any, tell: Callable[[Input], None]) -> None:
        super().__init__("acceptor", tell)
        self.world, self.unit = world, world.unit
        self.ear = Ear(self.unit)
        self.acked = -1
        self.wanted = self.dead = self.due = False
        self.health: DeviceHealth | None = None

    def put(self, effect: Effect) -> None:
        unit: Unit = self.unit
        self.world.judge.ordered(effect)
        self.wanted = isinstance(effect, fx.EnableAcceptor) or (
            self.wanted and not isinstance(effect, fx.DisableAcceptor)
        )
        if isinstance(effect, fx.AcknowledgeNote):
            if self.ear.last is CashState.STACKED:
                self.acked = unit.step
                self.acknowledge()
        elif not unit.answers or not unit.obey(effect):
            self.ear.again = True
        self.listen()

    def acknowledge(self) -> None:
        if self.unit.answers and self.unit.state is CashState.STACKED and self.acked == self.unit.step:
            self.world.judge.acknowledged(self.unit.note)
            self.unit.acknowledge()

    def listen(self, seconds: float = 0.0) -> None:
        """Poll soon."""
        if not self.due and not self.dead:
            self.due = True
            self.world.later(seconds or self.world.rng.uniform(0.02, 0.12), self.poll)

    def poll(self) -> None:
        self.due = False
        if self.dead:
            return
        report = self.ear.poll(self.world.t)
        if report is not None:
            self._feel(report.state)
            self.world.judge.heard(report, self.unit)
            self.tell(AcceptorSaid(report, self.ear.counter(report)))
        if self.dead:
            return
        self.acknowledge()
        if not self.unit.answers and not self.ear.offline:
            self.listen(1.0)
        elif self.wanted and self.unit.state is CashState.DISABLED:
            self.world.later(1.2, self._insist)

    def _insist(self) -> None:
        if self.wanted and not self.dead and self.unit.answers and self.unit.state is CashState.DISABLED:
            self.unit.obey(fx.EnableAcceptor())

    def _feel(self, state: CashState) -> None:
        if HEALTH[state] != self.health:
            self.health = HEALTH[state]
            self.tell(DeviceFelt("acceptor", self.health))


class Paper(Lane):
    """The printer's lane: the slips are composed by the kiosk's own code and fall where a customer can read them."""

    def __init__(self, world: Any, tell: Callable[[Input], None]) -> None:
        super().__init__("printer", tell)
        self.world, self.dead = world, False
        self.slips = Slips(world.config, KEY)
        self.at_work = 0

    def put(self, effect: Effect) -> None:
        assert isinstance(effect, fx.PrintSlip)
        self.world.judge.ordered(effect)
        self.at_work += 1
        rng = self.world.rng
        seconds = rng.uniform(5.0, 200.0) if rng.random() < self.world.slow_paper else rng.uniform(0.5, 3.0)
        self.world.later(seconds, lambda: self._print(effect))

    def _print(self, effect: fx.PrintSlip) -> None:
        rng, bad = self.world.rng, self.world.bad
        if self.dead and rng.random() < 0.5:
            return
        if rng.random() > bad:
            about = effect.about
            facts = (
                self.slips.of_claim(about, effect)
                if isinstance(about, Claim)
                else self.slips.of_payment(about, effect)
            )
            self.world.judge.printed(effect, facts)
            told = SlipOutcome(effect.job, rng.random() > bad / 2, "")
        else:
            told = SlipOutcome(effect.job, False, "paper_out")
        self.at_work -= 1
        if not self.dead:
            self.tell(told)


class Kiosk:
    """One life of the kiosk's process, from its start to its death."""

    def __init__(self, world: Any) -> None:
        self.world, self.dead = world, False
        self.appended: Appended | None = None
        self.ticking = 0.0
        self.born = world.t - (world.rng.uniform(5.0, 1e5) if world.rng.random() < 0.5 else 0.0)
        self.core = Core(world.config, world.disk.recover(), world.new_id, self.now)
        journal: Any = MemoryJournal(world)
        self.runner = SimRunner(self.core, journal, self._lanes, lambda _: None, lambda: None)

    def _lanes(self, tell: Any) -> Mapping[str, Lane]:
        world = self.world
        self.port, self.paper = Port(world, self.tell), Paper(world, self.tell)
        self.hub_lanes = [
            WireLane(name, WireClient("http://127.0.0.1:1", "T-1", KEY), self.tell, world.line, calls)
            for name, calls in (("hub", 1), ("hub_back", len(BACK_LANES)))
        ]
        lanes = {
            "acceptor": self.port,
            "printer": self.paper,
            "hub": self.hub_lanes[0],
            "hub_back": self.hub_lanes[1],
        }
        return {name: _Deadly(self, lane) for name, lane in lanes.items()}

    @property
    def now(self) -> Any:
        return self.world.moment(self.born)

    def begin(self) -> None:
        self._guarded(lambda: self.core.begin(self.now))
        if not self.dead:
            self.tell(DeviceFelt("printer", FINE))
            self.port.listen()

    def tell(self, told: Input) -> None:
        """Let the core deal with one input now."""
        if not self.dead:
            if self.world.trace is not None:
                self.world.note(f"told {told}")
            self._guarded(lambda: self.core.handle(told, self.now))

    def _guarded(self, decide: Callable[[], Any]) -> None:
        self.appended = None
        try:
            decision = decide()
            if self.world.trace is not None:
                for event in decision.events:
                    self.world.note(f"  event {event}")
            self.runner._act(decision)
            self.world.plan.dies_idle(self.appended)
        except Death:
            if self.appended is not None:
                self.world.coverage.died(self.appended, appended=True)
            self.die()
            return
        self.world.judge.stepped(self.core)
        self._tick()

    def _tick(self) -> None:
        due = self.core.next_due
        if due is not None and (not self.ticking or due < self.ticking):
            self.ticking = due
            self.world.later(max(due - self.now.mono, 0.0) + 0.001, lambda: self._ticked(due))

    def _ticked(self, due: float) -> None:
        if not self.dead and self.ticking == due:
            self.ticking = 0.0
            self.tell(Tick())

    def die(self) -> None:
        """Everything in memory is gone; what is on the wires goes on without us."""
        if not self.dead:
            self.dead = self.port.dead = self.paper.dead = True
            for lane in self.hub_lanes:
                lane.dead = True
            self.world.died()

    @property
    def busy(self) -> bool:
        lanes = any(lane.busy or lane.waiting for lane in self.hub_lanes)
        return lanes or self.paper.at_work > 0


class _Deadly(Lane):
    """Hands an effect on to its lane; the process may die before it and after it."""

    def __init__(self, kiosk: Kiosk, lane: Lane) -> None:
        super().__init__(lane.name, lane.tell)
        self.kiosk, self.lane = kiosk, lane

    def put(self, effect: Effect) -> None:
        kiosk = self.kiosk
        world, appended = kiosk.world, kiosk.appended
        if world.plan.dies_at_effect(appended, effect):
            raise Death
        if world.trace is not None:
            world.note(f"  effect {type(effect).__name__}")
        if isinstance(effect, fx.SendCredit | fx.SendClaim):
            world.judge.ordered(effect)
        self.lane.put(effect)
        if appended is not None:
            appended.done(effect)
        if world.plan.dies_after_effect(appended, effect):
            raise Death
