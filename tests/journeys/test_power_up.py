"""The power-up table on the wire: kiosk, acceptor or both restarted at every state, each row at least once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.cash.model import CashState
from kiosk.core.power_up import TABLE
from tests.journeys.power_up_bench import Bench
from tests.journeys.power_up_life import Life, live
from tests.journeys.power_up_states import NEVER_CUT_AT, STATES, WHO
from tests.journeys.power_up_strange import STRANGE
from tests.journeys.town import Town

ROOT = Path(__file__).parents[2]
ALL = STATES + STRANGE
OFTEN = [life for life in ALL if not life.rare]
"""`make crash` lives the others, too."""
PLAYED = [(life, True) for life in OFTEN] + [(life, False) for life in OFTEN if life.uncounted is not None]


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
    assert {row for end in ends for row in end.rows} == {row.name for row in TABLE}


def test_the_power_of_kiosk_unit_and_both_goes_at_every_state_of_the_acceptor() -> None:
    cut = {(life.who, life.at) for life in STATES if life.at}
    assert cut == {(who, state) for who in WHO for state in CashState if state not in NEVER_CUT_AT}


def test_names_of_lives_are_told_apart() -> None:
    assert len({life.name for life in ALL}) == len(ALL)


def test_the_kiosk_never_holds_a_note_in_escrow() -> None:
    held = [path for path in (ROOT / "kiosk").rglob("*.py") if ".hold(" in path.read_text(encoding="utf-8")]
    assert held == [], "then the power must go while the acceptor is holding"
