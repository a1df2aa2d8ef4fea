"""What stays between cuts: far ends, a hub whose books are on a disk that can lose power, and the customer's hands."""

from __future__ import annotations

import contextlib
import shutil
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from hub.data.engine import sync_engine
from simulators.bench.settings import TERMINAL
from simulators.far_end import ControlError
from tests.journeys.cabinet import Cabinet
from tests.journeys.kiosk import PATIENCE
from tests.journeys.town import Town
from tests.powercut.card_slots import CardSlots
from tests.powercut.machine import Dark, Forked, ForkedHub
from tests.powercut.power import Mount, Place
from tools.hub_process import HubClient, power_hub, write_test_key

KEY = bytes(range(32))
NOTES_YUAN = (50, 20)
DUE_FEN = 7000
BRISK: dict[str, dict[str, Any]] = {
    "hub": {"retry_first_s": 0.05, "retry_most_s": 0.3, "checking_after_s": 8.0, "status_every_s": 0.5},
    "screen": {"done_s": 0.3, "slip_s": 0.3},
}


class HubOnDisk(Town):
    """A town whose books are on a disk that can lose power; the hub comes back at the same address."""

    def __init__(self, folder: Path, place: Place) -> None:
        books = folder / "books"
        books.mkdir()
        self.key = write_test_key(folder / "terminal.key", KEY)
        database = f"sqlite:///{books / 'hub.sqlite'}"
        power_hub("seed", "--database", database, "--accounts", "20")
        power_hub("terminal", "add", TERMINAL, "--database", database, "--key", str(self.key))
        self._place, self._founded = place, books
        self._often = self._weak = False
        self.disk = place.make(books)
        self._address = (
            socket.socket()
        )  # bound and never listening: the port stays ours while the hub is dead
        self._address.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._address.bind(("127.0.0.1", 0))
        self._begin()

    def _begin(self, die: str = "") -> None:
        self.database = f"sqlite:///{self._place.path(self.disk) / 'hub.sqlite'}"
        self.hub = ForkedHub(self.database, self._address.getsockname()[1], self._often, self._weak, die)
        if not self.hub.url:
            raise RuntimeError(f"the hub does not start on what the cut left of its books: {self.disk}")
        self.url = self.hub.url
        self.client = HubClient(self.url, TERMINAL, KEY)
        self._engine = sync_engine(self.database)

    def renew(self, *, often: bool = False, weak: bool = False) -> None:
        """Begin anew with the books as they were when the town was founded, so that a case depends on no other."""
        self.disk = self._place.make(self._founded)
        self._often, self._weak = often, weak
        self.restart()

    def restart(self, *, seed: int | None = None, die: str = "") -> None:
        """Begin anew, on what a cut has left of the disk when a seed is given. Raises RuntimeError.

        `die` is a named moment at which the hub kills itself.
        """
        self.hub.kill()
        self._engine.dispose()
        self.client.close()
        if seed is not None:
            assert isinstance(self._place, Mount)
            self.disk = self._place.survive(self.disk, seed)
        self._begin(die)

    def lose_power(self) -> None:
        """The hub's power goes, with all that was not synced, and comes back."""
        assert isinstance(self._place, Mount)
        self._place.do("cut", self.disk)
        self.restart(seed=0)

    def close(self) -> None:
        """End the hub."""
        self.client.close()
        self._engine.dispose()
        self.hub.kill()
        self._address.close()


class Station:
    """A cabinet, a town and disks, for one case after the other; all end with `close`."""

    def __init__(self, folder: Path, place: Place) -> None:
        self.folder, self.place = folder, place
        self._ends = contextlib.ExitStack()
        self._slots: CardSlots | None = None
        for part in ("town", "cabinet"):
            (folder / part).mkdir(parents=True)
        try:
            self.town = HubOnDisk(folder / "town", place)
            self._ends.callback(self.town.close)
            self.cabinet = Cabinet(folder / "cabinet", self.town)
            self._ends.callback(self.cabinet.close)
        except BaseException:
            self.close()
            raise

    @property
    def mount(self) -> Mount:
        """The disks, where they can lose power."""
        assert isinstance(self.place, Mount)
        return self.place

    def close(self) -> None:
        """End everything and leave nothing."""
        self._ends.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def has_slots(self) -> bool:
        """Whether anybody has asked for them."""
        return self._slots is not None

    @property
    def slots(self) -> CardSlots:
        """The reader for meter cards and the dispenser of new ones; there from when they are first asked for."""
        if self._slots is None:
            self._slots = CardSlots(self.folder / "cards", self.cabinet.folder)
            self._ends.callback(self._slots.close)
        return self._slots

    def kiosk(
        self,
        disk: str,
        often: bool = False,
        weak: bool = False,
        die: str = "",
        changes: Mapping[str, dict[str, Any]] = MappingProxyType({}),
    ) -> Forked:
        """A kiosk whose journal is on this disk; it waits for its `go`. `changes` are laid over its settings."""
        path = {"path": str(self.place.path(disk) / "journal.sqlite")}
        tables = {name: BRISK.get(name, {}) | changes.get(name, {}) for name in {*BRISK, *changes}}
        leads = self._slots.environment if self._slots is not None else {}
        return Forked(self.cabinet.settings(journal=path, **tables), die, often, weak, leads)

    def pays(self, kiosk: Forked) -> None:
        """The journey: an account with 70 yuan due, a fifty and a twenty, the receipt. Raises Dark."""
        kiosk.to_slot(self.town.account(DUE_FEN).account_no)
        self.feeds(kiosk)

    def feeds(self, kiosk: Forked) -> None:
        """From the open slot to the receipt, or to the slip that tells him it is being checked. Raises Dark."""
        for value in NOTES_YUAN:
            self.insert(kiosk, value)
            kiosk.notice(f"¥{value}.00 received")
        kiosk.press("pay_now")
        # Where the hub has just lost its power it may come back later than a customer is made to wait.
        kiosk.shown.wait(lambda page: page.name in {"done", "checking"}, "page done or checking")
        kiosk.page("attract")

    def insert(self, kiosk: Forked, value_yuan: int) -> None:
        """Offer a note until the acceptor draws it in. Raises Dark."""
        until = time.monotonic() + PATIENCE
        while not self.cabinet.validator("insert", value_fen=100 * value_yuan)["taken"]:
            if kiosk.shown.dark():
                raise Dark
            assert time.monotonic() < until, "the acceptor does not open"
            time.sleep(0.01)

    def cut_the_acceptor(self) -> None:
        """Its power goes and comes back."""
        with contextlib.suppress(ControlError):
            self.cabinet.validator("power_off")
        self.cabinet.validator("power_on")
