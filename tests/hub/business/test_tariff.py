"""The golden bills of the published tariffs, and what must hold for any consumption."""

from datetime import date
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.business.tariff import Charge, Period, Tariff, charge, step_limits
from hub.data.tariff_file import read_tariffs

BOOK = read_tariffs()
DAY = date(2026, 7, 1)
SUMMER, OTHER = 7, 1
ALL_IDS = st.sampled_from(BOOK.ids)
KWH = st.integers(0, 20_000)
MONTH = st.integers(1, 12)


def tariff(tariff_id: str, **changes: object) -> Tariff:
    return msgspec.structs.replace(BOOK.in_force(tariff_id, DAY), **changes)


def fens(bill: Charge) -> list[int]:
    return [line.amount_fen for line in bill.lines]


@pytest.mark.parametrize(
    ("tariff_id", "month", "kwh", "lines", "by_line", "total_once"),
    [
        ("GZ-RES-STEP", SUMMER, 600, [15314, 21726], 37040, 37040),
        ("GZ-RES-STEP", OTHER, 600, [11780, 12780, 17780], 42340, 42340),
        ("GZ-RES-STEP", OTHER, 5, [295], 295, 295),  # 2.945: half a fen goes up
        ("GD-RES-STEP", SUMMER, 260, [15831], 15831, 15831),
        ("GD-RES-STEP", SUMMER, 261, [15831, 66], 15897, 15896),
        ("GD-RES-STEP", SUMMER, 373, [15831, 7445], 23276, 23276),
        ("GD-RES-STEP", SUMMER, 600, [15831, 22402], 38233, 38232),
        ("GD-RES-STEP", OTHER, 600, [12177, 13177, 18177], 43531, 43532),
        ("GD-RES-STEP", SUMMER, 601, [15831, 22402, 91], 38324, 38323),
    ],
)
def test_golden_monthly_steps(
    tariff_id: str, month: int, kwh: int, lines: list[int], by_line: int, total_once: int
) -> None:
    bill = charge(tariff(tariff_id), month, {"total": kwh})
    assert fens(bill) == lines
    assert bill.total_fen == by_line
    assert charge(tariff(tariff_id, rounding="total_once"), month, {"total": kwh}).total_fen == total_once


def test_golden_zhejiang_year_charged_at_once() -> None:
    bill = charge(tariff("ZJ-RES-YEAR", rounding="total_once"), 12, {"total": 5257})
    assert bill.total_fen == 306737
    assert [(line.step, line.kwh, line.price) for line in bill.lines] == [
        (1, 2760, Decimal("0.538")),
        (2, 2040, Decimal("0.588")),
        (3, 457, Decimal("0.838")),
    ]


def test_golden_zhejiang_month_in_the_first_step_with_peak_and_valley() -> None:
    bill = charge(tariff("ZJ-RES-YEAR"), 3, {"peak": 150, "valley": 80})
    assert fens(bill) == [8520, 2304]
    assert bill.total_fen == 10824


@pytest.mark.parametrize(
    ("year_to_date", "peak_price", "valley_price"),
    [(0, "0.568", "0.288"), (2760, "0.618", "0.338"), (4800, "0.868", "0.588")],
)
def test_zhejiang_periods_carry_the_step_adder_on_top(
    year_to_date: int, peak_price: str, valley_price: str
) -> None:
    bill = charge(tariff("ZJ-RES-YEAR"), 6, {"peak": 100, "valley": 50}, year_to_date_kwh=year_to_date)
    assert bill.exact_yuan == 100 * Decimal(peak_price) + 50 * Decimal(valley_price)


def test_a_month_that_crosses_a_yearly_limit_is_split_there() -> None:
    bill = charge(tariff("ZJ-RES-YEAR"), 9, {"total": 100}, year_to_date_kwh=2700)
    assert [(line.step, line.kwh) for line in bill.lines] == [(1, 60), (2, 40)]


def test_golden_heilongjiang_five_months_of_supply() -> None:
    harbin = tariff("HLJ-RES-YEAR")
    assert step_limits(harbin, 12, months_of_supply=5) == (850, 1300)
    bill = charge(harbin, 12, {"total": 1400}, months_of_supply=5)
    assert fens(bill) == [43350, 25200, 8100]
    assert bill.total_fen == 76650


def test_months_of_supply_change_nothing_where_the_file_says_full_year() -> None:
    assert step_limits(tariff("ZJ-RES-YEAR"), 12, months_of_supply=5) == (2760, 4800)


def test_guangdong_periods_of_the_day() -> None:
    bill = charge(tariff("GD-RES-STEP"), SUMMER, {"peak": 100, "flat": 120, "valley": 80})
    assert [(line.kind, line.step, line.period, line.kwh) for line in bill.lines] == [
        ("energy", 0, "peak", 100),
        ("energy", 0, "flat", 120),
        ("energy", 0, "valley", 80),
        ("adder", 2, "total", 40),
    ]
    assert fens(bill) == [10290, 7306, 1894, 200]


@pytest.mark.parametrize(
    ("moves", "summer", "other"),
    [("all_limits", (360, 700), (300, 500)), ("first_limit", (360, 600), (300, 400))],
)
def test_large_household_widens_the_first_step(
    moves: str, summer: tuple[int, ...], other: tuple[int, ...]
) -> None:
    plain = tariff("GD-RES-STEP")
    assert plain.large_household is not None
    wide = msgspec.structs.replace(
        plain, large_household=msgspec.structs.replace(plain.large_household, moves=moves)
    )
    assert step_limits(wide, SUMMER, large_household=True) == summer
    assert step_limits(wide, OTHER, large_household=True) == other
    assert step_limits(wide, OTHER) == (200, 400)


def test_large_household_in_a_yearly_cycle_gains_twelve_months() -> None:
    assert step_limits(tariff("ZJ-RES-YEAR"), 5, large_household=True) == (3960, 6000)


def test_shop_pays_one_price_and_nothing_for_nothing() -> None:
    assert charge(tariff("GD-BUS-FLAT"), 5, {"total": 1000}).total_fen == 75000
    assert charge(tariff("GD-BUS-FLAT"), 5, {"total": 0}) == Charge((), 0, Decimal(0))


@pytest.mark.parametrize(
    ("kwh", "problem"),
    [
        ({"total": -1}, "negative"),
        ({"total": 5, "peak": 5}, "not both"),
        ({"critical": 5}, "no price for critical"),
    ],
)
def test_readings_that_cannot_be_charged_are_refused(kwh: dict[Period, int], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        charge(tariff("GD-RES-STEP"), 5, kwh)


@pytest.mark.parametrize("months", [0, 13])
def test_months_of_supply_outside_a_year_are_refused(months: int) -> None:
    with pytest.raises(ValueError, match="months of supply"):
        charge(tariff("HLJ-RES-YEAR"), 5, {"total": 1}, months_of_supply=months)


@given(ALL_IDS, MONTH, KWH, st.integers(0, 500), st.booleans())
def test_more_power_never_costs_less(tariff_id: str, month: int, kwh: int, more: int, large: bool) -> None:
    house = tariff(tariff_id)
    less_fen = charge(house, month, {"total": kwh}, large_household=large).total_fen
    assert less_fen <= charge(house, month, {"total": kwh + more}, large_household=large).total_fen


@given(ALL_IDS, MONTH, KWH)
def test_a_large_household_never_pays_more(tariff_id: str, month: int, kwh: int) -> None:
    house = tariff(tariff_id)
    large = charge(house, month, {"total": kwh}, large_household=True)
    assert large.exact_yuan <= charge(house, month, {"total": kwh}).exact_yuan


@given(ALL_IDS, MONTH, KWH, KWH)
def test_lines_add_up_to_consumption_and_total(
    tariff_id: str, month: int, kwh: int, year_to_date: int
) -> None:
    bill = charge(tariff(tariff_id), month, {"total": kwh}, year_to_date_kwh=year_to_date)
    assert sum(line.kwh for line in bill.lines) == kwh
    assert sum(fens(bill)) == bill.total_fen
    assert abs(bill.total_fen - bill.exact_yuan * 100) <= Decimal("0.5") * len(bill.lines)


@given(KWH, KWH, KWH)
def test_periods_of_the_day_are_all_charged_once(peak: int, flat: int, valley: int) -> None:
    bill = charge(tariff("GD-RES-STEP"), SUMMER, {"peak": peak, "flat": flat, "valley": valley})
    energy = {line.period: line.kwh for line in bill.lines if line.kind == "energy"}
    assert energy == {name: kwh for name, kwh in (("peak", peak), ("flat", flat), ("valley", valley)) if kwh}
    above_first_step = sum(line.kwh for line in bill.lines if line.kind == "adder")
    assert above_first_step == max(peak + flat + valley - 260, 0)


@given(st.sampled_from(["ZJ-RES-YEAR", "HLJ-RES-YEAR"]), st.lists(st.integers(0, 1500), max_size=12))
def test_a_year_of_monthly_bills_costs_what_the_year_costs_at_once(
    tariff_id: str, months_kwh: list[int]
) -> None:
    house = tariff(tariff_id, rounding="total_once")
    monthly = [
        charge(house, month, {"total": kwh}, year_to_date_kwh=sum(months_kwh[: month - 1]))
        for month, kwh in enumerate(months_kwh, start=1)
    ]
    at_once = charge(house, 12, {"total": sum(months_kwh)})
    assert sum(bill.exact_yuan for bill in monthly) == at_once.exact_yuan
    drift = sum(bill.total_fen for bill in monthly) - at_once.total_fen
    assert abs(drift) <= len(months_kwh) / 2 + 0.5


@given(MONTH, st.integers(0, 3000), KWH)
def test_a_flat_price_has_no_memory(month: int, kwh: int, year_to_date: int) -> None:
    shop = tariff("GD-BUS-FLAT", rounding="total_once")
    bill = charge(shop, month, {"total": kwh}, year_to_date_kwh=year_to_date)
    assert bill == charge(shop, month, {"total": kwh})
    assert bill.total_fen == kwh * 75
