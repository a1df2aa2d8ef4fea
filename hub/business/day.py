"""The accounting day: which business date a moment belongs to, and when the day is being closed."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from hub.business.forms import Mode


@dataclass(frozen=True, slots=True)
class Day:
    """The day's cut-over: local clock time `cut_over` after midnight, and how long the close takes.

    With `cut_over` at 23:30 the business date of 23:30 to 24:00 is already the next one. The local clock is a
    fixed offset from UTC, because the utility's country keeps one time all year.
    """

    utc_offset: timedelta = timedelta(hours=8)
    cut_over: timedelta = timedelta(hours=24)
    closing: timedelta = timedelta(0)

    def business_date(self, now: datetime) -> date:
        """The accounting day of a moment."""
        return (self._local(now) + timedelta(hours=24) - self.cut_over).date()

    def begins(self, now: datetime) -> datetime:
        """The moment at which the accounting day of a moment began."""
        midnight = datetime.combine(self.business_date(now), time(), UTC)
        return midnight + self.cut_over - timedelta(hours=24) - self.utc_offset

    def calendar_date(self, moment: datetime) -> date:
        """The date that a clock on the wall shows then, whatever the accounting day."""
        return self._local(moment).date()

    def mode(self, now: datetime) -> Mode:
        """Whether the day is being closed just now."""
        shifted = self._local(now) + timedelta(hours=24) - self.cut_over
        since = timedelta(hours=shifted.hour, minutes=shifted.minute, seconds=shifted.second)
        return "day_end" if since < self.closing else "open"

    def _local(self, now: datetime) -> datetime:
        return now.astimezone(UTC) + self.utc_offset
