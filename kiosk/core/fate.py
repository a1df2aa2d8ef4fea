"""The words in which a note's fate is decided: what the journal, the acceptor and its counter can say."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from drivers.cash.model import CashState


class Journal(StrEnum):
    """What the journal says of the newest note."""

    NONE = "no note"
    INTENDED = "intended"
    CREDITED = "credited or claimed"
    RETURNED = "returned"
    UNKNOWN = "fate unknown"


class Slot(StrEnum):
    """Whose the note slot is now."""

    NOBODY = "no payment"
    OWN = "the note's own payment"
    OTHER = "another payment"


class Sight(StrEnum):
    """How well we have watched the acceptor since it last stood empty-handed before us."""

    WATCHED = "watched"
    ABSENT = "kiosk away"
    REOPENED = "line new after trouble"
    BLIND = "silent, stopped or restarted"
    HEAD = "powered up, note in head"
    BOX = "powered up, note before box"


class Count(StrEnum):
    """The acceptor's own count of stacked notes against the one that the journal holds for the newest note."""

    NOT_KEPT = "not told"
    SAME = "+0"
    ONE_MORE = "+1"
    MORE = "+2 or more"
    LESS = "less"


class Named(StrEnum):
    """The note that the report names, against the journal's newest."""

    NOT = "not named"
    SAME = "same value"
    OTHER = "other value"


class Verdict(StrEnum):
    """What is decided. A note in escrow goes back unless the verdict is to stack or to judge it."""

    NOTHING = "nothing"
    WAIT = "wait"
    CREDIT = "credit"
    RETURNED = "returned"
    UNKNOWN = "unknown: memo claim"
    STACK = "stack it"
    GIVE_BACK = "give it back"
    ACKNOWLEDGE = "acknowledge only"
    JUDGE = "judge as a new note"
    CREDIT_UNASKED = "credit as one more note"
    CLAIM = "claim this note"
    CLAIM_UNSEEN = "claim a note of unknown value"


@dataclass(frozen=True, slots=True)
class Situation:
    """All that a decision rests on."""

    journal: Journal
    slot: Slot
    state: CashState
    sight: Sight
    count: Count
    named: Named


T = TypeVar("T", bound=StrEnum)


def some(*members: T) -> frozenset[T]:
    """A column's entry."""
    return frozenset(members)


def but(*members: T) -> frozenset[T]:
    """A column's entry: all but these."""
    return frozenset(type(members[0])) - frozenset(members)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: a column that is left out holds for anything."""

    name: str
    verdict: Verdict
    why: str
    journal: frozenset[Journal] = frozenset(Journal)
    state: frozenset[CashState] = frozenset(CashState)
    sight: frozenset[Sight] = frozenset(Sight)
    count: frozenset[Count] = frozenset(Count)
    named: frozenset[Named] = frozenset(Named)
    slot: frozenset[Slot] = frozenset(Slot)

    def holds(self, it: Situation) -> bool:
        """Whether this line speaks of the situation."""
        return (
            it.journal in self.journal
            and it.state in self.state
            and it.sight in self.sight
            and it.count in self.count
            and it.named in self.named
            and it.slot in self.slot
        )
