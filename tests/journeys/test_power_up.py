"""The power-up table on the wire: kiosk, acceptor or both restarted at every state, each row at least once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kiosk.core.power_up import TABLE
from tests.journeys.power_up_bench import Bench
from tests.journeys.power_up_life import Life, live
from tests.journeys.power_up_rows import NOT_ON_THIS_WIRE
from tests.journeys.power_up_states import STATES
from tests.journeys.power_up_strange import STRANGE
from tests.journeys.town import Town

PLAYED = [(life, True) for life in STATES + STRANGE]
PLAYED += [(life, False) for life in STATES + STRANGE if life.uncounted is not None]


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory, town: Town) -> Iterator[Bench]:
    """One cabinet for all lives."""
    bench = Bench(tmp_path_factory.mktemp("bench"), town)
    try:
        yield bench
    finally:
        bench.close()


@pytest.mark.parametrize(
    ("life", "counter"), PLAYED, ids=[f"{life.name}-{'counter' if c else 'no counter'}" for life, c in PLAYED]
)
def test_every_fen_is_where_the_table_says(bench: Bench, life: Life, counter: bool) -> None:
    live(bench, life, counter=counter)


def test_each_row_of_the_table_is_played_on_the_wire() -> None:
    ends = [end for life, _ in PLAYED for end in (life.counted, life.uncounted) if end]
    played = {row for end in ends for row in end.rows}
    assert played | set(NOT_ON_THIS_WIRE) == {row.name for row in TABLE}
    assert not played & set(NOT_ON_THIS_WIRE)
