"""pyscard's calls with our errors: nothing of pyscard is seen outside this module, and it is loaded when first used."""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from typing import Any

from drivers.card.errors import CardGone, CardMute, CardReset
from drivers.errors import CommandRefused, DriverError, TransportError

_NO_SUCH_READER = 0x80100009
# PC/SC part 5 and pcsclite.h; results come from pyscard as signed numbers.
_RESULTS: dict[int, tuple[type[DriverError], str]] = {
    0x80100003: (TransportError, "pcscd was restarted"),
    _NO_SUCH_READER: (TransportError, "no such reader"),
    0x8010000B: (CommandRefused, "another program holds the card"),
    0x8010000C: (CardGone, "no card in the reader"),
    0x8010000F: (CardMute, "the card speaks neither T=0 nor T=1"),
    0x80100013: (TransportError, "pcscd went away"),
    0x80100016: (CardMute, "the card stopped answering"),
    0x80100017: (TransportError, "the reader was unplugged"),
    0x8010001D: (TransportError, "pcscd does not run"),
    0x8010001E: (TransportError, "pcscd went away"),
    0x8010002E: (TransportError, "no reader is plugged in"),
    0x80100065: (CardMute, "the card's answer to reset cannot be read"),
    0x80100066: (CardMute, "the card does not answer its reset"),
    0x80100067: (CardMute, "the card has no power"),
    0x80100068: (CardReset, "the card was reset by another program"),
    0x80100069: (CardGone, "the card was pulled"),
}
_NO_CHANGE = 0x8010000A


@dataclass(frozen=True, slots=True)
class Seen:
    """What PC/SC tells of a slot; `events` counts insertions and removals and wraps at 65,536.

    `state` are PC/SC's own marks, to wait for their change.
    """

    present: bool
    events: int
    state: int = field(repr=False)


class Context:
    """One conversation with pcscd about one reader, for one thread. Raises DriverErrors only."""

    def __init__(self, reader: str) -> None:
        self._reader = reader
        self._scard = _loaded()
        self._context = self._call("EstablishContext", self._scard.SCARD_SCOPE_SYSTEM)
        self._card: int | None = None
        self._pci = 0
        try:
            self.connected_at = self.look()
            """The slot's state when the card was connected last."""
        except DriverError:
            self.release()  # pcscd has room for 200 conversations, and whoever waits for a reader tries often
            raise

    @property
    def t0(self) -> bool:
        """Whether the connected card speaks T=0."""
        return bool(self._pci == self._scard.SCARD_PCI_T0)

    def look(self) -> Seen:
        """Tell at once what is in the slot."""
        unaware = Seen(False, 0, self._scard.SCARD_STATE_UNAWARE)
        return self.look_again(unaware, 0.0) or unaware

    def look_again(self, known: Seen, wait_s: float) -> Seen | None:
        """Wait for another state than the known one; None when there was none in time."""
        s = self._scard
        slot = [(self._reader, known.state)]
        result, states = s.SCardGetStatusChange(self._context, int(wait_s * 1000), slot)
        if result & 0xFFFFFFFF == _NO_CHANGE:
            return None
        self._judge(result, "GetStatusChange")
        now: int = states[0][1]
        if now & (s.SCARD_STATE_UNKNOWN | s.SCARD_STATE_UNAVAILABLE | s.SCARD_STATE_IGNORE):
            raise TransportError(f"{self._reader}: the reader is not there")
        return Seen(bool(now & s.SCARD_STATE_PRESENT), now >> 16 & 0xFFFF, now & ~s.SCARD_STATE_CHANGED)

    def connect(self) -> bytes:
        """Power the card up, take it for ourselves, and give its answer to reset."""
        s = self._scard
        either = s.SCARD_PROTOCOL_T0 | s.SCARD_PROTOCOL_T1
        self._card, protocol = self._call(
            "Connect", self._context, self._reader, s.SCARD_SHARE_EXCLUSIVE, either
        )
        self._pci = s.SCARD_PCI_T0 if protocol == s.SCARD_PROTOCOL_T0 else s.SCARD_PCI_T1
        self.connected_at = self.look()
        return bytes(self._call("Status", self._card)[3])

    def transmit(self, raw: bytes) -> bytes:
        """Send one command and wait, however long that takes; fewer than two bytes come back from a pulled card."""
        if self._card is None:
            raise CardReset(f"{self._reader}: not connected")
        return bytes(self._call("Transmit", self._card, self._pci, list(raw)))

    def disconnect(self, *, power_off: bool) -> None:
        """Give the card free; safe where none is connected, and where it or pcscd is gone."""
        card, self._card = self._card, None
        if card is not None:
            s = self._scard
            s.SCardDisconnect(card, s.SCARD_UNPOWER_CARD if power_off else s.SCARD_LEAVE_CARD)

    def release(self) -> None:
        """End the conversation, with the card's power; safe where pcscd is gone."""
        self.disconnect(power_off=True)
        self._scard.SCardReleaseContext(self._context)

    def _call(self, name: str, *arguments: Any) -> Any:
        """Call SCard<name>; give what it returns beside the result."""
        result, *values = getattr(self._scard, f"SCard{name}")(*arguments)
        self._judge(result, name)
        return values[0] if len(values) == 1 else values

    def _judge(self, result: int, name: str) -> None:
        code = result & 0xFFFFFFFF
        if code:
            kind, words = _RESULTS.get(code, (TransportError, "PC/SC failed"))
            if code == _NO_SUCH_READER:
                words += self._those_there()
            raise kind(f"{self._reader}: {words} (SCard{name}: {code:08X})")

    def _those_there(self) -> str:
        """The names to choose from, for whoever has to set the right one."""
        result, readers = self._scard.SCardListReaders(self._context, [])
        return f"; there are: {', '.join(map(repr, readers))}" if not result and readers else ""


def _loaded() -> Any:
    try:
        return importlib.import_module("smartcard.scard")
    except ImportError as error:
        raise TransportError(f"PC/SC is not installed: {error}") from error
