"""A writer, its cards and their keys, with no wire between: the card's own program answers each command."""

from __future__ import annotations

from drivers.card.apdu import Command, Response
from drivers.errors import TransportError
from drivers.meter_card.codes import Value
from drivers.meter_card.layout import Layout
from drivers.meter_card.model import Wallet, WriteOrder
from drivers.meter_card.writer import CpuCardWriter, WriterSettings
from drivers.security import bench_keys
from drivers.security.model import CardKeys
from drivers.security.software import SoftwareModule
from simulators.cards.slot import CardSlot
from simulators.cards.user_card import UserCard, blank

SERIAL, OTHER = "1122334455667788", "8877665544332211"
NAMES = ("state_grid_2009", "state_grid_2013", "southern_grid")
LAYOUTS = {name: Layout.named(name) for name in NAMES}
STATE_GRID = LAYOUTS["state_grid_2013"]
MASTERS = {name: bench_keys.card_keys(name) for name in NAMES}
HOLDER: dict[str, Value] = {
    "user_type": 1,
    "update_flag": 0x80,
    "alarm1_fen": 2000,
    "alarm2_fen": 500,
    "meter_no": "000000123456",
    "customer_no": "000100200300",
    "card_type": 2,
}


def order(
    count: int = 7, amount_fen: int = 5000, *, serial: str = SERIAL, layout: Layout = STATE_GRID
) -> WriteOrder:
    """One purchase to be written."""
    return WriteOrder("w-1", layout.profile.name, serial, layout.order(HOLDER, Wallet(amount_fen, count)))


def card(
    serial: str = SERIAL, profile: str = "state_grid_2013", *, written: WriteOrder | None = None
) -> UserCard:
    """A card with its own keys; blank, or with what an earlier order left on it."""
    state = blank(profile, serial)
    layout = LAYOUTS[profile]
    for each in written.files if written else ():
        state.files[layout.file(each.file).p1 & 0x1F] = each.data
    return UserCard(state)


class Module(SoftwareModule):
    """The bench's module; `fails_at` is the number of the call at which it cannot be reached."""

    def __init__(self, fails_at: int | None = None) -> None:
        super().__init__(MASTERS, bench=True)
        self.calls: list[tuple[str, CardKeys]] = []
        self.fails_at = fails_at

    def authenticate(self, card: CardKeys, challenge: bytes) -> bytes:
        self._count("authenticate", card)
        return super().authenticate(card, challenge)

    def mac(self, card: CardKeys, challenge: bytes, command: bytes) -> bytes:
        self._count("mac", card)
        return super().mac(card, challenge, command)

    def _count(self, name: str, card: CardKeys) -> None:
        if len(self.calls) == self.fails_at:
            raise TransportError("the hub cannot be reached")
        self.calls.append((name, card))


class Desk:
    """One slot and one writer that knows these profiles, in this order."""

    def __init__(self, *profiles: str, settings: WriterSettings | None = None) -> None:
        self.slot = CardSlot()
        layouts = [LAYOUTS[name] for name in profiles or ("state_grid_2013",)]
        self.writer = CpuCardWriter(self.slot, layouts, settings)
        self.writer.open()

    def ask(self, command: Command) -> Response:
        """Send a command past the writer."""
        return self.slot.exchange(command)
