"""Who loses power and when: the acts by which the power-up table is tried at each state of the acceptor."""

from __future__ import annotations

from collections.abc import Callable

from drivers.cash.model import CashState
from tests.journeys.kiosk import eventually
from tests.journeys.power_up_bench import Bench, Mortal
from tests.journeys.power_up_life import Act

Way = Callable[[Bench, Mortal], object]
"""Leads from an open slot to a unit that stands still in some state."""
Then = Callable[[Bench], object]
"""What people do afterwards."""


def stopped(bench: Bench, moment: str) -> None:
    """A customer puts a hundred in, and the kiosk stops dead at this moment."""
    kiosk = bench.at_slot()
    when, _, what = moment.partition(":")
    if what == "NoteIntended" and when == "returning":
        kiosk.after(what, lambda: bench.validator("escrow_over"))
        bench.insert(100)
        bench.stands("returning")
        kiosk.crash()
    elif what:
        kiosk.dies(when, what)
        bench.insert(100)
        kiosk.died()
    else:
        if moment == "accepting":
            bench.validator("freeze_at", state=moment)
            bench.insert(100)
            bench.stands(moment)
        kiosk.crash()


def kiosk_alone(moment: str) -> Act:
    """The kiosk stops and comes back beside the unit that went on."""

    def act(bench: Bench) -> Mortal:
        if moment == "served:StackNote":
            bench.validator("freeze_at", state="stacking")
        stopped(bench, moment)
        kiosk = bench.start()
        if moment in {"accepting", "served:StackNote"}:
            bench.hears("accepting" if moment == "accepting" else "stacking")
            bench.validator("go_on")
        if moment == "returning:NoteIntended":
            bench.hears("returning")
        if moment in {"accepting", "before:NoteIntended", "returning:NoteIntended"}:
            bench.take_note()
        return kiosk

    return act


def both(moment: str) -> Act:
    """Mains for kiosk and unit."""

    def act(bench: Bench) -> Mortal:
        if moment == "served:StackNote":
            bench.validator("freeze_at", state="stacking")
        stopped(bench, moment)
        bench.power_cycle()
        return bench.start()

    return act


def unit_alone(moment: str) -> Act:
    """The unit loses power before a kiosk that lives on."""

    def act(bench: Bench) -> Mortal:
        kiosk = bench.at_slot()
        when, _, what = moment.partition(":")
        if when == "returning":
            kiosk.after(what, lambda: bench.validator("escrow_over"))
            bench.insert(100)
            kiosk.notice("Take the returned note")
            bench.validator("power_off")
        elif what:
            getattr(kiosk, when)(what, lambda: bench.validator("power_off"))
        elif moment != "idling":
            bench.validator("cut_power_at", state=moment)
        if when == "idling":
            bench.validator("power_off")
        elif when != "returning":
            bench.insert(100)
        bench.stands("power_off")
        bench.comes_up()
        return lives_on(bench, kiosk)

    return act


def back(bench: Bench, who: str, kiosk: Mortal, then: Then) -> Mortal:
    """Power comes back to the kiosk, the unit or both."""
    if who == "both":
        bench.validator("power_on")
    if who != "unit":
        again = bench.start()
        then(bench)
        return again
    bench.comes_up()
    then(bench)
    return lives_on(bench, kiosk)


def lives_on(bench: Bench, kiosk: Mortal) -> Mortal:
    """The customer before a kiosk that lived on ends the payment once the note's fate is known."""
    eventually(lambda: kiosk.payment().intended is None, "the note's fate is open")
    bench.pays_or_leaves(kiosk)
    return kiosk


def nothing(_bench: Bench) -> None:
    """Nobody does anything."""


def struck(
    who: str, at: CashState, way: Way, then: Then = nothing, *, dying: str = "", meanwhile: Then = nothing
) -> Act:
    """The power goes once the kiosk has been told of the state, or `dying` before:Event or after:Event of its own;
    `meanwhile` is done before it comes back."""

    def act(bench: Bench) -> Mortal:
        kiosk = bench.at_slot()
        bench.hears_anew()
        if dying and who != "unit":
            kiosk.dies(*dying.split(":"))
        way(bench, kiosk)
        if dying and who != "unit":
            kiosk.died()
        else:
            bench.hears(at)
        if who != "unit":
            kiosk.crash()
        if who != "kiosk":
            bench.validator("power_off")
        meanwhile(bench)
        return back(bench, who, kiosk, then)

    return act


def intended(order: str, **how: object) -> Way:
    """The unit is given this order when the intent is durable, before it is told to stack."""

    def way(bench: Bench, kiosk: Mortal) -> None:
        kiosk.after("NoteIntended", lambda: bench.validator(order, **how))
        bench.insert(100)

    return way


def stacking(order: str, **how: object) -> Way:
    """The unit is given this order while the note is on its way to the box."""

    def way(bench: Bench, _kiosk: Mortal) -> None:
        bench.validator("freeze_at", state="stacking")
        bench.insert(100)
        bench.stands("stacking")
        bench.validator(order, **how)

    return way


def orders(*words: str, once: CashState | None = None) -> Then:
    """The unit is given these orders one after the other, `once` the kiosk has been told of this state again."""

    def then(bench: Bench) -> None:
        if once:
            bench.hears(once)
        for word in words:
            bench.validator(word)

    return then
