"""Every row of the power-up table on the wire: what happened, what the books must say then, and which row said so.

`run_all()` lives all lives with and without a counter; `make test` lives each row at least once.
"""

from __future__ import annotations

import contextlib
import itertools
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.journeys.kiosk import eventually
from tests.journeys.power_up_bench import Bench, Mortal
from tests.journeys.town import founded

HUNDRED, FIFTY = 10000, 5000


@dataclass(frozen=True, slots=True)
class End:
    """Where every fen is in the end, and which rows decided on the way."""

    credited: int = 0
    suspense: int = 0
    memo: int = 0
    box: int = 0
    rows: frozenset[str] = frozenset()
    claims: int = 0


def end(
    *rows: str, credited: int = 0, suspense: int = 0, memo: int = 0, box: int = 0, claims: int = -1
) -> End:
    """An end; without `claims` there are as many as there are sums in suspense or in doubt."""
    count = claims if claims >= 0 else bool(suspense) + bool(memo)
    return End(credited, suspense, memo, box, frozenset(rows), count)


CREDITED = {"credited": HUNDRED, "box": HUNDRED}
Act = Callable[[Bench], Mortal]
Order = tuple[str, dict[str, object]]


@dataclass(frozen=True, slots=True)
class Life:
    """One life: `act` leads to the last kiosk; `counted` and `uncounted` are its ends."""

    name: str
    act: Act
    counted: End
    uncounted: End | None = None


# The kiosk stops alone, the unit loses power alone, or both: at every state of the protocol.


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


# What else can happen while nobody looks.


def away(*orders: Order, told: bool | None = None, then: int = 0) -> Act:
    """The kiosk stops with its intent durable; the unit is given these orders; a note comes `then`; it starts."""

    def act(bench: Bench) -> Mortal:
        stopped(bench, "after:NoteIntended")
        if told is not None:
            bench.gone_back(told)
        for order, how in orders:
            bench.validator(order, **how)
        if then:
            bench.insert(then)
            bench.stands("escrow")
        kiosk = bench.start()
        if then or orders in ((HIDDEN,), (ODD_COUNT,)):
            bench.take_note()
        return kiosk

    return act


def jammed(bench: Bench) -> Mortal:
    """While the kiosk is away the note jams before the box, and a technician takes it out by hand."""
    bench.validator("freeze_at", state="stacking")
    stopped(bench, "served:StackNote")
    bench.validator("jam", where="box")
    assert bench.validator("clear")["removed_fen"] == HUNDRED
    bench.stands("unit_disabled")
    return bench.start()


def jams_coming_out(bench: Bench) -> Mortal:
    """The unit comes up with the note in its head, and it jams on its way out."""
    kiosk = bench.at_slot()
    kiosk.after("NoteIntended", lambda: bench.validator("power_off"))
    bench.insert(100)
    bench.stands("power_off")
    bench.validator("freeze_at", state="initialize")
    bench.validator("power_on")
    bench.stands("initialize")
    bench.validator("jam", where="entry")
    bench.validator("go_on")
    kiosk.notice("A note is stuck")
    assert bench.validator("clear")["removed_fen"] == HUNDRED
    return kiosk


def another_came_back(bench: Bench) -> Mortal:
    """The intended note went back unreported; a fifty came and went back too, and of that the unit tells."""
    stopped(bench, "after:NoteIntended")
    bench.gone_back(told=False)
    bench.insert(50)
    bench.stands("escrow")
    bench.gone_back()
    return bench.start()


def taken_unreported(bench: Bench) -> Mortal:
    """Before the kiosk's eyes the unit gives the note back without a word and rests."""
    kiosk = bench.at_slot()

    def back() -> None:
        bench.gone_back(told=False)

    kiosk.after("NoteIntended", back)
    bench.insert(100)
    kiosk.wrote("NoteReturned")
    bench.pays_or_leaves(kiosk)
    return kiosk


def not_counted(bench: Bench) -> Mortal:
    """The unit puts the note before its box in at RESET, but its count does not move."""
    bench.validator("freeze_at", state="stacking")
    stopped(bench, "served:StackNote")
    bench.validator("counter", by=-1)
    bench.power_cycle()
    return bench.start()


def told_after_reset(bench: Bench) -> Mortal:
    """A unit that reports a note stacked at RESET all the same."""
    bench.validator("odd", told=True)
    return both("served:StackNote")(bench)


def other_disk(moment: str, *, cut: bool = False) -> Act:
    """The kiosk stops, and comes back with a journal that knows nothing."""

    def act(bench: Bench) -> Mortal:
        if cut:
            bench.validator("freeze_at", state="stacking")
        stopped(bench, moment)
        if cut:
            bench.power_cycle()
        elif moment == "served:StackNote":
            bench.stands("stacked")
        bench.other_disk()
        kiosk = bench.start()
        if cut:
            bench.stands("unit_disabled")
        if moment == "after:NoteIntended":
            bench.take_note()
        return kiosk

    return act


def unasked(hidden: bool) -> Act:
    """While the kiosk is away the unit stacks a note that nobody asked it to stack."""

    def act(bench: Bench) -> Mortal:
        stopped(bench, "idle")
        bench.validator("odd", escrow=False, table=not hidden)
        bench.insert(100)
        bench.stands("stacked")
        return bench.start()

    return act


def one_more(bench: Bench) -> Mortal:
    """Before a watching kiosk the unit stacks a second note without being asked."""
    kiosk = bench.at_slot()
    bench.insert(100)
    kiosk.wrote("NoteStacked")
    bench.stands("idling")
    bench.validator("odd", escrow=False)
    bench.insert(50)
    kiosk.wrote("NoteStacked", 2)
    bench.pays_or_leaves(kiosk)
    return kiosk


def moved_later(moment: str, by: int) -> Act:
    """The note's fate is decided; while the kiosk is away the count goes on by itself."""

    def act(bench: Bench) -> Mortal:
        kiosk = kiosk_alone(moment)(bench)
        eventually(lambda: kiosk.payment().intended is None and kiosk.payment().ended, "not settled")
        kiosk.crash()
        bench.validator("counter", by=by)
        again = bench.start()
        again.ready()
        eventually(lambda: bench.claims(again), "no claim")
        return again

    return act


def lost(before: int, *, late: bool, cut: bool = False) -> Act:
    """A motor hangs until the note is given up; then the note falls into the box after all."""

    def act(bench: Bench) -> Mortal:
        kiosk = bench.at_slot(cash={"closing_s": 0.5 if late else 300.0})
        if before:
            bench.insert(before)
            kiosk.wrote("NoteStacked")
            bench.stands("idling")
        bench.validator("freeze_at", state="stacking")
        kiosk.gives_the_note_up()
        bench.insert(100)
        kiosk.wrote("NoteFateUnknown")
        bench.stands("stacking")
        if late:
            eventually(lambda: kiosk.payment().ended, "still open")
        if cut:
            bench.power_cycle()
        else:
            bench.validator("go_on")
        bench.stands("unit_disabled")
        return kiosk

    return act


ODD_COUNT: Order = ("counter", {"by": 6})
HIDDEN: Order = ("odd", {"table": False})
UNCERTAIN = {"memo": HUNDRED}
IN_BOX = {"box": HUNDRED}
BOTH_NOTES = {"credited": HUNDRED + FIFTY, "box": HUNDRED + FIFTY}

STRANGE: tuple[Life, ...] = (
    Life("jam cleared by hand", jammed, end("rest-unseen", **UNCERTAIN)),
    Life("jam on the way out", jams_coming_out, end("rest-unseen", **UNCERTAIN)),
    Life("odd count", away(ODD_COUNT, ("jam", {}), ("clear", {})), end("rest-count-odd", **UNCERTAIN)),
    Life("not counted", not_counted, end("rest-from-box-not-counted", memo=HUNDRED, box=HUNDRED)),
    Life("reported after reset", told_after_reset, end("found-before-box", "stacked", **CREDITED)),
    Life("back without a word", taken_unreported, end("rest-watched")),
    Life("another came back", another_came_back, end("another-returned", **UNCERTAIN)),
    Life("swallowed", away(("swallow", {}), then=50), end("escrow-after-it", **CREDITED)),
    Life("another in escrow", away(told=False, then=50), end("escrow-another", **UNCERTAIN)),
    Life("odd count in escrow", away(ODD_COUNT), end("escrow-count-odd", "lost-note-at-rest", **UNCERTAIN)),
    Life("unread in escrow", away(HIDDEN), end("escrow-unread", "returned")),
    Life("new disk, note in escrow", other_disk("after:NoteIntended"), end("nobodys-note")),
    Life("new disk, note stacked", other_disk("served:StackNote"), end("stacked-nobodys", suspense=HUNDRED, **IN_BOX)),
    Life(
        "new disk, note before box", other_disk("served:StackNote", cut=True),
        end("box-unexplained", claims=1, **IN_BOX),
    ),
    Life("unasked", unasked(False), end("stacked-unasked", **CREDITED)),
    Life("unasked, unread", unasked(True), end("stacked-unasked-unread", box=HUNDRED, claims=1)),
    Life("one more", one_more, end("one-more-unasked", **BOTH_NOTES)),
    Life("count ahead", moved_later("after:NoteIntended", 2), end("count-ahead", claims=1, **CREDITED)),
    Life(
        "returned, then counted", moved_later("returning:NoteIntended", 1),
        end("count-ahead-of-returned", claims=1),
    ),
    Life("lost and late", lost(0, late=True), end("lost-note-late", suspense=HUNDRED, memo=HUNDRED, **IN_BOX)),
    Life("lost and found", lost(50, late=False), end("lost-note-found", memo=HUNDRED, **BOTH_NOTES)),
    Life("lost and told", lost(0, late=True, cut=True), end("box-explained", memo=HUNDRED, box=HUNDRED)),
)  # fmt: skip

NOT_ON_THIS_WIRE = {
    "one-more-unread": "a driver that has watched has read the note table",
    "lost-note-unread": "a driver that has watched has read the note table",
    "one-more-nobodys": "a unit that is closed to notes takes none",
}
"""Rows for units that are odder than a CCNET validator can be; tests/kiosk/core/ has them."""


def live(bench: Bench, life: Life, *, counter: bool) -> set[str]:
    """Live one life to its end and judge it; the rows that decided."""
    due = life.counted if counter else life.uncounted or life.counted
    with bench.life(counter=counter):
        kiosk = life.act(bench)
        bench.decided(due.rows)
        eventually(lambda: len(bench.claims(kiosk)) >= due.claims, "no claim")
        bench.settled(kiosk, credited=due.credited, suspense=due.suspense, memo=due.memo, box=due.box)
        assert len(bench.claims(kiosk)) == due.claims, bench.claims(kiosk)
        return set(bench.rows)


def run_all() -> int:
    """Found a town, live every life with and without a counter, and give how many; AssertionError names the life."""
    lived = 0
    with (
        tempfile.TemporaryDirectory() as folder,
        founded(Path(folder)) as town,
        contextlib.closing(Bench(Path(folder), town)) as bench,
    ):
        for life, counter in itertools.product(STATES + STRANGE, (True, False)):
            if not counter and life not in STATES:
                continue
            try:
                live(bench, life, counter=counter)
            except AssertionError as error:
                raise AssertionError(f"{life.name}, counter {counter}: {error}") from error
            lived += 1
    return lived
