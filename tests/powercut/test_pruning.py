"""A few cuts of a pruning; `make crash` makes all of them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from kiosk.journal.prune import prune
from kiosk.journal.store import Journal, JournalDamaged
from tests.powercut.power import Mount
from tests.powercut.pruning import BEFORE, Kept, Pruning, found, play, written


@pytest.fixture(scope="module")
def image() -> Iterator[tuple[Path, Kept]]:
    """A journal to prune."""
    with written() as image:
        yield image


@pytest.mark.slow
@pytest.mark.parametrize("case", [Pruning(50), Pruning(70, 71), Pruning(60, fail="EIO")], ids=str)
def test_a_cut_leaves_the_old_journal_or_the_new(
    mount: Mount, image: tuple[Path, Kept], case: Pruning
) -> None:
    outcome = play(mount, *image, case)
    assert outcome.verdict.faults == ()
    assert outcome.at


@pytest.mark.slow
def test_an_operation_that_never_comes_is_a_fault(mount: Mount, image: tuple[Path, Kept]) -> None:
    assert "not reached" in play(mount, *image, Pruning(9999)).verdict.faults[0]


def test_rows_that_are_in_no_archive_are_missed(tmp_path: Path) -> None:
    with written() as (image, kept):
        shutil.copytree(image, tmp_path, dirs_exist_ok=True)
    with closing(Journal(tmp_path / "journal.sqlite")) as journal:
        prune(journal, BEFORE)
    with pytest.raises(JournalDamaged, match="archive: no such journal"):
        found(tmp_path, kept)
