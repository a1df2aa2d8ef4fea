"""A sample town: accounts with two years of bills; the same seed and date give the same town."""

from collections.abc import Iterator
from datetime import date

from hub.data.town_model import TownAccount, TownBill, TownMeter

__all__ = ["TownAccount", "TownBill", "TownMeter", "generate"]


def generate(seed: int, as_of: date, accounts: int = 2000) -> Iterator[TownAccount]:
    """Yield the town's accounts, the well-known ones of `town_demo` first.

    The bills are those of the 24 months that ended before `as_of`; what is paid is as on that day.
    """
    raise NotImplementedError
