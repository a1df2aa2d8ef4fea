"""A card reader without PC/SC: gives a simulated card the shape of `PcscCard`, and pulls it at any command."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from drivers.card.apdu import Command, Response, get_response
from drivers.card.errors import CardGone, CardMute, CardReset
from drivers.errors import ProtocolError
from simulators.cards.card import CardCut, Cut, SimulatedCard

_LONGEST = 4096
_LONGEST_ATR = 33


@dataclass(frozen=True, slots=True)
class Pull:
    """The card is pulled at the command with this number, counted from 0 since it was inserted."""

    at: int
    cut: Cut | None = Cut.BEFORE
    torn: int | None = None


_STAYS = Pull(-1, None)


@dataclass(frozen=True, slots=True)
class Look:
    """What stands in the slot; `events` counts insertions and removals."""

    present: bool
    events: int


class CardSlot:
    """One slot; `sent` holds the newest commands as bytes. A card that was pulled is gone until it is inserted."""

    def __init__(self, card: SimulatedCard | None = None) -> None:
        self.sent: deque[bytes] = deque(maxlen=1000)
        self.connected = False
        self._card: SimulatedCard | None = None
        self._pull: Pull | None = None
        self._events = self._count = 0
        if card is not None:
            self.insert(card)

    def insert(self, card: SimulatedCard, pull: Pull | None = None) -> None:
        """Put a card in, to be pulled as told."""
        self.remove()
        self._card, self._pull, self._count = card, pull, 0
        self._events += 1

    def remove(self) -> None:
        """Pull the card, if there is one."""
        if self._card is not None:
            self._card.reset()
            self._card = None
            self._events += 1
        self.connected = False

    def open(self) -> None:
        """Nothing has to be taken."""

    def close(self) -> None:
        """Take the card's power."""
        self.disconnect()

    def look(self) -> Look:
        """Tell what stands in the slot."""
        return Look(self._card is not None, self._events)

    def connect(self) -> bytes:
        """Power the card up; CardGone when there is none, CardMute when its answer to reset is none."""
        if self._card is None:
            raise CardGone("no card in the slot")
        self._card.reset()
        if not 2 <= len(self._card.atr) <= _LONGEST_ATR:
            raise CardMute("the card does not answer its reset")
        self.connected = True
        return self._card.atr

    def disconnect(self, power_off: bool = True) -> None:
        """Let go of the card, which forgets with its power."""
        if self._card is not None and power_off:
            self._card.reset()
        self.connected = False

    def exchange(self, command: Command, deadline: float = 0.0) -> Response:
        """Send one command; 61xx is fetched and 6Cxx asked again. The card answers at once, before any deadline."""
        response = self._once(command)
        if response.right_le is not None and command.le is not None:
            response = self._once(command.with_le(response.right_le))
        data = response.data
        while response.waiting is not None:
            response = self._once(get_response(response.waiting))
            data += response.data
            if len(data) > _LONGEST:
                self.connected = False
                raise ProtocolError(f"the card has more than {_LONGEST} bytes for one command")
        return Response(data, response.sw)

    def _once(self, command: Command) -> Response:
        if self._card is None:
            self.connected = False
            raise CardGone("no card in the slot")
        if not self.connected:
            raise CardReset("not connected")
        raw = command.encode()
        self.sent.append(raw)
        pull = self._pull if self._pull is not None and self._pull.at == self._count else _STAYS
        self._count += 1
        try:
            answer = self._card.apdu(raw, pull.cut, pull.torn)
        except CardCut as cut:
            self.remove()
            raise CardGone("the card was pulled") from cut
        return Response.decode(answer)
