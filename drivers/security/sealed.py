"""Fields that only the host may read, sealed as JWE (RFC 7516): ECDH-ES on P-256 (RFC 7518 §4.6) with A256GCM.

The compact serialisation, each part base64url without padding; ECDH-ES in direct agreement has no encrypted key::

    header . (empty) . initial vector (12) . ciphertext . tag (16)
    header   {"alg":"ECDH-ES","enc":"A256GCM","kid":...,"epk":{"kty":"EC","crv":"P-256","x":...,"y":...},
              "pwr":"<terminal>/<field>"}

The header is authenticated with the text, so a sealed field is worth nothing under another terminal or field. Sealing
needs the host's public key and nothing of the kiosk's. The host's private key stays where it is: its holder computes
the shared point Z from `Sealed.epk`, and `content_key` makes the rest of it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ALGORITHM = "ECDH-ES"
ENCRYPTION = "A256GCM"
LONGEST_TEXT = 4096
LONGEST_TOKEN = 8192
_COORDINATE = 32
_IV, _TAG = 12, 16
_BASE64URL = re.compile(r"[A-Za-z0-9_-]*", re.ASCII)
_HEADER = {"alg", "enc", "kid", "epk", "pwr"}


class SealError(ValueError):
    """A token or a public key that is not what this module makes, or that was changed, or is bound elsewhere.

    The message never holds what was sealed.
    """


@dataclass(frozen=True, slots=True)
class Sealed:
    """A token taken apart and found well formed; nothing in it is proved before `open_`.

    `epk` is the sender's ephemeral point as PKCS#11 takes it: 04 || x || y, 65 bytes, on the curve.
    """

    header: Mapping[str, object]
    kid: str
    bound: str
    epk: bytes
    protected: bytes
    iv: bytes
    ciphertext: bytes


def seal(public_jwk: Mapping[str, str], kid: str, terminal: str, field: str, text: str) -> str:
    """Seal one field's text to the holder of the key `kid`; SealError for a bad key or a text over 4096 bytes."""
    try:
        clear = text.encode()
    except UnicodeEncodeError:
        raise SealError("a sealed field is text that UTF-8 can write") from None
    if len(clear) > LONGEST_TEXT:
        raise SealError(f"a sealed field has at most {LONGEST_TEXT} bytes, not {len(clear)}")
    host = _public(_point(public_jwk))
    own = ec.generate_private_key(ec.SECP256R1())
    epk = jwk_of(own.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))
    header = {"alg": ALGORITHM, "enc": ENCRYPTION, "kid": kid, "epk": epk, "pwr": _binding(terminal, field)}
    protected = _encode(json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode())
    iv = os.urandom(_IV)
    key = content_key(own.exchange(ec.ECDH(), host), header)
    whole = AESGCM(key).encrypt(iv, clear, protected.encode())
    return f"{protected}..{_encode(iv)}.{_encode(whole[:-_TAG])}.{_encode(whole[-_TAG:])}"


def jwk_of(point: bytes) -> dict[str, str]:
    """Write a public point on P-256 (04 || x || y) as a JWK; SealError for one that is none."""
    _public(point)
    return {"kty": "EC", "crv": "P-256", "x": _encode(point[1:33]), "y": _encode(point[33:])}


def split(token: str) -> Sealed:
    """Take a token apart; SealError unless it has exactly the form above."""
    parts = token.split(".") if len(token) <= LONGEST_TOKEN else []
    if len(parts) != 5 or parts[1]:
        raise SealError("not a JWE in compact form with direct key agreement")
    header = _header(_decode(parts[0]))
    epk = _point(header["epk"])
    _public(epk)
    iv, ciphertext, tag = _decode(parts[2]), _decode(parts[3]), _decode(parts[4])
    if len(iv) != _IV or len(tag) != _TAG:
        raise SealError("initial vector or tag of a wrong length")
    kid, bound = str(header["kid"]), str(header["pwr"])
    return Sealed(header, kid, bound, epk, parts[0].encode(), iv, ciphertext + tag)


def content_key(z: bytes, header: Mapping[str, object]) -> bytes:
    """Derive the key that sealed the text from the shared point's x coordinate Z (32 bytes) and the header."""
    if len(z) != _COORDINATE:
        raise SealError(f"Z has {_COORDINATE} bytes, not {len(z)}")
    if header.get("enc") != ENCRYPTION or "apu" in header or "apv" in header:
        raise SealError("not a header of ours")
    return concat_kdf(z, ENCRYPTION, 256)


def concat_kdf(z: bytes, algorithm: str, bits: int, apu: bytes = b"", apv: bytes = b"") -> bytes:
    """Derive up to 256 bits by Concat KDF with SHA-256 as RFC 7518 §4.6.2 sets it up."""
    if not 0 < bits <= 256 or bits % 8:
        raise ValueError("one round of SHA-256 gives up to 256 bits")
    info = b"".join(len(part).to_bytes(4, "big") + part for part in (algorithm.encode(), apu, apv))
    return hashlib.sha256(b"\0\0\0\1" + z + info + bits.to_bytes(4, "big")).digest()[: bits // 8]


def open_(sealed: Sealed, key: bytes, terminal: str, field: str) -> str:
    """Open what was sealed for this terminal and field; SealError when it is another's or was changed."""
    if sealed.bound != _binding(terminal, field):
        raise SealError("sealed by another terminal or for another field")
    try:
        return AESGCM(key).decrypt(sealed.iv, sealed.ciphertext, sealed.protected).decode()
    except (InvalidTag, UnicodeDecodeError):
        raise SealError("sealed under another key, or changed on its way") from None


def _binding(terminal: str, field: str) -> str:
    if not terminal or not field or "/" in terminal:
        raise SealError("a seal binds to a terminal without '/' and to a field")
    return f"{terminal}/{field}"


def _header(raw: bytes) -> dict[str, object]:
    try:
        header = json.loads(raw, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise SealError("the header is not JSON with each name once") from None
    if not isinstance(header, dict) or set(header) != _HEADER:
        raise SealError(f"the header has not exactly {', '.join(sorted(_HEADER))}")
    if header["alg"] != ALGORITHM or header["enc"] != ENCRYPTION:
        raise SealError(f"not sealed by {ALGORITHM} and {ENCRYPTION}")
    if not isinstance(header["kid"], str) or not isinstance(header["pwr"], str):
        raise SealError("kid and pwr are texts")
    return header


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name twice")
    return found


def _point(jwk: object) -> bytes:
    if not isinstance(jwk, Mapping) or jwk.get("kty") != "EC" or jwk.get("crv") != "P-256":
        raise SealError("not a key on P-256")
    x, y = (_decode(jwk.get(name)) for name in ("x", "y"))
    if len(x) != _COORDINATE or len(y) != _COORDINATE:
        raise SealError(f"a coordinate on P-256 has {_COORDINATE} bytes")
    return b"\x04" + x + y


def _public(point: bytes) -> ec.EllipticCurvePublicKey:
    if len(point) != 1 + 2 * _COORDINATE:
        raise SealError("a point on P-256 has 65 bytes")
    # A point off the curve would give away the private key bit by bit.
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except ValueError:
        raise SealError("the point is not on P-256") from None


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: object) -> bytes:
    if not isinstance(text, str) or not _BASE64URL.fullmatch(text):
        raise SealError("not base64url")
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error:
        raise SealError("not base64url") from None
    if _encode(data) != text:
        raise SealError("not the one way to write this in base64url")
    return data
