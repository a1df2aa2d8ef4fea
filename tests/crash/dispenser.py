"""A model of the dispenser of new cards, and of its driver: a stack, one path with a chip contact, a mouth and a bin.

The unit keeps the card where it is through everything; without power it forgets that it was reset, and its motor stops.
The driver knows a contacted card only when it has seen the move through, as the real one does. Times are virtual.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any

from drivers.card.card_driver import FAULTS, NO_DEVICE, OK, POWER_UP
from drivers.card.model import CardState, CardUnitIdentity, DispenserReport, MoveFailed, ResetTo
from drivers.errors import CommandRefused, DeviceTimeout, TransportError
from drivers.status import DeviceHealth, Supply
from kiosk.config import Dispenser
from kiosk.lanes.dispenser import DispenserLane
from kiosk.payment.effects import Effect
from simulators.cards.card import SimulatedCard
from tests.crash.coverage import Death
from tests.crash.home import a_pull
from tests.crash.reader import Reader, Turns

SETTINGS = Dispenser(port="the only one", reader="in the only one", chip_s=1.0, take_card_s=20.0)
MOVE_S = 1.5
COMMANDS = 60
"""So many commands at most go to a card from its arrival at the contact until it leaves."""


class Place(Enum):
    """Where the card is that is out of the stack."""

    NONE = CardState.EMPTY
    STATION = CardState.INSIDE
    MOUTH = CardState.HELD


class Unit:
    """The machine, which outlives the kiosk's process; `cards` are the world's."""

    def __init__(self, world: Any, cards: Any) -> None:
        self.world, self.cards = world, cards
        self.reader = Reader(world, at_slot=False)
        self.place = Place.NONE
        self.card: SimulatedCard | None = None
        self.stack, self.bin = 1000, list[SimulatedCard]()
        self.ready = self.mute = False
        self.moving = ""
        """Where the motor carries the card: contact, mouth, bin, or nowhere."""
        self.orders = 0
        self.trouble = 0.0
        """How often a card gets stuck, and how often the chip's contact is lost."""

    def order(self, to: str) -> None:
        """Begin to move the card, or one from the stack; it goes on though nobody listens any more."""
        if self.place is Place.NONE:
            if not self.stack:
                raise CommandRefused("the stack is empty")
            self.stack -= 1
            self.card = self.cards.from_stack()
        self.world.note(f"dispenser: to {to}")
        if to == "mouth":
            self.cards.judge.new.presented(self.card)
        elif to == "bin":
            self.cards.judge.new.binned(self.card)
        self.orders += 1
        order = self.orders
        self.moving, self.place = to, Place.STATION
        self.reader.remove()
        self.world.later(MOVE_S, lambda: self._arrives(order))

    def _arrives(self, order: int) -> None:
        to, rng = self.moving, self.world.rng
        if order != self.orders or not to:
            return  # its power went meanwhile
        self.moving = ""
        if rng.random() < self.trouble:
            self.world.note("dispenser: stuck")
            self.world.later(rng.choice([20.0, 100.0]), lambda: self._cleared(order))
        elif to == "bin":
            self._leaves(self.bin)
        elif to == "mouth":
            self.place = Place.MOUTH
            if rng.random() < self.world.bad / 4:
                self.world.later(rng.uniform(0.5, 15.0), self.cards.passer_by)
        else:
            self.touches()
        self.changed()

    def touches(self) -> None:
        """The card stands at the chip's contact, for some commands at least."""
        if self.card is None or self.place is not Place.STATION or self.moving:
            return
        rng = self.world.rng
        lost = rng.random() < self.trouble * 2
        self.reader.put_in(self.card, a_pull(rng, COMMANDS) if lost else None)
        if lost:
            self.world.later(rng.choice([3.0, 10.0, 50.0]), self._touches_again)

    def _touches_again(self) -> None:
        if self.reader.inside is None:
            self.touches()

    def _cleared(self, order: int) -> None:
        """Somebody opens the cabinet and takes out by hand what is stuck there still."""
        if order == self.orders and self.place is Place.STATION and not self.moving:
            self.reader.remove()
            self._leaves(self.bin)
            self.changed()

    def _leaves(self, where: list[Any]) -> None:
        where.append(self.card)
        self.card, self.place = None, Place.NONE

    @property
    def holds_out(self) -> bool:
        """Whether a card is in the mouth, to be taken."""
        return self.place is Place.MOUTH and not self.moving

    def taken(self) -> SimulatedCard | None:
        """Somebody draws the card out of the mouth."""
        if not self.holds_out:
            return None
        out = list[SimulatedCard]()
        self._leaves(out)
        self.world.note("dispenser: the card is taken")
        self.changed()
        return out[0]

    def cut(self) -> None:
        """Its power goes, and comes back with the cabinet's."""
        self.moving, self.ready = "", False
        self.reader.remove()
        self.changed()

    def changed(self) -> None:
        """The kiosk's lane looks three times a second."""
        kiosk = getattr(self.world, "kiosk", None)
        if kiosk is not None and not kiosk.dead:
            kiosk.dispenser_lane.listen()

    def plugged(self) -> None:
        """Somebody puts the cable back."""
        self.mute = False
        self.changed()

    def heal(self) -> None:
        """From here on nothing befalls it."""
        self.trouble = 0.0
        self.plugged()


class Driver:
    """The kiosk's hand on it, for one life of the process; implements `CardDispenser`."""

    def __init__(self, world: Any, kiosk: Any, unit: Unit) -> None:
        self.world, self.kiosk, self.unit = world, kiosk, unit
        self._forget()
        self._open = False

    def _forget(self) -> None:
        self._told: DispenserReport | None = None
        self._again = self._contacted = False
        self._fault: DeviceHealth | None = None

    def open(self) -> None:
        self._answers()
        self._open = True
        self._forget()

    def close(self) -> None:
        self._open = False

    def poll(self) -> DispenserReport | None:
        seen = self._look()
        last, self._told = self._told, seen
        again, self._again = self._again, False
        if last == seen and not again:
            return None
        return DispenserReport(seen.state, seen.stack, first=last is None, needs_reset=seen.needs_reset)

    def _look(self) -> DispenserReport:
        self._answers()
        unit = self.unit
        if not unit.ready:
            self._contacted = False
            return DispenserReport(CardState.UNKNOWN, needs_reset=True)
        if unit.place is not Place.STATION:
            self._contacted = False
        state = CardState.CONTACT if self._contacted else unit.place.value
        if state is CardState.EMPTY:
            self._fault = None
        return DispenserReport(state, Supply.GOOD if unit.stack else Supply.OUT)

    def reset(self, to: ResetTo = ResetTo.STAY) -> None:
        self._answers()
        assert to is ResetTo.STAY, "the kiosk never lets a reset move a card"
        self.unit.ready, self._contacted, self._again = True, False, True

    def identify(self) -> CardUnitIdentity:
        return CardUnitIdentity("CRT-571", "")

    def health(self) -> DeviceHealth:
        if not self._open or self.unit.mute:
            return NO_DEVICE
        return POWER_UP if not self.unit.ready else self._fault or OK

    def dispense(self) -> None:
        if self._state() is not CardState.EMPTY:
            raise CommandRefused("a card is in the path already")
        self._contact()

    def to_contact(self) -> None:
        if (state := self._state()) not in {CardState.INSIDE, CardState.CONTACT}:
            raise CommandRefused(f"no card inside: {state}")
        self._contact()

    def present(self) -> None:
        if self._state() is CardState.EMPTY:
            raise CommandRefused("no card is in the path")
        self._move("mouth", CardState.HELD, CardState.EMPTY)

    def retract(self) -> None:
        if self._state() is CardState.EMPTY:
            raise CommandRefused("no card is in the path")
        self._move("bin", CardState.EMPTY)

    def _state(self) -> CardState:
        seen = self._look()
        self._again = True
        if seen.needs_reset:
            raise CommandRefused("the unit wants a reset first")
        return seen.state

    def _contact(self) -> None:
        self._move("contact", CardState.INSIDE)
        self._contacted = True

    def _move(self, to: str, *goals: CardState) -> None:
        unit, kiosk = self.unit, self.kiosk
        self._contacted, self._again = False, True
        unit.order(to)
        kiosk.dispenser_lane.reached()
        self.world.waits(lambda: kiosk.dead or not unit.moving)
        self._answers()
        if not unit.ready:
            raise DeviceTimeout("its power went")
        state = unit.place.value
        arrived = state in goals and (to != "contact" or unit.reader.inside is not None)
        self._fault = None if arrived else FAULTS["jam"]
        if not arrived:
            raise MoveFailed("jam", state, "stuck")

    def _answers(self) -> None:
        if self.kiosk.dead:
            raise Death
        if self.unit.mute:
            raise TransportError("the dispenser's cable is out")


class DispenserPort(Turns, DispenserLane):
    """The kiosk's own lane of the dispenser."""

    def __init__(self, world: Any, kiosk: Any, unit: Unit, tell: Any, done: Callable[[Effect], None]) -> None:
        super().__init__(Driver(world, kiosk, unit), SETTINGS.poll_s, tell)
        self.takes_turns(world, done)
