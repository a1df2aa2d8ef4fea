"""Random draws that come out the same on every machine and every Python, from a named seed."""

import math
from collections.abc import Sequence
from random import Random
from statistics import NormalDist
from typing import TypeVar

T = TypeVar("T")
_NORMAL = NormalDist()
_SMALLEST = 2.0**-53


class Draw:
    """A stream of draws for one name; every draw takes exactly one number from the stream.

    Only `Random.random()` is promised to stay the same from one Python to the next, so all rests on it.
    """

    def __init__(self, name: str) -> None:
        self._random = Random(name)  # noqa: S311  an invented town keeps no secret

    def share(self) -> float:
        """Give a number above 0 and below 1."""
        return max(self._random.random(), _SMALLEST)

    def normal(self, mean: float = 0.0, sigma: float = 1.0) -> float:
        """Draw from the normal distribution."""
        return mean + sigma * _NORMAL.inv_cdf(self.share())

    def lognormal(self, median: float, sigma: float) -> float:
        """Draw from the lognormal distribution."""
        return median * math.exp(self.normal(0.0, sigma))

    def between(self, low: int, high: int) -> int:
        """Draw a whole number, both ends included."""
        return low + int(self.share() * (high - low + 1))

    def pick(self, choices: Sequence[T]) -> T:
        """Draw one of the choices, each alike."""
        return choices[int(self.share() * len(choices))]

    def weighted(self, table: Sequence[tuple[T, float]]) -> T:
        """Draw one of the choices by its share; the last takes what the shares leave of 1."""
        rest = self.share()
        for choice, weight in table:
            rest -= weight
            if rest < 0:
                return choice
        return table[-1][0]
