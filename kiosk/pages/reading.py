"""How a value reads on the screen and how a voice says it: amounts, numbers, months, masked names.

A text of the catalogue is written once; its fields are these values, so that the seen and the heard form never differ
in anything but the reading.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from typing import NamedTuple

from kiosk.money import format_fen
from kiosk.numbers import group_by_four

_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


class Line(NamedTuple):
    """One text in its two readings."""

    shown: str
    spoken: str


NOTHING = Line("", "")


@dataclass(frozen=True, slots=True)
class Amount:
    """Money: shown as ¥1,284.50, said as 1284元5角 or 1284 yuan 50 fen."""

    fen: int

    def read(self, lang: str) -> Line:
        """Return both readings."""
        return Line(shown_amount(self.fen), spoken_amount(self.fen, lang))


@dataclass(frozen=True, slots=True)
class Amounts:
    """Note values."""

    fen: tuple[int, ...]

    def read(self, lang: str) -> Line:
        """Return both readings, the values in the order given."""
        comma = "、" if lang == "zh" else ", "
        shown = comma.join(f"¥{fen // 100}" if fen % 100 == 0 else shown_amount(fen) for fen in self.fen)
        return Line(shown, comma.join(spoken_amount(fen, lang) for fen in self.fen))


@dataclass(frozen=True, slots=True)
class Digits:
    """An account or meter number: shown in groups of four, said digit by digit."""

    digits: str

    def read(self, lang: str) -> Line:
        """Return both readings."""
        shown = group_by_four(self.digits)
        comma = "，" if lang == "zh" else ", "
        return Line(shown, comma.join(" ".join(group) for group in shown.split()))


@dataclass(frozen=True, slots=True)
class Masked:
    """A name or an address as the hub masked it; a voice says that something is hidden there."""

    text: str

    def read(self, lang: str) -> Line:
        """Return both readings."""
        said, hidden = [], False
        for letter in self.text:
            if letter != "*":
                said.append(letter)
            elif not hidden:
                said.append("某" if lang == "zh" else " hidden ")
            hidden = letter == "*"
        return Line(self.text, " ".join("".join(said).split()))


@dataclass(frozen=True, slots=True)
class Month:
    """A bill's month `YYYY-MM`."""

    month: str

    def read(self, lang: str) -> Line:
        """Return both readings."""
        year, month = _year_month(self.month)
        if lang == "zh":
            return Line(f"{year}年{month}月", f"{year}年{month}月")
        return Line(f"{_MONTHS[month - 1][:3]} {year}", f"{_MONTHS[month - 1]} {year}")


@dataclass(frozen=True, slots=True)
class Months:
    """One or more months, oldest first: a run reads as its first and last, a list with gaps as its parts."""

    months: tuple[str, ...]

    def read(self, lang: str) -> Line:
        """Return both readings, empty for no month."""
        runs = [_run(run, lang) for run in _runs(self.months)]
        comma = "、" if lang == "zh" else ", "
        return Line(comma.join(run.shown for run in runs), comma.join(run.spoken for run in runs))


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the present or a near year, without the year."""

    day: date

    def read(self, lang: str) -> Line:
        """Return both readings."""
        if lang == "zh":
            return Line(f"{self.day.month}月{self.day.day}日", f"{self.day.month}月{self.day.day}日")
        name = _MONTHS[self.day.month - 1]
        return Line(f"{self.day.day} {name[:3]}", f"{self.day.day} {name}")


@dataclass(frozen=True, slots=True)
class Date:
    """A day with its year."""

    day: date

    def read(self, lang: str) -> Line:
        """Return both readings."""
        day = Day(self.day).read(lang)
        if lang == "zh":
            return Line(f"{self.day.year}年{day.shown}", f"{self.day.year}年{day.spoken}")
        return Line(f"{day.shown} {self.day.year}", f"{day.spoken} {self.day.year}")


@dataclass(frozen=True, slots=True)
class When:
    """A day with its year, and the time of day as its zone has it."""

    at: datetime

    def read(self, lang: str) -> Line:
        """Return both readings."""
        day, at = Date(self.at.date()).read(lang), self.at
        if lang == "zh":
            return Line(f"{day.shown} {at:%H:%M}", f"{day.spoken}{at.hour}点{at.minute}分")
        return Line(f"{day.shown}, {at:%H:%M}", f"{day.spoken}, {at.hour} {at:%M}")


def spelled(word: str) -> Line:
    """Return a reference as it is written and as it is spelled out."""
    return Line(word, " ".join(word))


Value = Amount | Amounts | Digits | Masked | Month | Months | Day | Date | When


def shown_amount(fen: int) -> str:
    """Write an amount for the screen.

    >>> shown_amount(128450)
    '¥1,284.50'
    """
    return f"¥{format_fen(fen, thousands=True)}"


def spoken_amount(fen: int, lang: str) -> str:
    """Say an amount in whole units, as one says it at a counter.

    >>> spoken_amount(128453, "zh"), spoken_amount(128403, "zh"), spoken_amount(50, "zh")
    ('1284元5角3分', '1284元零3分', '5角')
    >>> spoken_amount(128450, "en")
    '1284 yuan 50 fen'
    """
    yuan, rest = divmod(abs(fen), 100)
    if lang == "en":
        parts = ([f"{yuan} yuan"] if yuan or not rest else []) + ([f"{rest} fen"] if rest else [])
        return ("minus " if fen < 0 else "") + " ".join(parts)
    jiao, cents = divmod(rest, 10)
    whole = f"{yuan}元" if yuan or not rest else ""
    tens = f"{jiao}角" if jiao else ("零" if yuan and cents else "")
    return ("负" if fen < 0 else "") + whole + tens + (f"{cents}分" if cents else "")


def _year_month(month: str) -> tuple[int, int]:
    return int(month[:4]), int(month[5:7])


def _runs(months: Sequence[str]) -> list[list[str]]:
    runs = [[months[0]]] if months else []
    for before, month in pairwise(months):
        (year, number), (next_year, next_number) = _year_month(before), _year_month(month)
        if (next_year - year) * 12 + next_number - number == 1:
            runs[-1].append(month)
        else:
            runs.append([month])
    return runs


def _run(run: Sequence[str], lang: str) -> Line:
    first, last = Month(run[0]).read(lang), Month(run[-1]).read(lang)
    if len(run) == 1:
        return first
    year, _ = _year_month(run[0])
    same_year = run[-1].startswith(f"{year}-")
    if lang == "zh":
        end = last.shown.removeprefix(f"{year}年") if same_year else last.shown
        return Line(f"{first.shown}至{end}", f"{first.shown}至{end}")
    begin = first.shown.removesuffix(f" {year}") if same_year else first.shown
    return Line(f"{begin} to {last.shown}", f"{first.spoken} to {last.spoken}")
