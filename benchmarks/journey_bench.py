"""The whole main job: touches and the machine's own seconds of `pay-cash`, as `power-kiosk demo` tells them.

The machine's own time is the sum of the waits from each touch until the page stands that it led to; devices that move
notes and paper, and the customer's own pauses, are left out. The journey is a proof too: it must end with all money
credited and the books in balance.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, GateError, within

MOST_TOUCHES, MOST_SECONDS = 9, 5.0


def figures(*, quick: bool) -> list[Figure]:
    """Play the journey five times, each with a kiosk and a hub of its own; the mechanics run twenty times as fast."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        played = [_play(Path(folder)) for _ in range(1 if quick else 5)]
    touches = max(journey["touches"] for journey in played)
    seconds = statistics.median(journey["machine_seconds"] for journey in played)
    return [
        within("pay-cash: touches besides the number", touches, "touches", "budget", MOST_TOUCHES),
        within("pay-cash: the machine's own time", seconds, "s", "budget", MOST_SECONDS),
    ]


def _play(folder: Path) -> dict[str, Any]:
    command = [
        str(Path(sys.executable).parent / "power-kiosk"),
        "demo",
        "--headless",
        "--journey",
        "pay-cash",
    ]
    command += ["--speed", "20", "--out", str(folder)]
    told = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    lines = told.stdout.splitlines()
    journey: dict[str, Any] = json.loads(lines[-1]) if lines else {}
    if told.returncode or not journey.get("ok") or journey["credited"] != journey["tendered"]:
        raise GateError(f"the journey failed: {journey or told.stderr}")
    return journey
