"""Late fees by the day, the New Year, the floor, and the three ways to set a due date."""

from datetime import date, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.business.late_fee import (
    DayOfFollowingMonth,
    DayOfReadingMonth,
    DaysAfterIssue,
    DueRule,
    LateFeeRule,
    due_date,
    late_fee_fen,
)

HOME = LateFeeRule(per_mille_per_day=1)
HOME_WITH_FLOOR = LateFeeRule(per_mille_per_day=1, floor_fen=100)
SHOP = LateFeeRule(per_mille_per_day=2, per_mille_carried_over=3)
DUE = date(2026, 8, 25)
PRINCIPAL = st.integers(0, 1_000_000)
DAYS = st.integers(-30, 800)


def after(days: int) -> date:
    return DUE + timedelta(days=days)


@pytest.mark.parametrize(
    ("principal", "days", "rule", "fee"),
    [
        (15831, 15, HOME, 237),
        (3000, 5, HOME, 15),
        (3000, 5, HOME_WITH_FLOOR, 100),
        (15831, 15, HOME_WITH_FLOOR, 237),
        (500, 1, HOME, 1),  # half a fen goes up
        (499, 1, HOME, 0),
        (499, 1, HOME_WITH_FLOOR, 100),
        (1, 1, LateFeeRule(per_mille_per_day=1000), 1),  # a single fen is owed like any other
        (15831, 0, HOME_WITH_FLOOR, 0),
        (15831, -3, HOME_WITH_FLOOR, 0),
        (0, 15, HOME_WITH_FLOOR, 0),
        (15831, 15, LateFeeRule(per_mille_per_day=0, floor_fen=100), 0),
    ],
)
def test_golden_fees(principal: int, days: int, rule: LateFeeRule, fee: int) -> None:
    assert late_fee_fen(principal, DUE, after(days), rule) == fee


@pytest.mark.parametrize(
    ("due", "on", "fee"),
    [
        (date(2026, 12, 21), date(2026, 12, 31), 10 * 200),
        (date(2026, 12, 21), date(2027, 1, 5), 10 * 200 + 5 * 300),
        (date(2026, 12, 30), date(2027, 1, 5), 200 + 5 * 300),
        (date(2026, 12, 31), date(2027, 1, 5), 5 * 200),  # overdue only since the new year
        (date(2026, 12, 21), date(2028, 1, 1), 10 * 200 + 366 * 300),
    ],
)
def test_arrears_carried_over_new_year_cost_more(due: date, on: date, fee: int) -> None:
    assert late_fee_fen(100_000, due, on, SHOP) == fee


def test_after_a_part_payment_the_rest_counts_from_that_day() -> None:
    grown = late_fee_fen(20_000, DUE, after(10), HOME)
    rest = late_fee_fen(5_000, DUE, after(30), HOME, since=after(10))
    assert (grown, rest) == (200, 100)


def test_a_part_payment_does_not_turn_old_arrears_into_this_years() -> None:
    paid_on = date(2027, 1, 10)
    assert late_fee_fen(100_000, DUE, date(2027, 1, 20), SHOP, since=paid_on) == 10 * 300


def test_the_floor_is_asked_once() -> None:
    assert late_fee_fen(3_000, DUE, after(5), HOME_WITH_FLOOR) == 100
    assert late_fee_fen(1_000, DUE, after(6), HOME_WITH_FLOOR, since=after(5)) == 1


def test_a_payment_before_the_due_date_starts_no_fee() -> None:
    assert late_fee_fen(10_000, DUE, after(3), HOME, since=after(-5)) == 30


@given(PRINCIPAL, DAYS, st.integers(0, 60), st.sampled_from([HOME, HOME_WITH_FLOOR, SHOP]))
def test_a_fee_never_shrinks_with_time(principal: int, days: int, more: int, rule: LateFeeRule) -> None:
    fee = late_fee_fen(principal, DUE, after(days), rule)
    assert 0 <= fee <= late_fee_fen(principal, DUE, after(days + more), rule)


@given(PRINCIPAL, st.integers(0, 400), st.integers(0, 400), st.sampled_from([HOME, SHOP]))
def test_a_fee_counted_in_two_parts_is_the_fee_counted_once(
    principal: int, first: int, second: int, rule: LateFeeRule
) -> None:
    parts = late_fee_fen(principal, DUE, after(first), rule) + late_fee_fen(
        principal, DUE, after(first + second), rule, since=after(first)
    )
    assert abs(parts - late_fee_fen(principal, DUE, after(first + second), rule)) <= 1


@pytest.mark.parametrize(
    ("rule", "due"),
    [
        (DayOfReadingMonth(25), date(2026, 12, 25)),
        (DayOfReadingMonth(31), date(2026, 12, 31)),
        (DayOfFollowingMonth(10), date(2027, 1, 10)),
        (DayOfFollowingMonth(31, 2), date(2027, 2, 28)),
        (DaysAfterIssue(15), date(2026, 12, 18)),
    ],
)
def test_due_dates(rule: DueRule, due: date) -> None:
    assert due_date(rule, read_on=date(2026, 12, 1), issued_on=date(2026, 12, 3)) == due


@pytest.mark.parametrize(
    ("written", "rule"),
    [
        ({"rule": "day_of_reading_month", "day": 1}, DayOfReadingMonth(1)),
        ({"rule": "day_of_reading_month", "day": 31}, DayOfReadingMonth(31)),
        ({"rule": "day_of_following_month", "day": 10}, DayOfFollowingMonth(10, 1)),
        ({"rule": "day_of_following_month", "day": 10, "months": 12}, DayOfFollowingMonth(10, 12)),
        ({"rule": "days_after_issue", "days": 0}, DaysAfterIssue(0)),
    ],
)
def test_a_due_rule_as_a_tariff_file_has_it(written: dict[str, object], rule: DueRule) -> None:
    assert msgspec.convert(written, DueRule) == rule


@pytest.mark.parametrize(
    "written",
    [
        {"rule": "day_of_reading_month", "day": 0},
        {"rule": "day_of_reading_month", "day": 32},
        {"rule": "day_of_reading_month", "day": 1, "more": 1},
        {"rule": "day_of_following_month", "day": 10, "months": 0},
        {"rule": "day_of_following_month", "day": 10, "months": 13},
        {"rule": "day_of_following_month", "day": 10, "more": 1},
        {"rule": "days_after_issue", "days": -1},
        {"rule": "days_after_issue", "days": 1, "more": 1},
        {"rule": "never"},
    ],
)
def test_a_due_rule_that_cannot_be_is_refused(written: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(written, DueRule)


@pytest.mark.parametrize("rate", [0, 1000])
def test_a_rate_as_a_tariff_file_has_it(rate: int) -> None:
    written = {"per_mille_per_day": rate, "per_mille_carried_over": rate, "floor_fen": 0}
    assert msgspec.convert(written, LateFeeRule) == LateFeeRule(
        per_mille_per_day=rate, per_mille_carried_over=rate
    )


@pytest.mark.parametrize(
    "written",
    [
        {"per_mille_per_day": -1},
        {"per_mille_per_day": 1001},
        {"per_mille_per_day": 1, "floor_fen": -1},
        {"per_mille_per_day": 1, "more": 1},
    ],
)
def test_a_rate_that_cannot_be_is_refused(written: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(written, LateFeeRule)


@pytest.mark.parametrize("rule", [HOME, DayOfReadingMonth(1), DayOfFollowingMonth(1), DaysAfterIssue(1)])
def test_a_rule_in_force_is_never_changed(rule: LateFeeRule | DueRule) -> None:
    with pytest.raises(AttributeError):
        setattr(rule, rule.__struct_fields__[0], 2)
    with pytest.raises(TypeError):
        LateFeeRule(1)  # type: ignore[call-arg]
