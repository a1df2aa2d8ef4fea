"""All cuts of the cash journey and of a pruning: every write and every sync of kiosk and hub, in lanes."""

from __future__ import annotations

import itertools
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from tests.powercut import pruning
from tests.powercut.case import Case
from tests.powercut.cuts import play
from tests.powercut.lanes import Lanes, Outcome, Report, timed
from tests.powercut.power import mounted
from tests.powercut.station import Station
from tests.powercut.tally import Tally

BUDGET_S = 330.0
COMMAND = ".venv/bin/python -m tests.powercut"
UNCUT = (
    Case("kiosk"),
    Case("kiosk", often=True),
    Case("kiosk", card=True),
    Case("hub"),
    Case("hub", often=True),
)
CARD_S_EVENTS = 34
"""So many of the last operations of a journey with a meter card begin before the first event of the card."""


def run(report: Report, budget_s: float = BUDGET_S) -> Tally:
    """Cut at every operation, then with other seeds until the time is used up. `report` is given lines for people."""
    with tempfile.TemporaryDirectory(prefix="cuts-") as folder, mounted(Path(folder)) as mount:
        made = Made()
        lanes = Lanes(mount, Path(folder), made.play, COMMAND, report)
        lengths = {case: lanes.one(case).operations for case in UNCUT}
        report("operations: " + ", ".join(f"{case}: {count}" for case, count in lengths.items()))
        further = timed(more_cuts(lengths), budget_s)
        with ThreadPoolExecutor(1) as beside:
            pruned = beside.submit(pruning.run, mount, report, lanes.tally, COMMAND)
            lanes.go(itertools.chain(every_cut(lengths), further))
            pruned.result()
    for line in made.lines(lengths):
        report(line)
    return lanes.tally


class Made:
    """Which operations were really cut or made to fail, of each way to do it."""

    def __init__(self) -> None:
        self._cuts: dict[tuple[Case, str], set[int]] = defaultdict(set)
        self._second: Counter[bool] = Counter()

    def play(self, station: Station, case: Case) -> Outcome:
        """Play it and note what was reached."""
        outcome = play(station, case)
        if outcome.at:
            how = case.fail or ("cut, torn" if case.seed else "cut, all lost")
            self._cuts[Case(case.victim, often=case.often, card=case.card), how].add(case.cut)
        if case.again:
            self._second[outcome.cuts == 2] += 1
        return outcome

    def lines(self, lengths: dict[Case, int]) -> Iterator[str]:
        """For people: of each way how many operations of how many."""
        for (case, how), cuts in sorted(self._cuts.items(), key=str):
            whose = f"{case.victim}{', often' * case.often}{', card' * case.card}"
            yield f"{whose}: {how} at {len(cuts)} of {lengths[case]} operations"
        yield f"a second cut in the recovery: {self._second[True]}; in {self._second[False]} it was over before"


def every_cut(lengths: dict[Case, int]) -> Iterator[Case]:
    """Each operation once with all unsynced lost, once torn with the acceptor cut too, and with each fault."""
    kiosk, kiosk_often, kiosk_card, hub, hub_often = lengths
    for cut in range(1, lengths[kiosk] + 1):
        yield replace(kiosk, cut=cut)
        yield replace(kiosk, cut=cut, seed=cut + 1, acceptor_too=True)
        yield replace(kiosk, cut=cut, fail="EIO")
        yield replace(kiosk, cut=cut, fail="ENOSPC", seed=cut + 1)
    for cut in range(1, lengths[kiosk_often] + 1):
        yield replace(kiosk_often, cut=cut, seed=cut + 1, again=cut % 17 + 1)
    yield from card_cuts(kiosk_card, lengths[kiosk_card])
    for cut in range(1, lengths[hub] + 1):
        yield replace(hub, cut=cut)
        yield replace(hub, cut=cut, fail="EIO")
        yield replace(hub, cut=cut, fail="ENOSPC", seed=cut + 1)
    for cut in range(1, lengths[hub_often] + 1):
        yield replace(hub_often, cut=cut, seed=cut + 1)


def card_cuts(card: Case, length: int) -> Iterator[Case]:
    """Each operation of the card's own events, by turns with all unsynced lost and torn."""
    for cut in range(max(1, length - CARD_S_EVENTS), length + 1):
        yield replace(card, cut=cut, seed=cut % 2 * (cut + 1))


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
