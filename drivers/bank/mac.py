"""The three MACs that acquirers ask for. They are three algorithms, not three names.

ecb_up  UnionPay's "ECB" algorithm: the exclusive or of all blocks, as 16 characters of hex; its first half encrypted,
        the second half added and encrypted again; of the result in hex the first 8 characters stand in the message.
cbc     ISO/IEC 9797-1 MAC algorithm 1: the last block of a CBC encryption.
x919    ANSI X9.19, ISO/IEC 9797-1 MAC algorithm 3: single DES with the left key half, the last block also decrypted
        with the right half and encrypted with the left.

Texts are filled up with zeros (ISO/IEC 9797-1 padding method 1). A key of 8 bytes means single DES, one of 16
two-key triple DES; X9.19 has no key of 8.

>>> mac("ecb_up", bytes.fromhex("5BB5C72CD00B7338"), bytes.fromhex("0200702004C020C09811") + b"0123456789")
b'88DB04B2'
>>> double = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
>>> mac("cbc", double[:8], b"Now is the time for all ").hex()
'70a30640cc76dd8b'
>>> mac("x919", double, b"Now is the time for all ").hex()
'a1c72e74ea3fa9b6'
"""

from __future__ import annotations

from collections.abc import Callable

# What cryptography calls decrepit is what the banks speak; elsewhere it warns.
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes

BLOCK = 8
SINGLE, DOUBLE = 8, 16
_ZERO = bytes(BLOCK)


def mac(scheme: str, key: bytes, text: bytes) -> bytes:
    """Give the 8 bytes of field 64 for a text under one of `SCHEMES`.

    ValueError for another scheme, or a key that has neither 8 nor 16 bytes.
    """
    algorithm = _ALGORITHMS.get(scheme)
    if algorithm is None:
        raise ValueError(f"no MAC is called {scheme!r}; there are {', '.join(SCHEMES)}")
    return algorithm(key, text + bytes(-len(text) % BLOCK) or _ZERO)


def encrypt(key: bytes, data: bytes) -> bytes:
    """Encrypt whole blocks, each for itself."""
    return Cipher(des(key), modes.ECB()).encryptor().update(data)  # noqa: S305 - what the banks' keys are wrapped by


def decrypt(key: bytes, data: bytes) -> bytes:
    """Decrypt whole blocks, each for itself."""
    return Cipher(des(key), modes.ECB()).decryptor().update(data)  # noqa: S305 - as above


def des(key: bytes) -> TripleDES:
    """The cipher of a key: single DES for 8 bytes, two-key triple DES for 16; ValueError for any other length."""
    if len(key) == SINGLE:
        return TripleDES(key * 3)
    if len(key) == DOUBLE:
        return TripleDES(key + key[:SINGLE])
    raise ValueError(f"a bank's key has {SINGLE} or {DOUBLE} bytes, not {len(key)}")


def _cbc(key: bytes, text: bytes) -> bytes:
    return Cipher(des(key), modes.CBC(_ZERO)).encryptor().update(text)[-BLOCK:]


def _x919(key: bytes, text: bytes) -> bytes:
    if len(key) != DOUBLE:
        raise ValueError(f"X9.19 takes a key of {DOUBLE} bytes, not {len(key)}")
    left, right = key[:SINGLE], key[SINGLE:]
    return encrypt(left, decrypt(right, _cbc(left, text)))


def _ecb_up(key: bytes, text: bytes) -> bytes:
    total = 0
    for start in range(0, len(text), BLOCK):
        total ^= int.from_bytes(text[start : start + BLOCK], "big")
    letters = total.to_bytes(BLOCK, "big").hex().upper().encode()
    # Two blocks in CBC are exactly its two steps.
    return _cbc(key, letters).hex().upper().encode()[:BLOCK]


_ALGORITHMS: dict[str, Callable[[bytes, bytes], bytes]] = {"ecb_up": _ecb_up, "cbc": _cbc, "x919": _x919}
SCHEMES = tuple(_ALGORITHMS)
