"""Decisions at the note slot: which note may be stacked, when it is credited, and what a strange report means."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from drivers.cash.model import CashReport, CashState
from kiosk.core import closing, settle
from kiosk.core.desk import Desk
from kiosk.core.fate import Journal, Named, Sight, Situation, Slot, Verdict
from kiosk.core.inputs import AcceptorSaid
from kiosk.core.power_up import COUNTED, IN_HAND, NAMING, POWER_UPS, REST, compare, decide, look
from kiosk.payment import effects as fx
from kiosk.payment import events as ev
from kiosk.payment.model import Note, NoteState, Payment, PaymentState
from kiosk.session.state import NoteNotice, Page

TAKING = frozenset({PaymentState.OPEN, PaymentState.FUNDED})
JOURNAL = {
    NoteState.INTENDED: Journal.INTENDED,
    NoteState.STACKED: Journal.CREDITED,
    NoteState.RETURNED: Journal.RETURNED,
    NoteState.UNKNOWN: Journal.UNKNOWN,
}
TROUBLE = {
    CashState.JAM_ENTRY: "jam",
    CashState.JAM_BOX: "jam",
    CashState.CHEATED: "trouble",
    CashState.FAILED: "trouble",
    CashState.BOX_FULL: "box_full",
    CashState.BOX_OUT: "trouble",
    CashState.OFFLINE: "trouble",
}


def on_report(desk: Desk, said: AcceptorSaid) -> None:
    """Deal with one report of the acceptor: the table decides what it means for the newest note."""
    report = said.report
    desk.cash_state = report.state
    desk.sight = look(desk.sight, report)
    if said.counter is not None or desk.sight is not Sight.WATCHED:
        # A count from before a restart or a blind spell says nothing of what happened during it.
        desk.counter = said.counter
    it = situation(desk, said)
    if report.state is CashState.STACKED:
        desk.counter = None  # it has moved, and a count from before it moved would credit the next note twice
    shown = _returning_fen(desk, report)
    verdict = decide(it).verdict
    VERDICTS[verdict](desk, report)
    if report.state is CashState.ESCROW and verdict not in {Verdict.STACK, Verdict.JUDGE}:
        desk.do(fx.GiveBackNote())
    _tell(desk, report, shown)
    if report.state in POWER_UPS:
        desk.do(fx.ResetAcceptor())
    if report.state in REST:
        desk.sight = Sight.WATCHED
    _keep_in_step(desk)


def situation(desk: Desk, said: AcceptorSaid) -> Situation:
    """What the table is asked: the newest note on the books, against this report."""
    report, last, payment = said.report, desk.books.last_note, desk.collecting
    own = payment is not None and last is not None and last.key == payment.payment_id
    slot = Slot.NOBODY if payment is None else Slot.OWN if own else Slot.OTHER
    before = last.counter if last else None
    value = report.note.value_fen if report.note else 0
    named = Named.NOT
    if value and report.state in NAMING:
        named = Named.SAME if last and last.value_fen == value else Named.OTHER
    return Situation(
        journal=JOURNAL[last.state] if last else Journal.NONE,
        slot=slot,
        state=report.state,
        sight=desk.sight,
        count=compare(before, said.counter if report.state in COUNTED else None),
        named=named,
    )


def _nothing(_desk: Desk, _report: CashReport) -> None:
    """Wait, or leave it to what is done after every report."""


def _credit(desk: Desk, report: CashReport) -> None:
    """The intended note is in the box; a value told at the point of no return counts, for that note is in there."""
    payment, note = _on_its_way(desk)
    told = report.state is CashState.STACKED
    value = report.note.value_fen if told and report.note else 0
    value = value or note.value_fen
    desk.emit(
        ev.NoteStacked(key=payment.payment_id, note_id=note.note_id, value_fen=value, recovered=not told)
    )
    desk.stop("note_fate")
    if told:
        _notice(desk, NoteNotice("credited", value))


def _back(desk: Desk, _report: CashReport) -> None:
    payment, note = _on_its_way(desk)
    # What an earlier run let in was out of sight for a while, however well its way out was watched.
    recovered = desk.sight is not Sight.WATCHED or payment.payment_id == desk.ending
    desk.emit(ev.NoteReturned(key=payment.payment_id, note_id=note.note_id, recovered=recovered))
    desk.stop("note_fate")


def _unknown(desk: Desk, _report: CashReport) -> None:
    closing.lose_note(desk, _on_its_way(desk)[0])


def _stack(desk: Desk, _report: CashReport) -> None:
    desk.do(fx.StackNote(_on_its_way(desk)[1].note_id))  # its intent is durable


def _acknowledge(desk: Desk, _report: CashReport) -> None:
    desk.do(fx.AcknowledgeNote())


def _on_its_way(desk: Desk) -> tuple[Payment, Note]:
    payment = desk.collecting
    note = payment.intended if payment else None
    assert payment is not None  # noqa: S101 - the table has no such verdict without an intended note
    assert note is not None  # noqa: S101
    return payment, note


def _credit_unasked(desk: Desk, report: CashReport) -> None:
    payment = desk.collecting
    assert payment is not None  # noqa: S101 - the table has no such verdict for nobody, or for a note not named
    assert report.note is not None  # noqa: S101
    value = report.note.value_fen
    desk.emit(ev.NoteStacked(key=payment.payment_id, note_id=desk.ids(), value_fen=value, asked=False))
    _notice(desk, NoteNotice("credited", value))


def _claim(desk: Desk, report: CashReport) -> None:
    """Of unknown value, or of a note that was lost before this payment: never another customer's money."""
    late = None if desk.collecting is not None else desk.shown
    settle.open_claim(
        desk,
        reason="late_note" if late else "orphan_note",
        payment=late,
        amount_fen=report.note.value_fen if report.note else 0,
        note_id=desk.ids(),
    )


def _claim_unseen(desk: Desk, _report: CashReport) -> None:
    """Money is in the box that no event of ours explains, and its value nobody knows until the box is counted."""
    settle.open_claim(desk, reason="orphan_note", payment=None, amount_fen=0, note_id=desk.ids())


def _judge(desk: Desk, report: CashReport) -> None:
    """Stack a new note or give it back, by the rules of the slot."""
    payment = desk.collecting
    assert payment is not None  # noqa: S101 - the table has no such verdict for nobody
    value = report.note.value_fen if report.note else 0
    desk.sight = Sight.WATCHED
    reason = "closing" if payment.state not in TAKING else why_not(desk, payment, report)
    if reason:
        desk.emit(ev.NoteRefused(key=payment.payment_id, value_fen=value, reason=reason))
        _notice(desk, NoteNotice("refused", value, reason))
        return
    assert report.note is not None  # noqa: S101 - why_not refuses a note that the table does not know
    desk.emit(
        ev.NoteIntended(
            key=payment.payment_id,
            note_id=desk.ids(),
            note_type=report.note.index,
            value_fen=value,
            counter=desk.counter,
        )
    )
    desk.after("note_fate", desk.config.cash.note_fate_s)


VERDICTS: Mapping[Verdict, Callable[[Desk, CashReport], None]] = {
    Verdict.NOTHING: _nothing,
    Verdict.WAIT: _nothing,
    Verdict.CREDIT: _credit,
    Verdict.RETURNED: _back,
    Verdict.UNKNOWN: _unknown,
    Verdict.STACK: _stack,
    Verdict.GIVE_BACK: _nothing,
    Verdict.ACKNOWLEDGE: _acknowledge,
    Verdict.JUDGE: _judge,
    Verdict.CREDIT_UNASKED: _credit_unasked,
    Verdict.CLAIM: _claim,
    Verdict.CLAIM_UNSEEN: _claim_unseen,
}


def why_not(desk: Desk, payment: Payment, report: CashReport) -> str:
    """The reason why this note is given back, empty if it may be stacked."""
    cash, note = desk.config.cash, report.note
    if note is None or note.value_fen not in cash.accepted_fen or note.currency not in cash.currencies:
        return "type_off"
    taken = sum(1 for n in payment.notes if n.state is NoteState.STACKED)
    total = payment.inserted_fen + note.value_fen
    if payment.provisional:
        refused_us = desk.hub_spoke is None
    else:
        refused_us = not desk.facts.hub_up and total > desk.facts.offline_fen
    if refused_us:
        return "hub_gone"
    if not desk.facts.printer.usable:
        return "printer"
    if payment.card is not None and not taken:
        # The last moment at which nothing is lost by waiting; and only the hub can sell a purchase count.
        if not desk.facts.hub_up:
            return "hub_gone"
        facts = desk.facts
        if not (facts.blank_ready if payment.new_card else facts.card_works and facts.card_in):
            return "card_gone"
    if taken >= cash.most_notes:
        return "too_many_notes"
    return "over_limit" if total > min(cash.most_fen, payment.quote.max_fen) else ""


def _returning_fen(desk: Desk, report: CashReport) -> int:
    """The value of the note that may be coming out now; 0 where nobody knows it."""
    payment = desk.collecting
    note = payment.intended if payment else None
    return note.value_fen if note else report.note.value_fen if report.note else 0


def _tell(desk: Desk, report: CashReport, value: int) -> None:
    """Tell the customer what the acceptor is doing, where the verdict has not told it."""
    shown = desk.session.note_notice
    if report.state in TROUBLE:
        kind = "jam" if TROUBLE[report.state] == "jam" else "trouble"
        _notice(desk, NoteNotice(kind, 0, TROUBLE[report.state]))
    elif report.state is CashState.POWER_UP_NOTE_IN_HEAD:
        _notice(desk, NoteNotice("returned", value))
    elif report.state in {CashState.RETURNING, CashState.RETURNED}:
        if shown is None or shown.kind != "refused":
            _notice(desk, NoteNotice("returned", value))
    elif report.state is CashState.REJECTING:
        _notice(desk, NoteNotice("rejected", 0, report.reason or "not_recognised"))
    elif report.state is CashState.PAUSED:
        _notice(desk, NoteNotice("paused", 0, "second_note"))
    elif report.state is CashState.ACCEPTING:
        _notice(desk, None)


def _keep_in_step(desk: Desk) -> None:
    """Open the acceptor for a payment that takes notes, close it for anyone else, and finish a closing."""
    closing.end_interrupted(desk)
    payment = desk.collecting
    taking = payment is not None and payment.state in TAKING
    if desk.cash_state is CashState.DISABLED and taking:
        desk.do(fx.EnableAcceptor())
    elif desk.cash_state is CashState.IDLE and not taking and (payment is None or payment.intended is None):
        desk.do(fx.DisableAcceptor())
    closing.finish(desk)


def mind_stray_note(desk: Desk) -> None:
    """No cash payment begins while a note that belongs to none is still on its way."""
    free = desk.collecting is not None or desk.cash_state not in IN_HAND
    if free != desk.facts.acceptor_free:
        desk.facts = replace(desk.facts, acceptor_free=free)


def _notice(desk: Desk, notice: NoteNotice | None) -> None:
    if desk.session.page is Page.MORE_TIME and desk.session.under is Page.CASH:
        # A note is an answer to "do you need more time?".
        desk.go(Page.CASH)
    desk.change(note_notice=notice)
