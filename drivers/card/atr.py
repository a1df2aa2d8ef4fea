"""The answer to reset of ISO 7816-3 §8.2: which protocols a card speaks, and its historical bytes.

>>> Atr(bytes.fromhex("3B6C00021122334455667788863800 00".replace(" ", ""))).historical.hex().upper()
'112233445566778886380000'
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Atr:
    """An answer to reset as it came; what cannot be read of a strange one is empty."""

    raw: bytes

    @property
    def historical(self) -> bytes:
        """The bytes that the card's maker chose; some card systems put the serial there."""
        start, count = self._interface()
        return self.raw[start : start + count]

    @property
    def protocols(self) -> frozenset[int]:
        """The protocols that it offers: 0 for T=0, 1 for T=1."""
        offered, at = set(), 1
        follows = self._byte(at) >> 4
        while follows & 0x8:
            at += follows.bit_count()
            offered.add(self._byte(at) & 0x0F)
            follows = self._byte(at) >> 4
        # 15 qualifies the card as a whole and is no protocol.
        return frozenset(offered - {15} or {0})

    def _interface(self) -> tuple[int, int]:
        """Where the historical bytes begin, and how many there are."""
        at, follows = 1, self._byte(1) >> 4
        while follows & 0x8:
            at += follows.bit_count()
            follows = self._byte(at) >> 4
        return at + follows.bit_count() + 1, self._byte(1) & 0x0F

    def _byte(self, at: int) -> int:
        return self.raw[at] if at < len(self.raw) else 0

    def __str__(self) -> str:
        return self.raw.hex().upper()
