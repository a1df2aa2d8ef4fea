"""The kiosk stops alone, the unit loses power alone, or both: at every state of the acceptor's protocol."""

from __future__ import annotations

from tests.journeys.kiosk import eventually
from tests.journeys.power_up_bench import Bench, Mortal
from tests.journeys.power_up_life import CREDITED, HUNDRED, Act, Life, end


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
        eventually(lambda: kiosk.payment().intended is None, "the note's fate is open")
        bench.pays_or_leaves(kiosk)
        return kiosk

    return act


LOST = end("rest-unseen", memo=HUNDRED, box=HUNDRED)
NO_NOTE = end("no-note-waits")
FROM_HEAD = end("on-the-way", "rest-from-head")
BY_COUNT = end("rest-count-moved", **CREDITED)

STATES: tuple[Life, ...] = (
    Life("kiosk idle", kiosk_alone("idle"), end("count-explained-returned")),
    Life("kiosk accepting", kiosk_alone("accepting"), end("new-note")),
    Life("kiosk escrow", kiosk_alone("before:NoteIntended"), end("new-note")),
    Life("kiosk intended", kiosk_alone("after:NoteIntended"), end("escrow-same", "stacked", **CREDITED)),
    Life("kiosk stacking", kiosk_alone("served:StackNote"), end("on-the-way", "stacked", **CREDITED)),
    Life("kiosk stacked", kiosk_alone("before:NoteStacked"), end("stacked", **CREDITED)),
    Life("kiosk credited", kiosk_alone("after:NoteStacked"), end("stacked-again", **CREDITED)),
    Life("kiosk acknowledged", kiosk_alone("served:AcknowledgeNote"), end("count-explained", **CREDITED)),
    Life("kiosk returning", kiosk_alone("returning:NoteIntended"), end("on-the-way", "returned")),
    Life("unit idle", unit_alone("idling"), NO_NOTE),
    Life("unit accepting", unit_alone("accepting"), NO_NOTE),
    Life("unit escrow", unit_alone("escrow"), NO_NOTE),
    Life("unit intended", unit_alone("after:NoteIntended"), FROM_HEAD),
    Life(
        "unit stacking", unit_alone("stacking"),
        end("found-before-box", "rest-count-moved", **CREDITED),
        end("found-before-box", "rest-from-box", **CREDITED),
    ),
    Life("unit stacked", unit_alone("stacked"), BY_COUNT, LOST),
    Life("unit credited", unit_alone("after:NoteStacked"), end("no-note-waits", **CREDITED)),
    Life("unit returning", unit_alone("returning:NoteIntended"), FROM_HEAD),
    Life("both idle", both("idle"), NO_NOTE),
    Life("both accepting", both("accepting"), NO_NOTE),
    Life("both escrow", both("before:NoteIntended"), NO_NOTE),
    Life("both intended", both("after:NoteIntended"), FROM_HEAD),
    Life(
        "both stacking", both("served:StackNote"),
        end("found-before-box", "rest-count-moved", **CREDITED),
        end("found-before-box", "rest-from-box", **CREDITED),
    ),
    Life("both stacked", both("before:NoteStacked"), BY_COUNT, LOST),
    Life("both credited", both("after:NoteStacked"), end("no-note-waits", **CREDITED)),
    Life("both returning", both("returning:NoteIntended"), FROM_HEAD),
)  # fmt: skip
