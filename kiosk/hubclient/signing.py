"""The one place of the kiosk that signs requests to the hub and verifies its replies (RFC 9421, HMAC)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from http_message_signatures import (
    HTTPMessageSignaturesException,
    HTTPMessageSigner,
    HTTPMessageVerifier,
    MappingKeyResolver,
)
from http_message_signatures.algorithms import HMAC_SHA256

if TYPE_CHECKING:
    from requests import PreparedRequest

LABEL = "sig1"
REQUEST_COMPONENTS = ("@method", "@path", "content-digest", "power-terminal", "power-request")
REPLY_COMPONENTS = ("@status", "content-digest", "power-request")


class SignatureError(ValueError):
    """The reply is not the hub's, or not whole."""


class OtherRequestError(SignatureError):
    """The reply is the hub's, but answers another request."""


@dataclass(frozen=True, slots=True)
class _ReplyMessage:
    status_code: int
    headers: Mapping[str, str]


class _ReplyVerifier(HTTPMessageVerifier):
    def validate_created_and_expires(self, sig_input: object, max_age: timedelta | None = None) -> None:
        """Not by the clock: the reply signs our fresh Power-Request, and a kiosk whose clock is wrong must
        still be able to read the refusal that tells it so."""


class Signer:
    """Signs for one terminal and believes only what the same key has signed."""

    def __init__(self, terminal: str, key: bytes) -> None:
        self._terminal = terminal
        keys = MappingKeyResolver(public_keys={terminal: key}, private_keys={terminal: key})
        self._signer = HTTPMessageSigner(signature_algorithm=HMAC_SHA256, key_resolver=keys)
        self._verifier = _ReplyVerifier(signature_algorithm=HMAC_SHA256, key_resolver=keys)

    def sign(self, message: PreparedRequest, body: bytes, request_id: str, created: datetime) -> None:
        """Add the digest, the terminal, the number of this attempt and the signature over them."""
        message.headers["Power-Terminal"] = self._terminal
        message.headers["Power-Request"] = request_id
        self._signer.sign(
            message,
            key_id=self._terminal,
            created=created,
            label=LABEL,
            include_alg=False,  # the key says it, and each byte is paid for on a mobile line
            covered_component_ids=REQUEST_COMPONENTS,
            body=body,
        )

    def verify(self, status: int, headers: Mapping[str, str], body: bytes, request_id: str) -> None:
        """Check that the reply is whole, the hub's and to this attempt; `body` as it came over the wire.

        Raises SignatureError, or OtherRequestError when a genuine reply answers another attempt.
        """
        try:
            self._verifier.verify(
                _ReplyMessage(status, headers),
                max_age=None,
                require_components=REPLY_COMPONENTS,
                body=body,
            )
        except HTTPMessageSignaturesException as error:
            raise SignatureError(str(error)) from error
        if headers.get("Power-Request") != request_id:
            raise OtherRequestError("the reply answers another request")
