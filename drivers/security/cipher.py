"""The block ciphers of meter cards and terminals behind one interface: two-key triple DES and SM4."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

# What cryptography calls decrepit is what the cards in the field speak; elsewhere it warns.
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives import ciphers
from cryptography.hazmat.primitives.ciphers import BlockCipherAlgorithm, modes
from cryptography.hazmat.primitives.ciphers import algorithms as plain

KEY_LENGTH = 16
SM1_IS_HARDWARE = (
    "SM1 is unpublished and exists only in hardware: a chip that has it computes it, this program cannot"
)


class Cipher(Protocol):
    """One block cipher with keys of 16 bytes.

    The calls raise ValueError unless `key16` has 16 bytes and `data` is exactly one block.
    """

    @property
    def name(self) -> str:
        """The word for it in settings and on the wire: "3des" or "sm4"."""
        ...

    @property
    def block(self) -> int:
        """The length of a block in bytes: 8 or 16."""
        ...

    def encrypt_block(self, key16: bytes, data: bytes) -> bytes:
        """Encrypt one block."""
        ...

    def decrypt_block(self, key16: bytes, data: bytes) -> bytes:
        """Decrypt one block."""
        ...


@dataclass(frozen=True, slots=True)
class _LibraryCipher:
    """A cipher that the cryptography library computes."""

    name: str
    block: int
    _algorithm: Callable[[bytes], BlockCipherAlgorithm]

    def encrypt_block(self, key16: bytes, data: bytes) -> bytes:
        return self._machine(key16, data).encryptor().update(data)

    def decrypt_block(self, key16: bytes, data: bytes) -> bytes:
        return self._machine(key16, data).decryptor().update(data)

    def _machine(self, key16: bytes, data: bytes) -> ciphers.Cipher[modes.ECB]:
        if len(key16) != KEY_LENGTH or len(data) != self.block:
            raise ValueError(
                f"{self.name} takes a key of {KEY_LENGTH} bytes and a block of {self.block},"
                f" not {len(key16)} and {len(data)}"
            )
        return ciphers.Cipher(self._algorithm(key16), modes.ECB())  # noqa: S305 - one block: the mode is the caller's


def _two_key(key16: bytes) -> BlockCipherAlgorithm:
    return TripleDES(key16 + key16[:8])


TRIPLE_DES: Cipher = _LibraryCipher("3des", 8, _two_key)
"""Two-key triple DES, encrypt-decrypt-encrypt (SP 800-67): left key, right key, left key."""

SM4: Cipher = _LibraryCipher("sm4", 16, plain.SM4)
"""SM4 (GB/T 32907-2016)."""


def cipher(name: str) -> Cipher:
    """Find a cipher by its name; ValueError for any other, with its reason for "sm1"."""
    if name.lower() == "sm1":
        raise ValueError(SM1_IS_HARDWARE)
    for known in (TRIPLE_DES, SM4):
        if known.name == name:
            return known
    raise ValueError(f"no cipher is called {name!r}; there are 3des and sm4")
