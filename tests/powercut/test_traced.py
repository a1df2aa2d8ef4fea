"""The second means finds what the first one finds: a cut that holds, and a journal that syncs less than it says."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.powercut.case import Case
from tests.powercut.power import Folders
from tests.powercut.station import Station
from tests.powercut.traced import play


@pytest.fixture(scope="module")
def station() -> Iterator[Station]:
    """Far ends and a hub in ordinary folders."""
    with tempfile.TemporaryDirectory() as name:  # a socket's path has 107 characters
        folder = Path(name)
        (folder / "folders").mkdir()
        station = Station(folder / "station", Folders(folder / "folders"))
        yield station
        station.close()


def test_a_cut_is_made_from_the_trace(station: Station) -> None:
    outcome = play(station, Case("kiosk", 50))
    assert outcome.verdict.faults == ()
    assert outcome.cuts == 1
    assert outcome.at


def test_a_journal_that_syncs_less_than_it_says_is_found(station: Station) -> None:
    assert any(play(station, Case("kiosk", cut, weak=True)).verdict.faults for cut in (80, 84))
