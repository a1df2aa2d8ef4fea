"""The power-up table as a part of `make crash`: every life, at every state of the acceptor's protocol."""

from __future__ import annotations

from tests.crash.report import Report, Tally
from tests.journeys.power_up_rows import run_all


def run_part(report: Report) -> Tally:
    """Live every life over the real wire, with a counter and without one."""
    try:
        lived = run_all()
    except AssertionError as error:
        report.failed(f"power-up: {error}", "python -m tests.crash --only power-up")
        return Tally(broken=1)
    report.say(f"power-up: {lived} lives")
    return Tally(runs=lived)
