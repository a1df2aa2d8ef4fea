"""Journeys with a meter card, from the first page to the meter at home, by a kiosk that signs on with its SAM."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.timeout(240)
Result = dict[str, Any]
TO_THE_CARD = ["attract", "home", "insert_card", "card_contents"]


def plays(journey: str) -> pytest.MarkDecorator:
    """The test is about this journey."""
    return pytest.mark.parametrize("result", [journey], indirect=True)


@plays("buy-power-sam")
def test_power_is_bought_written_and_in_the_meter(result: Result) -> None:
    assert result["pages"] == [*TO_THE_CARD, "means", "cash", "cash-in", "take_card", "slip", "attract"]
    assert (result["tendered"], result["credited"], result["suspense"]) == (10000, 10000, 0)
    assert "the meter takes 100.00 yuan" in result["said"]
    for words in ("购电", "第 13 次", "250000000009", "100.00"):
        assert words in result["slip"]
    assert result["touches"] <= 9


@plays("rewrite-card")
def test_what_was_paid_before_is_written_free_of_charge(result: Result) -> None:
    assert result["pages"] == [*TO_THE_CARD, "take_card", "slip", "attract"]
    assert (result["tendered"], result["credited"]) == (0, 0)
    assert "the meter takes 50.00 yuan" in result["said"]
    assert "免费补写" in result["slip"]


@plays("read-card")
def test_a_card_is_read_and_given_back(result: Result) -> None:
    assert result["pages"] == [*TO_THE_CARD, "return_card", "attract"]
    assert (result["tendered"], result["receipt"]) == (0, None)
