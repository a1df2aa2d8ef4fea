"""Runs the proof: `python -m tests.crash [--runs N] [--seed S] [--only PART]`.

A part is a module with `run_part(report: Report) -> Tally`. Name it in PARTS: it is called with how much is asked for,
tells its progress and failures through the report, and hands back what it counted. The last line of output is the sum
of all parts.
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections.abc import Callable
from importlib import import_module

from tests.crash.report import Report, Tally

PARTS = {
    "sim": "tests.crash.sim",
    "cuts": "tests.powercut.part",
    "kills": "tests.kills.part",
    "power-up": "tests.journeys.part",
    "fuzz": "tests.fuzz.__main__",
}


def part(name: str) -> Callable[[Report], Tally]:
    """The part's entry; it is loaded only when it runs."""
    found: Callable[[Report], Tally] = import_module(PARTS[name]).run_part
    return found


def main(arguments: list[str] | None = None) -> int:
    """Run the parts one after the other; 1 when any of them found anything."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--runs", type=int, help="simulated runs; without it until enough have crashed")
    parser.add_argument("--seed", type=int, default=1, help="the first run's seed")
    parser.add_argument("--only", choices=sorted(PARTS), help="one part")
    parser.add_argument("--processes", type=int, default=2)
    asked = parser.parse_args(arguments)
    # A kiosk that is made to fail logs its failure, hundreds of times; what counts here is said by the parts.
    logging.getLogger().addHandler(logging.NullHandler())
    total, started = Tally(), time.monotonic()
    for name in [asked.only] if asked.only else PARTS:
        report = Report(asked.runs, asked.seed, sys.stdout, asked.processes)
        began = time.monotonic()
        total.add(part(name)(report))
        report.say(f"{name}: {(time.monotonic() - began) / 60:.1f} minutes")
    minutes = (time.monotonic() - started) / 60
    sys.stdout.write(
        f"all: {minutes:.1f} minutes; {total.runs + total.plain} runs, "
        f"{total.plain} of them without a crash, which do not count\n"
    )
    if total.broken:
        sys.stdout.write(f"FAILED: {total.broken} with no fen in the wrong place; they stand above\n")
    sys.stdout.write(f"{total}\n")
    return 0 if total.ok else 1


if __name__ == "__main__":
    sys.exit(main())
