"""Each undisturbed journey ends as its customer was promised, fen for fen."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.timeout(240)
Result = dict[str, Any]
TO_THE_BILLS = ["attract", "home", "enter_account", "confirm_account", "bills"]
PAID = ["means", "cash", "cash-in", "done", "slip", "attract"]


def plays(journey: str) -> pytest.MarkDecorator:
    """The test is about this journey."""
    return pytest.mark.parametrize("result", [journey], indirect=True)


@plays("pay-cash-partial")
def test_less_than_is_owed_is_booked_in_part(result: Result) -> None:
    assert result["pages"] == TO_THE_BILLS + PAID
    assert (result["credited"], result["suspense"]) == (1000, 0)
    assert "10.00 元" in result["slip"]


@plays("by-meter")
def test_the_meter_number_leads_to_the_same_account(result: Result) -> None:
    assert "enter_meter" in result["pages"]
    assert "0399000000000018" in result["slip"]


@plays("prepay-cash")
def test_who_owes_nothing_prepays(result: Result) -> None:
    assert result["credited"] == 5000
    assert "0399000000000026" in result["slip"]


@plays("english")
def test_the_language_is_switched_on_the_way(result: Result) -> None:
    assert "Payment receipt" in result["slip"]
    assert result["touches"] == 9


@plays("walk-away")
def test_what_is_left_behind_is_paid_in_after_a_question(result: Result) -> None:
    assert result["pages"][-3:] == ["more_time", "done", "attract"]
    assert result["credited"] == 5000
    assert "50.00 元" in result["slip"]


@plays("cancel-before-money")
def test_who_leaves_before_money_leaves_no_trace(result: Result) -> None:
    assert result["pages"][-3:] == ["cash", "cancelled", "attract"]
    assert (result["tendered"], result["credited"], result["receipt"]) == (0, 0, None)
