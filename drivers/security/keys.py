"""What is computed with card and terminal keys: diversification, cryptograms, MACs, check values, wrapped keys.

Triple DES follows the meter cards in the field, with F a factor of 8 bytes, ~F its complement and R a challenge::

    diversify    3DES(MK, F) || 3DES(MK, ~F)
    cryptogram   3DES(K, R8)
    MAC          DES-CBC with K's left half over header || data padded 80 00.., IV = R4 || 00000000;
                 the last block goes through DES^-1 with the right half and DES with the left one
                 (ISO/IEC 9797-1 algorithm 3, padding method 2); its first 4 bytes

SM4 has blocks of 16 bytes and no published rule for these cards. Its rules are our own stand-in, to be replaced by
the rule of whoever issues such cards; no card in the field is claimed to follow them::

    diversify    SM4(MK, F || ~F)
    cryptogram   the first 8 bytes of SM4(K, R8 || 00 x 8)
    MAC          SM4-CBC with K over header || data padded 80 00.., IV = R4 || 00 x 12; the last block's first 4 bytes
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass, field

from drivers.security.cipher import KEY_LENGTH, Cipher

FACTOR = 8
SIGN_ON_FACTOR = b"SIGN-ON\0"
WORKING_FACTOR = b"WORKING\0"
NONCE = 16
WORKING_KEY = 32


@dataclass(frozen=True, slots=True)
class CardKeySet:
    """The three keys of a card profile (the masters) or of one card, 16 bytes each, and the cipher they are for.

    `internal` proves the card to us, `external` proves us to the card, `mac` protects what we write.
    """

    cipher: Cipher
    internal: bytes = field(repr=False)
    external: bytes = field(repr=False)
    mac: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if any(len(key) != KEY_LENGTH for key in (self.internal, self.external, self.mac)):
            raise ValueError(f"a card key has {KEY_LENGTH} bytes")

    def for_serial(self, serial: str) -> CardKeySet:
        """Diversify masters by a card's serial (16 hex digits): the keys that this one card holds."""
        factor = bytes.fromhex(serial)
        internal, external, mac = (
            diversify(self.cipher, key, factor) for key in (self.internal, self.external, self.mac)
        )
        return CardKeySet(self.cipher, internal, external, mac)


def diversify(cipher: Cipher, master16: bytes, factor8: bytes) -> bytes:
    """Derive a key of 16 bytes from a master key and a factor of 8 bytes."""
    _sized(factor8, FACTOR, "factor")
    pair = factor8 + bytes(byte ^ 0xFF for byte in factor8)
    return b"".join(cipher.encrypt_block(master16, block) for block in blocks(pair, cipher.block))


def cryptogram(cipher: Cipher, key16: bytes, challenge8: bytes) -> bytes:
    """Answer a challenge of 8 bytes, as INTERNAL and EXTERNAL AUTHENTICATE want it: 8 bytes."""
    return cipher.encrypt_block(key16, challenge_block(cipher, challenge8))[:8]


def challenge_block(cipher: Cipher, challenge8: bytes) -> bytes:
    """Give the block whose encryption begins with the `cryptogram`, for a module that holds the key."""
    _sized(challenge8, 8, "challenge")
    return challenge8.ljust(cipher.block, b"\0")


def mac4(cipher: Cipher, key16: bytes, challenge4: bytes, message: bytes) -> bytes:
    """MAC a command's header || data under a challenge of 4 bytes; Lc in the header counts these 4 bytes of MAC."""
    initial, padded = mac_text(cipher, challenge4, message)
    if cipher.block != 8:
        return encrypt_cbc(cipher, key16, padded, initial)[-cipher.block :][:4]
    left, right = key16[:8], key16[8:]
    last = encrypt_cbc(cipher, left + left, padded, initial)[-8:]
    # With both halves equal triple DES is single DES.
    return cipher.encrypt_block(left + left, cipher.decrypt_block(right + right, last))[:4]


def mac_text(cipher: Cipher, challenge4: bytes, message: bytes) -> tuple[bytes, bytes]:
    """Give the initial value and the padded message of a `mac4`, for a module that holds the key."""
    _sized(challenge4, 4, "challenge")
    return challenge4.ljust(cipher.block, b"\0"), pad(message, cipher.block)


def pad(message: bytes, block: int) -> bytes:
    """Append 80 and zeros up to whole blocks (ISO/IEC 9797-1 padding method 2); a full last block gets one more."""
    return message + b"\x80" + bytes(-(len(message) + 1) % block)


def check_value(cipher: Cipher, key16: bytes) -> bytes:
    """Compute what names a key without telling it: the first 3 bytes of a block of zeros encrypted."""
    return cipher.encrypt_block(key16, bytes(cipher.block))[:3]


def encrypt_cbc(cipher: Cipher, key16: bytes, data: bytes, initial: bytes | None = None) -> bytes:
    """Encrypt whole blocks in CBC; the initial vector is zero unless given."""
    previous = initial if initial is not None else bytes(cipher.block)
    out = []
    for block in blocks(data, cipher.block):
        previous = cipher.encrypt_block(key16, xor(block, previous))
        out.append(previous)
    return b"".join(out)


def decrypt_cbc(cipher: Cipher, key16: bytes, data: bytes) -> bytes:
    """Decrypt whole blocks in CBC with a zero initial vector."""
    secret = list(blocks(data, cipher.block))
    before = [bytes(cipher.block), *secret]
    return b"".join(xor(cipher.decrypt_block(key16, b), p) for b, p in zip(secret, before, strict=False))


def xor(one: bytes, other: bytes) -> bytes:
    """Combine two strings of one length bit by bit."""
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


def start_key(cipher: Cipher, master16: bytes, nonce: bytes) -> bytes:
    """Derive the 32 bytes that sign one sign-on from a terminal's master key and a nonce of 16 bytes.

    CBC with a zero initial vector over nonce || ~nonce under diversify(master, "SIGN-ON" 00).
    """
    return encrypt_cbc(cipher, diversify(cipher, master16, SIGN_ON_FACTOR), start_text(nonce))


def start_text(nonce: bytes) -> bytes:
    """Give the 32 bytes that `start_key` encrypts, for a module that only has its key's encryption."""
    _sized(nonce, NONCE, "nonce")
    return nonce + bytes(byte ^ 0xFF for byte in nonce)


def wrap(cipher: Cipher, master16: bytes, key: bytes) -> bytes:
    """Wrap a working key of 32 bytes for its way to the terminal: CBC under diversify(master, "WORKING" 00)."""
    _sized(key, WORKING_KEY, "working key")
    return encrypt_cbc(cipher, diversify(cipher, master16, WORKING_FACTOR), key)


def unwrap(cipher: Cipher, master16: bytes, wrapped: bytes) -> bytes:
    """Undo `wrap`; compare `working_check` before the key is used, the wrapping itself proves nothing."""
    return decrypt_cbc(cipher, diversify(cipher, master16, WORKING_FACTOR), wrapped_key(wrapped))


def wrapped_key(wrapped: bytes) -> bytes:
    """Give a wrapped working key back when its length is right; ValueError otherwise."""
    _sized(wrapped, WORKING_KEY, "wrapped key")
    return wrapped


def working_check(key: bytes) -> bytes:
    """Compute a working key's check value: the first 3 bytes of HMAC-SHA256(key, "check")."""
    return hmac.digest(key, b"check", hashlib.sha256)[:3]


def blocks(data: bytes, size: int) -> Iterator[bytes]:
    """Cut whole blocks; ValueError where something is left over."""
    if len(data) % size:
        raise ValueError(f"{len(data)} bytes are not whole blocks of {size}")
    return (data[at : at + size] for at in range(0, len(data), size))


def _sized(data: bytes, size: int, what: str) -> None:
    if len(data) != size:
        raise ValueError(f"a {what} has {size} bytes, not {len(data)}")
