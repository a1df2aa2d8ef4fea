"""What comes after a run with meter cards: every card comes to its meter, and what is owed is made and written."""

from __future__ import annotations

from typing import Any

from tests.crash.applicant import Applicant
from tests.crash.cardholder import Cardholder
from tests.crash.elsewhere import new_card_elsewhere, rewrite_elsewhere
from tests.crash.home import Home
from tests.crash.ways import Way

VISITS = 2
"""So often somebody comes for a new card who does all as it should be done: the first may meet a card that is worn."""

MANY = 100
"""So often can a card be written that takes the worn one's place at the counter."""


def bring_all_cards(world: Any) -> None:
    """Customers come until nothing is owed: to this kiosk, to another one, or to the counter."""
    cards = world.cards
    cards.reader.remove()
    cards.turn_up()
    for home in cards.homes:
        for chip in (*home.lost, home.hand):
            if chip is not None and not home.is_outdated(chip):
                world.note(home.takes(None, chip))
        _gets_new_card(world, home)
        _gets_what_is_owed(world, home)


def _gets_new_card(world: Any, home: Home) -> None:
    """A new card that is paid for is made here, where somebody who shows who he is may have it; or at the counter."""
    judge = world.cards.judge.new
    if judge.owes(home) and world.cards.dispenser is not None and world.rng.random() < 0.6:
        _applies(world, home)
        if judge.owes(home) and judge.may_show_who_he_is(home):
            judge.wrong("broken", f"{home.account_no} shows who he is, and his new card is not made")
    if judge.owes(home):
        new_card_elsewhere(world, home, at_counter=True)
    world.note(home.takes())


def _gets_what_is_owed(world: Any, home: Home) -> None:
    judge = world.cards.judge
    for times in range(3):
        if not judge.owed(home):
            return
        if times or world.rng.random() < 0.5:
            rewrite_elsewhere(world, home)
        else:
            world.see(Cardholder(world, home, steady=True))
            world.cards.reader.remove()
            world.settles()
        world.note(home.takes())
    if world.cards.dispenser is not None and home.chip.state.writes_left == 0:
        world.coverage.ways[Way.REPLACED] += 1
        home.loses()
        _applies(world, home)
        world.note(home.takes())
    if world.unit.broken and judge.owed(home):
        world.note("no money goes in any more: the counter helps")
        home.chip.state.writes_left = MANY
        home.gets(home.chip)
        rewrite_elsewhere(world, home)
        world.note(home.takes())


def _applies(world: Any, home: Home) -> None:
    """Come for a new card, once more if need be."""
    for _ in range(VISITS):
        if home.hand is None or world.cards.judge.new.owes(home):
            world.see(Applicant(world, home, steady=True))
            world.settles()
