"""What a kiosk asks of a PIN pad with keys of its own (XFS4IoT PinPad): the PIN itself never leaves the unit.

Keys stand in slots, one for each bank terminal that the kiosk is. A slot holds a master key, loaded in two components
by two persons, and working keys that a bank sends wrapped under it. All are of two-key triple DES; a MAC key may be
single.

The calls that change nothing for a customer are safe at any moment: `open close health identify slots poll tampered`.
`start_pin` begins an entry and `end_pin` ends whatever has begun; between them only `poll` and `pin_block` are of use.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntFlag, StrEnum
from typing import Protocol

from drivers.errors import CommandRefused
from drivers.status import DeviceHealth

LEAST_DIGITS, MOST_DIGITS = 4, 12
"""ISO 9564-1, 8.1."""


class KeyKind(StrEnum):
    """What a working key is for."""

    PIN = "pin"
    MAC = "mac"


class SlotKeys(IntFlag):
    """Which keys a slot holds; HALF while the first component of a master key waits for the second."""

    MASTER = 0x01
    PIN = 0x02
    MAC = 0x04
    HALF = 0x08


class Key(StrEnum):
    """One thing that happened at the keys. Which digit it was nobody is told."""

    DIGIT = "digit"
    DELETED = "deleted"
    ENTER = "enter"
    CANCEL = "cancel"
    TIMEOUT = "timeout"
    ABORTED = "aborted"
    """The unit has ended the entry by itself: it has restarted, or was opened."""


ENDS = frozenset({Key.ENTER, Key.CANCEL, Key.TIMEOUT, Key.ABORTED})
"""After one of these no more keys come until the next `start_pin`."""


@dataclass(frozen=True, slots=True)
class PinReport:
    """What happened at the keys since the last report, in order, and how many digits stand in the entry now.

    A digit that was pressed and deleted between two polls is in neither.
    """

    keys: tuple[Key, ...]
    digits: int


@dataclass(frozen=True, slots=True)
class PinPadIdentity:
    """What a unit says of itself, in its own words."""

    maker: str
    serial: str
    firmware: str


class PinPadRefused(CommandRefused):
    """The unit says no and nothing has changed. `word` is why:

    no_key, check_wrong (the key is another: it is not taken), component_refused, no_pin (none was entered, or its block
    was fetched already), entry_open, tampered, wrong_value, wrong_length, unknown_command, or unknown.
    """

    def __init__(self, word: str, what: str) -> None:
        super().__init__(f"the PIN pad refuses {what}: {word}")
        self.word = word


class PinPad(Protocol):
    """Every call has a deadline; none retries for ever. For one thread.

    Calls raise `drivers.errors.DeviceTimeout` when the unit does not answer, `drivers.errors.TransportError` when the
    line is gone, `drivers.errors.ProtocolError` when it answers nonsense (the bytes are not told) and `PinPadRefused`.
    """

    @property
    def tampered(self) -> bool:
        """Whether the unit said at its last word that it was opened; its keys are gone then."""
        ...

    def open(self) -> None:
        """Open the line; sends nothing."""
        ...

    def close(self) -> None:
        """Close the line; safe to call twice. An entry that is open ends by the unit's own clock."""
        ...

    def health(self) -> DeviceHealth:
        """Tell the state as of the last call, without asking the unit."""
        ...

    def identify(self) -> PinPadIdentity:
        """Ask the unit for its name."""
        ...

    def slots(self) -> Mapping[int, SlotKeys]:
        """Ask which keys stand where; slots without any are left out."""
        ...

    def self_test(self) -> bool:
        """Have the unit test itself, keys and memory; whether all is well."""
        ...

    def load_master_key(self, slot: int, number: int, component: bytes, check: bytes) -> bytes | None:
        """Load component 1, then 2 (16 bytes) with its check value (3 bytes); the key's check value after the second.

        As `drivers.security.model.TerminalModule.load_component`: two persons, neither of whom knows the other's. The
        new master key drops the slot's working keys. `drivers.security.components.ComponentRefused` says which
        component is not taken and why.
        """
        ...

    def load_working_key(self, slot: int, kind: KeyKind, wrapped: bytes, check: bytes) -> None:
        """Load a working key of 16 bytes as it came, wrapped under the slot's master key block by block.

        `check` is the first 4 bytes of a block of zeros encrypted with it. With another check value it is refused
        (`check_wrong`) and the slot has no key of this kind any more: neither a wrong nor an old one is used. A MAC
        key whose second half is zeros as it came is a single one of 8 bytes.
        """
        ...

    def start_pin(
        self, slot: int, pan: str, least: int = LEAST_DIGITS, most: int = MOST_DIGITS, *, seconds: int
    ) -> None:
        """Let a PIN of `least` to `most` digits be entered for this card within this time; ends an earlier entry."""
        ...

    def poll(self) -> PinReport | None:
        """Ask once; what happened at the keys, None when nothing did or no entry is open."""
        ...

    def pin_block(self) -> bytes:
        """Fetch the PIN block (ISO 9564-1 format 0, 8 bytes) under the slot's PIN key: after ENTER, and once."""
        ...

    def end_pin(self) -> None:
        """End the entry and have the unit forget the PIN; does no harm where none is open."""
        ...

    def mac(self, slot: int, data: bytes) -> bytes:
        """Compute the 8 bytes of a UnionPay MAC ("ECB") over 1 to 512 bytes with the slot's MAC key."""
        ...
