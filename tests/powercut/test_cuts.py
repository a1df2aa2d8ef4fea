"""A fixed share of the cuts of the cash journey; `make crash` makes all of them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.powercut.cuts import Case, play
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
    Case("hub", 25),
    Case("hub", 44, seed=45, often=True),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_no_fen_is_lost_or_doubled_by_a_cut(station: Station, case: Case) -> None:
    outcome = play(station, case)
    assert outcome.verdict.faults == ()
    assert (outcome.verdict.lost, outcome.verdict.doubled, outcome.verdict.in_flight) == (0, 0, 0)
    assert outcome.cuts >= 1


def test_a_journal_that_syncs_less_than_it_says_is_found(station: Station) -> None:
    found = [play(station, Case("kiosk", cut, weak=True)).verdict.faults for cut in (63, 68, 73)]
    assert any(found)
