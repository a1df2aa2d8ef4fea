"""Deliberate faults of what is done with meter cards, by the rules of money that they break."""

from __future__ import annotations

from collections.abc import Callable

from kiosk.core.card_fate import Seen
from kiosk.payment import effects as fx
from kiosk.session.state import Page
from tests.crash import card_patches, patches, truth_patches
from tests.crash.fault import Fault
from tests.crash.patches import Patch


def _fault(
    name: str, rule: int, patched: Callable[[], tuple[Patch, ...]], *by: str, within: int = 100
) -> Fault:
    return Fault(name, rule, within, patched, by, cards=True)


CARD_FAULTS = (
    _fault(
        "a card is written before the row is durable",
        1,
        lambda: patches.act_first(fx.WriteCard),
        "I7: WriteCard",
    ),
    _fault(
        "a card is written without the hub's word",
        4,
        card_patches.written_without_authority,
        "which the hub never authorised",
    ),
    _fault(
        "a written card is not read back",
        2,
        card_patches.not_read_back,
        "called written before anybody has looked",
    ),
    _fault(
        "what is read back is not compared",
        2,
        lambda: card_patches.seen_as(Seen.WRITTEN, Seen.ABSENT, Seen.TORN),
        "is on its card, which holds",
    ),
    _fault(
        "a torn card counts as written",
        2,
        lambda: card_patches.seen_as(Seen.WRITTEN, Seen.TORN),
        "is on its card, which holds",
        within=400,
    ),
    _fault(
        "the lane tells what it was to write",
        2,
        card_patches.refused_write_is_read_as_written,
        "is on its card, which holds",
        "called written before anybody has looked",
    ),
    _fault("a purchase count is used again", 4, card_patches.count_used_again, "is sold after count"),
    _fault(
        "the count goes up twice for one payment",
        4,
        card_patches.count_up_twice,
        "the meter's count becomes",
    ),
    _fault(
        "power is sold before the meter has the former",
        3,
        card_patches.sold_untaken,
        "is sold while the meter stands at",
    ),
    _fault(
        "the wallet is written first", 1, card_patches.wallet_first, "the wallet of a card is written before"
    ),
    _fault(
        "a card's serial is not compared",
        4,
        card_patches.serial_not_compared,
        "is asked to let in whom",
        within=400,
    ),
    _fault(
        "a rewrite carries a new count",
        4,
        card_patches.rewritten_under_a_new_count,
        "be written for count",
        within=200,
    ),
    _fault("nothing is owed after a pull", 7, card_patches.nothing_owed_after_a_pull, "I5: payment"),
    _fault(
        "how a write ended is forgotten", 7, card_patches.outcome_forgotten, "was never told how the write"
    ),
    _fault(
        "what was not written is crossed off",
        7,
        card_patches.unwritten_counts_as_written,
        "is on its card, which holds",
        within=200,
    ),
    _fault(
        "the hub lets another card be written", 4, card_patches.another_card_authorised, "the hub lets card"
    ),
    _fault(
        "a written card has failed, and its count is sold again",
        3,
        card_patches.failed_is_sold_again,
        "has failed, and it is on its card",
        "is sold after count",
    ),
    _fault("money for power buys none", 6, card_patches.no_power_sold, "buys no power although"),
    _fault(
        "the meter's word is left on the card",
        7,
        card_patches.meters_word_left_on,
        "is sold and not on its card",
    ),
    _fault(
        "any card that is read proves its meter",
        3,
        card_patches.read_proves_anything,
        "the hub says that the meter has count",
    ),
    _fault(
        "the screen says written while the card is written",
        2,
        lambda: truth_patches.shown_as(Page.WRITING, Page.DONE),
        "says that a card is written whose payment is",
    ),
    _fault(
        "what is owed is shown as cancelled",
        7,
        lambda: truth_patches.shown_as_cancelled(Page.OWED),
        "nothing was taken",
    ),
)
