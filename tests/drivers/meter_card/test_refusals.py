"""When no more cards are asked, and when they are again."""

from __future__ import annotations

import pytest

from drivers.errors import CommandRefused
from drivers.meter_card.refusals import PAUSE_S, Refusals


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def asks(refusals: Refusals) -> bool:
    try:
        refusals.check()
    except CommandRefused:
        return False
    return True


def test_one_card_alone_is_its_own_fault() -> None:
    refusals = Refusals(Clock())
    assert asks(refusals)
    for _ in range(5):
        refusals.refused("A")
        assert asks(refusals)


def test_two_cards_in_a_row_are_ours_until_the_pause_is_over() -> None:
    clock = Clock()
    refusals = Refusals(clock)
    refusals.refused("A")
    refusals.refused("B")
    with pytest.raises(CommandRefused, match="2 cards"):
        refusals.check()
    clock.now += PAUSE_S - 1
    assert not asks(refusals)
    clock.now += 1
    assert asks(refusals)
    refusals.refused("C")
    assert not asks(refusals)


def test_a_card_that_lets_us_in_between_them_has_found_the_key_right() -> None:
    refusals = Refusals(Clock())
    refusals.refused("A")
    refusals.let_in()
    refusals.refused("B")
    assert asks(refusals)
