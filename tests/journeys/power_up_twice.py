"""The power goes a second time while the unit is coming up, and while something stops or covers the unit."""

from __future__ import annotations

from drivers.cash.model import CashState as C
from tests.journeys.power_up_acts import back, intended, lives_on, nothing, orders, stacking, struck
from tests.journeys.power_up_bench import Bench, Mortal
from tests.journeys.power_up_cuts import LOST, TO_BOX
from tests.journeys.power_up_life import CREDITED, HUNDRED, Act, End, Life, end

ALL_WHO = ("kiosk", "unit", "both")
FIRST_CUT = {
    C.POWER_UP: "stacked",
    C.POWER_UP_NOTE_IN_HEAD: "escrow",
    C.POWER_UP_NOTE_IN_BOX: "stacking",
}
"""What the unit finds when it comes up, by where it lost power before."""


def first_cut(bench: Bench, found: C) -> Mortal:
    """A customer's intended note is in the unit, and the unit has lost power."""
    kiosk = bench.at_slot()
    if FIRST_CUT[found] == "escrow":
        kiosk.after("NoteIntended", lambda: bench.validator("power_off"))
    else:
        bench.validator("cut_power_at", state=FIRST_CUT[found])
    bench.insert(100)
    bench.stands("power_off")
    return kiosk


def powering_up(who: str, found: C) -> Act:
    """The second cut comes when the kiosk has been told what was found, and before its RESET."""

    def act(bench: Bench) -> Mortal:
        kiosk = first_cut(bench, found)
        if who == "unit":
            bench.at_word(
                found, bench.power_cycle
            )  # a RESET sent to a unit without power would leave its count unread
            bench.comes_up()
            return lives_on(bench, kiosk)
        bench.at_word(found, kiosk.its_end())
        bench.comes_up()
        kiosk.died()
        if who == "both":
            bench.validator("power_off")
        return back(bench, who, kiosk, nothing)

    return act


def initializing(who: str, found: C) -> Act:
    """The second cut comes during RESET."""

    def act(bench: Bench) -> Mortal:
        kiosk = first_cut(bench, found)
        bench.validator("freeze_at", state="initialize")
        bench.comes_up()
        bench.hears(C.INITIALIZING)
        if who != "unit":
            kiosk.crash()
        if who != "kiosk":
            bench.validator("power_off")
        return back(bench, who, kiosk, orders("go_on", once=C.INITIALIZING) if who == "kiosk" else nothing)

    return act


def at_once(found: C, state: str) -> Act:
    """The second cut comes at the very moment that the unit takes RESET, or is done with it, and nobody hears of it."""

    def act(bench: Bench) -> Mortal:
        kiosk = first_cut(bench, found)
        bench.validator("cut_power_at", state=state)
        bench.comes_up()
        bench.stands("power_off")
        bench.validator("power_on")
        return lives_on(bench, kiosk)

    return act


Ends = tuple[End, End | None]
"""With a counter, and without one if that is another end."""
FROM_HEAD = (end("on-the-way", "rest-from-head"), None)
BY_COUNT = (end("rest-count-moved", **CREDITED), end("rest-unseen", memo=HUNDRED, box=HUNDRED))
ENDS: dict[C, Ends] = {
    C.POWER_UP: BY_COUNT,
    C.POWER_UP_NOTE_IN_HEAD: FROM_HEAD,
    C.POWER_UP_NOTE_IN_BOX: TO_BOX,
}
NOTE = {C.POWER_UP_NOTE_IN_HEAD: "head", C.POWER_UP_NOTE_IN_BOX: "box"}
UNSEEN: dict[C, Ends] = {C.POWER_UP_NOTE_IN_HEAD: (LOST, None), C.POWER_UP_NOTE_IN_BOX: BY_COUNT}
"""The ends of a note that RESET moves while nobody looks."""

SECOND = tuple(
    Life(f"{who} at {found.replace('_', ' ')}", powering_up(who, found), *ENDS[found], at=found, rare=True)
    for found in FIRST_CUT
    for who in ALL_WHO
)
RESETS = tuple(
    Life(
        f"{who} in RESET with note in {word}",
        initializing(who, found),
        *(UNSEEN if who == "kiosk" else ENDS)[found],
        at=C.INITIALIZING,
        rare=True,
    )
    for found, word in NOTE.items()
    for who in ALL_WHO
)
MOMENTS = tuple(
    Life(f"unit {when} RESET with note in {word}", at_once(found, state), *ends[found], rare=True)
    for found, word in NOTE.items()
    for when, state, ends in (("taking", "initialize", ENDS), ("done with", "unit_disabled", UNSEEN))
)

MENDED: dict[C, tuple[str, dict[str, str], str]] = {
    C.BOX_FULL: ("fill", {}, "empty_box"),
    C.BOX_OUT: ("box_remove", {}, "box_insert"),
    C.JAM_ENTRY: ("jam", {"where": "entry"}, "clear"),
    C.JAM_BOX: ("jam", {"where": "box"}, "clear"),
    C.CHEATED: ("cheat", {}, "clear"),
    C.FAILED: ("fail", {}, "clear"),
}
"""How each trouble is made, and what ends it."""
TROUBLES = tuple(
    Life(
        f"{who} in trouble: {state.replace('_', ' ')}",
        struck(who, state, intended(order, **how), orders(mend, once=state)),
        LOST,
        at=state,
        rare=True,
    )
    for state, (order, how, mend) in MENDED.items()
    for who in ALL_WHO
)
SILENT = (
    Life(
        "kiosk beside a pulled cable",
        struck("kiosk", C.OFFLINE, stacking("unplug"), meanwhile=orders("go_on", "plug")),
        end("stacked", **CREDITED),
        at=C.OFFLINE,
        rare=True,
    ),
    *(
        Life(
            f"{who} with the cable pulled",
            struck(who, C.OFFLINE, stacking("unplug"), meanwhile=orders("plug")),
            *TO_BOX,
            at=C.OFFLINE,
            rare=True,
        )
        for who in ("unit", "both")
    ),
)
TWICE: tuple[Life, ...] = SECOND + RESETS + MOMENTS + TROUBLES + SILENT
