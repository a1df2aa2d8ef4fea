"""A fixed share of the cuts of the cash journey; `make crash` makes all of them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.powercut.case import SHORTER, Case, reached
from tests.powercut.cuts import play
from tests.powercut.judge import Verdict
from tests.powercut.lanes import Outcome
from tests.powercut.power import Mount
from tests.powercut.station import Station


@pytest.fixture(scope="module")
def station(mount: Mount) -> Iterator[Station]:
    """Far ends and a hub for all cuts."""
    with tempfile.TemporaryDirectory() as folder:  # a socket's path has 107 characters
        station = Station(Path(folder) / "station", mount)
        yield station
        station.close()


CASES = [
    Case("kiosk", 20, seed=21),
    Case("kiosk", 52),
    Case("kiosk", 63, seed=64, acceptor_too=True),
    Case("kiosk", 70, seed=71, often=True, again=9),
    Case("kiosk", 60, fail="EIO"),
    Case("kiosk", 60, fail="ENOSPC"),
    pytest.param(Case("kiosk", 95, seed=96, card=True), marks=pytest.mark.slow),
    Case("hub", 25),
    Case("hub", 44, seed=45, often=True),
    pytest.param(Case("hub", 40, fail="EIO"), marks=pytest.mark.slow),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_no_fen_is_lost_or_doubled_by_a_cut(station: Station, case: Case) -> None:
    outcome = play(station, case)
    assert outcome.verdict.faults == ()
    assert (outcome.verdict.lost, outcome.verdict.doubled, outcome.verdict.in_flight) == (0, 0, 0)
    assert outcome.cuts >= 1


def test_a_journal_that_syncs_less_than_it_says_is_found(station: Station) -> None:
    found = [play(station, Case("kiosk", cut, weak=True)).verdict.faults for cut in (78, 82, 86)]
    assert any(found)


@pytest.mark.slow
def test_books_that_sync_less_than_they_say_are_found(station: Station) -> None:
    assert play(station, Case("hub", weak=True)).verdict.faults


@pytest.mark.slow
def test_an_operation_that_never_comes_is_a_fault(station: Station) -> None:
    outcome = play(station, Case("hub", 999))
    assert outcome.verdict.faults == (f"operation 999 was not reached, there were {outcome.operations}",)


def test_a_run_may_be_hardly_shorter_than_another() -> None:
    outcome = Outcome(Verdict(), operations=96)
    assert reached(Case(cut=96 + SHORTER), outcome) == outcome
    assert reached(Case(cut=97 + SHORTER), outcome).verdict.faults
    assert reached(Case(cut=96), outcome).verdict.faults


@pytest.mark.parametrize(
    "idle", [{"acceptor_too": True}, {"again": 3}, {"card": True}, {"cut": 0, "fail": "EIO"}], ids=str
)
def test_a_case_with_a_switch_that_does_nothing_is_refused(idle: dict[str, Any]) -> None:
    given: dict[str, Any] = {"victim": "hub", "cut": 5}
    with pytest.raises(ValueError, match="nothing of the kind"):
        Case(**given | idle)
