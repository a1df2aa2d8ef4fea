"""HTTP message signatures (RFC 9421, HMAC-SHA256) with content digests (RFC 9530): requests in, replies out.

::

    request   sig1=("@method" "@path" "content-digest" "power-terminal" "power-request")
                   ;created=...;keyid="<terminal>"
    reply     sig1=("@status" "content-digest" "power-request");created=...;keyid=...

The key id is the terminal's name, or says beside it which of its keys signed (`hub.composition.terminals`).
A request may name its algorithm (alg="hmac-sha256"); the key settles it anyway. What is signed is the body as it is
sent, in its content coding. The hub judges requests with the http-message-signatures library. Its own replies have
one fixed form, so their signature base is written out here; a library on the other side verifies them.
"""

import base64
import hashlib
import hmac
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from http_message_signatures import HTTPMessageVerifier, HTTPSignatureKeyResolver, algorithms
from http_message_signatures.exceptions import HTTPMessageSignaturesException

from hub.business.refusals import Refusal

WINDOW = timedelta(seconds=300)
REQUEST_COMPONENTS = ("@method", "@path", "content-digest", "power-terminal", "power-request")
NO_REQUEST_ID = "0" * 32
_REQUEST_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)
_LABEL = "sig1"
_KEY_ID = re.compile(r';keyid="([A-Za-z0-9._-]{1,128})"', re.ASCII)
_PLAIN = re.compile(r"/[A-Za-z0-9/_.-]*", re.ASCII)
_PLAIN_FORM = re.compile(
    r"(?P<label>[a-z][a-z0-9]{0,15})=(?P<parameters>"
    r'\("@method" "@path" "content-digest" "power-terminal" "power-request"\)'
    r';created=(?P<created>[1-9][0-9]{0,11});keyid="(?P<keyid>[A-Za-z0-9._-]{1,128})"(?:;alg="hmac-sha256")?)',
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """A request as it came in; `headers` has lower-case names, field lines of one name joined by commas."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def url(self) -> str:
        # Only @path is covered, so the authority that proxies change does not matter.
        return f"http://hub{self.path}"

    @property
    def request_id(self) -> str:
        """The id of this attempt, or zeros where the request has no usable one."""
        text = self.headers.get("power-request", "")
        return text if _REQUEST_ID.fullmatch(text) else NO_REQUEST_ID

    @property
    def key_id(self) -> str:
        """What the signature says its key is, not judged yet; empty where it says nothing."""
        found = _KEY_ID.search(self.headers.get("signature-input", ""))
        return found.group(1) if found else ""


class _OneKey(HTTPSignatureKeyResolver):
    def __init__(self, key_id: str, key: bytes) -> None:
        self.key_id = key_id
        self.key = key

    def resolve_public_key(self, key_id: str) -> bytes | None:
        return self.key if key_id == self.key_id else None


class _Verifier(HTTPMessageVerifier):
    """Leaves the age to the caller, who has the clock and tells a stale signature from a wrong one."""

    def validate_created_and_expires(self, sig_input: object, max_age: timedelta | None = None) -> None:
        if "created" not in sig_input.params:  # type: ignore[attr-defined]
            raise HTTPMessageSignaturesException("the signature has no created time")


def verify_request(
    request: SignedRequest, terminal: str, key: bytes, now: datetime, key_id: str | None = None
) -> None:
    """Judge the signature, the digest and the age of a request; raise Refusal unless all are good.

    Only a signature of this key id counts; without one it is the terminal's name.
    """
    key_id = terminal if key_id is None else key_id
    if request.request_id == NO_REQUEST_ID:
        raise Refusal("bad_signature", "Power-Request must be 32 lower-case hex digits, not all zero")
    plain = _plainly_signed(request, terminal, key_id, key)
    created = _judged_by_library(request, key_id, key, now) if plain is None else plain
    age = now.timestamp() - created
    if abs(age) > WINDOW.total_seconds():
        raise Refusal(
            "stale_signature", f"created {age:.0f} s before the hub's time {now:%Y-%m-%dT%H:%M:%SZ}"
        )


def _plainly_signed(request: SignedRequest, terminal: str, key_id: str, key: bytes) -> int | None:
    """Give the created time of a good signature in the kiosks' own form; none where the library must judge.

    It can only accept, never refuse, and costs a thirtieth of the library's parsing.
    """
    fields = request.headers
    digest = content_digest(request.body)
    form = _PLAIN_FORM.fullmatch(fields.get("signature-input", ""))
    if form is None or form["keyid"] != key_id or fields.get("content-digest") != digest:
        return None
    base = (
        f'"@method": {request.method}\n"@path": {request.path}\n"content-digest": {digest}\n'
        f'"power-terminal": {terminal}\n"power-request": {request.request_id}\n'
        f'"@signature-params": {form["parameters"]}'
    )
    if not _PLAIN.fullmatch(request.path) or fields.get("power-terminal") != terminal:
        return None
    expected = f"{form['label']}=:{_mac(key, base)}:"
    good = hmac.compare_digest(expected.encode(), fields.get("signature", "").encode("latin-1"))
    return int(form["created"]) if good else None


def _judged_by_library(request: SignedRequest, key_id: str, key: bytes, now: datetime) -> float:
    verifier = _Verifier(signature_algorithm=algorithms.HMAC_SHA256, key_resolver=_OneKey(key_id, key))
    try:
        results = verifier.verify(
            request, max_age=None, require_components=REQUEST_COMPONENTS, body=request.body
        )
    except HTTPMessageSignaturesException as error:
        raise Refusal("bad_signature", str(error)) from None
    (result,) = results
    if float(result.parameters.get("expires", math.inf)) < now.timestamp():
        raise Refusal("stale_signature", "the signature has expired")
    return float(result.parameters["created"])


def content_digest(body: bytes) -> str:
    """Give the value of the Content-Digest field."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


def _mac(key: bytes, base: str) -> str:
    return base64.b64encode(hmac.digest(key, base.encode(), "sha256")).decode()


def sign_reply(
    status: int, body: bytes, request_id: str, key_id: str, key: bytes, now: datetime
) -> list[tuple[bytes, bytes]]:
    """Give the header fields that sign a reply: digest, request id, Signature-Input and Signature."""
    digest = content_digest(body)
    created = int(now.astimezone(UTC).timestamp())
    parameters = f'("@status" "content-digest" "power-request");created={created};keyid="{key_id}"'
    base = (
        f'"@status": {status}\n"content-digest": {digest}\n"power-request": {request_id}\n'
        f'"@signature-params": {parameters}'
    )
    mac = _mac(key, base)
    return [
        (b"content-digest", digest.encode()),
        (b"power-request", request_id.encode()),
        (b"signature-input", f"{_LABEL}={parameters}".encode()),
        (b"signature", f"{_LABEL}=:{mac}:".encode()),
    ]
