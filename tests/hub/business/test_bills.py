"""A bill's late fee over part payments: nothing is charged twice, nothing is forgotten."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.business.bills import Bill, after_payment, after_reversal, as_of
from hub.business.late_fee import LateFeeRule

RULE = LateFeeRule(per_mille_per_day=1)
DUE = date(2026, 1, 20)


def test_the_golden_late_fee() -> None:
    bill = Bill("b", "2026-01", 260, 15831, DUE)
    assert as_of(bill, DUE, RULE).late_fee_fen == 0
    assert as_of(bill, DUE + timedelta(days=15), RULE).late_fee_fen == 237


def test_after_part_of_the_principal_the_fee_grows_on_the_rest() -> None:
    bill = Bill("b", "2026-01", 260, 100_000, DUE)
    tenth = DUE + timedelta(days=10)
    paid = after_payment(bill, 1000, 40_000, tenth, RULE)
    assert as_of(paid, tenth, RULE).due_fen == 60_000
    assert as_of(paid, tenth + timedelta(days=5), RULE).late_fee_fen == 300


def test_part_of_the_late_fee_alone_leaves_the_principal_growing() -> None:
    bill = Bill("b", "2026-01", 260, 100_000, DUE)
    tenth = DUE + timedelta(days=10)
    paid = after_payment(bill, 400, 0, tenth, RULE)
    assert as_of(paid, tenth, RULE).late_fee_fen == 600
    assert as_of(paid, tenth + timedelta(days=1), RULE).late_fee_fen == 700


def test_paid_before_it_is_due_no_fee_is_fixed() -> None:
    floor = LateFeeRule(per_mille_per_day=1, floor_fen=100)
    paid = after_payment(Bill("b", "2026-01", 260, 3000, DUE), 0, 1000, DUE - timedelta(days=3), floor)
    assert as_of(paid, DUE + timedelta(days=5), floor).late_fee_fen == 100


def test_principal_before_its_late_fee_is_refused() -> None:
    bill = Bill("b", "2026-01", 260, 100_000, DUE)
    with pytest.raises(ValueError, match="before its late fee"):
        after_payment(bill, 0, 1, DUE + timedelta(days=10), RULE)


def test_more_than_is_due_is_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        after_payment(Bill("b", "2026-01", 260, 100, DUE), 0, 101, DUE, RULE)


@given(st.integers(1, 10**6), st.lists(st.tuples(st.integers(0, 60), st.integers(1, 10**6)), max_size=6))
def test_payments_in_any_order_of_days_leave_no_negative_dues(
    charge: int, steps: list[tuple[int, int]]
) -> None:
    bill, on = Bill("b", "2026-01", 260, charge, DUE), DUE - timedelta(days=30)
    for days, money in steps:
        on += timedelta(days=days)
        now = as_of(bill, on, RULE)
        assert now.late_fee_fen >= 0
        fee = min(now.late_fee_fen, money)
        principal = min(now.principal_fen, money - fee)
        bill = after_payment(bill, fee, principal, on, RULE)
        assert as_of(bill, on, RULE).due_fen == now.due_fen - fee - principal


def test_a_business_date_that_steps_back_leaves_no_fee_below_nothing() -> None:
    bill = Bill("b", "2026-01", 260, 100_000, DUE)
    tenth = DUE + timedelta(days=10)
    paid = after_payment(bill, 1000, 0, tenth, RULE)
    day_before = tenth - timedelta(days=1)
    assert as_of(paid, day_before, RULE).late_fee_fen == 0
    less = after_payment(paid, 0, 40_000, day_before, RULE)
    assert as_of(less, day_before, RULE).due_fen == 60_000


@given(st.integers(0, 60), st.integers(0, 60), st.integers(1, 100_000))
def test_a_reversal_on_the_day_leaves_what_was_due(since: int, after: int, principal: int) -> None:
    bill, on = Bill("b", "2026-01", 260, 100_000, DUE), DUE + timedelta(days=since - 20)
    due = as_of(bill, on, RULE).late_fee_fen
    back = after_reversal(after_payment(bill, due, principal, on, RULE), due, principal, on, RULE)
    later = on + timedelta(days=after)
    assert as_of(back, on, RULE).due_fen == as_of(bill, on, RULE).due_fen
    assert as_of(back, later, RULE).due_fen == as_of(bill, later, RULE).due_fen


def test_no_fee_is_asked_for_the_days_on_which_a_payment_stood() -> None:
    bill, tenth = Bill("b", "2026-01", 260, 100_000, DUE), DUE + timedelta(days=10)
    paid = after_payment(bill, 1000, 100_000, tenth, RULE)
    back = after_reversal(paid, 1000, 100_000, tenth + timedelta(days=30), RULE)
    assert as_of(back, tenth + timedelta(days=30), RULE).late_fee_fen == 1000
    assert as_of(back, tenth + timedelta(days=31), RULE).late_fee_fen == 1100


@pytest.mark.parametrize(("late_fee", "principal"), [(1, 0), (0, 41), (-1, 0), (0, -1)])
def test_more_than_was_paid_is_not_put_back(late_fee: int, principal: int) -> None:
    paid = after_payment(Bill("b", "2026-01", 260, 100, DUE), 0, 40, DUE, RULE)
    with pytest.raises(ValueError, match="were not paid"):
        after_reversal(paid, late_fee, principal, DUE, RULE)
