"""A model of a note acceptor with CCNET's manners, and of the driver's ear for it.

The unit moves by itself: it holds one note at most, repeats a stacked note until it is acknowledged, keeps box and
counter through everything, hangs, jams, loses power and comes back telling where the note is. Times are virtual.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from drivers.cash.model import CashReport, CashState, NoteType
from kiosk.payment import effects as fx

VALUES = (1000, 2000, 5000, 10000)
TYPES = {value: NoteType(index, value, "CNY") for index, value in enumerate(VALUES)}
STILL = frozenset({CashState.IDLE, CashState.DISABLED})
COUNTED = STILL | {CashState.ESCROW}
NAMED = frozenset({CashState.ESCROW, CashState.STACKED, CashState.RETURNED})
NO_POWER = CashState.OFFLINE


@dataclass(slots=True, eq=False)
class Note:
    """A banknote: where it is (way, box, customer) and for which payment it was put in."""

    number: int
    value_fen: int
    owner: str
    where: str = "way"
    intended_at: int = -1
    """Length of the journal when the kiosk was told of it in escrow."""
    note_id: str = ""
    """The kiosk's own id of it, once its intent is durable."""
    acknowledged: bool = False
    unasked: bool = False
    """The unit stacked it without waiting for the order: a defect that no kiosk can always make good."""


@dataclass
class Unit:
    """The device. `later(seconds, what)` sets an alarm of the world; `changed` is called at each change of state."""

    rng: Random
    later: Callable[[float, Callable[[], None]], None]
    changed: Callable[[], None]
    counts: bool
    trouble: float
    state: CashState = CashState.DISABLED
    note: Note | None = None
    box: list[Note] = field(default_factory=list)
    returned: list[Note] = field(default_factory=list)
    count: int = 0
    enabled: bool = False
    mute: bool = False
    """The line is cut while the unit goes on by itself."""
    step: int = 0
    broken: bool = False
    """It stands where it stands, or is dark, until a technician comes: longer than any run."""

    def go(self, state: CashState) -> None:
        """Enter a state; what was to happen in the one before is off."""
        self.state = state
        self.step += 1
        self.changed()

    def breaks(self) -> None:
        """For good: it either goes dark or hangs on a note, answering polls as before.

        Not without a note: a unit that answers and refuses to be enabled keeps the core's idle timer from running out.
        """
        if self.rng.random() < 0.5 or self.note is None:
            self.go(NO_POWER)
        self.broken = True
        self.step += 1

    def soon(self, seconds: float, what: Callable[[], None]) -> None:
        """Do it unless the unit has moved in between."""
        step = self.step
        self.later(seconds, lambda: what() if self.step == step else None)

    @property
    def answers(self) -> bool:
        return not self.mute and self.state is not NO_POWER

    def insert(self, note: Note) -> bool:
        """A customer pushes a note in; False if the slot does not take it."""
        if self.state is not CashState.IDLE or self.broken:
            return False
        if self.rng.random() < self.trouble:
            self.go(CashState.REJECTING)
            self.soon(1.0, self.rest)
            return False
        self.note = note
        self.go(CashState.ACCEPTING)
        self.soon(self.rng.uniform(0.2, 0.8), self._escrow)
        return True

    def _escrow(self) -> None:
        if self.rng.random() < self.trouble / 4:
            assert self.note is not None
            self.note.unasked = True
            self._stack()
            return
        self.go(CashState.ESCROW)
        self.soon(10.0, self._give_back)

    def obey(self, effect: fx.Effect) -> bool:
        """Take an order; False when it cannot be done now."""
        if self.broken:
            return False
        match effect:
            case fx.EnableAcceptor():
                self.enabled = True
                if self.state is CashState.DISABLED:
                    self.go(CashState.IDLE)
            case fx.DisableAcceptor():
                self.enabled = False
                if self.state is CashState.IDLE:
                    self.go(CashState.DISABLED)
            case fx.StackNote() if self.state is CashState.ESCROW:
                self._stack()
            case fx.GiveBackNote() if self.state is CashState.ESCROW:
                self._give_back()
            case fx.ResetAcceptor():
                self._reset()
            case _:
                return False
        return True

    def _stack(self) -> None:
        self.go(CashState.STACKING)
        luck = self.rng.random()
        if luck < self.trouble / 2:
            self.soon(self.rng.uniform(20.0, 90.0), self._stuck)
        elif luck < self.trouble:
            self.soon(self.rng.uniform(2.0, 80.0), self._stacked)  # the motor hangs for a while
        else:
            self.soon(self.rng.uniform(0.3, 1.5), self._stacked)

    def _stuck(self) -> None:
        self.go(self.rng.choice([CashState.JAM_ENTRY, CashState.JAM_BOX, CashState.FAILED]))
        self.soon(self.rng.uniform(5.0, 100.0), lambda: self.cut(by_hand=True))

    def _stacked(self) -> None:
        self.to_box(counted=True)
        self.go(CashState.STACKED)

    def to_box(self, *, counted: bool) -> None:
        if self.note is not None:
            self.note.where = "box"
            self.box.append(self.note)
            self.count += counted

    def _give_back(self) -> None:
        self.go(CashState.RETURNING)
        self.soon(self.rng.uniform(0.3, 1.0), self._returned)

    def _returned(self) -> None:
        self._out()
        self.go(CashState.RETURNED)
        # Whoever does not listen does not hear of it: some units go on by themselves.
        self.soon(1.0 if self.rng.random() < 0.5 else 30.0, self.rest)

    def _out(self) -> None:
        if self.note is not None:
            self.note.where = "customer"
            self.returned.append(self.note)

    def acknowledge(self) -> Note | None:
        """The ACK of a stacked note; gives the note it was for."""
        if self.state is not CashState.STACKED or self.broken:
            return None
        note = self.note
        self.rest()
        return note

    def heard(self) -> None:
        """A poll's answer was acknowledged by the driver itself."""
        if self.state is CashState.RETURNED and not self.broken:
            self.soon(0.1, self.rest)

    def rest(self) -> None:
        self.note = None
        self.go(CashState.IDLE if self.enabled else CashState.DISABLED)

    def cut(self, *, by_hand: bool = False) -> None:
        """Power goes; `by_hand`: someone clears a jam, and a note put into the box by hand is not counted."""
        if self.broken:
            return
        before, luck = self.state, self.rng.random()
        after = CashState.POWER_UP
        if before is CashState.STACKED:
            after = CashState.POWER_UP_NOTE_IN_BOX
        elif self.note is not None and self.note.where == "way":
            moving = before in {CashState.STACKING, CashState.JAM_BOX, CashState.JAM_ENTRY, CashState.FAILED}
            if by_hand and luck < 0.3:
                self.to_box(counted=False)
            elif by_hand and luck < 0.6:
                self._out()
            elif moving and luck < 0.5:
                self.to_box(counted=True)
                after = CashState.POWER_UP_NOTE_IN_BOX
            else:
                after = CashState.POWER_UP_NOTE_IN_HEAD
        elif before in {CashState.POWER_UP_NOTE_IN_BOX, CashState.POWER_UP_NOTE_IN_HEAD}:
            after = before
        self.enabled = False
        self.go(NO_POWER)
        self.soon(self.rng.choice([1.0, 3.0, 8.0, 20.0]), lambda: self.go(after))

    def _reset(self) -> None:
        if self.state is CashState.POWER_UP_NOTE_IN_HEAD or (self.note and self.note.where == "way"):
            self._out()
        self.note, self.enabled = None, False
        self.go(CashState.INITIALIZING)
        self.soon(self.rng.uniform(0.5, 2.0), self.rest)


@dataclass(slots=True)
class Ear:
    """What one run of the driver was told: it passes on changes, and what it must tell again."""

    unit: Unit
    silent_since: float | None = None
    last: CashState | None = None
    offline: bool = False
    again: bool = False
    step: int = -1

    def poll(self, now: float) -> CashReport | None:
        """The driver's report of this poll, if there is news."""
        unit = self.unit
        if not unit.answers:
            self.silent_since = now if self.silent_since is None else self.silent_since
            if self.offline or now - self.silent_since < 5.0:
                return None
            self.offline = True
            return CashReport(CashState.OFFLINE)
        repeat, self.offline, self.again, self.silent_since = self.offline or self.again, False, False, None
        state = unit.state
        once = state in {CashState.STACKED, CashState.RETURNED}
        if state is self.last and (self.step == unit.step if once else not repeat):
            return None
        first, self.last, self.step = self.last is None, state, unit.step
        note = TYPES[unit.note.value_fen] if state in NAMED and unit.note else None
        if note is not None and unit.rng.random() < unit.trouble / 3:
            note = None  # a type outside the table, or a table that cannot be read now
        unit.heard()
        return CashReport(state, note, first=first, needs_ack=state is CashState.STACKED)

    def counter(self, report: CashReport) -> int | None:
        """The unit's own count, where the lane would ask for it."""
        unit = self.unit
        if not unit.counts or report.state not in COUNTED or not unit.answers:
            return None
        return None if unit.rng.random() < unit.trouble / 3 else unit.count
