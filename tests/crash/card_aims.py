"""Which runs play with meter cards and with new ones, which points they aim at, and what luck leads there."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from random import Random

from tests.crash.coverage import CARD_ROWS, HANDED_OVER, Mark, marks

SHARE = 0.25
"""Of so many runs the customers have meter cards."""
NEW_SHARE = 0.18
"""Of so many of those the kiosk makes new cards."""
RARE = frozenset({"WriteTorn", "WriteGivenUp"})
"""Events that only bad cards and worse customers bring about."""
HARD = RARE | {"RewriteOpened", "OutcomeTaken"}
LATE = frozenset({("", "RewriteOpened"), ("undelivered", "CardReadAsked"), ("undelivered", "WriteGivenUp")})
"""Rows that come only where the card is not in when the money is booked."""
WRITTEN = frozenset({"writing", "reading_back"})
LEADS: dict[tuple[str, str], Mark] = {
    ("paid", "CardOffered"): ("credited", "CardOffered", "between"),
    ("reading_back", "CardReadAsked"): ("undelivered", "WriteIntended", "after"),
    ("reading_back", "WriteVerified"): ("writing", "WriteVerified", "before"),
}
"""Rows that hardly anything but a death at another point leads to, and that point."""


def has_cards(seed: int) -> bool:
    """Whether the customers of this seed's world have meter cards."""
    return Random(f"cards {seed}").random() < SHARE


def makes_cards(seed: int) -> bool:
    """Whether the kiosk of this seed's world makes new cards."""
    return has_cards(seed) and Random(f"new cards {seed}").random() < NEW_SHARE


def is_of_new_cards(aim: Mark | None) -> bool:
    """Whether a point is reached only where new cards are made."""
    return aim is not None and aim[1] in HANDED_OVER


def is_of_cards(aim: Mark | None) -> bool:
    """Whether a point is reached only where there are meter cards."""
    return aim is not None and aim[:2] in CARD_ROWS


@cache
def card_aims() -> tuple[Mark, ...]:
    """The points that runs with cards aim at; those that are hard to come to three times."""
    own = [mark for mark in marks() if is_of_cards(mark) and not is_of_new_cards(mark)]
    hard = [mark for mark in own if mark[0] in {"torn", "owed", "checking"} or mark[1] in HARD]
    return (*own, *hard, *hard)


@cache
def new_card_aims() -> tuple[Mark, ...]:
    """The points that runs with new cards aim at: where one is handed over, and where one is written."""
    handed = [mark for mark in marks() if is_of_new_cards(mark)]
    return (*handed, *handed, *(mark for mark in marks() if mark[0] in WRITTEN))


def cards_luck(rng: Random, aim: Mark | None) -> tuple[float, float]:
    """How bad the line is, and how often the acceptor is in trouble, where there are cards."""
    if aim is None:
        return rng.choice([0.0, 0.05, 0.15, 0.3]), rng.choice([0.0, 0.0, 0.1])
    return rng.choice([0.3, 0.45] if aim[0] == "checking" else [0.05, 0.15]), 0.0


@dataclass(frozen=True, slots=True)
class NewCardLuck:
    """What befalls new cards and those who want one, as shares."""

    stuck: float
    """How often a card gets stuck, and how often the chip's contact is lost."""
    worn: float
    """How many of the cards in the stack can be written only so often."""
    unsure: float
    """How often the number that is to show who somebody is is a wrong one."""
    careless: float
    """How likely somebody leaves the new card in the mouth."""
    slow_paper: float
    """How many slips come later than the card."""


def new_card_luck(rng: Random, aim: Mark | None) -> NewCardLuck:
    """What leads to the point that a run aims at; without one, some of everything."""
    if aim is None or not (is_of_new_cards(aim) or aim[0] in WRITTEN):
        unsure, careless = rng.choice([0.0, 0.0, 0.0, 0.2, 0.9]), rng.choice([0.0, 0.3, 0.9])
        return NewCardLuck(rng.choice([0.0, 0.0, 0.0, 0.05, 0.2]), 0.05, unsure, careless, 0.0)
    state, event, _ = aim
    kept = event == "CardKept" and state != "owed"
    return NewCardLuck(
        stuck=rng.choice([0.1, 0.3]) if state in WRITTEN else 0.0,
        worn=0.5 if state == "owed" or event in RARE | {"WriteAbsent"} else 0.02,
        unsure=rng.choice([0.0] * 9 + [0.3]),
        careless=0.9 if kept else 0.05,
        slow_paper=0.8 if state == "credited" and event in {"CardKept", "CardLeft"} else 0.0,
    )
