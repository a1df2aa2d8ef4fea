"""Whatever goes wrong on the customer's way, no fen is lost, and the customer is told the truth."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.timeout(240)
Play = Callable[..., dict[str, Any]]


def receipt(result: dict[str, Any]) -> str:
    """Read the slip that came out."""
    return Path(result["receipt"]).read_text(encoding="utf-8")


def test_a_hub_that_is_gone_gets_the_payment_when_it_is_back(played: Play) -> None:
    result = played("pay-cash-partial", "hub-gone-while-paying")
    assert "checking" in result["pages"]
    assert result["credited"] == 1000
    assert "10 元" in receipt(result)


def test_a_lost_answer_pays_once(played: Play) -> None:
    result = played("pay-cash-partial", "hub-drops-answer")
    assert result["pages"][-3] in ("done", "checking")
    assert result["credited"] == result["tendered"] == 1000


def test_a_slow_hub_is_waited_for(played: Play) -> None:
    assert played("pay-cash-partial", "hub-slow")["credited"] == 1000


def test_a_note_that_is_not_recognised_comes_back_and_counts_for_nothing(played: Play) -> None:
    result = played("pay-cash-partial", "note-rejected")
    assert (result["tendered"], result["returned"], result["credited"]) == (1000, 0, 1000)


@pytest.mark.parametrize("fault", ["acceptor-jam", "acceptor-unplugged"])
def test_what_is_in_when_the_acceptor_fails_is_paid(played: Play, fault: str) -> None:
    result = played("pay-cash", fault)
    assert result["credited"] == 10000
    assert result["tendered"] - result["returned"] == 10000


def test_an_acceptor_without_power_for_a_second_goes_on(played: Play) -> None:
    assert played("pay-cash", "acceptor-power-cut")["credited"] >= 10000


def test_without_paper_no_money_is_taken(played: Play) -> None:
    result = played("pay-cash", "paper-out-before")
    assert "cash" not in result["pages"]
    assert (result["tendered"], result["receipt"]) == (0, None)


@pytest.mark.parametrize("fault", ["paper-out-during", "printer-unplugged"])
def test_without_a_slip_the_money_is_credited_all_the_same(played: Play, fault: str) -> None:
    result = played("pay-cash-partial", fault)
    assert (result["credited"], result["receipt"]) == (1000, None)
