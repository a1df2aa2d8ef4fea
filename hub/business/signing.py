"""What a terminal asks and is told when it signs on."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

from hub.business.forms import Answer, Order

NONCE_PATTERN = r"^[0-9a-f]{32}\Z"
Scheme = Literal["3des", "sm4"]


class SignOnOrder(Order, frozen=True):
    """Ask for a working key; signed with the key that the master key makes of the nonce."""

    scheme: Scheme
    nonce: Annotated[
        str, Meta(pattern=NONCE_PATTERN, description="16 random bytes, the same as in the key id")
    ]
    master_check: Annotated[str, Meta(pattern=r"^[0-9a-f]{6}\Z", description="the master key's check value")]


class WrappedKey(Answer, frozen=True):
    """A working key of 32 bytes, wrapped under the master key, with its check value; both in hex."""

    wrapped: str
    check: str


class SealView(Answer, frozen=True):
    """The hub's public key for sealed fields (RFC 7517, EC P-256): base64url without padding."""

    kid: str
    x: str
    y: str


class SignOn(Answer, frozen=True):
    """A working key; from now on the terminal's key id is `<terminal>.w.<key_no>`."""

    id: str
    key_no: int
    signing: WrappedKey
    expires_at: datetime
    as_of: datetime
    seal: SealView
