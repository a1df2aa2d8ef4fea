"""One cabinet for many small lives: a kiosk that can stop dead at any moment, and a unit that is new each time."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

from drivers.cash.ccnet_driver import CcnetAcceptor
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

    def dies(self, when: str, kind: str) -> None:
        """Stop `before` or `after` the first such event is durable, or when the first such effect was `served`."""
        self._dead = threading.Event()
        if when == "served":
            self._dies_serving(kind)
        else:
            getattr(self, when)(kind, self._stop_here)

    def _stop_here(self) -> None:
        self._lane.round = lambda: PATIENCE  # type: ignore[method-assign] # not one more poll
        raise Stopped

    def _dies_serving(self, kind: str) -> None:
        lane, serve = self._lane, self._lane.serve

        def last(effect: Effect) -> None:
            serve(effect)
            if type(effect).__name__ == kind:
                lane.round = lambda: PATIENCE  # type: ignore[method-assign]
                self.runner.tell(None)  # type: ignore[arg-type] # the core thread takes nothing after this
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
        self.runner.stop()


class Bench(Cabinet):
    """A cabinet in which one life after the other is lived; `begin` puts a new unit and a new journal in."""

    def __init__(self, folder: Path, town: Town) -> None:
        super().__init__(folder, town)
        self._lives = 0
        self.rows: set[str] = set()
        """Rows of the table that decided something in this life."""
        self._heard: set[str] = set()
        self._kiosks: list[Mortal] = []

    @contextlib.contextmanager
    def life(self, *, counter: bool) -> Iterator[None]:
        """A new unit, a new journal, and an eye on the table for as long as the block lasts."""
        self.validator("renew")
        self.validator("counter", on=counter)
        self.rows = set()
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
        return row

    def hears(self, *states: str) -> None:
        """Wait until the kiosk that was started last has been told one of these by the unit."""
        eventually(lambda: self._heard & set(states), f"{' or '.join(states)} was not heard")

    def comes_up(self) -> None:
        """The unit gets power again, and the kiosk that lives on is told so."""
        self._heard = set()  # of its first power-up before this kiosk
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
        self._heard = set()
        kiosk = Mortal(load(self.settings(**changes)))
        self._kiosks.append(kiosk)
        return kiosk

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

    def gone_back(self, told: bool = True) -> None:
        """The note in escrow goes back by itself and is taken."""
        self.validator("escrow_over")
        eventually(lambda: self.validator("status", log=0)["held_out"], "no note is held out")
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
        gone = ("returned", "returned_at_start", "rejected", "removed_by_hand")
        back = sum(totals.get(what, 0) for what in gone)
        assert status["box_fen"] == box
        assert totals.get("inserted", 0) == back + box + status["on_way_fen"]
