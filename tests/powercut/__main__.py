"""Cut the power in the cash journey: all of it, or one case again.

python -m tests.powercut [--seconds N]
python -m tests.powercut kiosk|hub --cut N [--seed N] [--acceptor-too] [--often] [--again N] [--fail EIO|ENOSPC]
    [--weak] [--card] [--traced]
python -m tests.powercut prune --cut N [--seed N] [--fail EIO|ENOSPC]
"""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import tempfile
from pathlib import Path

from tests.powercut import passes, pruning, traced
from tests.powercut.case import Case
from tests.powercut.cuts import play
from tests.powercut.power import Folders, Place, missing, mounted
from tests.powercut.station import Station


def main() -> int:
    """Run; 1 when a fen is not where it must be."""
    parser = argparse.ArgumentParser(description="Cut the power at the writes and syncs of the cash journey.")
    parser.add_argument("victim", nargs="?", choices=["kiosk", "hub", "prune"])
    parser.add_argument("--seconds", type=float, default=passes.BUDGET_S, help="how long to go on with seeds")
    for number in ("cut", "seed", "again"):
        parser.add_argument(f"--{number}", type=int, default=0)
    for switch in ("acceptor-too", "often", "weak", "card", "traced"):
        parser.add_argument(f"--{switch}", action="store_true")
    parser.add_argument("--fail", choices=["", "EIO", "ENOSPC"], default="")
    options = parser.parse_args()
    tidy()
    by_trace = options.traced
    if why := missing():
        say(f"no FUSE here ({why}): the cuts are made from a trace of writes and syncs instead")
        by_trace = True
    if options.victim is None:
        tally = (traced if by_trace else passes).run(say, options.seconds)
        say(str(tally))
        return int(bool(tally.failures))
    given = vars(options)
    del given["seconds"], given["traced"]
    try:
        if options.victim == "prune":
            return prune(pruning.Pruning(options.cut, options.seed, options.fail))
        return once(Case(**given), by_trace)
    except ValueError as error:
        parser.error(str(error))


def once(case: Case, by_trace: bool) -> int:
    """Play one case and say what came of it."""
    with tempfile.TemporaryDirectory(prefix="cut-") as name, contextlib.ExitStack() as ends:
        folder = Path(name)
        place: Place = Folders(folder) if by_trace else ends.enter_context(mounted(folder))
        station = Station(folder / "station", place)
        try:
            outcome = (traced.play if by_trace else play)(station, case)
        finally:
            station.close()
    say(f"cut at: {outcome.at or 'not reached'}; operations: {outcome.operations}; {outcome.verdict}")
    return int(bool(outcome.verdict.faults))


def prune(case: pruning.Pruning) -> int:
    """Play one cut of a pruning and say what came of it."""
    with tempfile.TemporaryDirectory(prefix="cut-") as name, mounted(Path(name)) as mount:
        outcome = pruning.once(mount, case)
    say(f"cut at: {outcome.at or 'not reached'}; operations: {outcome.operations}; {outcome.verdict}")
    return int(bool(outcome.verdict.faults))


def tidy() -> None:
    """Let a SIGTERM end everything in order, as Ctrl-C does."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


def say(line: str) -> None:
    """Print at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
