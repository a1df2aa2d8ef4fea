"""The calls about money that is not cash: each has its own resource and time, and believes no other answer."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date
from typing import Any

import msgspec
import pytest

from kiosk.hubclient import tender_wire, wire
from kiosk.hubclient.client import HubClient
from kiosk.hubclient.outcomes import Answer, Outcome, UnknownReason
from tests.kiosk.hubclient.replies import (
    ACCOUNT_NO,
    NOW,
    PAYMENT,
    PAYMENT_ID,
    QUOTE_ID,
    Connect,
    SmallHub,
    always,
    reason,
)

OTHER = "c" * 32
TITLE = {"zh": "示例银行", "en": "Sample Bank"}
COMMON: dict[str, Any] = {
    "account_no": ACCOUNT_NO,
    "quote_id": QUOTE_ID,
    "business": "prepay",
    "months": (),
    "kiosk_no": 7,
    "business_date": date(2026, 11, 22),
    "made_at": NOW,
    "reference": "2222-2222-2222",
}
SALE = {"id": PAYMENT_ID, "status": "approved", "amount_fen": 10000, "payment": PAYMENT}
PHONE = {"id": PAYMENT_ID, "status": "open", "amount_fen": 10000, "title": TITLE, "code": "https://w/1"}
REDEMPTION = {"id": PAYMENT_ID, "status": "redeemed", "value_fen": 10000, "payment": PAYMENT}
REVERSAL = {
    "id": OTHER,
    "payment_id": PAYMENT_ID,
    "amount_fen": 10000,
    "outcome": "tombstone",
    "reversed_at": "2026-11-22T11:00:00Z",
    "business_date": "2026-11-22",
}
ROUTE = {"id": OTHER, "acquirer": "bank_a", "title": TITLE, "terminal_no": "1"}
ASK_ROUTE = tender_wire.RouteRequest(prefix="621214", length=19, amount_fen=10000)
SELL = tender_wire.SaleRequest(**COMMON, amount_fen=10000, route_id=OTHER, sealed="e30")
UNDO = tender_wire.ReversalRequest(payment_id=PAYMENT_ID, amount_fen=10000, reason="unanswered", made_at=NOW)
OPEN = tender_wire.PhoneRequest(**COMMON, amount_fen=10000)
CLOSE = tender_wire.PhoneClosing(amount_fen=10000, made_at=NOW)
SPEND = tender_wire.RedemptionRequest(**COMMON, sealed="e30")
CALLS: dict[str, tuple[Callable[[HubClient], Outcome[Any]], str, dict[str, Any], type]] = {
    "route": (lambda c: c.put_route(OTHER, ASK_ROUTE), f"PUT /v1/routes/{OTHER}", ROUTE, tender_wire.Route),
    "sale": (lambda c: c.put_sale(PAYMENT_ID, SELL), f"PUT /v1/sales/{PAYMENT_ID}", SALE, tender_wire.Sale),
    "reversal": (
        lambda c: c.put_reversal(OTHER, UNDO),
        f"PUT /v1/reversals/{OTHER}",
        REVERSAL,
        tender_wire.Reversal,
    ),
    "order": (
        lambda c: c.put_order(PAYMENT_ID, OPEN),
        f"PUT /v1/orders/{PAYMENT_ID}",
        PHONE,
        tender_wire.Phone,
    ),
    "look": (
        lambda c: c.get_order(PAYMENT_ID, 10000),
        f"GET /v1/orders/{PAYMENT_ID}?wait_s=25",
        PHONE,
        tender_wire.Phone,
    ),
    "closing": (
        lambda c: c.put_closing(PAYMENT_ID, 10000, CLOSE),
        f"PUT /v1/orders/{PAYMENT_ID}/closing",
        PHONE | {"status": "closed"},
        tender_wire.Phone,
    ),
    "redemption": (
        lambda c: c.put_redemption(PAYMENT_ID, SPEND),
        f"PUT /v1/redemptions/{PAYMENT_ID}",
        REDEMPTION,
        tender_wire.Redemption,
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_each_call_asks_for_its_resource_and_brings_its_answer(
    hub: SmallHub, connect: Connect, name: str
) -> None:
    call, asked, body, kind = CALLS[name]
    hub.say = always(200, body)
    outcome = call(connect(hub.port))
    assert isinstance(outcome, Answer), outcome
    assert type(outcome.body) is kind
    method, path, _ = hub.requests[0]
    assert f"{method} {path}" == asked


@pytest.mark.parametrize("name", CALLS)
def test_an_answer_for_another_id_is_not_believed(hub: SmallHub, connect: Connect, name: str) -> None:
    call, _, body, _ = CALLS[name]
    hub.say = always(200, body | {"id": "d" * 32})
    assert reason(call(connect(hub.port))) is UnknownReason.MISMATCH


@pytest.mark.parametrize("name", ["sale", "reversal", "order", "look", "closing"])
def test_an_answer_for_another_amount_is_not_believed(hub: SmallHub, connect: Connect, name: str) -> None:
    call, _, body, _ = CALLS[name]
    hub.say = always(200, body | {"amount_fen": 9999})
    assert reason(call(connect(hub.port))) is UnknownReason.MISMATCH


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (tender_wire.Sale, SALE | {"payment": None}),
        (tender_wire.Sale, SALE | {"status": "declined"}),
        (tender_wire.Phone, PHONE | {"status": "paid"}),
        (tender_wire.Phone, PHONE | {"payment": PAYMENT}),
        (tender_wire.Redemption, REDEMPTION | {"value_fen": 1}),
        (tender_wire.Redemption, REDEMPTION | {"status": "refused"}),
    ],
)
def test_an_answer_that_contradicts_itself_is_of_no_use(kind: type[wire.Wire], body: dict[str, Any]) -> None:
    with pytest.raises(wire.BadAnswer):
        wire.decode(kind, msgspec.json.encode(body))


def after(seconds: float, body: Any) -> Callable[..., tuple[int, Any]]:
    """A hub that answers so late."""

    def say(*_: Any) -> tuple[int, Any]:
        time.sleep(seconds)
        return 200, body

    return say


def test_a_sale_waits_longer_than_other_calls_and_not_for_ever(hub: SmallHub, connect: Connect) -> None:
    hub.say = after(1.5, SALE)
    patient = connect(hub.port, deadline_s=0.5, sale_deadline_s=60.0)
    assert isinstance(patient.put_sale(PAYMENT_ID, SELL), Answer)
    brief = connect(hub.port, deadline_s=60.0, sale_deadline_s=0.5)
    assert reason(brief.put_sale(PAYMENT_ID, SELL)) is UnknownReason.TIMEOUT


def test_a_look_at_an_order_ends_though_the_hub_says_nothing(hub: SmallHub, connect: Connect) -> None:
    hub.say = after(2.5, PHONE)
    brief = connect(hub.port, query_deadline_s=0.5)
    assert reason(brief.get_order(PAYMENT_ID, 10000, wait_s=1)) is UnknownReason.TIMEOUT


def test_what_is_said_of_a_card_is_in_no_repr() -> None:
    card = tender_wire.BankCard(pan="6212142000000000012", pin_block="00" * 8)
    assert "6212142" not in repr(card) + str(card)
