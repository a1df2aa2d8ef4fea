"""Figures with their peers: how they are taken, judged, printed and kept."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


class GateError(Exception):
    """The measured program did not do its work right, so its speed means nothing."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value beside its peer or ceiling; `ratio` is value / against_value, `target` is read by people."""

    figure: str
    value: float
    unit: str
    against: str
    against_value: float
    ratio: float
    target: str
    met: bool


def at_most(figure: str, value: float, unit: str, against: str, peer: float, limit: float) -> Figure:
    """Judge a cost: no more than `limit` times the peer's."""
    ratio = value / peer
    return _figure(figure, value, unit, against, peer, f"<= {limit:g}x", ratio <= limit)


def at_least(figure: str, value: float, unit: str, against: str, peer: float, limit: float) -> Figure:
    """Judge a rate: no less than `limit` times the peer's."""
    ratio = value / peer
    return _figure(figure, value, unit, against, peer, f">= {limit:g}x", ratio >= limit)


def within(figure: str, value: float, unit: str, against: str, most: float) -> Figure:
    """Judge a cost that has a ceiling of its own, `most`, in the same unit."""
    return _figure(figure, value, unit, against, most, f"<= {most:g} {unit}", value <= most)


def above(figure: str, value: float, unit: str, against: str, peer: float, extra: float) -> Figure:
    """Judge a cost that may exceed the peer's by `extra`, in the same unit."""
    return _figure(figure, value, unit, against, peer, f"<= +{extra:g} {unit}", value <= peer + extra)


def _figure(
    figure: str, value: float, unit: str, against: str, peer: float, target: str, met: bool
) -> Figure:
    return Figure(figure, _rounded(value), unit, against, _rounded(peer), _rounded(value / peer), target, met)


def _rounded(value: float) -> float:
    """Four digits that count."""
    if value == 0 or not math.isfinite(value):
        return value
    return round(value, max(0, 3 - math.floor(math.log10(abs(value)))))


def quantile(samples: Sequence[float], share: float) -> float:
    """Give the smallest sample that at least `share` of all samples do not exceed (nearest rank).

    >>> quantile([4, 1, 3, 2], 0.5), quantile([4, 1, 3, 2], 0.99)
    (2, 4)
    """
    ordered = sorted(samples)
    return ordered[max(math.ceil(share * len(ordered)), 1) - 1]


def interleaved(sides: Sequence[Callable[[], float]], rounds: int, *, warm_up: int = 1) -> list[list[float]]:
    """Let all sides take turns; give each side's samples without the warm-up.

    Every other round goes the other way round, so that no side always runs in the wake of the same neighbour.
    """
    samples: list[list[float]] = [[] for _ in sides]
    for turn in range(warm_up + rounds):
        order = range(len(sides)) if turn % 2 == 0 else range(len(sides) - 1, -1, -1)
        for side in order:
            sample = sides[side]()
            if turn >= warm_up:
                samples[side].append(sample)
    return samples


def medians(samples: Iterable[Sequence[float]]) -> list[float]:
    """Give the median of each side."""
    return [statistics.median(side) for side in samples]


def table(figures: Sequence[Figure]) -> str:
    """Lay the figures out side by side for people."""
    head = ("figure", "value", "", "against", "value", "ratio", "target", "met")
    rows = [
        (
            f.figure,
            f"{f.value:,g}",
            f.unit,
            f.against,
            f"{f.against_value:,g}",
            f"{f.ratio:.2f}",
            f.target,
            "yes" if f.met else "NO",
        )
        for f in figures
    ]
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    right = {1, 4, 5}

    def line(row: Sequence[str]) -> str:
        cells = (
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        return "  ".join(cells).rstrip()

    return "\n".join([line(head), line(["-" * width for width in widths]), *map(line, rows)])


def keep(figures: Sequence[Figure], path: Path) -> None:
    """Write the figures as a JSON list."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        json.dumps([asdict(f) for f in figures], ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
    )
