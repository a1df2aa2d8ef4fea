"""Account and meter numbers: the check digit finds the slips of a finger, grouping loses nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.numbers import (
    account_error,
    check_digit,
    group_by_four,
    is_digits,
    is_meter_number,
    meter_error,
    reference,
)

METERS = ("9900010012500000000010", "9900010012500000000027")

digits = st.text("0123456789", min_size=1, max_size=30)


@pytest.mark.parametrize("meter", METERS)
def test_the_published_vectors_pass(meter: str) -> None:
    assert meter_error(meter, 22) == ""
    assert is_meter_number(meter)
    assert check_digit(meter[:-1]) == int(meter[-1])


def test_a_check_digit_of_ten_is_nought() -> None:
    assert check_digit("0") == 0
    assert check_digit("01") == 7


@given(st.text("0123456789", min_size=21, max_size=21), st.integers(0, 21), st.integers(1, 9))
def test_every_single_wrong_digit_is_found(body: str, at: int, change: int) -> None:
    meter = body + str(check_digit(body))
    wrong = meter[:at] + str((int(meter[at]) + change) % 10) + meter[at + 1 :]
    assert meter_error(meter, 22) == ""
    assert meter_error(wrong, 22) == "wrong_check_digit"


@given(st.text("0123456789", min_size=21, max_size=21), st.integers(0, 20))
def test_neighbours_that_changed_places_are_found_unless_they_differ_by_five(body: str, at: int) -> None:
    meter = body + str(check_digit(body))
    a, b = meter[at], meter[at + 1]
    swapped = meter[:at] + b + a + meter[at + 2 :]
    found = meter_error(swapped, 22) == "wrong_check_digit"
    assert found == (abs(int(a) - int(b)) not in (0, 5))


@pytest.mark.parametrize(
    "meter", ["", "990001001250000000001", METERS[0] + "0", "99000100125000000000 1", "x" * 22]
)
def test_another_length_or_no_number_is_not_a_meter_number(meter: str) -> None:
    assert meter_error(meter, 22) == "too_short"


@pytest.mark.parametrize("length", [16, 13, 10])
def test_account_numbers_of_the_set_lengths_pass(length: int) -> None:
    assert account_error("0" * length, (16, 13, 10)) == ""
    assert account_error("0" * (length - 1), (16, 13, 10)) == "too_short"


@pytest.mark.parametrize("text", ["", "12 34", "１２３４", "12a4", "-123", "²²²²"])
def test_only_the_ten_plain_digits_are_digits(text: str) -> None:
    assert not is_digits(text)
    assert account_error(text, (len(text),)) == "too_short"
    with pytest.raises(ValueError, match="not a number"):
        check_digit(text)


@given(digits)
def test_grouping_keeps_every_digit_in_groups_of_four(number: str) -> None:
    grouped = group_by_four(number)
    assert grouped.replace(" ", "") == number
    *full, last = grouped.split(" ")
    assert all(len(group) == 4 for group in full)
    assert 1 <= len(last) <= 4


def test_nothing_typed_reads_as_nothing() -> None:
    assert group_by_four("") == ""


def test_a_reference_is_short_enough_to_read_out() -> None:
    assert reference("0198f2c4a1b3e5d7a9c1e3f5b7d9f1a3") == "0198-F2C4-A1B3"
