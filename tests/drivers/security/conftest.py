"""A slot with a SAM in it that can be pulled, swapped, reset and struck dumb, without a reader."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

from drivers.card.apdu import Command, Response, get_response
from drivers.card.errors import CardGone, CardReset
from drivers.errors import DeviceTimeout
from drivers.security.keys import CardKeySet
from drivers.security.psam import CardSlots
from simulators.cards.card import SimulatedCard
from simulators.cards.sam_card import TERMINAL_SLOT, SamCard, SamState, card_slots, terminal_slot

SERIAL = "80053100000000000001"


def sam_card(
    masters: Mapping[str, CardKeySet] | None = None,
    slots: Mapping[str, CardSlots] | None = None,
    serial: str = SERIAL,
    scheme: str = "3des",
    terminal_key: bytes | None = None,
) -> SamCard:
    """A SAM with these masters where the slots say, by profile, and a slot for a terminal's master key."""
    filled = {TERMINAL_SLOT: terminal_slot(scheme, terminal_key)}
    for profile, keys in (masters or {}).items():
        at = (slots or {})[profile]
        filled |= card_slots(keys, at.internal, at.external, at.mac)
    return SamCard(SamState(bytes.fromhex(serial), filled))


class Slot:
    """What a PC/SC reader does for a SAM: `connect` and `exchange` are what `drivers.security.psam.Sam` is given."""

    def __init__(self, card: SimulatedCard) -> None:
        self.card: SimulatedCard | None = card
        self.silent = False
        self.resets = 0
        """How many commands more will find the card reset by another program."""
        self.sent: list[Command] = []
        self.deadlines: set[float] = set()
        self.after: Callable[[Command], None] = lambda command: None
        """Called when a command was answered, before its answer is given back."""

    def connect(self) -> None:
        """Power the card up."""
        if self.card is None:
            raise CardGone("no card in the slot")
        self.card.reset()

    def exchange(self, command: Command, deadline: float) -> Response:
        """Send one command and fetch what waits."""
        self.sent.append(command)
        self.deadlines.add(deadline)
        if self.card is None:
            raise CardGone("no card in the slot")
        if self.resets:
            self.resets -= 1
            self.card.reset()
            raise CardReset("reset by another program")
        if self.silent:
            threading.Event().wait(max(0.0, deadline - time.monotonic()))
            raise DeviceTimeout("the card says nothing")
        response = Response.decode(self.card.apdu(command.encode()))
        if response.waiting is not None:
            response = Response.decode(self.card.apdu(get_response(response.waiting).encode()))
        self.after(command)
        return response

    def names(self) -> list[str]:
        """CLA and INS of what was sent, in hex."""
        return [command.header[:2].hex().upper() for command in self.sent]
