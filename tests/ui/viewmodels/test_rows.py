"""Lists for QML that change row by row."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from kiosk.page import Choice
from ui.viewmodels.rows import RowModel


def test_a_changed_field_is_announced_alone(qtbot: QtBot) -> None:
    """Only the role that changed, and no reset: delegates stay."""
    model = RowModel(Choice)
    model.update([Choice("a", "A"), Choice("b", "B")])
    with qtbot.waitSignal(model.dataChanged) as changed, qtbot.assertNotEmitted(model.modelReset):
        assert model.update([Choice("a", "A"), Choice("b", "B2")])
    first, _, roles = changed.args
    assert first.row() == 1
    assert [model.roleNames()[role] for role in roles] == [b"label"]


def test_the_same_rows_are_silent(qtbot: QtBot) -> None:
    """Nothing changed, nothing said."""
    model = RowModel(Choice)
    model.update([Choice("a", "A")])
    with qtbot.assertNotEmitted(model.dataChanged):
        assert not model.update([Choice("a", "A")])


def test_rows_come_and_go_at_the_end(qtbot: QtBot) -> None:
    """Growing and shrinking keeps the rows before."""
    model = RowModel(Choice, number="nothing")
    model.update([Choice("a", "A"), Choice("b", "B"), Choice("c", "C")])
    with qtbot.waitSignal(model.rowsRemoved):
        model.update([Choice("a", "A")])
    with qtbot.waitSignal(model.rowsInserted):
        model.update([Choice("a", "A"), Choice("d", "D")])
    assert model.rowCount() == 2


def test_names_that_mean_something_to_qml_are_changed() -> None:
    """`id` and `enabled` cannot be properties of a delegate."""
    names = set(RowModel(Choice, icon="iconName").roleNames().values())
    assert {b"key", b"usable", b"iconName"} <= names
    assert not {b"id", b"enabled", b"icon"} & names
