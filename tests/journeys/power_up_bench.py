"""One cabinet for many small lives: a kiosk that can stop dead at any moment, and a unit that is new each time."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

from drivers.cash.ccnet import State
from drivers.cash.ccnet_driver import CcnetAcceptor
from drivers.cash.ccnet_states import STATES
from drivers.cash.model import CashState
from kiosk.config import load
from kiosk.core import cash, power_up
from kiosk.core.fate import Row, Situation
from kiosk.core.power_up import POWER_UPS
from kiosk.lanes.acceptor import AcceptorLane
from kiosk.payment.effects import Effect
from kiosk.payment.model import Claim
from tests.journeys.cabinet import Cabinet
from tests.journeys.kiosk import PATIENCE, InProcess, eventually
from tests.journeys.town import Town


class Stopped(Exception):  # noqa: N818 - no error: the moment of a power cut
    """The kiosk's computer loses power here."""


class Mortal(InProcess):
    """A kiosk that stops dead: nothing more is decided, written or sent; its handles close, as the kernel does it."""

    on_death: Callable[[], object] | None = None
    """Called once, at the moment of its death."""

    def dies(self, when: str, kind: str) -> None:
        """Stop `before` or `after` the first such event is durable, or when the first such effect was `served`."""
        self._dead = threading.Event()
        if when == "served":
            self._dies_serving(kind)
        else:
            getattr(self, when)(kind, self._stop_here)

    def its_end(self) -> Callable[[], None]:
        """What stops it dead when the core thread calls it."""
        self._dead = threading.Event()
        return self._stop_here

    def _stop_here(self) -> None:
        self._lane.round = lambda: PATIENCE  # type: ignore[method-assign] # not one more poll
        self._falls()
        raise Stopped

    def _falls(self) -> None:
        tell, self.on_death = self.on_death, None
        if tell:
            tell()

    def _dies_serving(self, kind: str) -> None:
        lane, serve = self._lane, self._lane.serve

        def last(effect: Effect) -> None:
            serve(effect)
            if type(effect).__name__ == kind:
                lane.round = lambda: PATIENCE  # type: ignore[method-assign]
                self.runner.tell(None)  # type: ignore[arg-type] # the core thread takes nothing after this
                self._falls()
                self._dead.set()

        lane.serve = last  # type: ignore[method-assign]

    @property
    def _lane(self) -> AcceptorLane:
        lane = self.runner.lanes["acceptor"]
        assert isinstance(lane, AcceptorLane)
        return lane

    @property
    def _device(self) -> CcnetAcceptor:
        device = self._lane._device
        assert isinstance(device, CcnetAcceptor)
        return device

    def _fault(self) -> None:
        self._dead.set()

    def gives_the_note_up(self) -> None:
        """The time is over in which the next note's fate may come, as soon as it may be stacked."""
        self.after("NoteIntended", lambda: self.runner._core._desk.after("note_fate", 0.0))

    def died(self) -> None:
        """Wait for the death it was told to die, and bury it."""
        assert self._dead.wait(PATIENCE), "it still lives"
        self.crash()

    def crash(self) -> None:
        """Stop it dead now."""
        self._lane.round = lambda: PATIENCE  # type: ignore[method-assign]
        self._lane.close = self._device.close  # type: ignore[method-assign] # no orderly word to the unit
        self._falls()
        self.runner.stop()


class Bench(Cabinet):
    """A cabinet in which one life after the other is lived; `begin` puts a new unit and a new journal in."""

    def __init__(self, folder: Path, town: Town) -> None:
        super().__init__(folder, town)
        self._lives = 0
        self.rows: set[str] = set()
        """Rows of the table that decided something since a kiosk started or the unit came up."""
        self._heard: set[str] = set()
        self._acts: dict[str, Callable[[], object]] = {}
        self._deaths: set[CashState] = set()
        self._kiosks: list[Mortal] = []

    @contextlib.contextmanager
    def life(self, *, counter: bool) -> Iterator[None]:
        """A new unit, a new journal, and an eye on the table for as long as the block lasts."""
        self.validator("renew")
        self.validator("counter", on=counter)
        self._acts, self._deaths = {}, set()
        self._before = self.town.books()
        self.other_disk()
        with patch.object(cash, "decide", self._decide):
            try:
                yield
            finally:
                for kiosk in self._kiosks:
                    kiosk.crash()
                self._kiosks.clear()

    def _decide(self, it: Situation) -> Row:
        row = power_up.decide(it)
        self.rows.add(row.name)
        self._heard.add(it.state)
        if act := self._acts.pop(it.state, None):
            act()
        return row

    def at_word(self, state: CashState, act: Callable[[], object]) -> None:
        """Act in the core thread when the kiosk is next told this, before anything is done about it."""
        self._acts[state] = act

    def hears(self, *states: str) -> None:
        """Wait until the kiosk that was started last has been told one of these by the unit."""
        eventually(lambda: self._heard & set(states), f"{' or '.join(states)} was not heard")

    def hears_anew(self) -> None:
        """Forget what the kiosk has been told so far, and what rows decided."""
        self._heard, self.rows = set(), set()

    def comes_up(self) -> None:
        """The unit gets power again, and the kiosk that lives on is told so."""
        self.hears_anew()  # this kiosk has seen it come up before
        self.validator("power_on")
        self.hears(*POWER_UPS)

    def decided(self, rows: frozenset[str]) -> None:
        """Wait until these rows have decided something."""
        eventually(lambda: rows <= self.rows, f"{sorted(rows)} not among {sorted(self.rows)}")

    def other_disk(self) -> None:
        """The next kiosk finds no journal."""
        self._lives += 1

    def start(self, **changes: dict[str, Any]) -> Mortal:
        """Start a kiosk on the present journal."""
        changes["journal"] = {"path": str(self.folder / f"journal-{self._lives}.sqlite")}
        self.hears_anew()
        kiosk = Mortal(load(self.settings(**changes)))
        kiosk.on_death = self._kiosk_fell
        self._kiosks.append(kiosk)
        return kiosk

    def _kiosk_fell(self) -> None:
        status = self.validator("status", log=0)
        self._deaths.add(self._stood(status["state"] if status["plugged"] else "unplugged"))

    @staticmethod
    def _stood(word: str) -> CashState:
        silent = word in {"power_off", "unplugged"}
        return CashState.OFFLINE if silent else STATES[State[word.upper()]]

    def was_cut(self, who: str, state: CashState) -> bool:
        """Whether the unit stood in this state when the power of `kiosk`, `unit` or `both` went, in this life."""
        log = self.validator("status", log=1000)["log"]
        cuts = {self._stood(entry["state"]) for entry in log if entry["what"] == "power_off"}
        died = self._deaths
        return {"kiosk": state in died, "unit": state in cuts, "both": state in died & cuts}[who]

    def at_slot(self, **changes: dict[str, Any]) -> Mortal:
        """A kiosk with a customer before the open slot who owes two hundred."""
        kiosk = self.start(**changes)
        kiosk.to_slot(self.town.account(20000).account_no)
        self.stands("idling")
        return kiosk

    def power_cycle(self) -> None:
        """The unit loses power and gets it back."""
        if self.validator("status", log=0)["state"] != "power_off":
            self.validator("power_off")
        self.validator("power_on")

    def held_out(self) -> None:
        """Wait until a note is held out to its owner."""
        eventually(lambda: self.validator("status", log=0)["held_out"], "no note is held out")

    def gone_back(self, told: bool = True) -> None:
        """The note in escrow goes back by itself and is taken."""
        self.validator("escrow_over")
        self.held_out()
        self.validator("take_note", told=told)

    def claims(self, kiosk: Mortal) -> list[tuple[str, int, int]]:
        """Reason, certain and uncertain money of every claim."""
        return [(c.reason, c.amount_fen, c.memo_fen) for c in kiosk.books() if isinstance(c, Claim)]

    def pays_or_leaves(self, kiosk: Mortal) -> None:
        """The customer pays what is in, or leaves if nothing is."""

        def over() -> bool:
            payment = kiosk.payment()
            if payment.state in {"open", "funded"}:
                kiosk.press("pay_now", "cancel")
            return payment.state not in {"open", "funded", "stacking", "stacking_first"}

        eventually(over, "the payment goes on")

    def _check_notes(self, box: int) -> None:
        status = self.validator("status")
        totals = status["totals"]
        gone = ("returned", "returned_at_start", "rejected", "removed_by_hand", "fished")
        back = sum(totals.get(what, 0) for what in gone)
        assert status["box_fen"] == box
        assert totals.get("inserted", 0) == back + box + status["on_way_fen"]
