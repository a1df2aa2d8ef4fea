"""The QR acquirer's messages as bytes: signatures are of one message, and an answer that does not fit is none."""

import json
from typing import Any

import pytest

from hub.data.wallet_wire import (
    WINDOW,
    Signer,
    WalletError,
    answer_line,
    body_of,
    noticed,
    request_line,
    said,
)
from tests.hub.business.test_phone_rules import OPEN

SIGNER = Signer("M1", bytes(range(32)))
NONCE = "0a" * 16
ANSWER = {"result": "ok", "order_no": OPEN.id, "amount_fen": 5000, "state": "created", "code": "https://w/1"}


def fields(**changes: str) -> dict[str, str]:
    signed = SIGNER.signed(answer_line(200, NONCE), b"{}", 1_700_000_000, NONCE)
    return {name.lower(): value for name, value in signed.items()} | changes


def test_a_signature_is_of_one_message_and_one_time() -> None:
    line = answer_line(200, NONCE)
    SIGNER.verify(line, fields(), b"{}", 1_700_000_000 + WINDOW)
    for first, body, changes, now in (
        (line, b"{} ", {}, 1_700_000_000),
        (answer_line(500, NONCE), b"{}", {}, 1_700_000_000),
        (answer_line(200, "0b" * 16), b"{}", {}, 1_700_000_000),
        (request_line("/v1/orders/query"), b"{}", {}, 1_700_000_000),
        (line, b"{}", {"wallet-timestamp": "1700000001"}, 1_700_000_000),
        (line, b"{}", {"wallet-timestamp": "x"}, 1_700_000_000),
        (line, b"{}", {"wallet-timestamp": "1700000000\n"}, 1_700_000_000),
        (line, b"{}", {"wallet-nonce": ""}, 1_700_000_000),
        (line, b"{}", {"wallet-signature": ""}, 1_700_000_000),
        (line, b"{}", {"wallet-signature": "ü"}, 1_700_000_000),
        (line, b"{}", {}, 1_700_000_001 + WINDOW),
        (line, b"{}", {}, 1_699_999_999 - WINDOW),
    ):
        with pytest.raises(WalletError):
            SIGNER.verify(first, fields(**changes), body, now)
    with pytest.raises(WalletError):
        SIGNER.verify(line, {}, b"{}", 1_700_000_000)
    with pytest.raises(WalletError):
        Signer("M1", bytes(32)).verify(line, fields(), b"{}", 1_700_000_000)
    assert str(SIGNER.key) not in repr(SIGNER)


def told(word: Any = "query", **changes: Any) -> tuple[str, str]:
    found = said(OPEN, word, json.dumps(ANSWER | changes).encode())
    return found.told, found.refusal


def test_an_answer_is_about_its_order_and_amount() -> None:
    assert told() == ("open", "")
    assert told(state="closed") == ("closed", "")
    assert told(state="paid", wallet_no="W1") == ("paid", "")
    assert told(state="refunded", refund_no=f"{OPEN.id}-r") == ("refunded", "")
    assert told(result="missing", order_no="", amount_fen=0) == ("missing", "")
    for changes in (
        {"order_no": "2" * 32},
        {"amount_fen": 4999},
        {"amount_fen": "5000"},
        {"amount_fen": 5000.5},
        {"state": "finished"},
        {"state": ""},
        {"state": "paid"},  # without the provider's own number of it
        {"state": "paid", "wallet_no": "W\n"},
        {"state": "refunded", "refund_no": "somebody's"},
        {"result": "busy"},
        {"result": "bad_signature"},
        {"code": "x" * 513},
        {"code": "https://w/\u202e"},
    ):
        assert told(**changes) == ("silent", ""), changes
    assert told("create", code="") == ("silent", "")
    for body in (b"", b"[]", b"{", b"\xff", b"null", b'{"state":"paid"}'):
        assert said(OPEN, "query", body).told == "silent"


@pytest.mark.parametrize(
    ("result", "refusal"),
    [("bad_code", "bad_code"), ("funds", "funds"), ("limit", "limit"), ("declined", "other")],
)
def test_a_refusal_is_one_of_the_payment_and_not_of_a_refund(result: str, refusal: str) -> None:
    assert told("pay", result=result) == ("refused", refusal)
    assert told("refund", result=result) == ("silent", "")


def test_messages_are_written_in_one_form() -> None:
    assert body_of({"b": 1, "a": "户"}) == '{"a":"户","b":1}'.encode()
    assert noticed(b'{"order_no":"1","more":2}') == "1"
    for body in (b"", b"{}", b'{"order_no":1}', b"\xff"):
        with pytest.raises(WalletError):
            noticed(body)


@pytest.mark.parametrize("changes", [{"result": "no such code 280012345678901234"}, {"state": "28001234"}])
def test_what_a_payers_phone_showed_is_not_kept_where_a_provider_repeats_it(changes: dict[str, str]) -> None:
    answer = said(OPEN, "pay", json.dumps(ANSWER | changes).encode())
    assert answer.told == "silent"
    assert "28001234" not in answer.detail
    plain = said(OPEN, "pay", json.dumps(ANSWER | {"result": "busy_now"}).encode())
    assert "busy_now" in plain.detail
