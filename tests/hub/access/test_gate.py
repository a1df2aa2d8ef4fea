"""The door of a real hub: who is let in, and that every answer is signed."""

import json
import uuid
import zlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import requests

from hub.access import coding
from hub.access.gate import MAX_BODY

STATUS = "/v1/status"
Change = Callable[[requests.PreparedRequest], None]


def code_of(reply: requests.Response) -> str:
    assert reply.headers["Content-Type"] == "application/problem+json"
    code: str = reply.json()["code"]
    return code


def test_a_signed_request_is_answered_signed(hub: Any) -> None:
    reply = hub.client().get(STATUS)
    assert reply.status_code == 200
    assert reply.json()["mode"] == "open"


def test_what_fits_no_route_is_answered_signed_too(hub: Any) -> None:
    assert code_of(hub.client().get("/v1/nothing")) == "not_found"
    reply = hub.client().send(hub.client().signed("POST", STATUS))
    assert (reply.status_code, code_of(reply)) == (405, "method_not_allowed")


def test_any_order_of_covered_components_is_as_good(hub: Any) -> None:
    client = hub.client()
    covered = ("power-request", "power-terminal", "content-digest", "@path", "@method")
    assert client.send(client.signed("GET", STATUS, covered=covered)).status_code == 200


@pytest.mark.parametrize("put", ["", " "])
def test_a_signature_of_the_kiosks_form_is_judged_to_the_last_byte(hub: Any, put: str) -> None:
    client = hub.client()
    request = client.signed("GET", STATUS)
    label, value = request.headers["Signature"].split("=", 1)
    mac = value.strip(":")
    other = "B" if mac[0] == "A" else "A"
    request.headers["Signature"] = f"{label}=:{other}{mac[1:]}:{put}"
    assert code_of(client.send(request)) == "bad_signature"


def test_an_unknown_terminal_gets_an_unsigned_refusal(hub: Any) -> None:
    client = hub.client("nobody", bytes(32))
    reply = client.send(client.signed("GET", STATUS), verify=False)
    assert (reply.status_code, code_of(reply)) == (401, "unknown_terminal")
    assert "Signature" not in reply.headers


def test_another_terminals_key_is_a_bad_signature(hub: Any) -> None:
    client = hub.client("kiosk-1", bytes(range(1, 33)))
    reply = client.send(client.signed("GET", STATUS), verify=False)
    assert (reply.status_code, code_of(reply)) == (401, "bad_signature")


def _other_path(request: requests.PreparedRequest) -> None:
    request.url = str(request.url).replace(STATUS, "/v1/accounts/1")


def _other_body(request: requests.PreparedRequest) -> None:
    request.body = b"{}"
    request.headers["Content-Length"] = "2"


def _without(header: str) -> Change:
    def change(request: requests.PreparedRequest) -> None:
        del request.headers[header]

    return change


@pytest.mark.parametrize(
    "change",
    [
        _other_path,
        _other_body,
        _without("Content-Digest"),
        _without("Signature"),
        _without("Signature-Input"),
    ],
)
def test_a_changed_request_is_a_bad_signature(hub: Any, change: Change) -> None:
    client = hub.client()
    request = client.signed("GET", STATUS)
    change(request)
    assert code_of(client.send(request)) == "bad_signature"


@pytest.mark.parametrize(
    "left_out", ["@method", "@path", "content-digest", "power-terminal", "power-request"]
)
def test_a_signature_that_covers_too_little_is_refused(hub: Any, left_out: str) -> None:
    client = hub.client()
    covered = ("@method", "@path", "content-digest", "power-terminal", "power-request")
    request = client.signed("GET", STATUS, covered=tuple(name for name in covered if name != left_out))
    assert code_of(client.send(request)) == "bad_signature"


@pytest.mark.parametrize("seconds", [400, -400])
def test_a_signature_out_of_the_window_is_stale(hub: Any, seconds: int) -> None:
    client = hub.client()
    reply = client.send(client.signed("GET", STATUS, age=timedelta(seconds=seconds)))
    assert (reply.status_code, code_of(reply)) == (401, "stale_signature")


@pytest.mark.parametrize("seconds", [200, -200])
def test_a_clock_that_is_a_little_off_does_no_harm(hub: Any, seconds: int) -> None:
    client = hub.client()
    assert client.send(client.signed("GET", STATUS, age=timedelta(seconds=seconds))).status_code == 200


def test_an_attempt_is_taken_once(hub: Any) -> None:
    client = hub.client()
    request = client.signed("GET", STATUS)
    assert client.send(request).status_code == 200
    reply = client.send(request)
    assert (reply.status_code, code_of(reply)) == (401, "replayed_request")


def test_a_body_too_long_is_refused(hub: Any) -> None:
    client = hub.client()
    reply = client.send(client.signed("PUT", f"/v1/payments/{'a' * 32}", b" " * 70_000), verify=False)
    assert (reply.status_code, code_of(reply)) == (400, "bad_request")


@pytest.mark.parametrize("accepts", ["kiosk-1", "gzip, KIOSK-1 , br"])
def test_a_kiosk_that_takes_packed_answers_gets_them_signed_as_they_are_sent(hub: Any, accepts: str) -> None:
    client, path = hub.client(), f"/v1/accounts/{hub.account((10000, 8000, 7000)).account_no}"
    plain = client.get(path)
    assert "Content-Encoding" not in plain.headers
    packed = client.send(client.signed("GET", path, headers={"Accept-Encoding": accepts}))
    assert packed.headers["Content-Encoding"] == coding.NAME
    assert len(packed.content) < len(plain.content) / 3
    told = coding.unpacked(packed.content, 1 << 16)
    assert json.loads(told)["bills"] == plain.json()["bills"]


def test_a_packed_request_is_the_same_order_as_a_plain_one(hub: Any) -> None:
    client, path = hub.client(), f"/v1/quotes/{uuid.uuid4().hex}"
    order = b'{"account_no":"%s","business":"arrears","months":[],"tender":"cash"}'
    body = order % hub.account((10000,)).account_no.encode()
    first = client.send(
        client.signed("PUT", path, coding.packed(body), headers={"Content-Encoding": "kiosk-1"})
    )
    again = client.send(client.signed("PUT", path, body))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.content == again.content


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("kiosk-1", b"{}"),
        ("kiosk-1", b""),
        ("kiosk-1", coding.packed(b"{}")[:-2]),
        ("kiosk-1", coding.packed(b"{}") + b"x"),
        ("kiosk-1", zlib.compress(b"{}") + b"x"),
        ("kiosk-1", coding.packed(b" " * (MAX_BODY + 1))),
        ("kiosk-1", coding.packed(b" " * 30_000_000)),
        ("gzip", b"{}"),
        ("kiosk-1, kiosk-1", coding.packed(coding.packed(b"{}"))),
    ],
)
def test_a_coding_that_is_unknown_damaged_or_too_much_is_refused(hub: Any, name: str, body: bytes) -> None:
    client = hub.client()
    reply = client.send(
        client.signed("PUT", f"/v1/payments/{'a' * 32}", body, headers={"Content-Encoding": name})
    )
    assert (reply.status_code, code_of(reply), reply.json()["field"]) == (400, "bad_request", "body")


def test_the_digest_is_of_what_is_sent(hub: Any) -> None:
    client = hub.client()
    request = client.signed("PUT", f"/v1/payments/{'a' * 32}", b"{}")
    request.body = coding.packed(b"{}")
    request.headers["Content-Length"] = str(len(request.body))
    request.headers["Content-Encoding"] = coding.NAME
    assert code_of(client.send(request)) == "bad_signature"


def test_a_reply_carries_no_field_that_nobody_needs(hub: Any) -> None:
    signed = {"content-digest", "power-request", "signature-input", "signature"}
    reply = hub.client().get(STATUS)
    assert {name.lower() for name in reply.headers} == {"content-type", "content-length"} | signed
    assert "alg" not in reply.headers["Signature-Input"]
