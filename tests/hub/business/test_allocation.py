"""How a payment is spread: properties over any bills, and the published slip."""

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.business.allocation import Allocation, Standing, allocate
from hub.business.bills import OpenBill
from hub.business.ledger import LATE_FEE, balance, cash, payment_legs, receivable

AMOUNTS = st.integers(1, 10**9)


def bill(number: int, charge: int, paid: int, late_fee: int) -> OpenBill:
    return OpenBill(f"b{number}", f"2025-{number:02d}", 100, charge, paid, late_fee, date(2025, number, 20))


@st.composite
def standings(draw: st.DrawFn) -> Standing:
    bills = []
    for number in range(1, draw(st.integers(0, 8)) + 1):
        charge = draw(st.integers(1, 10**6))
        bills.append(bill(number, charge, draw(st.integers(0, charge - 1)), draw(st.integers(0, 10**4))))
    return Standing("0399000000000001", "open", draw(st.integers(-(10**5), 10**6)), tuple(bills))


@given(standings(), AMOUNTS)
def test_money_in_is_money_on_bills_and_change_of_balance(standing: Standing, amount: int) -> None:
    settled = allocate(standing, amount)
    on_bills = sum(part.total_fen for part in settled.allocations)
    assert amount == on_bills + settled.to_balance_fen
    assert settled.arrears_after_fen == standing.arrears_fen - on_bills
    assert settled.balance_after_fen == standing.balance_fen + settled.to_balance_fen


@given(standings(), AMOUNTS)
def test_a_younger_bill_gets_nothing_before_the_older_is_paid(standing: Standing, amount: int) -> None:
    parts = {part.bill_no: part for part in allocate(standing, amount).allocations}
    got = [(each, parts.get(each.bill_no)) for each in standing.bills]
    for (older, older_part), (_, younger_part) in pairwise(got):
        if younger_part:
            assert older_part
            assert older_part.total_fen == older.due_fen


@given(standings(), AMOUNTS)
def test_the_late_fee_is_paid_before_the_principal(standing: Standing, amount: int) -> None:
    fees = {each.bill_no: each.late_fee_fen for each in standing.bills}
    for part in allocate(standing, amount).allocations:
        assert part.principal_fen == 0 or part.late_fee_fen == fees[part.bill_no]


@given(standings(), AMOUNTS)
def test_balance_stays_only_when_nothing_is_owed(standing: Standing, amount: int) -> None:
    settled = allocate(standing, amount)
    assert settled.balance_after_fen <= 0 or settled.arrears_after_fen == 0


@given(standings(), AMOUNTS)
def test_the_legs_of_a_payment_add_up_to_nothing(standing: Standing, amount: int) -> None:
    settled = allocate(standing, amount)
    legs = payment_legs(settled, cash("k"))
    sums: dict[str, int] = {}
    for leg in legs:
        sums[leg.account] = sums.get(leg.account, 0) + leg.amount_fen
    assert sum(sums.values()) == 0
    assert sums[cash("k")] == amount
    assert sums.get(balance(standing.account_no), 0) == -settled.to_balance_fen
    assert sums.get(LATE_FEE, 0) == -sum(part.late_fee_fen for part in settled.allocations)
    assert sums.get(receivable(standing.account_no), 0) == -sum(p.principal_fen for p in settled.allocations)
    assert all(leg.amount_fen for leg in legs)


def test_the_published_slip() -> None:
    settled = allocate(Standing("1", "open", 35, (bill(1, 12374, 0, 0),)), 13000)
    assert settled.balance_after_fen == 661
    assert settled.to_balance_fen == 626
    assert settled.allocations == (Allocation("b1", "2025-01", 0, 12374),)


@pytest.mark.parametrize(("owned", "due"), [(0, 1030), (30, 1000), (1030, 0), (1031, 0), (-70, 1100)])
def test_what_is_due_is_what_the_balance_does_not_cover(owned: int, due: int) -> None:
    standing = Standing("1", "open", owned, (bill(1, 600, 100, 30), bill(2, 500, 0, 0)))
    assert (standing.arrears_fen, standing.due_fen) == (1030, due)


@pytest.mark.parametrize("amount", [0, -1])
def test_nothing_is_no_payment(amount: int) -> None:
    with pytest.raises(ValueError, match="^a payment is more than nothing$"):
        allocate(Standing("1", "open", 0, ()), amount)
