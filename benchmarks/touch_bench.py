"""Touch to frame: a key of the real kiosk's keypad against a bare MouseArea, touch by touch in turn.

Both screens run in processes of their own on displays of their own, with the same finger. The kiosk polls its
acceptor and printer meanwhile, and the line to its hub is slow.
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from benchmarks.figures import Figure, GateError, at_most, quantile
from benchmarks.stage import Watched, to_keypad
from simulators.bench.bench import Bench, Plan

ROUNDS = 5
WARM_UP = 20
CHANGES = {
    "screen": {"idle_s": 600.0, "private_idle_s": 600.0},
    "hub": {"status_every_s": 1.0},
    "printer": {"check_every_s": 0.5},
}


def figures(*, quick: bool) -> list[Figure]:
    """Give median and p99; each is the median of the rounds' own."""
    touches = 8 if quick else 80
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        bench = stack.enter_context(Bench(Plan(folder, speed=20, accounts=200, changes=CHANGES)))
        kiosk = stack.enter_context(Watched("watched", folder, bench.config))
        bare = stack.enter_context(Watched("bare", folder))
        to_keypad(kiosk.hand)
        bench.line("delay", ms=1500)
        for turn in range(WARM_UP + ROUNDS * touches):
            # A digit in, the same digit out: the number never grows long.
            kiosk.tap("id=key:5" if turn % 2 == 0 else "id=delete")
            bare.tap("id=pad")
    mine, theirs = _rounds(kiosk, touches), _rounds(bare, touches)

    def median_of(take: Callable[[list[float]], float], rounds: list[list[float]]) -> float:
        return 1000 * statistics.median(map(take, rounds))

    def p99(samples: list[float]) -> float:
        return quantile(samples, 0.99)

    return [
        at_most(
            f"touch to frame, {name}",
            median_of(take, mine),
            "ms",
            "bare MouseArea",
            median_of(take, theirs),
            1.5,
        )
        for name, take in (("p50", statistics.median), ("p99", p99))
    ]


def _rounds(screen: Watched, touches: int) -> list[list[float]]:
    """Cut the samples into rounds. Raises GateError unless every touch but those on the way there was answered."""
    samples = [seen["touch_s"] for seen in screen.frames if "touch_s" in seen]
    measured = samples[-ROUNDS * touches :]
    if len(samples) < WARM_UP + ROUNDS * touches:
        raise GateError(f"{WARM_UP + ROUNDS * touches} touches, but only {len(samples)} frames that show one")
    return [measured[at : at + touches] for at in range(0, len(measured), touches)]
