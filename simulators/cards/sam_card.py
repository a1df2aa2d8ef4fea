"""A SAM (PSAM) without any wire: master keys in slots that compute and are never given out.

    MF 3F00   SFI 15  serial (10)      read free
    DF DF01   key slots                used after SELECT, each for its own purpose only

The commands are the PBOC dialect of `drivers.security.psam_codec`. A card key is used once for each INIT FOR DESCRYPT;
the terminal's master key only ever with a factor, so that it cannot be made to give away its children.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from drivers.card.apdu import OK, Command, Response
from drivers.errors import ProtocolError
from drivers.security import keys, psam_codec
from drivers.security.bench_keys import card_keys, terminal_key
from drivers.security.cipher import Cipher, cipher
from drivers.security.components import ComponentLoader, ComponentRefused
from drivers.security.keys import CardKeySet
from drivers.security.psam_codec import Choose, Crypt, LoadComponent, ReadCheck, Use, Verify
from simulators.cards.card import CardCut, Cut, Order, Refused, Waiting

MF, APPLICATION = 0x3F00, 0xDF01
SERIAL_SFI = 0x15
TERMINAL_SLOT = 0x10
PIN = b"\x12\x34\x56"
"""A test PIN: what the loading authority shows before components are taken."""
TRIES = 3


@dataclass(slots=True)
class KeySlot:
    """One place for a key and what it may be used for; `key` is None while it is empty."""

    cipher: Cipher
    uses: frozenset[Use]
    key: bytes | None = field(default=None, repr=False)
    loadable: bool = False


def card_slots(masters: CardKeySet, internal: int, external: int, mac: int) -> dict[int, KeySlot]:
    """The three slots of one card profile: two that encrypt and one that makes MACs."""
    encrypt, sign = frozenset({Use.ENCRYPT}), frozenset({Use.MAC})
    return {
        internal: KeySlot(masters.cipher, encrypt, masters.internal),
        external: KeySlot(masters.cipher, encrypt, masters.external),
        mac: KeySlot(masters.cipher, sign, masters.mac),
    }


def terminal_slot(scheme: str = "3des", key: bytes | None = None) -> KeySlot:
    """The slot of a terminal's master key, empty until it is loaded in two components."""
    return KeySlot(cipher(scheme), frozenset({Use.ENCRYPT, Use.DECRYPT}), key, loadable=True)


@dataclass(slots=True)
class SamState:
    """What the card keeps without power."""

    serial: bytes
    slots: dict[int, KeySlot]
    pin: bytes = PIN
    tries_left: int = TRIES

    def kept(self) -> dict[str, Any]:
        """All of it as JSON takes it."""
        return {
            "note": "TEST KEYS",
            "serial": self.serial.hex().upper(),
            "slots": {number: _kept(slot) for number, slot in self.slots.items()},
            "pin": self.pin.hex(),
            "tries_left": self.tries_left,
        }

    @classmethod
    def restored(cls, kept: Mapping[str, Any]) -> SamState:
        """What `kept` gave."""
        slots = {int(number): _restored(slot) for number, slot in kept["slots"].items()}
        return cls(bytes.fromhex(kept["serial"]), slots, bytes.fromhex(kept["pin"]), kept["tries_left"])


def bench_sam(serial: str, profiles: Iterable[str], terminal: str | None = None) -> SamState:
    """A SAM with the bench's test keys: slots 1, 2, 3 for the first profile, 4, 5, 6 for the second, and so on.

    `terminal` is whose master key is loaded already; without one its slot (16) is empty.
    """
    slots = {TERMINAL_SLOT: terminal_slot(key=None if terminal is None else terminal_key(terminal))}
    for index, profile in enumerate(profiles):
        slots |= card_slots(card_keys(profile), *(3 * index + n for n in (1, 2, 3)))
    return SamState(bytes.fromhex(serial), slots)


@dataclass(slots=True)
class _Chosen:
    """A key ready for one computation, and what of a longer MAC has come in."""

    cipher: Cipher
    use: Use
    key: bytes
    heard: bytes = b""


@dataclass(slots=True)
class _Session:
    """What the card forgets with its power."""

    file: int = MF
    chosen: _Chosen | None = None
    admitted: bool = False
    loaders: dict[int, ComponentLoader] = field(default_factory=dict)
    waiting: Waiting = field(default_factory=Waiting)


class SamCard:
    """One SAM; `state` is its memory. See `SimulatedCard` for the calls.

    A key is written whole or not at all: cut in the middle, it holds the old one.
    """

    def __init__(self, state: SamState) -> None:
        self.state = state
        self._session = _Session()
        self._tear = False

    @property
    def atr(self) -> bytes:
        """T=0 only; the end of the serial stands in the historical bytes."""
        return b"\x3b\x69\x00\x02" + b"S" + self.state.serial[-8:].rjust(8, b"\0")

    def status(self) -> dict[str, Any]:
        """What a test wants to see of it besides its memory."""
        return {"kind": "sam", "admitted": self._session.admitted}

    def reset(self) -> None:
        """Forget all that hangs on power, a first component too."""
        self._session = _Session()

    def apdu(self, raw: bytes, cut: Cut | None = None, torn: int | None = None) -> bytes:
        """Answer one command; raises CardCut and is reset with `cut`. `torn` changes nothing here."""
        if cut is Cut.BEFORE:
            self.reset()
            raise CardCut
        self._tear = cut is Cut.HALF
        try:
            answer = self._answer(raw)
            if cut is not None:
                raise CardCut
        except CardCut:
            self.reset()
            raise
        return answer

    def _answer(self, raw: bytes) -> bytes:
        try:
            order = Order.read(raw)
            if order.ins == 0xC0:
                return self._session.waiting.fetch(order.wanted)
            self._session.waiting.clear()
            data = self._obey(order)
        except Refused as refused:
            self._session.chosen = None
            return Response(b"", refused.sw).encode()
        if order.data and data:
            return self._session.waiting.hold(data)
        if data and order.wanted > len(data):
            return Response(b"", 0x6C00 | len(data)).encode()
        return Response(data[: order.wanted], OK).encode()

    def _obey(self, order: Order) -> bytes:
        match order.cla, order.ins:
            case 0x00, 0xA4:
                return self._select(order)
            case 0x00, 0xB0:
                return self._read(order)
        le = None if order.data else order.wanted
        try:
            request = psam_codec.parse(Command(order.cla, order.ins, order.p1, order.p2, order.data, le))
        except ProtocolError:
            raise Refused(0x6A86) from None
        if not isinstance(request, Crypt):
            self._session.chosen = None
        match request:
            case Choose():
                return self._choose(request)
            case Crypt():
                return self._crypt(request)
            case Verify(pin):
                return self._verify(pin)
            case LoadComponent():
                return self._load(request)
            case ReadCheck(number):
                slot, key = self._slot(number)
                return keys.check_value(slot.cipher, key)
        raise Refused(0x6D00)

    def _select(self, order: Order) -> bytes:
        wanted = int.from_bytes(order.data, "big")
        if order.p1 or order.p2:
            raise Refused(0x6A82 if order.p1 == 0x04 else 0x6A86)
        if len(order.data) != 2:
            raise Refused(0x6700)
        if wanted not in (MF, APPLICATION):
            raise Refused(0x6A82)
        self._session.file = wanted
        return b""

    def _read(self, order: Order) -> bytes:
        serial = self.state.serial
        if order.p1 != 0x80 | SERIAL_SFI or self._session.file != MF:
            raise Refused(0x6A82)
        if order.data:
            raise Refused(0x6700)
        if order.p2 >= len(serial):
            raise Refused(0x6B00)
        return serial[order.p2 :]

    # Keys.

    def _slot(self, number: int) -> tuple[KeySlot, bytes]:
        """A slot with a key in it."""
        slot = self.state.slots.get(number) if self._session.file == APPLICATION else None
        if slot is None or slot.key is None:
            raise Refused(0x6A88)
        return slot, slot.key

    def _choose(self, order: Choose) -> bytes:
        slot, key = self._slot(order.key_id)
        if order.use not in slot.uses or not order.factors:
            raise Refused(0x6985)
        for factor in order.factors:
            key = keys.diversify(slot.cipher, key, factor)
        self._session.chosen = _Chosen(slot.cipher, order.use, key)
        return b""

    def _crypt(self, order: Crypt) -> bytes:
        chosen = self._session.chosen
        if chosen is None or order.mac is not (chosen.use is Use.MAC):
            raise Refused(0x6985)
        if order.mac:
            return self._mac_part(chosen, order)
        if order.more or order.initial:
            raise Refused(0x6A86)
        self._session.chosen = None
        return _block(chosen, order.data)

    def _mac_part(self, chosen: _Chosen, order: Crypt) -> bytes:
        if order.initial is bool(chosen.heard):
            raise Refused(0x6985)
        if len(order.data) % chosen.cipher.block:
            raise Refused(0x6700)
        chosen.heard += order.data
        if order.more:
            return b""
        self._session.chosen = None
        return _mac(chosen)

    def _verify(self, pin: bytes) -> bytes:
        if not self.state.tries_left:
            raise Refused(0x6983)
        self._session.admitted = pin == self.state.pin
        if not self._session.admitted:
            self.state.tries_left -= 1
            raise Refused(0x63C0 | self.state.tries_left)
        self.state.tries_left = TRIES
        return b""

    def _load(self, order: LoadComponent) -> bytes:
        slot = self.state.slots.get(order.key_id) if self._session.file == APPLICATION else None
        if slot is None or not slot.loadable:
            raise Refused(0x6A88)
        if not self._session.admitted:
            raise Refused(0x6982)
        loader = self._session.loaders.setdefault(order.key_id, ComponentLoader(slot.cipher))
        try:
            key = loader.take(order.number, order.component, order.check)
        except ComponentRefused:
            raise Refused(0x6A80) from None
        if key is not None and not self._tear:
            slot.key = key
        return b""


def _block(chosen: _Chosen, data: bytes) -> bytes:
    if len(data) != chosen.cipher.block:
        raise Refused(0x6700)
    if chosen.use is Use.DECRYPT:
        return chosen.cipher.decrypt_block(chosen.key, data)
    return chosen.cipher.encrypt_block(chosen.key, data)


def _mac(chosen: _Chosen) -> bytes:
    size, with_cipher = chosen.cipher.block, chosen.cipher
    initial, padded = chosen.heard[:size], chosen.heard[size:]
    if not padded:
        raise Refused(0x6700)
    if size != 8:
        return keys.encrypt_cbc(with_cipher, chosen.key, padded, initial)[-size:][:4]
    left, right = (half + half for half in (chosen.key[:8], chosen.key[8:]))
    last = keys.encrypt_cbc(with_cipher, left, padded, initial)[-8:]
    return with_cipher.encrypt_block(left, with_cipher.decrypt_block(right, last))[:4]


def _kept(slot: KeySlot) -> dict[str, Any]:
    return {
        "cipher": slot.cipher.name,
        "uses": sorted(use.name for use in slot.uses),
        "key": None if slot.key is None else slot.key.hex(),
        "loadable": slot.loadable,
    }


def _restored(kept: Mapping[str, Any]) -> KeySlot:
    key = kept["key"]
    uses = frozenset(Use[name] for name in kept["uses"])
    return KeySlot(
        cipher(kept["cipher"]), uses, None if key is None else bytes.fromhex(key), kept["loadable"]
    )
