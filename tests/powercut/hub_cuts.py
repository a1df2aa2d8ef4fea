"""The same journey with the hub's disk losing power, failing or full; the hub comes back on what is left."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator

from simulators.far_end import ControlError
from tests.journeys.kiosk import PATIENCE
from tests.powercut.case import Case
from tests.powercut.judge import Count, at_rest
from tests.powercut.lanes import Outcome
from tests.powercut.machine import Dark, Forked
from tests.powercut.station import DUE_FEN, Station

REFUSES_S = 0.4
"""So long a hub with a bad disk goes on, and kiosks repeat themselves, before somebody cuts its power."""


def play(station: Station, case: Case) -> Outcome:
    """Play the journey; when all has settled the power goes once more, so that what was acknowledged is on the disk."""
    town = station.town
    town.renew(often=case.often, weak=case.weak)
    account_no = town.account(DUE_FEN).account_no
    before = Count.of(station.cabinet, town)
    disk = station.place.make()
    # A kiosk that noticed the hub's absence would give the notes back, and the hub would have nothing to lose.
    kiosk = station.kiosk(disk, changes={"hub": {"status_every_s": 3600.0}})
    with _watched(station, case) as hub:
        kiosk = _served(station, kiosk, disk, account_no, hub)
        pages = kiosk.shown.names
        hub.no_more_cuts()
    try:
        verdict = at_rest(station.cabinet, town, kiosk, before, pages, then=town.lose_power)
    finally:
        kiosk.kill()
        station.mount.do("drop", disk)
    return Outcome(verdict, 1 + hub.died.is_set(), at=hub.at, operations=len(hub.operations))


def _served(station: Station, kiosk: Forked, disk: str, account_no: str, hub: _Watch) -> Forked:
    """The customer pays, or reads that there is no connection and goes; somebody switches that kiosk off and on."""
    gone = kiosk.shown.dark
    kiosk.shown.dark = lambda: gone() or hub.died.is_set()
    try:
        kiosk.go().to_slot(account_no)
        kiosk.shown.dark = gone
        station.feeds(kiosk)
    except Dark:
        kiosk.close()
        hub.wait_until_back()
        return station.kiosk(disk).go()
    return kiosk


class _Watch(threading.Thread):
    """Starts the hub again, on what is left, as soon as it is gone; cuts the power of one whose disk has failed."""

    def __init__(self, station: Station, case: Case) -> None:
        super().__init__(daemon=True)
        self.died, self.back, self.over = threading.Event(), threading.Event(), threading.Event()
        self.operations: list[str] = []
        """What it has written from the kiosk's start to its death, or so far."""
        self._town, self._mount, self._case = station.town, station.mount, case
        self._disk = station.town.disk
        self._begun = len(self._mount.operations(self._disk))
        self._error: Exception | None = None
        number = case.cut and self._begun + case.cut
        wanted: dict[str, dict[str, object]] = {
            "": {"cut_at": number},
            "EIO": {"fail": {str(number): "EIO"}},
            "ENOSPC": {"full_from": number},
        }
        self._mount.do("arm", self._disk, pid=self._town.hub.pid, **wanted[case.fail])

    @property
    def at(self) -> str:
        """The operation that was cut or failed; empty when it was not reached."""
        cut = self._case.cut
        return self.operations[cut - 1] if 0 < cut <= len(self.operations) else ""

    def run(self) -> None:
        while not self.over.is_set():
            if self._case.fail and self._written() >= self._case.cut:
                time.sleep(REFUSES_S)
                self._mount.do("cut", self._disk)
            if self._town.hub.gone(0.02):
                self._written()
                self.died.set()
                try:
                    self._town.restart(seed=self._case.seed)
                except Exception as error:  # noqa: BLE001 - raised again where somebody waits
                    self._error = error
                self.back.set()
                return

    def _written(self) -> int:
        self.operations = self._mount.operations(self._disk)[self._begun :]
        return len(self.operations)

    def wait_until_back(self) -> None:
        """Wait. Raises what kept it from starting."""
        assert self.back.wait(PATIENCE), "the hub does not come back"
        if self._error is not None:
            raise self._error

    def no_more_cuts(self) -> None:
        """A cut that was not reached must not meet the next case; after one that was reached the hub is back."""
        try:
            self._written()
            cut = self.died.is_set() or bool(self._case.fail and self.at)
            if not cut:
                self._mount.do("arm", self._disk)
                self._written()
                cut = self._mount.do("status", self._disk)["dead"]
        except ControlError:  # what was left of it is another disk by now
            cut = True
        if cut:
            self.wait_until_back()


@contextlib.contextmanager
def _watched(station: Station, case: Case) -> Iterator[_Watch]:
    watch = _Watch(station, case)
    watch.start()
    try:
        yield watch
    finally:
        watch.over.set()
        watch.join()
