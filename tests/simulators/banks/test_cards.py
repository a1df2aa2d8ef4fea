"""The bench's card numbers are made up, and pass Luhn's check."""

from __future__ import annotations

import doctest

import pytest

from simulators.banks import cards as module
from simulators.banks.cards import RANGES, bench_cards, check_digit, parse


def test_the_modules_vectors() -> None:
    failed, tried = doctest.testmod(module)
    assert (failed, tried) == (0, 1)


@pytest.mark.parametrize("bank", RANGES)
def test_every_card_is_of_its_banks_range(bank: str) -> None:
    cards = bench_cards(bank).values()
    assert len({card.pan for card in cards}) == len(cards) > 3
    for card in cards:
        assert card.pan.startswith(RANGES[bank])
        assert (len(card.pan), check_digit(card.pan[:-1])) == (19, card.pan[-1])
        assert card.pan not in repr(card)


def test_a_bank_without_a_range_has_no_cards() -> None:
    assert bench_cards("bank_z") == {}


def test_a_card_by_option() -> None:
    card = parse("6212142000000000012::500")
    assert (card.pan, card.pin, card.balance_fen) == ("6212142000000000012", "", 500)
    for text in (
        "6212142000000000013::500",
        "6212142000000000012:123:500",
        "6212142000000000012:1234",
        "x:1234:5",
    ):
        with pytest.raises(ValueError, match="digit|values|unpack"):
            parse(text)
