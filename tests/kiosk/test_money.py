"""Amounts in words and figures."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.money import capitals, format_fen

DIGITS = {character: value for value, character in enumerate("零壹贰叁肆伍陆柒捌玖")}
PLACES = {"拾": 10, "佰": 100, "仟": 1000}


@pytest.mark.parametrize(
    ("fen", "plain", "grouped"),
    [
        (0, "0.00", "0.00"),
        (5, "0.05", "0.05"),
        (12850, "128.50", "128.50"),
        (128450, "1284.50", "1,284.50"),
        (123456789, "1234567.89", "1,234,567.89"),
        (-1050, "-10.50", "-10.50"),
    ],
)
def test_figures(fen: int, plain: str, grouped: str) -> None:
    assert format_fen(fen) == plain
    assert format_fen(fen, thousands=True) == grouped


@pytest.mark.parametrize(
    ("fen", "text"),
    [
        (0, "零元整"),
        (1, "壹分"),
        (10, "壹角整"),
        (12, "壹角贰分"),
        (100, "壹元整"),
        (105, "壹元零伍分"),
        (12850, "壹佰贰拾捌元伍角整"),
        (13000, "壹佰叁拾元整"),
        (14095, "壹佰肆拾元玖角伍分"),
        (1_001_00, "壹仟零壹元整"),
        (1_010_00, "壹仟零壹拾元整"),
        (140_950, "壹仟肆佰零玖元伍角整"),
        (600_714, "陆仟零柒元壹角肆分"),
        (10_000_00, "壹万元整"),
        (10_005_00, "壹万零伍元整"),
        (11_000_00, "壹万壹仟元整"),
        (107_000_53, "壹拾万柒仟元伍角叁分"),
        (100_000_000_00, "壹亿元整"),
        (100_010_001_00, "壹亿零壹万零壹元整"),
        (100_001_000_00, "壹亿零壹仟元整"),
    ],
)
def test_capitals(fen: int, text: str) -> None:
    assert capitals(fen) == f"人民币{text}"


@given(st.integers(0, 10**13))
def test_capitals_say_the_amount(fen: int) -> None:
    assert read(capitals(fen)) == fen


@given(st.integers(0, 10**13))
def test_capitals_hold_no_doubled_zero(fen: int) -> None:
    assert "零零" not in capitals(fen)


@pytest.mark.parametrize("fen", [-1, 10**14])
def test_what_capitals_cannot_say_is_refused(fen: int) -> None:
    with pytest.raises(ValueError, match="cannot be written in capitals"):
        capitals(fen)


def read(text: str) -> int:
    """Read capitals back, digit by digit."""
    found = re.fullmatch(r"人民币(?:(.+)元)?零?(?:(.)角)?零?(?:(.)分)?整?", text)
    assert found is not None
    yuan, jiao, cents = found.groups()
    total = part = digit = 0
    for character in yuan or "":
        if character in DIGITS:
            digit = DIGITS[character]
        elif character in PLACES:
            part, digit = part + digit * PLACES[character], 0
        else:
            total += (part + digit) * {"万": 10**4, "亿": 10**8}[character]
            part = digit = 0
    return (total + part + digit) * 100 + DIGITS.get(jiao, 0) * 10 + DIGITS.get(cents, 0)
