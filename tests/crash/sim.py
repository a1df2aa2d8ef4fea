"""The first part of the proof: many runs from seeds, on all cores, until each row has been crashed at each point."""

from __future__ import annotations

import multiprocessing
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.crash import faults
from tests.crash.coverage import Mark, marks
from tests.crash.report import Report, Tally
from tests.crash.world import Result, options_for, run

CHUNK = 50
COVERED_FROM = 20_000
"""A run of this many must have covered every row; shorter ones only report what they missed."""
SHOWN = 5


@dataclass(slots=True)
class Chunk:
    """What came of some runs."""

    runs: int = 0
    coverage: Counter[Mark] = field(default_factory=Counter)
    failed: list[Result] = field(default_factory=list)


def play(seeds: tuple[int, int]) -> Chunk:
    """Run the seeds from the first to before the last."""
    chunk = Chunk()
    for seed in range(*seeds):
        result = run(seed, options_for(seed))
        chunk.runs += 1
        chunk.coverage.update(result.coverage.counts)
        if result.violations:
            chunk.failed.append(result)
    return chunk


def count(chunk: Chunk) -> Tally:
    """One case for each run, by the worst that was found in it."""
    tally = Tally(runs=chunk.runs)
    for result in chunk.failed:
        kinds = {violation.kind for violation in result.violations}
        tally.lost += "lost" in kinds
        tally.doubled += "doubled" in kinds
        tally.in_flight += "in flight" in kinds
        tally.broken += kinds == {"broken"}
    return tally


def run_all(report: Report, runs: int) -> Chunk:
    """All runs, spread over the processes."""
    ends = [(at, min(at + CHUNK, report.seed + runs)) for at in range(report.seed, report.seed + runs, CHUNK)]
    total, began, told = Chunk(), time.monotonic(), time.monotonic()
    for chunk in _chunks(ends, report.processes):
        total.runs += chunk.runs
        total.coverage.update(chunk.coverage)
        total.failed += chunk.failed
        if time.monotonic() - told > 10:
            told = time.monotonic()
            rate = total.runs / (told - began)
            report.say(f"simulation: {total.runs} of {runs} runs, {rate:.0f}/s, {len(total.failed)} failed")
    return total


def _chunks(ends: list[tuple[int, int]], processes: int) -> Iterator[Chunk]:
    if processes < 2 or len(ends) < 2:
        yield from map(play, ends)
        return
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        yield from pool.imap_unordered(play, ends)


def run_part(report: Report) -> Tally:
    """The simulation, then the faults that prove it."""
    chunk = run_all(report, report.runs)
    tally = count(chunk)
    for result in sorted(chunk.failed, key=lambda r: r.seed)[:SHOWN]:
        again = run(result.seed, options_for(result.seed, trace=True))
        what = "; ".join(f"{v.kind}: {v.text}" for v in result.violations[:3])
        replay = f"python -m tests.crash --only sim --runs 1 --seed {result.seed}"
        report.failed(
            f"seed {result.seed}: {what}", replay, again.trace if report.runs == 1 else again.trace[-40:]
        )
    missing = [mark for mark in marks() if not chunk.coverage[mark]]
    deaths = sum(chunk.coverage.values())
    covered = len(marks()) - len(missing)
    report.say(
        f"simulation: {chunk.runs} runs, {deaths} rows crashed, {covered} of {len(marks())} points covered"
    )
    if report.runs > 1:
        for state, event, point in missing:
            report.say(f"  not covered: {event} in {state or 'no state'}, {point}")
    if missing and report.runs >= COVERED_FROM:
        tally.broken += len(missing)
    if report.runs >= COVERED_FROM:
        tally.add(faults.prove(report))
    return tally
