"""The power cuts as a part of `make crash`."""

from __future__ import annotations

from tests.crash.report import Report, Tally
from tests.powercut import passes, traced
from tests.powercut.power import missing


def run_part(report: Report) -> Tally:
    """Cut kiosk and hub at every write and sync; failures name their replay."""
    if why := missing():
        report.say(f"cuts: no FUSE here ({why}): made from a trace of the kiosk's writes and syncs instead")
    means = traced.run if why else passes.run
    found = means(report.say, passes.BUDGET_S).handed_over()
    report.say(f"cuts: {found}")
    return found
