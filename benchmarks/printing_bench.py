"""Chinese on the receipt printer; see `benchmarks.printing`, which can be run by itself."""

from __future__ import annotations

from benchmarks import printing
from benchmarks.figures import Figure


def figures(*, quick: bool) -> list[Figure]:
    """Take its figures; they are the same in a quick run."""
    return [Figure(**row) for row in printing.figures()]
