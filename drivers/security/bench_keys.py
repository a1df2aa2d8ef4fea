"""The test keys of the bench: anyone can compute them from this file, so nothing of value may ever hang on them."""

from __future__ import annotations

import hashlib

from drivers.security.cipher import TRIPLE_DES, Cipher
from drivers.security.keys import CardKeySet, xor


def card_keys(profile: str, cipher: Cipher = TRIPLE_DES) -> CardKeySet:
    """Give the bench's master keys for a card profile."""
    internal, external, mac = (_test_key(f"card/{profile}/{use}") for use in ("internal", "external", "mac"))
    return CardKeySet(cipher, internal, external, mac)


def terminal_components(terminal: str) -> tuple[bytes, bytes]:
    """Give the two components of a bench terminal's master key."""
    return _test_key(f"terminal/{terminal}/1"), _test_key(f"terminal/{terminal}/2")


def terminal_key(terminal: str) -> bytes:
    """Give a bench terminal's master key: its two components combined."""
    return xor(*terminal_components(terminal))


def bank_components(acquirer: str, tid: str) -> tuple[bytes, bytes]:
    """Give the two components of a bench terminal's master key at a bank; `tid` is its number there."""
    return _test_key(f"bank/{acquirer}/{tid}/1"), _test_key(f"bank/{acquirer}/{tid}/2")


def bank_key(acquirer: str, tid: str) -> bytes:
    """Give a bench terminal's master key at a bank, 16 bytes: its two components combined."""
    return xor(*bank_components(acquirer, tid))


def is_bank_test_key(key16: bytes, acquirer: str, tid: str) -> bool:
    """Whether this is a bench terminal's master key at a bank, or one component of it."""
    return key16 in (bank_key(acquirer, tid), *bank_components(acquirer, tid))


def is_card_test_key(key16: bytes, profile: str) -> bool:
    """Whether this is one of the bench's master keys for a card profile."""
    own = card_keys(profile)
    return key16 in (own.internal, own.external, own.mac)


def is_terminal_test_key(key16: bytes, terminal: str) -> bool:
    """Whether this is a bench terminal's master key, or one component of it."""
    return key16 in (terminal_key(terminal), *terminal_components(terminal))


def _test_key(name: str) -> bytes:
    return hashlib.sha256(f"power kiosk TEST KEY, bench only: {name}".encode()).digest()[:16]
