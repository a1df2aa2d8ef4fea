"""The contract's request and answers about signing on and sealed fields, as strict, frozen types."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from kiosk.hubclient.wire import Id, Time, Wire

Hex32 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
Hex16 = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}\Z")]
CheckValue = Annotated[str, Meta(pattern=r"^[0-9a-f]{6}\Z")]
Coordinate = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{43}\Z")]


class SignOnRequest(Wire, frozen=True):
    """PUT /v1/sign-ons/{id}: the nonce is the one of the key that signs it."""

    scheme: Literal["3des", "sm4"]
    nonce: Hex16
    master_check: CheckValue


class WrappedKey(Wire, frozen=True):
    """A working key under the master key, in hex, and its check value."""

    wrapped: Hex32
    check: CheckValue


class SealKey(Wire, frozen=True):
    """The hub's public key for sealed fields: on P-256, base64url without padding."""

    kid: Annotated[str, Meta(pattern=r"^[!-~]{1,64}\Z")]
    x: Coordinate
    y: Coordinate


class SignOn(Wire, frozen=True):
    """The terminal's working key number `key_no`, good from `as_of` to `expires_at` by the hub's clock."""

    id: Id
    key_no: Annotated[int, Meta(ge=1, le=999_999_999)]
    signing: WrappedKey
    expires_at: Time
    as_of: Time
    seal: SealKey
