"""Key files, the signature on a request, and what is believed of a reply."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import requests
from http_message_signatures import ContentDigest, HTTPMessageSigner, MappingKeyResolver
from http_message_signatures.algorithms import HMAC_SHA256
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
ASKED = "a" * 32


class Reply:
    """A reply that the hub signs."""

    def __init__(self, status: int = 200, body: bytes = b"{}", request_id: str = ASKED) -> None:
        self.status_code = status
        self.body = body
        self.headers = {"Content-Digest": ContentDigest.create(body), "Power-Request": request_id}

    def signed(
        self, key: bytes = KEY, covered: tuple[str, ...] = COVERED, created: datetime | None = None
    ) -> Reply:
        keys = MappingKeyResolver(public_keys={}, private_keys={"T1": key})
        signer = HTTPMessageSigner(signature_algorithm=HMAC_SHA256, key_resolver=keys)
        signer.sign(
            self,
            key_id="T1",
            label="sig1",
            created=created,
            covered_component_ids=covered,
            use_existing_digest=True,
        )
        return self


def check(reply: Reply) -> None:
    Signer("T1", KEY).verify(reply.status_code, reply.headers, reply.body, ASKED)


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


def test_the_hub_s_reply_is_believed_however_wrong_this_clock_is() -> None:
    check(Reply().signed())
    check(Reply().signed(created=datetime(1999, 1, 1, tzinfo=UTC)))
    check(Reply().signed(created=datetime(2049, 1, 1, tzinfo=UTC)))


def _other_key(_: Reply) -> Reply:
    return Reply().signed(key=bytes(32))


def _status(reply: Reply) -> Reply:
    reply.status_code = 201
    return reply


def _body(reply: Reply) -> Reply:
    reply.body = b"[]"
    return reply


def _digest(reply: Reply) -> Reply:
    reply.body = b"[]"
    reply.headers["Content-Digest"] = ContentDigest.create(b"[]")
    return reply


def _bare(reply: Reply) -> Reply:
    del reply.headers["Signature"]
    return reply


def _partly(_: Reply) -> Reply:
    return Reply().signed(covered=("@status", "power-request"))


def _renumbered(_: Reply) -> Reply:
    reply = Reply(request_id="b" * 32).signed()
    reply.headers["Power-Request"] = ASKED
    return reply


@pytest.mark.parametrize("spoil", [_other_key, _status, _body, _digest, _bare, _partly, _renumbered])
def test_a_reply_that_was_touched_is_not_believed(spoil: Callable[[Reply], Reply]) -> None:
    with pytest.raises(SignatureError) as caught:
        check(spoil(Reply().signed()))
    assert not isinstance(caught.value, OtherRequestError)


def test_a_genuine_reply_to_another_attempt_is_told_apart() -> None:
    with pytest.raises(OtherRequestError):
        check(Reply(request_id="b" * 32).signed())


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(
        st.sampled_from(["Signature", "Signature-Input", "Content-Digest", "Power-Request"]),
        st.text(st.characters(max_codepoint=255), max_size=60)
        | st.sampled_from(["sig1=::", 'sig1=("@status";req);keyid="T1"', "sha-256=:AA==:"]),
    )
)
def test_headers_of_any_shape_end_in_a_signature_error(change: dict[str, str]) -> None:
    reply = Reply().signed()
    before = dict(reply.headers)
    reply.headers.update(change)
    if reply.headers != before:
        with pytest.raises(SignatureError):
            check(reply)
