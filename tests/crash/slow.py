"""The slow tests as a part of the proof: near relatives of tests that every run of `make test` plays."""

from __future__ import annotations

import subprocess
import sys

from tests.crash.report import Report, Tally, command

PLAY = ("-n", "3", "--dist", "loadfile", "-m", "slow")
FAILED = ("FAILED ", "ERROR ")


def run_part(report: Report) -> Tally:
    """Play them in processes of their own; each that fails is one failure."""
    tally = Tally()
    with subprocess.Popen(
        [sys.executable, "-m", "pytest", *PLAY], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as play:
        assert play.stdout is not None
        for line in play.stdout:
            report.say(line.rstrip())
            if line.startswith(FAILED):
                tally.broken += 1
                name = line.split(" ", 1)[1].partition(" - ")[0].strip()
                report.failed(f"slow test {name}", command("pytest", name))
    if play.returncode and not tally.broken:
        tally.broken += 1
        report.failed(f"slow tests end with {play.returncode}", command("pytest", *PLAY))
    return tally
