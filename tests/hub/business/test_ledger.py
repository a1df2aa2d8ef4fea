"""Bookings that do not balance are not written."""

import pytest

from hub.business.ledger import Leg, UnbalancedError, balanced, claim_legs


def test_unbalanced_legs_are_refused_with_their_sum() -> None:
    with pytest.raises(UnbalancedError, match="add up to 1 fen"):
        balanced((Leg("cash:k", 100), Leg("suspense", -99)))


def test_empty_legs_are_left_out() -> None:
    assert balanced((Leg("a", 5), Leg("b", 0), Leg("c", -5))) == (Leg("a", 5), Leg("c", -5))


def test_a_claim_goes_from_the_terminals_cash_to_suspense() -> None:
    assert claim_legs(700, "k") == (Leg("cash:k", 700), Leg("suspense", -700))
