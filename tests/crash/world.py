"""One run from one seed: a kiosk, its acceptor, the hub, the line, customers and misfortune, on a virtual clock."""

from __future__ import annotations

import heapq
import logging
import traceback
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from random import Random
from traceback import extract_tb
from types import SimpleNamespace
from unittest.mock import patch

import msgspec

from drivers.meter_card import session, writer
from hub.business.billing import Customer, Meter
from hub.business.bills import Bill
from hub.business.numbers import meter_number
from kiosk import runner as kiosk_runner
from kiosk.core.inputs import Moment
from kiosk.lanes import card as card_lane
from tests.crash.acceptor import Note, Unit
from tests.crash.aftermath import bring_all_cards
from tests.crash.applicant import Applicant
from tests.crash.cabinet import Kiosk
from tests.crash.card_aims import (
    LEADS,
    card_aims,
    cards_luck,
    has_cards,
    is_of_cards,
    is_of_new_cards,
    makes_cards,
    new_card_aims,
)
from tests.crash.cardholder import Cardholder
from tests.crash.cards import METER_CARD, Cards
from tests.crash.config import CONFIG, WITHOUT_HUB
from tests.crash.coverage import Coverage, Death, Mark, Plan, marks
from tests.crash.customer import Visitor
from tests.crash.disk import BrokenJournal, Disk
from tests.crash.dispenser import SETTINGS as DISPENSER
from tests.crash.judge import PROOF, Judge, Violation
from tests.crash.line import Asked, Hub, Line
from tests.crash.memory import Books
from tests.crash.paper import Roll
from tests.crash.verdict import judge_end

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
BEFORE_CUT_OVER = datetime(2026, 11, 22, 15, 58, tzinfo=UTC)
"""Two minutes before the accounting day ends, in the utility's country."""
LONGEST_S = 3600.0
QUIET_S = 330.0
MOST_STEPS = 100_000
"""A run takes some hundreds; one that goes on and on at the same moment must not hold up all the others."""
UNHARMED = 0.03
"""The share of runs in which no death is drawn by lot; such a run may still meet one by chance."""
LATEST, SOON = 40, 12
"""Before which point of any rows the kiosk dies: of the customers who were to come, and of those who come late."""
LATE_VISITS = 2
"""So many more customers come where nothing has died yet that should have."""
JUMPS = (
    timedelta(hours=-1),
    timedelta(hours=1),
    timedelta(days=1),
    timedelta(minutes=3),
    timedelta(hours=12),
)


@dataclass(frozen=True, slots=True)
class Household:
    """An account as it stood when the run began."""

    customer: Customer
    balance_fen: int
    bills: tuple[Bill, ...]


@dataclass(frozen=True, slots=True)
class Options:
    """What a run may be forced to; the seed decides the rest."""

    aim: Mark | None = None
    counts: bool | None = None
    trace: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one run."""

    seed: int
    violations: tuple[Violation, ...]
    coverage: Coverage
    steps: int
    crashed: bool
    """Kiosk or acceptor lost its power, or the kiosk's process died, at least once."""
    trace: tuple[str, ...] = ()


class World:
    """Everything that happens; `later` is the only way in which time passes."""

    def __init__(self, seed: int, options: Options) -> None:
        self.rng = rng = Random(seed)
        # A source of its own: what the other seeds play stays what it was.
        aside = Random(f"offline {seed}")
        self.config = WITHOUT_HUB if aside.random() < 0.3 else CONFIG
        self.cards: Cards | None = None
        self.mistyped = self.config.offline.take_cash and aside.random() < 0.1
        """The customers go by an account number that the hub does not have."""
        paper = Random(f"paper {seed}")
        self.roll = Roll(paper, self.later, self._paper, paper.choice([0.0, 0.0, 60.0]))
        self.t, self.steps = 0.0, 0
        self.trace: list[str] | None = [] if options.trace else None
        self._order, self._heap = count(), list[tuple[float, int, Callable[[], None]]]()
        ids = count(1)
        self.new_id = lambda: f"{rng.getrandbits(48):012x}{next(ids):020x}"
        self.base = rng.choice([NOON, BEFORE_CUT_OVER])
        self.jumped = timedelta(0)
        self.bad = rng.choice([0.0, 0.1, 0.25, 0.45])
        trouble = rng.choice([0.0, 0.05, 0.15, 0.35])
        if options.aim is not None:
            self.bad, trouble = rng.choice([0.25, 0.45]), rng.choice([0.15, 0.35])
        cards = has_cards(seed) or is_of_cards(options.aim)
        if cards:  # enough of it befalls cards and their writes
            self.bad, trouble = cards_luck(rng, options.aim)
        self.reads = Random(f"read {seed}").random() < 0.25
        """Somebody reads what is written on the pages."""
        self.calm = not self.bad
        """Nothing ever goes wrong with the line."""
        self.untroubled = not trouble
        """Nothing ever goes wrong within the acceptor."""
        self.slow_paper = self.bad / 2
        chance = rng.choice([0.0, 0.004, 0.02])
        first = 1
        if options.aim is not None and options.aim[0] in {"paid", "claimed"} and not cards:
            self.slow_paper, chance = 0.8, 0.02  # only a slip that outlasts its payment leads there
            first = LATEST  # and a death before it would end the slip
        if options.aim is not None and cards:
            first, chance = LATEST, 0.0  # the way to a written card is long
        counts = rng.random() < 0.6 if options.counts is None else options.counts
        self.unit = Unit(rng, self.later, self._moved, counts, trouble)
        self._open_books(options.aim, cards=cards, new=makes_cards(seed) or is_of_new_cards(options.aim))
        self.crashed = False
        self.plan = Plan(
            rng,
            chance,
            options.aim,
            0
            if aside.random() < UNHARMED
            else rng.randrange(first, first + LATEST * (2 if cards else 1) - 1),
            LEADS.get(options.aim[:2]) if options.aim is not None and cards else None,
        )
        self.numbers = count(1)
        self.pace = rng.choice([80.0, 250.0] if options.aim is not None and cards else [25.0, 80.0, 250.0])
        self.alike = rng.random() < 0.25
        """All customers pay the same for the same account: only the ids tell their payments apart."""
        self.visitor: Visitor | None = None
        self.kiosk: Kiosk
        self._down = False

    def _open_books(self, aim: Mark | None, *, cards: bool, new: bool) -> None:
        """The hub with its customers, the line to it, the kiosk's disk, and the judge who watches them all."""
        self.books, self.town = Books(), town(self.rng)
        for home in self.town.values():
            self.books.add_account(home.customer, "open", home.balance_fen, home.bills)
        self.judge, self.coverage, self.disk = Judge(self), Coverage(), Disk()
        who = [home.customer for home in self.town.values()]
        self.judge.secrets = frozenset(word.encode() for c in who for word in (c.name, c.address))
        if cards:
            self.config = msgspec.structs.replace(self.config, meter_card=METER_CARD)
            if new:
                self.config = msgspec.structs.replace(self.config, dispenser=DISPENSER)
            self.cards = Cards(self, aim, new=new)
            self.cards.open_books(self.books)
            self.judge.secrets |= {home.phone.encode() for home in self.cards.homes}
        hub = Hub(self.books, self.hub_clock, self.cards.keys if self.cards else None)
        self.books.begun, self.books.committed = self.hub_clock, self.judge.clerk.committed
        self.line = Line(self.rng, self.later, hub, self.judge.answered, self.bad)

    def later(self, seconds: float, what: Callable[[], None]) -> None:
        heapq.heappush(self._heap, (self.t + seconds, next(self._order), what))

    def note(self, text: str) -> None:
        """Keep a line for whoever replays the run."""
        if self.trace is not None:
            self.trace.append(f"{self.t:10.3f} {text}")

    def hub_clock(self) -> datetime:
        """The hub's own time, which is right."""
        return self.base + timedelta(seconds=self.t)

    def moment(self, born: float) -> Moment:
        """Both clocks of the kiosk; the monotonic one begins anew with the machine, the other one may jump."""
        return Moment(self.t - born, self.base + self.jumped + timedelta(seconds=self.t))

    def boot(self) -> None:
        self.note("kiosk starts")
        self._down = False
        self.kiosk = Kiosk(self)
        self.kiosk.begin()

    def died(self) -> None:
        """The process is gone; someone starts it again, at once or after a while."""
        self.note("kiosk dies")
        self.crashed = True
        if not self._down:
            self._down = True
            if self.rng.random() < 0.3 and self.bad:
                self._cut()
            self.later(self.rng.choice([0.5, 2.0, 12.0, 90.0]), self.boot)

    def _cut(self) -> None:
        """The whole cabinet is without power."""
        self.unit.cut()
        if self.cards is not None:
            self.cards.cut()

    def banknote(self, value_fen: int) -> bool:
        """A customer puts a note in, for the payment that the kiosk is taking money for."""
        states = self.coverage.states
        taking = [
            key for key, state in states.items() if state in {"open", "stacking_first", "funded", "stacking"}
        ]
        note = Note(next(self.numbers), value_fen, taking[-1] if taking else "")
        taken = self.unit.insert(note)
        if taken:
            self.note(f"note {note.number} of {value_fen} goes in for {note.owner[-4:]}")
        return taken

    def misfortune(self) -> None:
        """Something goes wrong, and something else will."""
        rng = self.rng
        match rng.choice(["cut", "mute", "kill", "hub", "hub", "clock", "cut and kill", "broken"]):
            case "cut":
                self.note("the acceptor loses power")
                self.crashed = True
                self.unit.cut()
            case "mute":
                self.note("the acceptor's line is cut")
                self.unit.mute = True
                self.later(rng.choice([2.0, 8.0, 70.0]), self._hear_again)
                self._moved()
            case "kill":
                self.kiosk.die()
            case "cut and kill":
                self.note("the cabinet loses power")
                self._cut()
                self.kiosk.die()
            case "hub":
                self.note("the hub is gone")
                self.line.down = True
                self.later(rng.choice([3.0, 15.0, 60.0, 400.0]), self._hub_back)
            case "broken" if rng.random() < 0.15:
                self.unit.breaks()
                self.note(f"the acceptor is broken: {self.unit.state}")
            case "clock":
                self.jumped = rng.choice(JUMPS)
                self.note(f"the kiosk's clock is off by {self.jumped}")
        if self.cards is not None and rng.random() < 0.1:
            self.cards.misfortune()
        self.later(rng.expovariate(1 / self.pace), self._misfortune_if_bad)

    def _misfortune_if_bad(self) -> None:
        if self.bad:
            self.misfortune()

    def _hear_again(self) -> None:
        self.unit.mute = False
        self._moved()

    def _hub_back(self) -> None:
        self.line.down = False

    def _moved(self) -> None:
        if hasattr(self, "kiosk") and not self.kiosk.dead:
            self.note(f"acceptor: {self.unit.state}")
            self.kiosk.port.listen()

    def _paper(self) -> None:
        """The printer's lane looks once a second."""
        self.note(f"printer: {self.roll.health.code}")
        self.later(self.roll.rng.uniform(0.05, 1.0), lambda: self.kiosk.paper.look())

    def run(self) -> None:
        """Customers come and go; then everything heals, and everything must come to its end."""
        self.boot()
        self.roll.begin()
        if self.bad:
            self.later(self.rng.expovariate(1 / self.pace), self._misfortune_if_bad)
        for _ in range(self.rng.choice([1, 2, 3, 4] if self.cards is None else [2, 3, 4])):
            self._visit()
        for _ in range(LATE_VISITS):
            if self.crashed or self.plan.lot <= 0:
                break
            self.plan.lot = self.rng.randrange(1, SOON)
            if self.cards is not None:
                self.cards.dies_in = self.rng.randrange(1, SOON)
            self._visit()
        self._heal()
        self._until(self._settled, LONGEST_S)
        self._until(lambda: False, QUIET_S)
        self.settles()
        if self.cards is not None:
            bring_all_cards(self)
        judge_end(self)

    def _visit(self) -> None:
        if self.cards is None or self.rng.random() < self.cards.strangers:
            self.see(Visitor(self))
            return
        home = self.rng.choice(self.cards.homes)
        if self.cards.dispenser is not None and self.rng.random() < 0.5:
            home.loses()
        apply = self.cards.dispenser is not None and home.hand is None
        holder = Applicant(self, home) if apply else Cardholder(self, home)
        self.see(holder)
        holder.goes_home()

    def see(self, visitor: Visitor) -> None:
        """Let somebody come, and go."""
        self.visitor = visitor
        self._until(lambda: visitor.gone, 700.0)

    def _until(self, so: Callable[[], bool], seconds: float) -> None:
        limit, heap = self.t + seconds, self._heap
        while heap and heap[0][0] <= limit and not so():
            self.t, _, what = heapq.heappop(heap)
            self.steps += 1
            if self.steps > MOST_STEPS:
                raise RuntimeError(f"I5: after {self.steps} steps it has not come to rest")
            what()

    def passes(self, seconds: float) -> None:
        """Let the world go on for so long, in the middle of somebody's work."""
        until = self.t + seconds
        self._until(lambda: False, seconds)
        self.t = max(self.t, until)

    def sleeps(self, seconds: float) -> None:
        """A lane of the kiosk's sleeps, and may not wake up."""
        kiosk = self.kiosk
        self.passes(seconds)
        if kiosk.dead:
            raise Death

    def waits(self, so: Callable[[], bool]) -> None:
        """Let the world go on until it is so."""
        self._until(so, LONGEST_S)

    def settles(self) -> None:
        """Let everything come to its end that has begun."""
        self._until(self._settled, 900.0)

    def _heal(self) -> None:
        self.note("everything heals")
        self.bad = self.line.bad = self.unit.trouble = 0.0
        self.line.down = False
        self.roll.heal()
        if self.cards is not None:
            self.cards.heal()
        self.plan.heal()
        self._hear_again()

    def _settled(self) -> bool:
        kiosk = self.kiosk
        if kiosk.dead or kiosk.busy or self.line.under_way or kiosk.core.books.open_payments:
            return False
        if kiosk.core.books.untold_payments or kiosk.core.books.unhanded_payments:
            return False
        return not kiosk.core.books.open_claims and (self.unit.note is None or self.unit.broken)


def town(rng: Random) -> dict[str, Household]:
    """A few accounts: with arrears, with balance, with nothing due."""
    homes = {}
    for number, months in enumerate((2, 1, 0), 1):
        account_no = f"039990000{number}"
        bills = tuple(
            Bill(
                f"{account_no}-{month}",
                f"2026-{month:02d}",
                100,
                rng.randrange(500, 15000),
                date(2026, month, 28) + timedelta(days=rng.choice([0, 60])),
            )
            for month in range(9, 9 + months)
        )
        meter = Meter(meter_number(f"9900099{number:014d}"), "postpaid")
        who = Customer(account_no, "张伟", "江城区试验路18号", "城东", "residential", (meter,))
        homes[account_no] = Household(who, rng.choice([0, 0, 350, 20000]), bills)
    return homes


def options_for(seed: int, *, trace: bool = False) -> Options:
    """Every second seed aims at one point of one row, so that rare rows are crashed, too; with cards, three of four."""
    if has_cards(seed):
        rare = new_card_aims() if makes_cards(seed) else card_aims()
        return Options(aim=rare[seed // 4 % len(rare)] if seed % 4 else None, trace=trace)
    aims = [mark for mark in marks() if not is_of_cards(mark)]
    return Options(aim=aims[seed // 2 % len(aims)] if seed % 2 else None, trace=trace)


def run(seed: int, options: Options | None = None) -> Result:
    """Run one seed to its end; an exception of the product's is a broken rule, too."""
    options = options or Options()
    world = World(seed, options)
    with ExitStack() as stack:
        stack.enter_context(patch.object(kiosk_runner, "now", lambda: world.kiosk.now))
        stack.enter_context(patch.object(kiosk_runner, "hash_at", lambda disk, seq: disk.hash_at(seq)))
        if world.cards is not None:
            clock = SimpleNamespace(monotonic=lambda: world.t, sleep=world.sleeps)
            chance = SimpleNamespace(token_bytes=world.rng.randbytes)
            for module in (writer, session, card_lane):
                stack.enter_context(patch.object(module, "time", clock))
            stack.enter_context(patch.object(card_lane, "secrets", chance))
        stack.callback(logging.disable, logging.root.manager.disable)
        logging.disable(logging.CRITICAL)
        try:
            world.run()
        except BrokenJournal as error:
            world.judge.wrong("broken", str(error))
        except (Exception, Asked, Death) as error:  # noqa: BLE001 - it is told, and other seeds are played
            for line in traceback.format_exc().splitlines():
                world.note(line)
            place = PROOF if _of_proof(error) else ""
            world.judge.wrong("broken", f"{place}{type(error).__name__}: {error}")
    return Result(
        seed, tuple(world.judge.found), world.coverage, world.steps, world.crashed, tuple(world.trace or ())
    )


def _of_proof(error: BaseException) -> bool:
    """Whether the innermost of our own functions that it went through is one of the tests'."""
    here = Path(__file__).parents[2]
    passed = [Path(frame.filename) for frame in extract_tb(error.__traceback__)]
    rooms = [path.relative_to(here).parts[0] for path in passed if path.is_relative_to(here)]
    ours = [room for room in rooms if room in {"drivers", "kiosk", "hub", "tests"}]
    return bool(ours) and ours[-1] == "tests"
