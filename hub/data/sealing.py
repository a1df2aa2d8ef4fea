"""Fields that a kiosk sealed to this hub: the public key for them, and opening them with any store's ECDH."""

import base64
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric import ec

from drivers.security.sealed import SealError, content_key, open_, split
from hub.data.keystore import Unreadable

CURVE = ec.SECP256R1()
_SIZE = 32


def public_numbers(key: ec.EllipticCurvePublicKey) -> tuple[str, str]:
    """The coordinates x and y of a public key, as a JWK has them (RFC 7518 §6.2.1)."""
    numbers = key.public_numbers()
    return _text(numbers.x), _text(numbers.y)


def _text(number: int) -> str:
    return base64.urlsafe_b64encode(number.to_bytes(_SIZE)).decode().rstrip("=")


def opened(token: str, terminal: str, field: str, kid: str, exchange: Callable[[bytes], bytes]) -> str:
    """Open a sealed field; `exchange` does ECDH of the private key `kid` with a point (04 || x || y).

    Raises Unreadable.
    """
    try:
        sealed = split(token)
        if sealed.kid != kid:
            raise Unreadable(f"sealed for a key {sealed.kid!r} that this hub does not have")
        return open_(sealed, content_key(exchange(sealed.epk), sealed.header), terminal, field)
    except SealError as error:
        raise Unreadable(str(error)) from None
