"""A note at the point of no return until its credit stands on the screen, with the acceptor polled as in the field.

The validator's own record says when it reported STACKED; the kiosk's frame that shows the new sum says the rest.
Both clocks are the machine's monotonic one. Between the two lie the wait for the next poll, the exchange on the line,
the durable journal row, the snapshot's way to the screen and one frame.
"""

from __future__ import annotations

import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from benchmarks.figures import Figure, GateError, above, quantile
from benchmarks.stage import Watched, to_slot
from simulators.bench.bench import Bench, Plan
from simulators.demo.headless import OWES_NOTHING

POLL_MS = 100.0
FRAME_MS = 1000 / 60
VALUE_FEN = 1000
WARM_UP = 1
CHANGES = {"acceptor": {"poll_ms": int(POLL_MS)}}


def figures(*, quick: bool) -> list[Figure]:
    """Feed notes one by one; every one of them must be seen on the screen."""
    notes = WARM_UP + (8 if quick else 49)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        bench = stack.enter_context(Bench(Plan(folder, speed=10, accounts=200, changes=CHANGES)))
        kiosk = stack.enter_context(Watched("watched", folder, bench.config))
        to_slot(kiosk.hand, OWES_NOTHING)
        for number in range(1, notes + 1):
            _feed(bench, number)
        kiosk.hand.read(f"{notes * VALUE_FEN // 100:,}.00")
        time.sleep(10 * FRAME_MS / 1000)  # what can be read is in the next frame, not yet in the last
        log = bench.validator("status", log=1000)["log"]
    stacked = [entry["at"] for entry in log if entry["what"] == "stacked"]
    shown = [seen["at"] for seen in kiosk.frames if "money" in seen and seen["at"] > stacked[0]][:notes]
    if len(stacked) != notes or len(shown) != notes:
        raise GateError(f"{notes} notes: {len(stacked)} stacked, {len(shown)} shown")
    took = [1000 * (seen - at) for at, seen in zip(stacked, shown, strict=True)][WARM_UP:]
    if min(took) < 0 or any(later < seen for seen, later in zip(shown, stacked[1:], strict=False)):
        raise GateError("notes and frames do not belong together")
    ceiling = POLL_MS + FRAME_MS
    return [
        above(f"note to credit on screen, {name}", value, "ms", "a poll and a frame", ceiling, 20)
        for name, value in (("p50", quantile(took, 0.5)), (f"slowest of {len(took)}", max(took)))
    ]


def _feed(bench: Bench, number: int) -> None:
    """Put one note in as soon as the slot draws one, and wait until it is in the box.

    The way to the box begins in step with a poll, so its length decides where between two polls it ends: it differs
    from note to note by an eighth of the interval, to meet all of it.
    """
    bench.validator("speed", times=1 / (0.2 + POLL_MS / 1000 * (number % 8) / 8))
    until = time.monotonic() + 20
    while not bench.validator("insert", value_fen=VALUE_FEN)["taken"]:
        _in_time(until, "the slot draws no note")
    while bench.validator("status", log=1)["counter"] < number:
        _in_time(until, "the note does not reach the box")


def _in_time(until: float, what: str) -> None:
    if time.monotonic() > until:
        raise GateError(what)
    time.sleep(0.01)
