"""Card, terminal and field keys computed with in memory: on the bench, and for SM4 where the module lacks it."""

import base64
import binascii
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from drivers.bank import mac as bank
from drivers.bank.working_keys import kcv, unwrap
from drivers.security.cipher import KEY_LENGTH, Cipher, cipher
from drivers.security.components import weakness
from drivers.security.keys import check_value, cryptogram, diversify, mac4
from hub.data.keystore import SCHEMES, KeyRefused, Unreadable

NONCE = 12
_MARK = "p1."


def sized(data: bytes, size: int, what: str) -> bytes:
    """Give the data back when they have this many bytes; raises ValueError."""
    if len(data) != size:
        raise ValueError(f"a {what} has {size} bytes, not {len(data)}")
    return data


def card_genuine(of: Cipher, master: bytes, serial: str, challenge: bytes, answer: bytes) -> bool:
    """As `KeyStore.card_genuine`, with the master key."""
    return hmac.compare_digest(card_cryptogram(of, master, serial, challenge), answer)


def card_cryptogram(of: Cipher, master: bytes, serial: str, challenge: bytes) -> bytes:
    """As `KeyStore.card_cryptogram`, with the master key."""
    return cryptogram(of, diversify(of, master, bytes.fromhex(serial)), challenge)


def card_mac(of: Cipher, master: bytes, serial: str, challenge: bytes, command: bytes) -> bytes:
    """As `KeyStore.card_mac`, with the master key."""
    return mac4(of, diversify(of, master, bytes.fromhex(serial)), challenge, command)


def bank_check(mak: bytes) -> bytes:
    """As `KeyStore.bank_check`, with the MAC key."""
    return kcv(mak)


def bank_mac(mak: bytes, scheme: str, text: bytes) -> bytes:
    """As `KeyStore.bank_mac`, with the MAC key; raises KeyRefused for one that the scheme has no use for."""
    try:
        return bank.mac(scheme, mak, text)
    except ValueError as error:
        raise KeyRefused(str(error)) from None


def bank_working_key(master: bytes, wrapped: bytes) -> bytes:
    """Open a bank's working key of 8 or 16 bytes with the master key it is wrapped under."""
    return unwrap(master, bank_wrapped(wrapped))


def bank_wrapped(wrapped: bytes) -> bytes:
    """Give a wrapped key of a bank back when it has 8 or 16 bytes; raises ValueError."""
    if len(wrapped) not in (bank.SINGLE, bank.DOUBLE):
        raise ValueError(f"a bank's key has {bank.SINGLE} or {bank.DOUBLE} bytes, not {len(wrapped)}")
    return wrapped


def checked_master(scheme: str, key: bytes) -> bytes:
    """Give the check value of a master key that may be taken; raises KeyRefused."""
    if scheme not in SCHEMES:
        raise KeyRefused(f"no scheme {scheme!r}: {' or '.join(SCHEMES)}")
    if len(key) != KEY_LENGTH:
        raise KeyRefused(f"a master key has {KEY_LENGTH} bytes")
    if weak := weakness(cipher(scheme), key):
        raise KeyRefused(f"a weak key: {weak}")
    return check_value(cipher(scheme), key)


def protected(key: bytes, text: str, about: str) -> str:
    """Encrypt a field under a key of 32 bytes; `about` names its place."""
    nonce = os.urandom(NONCE)
    return field_token(nonce, AESGCM(key).encrypt(nonce, text.encode(), about.encode()))


def revealed(key: bytes, token: str, about: str) -> str:
    """Undo `protected`; raises Unreadable."""
    nonce, sealed = split_field_token(token)
    try:
        return AESGCM(key).decrypt(nonce, sealed, about.encode()).decode()
    except InvalidTag:
        raise Unreadable("the field was not protected with this store's key for this place") from None


def field_token(nonce: bytes, sealed: bytes) -> str:
    """The form in which a protected field stands in the database."""
    return _MARK + base64.urlsafe_b64encode(nonce + sealed).decode().rstrip("=")


def split_field_token(token: str) -> tuple[bytes, bytes]:
    """Nonce and ciphertext of a protected field; raises Unreadable."""
    text = token.removeprefix(_MARK)
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if text == token or len(raw) < NONCE + 16:
        raise Unreadable("this is no protected field")
    return raw[:NONCE], raw[NONCE:]
