"""Which rows of the transaction tables were crashed before the append, between append and effect, and after it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Literal

from kiosk.payment import effects as fx
from kiosk.payment import events as ev
from kiosk.payment.effects import Effect
from kiosk.payment.table import CLAIM_TABLE, START, TABLE
from tests.crash.ways import Way


class Death(BaseException):
    """The kiosk's process ends here and now."""


Point = Literal["before", "between", "after"]
RowName = tuple[str, str]
"""State ("claim open" for a claim's, "" before the first) and event."""
Mark = tuple[str, str, Point]


HANDED_OVER = frozenset({"CardOffered", "CardKept", "CardLeft"})
"""What becomes of a new card: only a kiosk with a dispenser comes there."""


def rows() -> Iterator[tuple[RowName, type[Effect] | None]]:
    """Every row of both tables, with its effect."""
    for event, row in START.items():
        yield ("", event.__name__), row.effect
    yield ("", "ClaimOpened"), None
    yield ("", "ClaimOpened of a note"), fx.AcknowledgeNote
    for state, entries in TABLE.items():
        for event, row in entries.items():
            yield (state.value, event.__name__), row.effect
    for claim_state, claim_entries in CLAIM_TABLE.items():
        for event, (_, effect) in claim_entries.items():
            yield (f"claim {claim_state.value}", event.__name__), effect


EFFECTS = dict(rows())


CARD_STATES = frozenset({"undelivered", "writing", "reading_back", "torn", "owed"})
CARD_EVENTS = HANDED_OVER | {
    "RewriteOpened",
    "GoodApproved",
    "OutcomeSending",
    "OutcomeUnanswered",
    "OutcomeTaken",
}
CARD_ROWS = frozenset(row for row in EFFECTS if row[0] in CARD_STATES or row[1] in CARD_EVENTS)
"""The rows that only a payment for a meter card goes through."""


TENDER_STATES = frozenset(
    {
        *("authorising", "reversing", "reversed", "declined"),
        *("authorising_box", "asking_box", "taken", "voiding_box"),
        *("opening_order", "awaiting_phone", "closing_order", "checking_order", "redeeming"),
    }
)
TENDER_EVENTS = frozenset(
    {
        *("SaleOpened", "BoxSaleOpened", "PhoneOpened", "RechargeOpened"),
        *("SaleDeclined", "VoidAsked"),
    }
)
TENDER_ROWS = frozenset(row for row in EFFECTS if row[0] in TENDER_STATES or row[1] in TENDER_EVENTS)
"""The rows that only money goes through that is not cash; a world of its own crashes them."""


def _points(rows: Iterable[RowName]) -> tuple[Mark, ...]:
    points: dict[bool, tuple[Point, ...]] = {True: ("before", "between", "after"), False: ("before", "after")}
    return tuple((*row, point) for row in rows for point in points[EFFECTS[row] is not None])


def marks() -> tuple[Mark, ...]:
    """All points at which a crash must have been tried: before each append, and on each side of each effect."""
    return _points(row for row in EFFECTS if row not in TENDER_ROWS)


def tender_marks() -> tuple[Mark, ...]:
    """The same of the rows that only money goes through that is not cash."""
    return _points(row for row in TENDER_ROWS_IN_ORDER if row not in UNREACHED)


BOX_STATES = frozenset({"authorising_box", "asking_box", "taken", "voiding_box"})
PHONE_STATES = frozenset({"opening_order", "awaiting_phone", "closing_order", "checking_order"})
UNREACHED = frozenset(
    {
        *((state, "LateAnswer") for state in ("reversing", "declined", "reversed")),
        *((row[0], row[1]) for row in TENDER_ROWS if row[1] == "GoodApproved"),
    }
)
"""Rows that no way leads to here: a lane tells one outcome for each order, and nobody buys power by card."""
TENDER_ROWS_IN_ORDER = tuple(row for row in EFFECTS if row in TENDER_ROWS)


@dataclass(slots=True)
class Appended:
    """The rows of one append, and which of their effects the outside world has not had yet."""

    names: tuple[RowName, ...]
    waiting: list[RowName] = field(default_factory=list)

    def next_for(self, effect: Effect) -> RowName | None:
        """The row whose effect this is."""
        return next((name for name in self.waiting if EFFECTS[name] is type(effect)), None)

    def done(self, effect: Effect) -> RowName | None:
        """The outside world has it; gives the row whose effect this was."""
        name = self.next_for(effect)
        if name is not None:
            self.waiting.remove(name)
        return name


class Coverage:
    """Follows the states of all payments and claims, and counts where the kiosk died."""

    def __init__(self) -> None:
        self.states: dict[str, str] = {}
        self.counts: Counter[Mark] = Counter()
        self.ways: Counter[Way] = Counter()
        """How often each of the ways of a new card was gone."""

    def about(self, events: Sequence[ev.Event]) -> Appended:
        """The rows that these events go through."""
        states: dict[str, str] = {}
        names = []
        for event in events:
            before = states.get(event.key, self.states.get(event.key, ""))
            names.append(_name(before, event))
            states[event.key] = _next(before, event)
        return Appended(tuple(names), [name for name in names if EFFECTS.get(name) is not None])

    def follow(self, events: Sequence[ev.Event]) -> None:
        """The events are durable."""
        for event in events:
            self.states[event.key] = _next(self.states.get(event.key, ""), event)

    def died(self, rows: Appended, *, appended: bool) -> None:
        """Count a death before the append, or after it with some effects still waiting."""
        waiting = list(rows.waiting)
        for name in rows.names:
            point: Point = "after"
            if not appended:
                point = "before"
            elif name in waiting:
                point = "between"
                waiting.remove(name)
            self.counts[(*name, point)] += 1


def _name(before: str, event: ev.Event) -> RowName:
    if isinstance(event, ev.ClaimOpened) and event.note_id:
        return before, "ClaimOpened of a note"
    return before, type(event).__name__


def _next(before: str, event: ev.Event) -> str:
    if type(event) in START:
        return START[type(event)].next.value
    if isinstance(event, ev.ClaimOpened):
        return "claim open"
    return _AFTER[before, type(event)]


_AFTER = {(s.value, event): row.next.value for s, rows in TABLE.items() for event, row in rows.items()} | {
    (f"claim {s.value}", event): f"claim {to.value}"
    for s, rows in CLAIM_TABLE.items()
    for event, (to, _) in rows.items()
}


class Plan:
    """When the kiosk dies: at one point of one row that this run aims at, at a point by lot, and by chance."""

    def __init__(
        self, rng: Random, chance: float, aim: Mark | None, lot: int = 0, lead: Mark | None = None
    ) -> None:
        """`lot`: at so manieth point of any rows it dies, whatever they are; 0 for no such death.

        `lead`: where it dies first, for only then the way leads to what it aims at.
        """
        self.rng, self.chance, self.aim, self.lot, self.lead = rng, chance, aim, lot, lead
        self.skip = int(rng.random() < 0.2)

    def _hit(self, names: Sequence[RowName], point: Point) -> bool:
        aim = self.lead or self.aim
        if aim is None or aim[2] != point or aim[:2] not in names:
            return False
        if self.lead is not None:
            self.lead = None
            return True
        self.skip -= 1
        if self.skip >= 0:
            return False
        self.aim = None
        return True

    def _by_lot(self) -> bool:
        self.lot -= 1
        return self.lot == 0 or self._by_chance()

    def _by_chance(self) -> bool:
        return self.chance > 0 and self.rng.random() < self.chance

    def dies_before(self, rows: Appended) -> bool:
        return self._hit(rows.names, "before") or self._by_lot()

    def dies_at_effect(self, rows: Appended | None, effect: Effect) -> bool:
        name = rows.next_for(effect) if rows else None
        if name is None:
            return self._by_chance()
        return self._hit((name,), "between") or self._by_lot()

    def dies_after_effect(self, done: RowName) -> bool:
        return self._hit((done,), "after") or self._by_lot()

    def dies_idle(self, rows: Appended | None) -> None:
        """After a whole step, for rows that permit nothing."""
        if rows is not None:
            plain = [name for name in rows.names if EFFECTS.get(name) is None]
            if self._hit(plain, "after") or self._by_lot() if plain else self._by_chance():
                raise Death

    def heal(self) -> None:
        self.chance, self.aim, self.lot, self.lead = 0.0, None, 0, None
