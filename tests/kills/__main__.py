"""Kill kiosk and hub: at every named point and at random moments, or one case again.

.venv/bin/python -m tests.kills [--seconds N]
.venv/bin/python -m tests.kills random --seed N [--times N]
.venv/bin/python -m tests.kills WAY --at MOMENT [--times N]

With --times one case is played until it fails, at most so often: the moments of a random journey are a real clock's.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from tests.kills import random_kills
from tests.kills.leaks import searched
from tests.kills.points import CARDS, WHERE, Point, die, points
from tests.kills.random_kills import Journey
from tests.powercut.__main__ import say, tidy
from tests.powercut.lanes import LANES, Lanes, Outcome, Report, timed
from tests.powercut.power import Folders
from tests.powercut.station import Station
from tests.powercut.tally import Tally

BUDGET_S = 165.0
COMMAND = ".venv/bin/python -m tests.kills"
Case = Point | Journey


def run(report: Report, budget_s: float = BUDGET_S) -> Tally:
    """Every named point once, then random journeys until the time is used up."""
    journeys = map(Journey, itertools.count(1))
    return play_all(itertools.chain(points(), timed(journeys, budget_s)), report)


def play_all(cases: Iterable[Case], report: Report, lanes: int = LANES) -> Tally:
    """Play these cases in ordinary folders."""
    with tempfile.TemporaryDirectory(prefix="kills-") as folder:
        (Path(folder) / "folders").mkdir()
        played: Lanes[Case] = Lanes(Folders(Path(folder) / "folders"), Path(folder), play, COMMAND, report)
        played.go(iter(cases), lanes)
    return played.tally


def play(station: Station, case: Case) -> Outcome:
    """Play one, and search what the kiosk has written meanwhile."""
    outcome = die(station, case) if isinstance(case, Point) else random_kills.play(station, case)
    return searched(station, outcome)


def main(report: Callable[[str], None] = say) -> int:
    """Run; 1 when a fen is not where it must be."""
    parser = argparse.ArgumentParser(description="Kill kiosk and hub in random journeys over real wires.")
    parser.add_argument("way", nargs="?", choices=["random", *WHERE, *CARDS])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--at", default="before:NoteStacked", metavar="MOMENT")
    parser.add_argument(
        "--times", type=int, default=1, help="play the one case until it fails, so often at most"
    )
    parser.add_argument("--seconds", type=float, default=BUDGET_S)
    options = parser.parse_args()
    tidy()
    if options.way is None:
        tally = run(report, options.seconds)
    else:
        case = Journey(options.seed) if options.way == "random" else Point(options.way, options.at)
        for _ in range(options.times):
            tally = play_all([case], report, lanes=1)
            if tally.failures:
                break
    report(str(tally))
    return int(bool(tally.failures))


if __name__ == "__main__":
    sys.exit(main())
