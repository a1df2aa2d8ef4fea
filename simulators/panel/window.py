"""The window of the bench panel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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

from simulators.bench.household import Household
from simulators.far_end import ControlClient, ControlError
from simulators.panel.home import Home
from simulators.panel.orders import CARD_GROUPS, GROUPS, TENDER_GROUPS, Group, Order

_LOOK_EVERY_MS = 300
_EVENTS_KEPT = 500
_COLUMNS = 3


class Panel(QWidget):
    """Buttons for the far ends, what lies in the note box, the last slip, and what happened.

    `far_ends` are the control connections by the names of `orders.GROUPS`, of `orders.CARD_GROUPS` where the kiosk
    serves meter cards, and of `orders.TENDER_GROUPS` where it takes other money than notes; `prints` is where the
    printer leaves slips. `household` has the customer's meter and card.
    """

    def __init__(
        self, far_ends: Mapping[str, ControlClient], prints: Path, household: Household | None = None
    ) -> None:
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
        self.dispenser = QLabel("-")
        self.home: Home | None = None
        if household is not None:
            self.home = Home(household, far_ends["card"], self._tell)
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
        if cards := [group for group in CARD_GROUPS if group.far_end in self._far_ends]:
            row.addLayout(self._cards(cards), 1)
        if tenders := [group for group in TENDER_GROUPS if group.far_end in self._far_ends]:
            column = QVBoxLayout()
            for group in tenders:
                column.addWidget(self._buttons(group))
            column.addStretch(1)
            row.addLayout(column, 1)
        row.addWidget(paper, 1)
        self.resize(820 + 420 * bool(cards) + 420 * bool(tenders), 900)

    def _cards(self, groups: Sequence[Group]) -> QVBoxLayout:
        column = QVBoxLayout()
        for group in groups:
            column.addWidget(self._buttons(group))
            if group.far_end == "dispenser":
                column.addWidget(self.dispenser)
        if self.home is not None:
            column.addWidget(self.home)
        column.addStretch(1)
        return column

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
        own = {"card": str(self.home.card)} if order.own and self.home is not None else {}
        if order.file:
            own = {"card": str(self._prints.parent / order.file)}
        try:
            new_card = self._new_card() if order.far_end == "dispenser" and order.do == "take" else ""
            reply = self._far_ends[order.far_end](order.do, **order.arguments, **own)
        except (ControlError, OSError) as error:
            self._tell(f"{order.far_end} {order.label}: {error}")
            return
        refused = reply.get("taken") is False
        self._tell(
            f"{order.far_end} {order.label}" + (f": not taken, {reply.get('why', '')}" if refused else "")
        )
        if new_card and not refused and self.home is not None:
            self.home.gets(Path(new_card))
            self._tell("the customer has the new card from now on")
        self.look()

    def _new_card(self) -> str:
        return str(self._far_ends["dispenser"]("status", log=0)["card"] or "")

    def look(self) -> None:
        """Show what acceptor and dispenser hold, and the newest slip."""
        self._look_at_dispenser()
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

    def _look_at_dispenser(self) -> None:
        if "dispenser" not in self._far_ends:
            return
        try:
            status = self._far_ends["dispenser"]("status", log=0)
        except (ControlError, OSError) as error:
            self.dispenser.setText(f"the dispenser does not answer: {error}")
            return
        place = status["place"].replace("_", " ")
        self.dispenser.setText(
            f"stack: {status['cards']} ({status['stack']}); card: {place}; bin: {status['bin']}"
        )

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
