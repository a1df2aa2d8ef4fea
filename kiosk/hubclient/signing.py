"""The one place of the kiosk that signs requests to the hub and verifies its replies (RFC 9421, HMAC; RFC 9530).

::

    request   sig1=("@method" "@path" "content-digest" "power-terminal" "power-request");created=...;keyid="..."
    reply     sig1=("@status" "content-digest" "power-request");created=...;keyid="..."

The kiosk's requests have one form, so their signature base (RFC 9421 §2.5) is written out here; the library on the
other side verifies them. A reply in the hub's usual form is compared with what the key makes of it. That can only
believe: whatever differs is judged by the http-message-signatures library (decision 0041).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from http_message_signatures import HTTPMessageSignaturesException, HTTPMessageVerifier, MappingKeyResolver
from http_message_signatures.algorithms import HMAC_SHA256

if TYPE_CHECKING:
    from requests import PreparedRequest

REPLY_COMPONENTS = ("@status", "content-digest", "power-request")
_REQUEST_FORM = '("@method" "@path" "content-digest" "power-terminal" "power-request")'
_REPLY_FORM = re.compile(
    r'sig1=(?P<parameters>\("@status" "content-digest" "power-request"\)'
    r';created=[1-9][0-9]{0,11};keyid="(?P<keyid>[A-Za-z0-9._-]{1,128})")',
    re.ASCII,
)


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
    """Signs for one terminal and believes only what the same key has signed.

    `key_id` is the key's name where it is not the terminal's own.
    """

    def __init__(self, terminal: str, key: bytes, key_id: str = "") -> None:
        self._terminal = terminal
        self._key = key
        self.key_id = key_id or terminal
        keys = MappingKeyResolver(public_keys={self.key_id: key}, private_keys={})
        self._verifier = _ReplyVerifier(signature_algorithm=HMAC_SHA256, key_resolver=keys)

    def sign(self, message: PreparedRequest, body: bytes, request_id: str, created: datetime) -> None:
        """Add the digest, the terminal, the number of this attempt and the signature over them.

        The algorithm is not named: the key says it, and each byte is paid for on a mobile line.
        """
        digest = _content_digest(body)
        parameters = f'{_REQUEST_FORM};created={int(created.timestamp())};keyid="{self.key_id}"'
        base = (
            f'"@method": {message.method}\n"@path": {message.path_url.partition("?")[0]}\n'
            f'"content-digest": {digest}\n"power-terminal": {self._terminal}\n"power-request": {request_id}\n'
            f'"@signature-params": {parameters}'
        )
        message.headers["Power-Terminal"] = self._terminal
        message.headers["Power-Request"] = request_id
        message.headers["Content-Digest"] = digest
        message.headers["Signature-Input"] = f"sig1={parameters}"
        message.headers["Signature"] = self._signature(base)

    def verify(self, status: int, headers: Mapping[str, str], body: bytes, request_id: str) -> None:
        """Check that the reply is whole, the hub's and to this attempt; `body` as it came over the wire.

        Raises SignatureError, or OtherRequestError when a genuine reply answers another attempt.
        """
        if not self._plainly_signed(status, headers, body):
            self._let_library_judge(status, headers, body)
        if headers.get("Power-Request") != request_id:
            raise OtherRequestError("the reply answers another request")

    def _plainly_signed(self, status: int, headers: Mapping[str, str], body: bytes) -> bool:
        """Tell whether this is a good signature in the hub's usual form; False says only that it is not plain."""
        digest = _content_digest(body)
        form = _REPLY_FORM.fullmatch(headers.get("Signature-Input", ""))
        if form is None or form["keyid"] != self.key_id or headers.get("Content-Digest") != digest:
            return False
        base = (
            f'"@status": {status}\n"content-digest": {digest}\n"power-request": {headers.get("Power-Request", "")}\n'
            f'"@signature-params": {form["parameters"]}'
        )
        given = headers.get("Signature", "")
        return hmac.compare_digest(self._signature(base).encode(), given.encode("latin-1", "replace"))

    def _let_library_judge(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        try:
            self._verifier.verify(
                _ReplyMessage(status, headers),
                max_age=None,
                require_components=REPLY_COMPONENTS,
                body=body,
            )
        except HTTPMessageSignaturesException as error:
            raise SignatureError(str(error)) from error

    def _signature(self, base: str) -> str:
        mac = hmac.digest(self._key, base.encode("latin-1", "replace"), "sha256")
        return f"sig1=:{base64.b64encode(mac).decode()}:"


def _content_digest(body: bytes) -> str:
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"
