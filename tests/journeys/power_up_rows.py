"""Every row of the power-up table on the wire: what happened, what the books must say then, and which row said so.

`live_all()` lives all lives with and without a counter; `make test` lives each row at least once.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from tests.journeys.power_up_bench import Bench
from tests.journeys.power_up_life import Life, live
from tests.journeys.power_up_states import STATES
from tests.journeys.power_up_strange import STRANGE
from tests.journeys.town import founded

NOT_ON_THIS_WIRE = {
    "one-more-unread": "a driver that has watched has read the note table",
    "lost-note-unread": "a driver that has watched has read the note table",
    "one-more-nobodys": "a unit that is closed to notes takes none",
}
"""Rows for units that are odder than a CCNET validator can be; tests/kiosk/core/ has them."""


WITHOUT_COUNTER = " without counter"
MOST_FAILED = 5
"""After so many failures the bench is not worth the minute that each further one may take."""


def names() -> Iterator[tuple[str, Life, bool]]:
    """Every life under the name by which it is played again, and whether the unit counts in it."""
    for life in STATES + STRANGE:
        yield life.name, life, True
        if life in STATES:
            yield life.name + WITHOUT_COUNTER, life, False


def live_all(lives: Iterable[tuple[str, Life, bool]], failed: Callable[[str, Exception], None]) -> int:
    """Found a town, live these lives, and give how many; `failed` is told of each that went wrong."""
    lived = wrong = 0
    with (
        tempfile.TemporaryDirectory() as folder,
        founded(Path(folder)) as town,
        contextlib.ExitStack() as ends,
    ):
        bench: Bench | None = None
        for name, life, counter in lives:
            try:
                if bench is None:
                    bench = Bench(Path(tempfile.mkdtemp(dir=folder)), town)
                    ends.callback(bench.close)
                live(bench, life, counter=counter)
            except Exception as error:  # noqa: BLE001 - whatever ends one life, the others are lived
                failed(name, error)
                bench, wrong = None, wrong + 1
                if wrong == MOST_FAILED:
                    break
            lived += 1
    return lived
