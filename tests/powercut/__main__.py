"""Cut the power in the cash journey: all of it, or one case again.

python -m tests.powercut [--seconds N]
python -m tests.powercut kiosk|hub --cut N [--seed N] [--acceptor-too] [--often] [--again N] [--fail EIO|ENOSPC]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.powercut import passes, traced
from tests.powercut.cuts import Case, play
from tests.powercut.power import missing, mounted
from tests.powercut.station import Station


def main() -> int:
    """Run; 1 when a fen is not where it must be."""
    parser = argparse.ArgumentParser(description="Cut the power at the writes and syncs of the cash journey.")
    parser.add_argument("victim", nargs="?", choices=["kiosk", "hub"])
    parser.add_argument("--seconds", type=float, default=passes.BUDGET_S, help="how long to go on with seeds")
    for number in ("cut", "seed", "again"):
        parser.add_argument(f"--{number}", type=int, default=0)
    for switch in ("acceptor-too", "often", "weak"):
        parser.add_argument(f"--{switch}", action="store_true")
    parser.add_argument("--fail", choices=["", "EIO", "ENOSPC"], default="")
    options = parser.parse_args()
    if why := missing():
        say(f"no FUSE here ({why}): the cuts are made from a trace of writes and syncs instead")
    if options.victim is None:
        tally = (traced if why else passes).run(say, options.seconds)
        say(str(tally))
        return int(bool(tally.failures))
    given = vars(options)
    del given["seconds"]
    return once(Case(**given))


def once(case: Case) -> int:
    """Play one case and say what came of it."""
    with tempfile.TemporaryDirectory(prefix="cut-") as folder, mounted(Path(folder)) as mount:
        station = Station(Path(folder) / "station", mount)
        try:
            outcome = play(station, case)
        finally:
            station.close()
    say(f"cut at: {outcome.at or 'not reached'}; operations: {outcome.operations}; {outcome.verdict}")
    return int(bool(outcome.verdict.faults))


def say(line: str) -> None:
    """Print at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
