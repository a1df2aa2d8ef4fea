"""Every row of the power-up table on the wire: what happened, what the books must say then, and which row said so.

`run_all()` lives all lives, and again without a counter where that matters; `make test` lives each row at least once.
"""

from __future__ import annotations

import contextlib
import itertools
import tempfile
from pathlib import Path

from tests.journeys.power_up_bench import Bench
from tests.journeys.power_up_life import live
from tests.journeys.power_up_states import STATES
from tests.journeys.power_up_strange import STRANGE
from tests.journeys.town import founded


def run_all() -> int:
    """Found a town, live every life with and without a counter, and give how many; AssertionError names the life."""
    lived = 0
    with (
        tempfile.TemporaryDirectory() as folder,
        founded(Path(folder)) as town,
        contextlib.closing(Bench(Path(folder), town)) as bench,
    ):
        for life, counter in itertools.product(STATES + STRANGE, (True, False)):
            if not counter and (life.rare or life not in STATES) and life.uncounted is None:
                continue
            try:
                live(bench, life, counter=counter)
            except AssertionError as error:
                raise AssertionError(f"{life.name}, counter {counter}: {error}") from error
            lived += 1
    return lived
