"""Runs the proof: `.venv/bin/python -m tests.crash [--runs N] [--seed S] [--only PART]`.

A part is a module with `run_part(report: Report) -> Tally`. Name it in PARTS: it is called with how much is asked for,
tells its progress and failures through the report, and hands back what it counted. A part that breaks off is a failure
and the next one runs all the same. The last line of output is the sum of all parts.
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
import traceback
from collections.abc import Callable
from importlib import import_module

from tests.crash.report import Report, Tally, command

PARTS = {
    "slow": "tests.crash.slow",
    "sim": "tests.crash.sim",
    "tenders": "tests.crash.tender_sim",
    "faults": "tests.crash.faults",
    "cuts": "tests.powercut.part",
    "postgres": "tests.powercut.postgres",
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
    asked = _asked(arguments)
    # A kiosk that is made to fail logs its failure, hundreds of times; what counts here is said by the parts.
    logging.getLogger().addHandler(logging.NullHandler())
    total, started = Tally(), time.monotonic()
    report = Report(asked.runs, asked.seed, sys.stdout, asked.processes, asked.fault or asked.life)
    for name in [asked.only] if asked.only else PARTS:
        began = time.monotonic()
        try:
            total.add(_run(name, report))
        except KeyboardInterrupt:
            total.broken += 1
            report.say("FAILED interrupted; what was not played stands for nothing")
            break
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


def _asked(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=".venv/bin/python -m tests.crash", description=__doc__)
    parser.add_argument("--runs", type=int, help="simulated runs; without it until enough have crashed")
    parser.add_argument("--seed", type=int, default=1, help="the first run's seed")
    parser.add_argument("--only", choices=sorted(PARTS), help="one part")
    parser.add_argument("--fault", default="", metavar="NAME", help="one deliberate fault of the part faults")
    parser.add_argument("--life", default="", metavar="NAME", help="one life of the part power-up")
    parser.add_argument("--processes", type=int, default=2)
    asked = parser.parse_args(arguments)
    asked.only = "faults" if asked.fault else "power-up" if asked.life else asked.only
    return asked


def _run(name: str, report: Report) -> Tally:
    """One part; whatever ends it before its time is a failure of its own."""
    try:
        return part(name)(report)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - the parts behind it and the last line come in any case
        where = traceback.format_exc().splitlines()
        again = command("tests.crash", "--only", name, "--seed", report.seed)
        report.failed(f"{name} broke off: {type(error).__name__}: {error}", again, where)
        return Tally(broken=1)


if __name__ == "__main__":
    sys.exit(main())
