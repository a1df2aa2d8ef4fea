"""The core thread: takes inputs one by one, makes decisions durable, then lets the lanes act."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from queue import Empty, SimpleQueue

from kiosk.core.core import Core, Decision
from kiosk.core.inputs import (
    ClaimSaid,
    CreditSaid,
    Input,
    Moment,
    OutcomeSaid,
    RedemptionSaid,
    ReversalSaid,
    Tick,
)
from kiosk.health.changes import Changes
from kiosk.journal.file import hash_at
from kiosk.journal.store import Journal, JournalDamaged, JournalFailed
from kiosk.lanes.lane import Lane, Tell
from kiosk.page import Snapshot
from kiosk.payment import effects as fx
from kiosk.payment.effects import Effect
from kiosk.payment.model import Payment
from kiosk.session.state import Facts, Page

log = logging.getLogger("kiosk.core")
IDLE_TICK_S = 5.0
STOP_S = 10.0
"""How long the end of the program waits for the core, and then for all lanes together."""
HUBS_WORDS = (CreditSaid, ClaimSaid, OutcomeSaid, RedemptionSaid, ReversalSaid)
"""What comes in numbers when the hub is back; nobody stands before it, so several may share one append."""
MOST_TOGETHER = 64


def now() -> Moment:
    """This moment on both clocks."""
    return Moment(time.monotonic(), datetime.now(UTC))


@dataclass(frozen=True, slots=True)
class Pulse:
    """What health and metrics read: made by the core thread, replaced as a whole."""

    facts: Facts
    page: Page
    open_payments: int
    oldest_open_at: str
    open_claims: int
    backlog: int
    """Payments, claims and outcomes of card writes that the hub has not answered."""
    oldest_unanswered_at: str
    journal_seq: int
    journal_head: str
    append_s: float
    """How long the last append took."""
    steps: int
    beat: float
    since: Mapping[str, datetime]
    """When the present state of acceptor, printer, card writer, hub and mode began (UTC)."""


class Runner:
    """Owns core and journal. `tell` may be called from any thread; everything else belongs to the core thread.

    Without a journal (it is damaged) nothing is decided and no lane runs: the page says so and health tells it.
    `make_lanes` is given the way back to the core; `fatal` is called from the core thread when it has met a fault of
    ours and is about to end.
    """

    def __init__(
        self,
        core: Core,
        journal: Journal | None,
        make_lanes: Callable[[Tell], Mapping[str, Lane]],
        present: Callable[[Snapshot], None],
        fatal: Callable[[], None],
    ) -> None:
        self._core = core
        self._journal = journal
        self._inbox: SimpleQueue[Input | None] = SimpleQueue()
        self._ahead: list[Input | None] = []
        self.lanes = make_lanes(self.tell) if journal is not None else {}
        self._present = present
        self._fatal = fatal
        self._thread = threading.Thread(target=self._run, name="core", daemon=True)
        self._serial = 0
        self._shown: object = None
        self._append_s = 0.0
        self._steps = 0
        self._failed = journal is None
        self._changes = Changes()
        self._verdict = ""
        self.pulse = self._take_pulse()

    def tell(self, told: Input) -> None:
        """Hand the core an input; never blocks."""
        self._inbox.put(told)

    def snapshot(self) -> Snapshot:
        """What is to be shown now; for the first frame, before `start`."""
        clock = datetime.now(self._core.zone).strftime("%H:%M")
        return Snapshot(
            self._serial, self._core.page, self._core.session.modes, self._core.facts.terminal, clock
        )

    def start(self) -> None:
        """Take up what is open, start the lanes and the core thread."""
        self._thread.start()

    def stop(self, seconds: float = STOP_S) -> None:
        """End the core thread, then the lanes, then close the journal."""
        self._inbox.put(None)
        if self._thread.is_alive():
            self._thread.join(seconds)
        for lane in self.lanes.values():
            lane.end()
        until = time.monotonic() + seconds
        for lane in self.lanes.values():
            lane.join(until - time.monotonic())
        if self._journal is not None:
            self._journal.close()

    def _run(self) -> None:
        try:
            self._loop()
        except Exception:
            # A decision that the table refuses is a fault of ours, and the books in memory may be half changed. The
            # journal holds the truth: the program ends, is started again, and comes back to the same place.
            log.exception("core_error")
            self._fatal()

    def _loop(self) -> None:
        if not self._failed:
            self._act(self._core.begin(now()))
        for lane in self.lanes.values():
            lane.start()
        while True:
            due = self._core.next_due
            wait = IDLE_TICK_S if due is None else min(max(due - time.monotonic(), 0.0), IDLE_TICK_S)
            told = self._take(wait)
            if told is None:
                return
            if self._failed:
                self.pulse = self._take_pulse()
            else:
                self._act(_together([self._core.handle(each, now()) for each in told]))

    def _take(self, wait: float) -> Sequence[Input] | None:
        """The next input, or several of the hub's words that have come already; None at the end."""
        try:
            first = self._ahead.pop() if self._ahead else self._inbox.get(timeout=wait)
        except Empty:
            return [Tick()]
        if first is None:
            return None
        taken = [first]
        while isinstance(taken[-1], HUBS_WORDS) and len(taken) < MOST_TOGETHER:
            try:
                after = self._inbox.get_nowait()
            except Empty:
                break
            if isinstance(after, HUBS_WORDS):
                taken.append(after)
            else:
                self._ahead.append(after)
                break
        return taken

    def _act(self, decision: Decision) -> None:
        try:
            if decision.events and self._journal is not None:
                began = time.monotonic()
                self._journal.append(decision.events, now().stamp)
                self._append_s = time.monotonic() - began
                self._journal.snapshot_if_due(self._core.books)
        except JournalFailed:
            log.exception("journal_failed")
            self._failed = True
            self._core.close("journal_failed")
            self._route(fx.DisableAcceptor())
        else:
            for effect in decision.effects:
                self._route(effect)
        self._steps += 1
        self._tell_verdict()
        self._show()
        self.pulse = self._take_pulse()

    def _tell_verdict(self) -> None:
        """Log once when the hub begins to know this journal otherwise, and when it knows it again."""
        said, before = self._core.facts.journal_verdict, self._verdict
        self._verdict = said
        if said == before or self._journal is None:
            return
        seq, head = self._journal.head
        if said != "ok":
            log.error("journal_disowned", extra={"verdict": said, "seq": seq, "head": head})
        elif before:
            log.info("journal_known_again", extra={"before": before, "seq": seq, "head": head})

    def _route(self, effect: Effect) -> None:
        match effect:
            case fx.AskHubStatus(known_seq) if self._journal is not None:
                name, effect = "hub_back", self._beat(self._journal, known_seq)
            case fx.PrintSlip():
                name = "printer"
            case fx.LookUp() | fx.AskReference() | fx.AskQuote() | fx.AskCard() | fx.CheckIdentity():
                name = "hub"
            case fx.ReadCard(new=new) | fx.AdmitCard(new=new):
                name = "new_card" if new else "card"
            case fx.WriteCard(payment) | fx.ReadCardBack(payment):
                name = "new_card" if payment.new_card else "card"
            case fx.StageCard() | fx.PresentCard() | fx.RetractCard():
                name = "dispenser"
            case fx.AskRoute() | fx.SendSale() | fx.OpenOrder() | fx.SealSecret():
                name = "hub"
            case fx.SendCredit(payment) | fx.CloseOrder(payment) if self._is_waited_for(payment):
                name = "hub"
            case fx.WatchOrder():
                name = "hub_watch"
            case fx.SendReversal() | fx.CloseOrder():
                name = "hub_back"
            case fx.AcceptBankCard() | fx.EjectBankCard() | fx.CaptureBankCard():
                name = "bank_card"
            case fx.AskPin() | fx.EndPin():
                name = "pin_pad"
            case fx.AskBoxForSale() | fx.AskBoxForLastResult() | fx.AskBoxForVoid():
                name = "eft"
            case fx.Scan() | fx.StopScan():
                name = "scanner"
            case fx.SendCredit() | fx.SendClaim() | fx.SendOutcome() | fx.AskHubStatus():
                name = "hub_back"
            case _:
                name = "acceptor"
        if lane := self.lanes.get(name):
            lane.put(effect)

    def _is_waited_for(self, payment: Payment) -> bool:
        """Whether its customer stands there and has not been given a slip to go with."""
        session = self._core.session
        return payment.payment_id == session.payment_id and session.page is not Page.CHECKING

    def _beat(self, journal: Journal, known_seq: int | None) -> fx.Beat:
        """Where the journal stands, with the row that the hub knows as the journal itself has it."""
        books, (seq, head) = self._core.books, journal.head
        known = None
        if known_seq is not None:
            shown = head if known_seq == seq else _row_hash(journal, known_seq)
            known = (known_seq, shown) if shown else None
        return fx.Beat(journal.journal_id, seq, head, known, books.open_payments, books.open_claims)

    def _show(self) -> None:
        snapshot = self.snapshot()
        seen = (snapshot.page, snapshot.modes, snapshot.clock)
        if seen == self._shown:
            return
        self._shown = seen
        self._serial += 1
        self._present(replace(snapshot, serial=self._serial))

    def _take_pulse(self) -> Pulse:
        books, facts = self._core.books, self._core.facts
        waiting = books.open_payments
        unanswered = [p.opened_at for p in waiting if p.credit is None and (p.attempts or p.tender != "cash")]
        unanswered += [p.opened_at for p in books.untold_payments] + [c.made_at for c in books.open_claims]
        seq, head = self._journal.head if self._journal is not None else (0, "")
        return Pulse(
            facts=facts,
            page=self._core.session.page,
            open_payments=len(waiting),
            oldest_open_at=waiting[0].opened_at if waiting else "",
            open_claims=len(books.open_claims),
            backlog=len(unanswered),
            oldest_unanswered_at=min(unanswered, default=""),
            journal_seq=seq,
            journal_head=head,
            append_s=self._append_s,
            steps=self._steps,
            beat=time.monotonic(),
            since=self._changes.note(
                datetime.now(UTC),
                {
                    "acceptor": (facts.acceptor.status, facts.acceptor.code, facts.acceptor.supply),
                    "printer": (facts.printer.status, facts.printer.code, facts.printer.supply),
                    **{
                        name: unit and (unit.status, unit.code, unit.supply)
                        for name, unit in (facts.card_units | facts.tender_units).items()
                    },
                    "hub": facts.hub_up,
                    "mode": (facts.closed_reason, self._core.session.page is Page.SETTLING),
                },
            ),
        )


def _row_hash(journal: Journal, seq: int) -> str | None:
    try:
        return hash_at(journal.path, seq)
    except JournalDamaged:
        log.exception("journal_row_unreadable", extra={"seq": seq})
        return None


def _together(decisions: Sequence[Decision]) -> Decision:
    """One decision of several: all their events are durable before the first of their effects."""
    return Decision(
        tuple(event for each in decisions for event in each.events),
        tuple(effect for each in decisions for effect in each.effects),
    )
