"""What an acceptor keeps without power."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulators.note_store import NoteStore


def test_everything_survives(tmp_path: Path) -> None:
    store = NoteStore.load(tmp_path / "kept.json")
    store.carry(10000)
    store.drop_into_box()
    store.carry(500, "box_path")
    kept = NoteStore.load(tmp_path / "kept.json")
    assert (kept.stacked, kept.box, kept.on_way, kept.place) == (1, {10000: 1}, 500, "box_path")
    assert [file.name for file in tmp_path.iterdir()] == ["kept.json"]


def test_emptying_leaves_the_counter(tmp_path: Path) -> None:
    store = NoteStore.load(tmp_path / "kept.json")
    for value in (100, 100, 5000):
        store.carry(value)
        assert store.drop_into_box() == value
    assert store.empty() == {100: 2, 5000: 1}
    kept = NoteStore.load(tmp_path / "kept.json")
    assert (kept.stacked, kept.box) == (3, {})


def test_a_note_that_is_not_there_cannot_fall() -> None:
    with pytest.raises(ValueError, match="no note"):
        NoteStore().drop_into_box()
