"""What else can happen to a note while nobody looks: other disks, odd units, jams, and notes that nobody asked for."""

from __future__ import annotations

from tests.journeys.kiosk import eventually
from tests.journeys.power_up_acts import both, kiosk_alone, stopped
from tests.journeys.power_up_bench import Bench, Mortal
from tests.journeys.power_up_life import CREDITED, FIFTY, HUNDRED, Act, Life, end

Order = tuple[str, dict[str, object]]


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


def one_more(listed: bool) -> Act:
    """Before a watching kiosk the unit stacks a second note without being asked, of a type in its table or of none."""

    def act(bench: Bench) -> Mortal:
        kiosk = bench.at_slot()
        bench.insert(100)
        kiosk.wrote("NoteStacked")
        bench.stands("idling")
        bench.validator("odd", escrow=False, listed=listed)
        bench.insert(50)
        kiosk.wrote(*(("NoteStacked", 2) if listed else ("ClaimOpened", 1)))
        bench.pays_or_leaves(kiosk)
        return kiosk

    return act


def one_more_while_closed(bench: Bench) -> Mortal:
    """The hundred is paid, and before a watching kiosk the closed unit takes and stacks a note of nobody's."""
    kiosk = bench.at_slot()
    bench.insert(100)
    kiosk.wrote("NoteStacked")
    kiosk.press("pay_now")
    bench.stands("unit_disabled")
    eventually(lambda: kiosk.payment().ended, "not paid")
    bench.validator("odd", closed=False)
    assert bench.validator("insert", value_fen=FIFTY)["taken"]
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


def lost(before: int, *, late: bool, cut: bool = False, listed: bool = True) -> Act:
    """A motor hangs until the note is given up; then it falls into the box after all, told with a type of no line in
    the table if it is not `listed`."""

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
        bench.validator("odd", listed=listed)
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
    Life("taken while the kiosk is away", away(told=True), end("returned"), rare=True),
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
    Life("one more", one_more(listed=True), end("one-more-unasked", **BOTH_NOTES)),
    Life(
        "one more, unread", one_more(listed=False),
        end("one-more-unread", credited=HUNDRED, box=HUNDRED + FIFTY, claims=1),
    ),
    Life(
        "one more while closed", one_more_while_closed,
        end("one-more-nobodys", credited=HUNDRED, suspense=FIFTY, box=HUNDRED + FIFTY),
    ),
    Life("count ahead", moved_later("after:NoteIntended", 2), end("count-ahead", claims=1, **CREDITED)),
    Life(
        "returned, then counted", moved_later("returning:NoteIntended", 1),
        end("count-ahead-of-returned", claims=1),
    ),
    Life("lost and late", lost(0, late=True), end("lost-note-late", suspense=HUNDRED, memo=HUNDRED, **IN_BOX)),
    Life("lost and found", lost(50, late=False), end("lost-note-found", memo=HUNDRED, **BOTH_NOTES)),
    Life(
        "lost and unread", lost(50, late=False, listed=False),
        end("lost-note-unread", credited=FIFTY, memo=HUNDRED, box=HUNDRED + FIFTY, claims=2),
    ),
    Life("lost and told", lost(0, late=True, cut=True), end("box-explained", memo=HUNDRED, box=HUNDRED)),
)  # fmt: skip
