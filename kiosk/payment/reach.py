"""Whether banknotes can make up an amount that buys what is wanted: seen before the first one is taken."""

from __future__ import annotations

from collections.abc import Iterable


def reachable(notes_fen: Iterable[int], least_fen: int, most_fen: int) -> bool:
    """Whether notes of one value come to an amount from `least_fen` to `most_fen`; nothing is less than no least.

    >>> reachable((1000, 5000), 1000, 4500), reachable((1000, 5000), 4500, 4900), reachable((5000,), 0, 0)
    (True, False, True)
    """
    return any(-(-least_fen // value) * value <= most_fen for value in notes_fen)
