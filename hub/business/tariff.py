"""From kilowatt-hours to a bill: steps, seasons, periods of the day, and one stated rule of rounding."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, Literal

import msgspec

from hub.business.late_fee import Count, DueRule, LateFeeRule

Period = Literal["total", "critical", "peak", "flat", "valley"]
Rounding = Literal["each_line_half_up", "total_once"]
Month = Annotated[int, msgspec.Meta(ge=1, le=12)]

MONTHS = 12
PRICE_DECIMALS = 8
NO_ADDER = Decimal(0)


@dataclass(frozen=True, slots=True)
class BillLine:
    """One printed line: `kwh` x `price` (yuan, up to 8 decimals), half up to `amount_fen`.

    `step` is 1 for the first step, 0 for a line that spans all steps (the energy of one period of the day).
    `kind` is "energy", or "adder" for the surcharge of a step on a bill with periods of the day.
    """

    kind: Literal["energy", "adder"]
    step: int
    period: Period
    kwh: int
    price: Decimal
    amount_fen: int


@dataclass(frozen=True, slots=True)
class Charge:
    """A computed bill; by the rule `total_once` the lines need not add up to `total_fen`."""

    lines: tuple[BillLine, ...]
    total_fen: int
    exact_yuan: Decimal  # before any rounding


class Season(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The upper limits of all steps but the last, in kWh a cycle, for these months of the year."""

    months: tuple[Month, ...]
    limits: tuple[Annotated[int, msgspec.Meta(gt=0)], ...]

    def __post_init__(self) -> None:
        if list(self.limits) != sorted(set(self.limits)):
            raise ValueError(f"limits must rise: {self.limits}")


class LargeHousehold(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How a home with many people gets a wider first step.

    `all_limits` keeps the widths of the later steps, `first_limit` takes the gain out of the second step.
    """

    extra_kwh_per_month: Count
    moves: Literal["all_limits", "first_limit"] = "all_limits"


class Tariff(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A price list as its file states it, in force from `valid_from` to `valid_to`, both included.

    `prices` are yuan per kWh of the first step by register. `adders` are put on top for step 1, 2, ...
    """

    id: str
    zh: str
    en: str
    source: str
    usage_class: Literal["residential", "business"]
    valid_from: date
    valid_to: date | None = None
    rounding: Rounding
    prices: dict[Period, Decimal]
    cycle: Literal["month", "year"] = "month"
    new_or_closed: Literal["pro_rated", "full_year"] = "full_year"
    adders: tuple[Decimal, ...] = (NO_ADDER,)
    seasons: tuple[Season, ...] = (Season(months=tuple(range(1, 13)), limits=()),)
    large_household: LargeHousehold | None = None
    due: DueRule
    late_fee: LateFeeRule

    def __post_init__(self) -> None:
        for problem in _contradictions(self):
            raise ValueError(problem)


def charge(
    tariff: Tariff,
    month: int,
    kwh: Mapping[Period, int],
    *,
    year_to_date_kwh: int = 0,
    months_of_supply: int = MONTHS,
    large_household: bool = False,
) -> Charge:
    """Compute the bill for what the registers counted: either "total" alone, or the periods of the day.

    In a yearly cycle `year_to_date_kwh` is what the account used in this year before; a whole year can be
    charged at once. `months_of_supply` (1 to 12) is how long a new or closed account has supply this year.
    Raises ValueError for negative kWh and for a register that the tariff has no price for.
    """
    _check_registers(tariff, kwh)
    limits = step_limits(tariff, month, months_of_supply=months_of_supply, large_household=large_household)
    used_before = year_to_date_kwh if tariff.cycle == "year" else 0
    by_step = list(_split(limits, used_before, used_before + sum(kwh.values())))
    if "total" in kwh:
        lines = tuple(
            _line("energy", step, "total", part, tariff.prices["total"] + tariff.adders[step - 1])
            for step, part in by_step
        )
    else:
        energy = [_line("energy", 0, period, used, tariff.prices[period]) for period, used in kwh.items()]
        surcharge = [_line("adder", step, "total", part, tariff.adders[step - 1]) for step, part in by_step]
        lines = tuple(line for line in energy + surcharge if line.kwh and line.price)
    exact = sum((line.price * line.kwh for line in lines), Decimal(0))
    by_line = sum(line.amount_fen for line in lines)
    total = by_line if tariff.rounding == "each_line_half_up" else _fen(exact)
    return Charge(lines, total, exact)


def step_limits(
    tariff: Tariff, month: int, *, months_of_supply: int = MONTHS, large_household: bool = False
) -> tuple[int, ...]:
    """Give the upper limits of all steps but the last for this account and cycle, in kWh."""
    if not 1 <= months_of_supply <= MONTHS:
        raise ValueError(f"months of supply in a year: {months_of_supply}")
    limits = next(season.limits for season in tariff.seasons if month in season.months)
    months = 1
    if tariff.cycle == "year":
        months = months_of_supply if tariff.new_or_closed == "pro_rated" else MONTHS
        limits = tuple(limit * months // MONTHS for limit in limits)
    if large_household and tariff.large_household is not None and limits:
        extra = tariff.large_household.extra_kwh_per_month * months
        if tariff.large_household.moves == "all_limits":
            return tuple(limit + extra for limit in limits)
        return (min((limits[0] + extra, *limits[1:2])), *limits[1:])
    return limits


def _split(limits: tuple[int, ...], before: int, after: int) -> Iterator[tuple[int, int]]:
    """Yield (step, kWh) of the consumption that took the cycle's count from `before` to `after`."""
    low = 0
    for step, high in enumerate((*limits, max(after, *limits, 0)), start=1):
        part = min(after, high) - max(before, low)
        if part > 0:
            yield step, part
        low = high


def _line(kind: Literal["energy", "adder"], step: int, period: Period, kwh: int, price: Decimal) -> BillLine:
    return BillLine(kind, step, period, kwh, price, _fen(price * kwh))


def _fen(yuan: Decimal) -> int:
    return int((yuan * 100).quantize(Decimal(1), ROUND_HALF_UP))


def _check_registers(tariff: Tariff, kwh: Mapping[Period, int]) -> None:
    if any(used < 0 for used in kwh.values()):
        raise ValueError(f"negative consumption: {dict(kwh)}")
    if "total" in kwh and len(kwh) > 1:
        raise ValueError("either the total or the periods of the day, not both")
    if unpriced := kwh.keys() - tariff.prices.keys():
        raise ValueError(f"tariff {tariff.id} has no price for {', '.join(sorted(unpriced))}")


def _contradictions(tariff: Tariff) -> Iterator[str]:
    """Yield what a tariff file says that cannot be meant."""
    months = sorted(month for season in tariff.seasons for month in season.months)
    if months != list(range(1, MONTHS + 1)):
        yield "every month of the year must stand in exactly one season"
    if tariff.cycle == "year" and len(tariff.seasons) != 1:
        yield "a yearly cycle has one season"
    if any(len(season.limits) != len(tariff.adders) - 1 for season in tariff.seasons):
        yield "there must be one adder more than limits"
    if tariff.adders[:1] != (NO_ADDER,) or list(tariff.adders) != sorted(tariff.adders):
        yield "adders must begin with 0 and must not fall"
    if tariff.new_or_closed == "pro_rated" and any(
        limit % MONTHS for season in tariff.seasons for limit in season.limits
    ):
        yield "yearly limits that are pro-rated must be multiples of 12"
    if not tariff.prices:
        yield "no price"
    for price in (*tariff.prices.values(), *tariff.adders):
        if not price.is_finite() or price < 0 or price != round(price, PRICE_DECIMALS):
            yield f"a price is not negative and has at most {PRICE_DECIMALS} decimals: {price}"
    if tariff.valid_to is not None and tariff.valid_to < tariff.valid_from:
        yield "valid_to lies before valid_from"
