"""What may come to pass with a new card, by name: a proof in which one of these never happened has not tried it."""

from __future__ import annotations

from enum import StrEnum


class Way(StrEnum):
    """One of the ways that a new card can go, and what becomes of who wants it."""

    FIRST = "a meter gets its first card"
    CARRIED = "a reissue carries a purchase that the meter has not"
    CARRIED_TAKEN = "a reissue carries a purchase that the meter has"
    CARRIED_LATER = "a reissue carries what was sold after it was paid for"
    TAKEN = "a new card is taken by its customer"
    NOT_TAKEN = "a written card that nobody takes is drawn in"
    PASSER_BY = "somebody else takes a new card"
    GONE = "a new card went while the kiosk was off"
    AGAIN = "a new card is held out once more after a start"
    SPOILED = "a card that cannot be written is drawn in"
    WORN = "a card of the stack is worn"
    MUTE = "a card of the stack is mute"
    USED = "a card of the stack is somebody's"
    REPLACED = "a new card takes the place of a worn one that a purchase is owed on"
    REFUSED = "who one is may not be tried any more"
    LATER = "a card that was paid for is made later"
    ELSEWHERE = "a card that was paid for is made at another kiosk"
    AT_COUNTER = "a card that was paid for is made at the counter"
    LEFT_ALONE = "another kiosk makes no card that this one may be making"
