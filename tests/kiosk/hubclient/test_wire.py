"""The contract's bodies: what is taken, what is refused, what stays the same on the wire."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from kiosk.hubclient import wire

ACCOUNT: dict[str, Any] = {
    "account_no": "0399000000000017",
    "name_masked": "王*",
    "address_masked": "中山路***号",
    "supply_unit": "0399",
    "usage_class": "residential",
    "state": "open",
    "meters": [{"meter_no": "1234567890123456789012", "kind": "postpaid"}],
    "balance_fen": 500,
    "arrears_fen": 15000,
    "due_fen": 14500,
    "bills": [
        {
            "month": "2026-09",
            "charge_fen": 9900,
            "late_fee_fen": 100,
            "paid_fen": 0,
            "due_fen": 10000,
            "due_date": "2026-10-20",
            "state": "open",
            "kwh": 201,
        },
        {
            "month": "2026-10",
            "charge_fen": 6000,
            "late_fee_fen": 0,
            "paid_fen": 1000,
            "due_fen": 5000,
            "due_date": "2026-11-20",
            "state": "partly_paid",
            "kwh": 120.5,
        },
    ],
    "as_of": "2026-11-22T11:00:00.123456Z",
    "business_date": "2026-11-22",
}
PAYMENT: dict[str, Any] = {
    "id": "0" * 32,
    "status": "credited",
    "hub_no": "H2026112200000001",
    "account_no": "0399000000000017",
    "amount_fen": 20000,
    "allocations": [{"month": "2026-09", "late_fee_fen": 100, "principal_fen": 14400}],
    "to_balance_fen": 5500,
    "balance_before_fen": 0,
    "balance_after_fen": 5500,
    "arrears_after_fen": 0,
    "credited_at": "2026-11-22T11:00:01Z",
    "business_date": "2026-11-22",
}


def test_an_account_is_read_with_fields_that_this_kiosk_does_not_know() -> None:
    account = wire.decode(wire.Account, json.dumps(ACCOUNT | {"tariff_2030": {"x": 1}}).encode())
    assert account.bills[1].due_fen == 5000
    assert account.as_of == datetime(2026, 11, 22, 11, 0, 0, 123456, tzinfo=UTC)
    assert account.meters[0].kind == "postpaid"


@pytest.mark.parametrize(
    "change",
    [
        {"balance_fen": -1},
        {"balance_fen": "500"},
        {"balance_fen": 500.0},
        {"balance_fen": True},
        {"balance_fen": None},
        {"balance_fen": 10**20},
        {"arrears_fen": 14999},
        {"due_fen": 15000},
        {"bills": list(reversed(ACCOUNT["bills"]))},
        {"bills": [ACCOUNT["bills"][0] | {"month": "2026-13"}, ACCOUNT["bills"][1]]},
        {"state": "asleep"},
        {"as_of": "2026-11-22T11:00:00"},
        {"business_date": "22.11.2026"},
        {"meters": [{"meter_no": "1", "kind": "sts"}]},
        {"name_masked": None},
    ],
    ids=json.dumps,
)
def test_an_account_that_does_not_hold_together_is_bad(change: dict[str, Any]) -> None:
    with pytest.raises(wire.BadAnswer):
        wire.decode(wire.Account, json.dumps(ACCOUNT | change).encode())


@pytest.mark.parametrize("name", sorted(PAYMENT))
def test_a_payment_lacks_no_field(name: str) -> None:
    short = {key: value for key, value in PAYMENT.items() if key != name}
    with pytest.raises(wire.BadAnswer, match=name):
        wire.decode(wire.Payment, json.dumps(short).encode())


@pytest.mark.parametrize(
    "change",
    [
        {"amount_fen": 0},
        {"status": "pending"},
        {"to_balance_fen": 5600},
        {"balance_after_fen": 5600},
        {"allocations": [{"month": "2026-09", "late_fee_fen": -100, "principal_fen": 14600}]},
        {"allocations": [{"month": "2026-09", "late_fee_fen": 100, "principal_fen": 14401}]},
    ],
    ids=json.dumps,
)
def test_a_payment_that_does_not_add_up_is_bad(change: dict[str, Any]) -> None:
    with pytest.raises(wire.BadAnswer):
        wire.decode(wire.Payment, json.dumps(PAYMENT | change).encode())


def test_balance_that_was_used_goes_below_zero() -> None:
    used = {"to_balance_fen": -300, "balance_before_fen": 300, "balance_after_fen": 0}
    parts = [{"month": "2026-09", "late_fee_fen": 0, "principal_fen": 20300}]
    payment = wire.decode(wire.Payment, json.dumps(PAYMENT | used | {"allocations": parts}).encode())
    assert payment.to_balance_fen == -300


def test_an_answer_for_something_else_names_the_field() -> None:
    body = json.dumps(PAYMENT).encode()
    assert wire.decode(wire.Payment, body, {"id": "0" * 32}).hub_no == PAYMENT["hub_no"]
    with pytest.raises(wire.BadAnswer) as caught:
        wire.decode(wire.Payment, body, {"id": "0" * 32, "amount_fen": 19900})
    assert caught.value.field == "amount_fen"


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b'"x"', b"{", b"\xff\xfe", b'{"id": "\xff"}', b"[" * 9000]
)
def test_what_is_no_such_body_is_bad(body: bytes) -> None:
    with pytest.raises(wire.BadAnswer):
        wire.decode(wire.Payment, body)


def test_a_payment_request_is_the_contract_s_json_and_the_same_bytes_each_time() -> None:
    def request() -> wire.PaymentRequest:
        return wire.PaymentRequest(
            account_no="0399000000000017",
            quote_id="f" * 32,
            business="arrears",
            amount_fen=20000,
            months=("2026-09",),
            notes=(wire.NoteCount(value_fen=10000, count=2),),
            kiosk_no=7,
            business_date=date(2026, 11, 22),
            taken_at=datetime(2026, 11, 22, 11, 0, 0, 5, tzinfo=UTC),
            reference="0198-F2C4-A1B3",
        )

    assert wire.encode(request()) == wire.encode(request())
    assert json.loads(wire.encode(request())) == {
        "account_no": "0399000000000017",
        "quote_id": "f" * 32,
        "business": "arrears",
        "tender": "cash",
        "reference": "0198-F2C4-A1B3",
        "amount_fen": 20000,
        "months": ["2026-09"],
        "notes": [{"value_fen": 10000, "count": 2}],
        "kiosk_no": 7,
        "business_date": "2026-11-22",
        "taken_at": "2026-11-22T11:00:00.000005Z",
    }


def test_a_claim_request_says_null_for_what_it_does_not_know() -> None:
    claim = wire.ClaimRequest(
        reference="K7-0012",
        payment_id=None,
        account_no=None,
        amount_fen=0,
        memo_fen=10000,
        reason="orphan_note",
        notes=(),
        made_at=datetime(2026, 11, 22, tzinfo=UTC),
    )
    said = json.loads(wire.encode(claim))
    assert said["payment_id"] is None
    assert said["account_no"] is None
    assert said["notes"] == []
    assert said["memo_fen"] == 10000


def test_a_problem_needs_only_its_status_and_code() -> None:
    short = wire.decode(wire.Problem, b'{"status": 409, "code": "claimed"}')
    assert (short.code, short.customer_text, short.field) == ("claimed", None, None)
    with pytest.raises(wire.BadAnswer):
        wire.decode(wire.Problem, b'{"status": 200, "code": "fine"}')
