"""The QR acquirer as a person and a judge meet it: its page, its books after a kill, its control socket."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from simulators.control import ControlError
from simulators.wallet_page import page
from tests.hub.phones import KEY, FarEnd
from tools.hub_process import new_id

TIMEOUT_S = 20


@pytest.fixture
def wallet(tmp_path: Path) -> Iterator[FarEnd]:
    far_end = FarEnd(tmp_path)
    yield far_end
    far_end.stop()


def ask(wallet: FarEnd, word: str, order_no: str, **content: Any) -> dict[str, Any]:
    """Ask as a merchant does; the signature is made here once more, by the page that describes it."""
    import hashlib
    import hmac
    import json
    import time

    body = json.dumps({"order_no": order_no, **content}).encode()
    timestamp, nonce = str(int(time.time())), new_id()
    signed = f"POST /v1/orders/{word}\n{timestamp}\n{nonce}\n".encode() + body
    fields = {
        "Wallet-Merchant": "M0399",
        "Wallet-Timestamp": timestamp,
        "Wallet-Nonce": nonce,
        "Wallet-Signature": hmac.new(KEY, signed, hashlib.sha256).hexdigest(),
    }
    reply = requests.post(f"{wallet.url}/v1/orders/{word}", data=body, headers=fields, timeout=TIMEOUT_S)
    line = (
        f"{reply.status_code} {nonce}\n{reply.headers['Wallet-Timestamp']}\n{reply.headers['Wallet-Nonce']}\n"
    )
    made = hmac.new(KEY, line.encode() + reply.content, hashlib.sha256).hexdigest()
    assert made == reply.headers["Wallet-Signature"]
    answer: dict[str, Any] = reply.json()
    return answer


def created(wallet: FarEnd, **content: Any) -> dict[str, Any]:
    order = {"amount_fen": 123456, "subject": "0399<1>", "expires_at": 4_000_000_000} | content
    return ask(wallet, "create", new_id(), **order)


def test_a_person_sees_merchant_and_amount_and_taps_once(wallet: FarEnd) -> None:
    code = created(wallet)["code"]
    shown = requests.get(code, timeout=TIMEOUT_S).text
    for text in (
        "¥ 1,234.56",
        "示例供电公司 Sample Power Company",
        "0399&lt;1&gt;",
        "确认支付",
        "Pay now",
        "Cancel",
    ):
        assert text in shown
    assert 'name="viewport"' in shown
    for _ in range(2):
        paid = requests.post(f"{code}/pay", timeout=TIMEOUT_S).text
        assert "支付成功" in paid
        assert "<button" not in paid
    assert "支付成功" in requests.post(f"{code}/cancel", timeout=TIMEOUT_S).text, "too late"
    assert wallet.do("books")["paid_fen"] == 123456
    other = created(wallet)["code"]
    assert "Nothing was taken" in requests.post(f"{other}/cancel", timeout=TIMEOUT_S).text
    assert "Nothing was taken" in requests.post(f"{other}/pay", timeout=TIMEOUT_S).text
    missing = requests.get(f"{wallet.url}/p/none", timeout=TIMEOUT_S)
    assert (missing.status_code, "No such order" in missing.text) == (404, True)


def test_an_order_that_has_expired_cannot_be_paid(wallet: FarEnd) -> None:
    code = created(wallet, expires_at=1)["code"]
    assert "Nothing was taken" in requests.post(f"{code}/pay", timeout=TIMEOUT_S).text


def test_the_books_outlast_a_kill(wallet: FarEnd) -> None:
    order = created(wallet)
    wallet.do("tap_pay")
    assert ask(wallet, "refund", order["order_no"], refund_no="r1", amount_fen=123456)["state"] == "refunded"
    before = wallet.do("books")
    wallet.kill()
    wallet.start()
    assert wallet.do("books") == before
    assert (before["paid_fen"], before["refunded_fen"]) == (123456, 123456)
    again = ask(wallet, "refund", order["order_no"], refund_no="r1", amount_fen=123456)
    assert (again["state"], wallet.do("books")) == ("refunded", before)
    other = ask(wallet, "refund", order["order_no"], refund_no="r2", amount_fen=123456)
    assert other["result"] == "refunded_before"


def test_a_payers_code_is_good_once(wallet: FarEnd) -> None:
    order = {"amount_fen": 100, "expires_at": 4_000_000_000, "payer_code": "28" + "1" * 16}
    first = new_id()
    assert ask(wallet, "pay", first, **order)["state"] == "paid"
    assert ask(wallet, "pay", first, **order)["state"] == "paid"
    assert ask(wallet, "pay", new_id(), **order)["result"] == "bad_code"
    assert ask(wallet, "create", first, amount_fen=101, expires_at=0)["result"] == "differs"
    assert wallet.do("books")["paid_fen"] == 100


def test_a_stranger_is_told_nothing(wallet: FarEnd) -> None:
    order = created(wallet)
    for headers in ({}, {"Wallet-Merchant": "M0399", "Wallet-Signature": "0"}):
        reply = requests.post(
            f"{wallet.url}/v1/orders/query",
            json={"order_no": order["order_no"]},
            headers=headers,
            timeout=TIMEOUT_S,
        )
        assert (reply.status_code, reply.json()) == (401, {"result": "bad_signature"})


def test_what_cannot_be_done_is_said(wallet: FarEnd) -> None:
    for order in ({"do": "tap_pay"}, {"do": "silent", "op": "dance"}, {"do": "decline", "why": "mood"}):
        with pytest.raises(ControlError):
            wallet.do(**order)
    assert wallet.do("status")["calls"] == dict.fromkeys(("create", "pay", "query", "close", "refund"), 0)


def test_a_key_that_is_not_marked_is_refused(tmp_path: Path) -> None:
    key = tmp_path / "real.key"
    key.write_text("ab" * 32 + "\n")
    files = ["--books", tmp_path / "b", "--key", key, "--control", tmp_path / "c"]
    command = [sys.executable, "-m", "simulators.wallet", *map(str, files)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert ended.returncode != 0
    assert "takes test keys only" in ended.stderr


def test_each_state_has_its_words() -> None:
    for state, words in (("paid", "Paid"), ("refunded", "given back"), ("closed", "Nothing was taken")):
        shown = page("M", 5, "1", state, "/p/1")
        assert words in shown
        assert "¥ 0.05" in shown
        assert "<button" not in shown
