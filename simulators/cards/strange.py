"""Cards that do not belong in the slot: a bank card, one of another trade, one without a chip, one gone mad."""

from __future__ import annotations

from typing import Any

from drivers.card.apdu import Response
from simulators.cards.card import CardCut, Cut

# A usual EMV chip: its historical bytes name no serial and no meter card system.
_BANK_ATR = bytes.fromhex("3B6E00008031806600B084120101830090 00".replace(" ", ""))
# What EMV Book 1, 12.2.2 has a card of the payment systems answer to a SELECT of its directory by name.
_DIRECTORY = b"1PAY.SYS.DDF01"
_DIRECTORY_FCI = bytes.fromhex("6F15840E315041592E5359532E4444463031A503880101")
_FOREIGN_ATR = bytes.fromhex("3B9F95801FC78031A073B6A10067CF3211B252C679")
_T1_ATR = bytes.fromhex("3B800181")
# Longer than any answer to reset may be (33 bytes): the reader takes it for a card that does not answer.
_NO_ATR = bytes(34)


_KINDS: dict[str, tuple[bytes, dict[int, int]]] = {
    "bank": (_BANK_ATR, {0xA4: 0x6A82, 0xB0: 0x6985, 0x84: 0x6985}),
    "foreign": (_FOREIGN_ATR, {}),
    "mute": (_NO_ATR, {}),
    "endless": (_FOREIGN_ATR, {}),
    "broken": (_T1_ATR, {}),
}


class StrangeCard:
    """Answers, as a `SimulatedCard`, and is no use to a kiosk: `kind` is bank, foreign, mute, endless or broken."""

    def __init__(self, kind: str) -> None:
        if kind not in _KINDS:
            raise ValueError(f"no card is of the kind {kind!r}; there are {', '.join(_KINDS)}")
        self._kind = kind
        self._atr, self._answers = _KINDS[kind]

    @property
    def atr(self) -> bytes:
        """Its answer to reset; of a mute one, what no reader takes for one."""
        return self._atr

    def status(self) -> dict[str, Any]:
        """Only what it is."""
        return {"kind": self._kind}

    def reset(self) -> None:
        """Nothing to forget."""

    def apdu(self, raw: bytes, cut: Cut | None = None, torn: int | None = None) -> bytes:
        """Say no, but a bank card to who asks for its directory of payment applications; the endless one has one byte
        more for ever, the broken one stops in the middle of its answer."""
        if cut is not None:
            raise CardCut
        if self._kind == "endless":
            return Response(b"\0", 0x6101).encode()
        if self._kind == "broken":
            return b"\x90"
        if self._kind == "bank" and raw[:4] == b"\x00\xa4\x04\x00" and raw[5:] == _DIRECTORY:
            return Response(b"", 0x6100 | len(_DIRECTORY_FCI)).encode()
        if self._kind == "bank" and raw[1:2] == b"\xc0":
            return Response(_DIRECTORY_FCI, 0x9000).encode()
        known = self._answers.get(raw[1], 0x6D00) if len(raw) > 1 else 0x6700
        return Response(b"", known).encode()
