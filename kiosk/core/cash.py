"""Decisions at the note slot: which note may be stacked, when it is credited, and what a strange report means."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from drivers.cash.model import CashReport, CashState
from kiosk.core import settle
from kiosk.core.desk import Desk
from kiosk.core.inputs import AcceptorSaid
from kiosk.payment import effects as fx
from kiosk.payment import events as ev
from kiosk.payment.model import Note, NoteState, Payment, PaymentState
from kiosk.session.state import NoteNotice, Page

RESTING = frozenset(
    {
        CashState.DISABLED,
        CashState.OFFLINE,
        CashState.BOX_FULL,
        CashState.BOX_OUT,
        CashState.JAM_ENTRY,
        CashState.JAM_BOX,
        CashState.CHEATED,
        CashState.FAILED,
    }
)
"""States in which no further note can come in."""

IN_HAND = frozenset(
    {
        CashState.ESCROW,
        CashState.HOLDING,
        CashState.STACKING,
        CashState.STACKED,
        CashState.RETURNING,
        CashState.RETURNED,
    }
)
TAKING = frozenset({PaymentState.OPEN, PaymentState.FUNDED})
POWER_UPS = frozenset({CashState.POWER_UP, CashState.POWER_UP_NOTE_IN_HEAD, CashState.POWER_UP_NOTE_IN_BOX})
Sight = Literal["watched", "absent", "blind"]
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
    """Deal with one report of the acceptor."""
    report = said.report
    desk.cash_state = report.state
    desk.blind = desk.blind or report.state in POWER_UPS or report.state in TROUBLE
    # After a start, only an acceptor that rests or still has the note in hand can tell of what we did not see.
    desk.blind = desk.blind or (
        report.first and report.state not in IN_HAND | {CashState.IDLE, CashState.DISABLED}
    )
    if said.counter is not None or report.first or report.state in POWER_UPS:
        # A count from before a restart says nothing of what happened during it.
        desk.counter = said.counter
    if report.state in POWER_UPS:
        _powered_up(desk, report)
    elif report.state is CashState.ESCROW:
        _escrow(desk, report)
    elif report.state is CashState.STACKED:
        _stacked(desk, report)
    elif report.state in {CashState.RETURNING, CashState.RETURNED}:
        _returned(desk, report)
    else:
        _other(desk, report)
    _keep_in_step(desk)


def _escrow(desk: Desk, report: CashReport) -> None:
    payment = desk.collecting
    value = report.note.value_fen if report.note else 0
    if payment is None:
        desk.do(fx.GiveBackNote())
        return
    if (waiting := payment.intended) is not None:
        _escrow_again(desk, payment, waiting, value)
        return
    desk.blind = False
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


def _escrow_again(desk: Desk, payment: Payment, waiting: Note, value: int) -> None:
    """A note in escrow while one is intended: the same one, told again, or another after it, as the count says."""
    if waiting.counter is not None and desk.counter == waiting.counter + 1:
        desk.emit(
            ev.NoteStacked(
                key=payment.payment_id, note_id=waiting.note_id, value_fen=waiting.value_fen, recovered=True
            )
        )
        desk.stop("note_fate")
        desk.do(fx.GiveBackNote())
    elif waiting.value_fen == value:
        # Its intent is durable.
        desk.do(fx.StackNote(waiting.note_id))
    else:
        desk.do(fx.GiveBackNote())


def why_not(desk: Desk, payment: Payment, report: CashReport) -> str:
    """The reason why this note is given back, empty if it may be stacked."""
    cash, note = desk.config.cash, report.note
    if note is None or note.value_fen not in cash.accepted_fen or note.currency not in cash.currencies:
        return "type_off"
    if not desk.facts.hub_up:
        return "hub_gone"
    taken = sum(1 for n in payment.notes if n.state is NoteState.STACKED)
    total = payment.inserted_fen + note.value_fen
    if taken >= cash.most_notes or total > min(cash.most_fen, payment.quote.max_fen):
        return "over_limit"
    return ""


def _stacked(desk: Desk, report: CashReport) -> None:
    desk.counter = None  # it has moved, and a count from before it moved would credit the next note twice
    value = report.note.value_fen if report.note else 0
    payment, last = desk.collecting, desk.books.last_note
    if payment is not None and (note := payment.intended) is not None:
        desk.emit(
            ev.NoteStacked(key=payment.payment_id, note_id=note.note_id, value_fen=value or note.value_fen)
        )
        desk.stop("note_fate")
        _notice(desk, NoteNotice("credited", value or note.value_fen))
    elif report.first and last is not None and last.state is NoteState.STACKED:
        # Credited by an earlier run that could not acknowledge it any more.
        desk.do(fx.AcknowledgeNote())
    elif payment is not None and value and not _other_note_due(desk, payment):
        desk.emit(ev.NoteStacked(key=payment.payment_id, note_id=desk.ids(), value_fen=value, asked=False))
        _notice(desk, NoteNotice("credited", value))
    else:
        # Of unknown value, or of a note that was lost before this payment: never another customer's money.
        late = None if payment is not None else desk.shown
        settle.open_claim(
            desk,
            reason="late_note" if late else "orphan_note",
            payment=late,
            amount_fen=value,
            note_id=desk.ids(),
        )


def _other_note_due(desk: Desk, payment: Payment) -> bool:
    last = desk.books.last_note
    return last is not None and last.state is NoteState.UNKNOWN and last.key != payment.payment_id


def _returned(desk: Desk, report: CashReport) -> None:
    payment = desk.collecting
    value = report.note.value_fen if report.note else 0
    if payment is not None and (note := payment.intended) is not None:
        desk.emit(ev.NoteReturned(key=payment.payment_id, note_id=note.note_id))
        desk.stop("note_fate")
        value = note.value_fen
    shown = desk.session.note_notice
    if shown is None or shown.kind != "refused":
        _notice(desk, NoteNotice("returned", value))


def _other(desk: Desk, report: CashReport) -> None:
    if report.state in TROUBLE:
        _notice(
            desk, NoteNotice("jam" if TROUBLE[report.state] == "jam" else "trouble", 0, TROUBLE[report.state])
        )
    elif report.state is CashState.REJECTING:
        _notice(desk, NoteNotice("rejected", 0, report.reason or "not_recognised"))
    elif report.state is CashState.PAUSED:
        _notice(desk, NoteNotice("paused", 0, "second_note"))
    elif report.state is CashState.ACCEPTING:
        _notice(desk, None)
    if report.state in {CashState.IDLE, CashState.DISABLED}:
        _at_rest(desk, report)


def _at_rest(desk: Desk, report: CashReport) -> None:
    """The acceptor is empty-handed: a note that was intended and not reported stacked has gone one way or the other."""
    payment = desk.collecting
    note = payment.intended if payment else None
    if payment is None or note is None:
        return
    sight: Sight = "blind" if desk.blind else "absent" if report.first else "watched"
    key = payment.payment_id
    match fate_at_rest(sight, note.counter, desk.counter):
        case NoteState.STACKED:
            desk.emit(ev.NoteStacked(key=key, note_id=note.note_id, value_fen=note.value_fen, recovered=True))
        case NoteState.RETURNED:
            desk.emit(ev.NoteReturned(key=key, note_id=note.note_id, recovered=sight != "watched"))
        case _:
            lose_note(desk, payment)
    desk.stop("note_fate")


def fate_at_rest(sight: Sight, before: int | None, now: int | None) -> NoteState:
    """Where an intended note is when the acceptor rests without having reported it.

    `sight`: we watched all along; we were absent (the kiosk restarted beside a sound acceptor); or blind (the acceptor
    itself was silent, failed or restarted). The counters are the acceptor's own, of before the intent and of now.
    """
    moved = None if before is None or now is None else now - before
    if moved == 1:
        return NoteState.STACKED
    if moved not in {0, None}:
        return NoteState.UNKNOWN
    if sight == "watched":
        return NoteState.RETURNED
    # A note that an acceptor at rest has neither counted nor kept has gone back, unless it was stuck on the way.
    return NoteState.RETURNED if sight == "absent" and moved == 0 else NoteState.UNKNOWN


def lose_note(desk: Desk, payment: Payment) -> None:
    """No device can tell where the intended note is: a claim with a memo amount, neither credited nor denied."""
    note = payment.intended
    if note is None:
        return
    claim_id = settle.open_claim(
        desk, reason="note_fate_unknown", payment=payment, amount_fen=0, memo_fen=note.value_fen
    )
    desk.emit(ev.NoteFateUnknown(key=payment.payment_id, note_id=note.note_id, claim_id=claim_id))
    desk.stop("note_fate")
    after = desk.books.payments[payment.payment_id]
    if after.state is PaymentState.FUNDED:
        request_pay(desk, after, "fault")
    elif after.state is PaymentState.OPEN:
        request_cancel(desk, after, "fault")


def _powered_up(desk: Desk, report: CashReport) -> None:
    payment = desk.collecting
    note = payment.intended if payment else None
    if payment is not None and note is not None:
        key = payment.payment_id
        if report.state is CashState.POWER_UP_NOTE_IN_BOX:
            desk.emit(ev.NoteStacked(key=key, note_id=note.note_id, value_fen=note.value_fen, recovered=True))
            desk.stop("note_fate")
        elif report.state is CashState.POWER_UP_NOTE_IN_HEAD:
            desk.emit(ev.NoteReturned(key=key, note_id=note.note_id, recovered=True))
            desk.stop("note_fate")
    elif report.state is CashState.POWER_UP_NOTE_IN_BOX and not _on_the_books(desk):
        # Money is in the box that no event of ours explains, and its value nobody knows until the box is counted.
        settle.open_claim(desk, reason="orphan_note", payment=None, amount_fen=0, note_id=desk.ids())
    if report.state is CashState.POWER_UP_NOTE_IN_HEAD:
        _notice(desk, NoteNotice("returned", note.value_fen if note else 0))
    desk.do(fx.ResetAcceptor())


def _on_the_books(desk: Desk) -> bool:
    last = desk.books.last_note
    return last is not None and last.state in {NoteState.STACKED, NoteState.UNKNOWN}


def _keep_in_step(desk: Desk) -> None:
    """Open the acceptor for a payment that takes notes, close it for anyone else, and finish a closing."""
    end_interrupted(desk)
    payment = desk.collecting
    taking = payment is not None and payment.state in TAKING
    if desk.cash_state is CashState.DISABLED and taking:
        desk.do(fx.EnableAcceptor())
    elif desk.cash_state is CashState.IDLE and not taking and (payment is None or payment.intended is None):
        desk.do(fx.DisableAcceptor())
    finish_closing(desk)


def mind_stray_note(desk: Desk) -> None:
    """No cash payment begins while a note that belongs to none is still on its way."""
    free = desk.collecting is not None or desk.cash_state not in IN_HAND
    if free != desk.facts.acceptor_free:
        desk.facts = replace(desk.facts, acceptor_free=free)


def end_interrupted(desk: Desk) -> None:
    """A payment that a restart interrupted takes no further note once its last one is settled."""
    payment = desk.collecting
    if payment is None or payment.payment_id != desk.ending:
        return
    if payment.state is PaymentState.FUNDED:
        request_pay(desk, payment, "restart")
    elif payment.state is PaymentState.OPEN:
        request_cancel(desk, payment, "restart")


def finish_closing(desk: Desk, *, waited: bool = False) -> None:
    """Fix the amount or end the cancelled payment once no note can come in any more (or `waited` long enough)."""
    payment = desk.collecting
    if payment is None:
        return
    if payment.intended is not None:
        if waited:
            desk.after("closing", desk.config.cash.closing_s)  # the note's fate comes first
        return
    if not waited and desk.cash_state not in RESTING:
        return
    if payment.state is PaymentState.CLOSING:
        desk.stop("closing")
        settle.send_credit(desk, payment)
    elif payment.state is PaymentState.CANCELLING:
        desk.stop("closing")
        desk.emit(ev.Cancelled(key=payment.payment_id))
        _show_cancelled(desk, payment)


def _show_cancelled(desk: Desk, payment: Payment) -> None:
    if desk.session.payment_id != payment.payment_id:
        return
    if desk.shown_claim is not None:
        desk.go(Page.CLAIM)
        desk.after("page", desk.config.screen.slip_s)
    elif payment.ended_by == "customer":
        desk.go(Page.CANCELLED)
        desk.after("page", desk.config.screen.done_s)
    elif payment.ended_by == "fault":
        desk.go(Page.MESSAGE, message="no_cash")
    else:
        desk.start_over()


def request_pay(desk: Desk, payment: Payment, by: str) -> None:
    """Fix the amount: no further note, then the credit request."""
    desk.emit(ev.PayRequested(key=payment.payment_id, by=by))
    _begin_closing(desk, payment)


def request_cancel(desk: Desk, payment: Payment, by: str) -> None:
    """End a payment into which nothing was put."""
    desk.emit(ev.CancelRequested(key=payment.payment_id, by=by))
    _begin_closing(desk, payment)


def _begin_closing(desk: Desk, payment: Payment) -> None:
    if desk.session.payment_id == payment.payment_id:
        desk.go(Page.CLOSING)
        desk.after("wait", 2.0)
    desk.after("closing", desk.config.cash.closing_s)
    finish_closing(desk)


def _notice(desk: Desk, notice: NoteNotice | None) -> None:
    if desk.session.page is Page.MORE_TIME and desk.session.under is Page.CASH:
        # A note is an answer to "do you need more time?".
        desk.go(Page.CASH)
    desk.change(note_notice=notice)
