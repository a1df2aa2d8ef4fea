"""What the hub needs of its keys: the module that holds them computes, and gives out no master key.

Errors::

    KeyStoreError
    ├── KeyStoreAway      the module cannot be reached or has failed: the same call may succeed later
    ├── KeyMissing        the module has no such key
    ├── KeyRefused        a key or a setting cannot be taken: weak, damaged, readable by others, for the bench only
    └── Unreadable        what is to be opened was not made with this store's keys, or was changed since
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

SCHEMES = ("3des", "sm4")
"""The ciphers of card and terminal keys by name."""


class KeyStoreError(Exception):
    """A call that a key store could not do; the message never holds a key."""


class KeyStoreAway(KeyStoreError):  # noqa: N818 - it is away
    """The module cannot be reached or has failed; the same call may succeed later."""


class KeyMissing(KeyStoreError):  # noqa: N818 - it is missing
    """The module has no such key; the message names it."""


class KeyRefused(KeyStoreError):  # noqa: N818 - it is refused
    """A key or a setting that cannot be taken; the message says why."""


class Unreadable(KeyStoreError):  # noqa: N818 - it is
    """Not made with this store's keys for this place, or changed since."""


@dataclass(frozen=True, slots=True)
class CardScheme:
    """Which keys a card profile's cards have: the cipher, and the ids of its three master keys in the store.

    Each is diversified by the card's serial (`drivers.security.keys.diversify`).
    """

    cipher: str
    internal: str
    external: str
    mac: str


CardSchemes = Mapping[str, CardScheme]
"""By card profile."""


@dataclass(frozen=True, slots=True)
class KeyName:
    """A key as it may be told of; `check` is its check value in hex.

    `kind` is "terminal", "bank", "card", "seal" or "data"; a terminal at a bank goes by "ACQUIRER/TID".
    """

    kind: str
    name: str
    scheme: str
    check: str


def bank_name(acquirer: str, tid: str) -> str:
    """The name of the master key of a terminal at a bank."""
    return f"{acquirer}/{tid}"


@dataclass(frozen=True, slots=True)
class SealKey:
    """The public key under which kiosks seal fields to this hub (RFC 7517, EC P-256; base64url without padding)."""

    kid: str
    x: str
    y: str


class KeyStore(Protocol):
    """Computes with the hub's keys. Calls may come from several threads, take milliseconds, and raise KeyStoreError.

    `serial` is a card's serial in 16 hex digits. Bytes have the lengths that `drivers.security.keys` names.
    """

    def card_genuine(self, profile: str, serial: str, challenge: bytes, answer: bytes) -> bool:
        """Tell whether `answer` is what the genuine card gives to INTERNAL AUTHENTICATE of `challenge`."""

    def card_cryptogram(self, profile: str, serial: str, challenge: bytes) -> bytes:
        """Compute the 8 bytes that the card's EXTERNAL AUTHENTICATE wants for its challenge of 8 bytes."""

    def card_mac(self, profile: str, serial: str, challenge: bytes, command: bytes) -> bytes:
        """Compute the MAC of 4 bytes over a command's header || data under the card's challenge of 4 bytes."""

    def terminal_key(self, terminal: str) -> KeyName | None:
        """Name the master key of a terminal, if it has one."""

    def terminal_start_key(self, terminal: str, nonce: bytes) -> bytes:
        """Derive the 32 bytes that sign one sign-on of the terminal with a nonce of 16 bytes."""

    def wrap_working_key(self, terminal: str, key: bytes) -> bytes:
        """Wrap a working key of 32 bytes under the terminal's master key."""

    def unwrap_working_key(self, terminal: str, wrapped: bytes) -> bytes:
        """Undo `wrap_working_key`; compare the check value before the key is used."""

    def bank_key(self, acquirer: str, tid: str) -> KeyName | None:
        """Name the master key of the terminal that has this number at a bank, if it has one."""

    def bank_check(self, acquirer: str, tid: str, wrapped: bytes) -> bytes:
        """Give the check value, 4 bytes, of a MAC key of 8 or 16 bytes under that master key.

        It is for no other key: a PIN key is opened by the PIN pad alone.
        """

    def bank_mac(self, acquirer: str, tid: str, wrapped: bytes, scheme: str, text: bytes) -> bytes:
        """Compute field 64, 8 bytes, by one of the schemes of `drivers.bank.mac` with such a key."""

    def seal_public(self) -> SealKey:
        """Give the public key for fields that are sealed to this hub now."""

    def open_sealed(self, token: str, terminal: str, field: str) -> str:
        """Open what the terminal sealed for this field; raises Unreadable."""

    def protect(self, text: str, about: str) -> str:
        """Encrypt a field for the database; `about` names its place, and only there it can be read again."""

    def reveal(self, token: str, about: str) -> str:
        """Undo `protect`; raises Unreadable."""

    def fingerprint(self, text: str) -> str:
        """Give 64 hex digits by which equal texts can be found, and which nobody can make without the store."""

    def close(self) -> None:
        """Let go of the module."""


class KeyCabinet(KeyStore, Protocol):
    """A key store as those see it who keep its keys: `power-hub keys`."""

    @property
    def card_schemes(self) -> CardSchemes:
        """Which keys the settings name, by card profile."""

    def init(self) -> tuple[KeyName, ...]:
        """Make the store's own keys (fields, fingerprints, seal) unless they are there; give those made now."""

    def load_terminal(self, terminal: str, scheme: str, key: bytes) -> KeyName:
        """Take a terminal's master key of 16 bytes in place of the one before."""

    def remove_terminal(self, terminal: str) -> None:
        """Destroy a terminal's master key; raises KeyMissing."""

    def load_bank(self, acquirer: str, tid: str, key: bytes) -> KeyName:
        """Take a triple DES master key of 16 bytes for a terminal at a bank in place of the one before."""

    def remove_bank(self, acquirer: str, tid: str) -> None:
        """Destroy the master key of a terminal at a bank; raises KeyMissing."""

    def load_card(self, key_id: str, scheme: str, key: bytes) -> KeyName:
        """Take a card master key of 16 bytes in place of the one before."""

    def names(self) -> tuple[KeyName, ...]:
        """Tell which keys there are."""
