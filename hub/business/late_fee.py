"""What an unpaid bill costs by the day once it is overdue, and when a bill falls due."""

import calendar
from datetime import date, timedelta
from typing import Annotated

import msgspec

Day = Annotated[int, msgspec.Meta(ge=1, le=31)]
PerMille = Annotated[int, msgspec.Meta(ge=0, le=1000)]
Fen = Annotated[int, msgspec.Meta(ge=0)]
Count = Annotated[int, msgspec.Meta(ge=0)]


class LateFeeRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A simple daily rate on the unpaid charge; never on an earlier late fee.

    `per_mille_carried_over` replaces the rate from the New Year after the bill became overdue (none: the
    rate stays). A fee above nothing is at least `floor_fen`, asked once for each bill.
    """

    per_mille_per_day: PerMille
    per_mille_carried_over: PerMille | None = None
    floor_fen: Fen = 0


class DayOfReadingMonth(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="rule", tag="day_of_reading_month"
):
    """Due on this day of the month in which the meter was read."""

    day: Day


class DayOfFollowingMonth(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="rule", tag="day_of_following_month"
):
    """Due on this day of the n-th month after the one in which the meter was read."""

    day: Day
    months: Annotated[int, msgspec.Meta(ge=1, le=12)] = 1


class DaysAfterIssue(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="rule", tag="days_after_issue"
):
    """Due so many days after the bill was issued."""

    days: Count


DueRule = DayOfReadingMonth | DayOfFollowingMonth | DaysAfterIssue


def due_date(rule: DueRule, read_on: date, issued_on: date) -> date:
    """Give the last day on which the bill can be paid without a late fee; day 31 means the month's end."""
    match rule:
        case DaysAfterIssue(days=days):
            return issued_on + timedelta(days=days)
        case DayOfReadingMonth(day=day):
            return _day_of_month(read_on, 0, day)
        case DayOfFollowingMonth(day=day, months=months):
            return _day_of_month(read_on, months, day)


def late_fee_fen(
    unpaid_principal_fen: int, due_date: date, on: date, rule: LateFeeRule, since: date | None = None
) -> int:
    """Give the late fee for the days after `due_date` up to and including `on`, half up to the fen.

    After part of the principal was paid, count the rest anew from that day: pass it as `since`, and add the
    fee that had grown until then. The floor is left out for `since`, because it was asked the first time.
    """
    begin = max(due_date, since or due_date)
    if unpaid_principal_fen <= 0 or on <= begin:
        return 0
    year_end = date((due_date + timedelta(days=1)).year, 12, 31)
    days = (on - begin).days
    days_carried_over = max((on - max(begin, year_end)).days, 0)
    carried_rate = rule.per_mille_carried_over
    if carried_rate is None:
        carried_rate = rule.per_mille_per_day
    per_mille = (days - days_carried_over) * rule.per_mille_per_day + days_carried_over * carried_rate
    fee = (unpaid_principal_fen * per_mille + 500) // 1000
    return fee if since or not per_mille else max(fee, rule.floor_fen)


def _day_of_month(start: date, months_later: int, day: int) -> date:
    index = start.year * 12 + start.month - 1 + months_later
    year, month = index // 12, index % 12 + 1
    return date(year, month, min(day, calendar.monthrange(year, month)[1]))
