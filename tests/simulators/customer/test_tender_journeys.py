"""Journeys without cash, from the first page to the slip, and the strongest faults of each; the others are slow."""

from __future__ import annotations

from typing import Any

import pytest

from simulators.customer.faults_tender import TENDERS

pytestmark = pytest.mark.timeout(240)
Result = dict[str, Any]
SLOW = (
    "pay-bank-card",
    "pay-bank-box",
    "pay-recharge-card",
    "buy-power-bank-box",
    "buy-power-qr",
    "buy-power-recharge-card",
    *(f"{fault.journeys[0]}+{fault.name}" for fault in TENDERS),
)


def plays(*journeys: str) -> pytest.MarkDecorator:
    """The test is about these journeys."""
    return pytest.mark.parametrize("result", journeys, indirect=True)


@plays("buy-power-bank-card")
def test_power_is_bought_by_bank_card_and_carried_home(result: Result) -> None:
    assert (result["tendered"], result["credited"], result["returned"]) == (10000, 10000, 0)
    assert "the meter takes 100.00 yuan" in result["said"]
    assert "银行卡" in result["slip"]
    assert result["touches"] <= 9


@plays("pay-qr")
def test_a_bill_is_paid_by_phone(result: Result) -> None:
    assert result["tendered"] == result["credited"] >= 32000
    assert "手机支付" in result["slip"]
    assert result["touches"] <= 9


@pytest.mark.slow
@plays(*SLOW)
def test_every_other_way_ends_with_all_books_alike(result: Result) -> None:
    assert result["apart"] == 0
    assert result["tendered"] == result["credited"] + result["returned"] + result["suspense"]
