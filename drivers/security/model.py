"""What holds card and terminal keys, wherever it stands: the hub, a SAM in the cabinet, the bench."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

from drivers.status import DeviceHealth

_SERIAL = re.compile(r"[0-9A-F]{16}", re.ASCII)


@dataclass(frozen=True, slots=True)
class CardKeys:
    """Which card's keys are meant; the keys themselves never leave the module.

    `profile` names the card's layout and with it the master keys and their cipher, `serial` is the card's serial in
    16 upper-case hex digits. `permit` is the id of the write that the hub has authorised ("" for none); only the
    hub's module asks for it. ValueError for a serial of another form: it is what the keys are made from.
    """

    profile: str
    serial: str
    permit: str = ""

    def __post_init__(self) -> None:
        if not _SERIAL.fullmatch(self.serial):
            raise ValueError("a card's serial is 16 hex digits in upper case")


class SecurityModule(Protocol):
    """Computes with the keys of meter cards; one thread at a time, every call with a deadline of its own.

    Calls raise `drivers.errors.TransportError` or `drivers.errors.DeviceTimeout` when the module cannot be reached,
    and `drivers.errors.CommandRefused` when it says no: no keys for this profile, no permit, a wrong SAM.
    """

    def genuine(self, card: CardKeys, challenge: bytes, answer: bytes) -> bool:
        """Tell whether `answer` is what a genuine card gives to INTERNAL AUTHENTICATE of `challenge`; 8 bytes each."""
        ...

    def authenticate(self, card: CardKeys, challenge: bytes) -> bytes:
        """Compute the 8 bytes that EXTERNAL AUTHENTICATE wants for the card's challenge of 8 bytes."""
        ...

    def mac(self, card: CardKeys, challenge: bytes, command: bytes) -> bytes:
        """Compute the 4 bytes of MAC over an UPDATE BINARY's header || data under the card's challenge of 4 bytes.

        The header's Lc counts the data and the MAC.
        """
        ...

    def health(self) -> DeviceHealth:
        """Tell the state as of the last call, without asking the module."""
        ...


class TerminalModule(Protocol):
    """Holds a terminal's master key and computes with it; one thread at a time.

    Calls raise as `SecurityModule` says; without a master key `start_key` and `unwrap` raise CommandRefused.
    """

    @property
    def scheme(self) -> str:
        """The name of the master key's cipher: "3des" or "sm4"."""
        ...

    def check_value(self) -> bytes | None:
        """Tell the master key's check value, 3 bytes; None while no key is loaded."""
        ...

    def load_component(self, number: int, component: bytes, check: bytes) -> None:
        """Load one of the master key's two components (16 bytes) with its check value (3 bytes): 1, then 2.

        Each is entered by a person who does not know the other. The key in use is replaced when the second is
        accepted. A component that is weak, equal to the other, out of turn or not of its check value raises
        CommandRefused, which names it, and nothing is changed.
        """
        ...

    def start_key(self, nonce: bytes) -> bytes:
        """Derive the 32 bytes that sign one sign-on with this nonce of 16 bytes."""
        ...

    def unwrap(self, wrapped: bytes, check: bytes) -> bytes:
        """Unwrap a working key of 32 bytes; CommandRefused unless its check value (3 bytes) is `check`."""
        ...

    def health(self) -> DeviceHealth:
        """Tell the state as of the last call, without asking the module."""
        ...
