"""The cash journey with the power cut at one operation of one disk, the kiosk's or the hub's, and its judgement."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from simulators.far_end import ControlError
from tests.journeys.kiosk import PATIENCE
from tests.powercut.judge import Count, Verdict, judge, settle
from tests.powercut.lanes import Outcome
from tests.powercut.machine import Dark, Forked
from tests.powercut.power import Mount
from tests.powercut.station import DUE_FEN, Station


@dataclass(frozen=True, slots=True)
class Case:
    """One cut; operations are counted from the kiosk's start (kiosk) or the customer's first touch (hub); 0 is none.

    `seed` chooses what of the unsynced bytes survives, `again` cuts a second time at that operation of the recovery,
    `often` lets snapshots and checkpoints come often. `fail` fails the operation (EIO) or all that need room from it
    on (ENOSPC) instead; the power goes when the kiosk has closed itself. `weak` is a deliberate fault of the kiosk's:
    it commits with synchronous=NORMAL and says FULL.
    """

    victim: Literal["kiosk", "hub"] = "kiosk"
    cut: int = 0
    seed: int = 0
    acceptor_too: bool = False
    often: bool = False
    again: int = 0
    fail: Literal["", "EIO", "ENOSPC"] = ""
    weak: bool = False

    def __str__(self) -> str:
        words = [self.victim, f"--cut {self.cut}", f"--seed {self.seed}"]
        words += [
            f"--{name.replace('_', '-')}" for name in ("acceptor_too", "often", "weak") if getattr(self, name)
        ]
        words += [f"--{name} {value}" for name in ("again", "fail") if (value := getattr(self, name))]
        return " ".join(words)


def play(station: Station, case: Case) -> Outcome:
    """Play the journey with this cut, bring everything back, let it settle, and judge."""
    return _play_hub(station, case) if case.victim == "hub" else _play_kiosk(station, case)


def _play_kiosk(station: Station, case: Case) -> Outcome:
    mount, before = _mount(station), Count.of(station.cabinet, station.town)
    disk = mount.make()
    kiosk = station.kiosk(disk, case.often, case.weak)
    if case.fail == "ENOSPC":
        mount.do("arm", disk, pid=kiosk.pid, full_from=case.cut)
    elif case.fail:
        mount.do("arm", disk, pid=kiosk.pid, fail={str(case.cut): case.fail})
    else:
        mount.do("arm", disk, pid=kiosk.pid, cut_at=case.cut)
    with contextlib.suppress(Dark):
        station.pays(_closing(kiosk.go()))
    if case.fail:
        kiosk.process.kill()
    cuts = int(kiosk.close() == -9)
    pages, operations = kiosk.shown.names, mount.operations(disk)
    kiosk, again = _comes_back(station, case, disk)
    try:
        verdict = _judged(station, kiosk, before, pages)
    finally:
        kiosk.kill()
        mount.do("drop", kiosk.path.parent.name)
    at = operations[case.cut - 1] if 0 < case.cut <= len(operations) else ""
    return Outcome(verdict, cuts + again, at=at, operations=len(operations))


def _closing(kiosk: Forked) -> Forked:
    """A kiosk whose customer goes away when it closes itself because of its journal."""
    gone = kiosk.shown.dark
    kiosk.shown.dark = lambda: gone() or bool(kiosk.shown.names and "cannot go on" in str(kiosk.shown.now))
    return kiosk


def _comes_back(station: Station, case: Case, disk: str) -> tuple[Forked, int]:
    """The power comes back, once more after a cut in the recovery where the case wants one; how many cuts that was."""
    mount, again = _mount(station), 0
    for cut_at in (case.again, 0) if case.again else (0,):
        mount.do("cut", disk)
        if case.acceptor_too:
            station.cut_the_acceptor()
        disk = mount.survive(disk, case.seed)
        kiosk = station.kiosk(disk, case.often, case.weak)
        mount.do("arm", disk, pid=kiosk.pid, cut_at=cut_at)
        kiosk.go()
        if cut_at:
            with contextlib.suppress(Dark):
                settle(station.cabinet, kiosk)
            again += kiosk.close() == -9
    return kiosk, again


def _play_hub(station: Station, case: Case) -> Outcome:
    mount, town = _mount(station), station.town
    town.renew(often=case.often)
    account_no = town.account(DUE_FEN).account_no
    before = Count.of(station.cabinet, town)
    disk = mount.make()
    # A kiosk that noticed the hub's absence would give the notes back, and the hub would have nothing to lose.
    kiosk = station.kiosk(disk, changes={"hub": {"status_every_s": 3600.0}}).go()
    first, begun = town.disk, len(mount.operations(town.disk))
    with _watched(station, case) as hub:
        mount.do("arm", town.disk, pid=town.hub.pid, cut_at=case.cut and begun + case.cut)
        gone = kiosk.shown.dark
        kiosk.shown.dark = lambda: gone() or hub.died.is_set()
        try:
            kiosk.to_slot(account_no)
            kiosk.shown.dark = gone
            station.feeds(kiosk)
        except Dark:
            # The customer reads that there is no connection, and goes; somebody switches the kiosk off and on.
            kiosk.close()
            hub.back.wait(PATIENCE)
            kiosk = station.kiosk(disk).go()
        pages = kiosk.shown.names
        _no_more_cuts(mount, first, hub)
        operations = hub.operations or mount.operations(first)
    try:
        verdict = _judged(station, kiosk, before, pages)
    finally:
        kiosk.kill()
        mount.do("drop", disk)
    at = operations[begun + case.cut - 1] if hub.died.is_set() else ""
    return Outcome(verdict, int(hub.died.is_set()), at=at, operations=len(operations) - begun)


def _no_more_cuts(mount: Mount, disk: str, hub: _Watch) -> None:
    """A cut that was not reached must not meet the next case; after one that was reached the hub is back."""
    try:
        mount.do("arm", disk)
        cut = mount.do("status", disk)["dead"]
    except ControlError:  # what was left of it is another disk by now
        cut = True
    if cut:
        assert hub.back.wait(PATIENCE), "the hub does not come back"


class _Watch:
    """What became of the hub: whether it died, whether it is back, what it had written."""

    def __init__(self) -> None:
        self.died, self.back = threading.Event(), threading.Event()
        self.operations: list[str] = []


@contextlib.contextmanager
def _watched(station: Station, case: Case) -> Iterator[_Watch]:
    """Start the hub again, on what is left, as soon as it is gone."""
    watch, over = _Watch(), threading.Event()

    def look() -> None:
        while not over.is_set():
            if station.town.hub.gone(0.02):
                watch.operations = _mount(station).operations(station.town.disk)
                watch.died.set()
                station.town.restart(often=case.often, seed=case.seed)
                watch.back.set()
                return

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    try:
        yield watch
    finally:
        over.set()
        watcher.join()


def _mount(station: Station) -> Mount:
    assert isinstance(station.place, Mount)
    return station.place


def _judged(station: Station, kiosk: Forked, before: Count, pages: list[str]) -> Verdict:
    missing = settle(station.cabinet, kiosk)
    verdict = judge(station.cabinet, station.town, kiosk, before, pages)
    return Verdict(
        (*verdict.faults, *([missing] if missing else [])), verdict.lost, verdict.doubled, verdict.in_flight
    )
