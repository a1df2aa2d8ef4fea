"""What became of a note that nobody saw: the table of journal, acceptor's report and acceptor's own counter.

Pure data and look-ups: nothing here reads a clock, makes an id or touches the world. Every situation is in exactly one
row of TABLE, or in IMPOSSIBLE with the reason. `docs/power-up.md` is made of both.
"""

from __future__ import annotations

from drivers.cash.model import CashReport
from drivers.cash.model import CashState as C
from kiosk.core.fate import Count, Journal, Named, Row, Sight, Situation, Slot, Verdict, but, some

V = Verdict
REST = some(C.IDLE, C.DISABLED)
POWER_UPS = some(C.POWER_UP, C.POWER_UP_NOTE_IN_HEAD, C.POWER_UP_NOTE_IN_BOX)
IN_HAND = some(C.ESCROW, C.HOLDING, C.STACKING, C.STACKED, C.RETURNING, C.RETURNED)
TROUBLES = some(C.OFFLINE, C.BOX_FULL, C.BOX_OUT, C.JAM_ENTRY, C.JAM_BOX, C.CHEATED, C.FAILED)
"""What happens to a note meanwhile nobody sees."""
COUNTED = REST | {C.ESCROW}
"""States in which the acceptor's counter stands still and is asked for."""
NAMING = some(C.ESCROW, C.STACKED, C.RETURNED)
WAY_IN_OR_OUT = frozenset(C) - REST - NAMING - {C.POWER_UP_NOTE_IN_BOX}

INTENDED = some(Journal.INTENDED)
NOT_INTENDED = but(Journal.INTENDED)
NO_TRACE = some(Journal.NONE, Journal.RETURNED)
IN_OR_CLAIMED = some(Journal.CREDITED, Journal.UNKNOWN)
AT_SLOT = some(Slot.OWN, Slot.OTHER)
UNSEEN = some(Sight.ABSENT, Sight.REOPENED, Sight.BLIND)
STILL = some(Count.SAME, Count.NOT_KEPT)
ODD = some(Count.MORE, Count.LESS)
CALM = some(Sight.WATCHED, Sight.ABSENT, Sight.HEAD, Sight.BOX)


class ImpossibleSituation(Exception):  # noqa: N818 - named for what happened
    """A situation that our own code cannot make: a fault of ours, never of a device."""


_AT_REST = (
    Row(
        "rest-count-moved", V.CREDIT,
        "The acceptor stands empty-handed and has counted exactly one note since the intent: it is in the box.",
        journal=INTENDED, state=REST, count=some(Count.ONE_MORE),
    ),
    Row(
        "rest-count-odd", V.UNKNOWN,
        "The counter moved by more than this note, or backwards: another unit, or notes that we know nothing of.",
        journal=INTENDED, state=REST, count=ODD,
    ),
    Row(
        "rest-watched", V.RETURNED,
        "We watched all along, and it stands empty-handed without having stacked: the note went back.",
        journal=INTENDED, state=REST, sight=some(Sight.WATCHED), count=STILL,
    ),
    Row(
        "rest-from-head", V.RETURNED,
        "It came up with the note in its head, gave it out on RESET, and nothing went wrong on the way.",
        journal=INTENDED, state=REST, sight=some(Sight.HEAD), count=STILL,
    ),
    Row(
        "rest-from-box", V.CREDIT,
        "It came up with the note before the box, put it in on RESET, and keeps no count that says otherwise.",
        journal=INTENDED, state=REST, sight=some(Sight.BOX), count=some(Count.NOT_KEPT),
    ),
    Row(
        "rest-from-box-not-counted", V.UNKNOWN,
        "It came up with the note before the box, but did not count it: somebody may have taken it out.",
        journal=INTENDED, state=REST, sight=some(Sight.BOX), count=some(Count.SAME),
    ),
    Row(
        "rest-unseen", V.UNKNOWN,
        "Nobody saw where the note went. An unmoved count does not say that the customer has it: a jam may have"
        " been cleared by hand.",
        journal=INTENDED, state=REST, sight=UNSEEN, count=STILL,
    ),
)  # fmt: skip

_REPORTED = (
    Row(
        "stacked", V.CREDIT,
        "The acceptor reports the note in the box: the point of no return, credited before it is acknowledged.",
        journal=INTENDED, state=some(C.STACKED),
    ),
    Row(
        "returned", V.RETURNED,
        "The acceptor reports that the note was given back and taken.",
        journal=INTENDED, state=some(C.RETURNED), named=but(Named.OTHER),
    ),
    Row(
        "another-returned", V.UNKNOWN,
        "Another note than the intended one was given back: where the intended one is nobody can tell.",
        journal=INTENDED, state=some(C.RETURNED), named=some(Named.OTHER),
    ),
    Row(
        "on-the-way", V.WAIT,
        "The note is on its way, or the acceptor is starting, stopped or silent: a later report decides, or after"
        " the set time the note's fate is unknown. One that is coming out may still jam.",
        journal=INTENDED, state=WAY_IN_OR_OUT,
    ),
    Row(
        "found-before-box", V.WAIT,
        "RESET puts the note into the box. Some units report it as stacked then, others only count it.",
        journal=INTENDED, state=some(C.POWER_UP_NOTE_IN_BOX),
    ),
)  # fmt: skip

_IN_ESCROW = (
    Row(
        "escrow-same", V.STACK,
        "The intended note is still in escrow: its intent is durable, and its owner waits for exactly that.",
        journal=INTENDED, state=some(C.ESCROW), count=STILL, named=some(Named.SAME),
    ),
    Row(
        "escrow-after-it", V.CREDIT,
        "The count has moved by one: the intended note is in the box, and the one in escrow came after it.",
        journal=INTENDED, state=some(C.ESCROW), count=some(Count.ONE_MORE),
    ),
    Row(
        "escrow-another", V.UNKNOWN,
        "Another note is in escrow: the intended one has left, and which way nobody saw.",
        journal=INTENDED, state=some(C.ESCROW), count=STILL, named=some(Named.OTHER),
    ),
    Row(
        "escrow-unread", V.GIVE_BACK,
        "A note is in escrow that the acceptor cannot name; it may be the intended one, so its way out is watched.",
        journal=INTENDED, state=some(C.ESCROW), count=STILL, named=some(Named.NOT),
    ),
    Row(
        "escrow-count-odd", V.UNKNOWN,
        "The counter moved by more than the intended note, or backwards: nothing here can be trusted.",
        journal=INTENDED, state=some(C.ESCROW), count=ODD,
    ),
    Row(
        "new-note", V.JUDGE,
        "No note waits for its fate: this one is stacked or given back by the rules of the slot.",
        journal=NOT_INTENDED, state=some(C.ESCROW), slot=AT_SLOT,
    ),
    Row(
        "nobodys-note", V.GIVE_BACK,
        "A note that no payment asked for goes back.",
        journal=NOT_INTENDED, state=some(C.ESCROW), slot=some(Slot.NOBODY),
    ),
)  # fmt: skip

_STACKED = (
    Row(
        "stacked-again", V.ACKNOWLEDGE,
        "The newest note is on the books, and the acceptor has not stood empty-handed before us since: it repeats"
        " that note. Never a second credit.",
        journal=some(Journal.CREDITED), state=some(C.STACKED), sight=but(Sight.WATCHED),
    ),
    Row(
        "one-more-unasked", V.CREDIT_UNASKED,
        "A note was stacked without being asked; it is the money of the customer at the slot.",
        journal=some(Journal.CREDITED), state=some(C.STACKED), sight=some(Sight.WATCHED), slot=AT_SLOT,
        named=but(Named.NOT),
    ),
    Row(
        "one-more-unread", V.CLAIM,
        "A note was stacked without being asked, and the acceptor cannot name it.",
        journal=some(Journal.CREDITED), state=some(C.STACKED), sight=some(Sight.WATCHED), slot=AT_SLOT,
        named=some(Named.NOT),
    ),
    Row(
        "one-more-nobodys", V.CLAIM,
        "A note was stacked while no payment stood at the slot.",
        journal=some(Journal.CREDITED), state=some(C.STACKED), sight=some(Sight.WATCHED),
        slot=some(Slot.NOBODY),
    ),
    Row(
        "stacked-unasked", V.CREDIT_UNASKED,
        "The books know of no note on its way, but one is in the box: the customer at the slot put it in.",
        journal=NO_TRACE, state=some(C.STACKED), slot=AT_SLOT, named=but(Named.NOT),
    ),
    Row(
        "stacked-unasked-unread", V.CLAIM,
        "A note of unknown value is in the box: never a payment of nothing.",
        journal=NO_TRACE, state=some(C.STACKED), slot=AT_SLOT, named=some(Named.NOT),
    ),
    Row(
        "stacked-nobodys", V.CLAIM,
        "A note is in the box, and no payment stands at the slot.",
        journal=NO_TRACE, state=some(C.STACKED), slot=some(Slot.NOBODY),
    ),
    Row(
        "lost-note-found", V.CREDIT_UNASKED,
        "The lost note is reported after all while its payment still stands: certain money now. Of its memo claim"
        " the count of the box will find nothing more.",
        journal=some(Journal.UNKNOWN), state=some(C.STACKED), slot=some(Slot.OWN), named=but(Named.NOT),
    ),
    Row(
        "lost-note-unread", V.CLAIM,
        "The lost note is in the box after all, but nobody can name it.",
        journal=some(Journal.UNKNOWN), state=some(C.STACKED), slot=some(Slot.OWN), named=some(Named.NOT),
    ),
    Row(
        "lost-note-late", V.CLAIM,
        "An earlier customer's lost note is reported when their payment stands no more: never the next one's money.",
        journal=some(Journal.UNKNOWN), state=some(C.STACKED), slot=but(Slot.OWN),
    ),
)  # fmt: skip

_NO_NOTE_WAITS = (
    Row(
        "box-unexplained", V.CLAIM_UNSEEN,
        "The acceptor came up with a note before its box that the books cannot explain; its value nobody knows.",
        journal=NO_TRACE, state=some(C.POWER_UP_NOTE_IN_BOX),
    ),
    Row(
        "box-explained", V.NOTHING,
        "The note before the box is credited or has its claim already.",
        journal=IN_OR_CLAIMED, state=some(C.POWER_UP_NOTE_IN_BOX),
    ),
    Row(
        "count-ahead", V.CLAIM_UNSEEN,
        "The acceptor has counted more notes than the books: at least one is in the box that nothing explains.",
        journal=some(Journal.CREDITED), state=REST, count=some(Count.MORE),
    ),
    Row(
        "count-ahead-of-returned", V.CLAIM_UNSEEN,
        "The acceptor has counted a note that the books hold as given back, or one that nothing explains.",
        journal=NO_TRACE, state=REST, count=some(Count.ONE_MORE, Count.MORE),
    ),
    Row(
        "count-explained", V.NOTHING,
        "The count agrees with the books, is not told, or went backwards as that of an exchanged unit does.",
        journal=some(Journal.CREDITED), state=REST, count=but(Count.MORE),
    ),
    Row(
        "lost-note-at-rest", V.NOTHING,
        "The claim of the lost note stands until the box is counted, and that finds whatever else is in it.",
        journal=some(Journal.UNKNOWN), state=REST,
    ),
    Row(
        "count-explained-returned", V.NOTHING,
        "The count agrees with the books, is not told, or went backwards as that of an exchanged unit does.",
        journal=NO_TRACE, state=REST, count=but(Count.ONE_MORE, Count.MORE),
    ),
    Row(
        "no-note-waits", V.NOTHING,
        "No note waits for its fate, and this report tells of none in the box.",
        journal=NOT_INTENDED, state=WAY_IN_OR_OUT | {C.RETURNED},
    ),
)  # fmt: skip

TABLE: tuple[Row, ...] = _REPORTED + _AT_REST + _IN_ESCROW + _STACKED + _NO_NOTE_WAITS

IMPOSSIBLE: tuple[Row, ...] = (
    Row(
        "intent-without-payment", V.NOTHING,
        "A note is intended by the payment at the slot and by no other.",
        journal=INTENDED, slot=but(Slot.OWN),
    ),
    Row(
        "own-note-of-none", V.NOTHING, "Without a note on the books none can be the payment's own.",
        journal=some(Journal.NONE), slot=some(Slot.OWN),
    ),
    Row(
        "same-as-none", V.NOTHING, "Without a note on the books none can be the same one.",
        journal=some(Journal.NONE), named=some(Named.SAME),
    ),
    Row(
        "count-against-none", V.NOTHING, "Without a note on the books there is no count to compare with.",
        journal=some(Journal.NONE), count=but(Count.NOT_KEPT),
    ),
    Row(
        "count-in-motion", V.NOTHING, "The counter is asked for at rest and in escrow only.",
        state=frozenset(C) - COUNTED, count=but(Count.NOT_KEPT),
    ),
    Row(
        "named-by-the-way", V.NOTHING, "Only escrow, stacked and returned name a note.",
        state=frozenset(C) - NAMING, named=but(Named.NOT),
    ),
    Row(
        "trouble-in-sight", V.NOTHING, "An acceptor that stopped, fell silent or started anew is not watched.",
        state=TROUBLES | {C.POWER_UP}, sight=CALM,
    ),
    Row(
        "head-elsewhere", V.NOTHING, "This report itself says where the note was found.",
        state=some(C.POWER_UP_NOTE_IN_HEAD), sight=but(Sight.HEAD),
    ),
    Row(
        "box-elsewhere", V.NOTHING, "This report itself says where the note was found.",
        state=some(C.POWER_UP_NOTE_IN_BOX), sight=but(Sight.BOX),
    ),
    Row(
        "first-word-in-motion", V.NOTHING,
        "A first word from the middle of something else than a note's way tells that we do not know what was before.",
        state=frozenset(C) - IN_HAND - REST, sight=some(Sight.ABSENT),
    ),
)  # fmt: skip


def decide(it: Situation) -> Row:
    """The one row that speaks of this situation. Raises ImpossibleSituation."""
    for row in IMPOSSIBLE:
        if row.holds(it):
            raise ImpossibleSituation(f"{row.name}: {row.why} {it}")
    return next(row for row in TABLE if row.holds(it))


def look(before: Sight, report: CashReport) -> Sight:
    """How well the acceptor is watched once it has reported this."""
    if report.state is C.POWER_UP_NOTE_IN_HEAD:
        return Sight.HEAD
    if report.state is C.POWER_UP_NOTE_IN_BOX:
        return Sight.BOX
    if report.state in TROUBLES | {C.POWER_UP}:
        return Sight.REOPENED if report.first else Sight.BLIND
    if report.first:
        # After a start, only an acceptor that rests or still has the note in hand can tell of what we did not see.
        sound = before is Sight.WATCHED and report.state in IN_HAND | REST
        return Sight.ABSENT if sound else Sight.REOPENED
    return {Sight.ABSENT: Sight.WATCHED, Sight.REOPENED: Sight.BLIND}.get(before, before)


def compare(before: int | None, now: int | None) -> Count:
    """The acceptor's own count of now against that of before the note was stacked."""
    if before is None or now is None:
        return Count.NOT_KEPT
    moved = now - before
    return {0: Count.SAME, 1: Count.ONE_MORE}.get(moved, Count.MORE if moved > 0 else Count.LESS)
