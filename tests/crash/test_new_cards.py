"""New cards in the simulated world: made, handed over, spoiled, made later; and the judge sees what must not be."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from hub.business.cards import Purchase
from simulators.cards.user_card import UserCard
from tests.crash.aftermath import bring_all_cards
from tests.crash.card_aims import LEADS, NEW_SHARE, has_cards, makes_cards, new_card_aims
from tests.crash.card_verdict import judge_cards
from tests.crash.coverage import Plan, marks
from tests.crash.elsewhere import new_card_elsewhere
from tests.crash.home import Home
from tests.crash.new_card_faults import NEW_CARD_FAULTS
from tests.crash.ways import Way
from tests.crash.world import Options, World, options_for, run

SEEDS = [seed for seed in range(1, 4000) if makes_cards(seed)]


def a_world(seed: int = SEEDS[0]) -> tuple[World, Home]:
    """A world that makes new cards, in which nothing goes wrong, and somebody in it who has lost his."""
    found = World(seed, Options())
    assert found.cards is not None
    found.bad = found.line.bad = found.unit.trouble = 0.0
    found.cards.heal()
    home = next(home for home in found.cards.homes if home.opened)
    home.takes()
    home.loses()
    return found, home


def owe(there: World, home: Home) -> Purchase:
    """A new card was paid for before the run, and not made."""
    cards: Any = there.cards
    last: Purchase = next(row for row in cards.judge.sold.values() if row.meter_no == home.meter_no)
    order = replace(last, id="f" * 32, kind="reissue", state="owed", card_mark=None, serial=1)
    there.books.rows["purchases", order.id] = order
    cards.judge.sold[order.id] = order
    return order


def test_a_share_of_the_worlds_with_cards_makes_new_ones() -> None:
    found = [makes_cards(seed) for seed in range(8000) if has_cards(seed)]
    assert NEW_SHARE - 0.04 < sum(found) / len(found) < NEW_SHARE + 0.04
    assert all(options_for(seed).aim in {None, *new_card_aims()} for seed in SEEDS[:50])


def test_what_another_death_leads_to_is_aimed_at_after_it() -> None:
    assert set(LEADS) <= {mark[:2] for mark in marks()}
    for row, lead in LEADS.items():
        assert lead in marks()
        there, _ = a_world()
        plan = Plan(there.rng, 0.0, (*row, "before"), 0, lead)
        plan.skip = 0
        assert not plan._hit([row], "before")
        assert plan._hit([lead[:2]], lead[2])
        assert plan._hit([row], "before")


@pytest.mark.parametrize("way", ["elsewhere", "at the counter"])
def test_a_card_that_was_paid_for_is_made_at_another_kiosk_once(way: str) -> None:
    there, home = a_world()
    there.boot()
    owe(there, home)
    counter = way != "elsewhere"
    assert new_card_elsewhere(there, home, at_counter=counter)
    assert home.hand is home.chip
    assert not new_card_elsewhere(there, home, at_counter=counter)
    assert there.coverage.ways[Way.AT_COUNTER if counter else Way.ELSEWHERE] == 1
    judge_cards(there, ())
    assert not there.judge.found


def test_who_comes_back_and_shows_who_he_is_gets_the_card_that_he_paid_for() -> None:
    for seed in SEEDS:
        there, home = a_world(seed)
        there.boot()
        there.passes(5.0)
        owe(there, home)
        bring_all_cards(there)
        # No money of this run paid for it, so the screen cannot be right about that.
        assert not [v for v in there.judge.found if not v.text.startswith("the screen says")]
        assert home.hand is home.chip
        if there.coverage.ways[Way.LATER]:
            assert there.coverage.ways[Way.TAKEN] == 1
            return
    pytest.fail("everybody went to the counter")


def test_the_judge_sees_two_cards_for_one_payment() -> None:
    there, home = a_world()
    assert there.cards is not None
    order = owe(there, home)
    judge, cards = there.cards.judge.new, [there.cards.from_stack(good=True) for _ in range(2)]
    for card in (cards[0], *cards):
        assert isinstance(card, UserCard)
        judge.given(order.id, card)
    assert [v.kind for v in there.judge.found] == ["doubled"]


def test_the_judge_sees_a_card_that_is_paid_for_and_nobody_has() -> None:
    there, home = a_world()
    owe(there, home)
    judge_cards(there, ())
    assert [v.text for v in there.judge.found] == [
        f"a reissue of {home.account_no} is paid for, and nobody has a card"
    ]


def test_some_runs_go_most_ways_of_a_new_card() -> None:
    ways: Counter[Way] = Counter()
    for seed in SEEDS[:12]:
        found = run(seed, options_for(seed))
        assert not found.violations
        ways.update(found.coverage.ways)
    assert len([way for way in Way if ways[way]]) >= 7, ways


def test_each_fault_of_new_cards_is_one_of_its_own() -> None:
    names = [fault.name for fault in NEW_CARD_FAULTS]
    assert len(names) == len(set(names)) >= 20
    assert all(fault.cards and fault.new_cards for fault in NEW_CARD_FAULTS)
