"""What a small hub answers and a client asks, as their tests use it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, Protocol

from kiosk.hubclient import wire
from kiosk.hubclient.client import HubClient
from kiosk.hubclient.outcomes import Outcome, Unknown, UnknownReason

PAYMENT_ID = "0123456789abcdef0123456789abcdef"
QUOTE_ID = "fedcba9876543210fedcba9876543210"
ACCOUNT_NO = "0399000000000017"
METER_NO = "1234567890123456789012"
NOW = datetime(2026, 11, 22, 11, tzinfo=UTC)

STATUS = {"now": "2026-11-22T11:00:00Z", "business_date": "2026-11-22", "mode": "open", "version": "0.1.0"}
ACCOUNT = {
    "account_no": ACCOUNT_NO,
    "name_masked": "王*",
    "address_masked": "中山路***号",
    "supply_unit": "0399",
    "usage_class": "residential",
    "state": "open",
    "meters": [{"meter_no": METER_NO, "kind": "postpaid"}],
    "balance_fen": 0,
    "arrears_fen": 0,
    "due_fen": 0,
    "bills": [],
    "as_of": "2026-11-22T11:00:00Z",
    "business_date": "2026-11-22",
}
QUOTE = {
    "id": QUOTE_ID,
    "account_no": ACCOUNT_NO,
    "business": "prepay",
    "months": [],
    "due_fen": 0,
    "max_fen": 500000,
    "expires_at": "2026-11-22T11:10:00Z",
    "as_of": "2026-11-22T11:00:00Z",
}
PAYMENT = {
    "id": PAYMENT_ID,
    "status": "credited",
    "hub_no": "H1",
    "account_no": ACCOUNT_NO,
    "amount_fen": 10000,
    "allocations": [],
    "to_balance_fen": 10000,
    "balance_before_fen": 0,
    "balance_after_fen": 10000,
    "arrears_after_fen": 0,
    "credited_at": "2026-11-22T11:00:00Z",
    "business_date": "2026-11-22",
}
CLAIM = {
    "id": PAYMENT_ID,
    "reference": "K7-0012",
    "state": "open",
    "amount_fen": 10000,
    "memo_fen": 0,
    "payment_id": None,
    "resolution": "",
}
PAY = wire.PaymentRequest(
    account_no=ACCOUNT_NO,
    quote_id=QUOTE_ID,
    business="prepay",
    amount_fen=10000,
    months=(),
    notes=(wire.NoteCount(value_fen=10000, count=1),),
    kiosk_no=7,
    business_date=date(2026, 11, 22),
    taken_at=NOW,
    reference="2222-2222-2222",
)
ASK = wire.QuoteRequest(account_no=ACCOUNT_NO, business="prepay")
TELL = wire.ClaimRequest(
    reference="K7-0012",
    payment_id=None,
    account_no=None,
    amount_fen=10000,
    memo_fen=0,
    reason="declined",
    notes=(wire.NoteCount(value_fen=10000, count=1),),
    made_at=NOW,
)

Connect = Callable[..., HubClient]


class SmallHub(Protocol):
    """What these tests use of the fixture `hub`."""

    port: int
    connections: int
    requests: list[tuple[str, str, Any]]
    fields: list[dict[str, str]]
    request_ids: list[str]
    say: Any
    before: Any
    after: Any
    echo: Any
    key: bytes


def problem(status: int, code: str, **more: Any) -> dict[str, Any]:
    return {"type": f"urn:power-hub:problem:{code}", "title": code, "status": status, "code": code} | more


def always(status: int, body: Any) -> Callable[..., tuple[int, Any]]:
    return lambda *_: (status, body)


def reason(outcome: Outcome[Any]) -> UnknownReason:
    assert isinstance(outcome, Unknown), outcome
    return outcome.reason
