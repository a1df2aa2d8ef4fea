"""A customer's home: the prepaid meter on the wall and the card that goes between it and the kiosk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from drivers.meter_card.codes import Value
from drivers.meter_card.layout import Layout
from drivers.meter_card.model import CardContents, Wallet
from drivers.security import bench_keys
from drivers.security.software import SoftwareModule
from simulators.cards import store
from simulators.cards.slot import CardSlot
from simulators.cards.user_card import UserCard, blank
from simulators.meter import Meter, Shown
from simulators.meter_rules import MeterState

PROFILE = "state_grid_2013"
NOW = "2026-11-20T21:18"
LEFT_FEN = 3520
"""What is left on the meter when its owner sets out for the kiosk."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose card it is, as it stands on the card: serial in 16 hex digits, meter's and customer's number in 12 digits.

    `count` and `amount_fen` are the last purchase that is on it; `taken` whether the meter has it. With count 0 there
    never was a card, and the meter is not opened.
    """

    serial: str
    meter_no: str
    customer_no: str
    count: int
    amount_fen: int
    taken: bool = True

    @classmethod
    def of(cls, account_no: str, meter_no: str, count: int, amount_fen: int, *, taken: bool = True) -> Holder:
        """The holder of a well-known account of the sample town, by the numbers on its bill."""
        serial = f"A5{int(account_no[-6:]):014d}"
        return cls(serial, meter_no[9:21], account_no[-12:], count, amount_fen, taken)


def blanks(folder: Path, cards: int) -> list[Path]:
    """Make so many blank cards of the utility's, each with a serial of its own, as files in `folder`."""
    files = [folder / f"blank_{number}.json" for number in range(1, cards + 1)]
    for number, file in enumerate(files, 1):
        store.save(file, UserCard(blank(PROFILE, f"B6{number:014d}")))
    return files


class Household:
    """The card's memory is in the file `card`; the meter lives as long as this object."""

    def __init__(self, holder: Holder, card: Path) -> None:
        self.card = card
        self._layout = Layout.named(PROFILE)
        module = SoftwareModule({PROFILE: bench_keys.card_keys(PROFILE)}, bench=True)
        self.meter = Meter(self._state(holder), self._layout, module)
        if not holder.count:
            return
        chip = UserCard(blank(PROFILE, holder.serial))
        for each in self._layout.order(self._parameters(holder), Wallet(holder.amount_fen, holder.count)):
            chip.state.files[self._layout.file(each.file).p1 & 0x1F] = each.data
        store.save(card, chip)
        if holder.taken:
            self.takes()
            self.meter.use(holder.amount_fen - LEFT_FEN)
            self.takes()  # it writes down what is left whenever it sees the card

    @staticmethod
    def _state(holder: Holder) -> MeterState:
        return MeterState(
            meter_no=holder.meter_no,
            opened=holder.count > 0,
            customer_no=holder.customer_no if holder.count else "",
            card_serial=holder.serial if holder.count else "",
            count=max(holder.count - 1, 0),
        )

    @staticmethod
    def _parameters(holder: Holder) -> dict[str, Value]:
        return {
            "user_type": 3,
            "update_flag": 0x80,
            "alarm1_fen": 2000,
            "alarm2_fen": 500,
            "meter_no": holder.meter_no,
            "customer_no": holder.customer_no,
            "card_type": 2,
        }

    def gets(self, card: Path) -> Path:
        """Have another card from now on; gives the one of before."""
        before, self.card = self.card, card
        return before

    def takes(self) -> Shown:
        """Put the card into the meter, wait until it is read, and take it out again."""
        chip = self._chip()
        slot = CardSlot(chip)
        slot.connected = True
        shown = self.meter.take(slot.exchange, NOW)
        store.save(self.card, chip)
        return shown

    def reads(self) -> CardContents:
        """What stands on the card now."""
        chip = self._chip()
        files = {
            name: chip.state.files[self._layout.file(name).p1 & 0x1F]
            for name in ("parameter", "wallet", "write_back")
        }
        return self._layout.contents(files, chip.state.serial.hex().upper())

    def _chip(self) -> UserCard:
        chip = store.load(self.card)
        if not isinstance(chip, UserCard):
            raise ValueError(f"{self.card} is no meter card")
        return chip
