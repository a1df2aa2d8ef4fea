"""The power-up table as a part of `make crash`: every life, at every state of the acceptor's protocol."""

from __future__ import annotations

from tests.crash.report import Report, Tally, command
from tests.journeys.power_up_rows import live_all, names


def run_part(report: Report) -> Tally:
    """Live every life over the real wire, with a counter and without one."""
    tally = Tally()

    def failed(name: str, error: Exception) -> None:
        tally.broken += 1
        what = f"life {name}: {type(error).__name__}: {error}"
        report.failed(what, command("tests.crash", "--life", name))

    lives = [one for one in names() if report.case in {"", one[0]}]
    if not lives:
        raise ValueError(f"no life is called {report.case!r}")
    tally.runs = live_all(lives, failed)
    report.say(f"power-up: {tally.runs} of {len(lives)} lives, {tally.broken} failed")
    return tally
