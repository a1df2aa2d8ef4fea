"""A whole kiosk but for its screen: what it shows, and what the customer in front of it does."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from drivers.cash.ccnet import Command
from drivers.cash.ccnet_driver import CcnetAcceptor
from drivers.cash.ccnet_line import Answer
from drivers.printer.escpos_driver import EscposPrinter
from kiosk.books import Books
from kiosk.config import Config, load
from kiosk.core.core import Core
from kiosk.core.inputs import Intent
from kiosk.hubclient.keys import Keys
from kiosk.hubclient.open_keys import open_keys
from kiosk.journal.cli import fold, read
from kiosk.journal.store import Journal, JournalDamaged
from kiosk.lanes.acceptor import AcceptorLane
from kiosk.lanes.build import build_lanes
from kiosk.lanes.lane import Lane, Tell
from kiosk.lanes.printer import PrinterLane
from kiosk.page import PageModel, Snapshot
from kiosk.payment.events import AnyEvent
from kiosk.payment.model import Claim, Payment
from kiosk.runner import Runner, now

PATIENCE = 60.0
_LOOK_EVERY_S = 0.02
_STALL_S = 10.0
"""So long a busy machine may let the acceptor's program wait."""


def eventually(so: Callable[[], object], what: str = "") -> None:
    """Wait until it is so, for what no event tells of (a far end's state, a row in a file)."""
    until = time.monotonic() + PATIENCE
    while not so():
        assert time.monotonic() < until, what or so
        time.sleep(_LOOK_EVERY_S)


class WatchedJournal(Journal):
    """A journal at whose appends a test can act: `before` and `after` the first event of a kind is durable."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.before: dict[str, Callable[[], object]] = {}
        self.after: dict[str, Callable[[], object]] = {}

    def append(self, events: Sequence[AnyEvent], at: str) -> None:
        """Append, with what the test wants done around it."""
        kinds = [type(event).__name__ for event in events]
        self._act(self.before, kinds)
        super().append(events, at)
        self._act(self.after, kinds)

    def _act(self, acts: dict[str, Callable[[], object]], kinds: list[str]) -> None:
        for kind in kinds:
            if act := acts.pop(kind, None):
                act()


class Shown:
    """Everything that was shown, in order; a test looks at it from where it last looked."""

    def __init__(self) -> None:
        self._all: list[Snapshot] = []
        self._next = 0
        self._changed = threading.Condition()

    def put(self, snapshot: Snapshot) -> None:
        """Show the next one; from any thread."""
        with self._changed:
            self._all.append(snapshot)
            self._changed.notify_all()

    def wait(self, so: Callable[[PageModel], object], what: str) -> PageModel:
        """The first page from here on of which this is so; the next look begins with it."""
        until = time.monotonic() + PATIENCE
        with self._changed:
            while True:
                for place in range(self._next, len(self._all)):
                    if so(self._all[place].page):
                        self._next = place
                        return self._all[place].page
                left = until - time.monotonic()
                seen = [_gist(s.page) for s in self._all[self._next :]]
                assert left > 0, f"{what} was not shown, but {seen}"
                self._changed.wait(left)

    @property
    def now(self) -> PageModel:
        """What is shown now."""
        with self._changed:
            return self._all[-1].page

    @property
    def all(self) -> tuple[Snapshot, ...]:
        """Everything that was shown."""
        with self._changed:
            return tuple(self._all)

    @property
    def names(self) -> list[str]:
        """The pages that were shown, each time they came anew."""
        with self._changed:
            pages = [s.page.name for s in self._all]
        return [name for place, name in enumerate(pages) if not place or pages[place - 1] != name]


def _gist(page: PageModel) -> str:
    return f"{page.name}: {page.notice.title}" if page.notice else page.name


class Kiosk:
    """A running kiosk as its customer meets it. `tell` presses a choice."""

    def __init__(self, journal: Path, tell: Callable[[str, str], None]) -> None:
        self.path = journal
        self.shown = Shown()
        self._tell = tell

    def press(self, *names: str) -> None:
        """Press choices one after the other; `key:5` presses the digit."""
        for name in names:
            choice, _, value = name.partition(":")
            self._tell(choice, value)

    def page(self, name: str) -> PageModel:
        """Wait for this page."""
        return self.shown.wait(lambda page: page.name == name, f"page {name}")

    def notice(self, words: str) -> PageModel:
        """Wait for a notice with these words in its title."""
        return self.shown.wait(lambda p: p.notice and words in p.notice.title, f"notice {words!r}")

    def ready(self) -> None:
        """Wait until cash is taken and the first page stands."""
        self.shown.wait(lambda p: p.name == "attract" and all(b.works for b in p.badges), "a ready kiosk")

    def types(self, number: str, by: str = "by_account", business: str = "pay_bill") -> None:
        """Go from the first page to the keypad, type the number and confirm it."""
        self.ready()
        self.press("start", business, by, *(f"key:{digit}" for digit in number), "confirm")

    def to_means(self, number: str, business: str = "pay_bill", choose: str = "pay_all") -> None:
        """Go from the first page to the choice of means."""
        self.types(number, business=business)
        self.page("confirm_account")
        self.press("correct")
        bills = self.page("bills")
        self.press(choose, bills.main.id if bills.main else "")
        self.page("means")

    def to_slot(self, number: str, business: str = "pay_bill", choose: str = "pay_all") -> None:
        """Go from the first page to the open note slot."""
        self.to_means(number, business, choose)
        self.press("cash")
        self.page("cash")

    # What the journal holds.

    def events(self, kind: str = "") -> list[AnyEvent]:
        """All events so far, or those of one kind."""
        return [e for e in (row.event for row in read(self.path)) if not kind or type(e).__name__ == kind]

    def kinds(self) -> list[str]:
        """The kinds of all events so far."""
        return [type(row.event).__name__ for row in read(self.path)]

    def wrote(self, kind: str, times: int = 1) -> None:
        """Wait until so many events of the kind are in the journal."""
        eventually(lambda: self.kinds().count(kind) >= times, f"{times} {kind}")

    def books(self) -> list[Payment | Claim]:
        """Every payment and claim as the journal tells it."""
        return fold(list(read(self.path)))

    def payment(self) -> Payment:
        """The newest payment."""
        return [item for item in self.books() if isinstance(item, Payment)][-1]


class InProcess(Kiosk):
    """A kiosk in the test's own process: the test can act at any append of its journal."""

    def __init__(self, config: Config) -> None:
        super().__init__(config.journal.path, lambda name, arg: self.runner.tell(Intent(name, arg)))
        self.faults = 0
        self.journal, books = _opened(config.journal.path)
        core = Core(config, books, lambda: uuid.uuid4().hex, now())
        if self.journal is None:
            core.close("journal_damaged")
        self.keys = open_keys(config)
        self.runner = Runner(
            core,
            self.journal,
            lambda tell: patient_lanes(config, self.keys, tell),
            self.shown.put,
            self._fault,
        )
        self.shown.put(self.runner.snapshot())
        self.runner.start()

    def _fault(self) -> None:
        self.faults += 1

    def before(self, kind: str, act: Callable[[], object]) -> None:
        """Act in the core thread before the first event of the kind is durable."""
        assert self.journal is not None
        self.journal.before[kind] = act

    def after(self, kind: str, act: Callable[[], object]) -> None:
        """Act in the core thread when the first event of the kind is durable and nothing else has happened."""
        assert self.journal is not None
        self.journal.after[kind] = act

    def close(self) -> None:
        """End it in good order."""
        self.runner.stop()
        assert not self.faults, "the core met a fault of ours"


def patient_lanes(config: Config, key: bytes | Keys, tell: Tell) -> dict[str, Lane]:
    """The field's own lanes, with a printer that is not given up while a busy machine lets its program wait, and an
    acceptor whose count and table are waited for: what is known of a note without a count is another row of the table.
    """
    lanes = build_lanes(config, key, tell)
    printer, acceptor = lanes["printer"], lanes["acceptor"]
    assert isinstance(printer, PrinterLane)
    device = printer._device
    assert isinstance(device, EscposPrinter)
    device._settings = dataclasses.replace(device._settings, answer_seconds=PATIENCE)
    assert isinstance(acceptor, AcceptorLane)
    unit = acceptor._device
    assert isinstance(unit, CcnetAcceptor)
    read = unit._line.read

    def patiently(deadline: float, command: Command, parse: Callable[[bytes], Answer]) -> Answer:
        return read(deadline + _STALL_S, command, parse)

    unit._line.read = patiently  # type: ignore[method-assign]
    return lanes


def _opened(path: Path) -> tuple[WatchedJournal | None, Books]:
    """As `ui.app` does it: a journal that is damaged is closed again, and nothing is written."""
    try:
        journal = WatchedJournal(path)
    except JournalDamaged:
        return None, Books.empty()
    try:
        return journal, journal.recover()
    except JournalDamaged:
        journal.close()
        return None, Books.empty()


class OwnProcess(Kiosk):
    """A kiosk in a process of its own, that may be killed or told to die at a certain moment."""

    def __init__(self, config_file: Path, die: str = "") -> None:
        super().__init__(load(config_file).journal.path, self._say)
        command = [sys.executable, "-m", "tests.journeys.program", str(config_file), die]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _say(self, name: str, arg: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps([name, arg]).encode() + b"\n")
        self.process.stdin.flush()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.shown.put(msgspec.json.decode(line, type=Snapshot))

    def died(self) -> None:
        """Wait for the death it was told to die."""
        assert self.process.wait(PATIENCE) == -9
        self._reader.join(PATIENCE)

    def kill(self) -> None:
        """End it as a power cut would, as far as processes go."""
        self.process.kill()
        self.died()

    def close(self) -> None:
        """End it in good order, if it still runs."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        code = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        self.process.stdout.close()
        assert code in {0, -9}, f"the kiosk ended with {code}"


def killed() -> None:
    """End this process at once, as the kernel would."""
    os.kill(os.getpid(), 9)
