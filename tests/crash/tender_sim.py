"""The part of the proof about money that is not cash: many runs from seeds, judged by the far ends' own books.

Which points of the rows no death came to is reported; that all of them are reached is not demanded yet.
"""

from __future__ import annotations

from tests.crash.coverage import tender_marks
from tests.crash.report import Report, Tally, command
from tests.crash.sim import SHOWN, Chunk, count, run_all
from tests.crash.tender_world import run_tenders, tender_options

CRASHED = 5_000
"""So many runs in which kiosk or hub died are played where no number of runs is asked for."""


def play(seeds: tuple[int, int]) -> Chunk:
    """Run the seeds from the first to before the last."""
    chunk = Chunk()
    for seed in range(*seeds):
        result = run_tenders(seed, tender_options(seed))
        chunk.runs += 1
        chunk.crashed += result.crashed
        chunk.at_a_row += bool(result.coverage.counts)
        chunk.coverage.update(result.coverage.counts)
        if result.violations:
            chunk.failed.append(result)
    return chunk


def run_part(report: Report) -> Tally:
    """All runs; each failure that is shown is played again for its trace."""
    chunk = run_all(report, play, CRASHED, "tenders")
    tally = count(chunk)
    for result in sorted(chunk.failed, key=lambda r: r.seed)[:SHOWN]:
        again = run_tenders(result.seed, tender_options(result.seed, trace=True))
        what = "; ".join(f"{v.kind}: {v.text}" for v in result.violations[:3])
        replay = command("tests.crash", "--only", "tenders", "--runs", 1, "--seed", result.seed)
        trace = again.trace if report.runs == 1 else again.trace[-40:]
        report.failed(f"seed {result.seed}: {what}", replay, trace)
    missing = [mark for mark in tender_marks() if not chunk.coverage[mark]]
    covered = len(tender_marks()) - len(missing)
    report.say(
        f"tenders: {chunk.runs} runs; in {chunk.crashed} kiosk or hub died, in {chunk.at_a_row} around a row; "
        f"{covered} of {len(tender_marks())} points covered"
    )
    if report.runs != 1:
        for state, event, point in missing:
            report.say(f"  not covered: {event} in {state or 'no state'}, {point}")
    return tally
