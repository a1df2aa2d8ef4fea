"""Deliberate faults of what is done about new cards, by the rules of money that they break."""

from __future__ import annotations

from collections.abc import Callable

from tests.crash import new_card_patches as patches
from tests.crash.fault import Fault
from tests.crash.patches import Patch


def _fault(
    name: str, rule: int, patched: Callable[[], tuple[Patch, ...]], *by: str, within: int = 100
) -> Fault:
    return Fault(name, rule, within, patched, by, cards=True, new_cards=True)


NEW_CARD_FAULTS = (
    _fault(
        "a reissue carries the next count",
        4,
        lambda: patches.carried("count", lambda count: count + 1),
        "a reissue carries count",
    ),
    _fault(
        "a reissue carries nothing",
        7,
        lambda: patches.carried("amount_fen", lambda _: 0),
        "a reissue carries count",
    ),
    _fault(
        "a new card is written without its amount",
        7,
        patches.written_empty,
        "and is not written whole",
        "is on its card, which holds",
    ),
    _fault("the old card stays the meter's", 4, patches.old_card_stays_active, "has card"),
    _fault(
        "a second new card is sold while one is owed",
        7,
        patches.sold_beside_one_that_is_owed,
        "is sold while one is owed",
    ),
    _fault(
        "a new card is made again before the hub knows of it",
        4,
        patches.made_again_before_it_is_told,
        "two cards are given out",
    ),
    _fault(
        "a new card that is made is still owed",
        4,
        patches.made_and_still_owed,
        "two cards are given out",
        "is written and the hub has it as",
    ),
    _fault(
        "another kiosk that makes the card is not waited for",
        4,
        patches.another_kiosk_is_not_waited_for,
        "two cards are given out",
        "another one has taken its place",
    ),
    _fault(
        "the fee is taken twice",
        6,
        patches.fee_taken_twice,
        "pays 4000 fen for a reissue",
        "buys no card although it could",
    ),
    _fault(
        "the fee is taken and no card sold",
        6,
        patches.fee_without_a_card,
        "the legs are not on account",
        "buys no card",
    ),
    _fault("anybody is the customer", 9, patches.anybody_is_the_customer, "the hub finds the number of"),
    _fault("who one is may be tried without end", 9, patches.tries_without_end, "is compared after"),
    _fault("nobody is asked who he is", 9, patches.nobody_is_asked_who_he_is, "nobody has shown who he is"),
    _fault(
        "a new card is held out while it is written",
        1,
        patches.held_out_while_it_is_written,
        "I7: PresentCard",
        "is held out before a row permits it",
    ),
    _fault(
        "a new card counts as written as it is",
        2,
        patches.held_out_as_it_is,
        "is on its card, which holds",
        "is not written whole",
    ),
    _fault("a new card is held out without a row", 1, patches.offered_without_a_row, "I7: PresentCard"),
    _fault(
        "a spoiled new card is told as written",
        2,
        patches.told_written_of_a_spoiled_card,
        "says that a new card is written",
        "is on its card, which holds",
    ),
    _fault("a new card is drawn in without a row", 1, patches.drawn_in_without_a_row, "and no row says so"),
    _fault(
        "whose card is in the machine is forgotten",
        7,
        patches.forgotten_in_the_machine,
        "and no row says so",
        "nobody knows what became of the new card",
    ),
    _fault(
        "a new card is held out to whoever comes",
        8,
        patches.held_out_to_whoever_comes,
        "is held out, and the screen is",
    ),
    _fault(
        "after a start a new card counts as taken",
        7,
        patches.gone_when_the_kiosk_starts,
        "which is in the machine",
    ),
)
