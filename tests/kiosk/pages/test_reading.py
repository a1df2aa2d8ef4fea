"""How values read on the screen and how a voice says them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.pages.reading import (
    Amount,
    Amounts,
    Date,
    Day,
    Digits,
    Line,
    Masked,
    Month,
    Months,
    Value,
    When,
    shown_amount,
    spoken_amount,
)

VECTORS = [
    (0, "0元", "0 yuan"),
    (1, "1分", "1 fen"),
    (10, "1角", "10 fen"),
    (100, "1元", "1 yuan"),
    (101, "1元零1分", "1 yuan 1 fen"),
    (110, "1元1角", "1 yuan 10 fen"),
    (12850, "128元5角", "128 yuan 50 fen"),
    (128453, "1284元5角3分", "1284 yuan 53 fen"),
    (999_999_999, "9999999元9角9分", "9999999 yuan 99 fen"),
    (-35, "负3角5分", "minus 35 fen"),
]


@pytest.mark.parametrize(("fen", "zh", "en"), VECTORS)
def test_amounts_are_said_as_at_a_counter(fen: int, zh: str, en: str) -> None:
    assert (spoken_amount(fen, "zh"), spoken_amount(fen, "en")) == (zh, en)


@given(st.integers(0, 10**13))
def test_a_spoken_amount_is_the_amount(fen: int) -> None:
    units = {"元": 100, "角": 10, "分": 1}
    zh = sum(int(n) * units[unit] for n, unit in re.findall(r"(\d+)([元角分])", spoken_amount(fen, "zh")))
    en_units = {"yuan": 100, "fen": 1}
    en = sum(int(n) * en_units[unit] for n, unit in re.findall(r"(\d+) (yuan|fen)", spoken_amount(fen, "en")))
    assert zh == en == fen


@given(st.integers(0, 10**13))
def test_a_shown_amount_is_the_amount_in_one_style(fen: int) -> None:
    shown = shown_amount(fen)
    assert re.fullmatch(r"¥\d{1,3}(,\d{3})*\.\d\d", shown)
    assert int(re.sub(r"[¥,.]", "", shown)) == fen


RUN = ("2026-08", "2026-09", "2026-10")
READINGS: list[tuple[Value, Line, Line]] = [
    (Amount(128450), Line("¥1,284.50", "1284元5角"), Line("¥1,284.50", "1284 yuan 50 fen")),
    (Amounts((10000, 50)), Line("¥100、¥0.50", "100元、5角"), Line("¥100, ¥0.50", "100 yuan, 50 fen")),
    (Digits("039912"), Line("0399 12", "0 3 9 9，1 2"), Line("0399 12", "0 3 9 9, 1 2")),
    (Masked("张**"), Line("张**", "张某"), Line("张**", "张 hidden")),
    (Masked("3栋**单元*"), Line("3栋**单元*", "3栋某单元某"), Line("3栋**单元*", "3栋 hidden 单元 hidden")),
    (Month("2026-09"), Line("2026年9月", "2026年9月"), Line("Sep 2026", "September 2026")),
    (Months(()), Line("", ""), Line("", "")),
    (Months(("2026-09",)), Line("2026年9月", "2026年9月"), Line("Sep 2026", "September 2026")),
    (
        Months(RUN),
        Line("2026年8月至10月", "2026年8月至10月"),
        Line("Aug to Oct 2026", "August 2026 to October 2026"),
    ),
    (
        Months(("2025-12", "2026-01")),
        Line("2025年12月至2026年1月", "2025年12月至2026年1月"),
        Line("Dec 2025 to Jan 2026", "December 2025 to January 2026"),
    ),
    (
        Months(("2026-01", "2026-03")),
        Line("2026年1月、2026年3月", "2026年1月、2026年3月"),
        Line("Jan 2026, Mar 2026", "January 2026, March 2026"),
    ),
    (Day(date(2026, 11, 25)), Line("11月25日", "11月25日"), Line("25 Nov", "25 November")),
    (
        Date(date(2026, 11, 25)),
        Line("2026年11月25日", "2026年11月25日"),
        Line("25 Nov 2026", "25 November 2026"),
    ),
    (
        When(datetime(2026, 11, 25, 9, 5, tzinfo=UTC)),
        Line("2026年11月25日 09:05", "2026年11月25日9点5分"),
        Line("25 Nov 2026, 09:05", "25 November 2026, 9 05"),
    ),
]


@pytest.mark.parametrize(("value", "zh", "en"), READINGS, ids=lambda part: str(part)[:30])
def test_values_read_in_both_languages(value: Value, zh: Line, en: Line) -> None:
    assert (value.read("zh"), value.read("en")) == (zh, en)
