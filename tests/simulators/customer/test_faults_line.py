"""Whatever the line to the hub does, no fen is lost or doubled, and the customer is told the truth."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.timeout(240)
Result = dict[str, Any]


def later(fault: str) -> Any:
    """A near relative of one that every test run plays: it is left to `make crash`."""
    return pytest.param(fault, marks=pytest.mark.slow)


def plays(*faults: Any) -> pytest.MarkDecorator:
    """The test is about these demonstrations, one after another."""
    return pytest.mark.parametrize("result", faults, indirect=True)


@plays("hub-gone-while-paying", later("hub-gone-after-first-note"), later("hub-answers-byte-by-byte"))
def test_a_hub_that_is_gone_or_never_done_gets_the_payment_when_it_is_back(result: Result) -> None:
    assert "checking" in result["pages"]
    assert result["credited"] == 1000
    assert "缴费待确认凭条" in result["slip"]
    assert "10 元" in result["slip"]


@plays("hub-gone-before", later("hub-gone-at-bills"))
def test_without_the_hub_a_customer_pays_against_a_provisional_receipt(result: Result) -> None:
    assert "provisional" in result["pages"]
    assert "临时收款凭条" in result["slip"]
    assert "10 元" in result["slip"]
    assert (result["tendered"], result["credited"], result["suspense"]) == (1000, 1000, 0)


@plays("hub-gone-until-claim")
def test_a_hub_that_stays_away_leaves_a_claim_in_suspense(result: Result) -> None:
    assert "claim" in result["pages"]
    assert (result["tendered"], result["credited"], result["suspense"]) == (1000, 0, 1000)
    assert "款项待处理凭条" in result["slip"]


@plays(later("hub-slow"))
def test_a_slow_hub_is_waited_for(result: Result) -> None:
    assert result["credited"] == 1000
    assert "缴费凭条" in result["slip"]


@plays(
    "hub-drops-answer",
    later("hub-answers-garbage"),
    later("hub-wrong-signature"),
    later("hub-unsigned-error"),
    later("hub-answers-for-another"),
    later("request-repeated"),
)
def test_an_answer_that_proves_nothing_is_asked_for_again_and_pays_once(result: Result) -> None:
    assert (result["tendered"], result["credited"], result["suspense"]) == (1000, 1000, 0)
    assert "10.00 元" in result["slip"]
