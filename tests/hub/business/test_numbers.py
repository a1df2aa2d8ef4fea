"""Meter numbers catch typing errors by their check digit; account numbers are judged by their form."""

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.business import numbers
from hub.business.numbers import (
    DEMO,
    SOUTHERN_GRID,
    STATE_GRID,
    STATE_GRID_OLD,
    AccountFormat,
    asset_number_check_digit,
    is_account_number,
    is_meter_number,
    is_recharge_number,
    meter_number,
    mod_11_10,
    recharge_number,
)

FIRST_21 = st.text("0123456789", min_size=21, max_size=21)


@pytest.mark.parametrize(
    "number",
    [
        "9900010012500000000010",
        "9900010012500000000027",
    ],
)
def test_published_vectors(number: str) -> None:
    assert meter_number(number[:-1]) == number
    assert is_meter_number(number)


@given(FIRST_21, st.integers(0, 21), st.integers(1, 9))
def test_one_wrong_digit_is_always_caught(first21: str, place: int, shift: int) -> None:
    number = meter_number(first21)
    assert is_meter_number(number)
    wrong = str((int(number[place]) + shift) % 10)
    assert not is_meter_number(number[:place] + wrong + number[place + 1 :])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "990001001250000000001",
        "99000100125000000000100",
        "990001001250000000001 ",
        "99000100125000000000l0",
        "９９０００１００１２５０００００００００１０",
    ],
)
def test_what_is_no_meter_number(text: str) -> None:
    assert not is_meter_number(text)


@pytest.mark.parametrize("text", ["", "9" * 20, "9" * 22, "9" * 20 + "x", "٠" * 21])
def test_a_check_digit_is_only_given_for_21_digits(text: str) -> None:
    with pytest.raises(ValueError, match="21 digits"):
        asset_number_check_digit(text)


@pytest.mark.parametrize(
    ("text", "form", "good"),
    [
        ("0399000000000018", DEMO, True),
        ("0398000000000018", DEMO, False),
        ("039900000000001", DEMO, False),
        ("03990000000000180", DEMO, False),
        ("039900000000001８", DEMO, False),
        ("0399 00000000018", DEMO, False),
        ("0812345678901234", SOUTHERN_GRID, True),
        ("1012345678901234", SOUTHERN_GRID, False),
        ("1101234567890", STATE_GRID, True),
        ("1234567890", STATE_GRID_OLD, True),
        ("123456789", STATE_GRID_OLD, False),
    ],
)
def test_account_number_forms(text: str, form: AccountFormat, good: bool) -> None:
    assert is_account_number(text, (form,)) is good


def test_a_utility_may_accept_several_forms() -> None:
    both = (DEMO, STATE_GRID)
    assert is_account_number("0399000000000018", both)
    assert is_account_number("1101234567890", both)
    assert not is_account_number("1234567890", both)
    assert not is_account_number("1101234567890")


FIRST_17 = st.text("0123456789", min_size=17, max_size=17)


def test_the_examples_hold() -> None:
    failed, tried = doctest.testmod(numbers)
    assert (failed, tried > 0) == (0, True)


def test_the_check_digit_is_that_of_the_standard() -> None:
    """ISO/IEC 7064, the standard's own example for MOD 11,10."""
    assert mod_11_10("0794") == 5
    assert recharge_number("99990000000000001") == "999900000000000012", "as the pages have it"


@given(FIRST_17, st.integers(0, 17), st.integers(1, 9))
def test_no_mistyped_digit_of_a_recharge_card_leaves_the_kiosk(first: str, place: int, more: int) -> None:
    number = recharge_number(first)
    assert is_recharge_number(number)
    wrong = str((int(number[place]) + more) % 10)
    assert not is_recharge_number(number[:place] + wrong + number[place + 1 :])


@pytest.mark.parametrize(
    "text", ["", "9999", "99990000000000001２", "9999000000000000120", " 99900000000000012"]
)
def test_what_is_no_number_of_a_recharge_card(text: str) -> None:
    assert not is_recharge_number(text)
    with pytest.raises(ValueError, match="17 digits"):
        recharge_number(text)
