"""Key files, the signature on a request, and what is believed of a reply."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import requests
from http_message_signatures import (
    ContentDigest,
    HTTPMessageSigner,
    HTTPMessageVerifier,
    MappingKeyResolver,
)
from http_message_signatures.algorithms import HMAC_SHA256
from http_message_signatures.exceptions import InvalidSignature
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kiosk.hubclient.signing import (
    OtherRequestError,
    SignatureError,
    Signer,
)

KEY = bytes(range(32))
HEX = KEY.hex()
COVERED = ("@status", "content-digest", "power-request")
REQUEST = ("@method", "@path", "content-digest", "power-terminal", "power-request")
ASKED = "a" * 32


class Reply:
    """A reply that the hub signs."""

    def __init__(self, status: int = 200, body: bytes = b"{}", request_id: str = ASKED) -> None:
        self.status_code = status
        self.body = body
        self.headers = {"Content-Digest": ContentDigest.create(body), "Power-Request": request_id}

    def signed(
        self,
        key: bytes = KEY,
        covered: tuple[str, ...] = COVERED,
        created: datetime | None = None,
        *,
        plain: bool = False,
        keyid: str = "T1",
    ) -> Reply:
        """Sign with the library; `plain` in the form that the hub sends, which names no algorithm."""
        keys = MappingKeyResolver(public_keys={}, private_keys={keyid: key})
        signer = HTTPMessageSigner(signature_algorithm=HMAC_SHA256, key_resolver=keys)
        signer.sign(
            self,
            key_id=keyid,
            label="sig1",
            created=created,
            covered_component_ids=covered,
            use_existing_digest=True,
            include_alg=not plain,
        )
        return self


def check(reply: Reply, signer: Signer | None = None) -> None:
    (signer or Signer("T1", KEY)).verify(reply.status_code, reply.headers, reply.body, ASKED)


class PlainOnly(Signer):
    """Has no library to ask."""

    def _let_library_judge(self, *_: object) -> None:
        raise SignatureError("not plain")


@pytest.mark.parametrize("body", [b"", b'{"a": 1}'])
def test_a_request_is_signed_as_the_contract_says(body: bytes) -> None:
    message = requests.Request("PUT", "http://127.0.0.1:1/v1/quotes/1", data=body or None).prepare()
    Signer("T1", KEY).sign(message, body, ASKED, datetime(2026, 11, 22, tzinfo=UTC))
    created = int(datetime(2026, 11, 22, tzinfo=UTC).timestamp())
    assert message.headers["Content-Digest"] == ContentDigest.create(body)
    assert message.headers["Power-Terminal"] == "T1"
    assert message.headers["Power-Request"] == ASKED
    assert message.headers["Signature-Input"] == (
        'sig1=("@method" "@path" "content-digest" "power-terminal" "power-request")'
        f';created={created};keyid="T1"'
    )
    assert message.headers["Signature"].startswith("sig1=:")


@given(
    st.sampled_from(["GET", "PUT"]),
    st.text("abcdefghijklmnopqrstuvwxyz0123456789-_.", min_size=1, max_size=40),
    st.binary(max_size=80),
    st.integers(1, 1_760_000_000),
)
def test_a_library_believes_what_the_kiosk_has_signed(
    method: str, name: str, body: bytes, created: int
) -> None:
    message = requests.Request(method, f"http://127.0.0.1:1/v1/{name}", data=body or None).prepare()
    Signer("T1", KEY).sign(message, body, ASKED, datetime.fromtimestamp(created, UTC))
    keys = MappingKeyResolver(public_keys={"T1": KEY}, private_keys={})
    verifier = HTTPMessageVerifier(signature_algorithm=HMAC_SHA256, key_resolver=keys)
    (result,) = verifier.verify(message, max_age=None, require_components=REQUEST, body=body)
    assert result.parameters["created"] == created
    message.headers["Power-Request"] = "b" * 32
    with pytest.raises(InvalidSignature):
        verifier.verify(message, max_age=None, require_components=REQUEST, body=body)


def test_what_stands_behind_a_question_mark_is_no_part_of_the_signed_path() -> None:
    message = requests.Request("GET", "http://127.0.0.1:1/v1/references/X?on=1").prepare()
    Signer("T1", KEY).sign(message, b"", ASKED, datetime(2026, 11, 22, tzinfo=UTC))
    keys = MappingKeyResolver(public_keys={"T1": KEY}, private_keys={})
    verifier = HTTPMessageVerifier(signature_algorithm=HMAC_SHA256, key_resolver=keys)
    assert verifier.verify(message, max_age=None, require_components=REQUEST, body=b"")


@pytest.mark.parametrize("body", [b"", b'{"a": 1}'])
def test_a_reply_in_the_hub_s_own_form_needs_no_library(body: bytes) -> None:
    check(Reply(body=body).signed(plain=True), PlainOnly("T1", KEY))
    with pytest.raises(SignatureError, match="not plain"):
        check(Reply(body=body).signed(), PlainOnly("T1", KEY))
    check(Reply(body=body).signed())


def test_the_hub_s_reply_is_believed_however_wrong_this_clock_is() -> None:
    check(Reply().signed())
    check(Reply().signed(created=datetime(1999, 1, 1, tzinfo=UTC)))
    check(Reply().signed(created=datetime(2049, 1, 1, tzinfo=UTC)))


def _other_key(reply: Reply, plain: bool) -> Reply:
    return reply.signed(key=bytes(32), plain=plain)


def _other_terminal(reply: Reply, plain: bool) -> Reply:
    reply.headers["Signature-Input"] = reply.headers["Signature-Input"].replace("T1", "T2")
    return reply


def _later(reply: Reply, plain: bool) -> Reply:
    reply.headers["Signature-Input"] = re.sub("created=1", "created=2", reply.headers["Signature-Input"])
    return reply


def _status(reply: Reply, plain: bool) -> Reply:
    reply.status_code = 201
    return reply


def _body(reply: Reply, plain: bool) -> Reply:
    reply.body = b"[]"
    return reply


def _digest(reply: Reply, plain: bool) -> Reply:
    reply.body = b"[]"
    reply.headers["Content-Digest"] = ContentDigest.create(b"[]")
    return reply


def _bare(reply: Reply, plain: bool) -> Reply:
    del reply.headers["Signature"]
    return reply


def _partly(reply: Reply, plain: bool) -> Reply:
    return reply.signed(covered=("@status", "power-request"), plain=plain)


def _renumbered(_: Reply, plain: bool) -> Reply:
    reply = Reply(request_id="b" * 32).signed(plain=plain)
    reply.headers["Power-Request"] = ASKED
    return reply


@pytest.mark.parametrize("plain", [True, False])
@pytest.mark.parametrize(
    "spoil",
    [_other_key, _other_terminal, _later, _status, _body, _digest, _bare, _partly, _renumbered],
)
def test_a_reply_that_was_touched_is_not_believed(spoil: Callable[[Reply, bool], Reply], plain: bool) -> None:
    check(Reply().signed(plain=plain))
    with pytest.raises(SignatureError) as caught:
        check(spoil(Reply().signed(plain=plain), plain))
    assert not isinstance(caught.value, OtherRequestError)


@pytest.mark.parametrize("missing", COVERED)
def test_a_signature_over_less_than_the_whole_reply_is_not_believed(missing: str) -> None:
    """With the request's number unsigned, an old reply could be sent again under a new number."""
    reply = Reply().signed(covered=tuple(name for name in COVERED if name != missing))
    with pytest.raises(SignatureError, match=f"{missing}|signed Content-Digest"):
        check(reply)


def test_the_same_key_under_another_terminals_name_is_not_believed() -> None:
    with pytest.raises(SignatureError, match="Unable to resolve verification key"):
        check(Reply().signed(plain=True, keyid="T2"))


@pytest.mark.parametrize("name", ["Signature", "Signature-Input", "Content-Digest", "Power-Request"])
@pytest.mark.parametrize("value", [None, "sig1=:\u20ac:"])
def test_a_header_that_is_missing_or_beyond_latin_ends_in_a_signature_error(
    name: str, value: str | None
) -> None:
    reply = Reply().signed(plain=True)
    del reply.headers[name]
    reply.headers |= {name: value} if value else {}
    with pytest.raises(SignatureError):
        check(reply)


@pytest.mark.parametrize("plain", [True, False])
def test_a_genuine_reply_to_another_attempt_is_told_apart(plain: bool) -> None:
    with pytest.raises(OtherRequestError, match="^the reply answers another request$"):
        check(Reply(request_id="b" * 32).signed(plain=plain))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.booleans(),
    st.dictionaries(
        st.sampled_from(["Signature", "Signature-Input", "Content-Digest", "Power-Request"]),
        st.text(st.characters(max_codepoint=255), max_size=60)
        | st.sampled_from(["sig1=::", 'sig1=("@status";req);keyid="T1"', "sha-256=:AA==:"]),
    ),
)
def test_headers_of_any_shape_end_in_a_signature_error(plain: bool, change: dict[str, str]) -> None:
    reply = Reply().signed(plain=plain)
    before = dict(reply.headers)
    reply.headers.update(change)
    if reply.headers != before:
        with pytest.raises(SignatureError):
            check(reply)
