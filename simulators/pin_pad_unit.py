"""A PIN pad without any wire: keys in slots, one PIN at a time, and what it makes of each question."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from drivers.errors import CommandRefused, ProtocolError
from drivers.pinpad.codec import (
    LONGEST_MAC_TEXT,
    OK,
    REFUSALS,
    Answer,
    Command,
    Entry,
    Flag,
    Question,
    Status,
)
from drivers.pinpad.model import LEAST_DIGITS, MOST_DIGITS, SlotKeys
from drivers.security.cipher import TRIPLE_DES
from drivers.security.components import ComponentLoader
from drivers.security.keys import check_value, xor

_STATUSES = {word: status for status, word in REFUSALS.items()}
_ALWAYS = frozenset({Command.STATUS, Command.IDENTIFY, Command.END_PIN})
"""What a unit that was opened still obeys."""
_PIN, _MAC = 0x01, 0x02


class Refused(Exception):  # noqa: N818 - the unit's answer, not an error of the program
    """Ends a question with a no; `word` is one of the codec's."""

    def __init__(self, word: str) -> None:
        super().__init__(word)
        self.word = word


@dataclass(slots=True)
class Slot:
    """The keys of one slot, clear as they stand in the unit; empty where there is none. A MAC key has 8 or 16 bytes."""

    master: bytes = b""
    pin: bytes = b""
    mac: bytes = b""

    @property
    def keys(self) -> SlotKeys:
        """Which are there."""
        return (
            (SlotKeys.MASTER if self.master else SlotKeys(0))
            | (SlotKeys.PIN if self.pin else SlotKeys(0))
            | (SlotKeys.MAC if self.mac else SlotKeys(0))
        )


@dataclass(slots=True)
class PadState:
    """What a unit keeps without power."""

    slots: dict[int, Slot] = field(default_factory=dict)
    tampered: bool = False

    def kept(self) -> dict[str, Any]:
        """All of it as JSON takes it."""
        slots = {
            number: {"master": s.master.hex(), "pin": s.pin.hex(), "mac": s.mac.hex()}
            for number, s in self.slots.items()
        }
        return {"note": "TEST KEYS", "slots": slots, "tampered": self.tampered}

    @classmethod
    def restored(cls, kept: Mapping[str, Any]) -> PadState:
        """What `kept` gave."""
        slots = {
            int(number): Slot(*(bytes.fromhex(keys[use]) for use in ("master", "pin", "mac")))
            for number, keys in kept["slots"].items()
        }
        return cls(slots, bool(kept["tampered"]))


@dataclass(slots=True)
class _Entering:
    """One PIN on its way."""

    slot: Slot
    account: bytes
    least: int
    most: int
    digits: str = ""


class PinPadUnit:
    """One unit; `state` is its memory. `expires` is called with the seconds of an entry that has begun."""

    def __init__(self, state: PadState, expires: Callable[[int], None] = lambda seconds: None) -> None:
        self.state = state
        self.wrong_checks = 0
        self.self_test_fails = False
        self._expires = expires
        self._failed = False
        self.power_up()

    def power_up(self) -> None:
        """Forget what hangs on power: the entry, half a master key, the last answer."""
        self._loaders: dict[int, ComponentLoader] = {}
        self._halves: set[int] = set()
        self.entry = Entry.NONE
        self._entering: _Entering | None = None
        self._asked: Question | None = None
        self._told = b""

    def answer(self, question: Question) -> bytes:
        """The answer's frame; of a question that was answered the same again."""
        if question.number and question == self._asked:
            return self._told
        try:
            status, data = OK, self._obeyed(question)
        except Refused as refused:
            status, data = _STATUSES[refused.word], b""
        self._asked = question
        self._told = Answer(question.number, question.command, status, data).to_bytes()
        return self._told

    # What a person does at its keys.

    @property
    def digits(self) -> int:
        """How many digits stand in the entry."""
        return len(self._entering.digits) if self._entering else 0

    def press(self, digit: str) -> bool:
        """One digit; whether it was taken."""
        entering = self._open()
        if entering is None or len(entering.digits) >= entering.most:
            return False
        entering.digits += digit
        return True

    def delete(self) -> bool:
        """Take the last digit back."""
        entering = self._open()
        if entering is None or not entering.digits:
            return False
        entering.digits = entering.digits[:-1]
        return True

    def enter(self) -> bool:
        """End the entry with a PIN; not taken while it is too short."""
        entering = self._open()
        if entering is None or len(entering.digits) < entering.least:
            return False
        self.entry = Entry.ENTERED
        return True

    def end(self, how: Entry) -> bool:
        """End the entry without a PIN."""
        if self._open() is None:
            return False
        self.entry, self._entering = how, None
        return True

    def lose_keys(self, *, tampered: bool) -> None:
        """Forget all keys, as a unit does whose case is opened or whose battery is empty."""
        self.power_up()
        self.state.slots.clear()
        self.state.tampered = tampered

    def _open(self) -> _Entering | None:
        return self._entering if self.entry is Entry.OPEN else None

    # Questions.

    def _obeyed(self, question: Question) -> bytes:
        if self.state.tampered and question.command not in _ALWAYS:
            raise Refused("tampered")
        if self.entry is Entry.OPEN and question.command not in _ALWAYS | {Command.START_PIN}:
            raise Refused("entry_open")
        data = question.data
        match question.command:
            case Command.STATUS:
                return self._status()
            case Command.IDENTIFY:
                return b"Power Kiosk simulator|PP1-000001|1.00"
            case Command.SELF_TEST:
                self._failed = self.self_test_fails
                return b""
            case Command.LOAD_COMPONENT:
                return self._load_component(data)
            case Command.LOAD_WORKING:
                return self._load_working(data)
            case Command.START_PIN:
                return self._start(data)
            case Command.END_PIN:
                self.entry, self._entering = Entry.NONE, None
                return b""
            case Command.PIN_BLOCK:
                return self._pin_block()
            case Command.MAC:
                return self._mac(data)
        raise Refused("unknown_command")

    def _status(self) -> bytes:
        flags = (Flag.TAMPERED if self.state.tampered else Flag(0)) | (
            Flag.FAILED if self._failed else Flag(0)
        )
        slots = {number: slot.keys for number, slot in self.state.slots.items()}
        for number in self._halves:
            slots[number] = slots.get(number, SlotKeys(0)) | SlotKeys.HALF
        return Status(flags, self.entry, self.digits, {n: k for n, k in slots.items() if k}).to_bytes()

    def _load_component(self, data: bytes) -> bytes:
        slot, number, component, check = _cut(data, 1, 1, 16, 3)
        loader = self._loaders.setdefault(slot[0], ComponentLoader(TRIPLE_DES))
        try:
            key = loader.take(number[0], component, check)
        except CommandRefused:
            raise Refused("component_refused") from None
        if key is None:
            self._halves.add(slot[0])
            return b""
        self._halves.discard(slot[0])
        self.state.slots[slot[0]] = Slot(key)
        return check_value(TRIPLE_DES, key)

    def _load_working(self, data: bytes) -> bytes:
        number, kind, wrapped, check = _cut(data, 1, 1, 16, 4)
        slot = self._slot(number[0])
        if kind[0] not in (_PIN, _MAC):
            raise Refused("wrong_value")
        key = _unwrapped(slot.master, wrapped, single=kind[0] == _MAC)
        wrong, self.wrong_checks = self.wrong_checks > 0, max(self.wrong_checks - 1, 0)
        right = not wrong and hmac.compare_digest(_encrypted(key, bytes(8))[:4], check)
        if kind[0] == _PIN:
            slot.pin = key if right else b""
        else:
            slot.mac = key if right else b""
        if not right:
            raise Refused("check_wrong")
        return b""

    def _start(self, data: bytes) -> bytes:
        number, (least,), (most,), (seconds,), account = _cut(data, 1, 1, 1, 1, 6)
        self.entry, self._entering = Entry.NONE, None
        slot = self._slot(number[0])
        if not slot.pin:
            raise Refused("no_key")
        if not LEAST_DIGITS <= least <= most <= MOST_DIGITS or not seconds or not account.hex().isdigit():
            raise Refused("wrong_value")
        self.entry, self._entering = Entry.OPEN, _Entering(slot, account, least, most)
        self._expires(seconds)
        return b""

    def _pin_block(self) -> bytes:
        entering = self._entering
        if entering is None or not entering.slot.pin:
            raise Refused("no_pin")
        self._entering, self.entry = None, Entry.NONE
        # ISO 9564-1, 9.3.2: control 0, length, PIN, fill; exclusive or with four zeros and the account's digits.
        text = f"0{len(entering.digits):X}{entering.digits}".ljust(16, "F")
        return _encrypted(entering.slot.pin, xor(bytes.fromhex(text), bytes(2) + entering.account))

    def _mac(self, data: bytes) -> bytes:
        if not 2 <= len(data) <= 1 + LONGEST_MAC_TEXT:
            raise Refused("wrong_length")
        slot = self._slot(data[0])
        if not slot.mac:
            raise Refused("no_key")
        return union_pay_mac(slot.mac, data[1:])

    def _slot(self, number: int) -> Slot:
        slot = self.state.slots.get(number)
        if slot is None or not slot.master:
            raise Refused("no_key")
        return slot


def union_pay_mac(key: bytes, text: bytes) -> bytes:
    """Fold the text into 8 bytes, and encrypt their hexadecimal digits in two blocks; 8 digits of the last.

    >>> key, text = bytes.fromhex("5BB5C72CD00B7338"), bytes.fromhex("0200702004C020C09811") + b"0123456789"
    >>> union_pay_mac(key, text)
    b'88DB04B2'
    """
    folded = bytes(8)
    for at in range(0, len(text), 8):
        folded = xor(folded, text[at : at + 8].ljust(8, b"\0"))
    digits = folded.hex().upper().encode("ascii")
    last = _encrypted(key, xor(_encrypted(key, digits[:8]), digits[8:]))
    return last.hex().upper().encode("ascii")[:8]


def _unwrapped(master: bytes, wrapped: bytes, *, single: bool) -> bytes:
    halves = [TRIPLE_DES.decrypt_block(master, half) for half in (wrapped[:8], wrapped[8:])]
    return halves[0] if single and not any(wrapped[8:]) else b"".join(halves)


def _encrypted(key: bytes, block: bytes) -> bytes:
    """With both halves equal triple DES is single DES."""
    return TRIPLE_DES.encrypt_block(key if len(key) == 16 else key + key, block)


def _cut(data: bytes, *lengths: int) -> list[bytes]:
    if len(data) != sum(lengths):
        raise Refused("wrong_length")
    parts = []
    for length in lengths:
        parts.append(data[:length])
        data = data[length:]
    return parts


def read(body: bytes) -> Question | None:
    """The question in a frame, None for what is too short to be one."""
    try:
        return Question.read(body)
    except ProtocolError:
        return None
