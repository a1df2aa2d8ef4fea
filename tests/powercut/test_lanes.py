"""Lanes: what ends one of them is not passed over in silence."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.powercut.judge import Verdict
from tests.powercut.lanes import Lanes, Outcome
from tests.powercut.power import Folders


def test_cases_that_cannot_be_fetched_end_the_run_with_the_reason(tmp_path: Path) -> None:
    def work() -> Iterator[int]:
        raise OSError("the disk with the cases is gone")
        yield 1

    lanes: Lanes[int] = Lanes(
        Folders(tmp_path), tmp_path, lambda _station, _case: Outcome(Verdict(())), "again", lambda _line: None
    )
    with pytest.raises(OSError, match="is gone"):
        lanes.go(work(), lanes=2)
    assert lanes.tally.runs == 0
