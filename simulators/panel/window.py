"""The window of the bench panel."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import (
    QGridLayout,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from simulators.far_end import ControlClient, ControlError
from simulators.panel.orders import GROUPS, Group, Order

_LOOK_EVERY_MS = 300
_EVENTS_KEPT = 500
_COLUMNS = 3


class Panel(QWidget):
    """Buttons for the far ends, what lies in the note box, the last slip, and what happened.

    `far_ends` are the control connections by the names of `orders.GROUPS`; `prints` is where the printer leaves slips.
    """

    def __init__(self, far_ends: Mapping[str, ControlClient], prints: Path) -> None:
        super().__init__()
        self._far_ends = far_ends
        self._prints = prints
        self._slip: Path | None = None
        self._logged = 0
        self.setWindowTitle("Power Kiosk: bench panel 试验台")
        self.box = QLabel("-")
        self.box.setWordWrap(True)
        self.events = QPlainTextEdit(readOnly=True, maximumBlockCount=_EVENTS_KEPT)
        self.slip = QLabel("no slip yet 尚无凭条")
        self.slip.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        self._lay_out()
        timer = QTimer(self)
        timer.timeout.connect(self.look)
        timer.start(_LOOK_EVERY_MS)

    def _lay_out(self) -> None:
        left = QVBoxLayout()
        for group in GROUPS:
            left.addWidget(self._buttons(group))
        for title, widget in (("Note box 钱箱", self.box), ("What happened 事件", self.events)):
            framed = QGroupBox(title)
            QVBoxLayout(framed).addWidget(widget)
            left.addWidget(framed)
        paper = QScrollArea(widgetResizable=True)
        paper.setWidget(self.slip)
        # A slip is 576 dots wide and is shown at half its size.
        paper.setMinimumWidth(330)
        row = QHBoxLayout(self)
        row.addLayout(left, 1)
        row.addWidget(paper, 1)
        self.resize(820, 900)

    def _buttons(self, group: Group) -> QGroupBox:
        box = QGroupBox(group.title)
        grid = QGridLayout(box)
        for number, order in enumerate(group.orders):
            button = QPushButton(order.label)
            button.setObjectName(f"{order.far_end}:{order.label}")
            button.clicked.connect(lambda _=False, order=order: self.give(order))
            grid.addWidget(button, number // _COLUMNS, number % _COLUMNS)
        return box

    def give(self, order: Order) -> None:
        """Give one order to its far end and tell what came of it."""
        try:
            reply = self._far_ends[order.far_end](order.do, **order.arguments)
        except (ControlError, OSError) as error:
            self._tell(f"{order.far_end} {order.label}: {error}")
            return
        refused = reply.get("taken") is False
        self._tell(
            f"{order.far_end} {order.label}" + (f": not taken, {reply.get('why', '')}" if refused else "")
        )
        self.look()

    def look(self) -> None:
        """Show what the acceptor holds and the newest slip."""
        try:
            status = self._far_ends["validator"]("status")
        except (ControlError, OSError) as error:
            self.box.setText(f"the acceptor does not answer: {error}")
            return
        box = ", ".join(f"{count} × ¥{int(value) // 100}" for value, count in status["box"].items() if count)
        self.box.setText(
            f"¥{status['box_fen'] // 100} ({box or 'empty'}); {status['state'].replace('_', ' ')}"
        )
        for happened in status["log"][self._logged :]:
            value = f" ¥{happened['value_fen'] // 100}" if "value_fen" in happened else ""
            self._tell(f"acceptor: {happened['what'].replace('_', ' ')}{value}")
        self._logged = len(status["log"])
        self._show_slip()

    def _show_slip(self) -> None:
        newest = max(self._prints.glob("*.png"), default=None)
        if newest is None or newest == self._slip:
            return
        picture = QPixmap(str(newest))
        if picture.isNull():
            return
        self._slip = newest
        self.slip.setPixmap(
            picture.scaledToWidth(picture.width() // 2, Qt.TransformationMode.SmoothTransformation)
        )
        self._tell(f"printer: {newest.stem} came out")

    def _tell(self, text: str) -> None:
        self.events.appendPlainText(f"{datetime.now().astimezone():%H:%M:%S}  {text}")
