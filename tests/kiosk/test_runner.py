"""The runner: durable before done, nothing done without, and shown only when there is something to see."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path
from typing import Any, Literal

import pytest

from drivers.cash.model import CashReport, CashState, NoteType
from drivers.status import DeviceHealth, DeviceStatus
from kiosk.books import Books
from kiosk.config import Acceptor, Config, Hub, JournalFile, Offline, Printer, Terminal
from kiosk.core.core import Core
from kiosk.core.inputs import (
    AcceptorSaid,
    AccountSaid,
    ClaimSaid,
    DeviceFelt,
    Input,
    Intent,
    QuoteSaid,
    StatusSaid,
    Tick,
)
from kiosk.hubclient import wire
from kiosk.hubclient.outcomes import Answer, NotSent, NotSentReason
from kiosk.journal.store import Journal
from kiosk.lanes.lane import Lane, Tell
from kiosk.page import PageKind, Snapshot
from kiosk.payment import effects as fx
from kiosk.payment import events as ev
from kiosk.payment.effects import Effect
from kiosk.payment.events import AnyEvent
from kiosk.payment.model import Claim
from kiosk.runner import Runner, now

Verdict = Literal["ok", "show", "behind", "forked", "new_journal"]
PATIENCE = 20.0
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
DAY = date(2026, 11, 22)
FINE = DeviceHealth(DeviceStatus.ONLINE)
HUNDRED = NoteType(5, 10000, "CHN")
ACCOUNT_NO = "0399000000000026"
LANES = ("acceptor", "printer", "hub", "hub_back")
PERMITS = {
    "EnableAcceptor": "PaymentOpened",
    "StackNote": "NoteIntended",
    "AcknowledgeNote": "NoteStacked",
    "DisableAcceptor": "PayRequested",
    "SendCredit": "CreditSending",
}


@dataclass
class Course:
    """What happened, in the order in which it did; every entry also wakes who waits."""

    entries: list[tuple[str, Any]] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def note(self, what: str, of: Any) -> None:
        with self.changed:
            self.entries.append((what, of))
            self.changed.notify_all()

    def wait(self, so: Callable[[str, Any], bool]) -> Any:
        """The first entry of which this is so."""

        def found() -> list[Any]:
            return [of for what, of in self.entries if so(what, of)]

        with self.changed:
            assert self.changed.wait_for(found, PATIENCE), self.entries
            return found()[0]

    def done(self, effect: type[Effect]) -> Any:
        """Wait until a lane was given such an effect."""
        return self.wait(lambda what, of: what == "effect" and isinstance(of, effect))

    def place(self, what: str, kind: str) -> int:
        """Where the first entry of this kind stands."""
        return next(i for i, (w, of) in enumerate(self.entries) if w == what and type(of).__name__ == kind)

    def shown(self) -> list[Snapshot]:
        return [of for what, of in self.entries if what == "shown"]


class Ledger(Journal):
    """A journal that notes when its rows are durable."""

    def __init__(self, path: Path, course: Course) -> None:
        super().__init__(path)
        self._course = course

    def append(self, events: Any, at: str) -> None:
        super().append(events, at)
        for event in events:
            self._course.note("durable", event)


class Listener(Lane):
    """A lane that notes what it is given and does nothing."""

    def __init__(self, name: str, tell: Tell, course: Course) -> None:
        super().__init__(name, tell)
        self._course = course

    def put(self, effect: Effect) -> None:
        self._course.note("effect", effect)
        self._course.note(self.name, effect)


class House:
    """A runner between a real journal and listening lanes."""

    def __init__(self, folder: Path, *, damaged: bool = False, take_cash: bool = False) -> None:
        config = Config(
            terminal=Terminal(id="T-1", bench=True),
            hub=Hub(url="http://127.0.0.1:1", key_file=folder / "k"),
            journal=JournalFile(path=folder / "journal.sqlite"),
            acceptor=Acceptor(port="a"),
            printer=Printer(port="p"),
            offline=Offline(take_cash=take_cash),
        )
        self.course = Course()
        self.path = config.journal.path
        self.journal = None if damaged else Ledger(self.path, self.course)
        books = self.journal.recover() if self.journal else Books.empty()
        numbers = count(1)
        core = Core(config, books, lambda: f"{next(numbers):032x}", now())
        if damaged:
            core.close("journal_damaged")
        self.fatal = threading.Event()
        self.runner = Runner(
            core,
            self.journal,
            self._lanes,
            lambda snapshot: self.course.note("shown", snapshot),
            self.fatal.set,
        )

    def _lanes(self, tell: Tell) -> Mapping[str, Lane]:
        return {name: Listener(name, tell, self.course) for name in LANES}

    def says(self, *told: Input) -> None:
        for one in told:
            self.runner.tell(one)

    def acceptor(self, state: CashState, note: NoteType | None = None) -> None:
        self.says(AcceptorSaid(CashReport(state, note, needs_ack=state is CashState.STACKED)))

    def to_slot(self) -> None:
        """A customer who owes nothing stands at the open slot."""
        status = wire.Status(now=NOW, business_date=DAY, mode="open", version="1")
        self.says(DeviceFelt("acceptor", FINE), DeviceFelt("printer", FINE), StatusSaid(Answer(status)))
        self.acceptor(CashState.DISABLED)
        self.says(
            Intent("start"), Intent("prepay"), *(Intent("key", d) for d in ACCOUNT_NO), Intent("confirm")
        )
        asked = self.course.done(fx.LookUp)
        self.says(
            AccountSaid(asked.request, Answer(ACCOUNT)), Intent("correct"), Intent("prepay"), Intent("cash")
        )
        quote = self.course.done(fx.AskQuote)
        body = wire.Quote(
            id=quote.quote_id,
            account_no=ACCOUNT_NO,
            business="prepay",
            months=(),
            due_fen=0,
            max_fen=200000,
            expires_at=NOW,
            as_of=NOW,
        )
        self.says(QuoteSaid(quote.quote_id, Answer(body)))
        self.course.done(fx.EnableAcceptor)
        self.acceptor(CashState.IDLE)


ACCOUNT = wire.Account(
    account_no=ACCOUNT_NO,
    name_masked="*娜",
    address_masked="漠阳花园**栋",
    supply_unit="城东",
    usage_class="residential",
    state="open",
    meters=(),
    balance_fen=1250,
    arrears_fen=0,
    due_fen=0,
    bills=(),
    as_of=NOW,
    business_date=DAY,
)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A running house."""
    house = House(tmp_path)
    house.runner.start()
    yield house
    house.runner.stop()


def test_every_permission_is_durable_before_the_act(house: House) -> None:
    house.to_slot()
    house.acceptor(CashState.ESCROW, HUNDRED)
    house.course.done(fx.StackNote)
    house.acceptor(CashState.STACKED, HUNDRED)
    house.course.done(fx.AcknowledgeNote)
    house.acceptor(CashState.IDLE)
    house.says(Intent("pay_now"))
    house.course.done(fx.DisableAcceptor)
    house.acceptor(CashState.DISABLED)
    house.course.done(fx.SendCredit)
    for effect, event in PERMITS.items():
        assert house.course.place("durable", event) < house.course.place("effect", effect), effect


def test_the_log_tells_once_when_the_hub_disowns_the_journal_and_when_it_knows_it_again(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "kiosk.core")
    words: list[Verdict] = [
        "show",
        "ok",
        "ok",
        "behind",
        "behind",
        "forked",
        "show",
        "forked",
        "ok",
        "new_journal",
    ]
    for number, word in enumerate(words):
        beat = wire.Heartbeat(
            id=f"{number:032x}", verdict=word, known_seq=0, as_of=NOW, business_date=DAY, mode="open"
        )
        house.says(StatusSaid(Answer(beat)))
    house.says(Intent("start"))
    house.course.wait(lambda what, of: what == "shown" and of.page.kind is PageKind.CHOICES)
    told = [
        (r.levelname, r.getMessage(), getattr(r, "verdict", ""), r.seq)  # type: ignore[attr-defined]
        for r in caplog.records
    ]
    assert told == [
        ("ERROR", "journal_disowned", "behind", 0),
        ("ERROR", "journal_disowned", "forked", 0),
        ("INFO", "journal_known_again", "", 0),
        ("ERROR", "journal_disowned", "new_journal", 0),
    ]
    assert house.journal is not None
    assert {getattr(r, "head", "") for r in caplog.records} == {house.journal.head[1]}


def test_what_an_effect_carries_is_what_the_journal_holds(house: House) -> None:
    house.to_slot()
    house.acceptor(CashState.ESCROW, HUNDRED)
    stack = house.course.done(fx.StackNote)
    intended = house.course.wait(lambda w, e: w == "durable" and type(e).__name__ == "NoteIntended")
    assert stack.note_id == intended.note_id


def test_the_waiting_customer_has_a_line_of_their_own(house: House) -> None:
    house.to_slot()
    house.acceptor(CashState.ESCROW, HUNDRED)
    house.acceptor(CashState.STACKED, HUNDRED)
    house.says(Intent("pay_now"))
    house.acceptor(CashState.DISABLED)
    house.course.wait(lambda lane, of: lane == "hub" and isinstance(of, fx.SendCredit))
    house.course.wait(lambda lane, of: lane == "hub_back" and isinstance(of, fx.Beat))
    house.course.wait(lambda lane, of: lane == "acceptor" and isinstance(of, fx.StackNote))


def test_a_slip_is_looked_up_on_the_line_of_the_customer_who_waits(house: House) -> None:
    letters = (Intent("key", letter) for letter in "0198F2C4A1B3")
    house.says(Intent("start"), Intent("look_up_slip"), *letters, Intent("confirm"))
    asked = house.course.done(fx.AskReference)
    assert house.course.wait(lambda lane, of: lane in LANES and of is asked) is asked
    assert [lane for lane, of in house.course.entries if of is asked and lane in LANES] == ["hub"]


def test_what_nobody_waits_for_does_not_stand_before_the_next_customer(tmp_path: Path) -> None:
    """A provisional payment is first sent when its customer has the slip: it could hang to its deadline."""
    house = House(tmp_path, take_cash=True)
    house.runner.start()
    status = wire.Status(now=NOW, business_date=DAY, mode="open", version="1")
    gone: NotSent = NotSent(NotSentReason.REFUSED, "no")
    house.says(DeviceFelt("acceptor", FINE), DeviceFelt("printer", FINE), StatusSaid(Answer(status)))
    house.acceptor(CashState.DISABLED)
    number = [*(Intent("key", d) for d in ACCOUNT_NO), Intent("confirm")]
    house.says(StatusSaid(gone), Intent("start"), Intent("prepay"), *number, *number, Intent("accept"))
    house.course.done(fx.EnableAcceptor)
    for state in (CashState.IDLE, CashState.ESCROW, CashState.STACKED):
        house.acceptor(state, HUNDRED if state is not CashState.IDLE else None)
    house.says(Intent("pay_now"))
    house.acceptor(CashState.DISABLED)
    sent = house.course.wait(lambda lane, of: lane in LANES and isinstance(of, fx.SendCredit))
    assert ("hub_back", sent) in house.course.entries
    assert not [of for lane, of in house.course.entries if lane == "hub" and of is sent]
    house.runner.stop()


def test_nothing_is_done_that_could_not_be_made_durable(house: House) -> None:
    house.to_slot()
    assert house.journal is not None
    pages = house.journal._db.execute("PRAGMA page_count").fetchone()[0]
    house.journal._db.execute(f"PRAGMA max_page_count={pages}")  # the disk is full
    rows = house.journal.head[0]
    for _ in range(100):
        house.acceptor(CashState.ESCROW, HUNDRED)
        house.acceptor(CashState.STACKED, HUNDRED)
        house.acceptor(CashState.IDLE)
    closed = house.course.wait(lambda what, of: what == "shown" and of.page.name == "closed")
    assert "journal_failed" in closed.page.footnote
    house.says(Intent("start"), Intent("pay_now"))
    house.runner.stop()
    with_intent = [
        of for what, of in house.course.entries if what == "effect" and isinstance(of, fx.StackNote)
    ]
    durable = [of for what, of in house.course.entries if what == "durable"]
    assert len(with_intent) == sum(type(e).__name__ == "NoteIntended" for e in durable)
    assert len(durable) >= rows
    kinds = [type(of) for what, of in house.course.entries if what == "effect"]
    assert kinds[-1] is fx.DisableAcceptor
    assert house.course.shown()[-1].page.name == "closed"
    assert not house.fatal.is_set()


def test_after_a_failed_append_the_journal_still_tells_a_story_that_holds(house: House) -> None:
    test_nothing_is_done_that_could_not_be_made_durable(house)
    again = Journal(house.path)
    told: list[AnyEvent] = [row.event for row in again.rows()]
    again.recover()
    again.close()
    assert told == [of for what, of in house.course.entries if what == "durable"]


def test_a_fault_of_ours_ends_the_program(house: House) -> None:
    house.says(AcceptorSaid(None))  # type: ignore[arg-type]
    assert house.fatal.wait(PATIENCE)
    entries = len(house.course.entries)
    house.says(Intent("start"))
    house.runner.stop()
    assert len(house.course.entries) == entries


def test_the_hubs_words_that_have_come_together_share_one_append(house: House) -> None:
    """A slow disk does not hold up a backlog: what came while it wrote is made durable at once, in its order."""
    house.to_slot()
    house.says(Intent("cancel"))
    house.acceptor(CashState.DISABLED)
    for number in range(3):
        house.acceptor(CashState.STACKED, HUNDRED)
        house.acceptor(CashState.DISABLED)
        so_many = number
        house.course.wait(lambda _what, _of: len(claims_sent(house)) > so_many)  # noqa: B023 - used at once
    writes, gate = slow_disk(house)
    house.acceptor(CashState.STACKED, HUNDRED)
    assert writes.begun.wait(PATIENCE)
    claims = claims_sent(house)
    for claim in claims:
        house.says(ClaimSaid(claim.claim_id, 1, Answer(taken(claim))))
    house.says(Intent("large"))
    gate.set()
    house.course.wait(
        lambda w, e: w == "durable" and isinstance(e, ev.ClaimTaken) and e.key == claims[-1].claim_id
    )
    assert [claim.claim_id for claim in claims] in [[e.key for e in batch] for batch in writes.batches]
    house.course.wait(lambda what, of: what == "shown" and of.modes.large)


@dataclass
class Writes:
    """The appends since the disk became slow."""

    begun: threading.Event = field(default_factory=threading.Event)
    batches: list[Sequence[AnyEvent]] = field(default_factory=list)


def slow_disk(house: House) -> tuple[Writes, threading.Event]:
    """Let the next append wait for the gate, and note every append from then on."""
    assert house.journal is not None
    writes, gate, append = Writes(), threading.Event(), house.journal.append

    def slowly(events: Sequence[AnyEvent], at: str) -> None:
        writes.batches.append(events)
        writes.begun.set()
        assert gate.wait(PATIENCE)
        append(events, at)

    house.journal.append = slowly  # type: ignore[method-assign]
    return writes, gate


def claims_sent(house: House) -> list[Claim]:
    return [
        of.claim for what, of in house.course.entries if what == "effect" and isinstance(of, fx.SendClaim)
    ]


def taken(claim: Claim) -> wire.Claim:
    return wire.Claim(
        id=claim.claim_id,
        reference=claim.reference,
        state="open",
        amount_fen=claim.amount_fen,
        memo_fen=claim.memo_fen,
        payment_id=claim.payment_id or None,
        resolution="",
    )


def test_a_page_is_presented_only_when_it_changed(house: House) -> None:
    first = house.course.wait(lambda what, _: what == "shown")
    for _ in range(50):
        house.says(Tick())
    house.says(Intent("no_such_choice"), Intent("large"))
    large = house.course.wait(lambda what, of: what == "shown" and of.modes.large)
    shown = house.course.shown()
    shown = shown[: shown.index(large) + 1]  # the minute may have turned since
    alike = [s for s in shown if (s.page, s.modes) == (first.page, first.modes)]
    assert len({s.clock for s in alike}) == len(alike)
    assert [s.serial for s in shown] == list(range(1, large.serial + 1))


def test_the_pulse_goes_on_with_nothing_to_do(house: House) -> None:
    house.says(Tick())
    before = house.runner.pulse.beat
    house.says(Tick())
    until = time.monotonic() + PATIENCE
    while house.runner.pulse.beat <= before:
        assert time.monotonic() < until
        time.sleep(0.01)
    assert house.runner.pulse.journal_seq == 0


def test_with_a_damaged_journal_no_lane_runs_and_nothing_is_decided(tmp_path: Path) -> None:
    house = House(tmp_path, damaged=True)
    house.runner.start()
    try:
        assert house.runner.lanes == {}
        house.says(Intent("start"), Tick())
        assert house.runner.snapshot().page.name == "closed"
        until = time.monotonic() + PATIENCE
        before = house.runner.pulse.beat
        house.says(Tick())
        while house.runner.pulse.beat == before:
            assert time.monotonic() < until
            time.sleep(0.01)
        assert house.runner.pulse.facts.closed_reason == "journal_damaged"
    finally:
        house.runner.stop()
    assert house.course.entries == []
    assert not house.path.exists()


def test_stop_lets_go_of_the_journal(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.runner.start()
    house.runner.stop()
    Journal(house.path).close()
