"""A bank's chip card without any wire: its directory, one application, and records with its face. No cryptograms.

1PAY.SYS.DDF01   file 1, one record: the application's name
application      GET PROCESSING OPTIONS names file 2: record 1 with track 2, record 2 with number and expiry
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from drivers.card import emv
from drivers.card.apdu import OK, Response
from drivers.card.emv import luhn
from drivers.card.tlv import Tlv
from simulators.cards.card import CardCut, Cut, Order, Refused, Waiting

TROUBLES = (
    "",
    "card_blocked",
    "application_blocked",
    "other_application",
    "no_directory",
    "near_directory",
    "no_bank",
    "garbage_directory",
    "garbage_options",
    "garbage_record",
    "endless_directory",
    "endless_records",
    "no_number",
    "two_numbers",
    "wrong_check_digit",
    "not_now",
)
"""What can be wrong with one, or strange: `kind` in the control command `strange`."""
DEBIT = "A000000333010101"
_FOREIGN = "A0000009990101"
_DIRECTORY_FILE, _FACE_FILE = 1, 2
_ATR = bytes.fromhex("3B6E00008031806600B08412010183009000")
_SERVICE = "220"
_GARBAGE = bytes.fromhex("70 82 FF FF 5A 08 62".replace(" ", ""))


@dataclass(slots=True)
class BankState:
    """What a card keeps: `expiry` is YYMM, `sequence` two digits; `trouble` is one of `TROUBLES`."""

    pan: str
    expiry: str = "3012"
    sequence: str = "01"
    label: str = "UNIONPAY DEBIT"
    trouble: str = ""

    def kept(self) -> dict[str, Any]:
        """All of it as JSON takes it."""
        return {
            "note": "TEST CARD",
            "pan": self.pan,
            "expiry": self.expiry,
            "sequence": self.sequence,
            "label": self.label,
            "trouble": self.trouble,
        }

    @classmethod
    def restored(cls, kept: Mapping[str, Any]) -> BankState:
        """What `kept` gave."""
        return cls(*(kept[name] for name in ("pan", "expiry", "sequence", "label", "trouble")))


def made_up_number(start: str, length: int = 19) -> str:
    """A made-up card number that begins so, its check digit right.

    >>> made_up_number("621214200000000001")
    '6212142000000000012'
    """
    body = start.ljust(length - 1, "0")
    return next(body + digit for digit in "0123456789" if luhn(body + digit))


@dataclass(slots=True)
class _Session:
    """What a card forgets with its power."""

    selected: str = ""
    waiting: Waiting = field(default_factory=Waiting)


class BankCard:
    """One card; `state` is its memory. See `SimulatedCard` for the calls."""

    def __init__(self, state: BankState) -> None:
        if state.trouble not in TROUBLES:
            raise ValueError(f"no bank card is {state.trouble!r}; there are {', '.join(TROUBLES[1:])}")
        self.state = state
        self._session = _Session()

    @property
    def atr(self) -> bytes:
        """A usual answer to reset of such a chip: T=0."""
        return _ATR

    def status(self) -> dict[str, Any]:
        """What a test wants to see of it besides its memory."""
        return {"kind": "bank", "selected": self._session.selected}

    def reset(self) -> None:
        """Forget all that hangs on power."""
        self._session = _Session()

    def apdu(self, raw: bytes, cut: Cut | None = None, torn: int | None = None) -> bytes:
        """Answer one command; with `cut` it has no power any more."""
        if cut is not None:
            self.reset()
            raise CardCut
        try:
            return self._obey(Order.read(raw))
        except Refused as refused:
            return Response(b"", refused.sw).encode()

    def _obey(self, order: Order) -> bytes:
        waiting = self._session.waiting
        match order.cla, order.ins:
            case 0x00, 0xC0:
                return waiting.fetch(order.wanted)
            case 0x00, 0xA4:
                return waiting.hold(self._select(order))
            case 0x80, 0xA8:
                return waiting.hold(self._options(order))
            case 0x00, 0xB2:
                return _whole(self._record(order), order.wanted)
            case _, 0xA4 | 0xB2 | 0xC0 | 0xA8:
                raise Refused(0x6E00)
        raise Refused(0x6D00)

    @property
    def _name(self) -> str:
        return _FOREIGN if self.state.trouble == "other_application" else DEBIT

    def _select(self, order: Order) -> bytes:
        trouble = self.state.trouble
        self._session.selected = ""
        if order.p1 != 0x04 or order.p2 not in (0x00, 0x02) or trouble == "no_bank":
            raise Refused(0x6A82)
        if order.data == emv.CONTACT_DIRECTORY:
            if trouble in ("no_directory", "near_directory"):
                raise Refused(0x6A82)
            self._session.selected = "directory"
            inside = b"" if trouble == "garbage_directory" else _object(emv.DIRECTORY_SFI, b"\x01")
            return _answer(order.data, inside)
        if order.data == emv.NEAR_DIRECTORY and trouble == "near_directory":
            return _answer(order.data, _object(emv.ISSUER_DATA, self._entry()))
        name = bytes.fromhex(self._name)
        if not name.startswith(order.data) or not order.data or order.p2 == 0x02:
            raise Refused(0x6A82)
        if trouble in ("card_blocked", "application_blocked"):
            raise Refused(0x6A81 if trouble == "card_blocked" else 0x6283)
        self._session.selected = self._name
        wants = bytes.fromhex("9F1A025F2A029F3704")
        return _answer(name, self._named() + _object(emv.PDOL, wants))

    def _options(self, order: Order) -> bytes:
        if self._session.selected != self._name or self.state.trouble == "not_now":
            raise Refused(0x6985)
        if order.data[:2] != b"\x83\x08" or len(order.data) != 10:
            raise Refused(0x6700)
        if self.state.trouble == "garbage_options":
            return _GARBAGE
        last = 255 if self.state.trouble == "endless_records" else 2
        locator = bytes((_FACE_FILE << 3, 1, last, 1))
        return _object(emv.ANSWER_2, _object(emv.PROFILE, b"\x18\x00") + _object(emv.LOCATOR, locator))

    def _record(self, order: Order) -> bytes:
        sfi, mark = order.p2 >> 3, order.p2 & 0x07
        if mark != 0x04 or not self._session.selected:
            raise Refused(0x6A86 if mark != 0x04 else 0x6985)
        if self._session.selected == "directory":
            last = 255 if self.state.trouble == "endless_directory" else 1
            if sfi != _DIRECTORY_FILE or not 1 <= order.p1 <= last:
                raise Refused(0x6A83)
            return _object(emv.TEMPLATE, self._entry())
        if sfi != _FACE_FILE or not 1 <= order.p1 <= 2:
            raise Refused(0x6A83)
        if self.state.trouble == "garbage_record":
            return _GARBAGE
        return _object(emv.TEMPLATE, (self._track, self._number)[order.p1 - 1]())

    def _entry(self) -> bytes:
        return _object(emv.ENTRY, _object(emv.AID, bytes.fromhex(self._name)) + self._named())

    def _named(self) -> bytes:
        return _object(emv.LABEL, self.state.label.encode("ascii")) + _object(emv.PRIORITY, b"\x01")

    def _track(self) -> bytes:
        state = self.state
        if state.trouble == "no_number":
            return b""
        text = f"{self._pan()}D{state.expiry}{_SERVICE}000000"[:37]
        return _object(emv.TRACK_2, bytes.fromhex(text + "F" * (len(text) % 2)))

    def _number(self) -> bytes:
        state = self.state
        pan = made_up_number("62284800") if state.trouble == "two_numbers" else self._pan()
        face = [
            _object(emv.PAN, bytes.fromhex(pan + "F" * (len(pan) % 2))),
            _object(emv.EXPIRY, bytes.fromhex(state.expiry + "28")),
            _object(emv.SEQUENCE, bytes.fromhex(state.sequence)),
        ]
        return b"".join(face[1:] if state.trouble == "no_number" else face)

    def _pan(self) -> str:
        pan = self.state.pan
        wrong = str((int(pan[-1]) + 1) % 10)
        return pan[:-1] + wrong if self.state.trouble == "wrong_check_digit" else pan


def _object(tag: int, value: bytes) -> bytes:
    return Tlv(tag, value).to_bytes()


def _answer(name: bytes, inside: bytes) -> bytes:
    return _object(emv.FCI, _object(emv.DF_NAME, name) + _object(emv.FCI_PROPRIETARY, inside))


def _whole(data: bytes, wanted: int) -> bytes:
    if wanted != len(data):
        raise Refused(0x6C00 | len(data) & 0xFF)
    return Response(data, OK).encode()
