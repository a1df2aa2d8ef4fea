"""At the note slot, word for word: what the journal holds, which timers run, and what the customer is told."""

from __future__ import annotations

from typing import Any

import pytest

from drivers.cash.model import CashState
from kiosk.payment import effects as fx
from kiosk.payment import events as ev
from kiosk.payment.model import NoteState, PaymentState
from kiosk.session.state import NoteNotice, Page

AT_REST = {
    CashState.DISABLED,
    CashState.OFFLINE,
    CashState.BOX_FULL,
    CashState.BOX_OUT,
    CashState.JAM_ENTRY,
    CashState.JAM_BOX,
    CashState.CHEATED,
    CashState.FAILED,
}
QUIET = set(CashState) - {CashState.ESCROW, CashState.STACKED, CashState.POWER_UP_NOTE_IN_BOX}


def told(stage: Any) -> NoteNotice | None:
    notice: NoteNotice | None = stage.core.session.note_notice
    return notice


def timers(stage: Any) -> dict[str, float]:
    """Seconds from now, by name."""
    return {name: at - stage.mono for name, at in stage.core._desk.timers.items()}


def last(stage: Any, kind: type[ev.Event]) -> Any:
    return [event for event in stage.journal if isinstance(event, kind)][-1]


def intended(stage: Any, value: int = 10000, counter: int | None = None) -> Any:
    stage.acceptor(CashState.DISABLED, counter=counter)
    stage.at_slot()
    stage.acceptor(CashState.ESCROW, value, counter)
    return stage.payment.intended


@pytest.mark.parametrize("state", sorted(QUIET))
def test_the_amount_is_fixed_in_the_states_in_which_no_note_can_come_in(stage: Any, state: CashState) -> None:
    stage.at_slot()
    stage.note(5000)
    stage.press("pay_now")
    stage.acceptor(state)
    assert stage.stands(PaymentState.SENDING) is (state in AT_REST)
    assert ("closing" in timers(stage)) is (state not in AT_REST)


@pytest.mark.parametrize("state", sorted(AT_REST))
def test_a_cancelled_payment_ends_in_the_same_states(stage: Any, state: CashState) -> None:
    stage.at_slot()
    stage.press("cancel")
    assert {"wait": 2.0, "closing": stage.config.cash.closing_s}.items() <= timers(stage).items()
    stage.acceptor(state)
    assert stage.at(Page.CANCELLED)
    assert "closing" not in timers(stage)


def test_an_acceptor_that_is_closed_already_ends_the_payment_at_once(stage: Any) -> None:
    stage.at_slot()
    stage.note(5000)
    stage.acceptor(CashState.JAM_ENTRY)
    stage.press("pay_now")
    assert stage.stands(PaymentState.SENDING)


@pytest.mark.parametrize(
    ("state", "kind", "reason"),
    [
        (CashState.JAM_ENTRY, "jam", "jam"),
        (CashState.JAM_BOX, "jam", "jam"),
        (CashState.CHEATED, "trouble", "trouble"),
        (CashState.FAILED, "trouble", "trouble"),
        (CashState.BOX_FULL, "trouble", "box_full"),
        (CashState.BOX_OUT, "trouble", "trouble"),
        (CashState.OFFLINE, "trouble", "trouble"),
        (CashState.PAUSED, "paused", "second_note"),
        (CashState.REJECTING, "rejected", "not_recognised"),
    ],
)
def test_what_the_acceptor_cannot_do_is_told(stage: Any, state: CashState, kind: str, reason: str) -> None:
    stage.at_slot()
    stage.acceptor(state)
    assert told(stage) == NoteNotice(kind, 0, reason)
    stage.acceptor(CashState.ACCEPTING)
    assert told(stage) is None


def test_a_rejected_note_is_told_with_the_acceptors_reason(stage: Any) -> None:
    stage.at_slot()
    stage.acceptor(CashState.REJECTING, reason="double")
    assert told(stage) == NoteNotice("rejected", 0, "double")


@pytest.mark.parametrize("value", [10000, 5000, 0])
def test_the_value_at_the_point_of_no_return_is_credited_and_told(stage: Any, value: int) -> None:
    note = intended(stage)
    assert timers(stage)["note_fate"] == stage.config.cash.note_fate_s
    stage.acceptor(CashState.STACKED, value)
    key = stage.payment.payment_id
    worth = value or 10000  # one that is not named is worth what it was in escrow
    assert last(stage, ev.NoteStacked) == ev.NoteStacked(key=key, note_id=note.note_id, value_fen=worth)
    assert told(stage) == NoteNotice("credited", worth)
    assert "note_fate" not in timers(stage)


def test_a_note_that_only_the_count_tells_of_is_credited_for_what_it_was_in_escrow(stage: Any) -> None:
    note = intended(stage, 10000, 7)
    stage.restart()
    stage.acceptor(CashState.ESCROW, 5000, 8, first=True)
    stacked = last(stage, ev.NoteStacked)
    assert (stacked.note_id, stacked.value_fen, stacked.recovered) == (note.note_id, 10000, True)
    assert "note_fate" not in timers(stage)


def test_a_note_still_in_escrow_after_a_restart_is_stacked_by_its_own_id(stage: Any) -> None:
    note = intended(stage)
    stage.restart()
    stage.acceptor(CashState.ESCROW, 10000, first=True)
    assert [e for e in stage.effects if isinstance(e, fx.StackNote)] == [fx.StackNote(note.note_id)]


@pytest.mark.parametrize("restarted", [False, True])
def test_a_note_that_came_back_is_told_and_its_wait_is_over(stage: Any, restarted: bool) -> None:
    note = intended(stage)
    if restarted:
        stage.restart()
        stage.acceptor(CashState.POWER_UP_NOTE_IN_HEAD, first=True)
        assert told(stage) == NoteNotice("returned", 10000)
    stage.acceptor(CashState.RETURNED, 10000)
    assert last(stage, ev.NoteReturned) == ev.NoteReturned(
        key=stage.payment.payment_id, note_id=note.note_id, recovered=restarted
    )
    assert told(stage) == NoteNotice("returned", 10000)
    assert "note_fate" not in timers(stage)


@pytest.mark.parametrize("state", [CashState.RETURNING, CashState.RETURNED])
@pytest.mark.parametrize("value", [5000, 0])
def test_what_comes_out_is_told_with_the_value_that_is_known(
    stage: Any, state: CashState, value: int
) -> None:
    stage.at_slot()
    stage.acceptor(state, value)
    assert told(stage) == NoteNotice("returned", value)


def test_the_intended_notes_value_is_told_whatever_the_report_names(stage: Any) -> None:
    intended(stage)
    stage.acceptor(CashState.RETURNING, 5000)
    assert told(stage) == NoteNotice("returned", 10000)


@pytest.mark.parametrize(("value", "reason"), [(500, "type_off"), (0, "type_off"), (10000, "closing")])
def test_a_note_that_was_refused_stays_refused_while_it_comes_out(
    stage: Any, value: int, reason: str
) -> None:
    stage.at_slot()
    if reason == "closing":
        stage.press("cancel")
    stage.acceptor(CashState.ESCROW, value)
    key = stage.payment.payment_id
    assert last(stage, ev.NoteRefused) == ev.NoteRefused(key=key, value_fen=value, reason=reason)
    for state in (CashState.RETURNING, CashState.RETURNED):
        assert told(stage) == NoteNotice("refused", value, reason)
        stage.acceptor(state, value)
    assert told(stage) == NoteNotice("refused", value, reason)


def test_the_most_that_may_be_taken_is_taken(make_stage: Any) -> None:
    stage = make_stage().up().at_slot(max_fen=20000)
    stage.note(10000)
    stage.note(10000)
    assert stage.payment.inserted_fen == 20000
    stage.acceptor(CashState.ESCROW, 1000)
    assert told(stage) == NoteNotice("refused", 1000, "over_limit")


def test_a_note_stacked_unasked_is_told(stage: Any) -> None:
    stage.at_slot()
    stage.acceptor(CashState.STACKED, 2000)
    assert told(stage) == NoteNotice("credited", 2000)
    assert not last(stage, ev.NoteStacked).asked


def test_a_lost_note_fixes_the_amount_as_a_fault(stage: Any) -> None:
    stage.at_slot()
    stage.note(5000)
    stage.acceptor(CashState.ESCROW, 10000)
    stage.acceptor(CashState.JAM_BOX)
    stage.acceptor(CashState.DISABLED)
    assert last(stage, ev.PayRequested).by == "fault"
    assert "note_fate" not in timers(stage)


def test_a_lost_first_note_cancels_as_a_fault(stage: Any) -> None:
    intended(stage)
    stage.acceptor(CashState.JAM_BOX)
    stage.acceptor(CashState.DISABLED)
    assert last(stage, ev.CancelRequested).by == "fault"


def test_money_of_an_earlier_run_is_paid_in_because_of_the_restart(stage: Any) -> None:
    stage.at_slot()
    stage.note(5000)
    stage.restart()
    stage.acceptor(CashState.DISABLED, first=True)
    assert last(stage, ev.PayRequested).by == "restart"


@pytest.mark.parametrize("killed", [False, True])
def test_a_fault_before_any_money_leaves_the_claim_of_its_note_in_sight(stage: Any, killed: bool) -> None:
    """Also where another note came back before, and the claim was taken and printed before the acceptor rests."""
    stage.at_slot()
    stage.acceptor(CashState.ESCROW, 5000)
    stage.acceptor(CashState.POWER_UP_NOTE_IN_HEAD)
    stage.acceptor(CashState.IDLE)
    stage.acceptor(CashState.ESCROW, 10000)
    stage.wait(62)
    assert last(stage, ev.CancelRequested).by == "fault"
    stage.printed()
    stage.claim_taken()
    stage.take_snapshot()
    if killed:
        stage.restart()
    stage.acceptor(CashState.DISABLED)
    assert (stage.page, stage.core._desk.shown_claim.memo_fen) == (Page.CLAIM, 10000)
    assert [e.slip for e in stage.journal if isinstance(e, ev.SlipIntended)] == ["claim", "returned"]


def test_a_restart_before_any_note_begins_anew_without_a_word(stage: Any) -> None:
    stage.at_slot()
    stage.restart()
    stage.acceptor(CashState.DISABLED, first=True)
    assert stage.at(Page.ATTRACT)


def test_a_note_that_came_out_before_the_restart_is_told_after_it(stage: Any) -> None:
    intended(stage)
    stage.acceptor(CashState.RETURNED, 10000)
    assert stage.payment.notes[0].state is NoteState.RETURNED
    stage.restart()
    stage.acceptor(CashState.DISABLED, first=True)
    assert stage.at(Page.CANCELLED)


def test_an_idle_acceptor_stays_open_while_a_note_of_a_closing_payment_is_on_its_way(stage: Any) -> None:
    stage.at_slot()
    stage.note(5000)
    stage.acceptor(CashState.ESCROW, 10000)
    stage.press("pay_now")
    stage.acceptor(CashState.ACCEPTING)
    assert fx.DisableAcceptor() not in stage.effects
    stage.acceptor(CashState.RETURNED, 10000)
    stage.acceptor(CashState.IDLE)
    assert stage.effects == [fx.DisableAcceptor()]


def test_a_question_that_nobody_asked_about_the_slot_is_not_answered_by_a_note(
    stage: Any, world: Any
) -> None:
    stage.found(world.account(world.bill("2026-09", 9255)))
    stage.wait(stage.config.screen.idle_s + 1)
    assert stage.at(Page.MORE_TIME)
    stage.acceptor(CashState.PAUSED)
    assert stage.at(Page.MORE_TIME)


def test_a_note_that_the_acceptor_gives_out_after_a_restart_is_told_to_its_owner(stage: Any) -> None:
    """No intent tells of it: it never left the slot."""
    stage.at_slot()
    stage.restart()
    stage.acceptor(CashState.RETURNING, 5000, first=True)
    assert stage.payment.notes == ()
    stage.acceptor(CashState.DISABLED)
    assert stage.at(Page.CANCELLED)


@pytest.mark.parametrize("state", sorted(set(CashState) - {"idle", "disabled", "escrow"}))
def test_a_count_that_comes_with_something_in_motion_decides_nothing(stage: Any, state: CashState) -> None:
    intended(stage, 10000, 7)
    stage.acceptor(state, 10000, 9)
    note = stage.payment.notes[0]
    ends = {CashState.STACKED: NoteState.STACKED, CashState.RETURNED: NoteState.RETURNED}
    assert note.state is ends.get(state, NoteState.INTENDED)
