"""The customer's home on the panel: the meter on the wall, and what it says to the card."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QGroupBox, QHBoxLayout, QLabel, QPushButton, QVBoxLayout

from simulators.bench.household import Household
from simulators.control import ControlClient, ControlError

USED_FEN = 2_000


class Home(QGroupBox):
    """Puts the card into the meter and uses power; `card` is the slot of the kiosk, `tell` the panel's ear.

    A card is in one place at a time: while it stands in the kiosk the meter does not get it.
    """

    def __init__(self, household: Household, card: ControlClient, tell: Callable[[str], None]) -> None:
        super().__init__("At home 家里的电表")
        self._household = household
        self._card = card
        self._tell = tell
        self.meter = QLabel()
        self.meter.setWordWrap(True)
        row = QHBoxLayout()
        for label, act in (("Card into the meter", self.visit), (f"Use ¥{USED_FEN // 100}", self.use)):
            button = QPushButton(label)
            button.setObjectName(f"home:{label}")
            button.clicked.connect(act)
            row.addWidget(button)
        column = QVBoxLayout(self)
        column.addLayout(row)
        column.addWidget(self.meter)
        self._show()

    @property
    def card(self) -> Path:
        """The memory of the card that the customer has."""
        return self._household.card

    def gets(self, card: Path) -> None:
        """Have a new card from now on."""
        self._household.gets(card)
        self._show()

    def visit(self) -> None:
        """Put the card into the meter and take it out again; tell what the meter made of it."""
        try:
            if self._card("status")["inserted"]:
                self._tell("meter: the card is in the kiosk")
                return
            shown = self._household.takes()
        except (ControlError, OSError, ValueError) as error:
            self._tell(f"meter: no card to put in: {error}")
            return
        wrong = f", shows {shown.error.name.lower()}" if shown.error is not None else ""
        self._tell(f"meter: takes ¥{shown.credited_fen / 100:.2f}{wrong}")
        self._show()

    def use(self) -> None:
        """Use some power; the meter may go below nothing, as one in the field for a while does."""
        self._household.meter.use(USED_FEN)
        self._show()

    def _show(self) -> None:
        state = self._household.meter.state
        self.meter.setText(f"¥{state.balance_fen / 100:.2f} left; purchase count {state.count}")
