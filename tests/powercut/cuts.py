"""The cash journey with the power cut at one operation of one disk, the kiosk's or the hub's, and its judgement."""

from __future__ import annotations

import contextlib

from tests.powercut import hub_cuts
from tests.powercut.cardholder import Cardholder, Tables
from tests.powercut.case import Case, reached
from tests.powercut.judge import Count, Hand, at_rest, settle
from tests.powercut.lanes import Outcome
from tests.powercut.machine import Dark, Forked
from tests.powercut.station import Station


def play(station: Station, case: Case) -> Outcome:
    """Play the journey with this cut, bring everything back, let it settle, and judge."""
    player = hub_cuts.play if case.victim == "hub" else _play_kiosk
    return reached(case, player(station, case))


def _play_kiosk(station: Station, case: Case) -> Outcome:
    mount, before = station.mount, Count.of(station.cabinet, station.town)
    holder = Cardholder(station, "buys") if case.card else None
    tables = holder.tables(meter_card={"card_back_s": 30.0}) if holder else {}
    disk = mount.make()
    kiosk = station.kiosk(disk, case.often, case.weak, changes=tables)
    if case.fail == "ENOSPC":
        mount.do("arm", disk, pid=kiosk.pid, full_from=case.cut)
    elif case.fail:
        mount.do("arm", disk, pid=kiosk.pid, fail={str(case.cut): case.fail})
    else:
        mount.do("arm", disk, pid=kiosk.pid, cut_at=case.cut)
    with contextlib.suppress(Dark):
        (holder.buys if holder else station.pays)(_closing(kiosk.go()))
    cuts = int(kiosk.close() == -9 or bool(case.fail))
    pages, operations = kiosk.shown.names, mount.operations(disk)
    hand: Hand = holder.does if holder else lambda _: None
    kiosk, again = _comes_back(station, case, disk, tables, hand)
    try:
        verdict = at_rest(station.cabinet, station.town, kiosk, before, pages, hand=hand)
        if holder:
            verdict = holder.judged(verdict, kiosk.books())
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


def _comes_back(station: Station, case: Case, disk: str, tables: Tables, hand: Hand) -> tuple[Forked, int]:
    """The power comes back, once more after a cut in the recovery where the case wants one; how many cuts that was."""
    mount, again = station.mount, 0
    for cut_at in (case.again, 0) if case.again else (0,):
        mount.do("cut", disk)
        if case.acceptor_too:
            station.cut_the_acceptor()
        disk = mount.survive(disk, case.seed)
        kiosk = station.kiosk(disk, case.often, case.weak, changes=tables)
        mount.do("arm", disk, pid=kiosk.pid, cut_at=cut_at)
        kiosk.go()
        if cut_at:
            with contextlib.suppress(Dark):
                settle(station.cabinet, kiosk, hand=hand)
            again += kiosk.close() == -9
    return kiosk, again
