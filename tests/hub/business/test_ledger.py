"""Bookings that do not balance are not written."""

import pytest

from hub.business.allocation import Part
from hub.business.ledger import LATE_FEE, Leg, UnbalancedError, balanced, claim_legs, opposite, undoing


def test_unbalanced_legs_are_refused_with_their_sum() -> None:
    with pytest.raises(UnbalancedError, match="add up to 1 fen"):
        balanced((Leg("cash:k", 100), Leg("suspense", -99)))


def test_empty_legs_are_left_out() -> None:
    assert balanced((Leg("a", 5), Leg("b", 0), Leg("c", -5))) == (Leg("a", 5), Leg("c", -5))


def test_a_claim_goes_from_the_terminals_cash_to_suspense() -> None:
    assert claim_legs(700, "k") == (Leg("cash:k", 700), Leg("suspense", -700))


def test_what_is_undone_is_read_from_the_legs() -> None:
    legs = (
        Leg("bank_card:k", 1000),
        Leg(LATE_FEE, -7, "b1"),
        Leg("receivable:1", -500, "b1"),
        Leg("receivable:1", -600, "b2"),
        Leg("balance:1", 107),
    )
    undone = undoing("1", legs)
    assert undone.parts == (Part("b1", 7, 500), Part("b2", 0, 600))
    assert undone.to_balance_fen == -107
    assert opposite(legs)[0] == Leg("bank_card:k", -1000)
    assert opposite(opposite(legs)) == legs
