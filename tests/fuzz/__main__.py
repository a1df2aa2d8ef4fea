"""The long search: `.venv/bin/python -m tests.fuzz [--minutes N] [--seed N] [--target NAME] [--flood NAME]`.

Goes round all decoders until the time is over, each turn from a seed of its own, then floods each with a megabyte.
The last line says how many inputs were tried and what was found; the exit status is 1 when anything was. A failure
is printed with the input and the command that plays it again.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
import time
import traceback
from collections.abc import Sequence

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.database import InMemoryExampleDatabase

from tests.crash.report import Report, Tally, command
from tests.fuzz.floods import FLOODS, growth
from tests.fuzz.targets import TARGETS, messages

TURN = 300
FLOOD_BYTES = 100_000
MOST_GROWTH = 35


def search(name: str, number: int, examples: int) -> int:
    """Try so many inputs on one decoder from this seed; returns how many, or raises what the shortest of them does."""
    target, tried = TARGETS[name], 0

    @seed(number)
    @settings(
        max_examples=examples,
        deadline=None,
        database=InMemoryExampleDatabase(),
        print_blob=False,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
    )
    @given(messages(target))
    def run(data: bytes) -> None:
        nonlocal tried
        tried += 1
        target.check(data)

    run()
    return tried


def main(arguments: Sequence[str] | None = None) -> int:
    """Search, flood, report."""
    options = _options(arguments)
    until = time.monotonic() + options.minutes * 60
    alone = options.target or options.flood
    names = [options.target] if options.target else [] if alone else list(TARGETS)
    floods = [options.flood] if options.flood else [] if alone else list(FLOODS)
    number = random.randrange(2**32) if options.seed is None else options.seed
    _say(f"fuzz: seed {number}, {options.minutes:g} minutes, {len(names)} decoders")
    inputs, tried, broken = 0, set[str](), set[str]()
    while len(broken) < len(names):
        for name in names:
            if name not in broken and (name not in tried or time.monotonic() < until):
                tried.add(name)
                try:
                    inputs += search(name, number, options.examples)
                except Exception:  # noqa: BLE001 - whatever a decoder lets out is what is looked for
                    traceback.print_exc(file=sys.stdout)
                    _failed(name, "--target", name, "--seed", number, "--examples", options.examples)
                    broken.add(name)
        number += 1
        if time.monotonic() >= until:
            break
    findings = len(broken)
    for flood in floods:
        try:
            times = growth(flood, FLOOD_BYTES)
        except Exception:  # noqa: BLE001 - as above
            traceback.print_exc(file=sys.stdout)
            times = math.inf
        if times > MOST_GROWTH:
            _failed(f"flood {flood}: 1 MB takes {times:.0f} times as long as 100 KB", "--flood", flood)
            findings += 1
    _say(f"fuzz: inputs {inputs}, decoders {len(names)}, floods {len(floods)}, found {findings}")
    return 1 if findings else 0


def run_part(report: Report) -> Tally:
    """The search as a part of `python -m tests.crash`: a minute from the report's seed."""
    found = main(["--seed", str(report.seed), "--minutes", "1"])
    return Tally(broken=found)


def _failed(what: str, *case: object) -> None:
    replay = command("tests.fuzz", *case, "--minutes", 0)
    _say(f"FAILED {what}\n  again: {replay}")


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog=".venv/bin/python -m tests.fuzz", description="Search the decoders for faults."
    )
    parser.add_argument("--minutes", type=float, default=3.0, help="how long to search (one round at least)")
    parser.add_argument("--seed", type=int, help="where the random numbers begin; printed by each run")
    parser.add_argument("--target", choices=list(TARGETS), help="one decoder instead of all")
    parser.add_argument("--flood", choices=list(FLOODS), help="one flood and nothing else")
    parser.add_argument("--examples", type=int, default=TURN, help="inputs in each decoder's turn")
    return parser.parse_args(arguments)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
