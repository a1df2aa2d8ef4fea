"""The core thread: takes inputs one by one, makes decisions durable, then lets the lanes act."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from queue import Empty, SimpleQueue

from kiosk.core.core import Core, Decision
from kiosk.core.inputs import Input, Moment, Tick
from kiosk.health.changes import Changes
from kiosk.journal.store import Journal, JournalFailed
from kiosk.lanes.lane import Lane, Tell
from kiosk.page import Snapshot
from kiosk.payment import effects as fx
from kiosk.payment.effects import Effect
from kiosk.session.state import Facts, Page

log = logging.getLogger("kiosk.core")
IDLE_TICK_S = 5.0


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
    journal_seq: int
    journal_head: str
    append_s: float
    """How long the last append took."""
    steps: int
    beat: float
    since: Mapping[str, datetime]
    """When the present state of acceptor, printer, hub and mode began (UTC)."""


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

    def stop(self, seconds: float = 10.0) -> None:
        """End the core thread, then the lanes, then close the journal."""
        self._inbox.put(None)
        if self._thread.is_alive():
            self._thread.join(seconds)
        for lane in self.lanes.values():
            lane.stop()
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
            try:
                told = self._inbox.get(timeout=wait)
            except Empty:
                told = Tick()
            if told is None:
                return
            if self._failed:
                self.pulse = self._take_pulse()
            else:
                self._act(self._core.handle(told, now()))

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
        self._show()
        self.pulse = self._take_pulse()

    def _route(self, effect: Effect) -> None:
        match effect:
            case fx.PrintSlip():
                name = "printer"
            case fx.LookUp() | fx.AskQuote():
                name = "hub"
            case fx.SendCredit(payment) if payment.payment_id == self._core.session.payment_id:
                name = "hub"
            case fx.SendCredit() | fx.SendClaim() | fx.AskHubStatus():
                name = "hub_back"
            case _:
                name = "acceptor"
        if lane := self.lanes.get(name):
            lane.put(effect)

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
        seq, head = self._journal.head if self._journal is not None else (0, "")
        return Pulse(
            facts=facts,
            page=self._core.session.page,
            open_payments=len(waiting),
            oldest_open_at=waiting[0].opened_at if waiting else "",
            open_claims=len(books.open_claims),
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
                    "hub": facts.hub_up,
                    "mode": (facts.closed_reason, self._core.session.page is Page.SETTLING),
                },
            ),
        )
