"""Cuts while a note is given back, rejected, or covered by a busy unit, and after it was credited."""

from __future__ import annotations

from drivers.cash.model import CashState as C
from tests.journeys.power_up_acts import (
    Then,
    Way,
    back,
    both,
    intended,
    nothing,
    orders,
    stacking,
    struck,
)
from tests.journeys.power_up_bench import Bench, Mortal
from tests.journeys.power_up_life import CREDITED, HUNDRED, Act, End, Life, end

ALL = 10**6
"""More acknowledgements than a life has."""


def given_back(*, heard: bool = True) -> Way:
    """The intended note goes back before it is stacked and is taken; the word of it is not acknowledged, or is."""

    def way(bench: Bench, kiosk: Mortal) -> None:
        kiosk.after("NoteIntended", lambda: bench.validator("escrow_over"))
        bench.validator("drop_ack", next=0 if heard else ALL)
        bench.insert(100)
        bench.take_note()

    return way


def held_out(bench: Bench, kiosk: Mortal) -> None:
    """The intended note is held out to its owner, who leaves it there."""
    kiosk.after("NoteIntended", lambda: bench.validator("escrow_over"))
    bench.insert(100)
    bench.held_out()


def a_hundred(bench: Bench, _kiosk: Mortal) -> None:
    """A hundred is put in."""
    bench.insert(100)


def cut_at(state: str, way: Way = a_hundred) -> Act:
    """The unit loses power at the moment that it reaches this state."""

    def act(bench: Bench) -> Mortal:
        kiosk = bench.at_slot()
        bench.validator("cut_power_at", state=state)
        way(bench, kiosk)
        bench.stands("power_off")
        return back(bench, "unit", kiosk, nothing)

    return act


def rejected(bench: Bench, kiosk: Mortal) -> None:
    """A hundred is credited; a second note is found bad, and the word of it is not acknowledged."""
    bench.insert(100)
    kiosk.wrote("NoteStacked")
    bench.stands("idling")
    bench.validator("drop_ack", next=ALL)
    bench.validator("reject_next")
    bench.insert(50)


def acks(bench: Bench) -> None:
    """The line carries acknowledgements again."""
    bench.validator("drop_ack", next=0)


def while_sending(who: str) -> Act:
    """The power goes when the credit request may be sent, and the unit is closed."""

    def act(bench: Bench) -> Mortal:
        kiosk = bench.at_slot()
        if who == "unit":
            kiosk.after("CreditSending", lambda: bench.validator("power_off"))
        else:
            kiosk.dies("after", "CreditSending")
        bench.insert(100)
        kiosk.wrote("NoteStacked")
        kiosk.press("pay_now")
        if who == "unit":
            bench.stands("power_off")
        else:
            kiosk.died()
        if who == "both":
            bench.validator("power_off")
        return back(bench, who, kiosk, nothing)

    return act


def no_longer_busy(bench: Bench) -> None:
    """Once the kiosk is told that the unit is busy it tells again what it does, and does it."""
    bench.hears(C.BUSY)
    bench.validator("busy", on=False)
    bench.validator("go_on")


def by_hand(state: C, *words: str) -> Then:
    """Once the kiosk is told of the fault again it is mended, and the note held out is taken."""

    def then(bench: Bench) -> None:
        orders(*words, once=state)(bench)
        bench.take_note()

    return then


LOST = end("rest-unseen", memo=HUNDRED)
BACK = end("on-the-way", "returned")
STACKED = end("on-the-way", "stacked", **CREDITED)
AT_REST = end("no-note-waits", **CREDITED)
TO_BOX = (
    end("found-before-box", "rest-count-moved", **CREDITED),
    end("found-before-box", "rest-from-box", **CREDITED),
)
PULLED_OUT = by_hand(C.PAUSED, "clear")

BEFORE, AFTER = "before:NoteReturned", "after:NoteReturned"


def telling(who: str, dying: str) -> Act:
    """The power goes while the unit tells that the note was taken; no acknowledgement reaches it."""
    return struck(who, C.RETURNED, given_back(heard=False), dying=dying, meanwhile=acks)


def in_the_dark(who: str) -> Act:
    """The note is held out when the power goes, and is taken before it comes back."""
    return struck(who, C.RETURNING, held_out, meanwhile=orders("take_note"))


def rare(name: str, act: Act, counted: End, uncounted: End | None = None, *, at: C | None = None) -> Life:
    """A near relative of other lives."""
    return Life(name, act, counted, uncounted, at, rare=True)


ALL_WHO = ("kiosk", "unit", "both")
CUTS: tuple[Life, ...] = (
    rare("kiosk told of the return", telling("kiosk", BEFORE), end("returned"), at=C.RETURNED),
    rare("kiosk wrote the return", telling("kiosk", AFTER), end("no-note-waits"), at=C.RETURNED),
    rare("kiosk acknowledged the return", struck("kiosk", C.RETURNED, given_back(), dying=BEFORE), LOST),
    rare("unit telling the return", cut_at("returned", given_back()), LOST, at=C.RETURNED),
    rare("both telling the return", telling("both", BEFORE), LOST, at=C.RETURNED),
    rare("unit off, note taken meanwhile", in_the_dark("unit"), LOST, at=C.RETURNING),
    rare("both off, note taken meanwhile", in_the_dark("both"), LOST, at=C.RETURNING),
    *(rare(f"{w} rejecting", struck(w, C.REJECTING, rejected, acks), AT_REST, at=C.REJECTING) for w in ALL_WHO),
    *(rare(f"{w} paused", struck(w, C.PAUSED, intended("pause"), PULLED_OUT), BACK, at=C.PAUSED) for w in ALL_WHO),
    rare("kiosk busy", struck("kiosk", C.BUSY, stacking("busy"), no_longer_busy), STACKED, at=C.BUSY),
    rare("unit busy", struck("unit", C.BUSY, stacking("busy")), *TO_BOX, at=C.BUSY),
    rare("both busy", struck("both", C.BUSY, stacking("busy")), *TO_BOX, at=C.BUSY),
    rare("kiosk sending", while_sending("kiosk"), end("count-explained", **CREDITED), at=C.DISABLED),
    rare("unit sending", while_sending("unit"), AT_REST, at=C.DISABLED),
    rare("both sending", while_sending("both"), AT_REST, at=C.DISABLED),
    rare("unit acknowledged", cut_at("idling"), AT_REST, at=C.IDLE),
    rare("both acknowledged", both("served:AcknowledgeNote"), AT_REST),
)  # fmt: skip
