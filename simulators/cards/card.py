"""What all simulated chip cards share: they answer commands, forget with their power, and may lose it anywhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from drivers.card.apdu import OK, Response

Random = Callable[[int], bytes]


class Cut(StrEnum):
    """When a card loses its power at a command."""

    BEFORE = "before"
    """The command never came to the chip."""
    HALF = "half"
    """In the middle: of what it writes only the first bytes are in the memory."""
    AFTER = "after"
    """The command has had its whole effect, and the answer is lost."""


class CardCut(Exception):  # noqa: N818 - it is no error of the card's
    """The card lost its power at this command and answers nothing."""


class SimulatedCard(Protocol):
    """A chip card without any wire; nothing in it waits or reads a clock."""

    @property
    def atr(self) -> bytes:
        """Its answer to reset."""
        ...

    def status(self) -> dict[str, Any]:
        """What a test wants to see of it besides its memory; `kind` says what it is."""
        ...

    def reset(self) -> None:
        """Power on or reset: file, challenge, authentication and waiting data are forgotten."""
        ...

    def apdu(self, raw: bytes, cut: Cut | None = None, torn: int | None = None) -> bytes:
        """Answer one command as it comes over T=0.

        With `cut` it raises CardCut at that instant and is reset; at `HALF` the write that the command does, if any,
        ends after `torn` bytes (half of them unless given).
        """
        ...


@dataclass(frozen=True, slots=True)
class Order:
    """A command as it came in over T=0: `p3` counts `data` if there are any, else what is asked for."""

    cla: int
    ins: int
    p1: int
    p2: int
    p3: int
    data: bytes

    @classmethod
    def read(cls, raw: bytes) -> Order:
        """Take a command apart; Refused with 6700 when its length does not fit."""
        if len(raw) < 4:
            raise Refused(0x6700)
        p3 = raw[4] if len(raw) > 4 else 0
        if len(raw) > 5 and p3 != len(raw) - 5:
            raise Refused(0x6700)
        return cls(raw[0], raw[1], raw[2], raw[3], p3, bytes(raw[5:]))

    @property
    def header(self) -> bytes:
        """CLA, INS, P1, P2, P3: what a MAC covers before the data."""
        return bytes((self.cla, self.ins, self.p1, self.p2, self.p3))

    @property
    def wanted(self) -> int:
        """How many bytes are asked for: 00 asks for 256."""
        return self.p3 or 256


class Refused(Exception):  # noqa: N818 - the card's answer, not an error of the program
    """Ends a command with this status word."""

    def __init__(self, sw: int) -> None:
        super().__init__(f"{sw:04X}")
        self.sw = sw


class Waiting:
    """The data that a T=0 card holds back until GET RESPONSE comes for them."""

    def __init__(self) -> None:
        self._data = b""

    def clear(self) -> None:
        """Forget them, as every other command does."""
        self._data = b""

    def hold(self, data: bytes) -> bytes:
        """Keep data and give the answer that announces them."""
        self._data = data
        return Response(b"", 0x6100 | len(data) & 0xFF).encode()

    def fetch(self, wanted: int) -> bytes:
        """Answer GET RESPONSE for this many bytes."""
        if not self._data:
            raise Refused(0x6985)
        if wanted > len(self._data):
            raise Refused(0x6C00 | len(self._data) & 0xFF)
        given, self._data = self._data[:wanted], self._data[wanted:]
        return Response(given, 0x6100 | len(self._data) & 0xFF if self._data else OK).encode()
