"""The first part of the proof: many runs from seeds, on all cores, until each row has been crashed at each point."""

from __future__ import annotations

import itertools
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context

from tests.crash.coverage import Mark, marks
from tests.crash.report import Report, Tally, command
from tests.crash.ways import Way
from tests.crash.world import Result, options_for, run

CHUNK = 50
CRASHED = 100_000
"""So many runs in which kiosk or acceptor died are played where no number of runs is asked for."""
COVERED_FROM = 50_000
"""A run of this many must have covered every row, and gone every way of a new card; shorter ones only report what
they missed."""
SHOWN = 5


@dataclass(slots=True)
class Chunk:
    """What came of some runs."""

    runs: int = 0
    crashed: int = 0
    """Runs in which kiosk or acceptor died at least once."""
    at_a_row: int = 0
    """Runs in which the kiosk died around a journal row at least once."""
    coverage: Counter[Mark] = field(default_factory=Counter)
    ways: Counter[Way] = field(default_factory=Counter)
    failed: list[Result] = field(default_factory=list)


def play(seeds: tuple[int, int]) -> Chunk:
    """Run the seeds from the first to before the last."""
    chunk = Chunk()
    for seed in range(*seeds):
        result = run(seed, options_for(seed))
        chunk.runs += 1
        chunk.crashed += result.crashed
        chunk.at_a_row += bool(result.coverage.counts)
        chunk.coverage.update(result.coverage.counts)
        chunk.ways.update(result.coverage.ways)
        if result.violations:
            chunk.failed.append(result)
    return chunk


def count(chunk: Chunk) -> Tally:
    """One case for each run, by the worst that was found in it; a run counts if something crashed in it."""
    tally = Tally(runs=chunk.crashed, plain=chunk.runs - chunk.crashed)
    for result in chunk.failed:
        kinds = {violation.kind for violation in result.violations}
        tally.lost += "lost" in kinds
        tally.doubled += "doubled" in kinds
        tally.in_flight += "in flight" in kinds
        tally.broken += kinds == {"broken"}
    return tally


def run_all(
    report: Report,
    play: Callable[[tuple[int, int]], Chunk] = play,
    enough: int | None = None,
    name: str = "simulation",
) -> Chunk:
    """All runs, spread over the processes: as many as are asked for, or until `enough` of them have crashed."""
    total, began, told = Chunk(), time.monotonic(), time.monotonic()
    for chunk in _chunks(_turns(report), report.processes, play):
        total.runs += chunk.runs
        total.crashed += chunk.crashed
        total.at_a_row += chunk.at_a_row
        total.coverage.update(chunk.coverage)
        total.ways.update(chunk.ways)
        total.failed += chunk.failed
        if time.monotonic() - told > 10:
            told = time.monotonic()
            rate = total.runs / (told - began)
            report.say(
                f"{name}: {total.runs} runs, {total.crashed} crashed, {rate:.0f}/s, {len(total.failed)} failed"
            )
        if report.runs is None and total.crashed >= (CRASHED if enough is None else enough):
            break
    return total


def _turns(report: Report) -> Iterator[tuple[int, int]]:
    """The seeds of each chunk, from the first to before the last."""
    end = None if report.runs is None else report.seed + report.runs
    for first in itertools.count(report.seed, CHUNK):
        if end is not None and first >= end:
            return
        yield first, first + CHUNK if end is None else min(first + CHUNK, end)


def _chunks(
    turns: Iterator[tuple[int, int]], processes: int, play: Callable[[tuple[int, int]], Chunk]
) -> Iterator[Chunk]:
    """In the order of their seeds, so that the same seeds are counted each time."""
    if processes < 2:
        yield from map(play, turns)
        return
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        under_way = deque(pool.submit(play, turn) for turn in itertools.islice(turns, 3 * processes))
        while under_way:
            yield under_way.popleft().result()
            under_way.extend(pool.submit(play, turn) for turn in itertools.islice(turns, 1))


def run_part(report: Report) -> Tally:
    """The simulation; each failure that is shown is played again for its trace."""
    chunk = run_all(report)
    tally = count(chunk)
    for result in sorted(chunk.failed, key=lambda r: r.seed)[:SHOWN]:
        again = run(result.seed, options_for(result.seed, trace=True))
        what = "; ".join(f"{v.kind}: {v.text}" for v in result.violations[:3])
        replay = command("tests.crash", "--only", "sim", "--runs", 1, "--seed", result.seed)
        report.failed(
            f"seed {result.seed}: {what}", replay, again.trace if report.runs == 1 else again.trace[-40:]
        )
    missing = [mark for mark in marks() if not chunk.coverage[mark]]
    untried = [way for way in Way if not chunk.ways[way]]
    deaths = sum(chunk.coverage.values())
    covered = len(marks()) - len(missing)
    report.say(
        f"simulation: {chunk.runs} runs; in {chunk.crashed} kiosk or acceptor died, in {chunk.at_a_row} around a row; "
        f"{deaths} rows crashed, {covered} of {len(marks())} points covered"
    )
    if report.runs != 1:
        for state, event, point in missing:
            report.say(f"  not covered: {event} in {state or 'no state'}, {point}")
        for way in untried:
            report.say(f"  never came to pass: {way}")
    if chunk.runs >= COVERED_FROM:
        tally.broken += len(missing) + len(untried)
    return tally
