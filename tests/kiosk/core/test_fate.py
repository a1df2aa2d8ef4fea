"""The words in which a note's fate is decided, and what a line of the table speaks of."""

from __future__ import annotations

from dataclasses import replace

import pytest

from drivers.cash.model import CashState
from kiosk.core.fate import Count, Journal, Named, Row, Sight, Situation, Slot, Verdict, but, some

IT = Situation(Journal.INTENDED, Slot.OWN, CashState.ESCROW, Sight.WATCHED, Count.SAME, Named.SAME)
ROW = Row(
    "one",
    Verdict.STACK,
    "Because.",
    journal=some(Journal.INTENDED),
    state=some(CashState.ESCROW),
    sight=some(Sight.WATCHED),
    count=some(Count.SAME),
    named=some(Named.SAME),
    slot=some(Slot.OWN),
)


def test_a_line_that_names_nothing_speaks_of_everything() -> None:
    everything = Row("all", Verdict.WAIT, "Because.")
    assert everything.holds(IT)
    columns = (everything.journal, everything.state, everything.sight, everything.count)
    assert columns == (frozenset(Journal), frozenset(CashState), frozenset(Sight), frozenset(Count))
    assert (everything.named, everything.slot) == (frozenset(Named), frozenset(Slot))


@pytest.mark.parametrize(
    "other",
    [
        {"journal": Journal.CREDITED},
        {"slot": Slot.OTHER},
        {"state": CashState.STACKED},
        {"sight": Sight.BLIND},
        {"count": Count.MORE},
        {"named": Named.OTHER},
    ],
)
def test_a_line_holds_only_where_every_column_does(other: dict[str, object]) -> None:
    assert ROW.holds(IT)
    assert not ROW.holds(replace(IT, **other))  # type: ignore[arg-type]


def test_some_and_all_but() -> None:
    assert some(Count.SAME, Count.LESS) == {Count.SAME, Count.LESS}
    assert but(Slot.OWN) == {Slot.NOBODY, Slot.OTHER}
    assert but(Slot.OWN, Slot.OTHER) == {Slot.NOBODY}


def test_the_words_are_those_of_the_page() -> None:
    assert [word.value for word in Journal] == [
        "no note",
        "intended",
        "credited or claimed",
        "returned",
        "fate unknown",
    ]
    assert [word.value for word in Slot] == ["no payment", "the note's own payment", "another payment"]
    assert [word.value for word in Count] == ["not told", "+0", "+1", "+2 or more", "less"]
    assert [word.value for word in Named] == ["not named", "same value", "other value"]
    assert [word.value for word in Sight] == [
        "watched",
        "kiosk away",
        "line new after trouble",
        "silent, stopped or restarted",
        "powered up, note in head",
        "powered up, note before box",
    ]
    assert [word.value for word in Verdict] == [
        "nothing",
        "wait",
        "credit",
        "returned",
        "unknown: memo claim",
        "stack it",
        "give it back",
        "acknowledge only",
        "judge as a new note",
        "credit as one more note",
        "claim this note",
        "claim a note of unknown value",
    ]
