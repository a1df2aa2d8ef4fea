"""Each undisturbed journey ends as its customer was promised, fen for fen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.timeout(240)
Play = Callable[..., dict[str, Any]]
TO_THE_BILLS = ["attract", "home", "enter_account", "confirm_account", "bills"]
PAID = ["means", "cash", "cash-in", "done", "slip", "attract"]


def receipt(result: dict[str, Any]) -> str:
    """Read the slip that came out."""
    return Path(result["receipt"]).read_text(encoding="utf-8")


def test_less_than_is_owed_is_booked_in_part(played: Play) -> None:
    result = played("pay-cash-partial")
    assert result["pages"] == TO_THE_BILLS + PAID
    assert (result["credited"], result["suspense"]) == (1000, 0)
    assert "10.00 元" in receipt(result)


def test_the_meter_number_leads_to_the_same_account(played: Play) -> None:
    result = played("by-meter")
    assert "enter_meter" in result["pages"]
    assert "0399000000000018" in receipt(result)


def test_who_owes_nothing_prepays(played: Play) -> None:
    result = played("prepay-cash")
    assert result["credited"] == 5000
    assert "0399000000000026" in receipt(result)


def test_the_language_is_switched_on_the_way(played: Play) -> None:
    result = played("english")
    assert "Payment receipt" in receipt(result)
    assert result["touches"] == 9


def test_what_is_left_behind_is_paid_in_after_a_question(played: Play) -> None:
    result = played("walk-away")
    assert result["pages"][-3:] == ["more_time", "done", "attract"]
    assert result["credited"] == 5000
    assert "50.00 元" in receipt(result)


def test_who_leaves_before_money_leaves_no_trace(played: Play) -> None:
    result = played("cancel-before-money")
    assert result["pages"][-3:] == ["cash", "cancelled", "attract"]
    assert (result["tendered"], result["credited"], result["receipt"]) == (0, 0, None)
