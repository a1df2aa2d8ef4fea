"""Bookings that do not balance are not written."""

import pytest

from hub.business.allocation import Allocation, Part, Settlement
from hub.business.ledger import (
    ENERGY,
    LATE_FEE,
    OPENING,
    SUSPENSE,
    Leg,
    UnbalancedError,
    balance,
    balanced,
    cash,
    claim_legs,
    opposite,
    payment_legs,
    receivable,
    refund_legs,
    refunds,
    taken,
    undoing,
)


def test_unbalanced_legs_are_refused_with_their_sum() -> None:
    legs = (Leg("cash:k", 100), Leg("suspense", -99))
    with pytest.raises(UnbalancedError) as refused:
        balanced(legs)
    assert str(refused.value) == f"legs add up to 1 fen, not 0: {legs}"
    assert refused.value.legs == legs


def test_the_names_of_the_accounts_never_change() -> None:
    assert (ENERGY, LATE_FEE, SUSPENSE, OPENING) == (
        "income:energy",
        "income:late_fee",
        "suspense",
        "opening",
    )
    assert (taken("bank_card", "k"), cash("k"), refunds("R")) == (
        "bank_card:k",
        "cash:k",
        "refunds:R",
    )
    assert (receivable("1"), balance("1")) == ("receivable:1", "balance:1")


def test_a_payment_pays_fee_and_principal_of_each_bill_and_the_rest_is_balance() -> None:
    parts = (Allocation("b1", "2026-01", 7, 500), Allocation("b2", "2026-02", 0, 600))
    settlement = Settlement("1", 1000, parts, 110, 3, 9)
    assert payment_legs(settlement, "cash:k") == (
        Leg("cash:k", 1000),
        Leg("income:late_fee", -7, "b1"),
        Leg("receivable:1", -500, "b1"),
        Leg("receivable:1", -600, "b2"),
        Leg("balance:1", 107),
    )


def test_a_refund_goes_from_suspense_to_its_reference() -> None:
    assert refund_legs(700, "R") == (Leg("suspense", 700), Leg("refunds:R", -700))


def test_empty_legs_are_left_out() -> None:
    assert balanced((Leg("a", 5), Leg("b", 0), Leg("c", -5))) == (Leg("a", 5), Leg("c", -5))


def test_a_claim_goes_from_the_terminals_cash_to_suspense() -> None:
    assert claim_legs(700, "k") == (Leg("cash:k", 700), Leg("suspense", -700))
    assert claim_legs(700, "k", "bank_card") == (Leg("bank_card:k", 700), Leg("suspense", -700))


def test_what_is_undone_is_read_from_the_legs() -> None:
    legs = (
        Leg("bank_card:k", 1000),
        Leg(LATE_FEE, -7, "b1"),
        Leg("receivable:1", -500, "b1"),
        Leg("receivable:1", -600, "b2"),
        Leg("balance:1", 107),
    )
    undone = undoing("1", legs)
    assert undone.account_no == "1"
    assert undone.parts == (Part("b1", 7, 500), Part("b2", 0, 600))
    assert undone.to_balance_fen == -107
    assert opposite(legs)[0] == Leg("bank_card:k", -1000)
    assert opposite(opposite(legs)) == legs


def test_several_legs_of_one_bill_add_up_and_other_accounts_are_left_alone() -> None:
    legs = (
        Leg(LATE_FEE, -7, "b1"),
        Leg(LATE_FEE, -2, "b1"),
        Leg("receivable:1", -500, "b2"),
        Leg("receivable:1", -40, "b2"),
        Leg("balance:2", 99),
        Leg("balance:1", -5),
    )
    undone = undoing("1", legs)
    assert undone.parts == (Part("b1", 9, 0), Part("b2", 0, 540))
    assert undone.to_balance_fen == 5
