"""The kills as a part of `make crash`."""

from __future__ import annotations

from tests.crash.report import Report, Tally
from tests.kills.__main__ import run


def run_part(report: Report) -> Tally:
    """Kill kiosk and hub at every named point and at random moments; failures name their replay."""
    found = run(report.say).handed_over()
    report.say(f"kills: {found}")
    return found
