"""A list of frozen rows for QML that changes row by row, so that a finger's button is never rebuilt under it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

ROLE_NAMES = {"id": "key", "enabled": "usable", "state": "stage"}
"""Field names that mean something else inside a QML item."""

Index = QModelIndex | QPersistentModelIndex


class RowModel(QAbstractListModel):
    """Rows of one frozen dataclass; each field is a role, under another name where `renamed` says so."""

    def __init__(self, row_type: type[Any], parent: QObject | None = None, **renamed: str) -> None:
        super().__init__(parent)
        self._renamed = ROLE_NAMES | renamed
        self._rows: list[Any] = []
        self._names = [part.name for part in fields(row_type)]

    def roleNames(self) -> dict[int, bytes]:  # type: ignore[override]  # noqa: N802 - Qt's name
        """Return the roles, `Qt.UserRole` upwards, in the order of the fields."""
        first = int(Qt.ItemDataRole.UserRole)
        return {first + i: self._renamed.get(name, name).encode() for i, name in enumerate(self._names)}

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008 - Qt's signature
        """Return the number of rows."""
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.UserRole)) -> object:
        """Return one field of one row."""
        number = role - int(Qt.ItemDataRole.UserRole)
        if not 0 <= index.row() < len(self._rows) or not 0 <= number < len(self._names):
            return None
        return getattr(self._rows[index.row()], self._names[number])

    def update(self, rows: Sequence[Any]) -> bool:
        """Show `rows`: rows that stay keep their delegates, only changed fields are announced. Return whether any
        row changed."""
        keep = min(len(self._rows), len(rows))
        changed = len(self._rows) != len(rows)
        for number in range(keep):
            changed = self._change(number, rows[number]) or changed
        if len(self._rows) > keep:
            self.beginRemoveRows(QModelIndex(), keep, len(self._rows) - 1)
            del self._rows[keep:]
            self.endRemoveRows()
        elif len(rows) > keep:
            self.beginInsertRows(QModelIndex(), keep, len(rows) - 1)
            self._rows.extend(rows[keep:])
            self.endInsertRows()
        return changed

    def _change(self, number: int, row: object) -> bool:
        old = self._rows[number]
        if old == row:
            return False
        self._rows[number] = row
        first = int(Qt.ItemDataRole.UserRole)
        roles = [first + i for i, name in enumerate(self._names) if getattr(old, name) != getattr(row, name)]
        where = self.index(number)
        self.dataChanged.emit(where, where, roles)
        return True
