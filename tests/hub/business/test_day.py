"""The business date at the cut-over."""

from datetime import UTC, date, datetime, timedelta

import pytest

from hub.business.day import Day

LATE = Day(cut_over=timedelta(hours=23, minutes=30), closing=timedelta(minutes=5))


@pytest.mark.parametrize(
    ("utc", "day", "expected", "mode"),
    [
        ("2026-03-01T15:59:59", Day(), date(2026, 3, 1), "open"),
        ("2026-03-01T16:00:00", Day(), date(2026, 3, 2), "open"),
        ("2026-03-01T15:29:59", LATE, date(2026, 3, 1), "open"),
        ("2026-03-01T15:30:00", LATE, date(2026, 3, 2), "day_end"),
        ("2026-03-01T15:35:00", LATE, date(2026, 3, 2), "open"),
    ],
)
def test_business_date_and_mode(utc: str, day: Day, expected: date, mode: str) -> None:
    now = datetime.fromisoformat(utc).replace(tzinfo=UTC)
    assert (day.business_date(now), day.mode(now)) == (expected, mode)


def test_the_date_on_the_wall_knows_no_cut_over() -> None:
    late = datetime(2026, 3, 1, 15, 45, tzinfo=UTC)
    assert (LATE.calendar_date(late), LATE.business_date(late)) == (date(2026, 3, 1), date(2026, 3, 2))
    assert LATE.calendar_date(datetime(2026, 3, 1, 16, tzinfo=UTC)) == date(2026, 3, 2)


@pytest.mark.parametrize(
    ("utc", "day", "began"),
    [
        ("2026-03-01T15:59:59", Day(), "2026-02-28T16:00:00"),
        ("2026-03-01T16:00:00", Day(), "2026-03-01T16:00:00"),
        ("2026-03-01T15:29:59", LATE, "2026-02-28T15:30:00"),
        ("2026-03-01T15:30:00", LATE, "2026-03-01T15:30:00"),
    ],
)
def test_a_business_day_begins_at_its_cut_over(utc: str, day: Day, began: str) -> None:
    now, start = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (utc, began))
    assert day.begins(now) == start
    assert (
        day.business_date(start) == day.business_date(now) != day.business_date(start - timedelta(seconds=1))
    )
