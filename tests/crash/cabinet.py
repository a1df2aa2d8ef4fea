"""One kiosk of the simulation: the real core and runner, with journal, lanes and printer on virtual time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kiosk import runner as kiosk_runner
from kiosk.core.core import Core
from kiosk.core.inputs import Input, Intent, Tick
from kiosk.lanes.build import BACK_LANES
from kiosk.lanes.card import Place
from kiosk.lanes.lane import Lane
from kiosk.payment import effects as fx
from kiosk.payment.effects import Effect
from tests.crash.config import KEY
from tests.crash.coverage import Appended, Death
from tests.crash.disk import MemoryJournal
from tests.crash.dispenser import SETTINGS, DispenserPort
from tests.crash.lanes import Paper, Port
from tests.crash.line import WireClient, WireLane
from tests.crash.reader import CardPort, Turns

ORDERED = (
    *(fx.SendCredit, fx.SendClaim, fx.SendOutcome, fx.SendSale, fx.SendReversal, fx.OpenOrder, fx.CloseOrder),
    *(fx.AskBoxForSale, fx.AskBoxForLastResult, fx.AskBoxForVoid),
)
"""What the judge is told of here; lanes that act at once tell it themselves."""


class SimRunner(kiosk_runner.Runner):
    """The real runner without its thread and its screen: what it does with a decision is its own."""

    def _show(self) -> None:
        pass

    def _take_pulse(self) -> Any:
        return None


class Kiosk:
    """One life of the kiosk's process, from its start to its death."""

    def __init__(self, world: Any) -> None:
        self.world, self.dead = world, False
        self.appended: Appended | None = None
        self.at_work: dict[int, tuple[Effect, Appended]] = {}
        """What lanes were given for a row and have not done yet, by the effect's identity."""
        self.ticking = 0.0
        self.card_lanes: dict[str, Turns] = {}
        self.born = world.t - (world.rng.uniform(5.0, 1e5) if world.rng.random() < 0.5 else 0.0)
        self.core = Core(world.config, world.disk.recover(), world.new_id, self.now)
        journal: Any = MemoryJournal(world)
        self.runner = SimRunner(self.core, journal, self._lanes, lambda _: None, lambda: None)

    def _lanes(self, tell: Any) -> Mapping[str, Lane]:
        world = self.world
        self.port, self.paper = Port(world, self.tell, self.done), Paper(world, self.tell, self.done)
        self.hub_lanes = [
            WireLane(
                name, WireClient("http://127.0.0.1:1", "T-1", KEY), self.tell, self.done, world.line, calls
            )
            for name, calls in (("hub", 1), ("hub_back", len(BACK_LANES)))
        ]
        lanes: dict[str, Lane] = {
            "acceptor": self.port,
            "printer": self.paper,
            "hub": self.hub_lanes[0],
            "hub_back": self.hub_lanes[1],
        }
        if world.cards is not None:
            lanes |= self._card_lanes(world.cards)
        return {name: _Deadly(self, lane) for name, lane in lanes.items()}

    def _card_lanes(self, cards: Any) -> dict[str, Turns]:
        """Those of the slot, and of the dispenser with the contact in it."""
        self.card_lanes = {"card": CardPort(self.world, self, cards.reader, self.tell, self.done)}
        unit = cards.dispenser
        if unit is not None:
            self.dispenser_lane = DispenserPort(self.world, self, unit, self.tell, self.done)
            place = Place("new_card", "new_card", slot=False, waits_s=SETTINGS.chip_s)
            new_card = CardPort(self.world, self, unit.reader, self.tell, self.done, place)
            self.card_lanes |= {"dispenser": self.dispenser_lane, "new_card": new_card}
        return self.card_lanes

    @property
    def now(self) -> Any:
        return self.world.moment(self.born)

    def begin(self) -> None:
        self._guarded(lambda: self.core.begin(self.now))
        if not self.dead:
            self.paper.look()
            self.port.listen()
            for lane in self.card_lanes.values():
                lane.listen()

    def tell(self, told: Input) -> None:
        """Let the core deal with one input now."""
        if not self.dead:
            if self.world.trace is not None:
                self.world.note(f"told {told}")
            if isinstance(told, Intent):
                self.world.judge.chose(self.core.session, told)
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
            self._dies(self.appended)
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

    def done(self, effect: Effect) -> None:
        """A lane has done it: line, unit or paper have what was to go out. Dying here is dying after the effect."""
        _, rows = self.at_work.pop(id(effect), (None, None))
        name = rows.done(effect) if rows else None
        if name is not None and self.world.plan.dies_after_effect(name):
            self._dies(rows)

    def _dies(self, rows: Appended | None) -> None:
        if rows is not None and not self.dead:
            self.world.coverage.died(rows, appended=True)
        self.die()

    def die(self) -> None:
        """Everything in memory is gone; what is on the wires goes on without us."""
        if not self.dead:
            self.dead = self.port.dead = self.paper.dead = True
            for lane in self.hub_lanes:
                lane.dead = True
            for each in self.card_lanes.values():
                each.dead = True
            if self.world.cards is not None:
                self.world.cards.disconnect()
            self.world.died()

    @property
    def busy(self) -> bool:
        lanes: tuple[WireLane | Turns, ...] = (*self.hub_lanes, *self.card_lanes.values())
        return any(lane.busy or lane.waiting for lane in lanes) or self.paper.at_work > 0


class _Deadly(Lane):
    """Hands an effect on to its lane; the process may die before that, and when the lane has done it."""

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
        if isinstance(effect, ORDERED):
            world.judge.ordered(effect)
        if appended is not None and appended.next_for(effect) is not None:
            kiosk.at_work[id(effect)] = effect, appended
        self.lane.put(effect)
        if kiosk.dead:
            raise Death
