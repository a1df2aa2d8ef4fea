"""All cuts of the cash journey: every write and every sync of kiosk and hub, in lanes beside one another."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from tests.powercut.cuts import Case, play
from tests.powercut.lanes import Lanes, Report, timed
from tests.powercut.power import mounted
from tests.powercut.tally import Tally

BUDGET_S = 420.0
COMMAND = ".venv/bin/python -m tests.powercut"
UNCUT = (Case("kiosk"), Case("kiosk", often=True), Case("hub"), Case("hub", often=True))


def run(report: Report, budget_s: float = BUDGET_S) -> Tally:
    """Cut at every operation, then with other seeds until the time is used up. `report` is given lines for people."""
    with tempfile.TemporaryDirectory(prefix="cuts-") as folder, mounted(Path(folder)) as mount:
        lanes = Lanes(mount, Path(folder), play, COMMAND, report)
        lengths = {case: lanes.one(case).operations for case in UNCUT}
        report("operations: " + ", ".join(f"{case}: {count}" for case, count in lengths.items()))
        further = timed(more_cuts(lengths), budget_s)
        lanes.go(itertools.chain(every_cut(lengths), further))
    return lanes.tally


def every_cut(lengths: dict[Case, int]) -> Iterator[Case]:
    """Each operation once with all unsynced lost, once torn with the acceptor cut too, and with each fault."""
    kiosk, kiosk_often, hub, hub_often = lengths
    for cut in range(1, lengths[kiosk] + 1):
        yield replace(kiosk, cut=cut)
        yield replace(kiosk, cut=cut, seed=cut + 1, acceptor_too=True)
        yield replace(kiosk, cut=cut, fail="EIO")
        yield replace(kiosk, cut=cut, fail="ENOSPC", seed=cut + 1)
    for cut in range(1, lengths[kiosk_often] + 1):
        yield replace(kiosk_often, cut=cut, seed=cut + 1, again=cut % 17 + 1)
    for cut in range(1, lengths[hub] + 1):
        yield replace(hub, cut=cut)
    for cut in range(1, lengths[hub_often] + 1):
        yield replace(hub_often, cut=cut, seed=cut + 1)


def more_cuts(lengths: dict[Case, int]) -> Iterator[Case]:
    """The same with ever other seeds: other torn writes, other second cuts."""
    for seed in itertools.count(1000, 1000):
        for case, length in lengths.items():
            for cut in range(1, length + 1):
                kiosk = case.victim == "kiosk"
                again = (cut * 7 + seed // 1000) % 40 if kiosk and case.often else 0
                yield replace(
                    case, cut=cut, seed=seed + cut, acceptor_too=kiosk and cut % 2 == 0, again=again
                )
