"""The power-up table as a part of `make crash`: every life, at every state of the acceptor's protocol."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from tests.crash.report import Report, Tally, command
from tests.journeys.power_up_rows import live_all, names


def run_part(report: Report) -> Tally:
    """Live every life over the real wire with a counter, and without one where that matters; most of it is waiting,
    so each process has a cabinet of its own."""
    tally = Tally()
    lives = [name for name, *_ in names() if report.case in {"", name}]
    if not lives:
        raise ValueError(f"no life is called {report.case!r}; there are: {'; '.join(n for n, *_ in names())}")
    shares = [lives[at :: report.processes] for at in range(min(report.processes, len(lives)))]
    if len(shares) == 1:
        lived = [live_some(lives)]
    else:
        with ProcessPoolExecutor(len(shares), get_context("spawn"), _quiet) as pool:
            lived = list(pool.map(live_some, shares))
    for count, failures in lived:
        tally.runs += count
        tally.broken += len(failures)
        for name, what in failures:
            report.failed(f"life {name}: {what}", command("tests.crash", "--life", name))
    report.say(f"power-up: {tally.runs} of {len(lives)} lives, {tally.broken} failed")
    return tally


def _quiet() -> None:
    """A kiosk that is made to fail logs its failure, hundreds of times; what counts is said by the part."""
    logging.getLogger().addHandler(logging.NullHandler())


def live_some(wanted: Sequence[str]) -> tuple[int, list[tuple[str, str]]]:
    """Live these lives; gives how many were lived, and name and reason of each that went wrong."""
    failures: list[tuple[str, str]] = []

    def failed(name: str, error: Exception) -> None:
        failures.append((name, f"{type(error).__name__}: {error}"))

    return live_all([one for one in names() if one[0] in set(wanted)], failed), failures
