"""The lanes of acceptor and printer on virtual time: a unit that is polled, and slips that fall to a customer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from drivers.cash.ccnet_states import HEALTH
from drivers.cash.model import CashState
from drivers.status import DeviceHealth
from kiosk.core.inputs import AcceptorSaid, DeviceFelt, Input, SlipOutcome
from kiosk.lanes.lane import Lane
from kiosk.payment import effects as fx
from kiosk.payment.effects import Effect
from kiosk.slips import Slips
from tests.crash.acceptor import Ear, Unit
from tests.crash.config import KEY

Done = Callable[[Effect], None]
"""Told of an effect at the moment when the outside world has it."""


class Port(Lane):
    """The acceptor's lane."""

    def __init__(self, world: Any, tell: Callable[[Input], None], done: Done) -> None:
        super().__init__("acceptor", tell)
        self.world, self.unit, self.done = world, world.unit, done
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
                if self.acknowledge():
                    self.done(effect)
        elif unit.answers and unit.obey(effect):
            self.done(effect)
        else:
            self.ear.again = True
        self.listen()

    def acknowledge(self) -> bool:
        """Let the unit forget the note that is on the books; False if it does not hear."""
        unit = self.unit
        if not unit.answers or unit.state is not CashState.STACKED or self.acked != unit.step:
            return False
        self.world.judge.acknowledged(unit.note)
        unit.acknowledge()
        return True

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

    def __init__(self, world: Any, tell: Callable[[Input], None], done: Done) -> None:
        super().__init__("printer", tell)
        self.world, self.dead, self.done = world, False, done
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
            self.world.judge.printed(effect, self.slips.facts(effect))
            self.done(effect)
            told = SlipOutcome(effect.job, rng.random() > bad / 2, "")
        else:
            told = SlipOutcome(effect.job, False, "paper_out")
        self.at_work -= 1
        if not self.dead:
            self.tell(told)
