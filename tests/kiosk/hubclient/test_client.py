"""The client against a small hub: each call, each refusal, and each way in which a reply is not believed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from kiosk.hubclient import wire
from kiosk.hubclient.client import MAX_REPLY_BYTES, HubClient
from kiosk.hubclient.outcomes import Answer, Outcome, Refused, Unknown, UnknownReason
from tests.kiosk.hubclient.replies import (
    ACCOUNT,
    ACCOUNT_NO,
    ASK,
    CLAIM,
    METER_NO,
    PAY,
    PAYMENT,
    PAYMENT_ID,
    QUOTE,
    QUOTE_ID,
    STATUS,
    TELL,
    Connect,
    SmallHub,
    always,
    problem,
    reason,
)

REFERENCE: dict[str, Any] = {
    "reference": "0198-F2C4-A1B3",
    "kind": "claim",
    "state": "open",
    "amount_fen": 5000,
    "memo_fen": 0,
    "resolution": "",
    "made_at": "2026-11-22T09:33:00Z",
}
CALLS: dict[str, tuple[Callable[[HubClient], Outcome[Any]], str, Any, type]] = {
    "status": (lambda c: c.status(), "GET /v1/status", STATUS, wire.Status),
    "account": (lambda c: c.account(ACCOUNT_NO), f"GET /v1/accounts/{ACCOUNT_NO}", ACCOUNT, wire.Account),
    "meter": (
        lambda c: c.account_of_meter(METER_NO),
        f"GET /v1/meters/{METER_NO}/account",
        ACCOUNT,
        wire.Account,
    ),
    "quote": (lambda c: c.put_quote(QUOTE_ID, ASK), f"PUT /v1/quotes/{QUOTE_ID}", QUOTE, wire.Quote),
    "pay": (
        lambda c: c.put_payment(PAYMENT_ID, PAY),
        f"PUT /v1/payments/{PAYMENT_ID}",
        PAYMENT,
        wire.Payment,
    ),
    "payment": (lambda c: c.get_payment(PAYMENT_ID), f"GET /v1/payments/{PAYMENT_ID}", PAYMENT, wire.Payment),
    "claim": (lambda c: c.put_claim(PAYMENT_ID, TELL), f"PUT /v1/claims/{PAYMENT_ID}", CLAIM, wire.Claim),
    "reference": (
        lambda c: c.reference(REFERENCE["reference"]),
        "GET /v1/references/0198-F2C4-A1B3",
        REFERENCE,
        wire.Reference,
    ),
    "claimed": (lambda c: c.get_claim(PAYMENT_ID), f"GET /v1/claims/{PAYMENT_ID}", CLAIM, wire.Claim),
}


@pytest.mark.parametrize("name", CALLS)
def test_each_call_asks_for_its_resource_and_brings_its_answer(
    hub: SmallHub, connect: Connect, name: str
) -> None:
    call, asked, body, kind = CALLS[name]
    hub.say = always(201 if asked.startswith("PUT") else 200, body)
    outcome = call(connect(hub.port))
    assert isinstance(outcome, Answer), outcome
    assert type(outcome.body) is kind
    assert not outcome.replayed
    method, path, _ = hub.requests[0]
    assert f"{method} {path}" == asked


def test_a_replayed_answer_says_so(hub: SmallHub, connect: Connect) -> None:
    hub.say = always(200, PAYMENT)
    hub.before = lambda reply: reply.headers.update({"Idempotency-Replayed": "true"})
    outcome = connect(hub.port).put_payment(PAYMENT_ID, PAY)
    assert outcome == Answer(wire.decode(wire.Payment, wire.encode(outcome.body)), replayed=True)  # type: ignore[union-attr]


def test_one_connection_is_kept_and_every_attempt_has_a_number_of_its_own(
    hub: SmallHub, connect: Connect
) -> None:
    hub.say = always(200, PAYMENT)
    client = connect(hub.port)
    for _ in range(3):
        assert isinstance(client.put_payment(PAYMENT_ID, PAY), Answer)
    assert hub.connections == 1
    assert len(set(hub.request_ids)) == 3
    assert hub.requests[0] == hub.requests[1] == hub.requests[2]


def test_a_connection_that_the_hub_closed_while_idle_is_replaced_before_anything_is_sent(
    hub: SmallHub, connect: Connect
) -> None:
    hub.say = always(200, STATUS)
    hub.before = lambda reply: reply.headers.update({"Connection": "close"})
    client = connect(hub.port)
    assert isinstance(client.status(), Answer)
    assert isinstance(client.status(), Answer)
    assert hub.connections == 2


def test_over_tls_the_certificate_is_checked_and_the_connection_kept(
    tls_hub: SmallHub, connect: Connect, certificate: Any
) -> None:
    tls_hub.say = always(200, STATUS)
    client = connect(tls_hub.port, scheme="https", ca_file=certificate.path)
    assert isinstance(client.status(), Answer)
    assert isinstance(client.status(), Answer)
    assert tls_hub.connections == 1


@pytest.mark.parametrize(("status", "code"), [(404, "unknown_account"), (409, "claimed"), (422, "bad_notes")])
def test_a_signed_problem_is_a_refusal(hub: SmallHub, connect: Connect, status: int, code: str) -> None:
    texts = {"zh": "没有此户号", "en": "No such account"}
    hub.say = always(status, problem(status, code, customer_text=texts, field="account_no"))
    outcome = connect(hub.port).put_payment(PAYMENT_ID, PAY)
    assert isinstance(outcome, Refused)
    assert outcome.problem.code == code
    assert outcome.problem.field == "account_no"
    assert outcome.problem.customer_text == wire.CustomerText(zh="没有此户号", en="No such account")
    assert not outcome.judges_call_only


def test_a_refusal_of_the_call_is_no_verdict_on_the_payment(hub: SmallHub, connect: Connect) -> None:
    hub.say = always(401, problem(401, "stale_signature"))
    outcome = connect(hub.port).put_payment(PAYMENT_ID, PAY)
    assert isinstance(outcome, Refused)
    assert outcome.judges_call_only


def test_a_busy_hub_leaves_the_outcome_open_and_says_when_to_ask_again(
    hub: SmallHub, connect: Connect
) -> None:
    hub.say = always(503, problem(503, "hub_busy", retry_after_s=3))
    outcome = connect(hub.port).put_payment(PAYMENT_ID, PAY)
    assert reason(outcome) is UnknownReason.SERVER_ERROR
    assert isinstance(outcome, Unknown)
    assert outcome.problem is not None
    assert outcome.problem.retry_after_s == 3


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, PAYMENT | {"id": QUOTE_ID}, UnknownReason.MISMATCH),
        (200, PAYMENT | {"account_no": "1"}, UnknownReason.MISMATCH),
        (200, PAYMENT | {"amount_fen": 9000, "to_balance_fen": 9000, "balance_after_fen": 9000}, "mismatch"),
        (200, PAYMENT | {"amount_fen": "10000"}, UnknownReason.UNPARSABLE),
        (200, PAYMENT | {"balance_after_fen": -1}, UnknownReason.UNPARSABLE),
        (200, b"<html>", UnknownReason.UNPARSABLE),
        (200, b"", UnknownReason.UNPARSABLE),
        (202, PAYMENT, UnknownReason.STATUS),
        (204, b"", UnknownReason.STATUS),
        (404, {"error": "not found"}, UnknownReason.UNPARSABLE),
        (404, problem(409, "claimed"), UnknownReason.MISMATCH),
        (500, problem(500, "internal"), UnknownReason.SERVER_ERROR),
        (502, b"Bad Gateway", UnknownReason.SERVER_ERROR),
    ],
)
def test_a_signed_reply_that_cannot_be_used_leaves_the_outcome_open(
    hub: SmallHub, connect: Connect, status: int, body: Any, expected: str
) -> None:
    hub.say = always(status, body)
    assert reason(connect(hub.port).put_payment(PAYMENT_ID, PAY)) == expected


def test_an_account_without_the_meter_that_was_asked_for_is_not_shown(
    hub: SmallHub, connect: Connect
) -> None:
    hub.say = always(200, ACCOUNT | {"meters": []})
    assert reason(connect(hub.port).account_of_meter(METER_NO)) is UnknownReason.MISMATCH


def _swap_body(reply: Any) -> None:
    reply.body = reply.body.replace(b"10000", b"90000")


def _swap_status(reply: Any) -> None:
    reply.status = 201


def _drop_signature(reply: Any) -> None:
    del reply.headers["Signature"]


@pytest.mark.parametrize("spoil", [_swap_body, _swap_status, _drop_signature])
def test_a_reply_that_was_altered_on_the_way_is_not_believed(
    hub: SmallHub, connect: Connect, spoil: Callable[[Any], None]
) -> None:
    hub.say = always(200, PAYMENT)
    hub.after = spoil
    assert reason(connect(hub.port).put_payment(PAYMENT_ID, PAY)) is UnknownReason.SIGNATURE


def test_a_refusal_that_nobody_signed_refuses_nothing(hub: SmallHub, connect: Connect) -> None:
    hub.say = always(404, problem(404, "unknown_account"))
    hub.after = _drop_signature
    assert reason(connect(hub.port).account(ACCOUNT_NO)) is UnknownReason.SIGNATURE


def test_a_signed_answer_to_an_earlier_request_is_not_taken_for_this_one(
    hub: SmallHub, connect: Connect
) -> None:
    hub.say = always(200, PAYMENT)
    client = connect(hub.port)
    assert isinstance(client.put_payment(PAYMENT_ID, PAY), Answer)
    hub.echo = lambda _: hub.request_ids[0]
    assert reason(client.put_payment(PAYMENT_ID, PAY)) is UnknownReason.OTHER_REQUEST


def test_a_redirect_is_not_followed(hub: SmallHub, connect: Connect) -> None:
    hub.say = always(307, b"")
    hub.before = lambda reply: reply.headers.update({"Location": f"http://127.0.0.1:{hub.port}/v1/elsewhere"})
    assert reason(connect(hub.port).status()) is UnknownReason.STATUS
    assert len(hub.requests) == 1


def test_the_proxy_of_the_environment_is_not_used(
    hub: SmallHub, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    hub.say = always(200, STATUS)
    assert isinstance(connect(hub.port).status(), Answer)


def test_a_request_says_nothing_that_the_contract_fixes(hub: SmallHub, connect: Connect) -> None:
    hub.say = always(201, PAYMENT)
    client = connect(hub.port)
    client.put_payment(PAYMENT_ID, PAY)
    client.get_payment(PAYMENT_ID)
    signed = {"Power-Terminal", "Power-Request", "Content-Digest", "Signature-Input", "Signature"}
    body = {"Content-Type", "Content-Length"}
    put, get = (set(fields) for fields in hub.fields)
    assert put == {"Host", "Accept-Encoding"} | signed | body
    assert get == {"Host", "Accept-Encoding"} | signed


def test_a_body_beyond_the_bound_is_not_read_to_its_end(hub: SmallHub, connect: Connect) -> None:
    hub.say = always(200, b" " * (MAX_REPLY_BYTES + 1))
    assert reason(connect(hub.port).status()) is UnknownReason.TOO_LARGE


def test_after_a_bad_reply_the_next_call_starts_on_a_fresh_connection(
    hub: SmallHub, connect: Connect
) -> None:
    client = connect(hub.port)
    hub.say = always(200, b" " * (MAX_REPLY_BYTES + 1))
    assert isinstance(client.status(), Unknown)
    hub.say = always(200, STATUS)
    assert isinstance(client.status(), Answer)
    assert hub.connections == 2


@pytest.mark.parametrize(
    "url",
    [
        "http://hub.example",
        "http://192.0.2.1:8000",
        "http://0.0.0.0:8000",
        "https://hub.example/v2",
        "https://user:secret@hub.example",
        "https://hub.example?x=1",
        "ftp://127.0.0.1",
        "127.0.0.1:8000",
        "",
    ],
)
def test_an_address_that_is_no_hub_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="hub address"):
        HubClient(url, "T1", bytes(32))


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8000", "http://[::1]:8000/", "http://localhost", "https://hub.example"]
)
def test_a_hub_address_is_taken(url: str) -> None:
    HubClient(url, "T1", bytes(32)).close()


def test_a_number_or_id_that_could_bend_the_path_is_a_fault_of_the_caller() -> None:
    client = HubClient("http://127.0.0.1:1", "T1", bytes(32))
    for act in (
        lambda: client.account("../status"),
        lambda: client.account(""),
        lambda: client.account_of_meter("１２３"),
        lambda: client.get_payment("x"),
        lambda: client.put_quote(QUOTE_ID.upper(), ASK),
    ):
        with pytest.raises(ValueError, match="digits"):
            act()


def test_the_start_of_the_program_does_not_pay_for_the_libraries() -> None:
    code = "import sys, kiosk.hubclient.client; sys.exit('requests' in sys.modules or 'cryptography' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
