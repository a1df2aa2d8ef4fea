"""`python -m benchmarks [--quick] [NAME ...]`: measure, print the table, write build/bench.json.

Without names every group runs, in about ten minutes; `--quick` takes fewer and shorter rounds and leaves out, unless
named, what has nothing to shorten: to see that all still measure. Ends with 1 when a group could not be measured; a
missed target is a finding and no failure.
"""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path

from benchmarks.figures import Figure, keep, table

GROUPS = (
    "startup",
    "touch",
    "journal",
    "wear",
    "drain",
    "wire",
    "notes",
    "journey",
    "card",
    "hub",
    "signon",
    "printing",
)
NOT_QUICK = ("journey", "printing")
OUT = Path("build/bench.json")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the chosen groups one after another."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("groups", nargs="*", metavar="NAME", help=f"of {', '.join(GROUPS)}; all without any")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds")
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args(arguments)
    if unknown := set(options.groups) - set(GROUPS):
        parser.error(f"no group {', '.join(sorted(unknown))}; there are {', '.join(GROUPS)}")
    # Every group ends its programs while it unwinds, so a signal must unwind it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    os.environ["PYTHONUNBUFFERED"] = "1"
    failed, found = [], []
    chosen = options.groups or [name for name in GROUPS if not (options.quick and name in NOT_QUICK)]
    for name in chosen:
        measured = _group(name, quick=options.quick)
        found += measured
        if not measured:
            failed.append(name)
        keep(found, options.out)
    print(f"\n{table(found)}\n\n{len(found)} figures in {options.out}")
    if failed:
        print(f"not measured: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def _group(name: str, *, quick: bool) -> list[Figure]:
    """Measure one group; a group that fails is told and leaves the others their turn."""
    began = time.monotonic()
    print(f"bench: {name} ...", flush=True)
    try:
        found: list[Figure] = importlib.import_module(f"benchmarks.{name}_bench").figures(quick=quick)
    except Exception:  # noqa: BLE001 - whatever it is, the other groups are still to be measured
        traceback.print_exc()
        return []
    print(f"bench: {name} took {time.monotonic() - began:.0f} s", flush=True)
    print(table(found), flush=True)
    return found


if __name__ == "__main__":
    sys.exit(main())
