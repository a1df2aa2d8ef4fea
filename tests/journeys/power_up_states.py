"""The kiosk stops alone, the unit loses power alone, or both: at every state of the acceptor's protocol."""

from __future__ import annotations

from drivers.cash.model import CashState as C
from tests.journeys.power_up_acts import both, kiosk_alone, unit_alone
from tests.journeys.power_up_cuts import CUTS
from tests.journeys.power_up_life import CREDITED, HUNDRED, Life, end
from tests.journeys.power_up_twice import TWICE

LOST = end("rest-unseen", memo=HUNDRED, box=HUNDRED)
NO_NOTE = end("no-note-waits")
FROM_HEAD = end("on-the-way", "rest-from-head")
BY_COUNT = end("rest-count-moved", **CREDITED)

_PLAIN: tuple[Life, ...] = (
    Life("kiosk idle", kiosk_alone("idle"), end("count-explained-returned"), at=C.IDLE),
    Life("kiosk accepting", kiosk_alone("accepting"), end("new-note"), at=C.ACCEPTING),
    Life("kiosk escrow", kiosk_alone("before:NoteIntended"), end("new-note"), at=C.ESCROW),
    Life("kiosk intended", kiosk_alone("after:NoteIntended"), end("escrow-same", "stacked", **CREDITED), at=C.ESCROW),
    Life("kiosk stacking", kiosk_alone("served:StackNote"), end("on-the-way", "stacked", **CREDITED), at=C.STACKING),
    Life("kiosk stacked", kiosk_alone("before:NoteStacked"), end("stacked", **CREDITED), at=C.STACKED),
    Life("kiosk credited", kiosk_alone("after:NoteStacked"), end("stacked-again", **CREDITED), at=C.STACKED),
    Life("kiosk acknowledged", kiosk_alone("served:AcknowledgeNote"), end("count-explained", **CREDITED)),
    Life("kiosk returning", kiosk_alone("returning:NoteIntended"), end("on-the-way", "returned"), at=C.RETURNING),
    Life("unit idle", unit_alone("idling"), NO_NOTE, at=C.IDLE),
    Life("unit accepting", unit_alone("accepting"), NO_NOTE, at=C.ACCEPTING, rare=True),
    Life("unit escrow", unit_alone("escrow"), NO_NOTE, at=C.ESCROW, rare=True),
    Life("unit intended", unit_alone("after:NoteIntended"), FROM_HEAD, at=C.ESCROW),
    Life(
        "unit stacking", unit_alone("stacking"),
        end("found-before-box", "rest-count-moved", **CREDITED),
        end("found-before-box", "rest-from-box", **CREDITED),
        at=C.STACKING,
    ),
    Life("unit stacked", unit_alone("stacked"), BY_COUNT, LOST, at=C.STACKED),
    Life("unit credited", unit_alone("after:NoteStacked"), end("no-note-waits", **CREDITED), at=C.STACKED),
    Life("unit returning", unit_alone("returning:NoteIntended"), FROM_HEAD, at=C.RETURNING),
    Life("both idle", both("idle"), NO_NOTE, at=C.IDLE),
    Life("both accepting", both("accepting"), NO_NOTE, at=C.ACCEPTING, rare=True),
    Life("both escrow", both("before:NoteIntended"), NO_NOTE, at=C.ESCROW, rare=True),
    Life("both intended", both("after:NoteIntended"), FROM_HEAD, at=C.ESCROW),
    Life(
        "both stacking", both("served:StackNote"),
        end("found-before-box", "rest-count-moved", **CREDITED),
        end("found-before-box", "rest-from-box", **CREDITED),
        at=C.STACKING,
    ),
    Life("both stacked", both("before:NoteStacked"), BY_COUNT, LOST, at=C.STACKED),
    Life("both credited", both("after:NoteStacked"), end("no-note-waits", **CREDITED), at=C.STACKED),
    Life("both returning", both("returning:NoteIntended"), FROM_HEAD, at=C.RETURNING),
)  # fmt: skip
STATES: tuple[Life, ...] = _PLAIN + CUTS + TWICE

WHO = ("kiosk", "unit", "both")
NEVER_CUT_AT = {
    C.HOLDING: "the kiosk never orders HOLD: its rules need no more time than a note has in escrow"
}
"""States in which no unit beside our kiosk can stand."""
