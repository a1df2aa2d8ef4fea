"""After a restart at any moment: every open payment is settled before the next customer."""

from __future__ import annotations

from typing import Any

import pytest

from drivers.cash.model import CashState
from kiosk.hubclient import wire
from kiosk.hubclient.outcomes import Refused
from kiosk.payment import effects as fx
from kiosk.payment import events as ev
from kiosk.payment.model import Claim, NoteState, Payment, PaymentState
from kiosk.session.state import Page


def restarted(stage: Any) -> Any:
    stage.restart()
    return stage


def bring_up(stage: Any, state: CashState, value: int = 0, counter: int | None = None) -> None:
    stage.acceptor(state, value, counter, first=True)


def test_an_empty_journal_opens_for_customers(stage: Any) -> None:
    restarted(stage)
    assert stage.at(Page.ATTRACT)
    assert stage.effects == []


def test_without_money_the_payment_is_cancelled(stage: Any) -> None:
    stage.at_slot()
    restarted(stage)
    assert fx.DisableAcceptor() in stage.effects
    bring_up(stage, CashState.IDLE)
    stage.acceptor(CashState.DISABLED)
    assert stage.journal[-1] == ev.Cancelled(key=stage.journal[0].key)
    assert stage.at(Page.ATTRACT)


def test_money_that_is_in_is_paid_in(stage: Any) -> None:
    stage.at_slot()
    stage.note(5000)
    restarted(stage)
    assert not stage.at(Page.ATTRACT)
    bring_up(stage, CashState.DISABLED)
    assert stage.stands(PaymentState.SENDING)
    stage.hub()
    assert stage.payment.credit.to_balance_fen == 5000
    assert any(isinstance(e, fx.PrintSlip) for e in stage.effects)


@pytest.mark.parametrize(
    ("report", "value", "counter", "fate", "inserted"),
    [
        (CashState.STACKED, 10000, None, NoteState.STACKED, 10000),
        (CashState.POWER_UP_NOTE_IN_BOX, 0, None, NoteState.STACKED, 10000),
        (CashState.POWER_UP_NOTE_IN_HEAD, 0, None, NoteState.RETURNED, 0),
        (CashState.RETURNED, 10000, None, NoteState.RETURNED, 0),
        (CashState.RETURNING, 0, None, NoteState.RETURNED, 0),
        (CashState.DISABLED, 0, 8, NoteState.STACKED, 10000),
        (CashState.DISABLED, 0, 7, NoteState.UNKNOWN, 0),
        (CashState.DISABLED, 0, None, NoteState.UNKNOWN, 0),
        (CashState.IDLE, 0, 8, NoteState.STACKED, 10000),
    ],
)
def test_killed_between_intent_and_credit(
    stage: Any, report: CashState, value: int, counter: int | None, fate: NoteState, inserted: int
) -> None:
    stage.acceptor(CashState.DISABLED, counter=7)
    stage.at_slot()
    stage.acceptor(CashState.ESCROW, 10000)
    restarted(stage)
    bring_up(stage, report, value, counter)
    if report not in {CashState.DISABLED, CashState.IDLE}:
        stage.acceptor(CashState.DISABLED)
    payment = next(iter(stage.core.books.payments.values()), None)
    notes = payment.notes if payment else ()
    if payment is not None and notes:
        assert notes[0].state is fate
        assert payment.inserted_fen == inserted
    else:
        assert inserted == 0
    claims = [c.memo_fen for c in stage.core.books.open_claims]
    assert claims == ([10000] if fate is NoteState.UNKNOWN else [])


def came_back(stage: Any) -> None:
    """A hundred was intended, the kiosk was killed, and the note is out again."""
    stage.acceptor(CashState.DISABLED, counter=7)
    stage.at_slot()
    stage.acceptor(CashState.ESCROW, 10000)
    restarted(stage)
    bring_up(stage, CashState.RETURNED, 10000)


def test_a_payment_that_took_nothing_but_gave_a_note_back_has_a_slip(stage: Any) -> None:
    came_back(stage)
    stage.acceptor(CashState.DISABLED)
    assert stage.stands(PaymentState.CANCELLED)
    [job] = [e for e in stage.effects if isinstance(e, fx.PrintSlip)]
    assert (job.slip, job.copy_no) == ("returned", 0)
    assert isinstance(job.about, Payment)
    assert [(n.value_fen, n.count) for n in job.about.returned_counts] == [(10000, 1)]
    assert stage.at(Page.CANCELLED)


@pytest.mark.parametrize("copies", [0, 1])
def test_a_payment_that_becomes_a_claim_tells_of_the_note_that_came_back_on_the_claims_slip(
    stage: Any, copies: int
) -> None:
    stage.acceptor(CashState.DISABLED, counter=7)
    stage.at_slot()
    stage.note(5000)
    stage.acceptor(CashState.ESCROW, 10000)
    restarted(stage)
    bring_up(stage, CashState.RETURNED, 10000)
    stage.acceptor(CashState.DISABLED)
    assert stage.stands(PaymentState.SENDING)
    stage.hub(Refused(wire.Problem(status=422, code="over_limit")))
    assert stage.stands(PaymentState.CLAIMED)
    if copies:
        stage.press("finish")
        stage.take_snapshot()
        restarted(stage)
    [job] = [e for e in stage.effects if isinstance(e, fx.PrintSlip)]
    assert (job.slip, job.copy_no) == ("claim", copies)
    assert isinstance(job.about, Claim)
    assert [(n.value_fen, n.count) for n in job.about.returned] == [(10000, 1)]


@pytest.mark.parametrize("last", [CashState.RETURNED, CashState.DISABLED])
def test_a_note_that_is_still_coming_out_after_the_restart_has_its_slip_too(
    stage: Any, last: CashState
) -> None:
    stage.acceptor(CashState.DISABLED, counter=7)
    stage.at_slot()
    stage.acceptor(CashState.ESCROW, 10000)
    restarted(stage)
    bring_up(stage, CashState.RETURNING)
    stage.acceptor(last, 10000 if last is CashState.RETURNED else 0)
    stage.acceptor(CashState.DISABLED)
    assert stage.stands(PaymentState.CANCELLED)
    assert [e.slip for e in stage.journal if isinstance(e, ev.SlipIntended)] == ["returned"]


@pytest.mark.parametrize(
    ("dark", "last"),
    [(CashState.POWER_UP_NOTE_IN_HEAD, CashState.DISABLED), (CashState.OFFLINE, CashState.RETURNED)],
)
def test_who_leaves_after_a_note_came_back_from_a_dark_acceptor_is_told_of_the_slip(
    stage: Any, dark: CashState, last: CashState
) -> None:
    stage.at_slot()
    stage.acceptor(CashState.ESCROW, 10000)
    stage.acceptor(dark)
    stage.acceptor(last, 10000 if last is CashState.RETURNED else 0)
    stage.acceptor(CashState.IDLE)
    stage.press("cancel")
    stage.acceptor(CashState.DISABLED)
    assert stage.at(Page.CANCELLED)
    assert [e.slip for e in stage.journal if isinstance(e, ev.SlipIntended)] == ["returned"]
    told = [stage.core.page.notice.text]
    stage.printed()
    told.append(stage.core.page.notice.text)
    assert told == ["正在打印凭条，请稍候。", "请取走凭条。"]


def test_killed_while_the_slip_of_a_returned_note_prints_a_copy_follows(stage: Any) -> None:
    came_back(stage)
    stage.acceptor(CashState.DISABLED)
    restarted(stage)
    [job] = [e for e in stage.effects if isinstance(e, fx.PrintSlip)]
    assert (job.slip, job.copy_no) == ("returned", 1)
    stage.printed()
    restarted(stage)
    assert not any(isinstance(e, fx.PrintSlip) for e in stage.effects)


def test_a_note_that_came_back_before_the_customers_eyes_needs_no_slip(stage: Any) -> None:
    stage.at_slot()
    stage.acceptor(CashState.ESCROW, 10000)
    stage.acceptor(CashState.RETURNED, 10000)
    stage.acceptor(CashState.IDLE)
    stage.press("cancel")
    stage.acceptor(CashState.DISABLED)
    assert stage.stands(PaymentState.CANCELLED)
    assert not any(isinstance(e, ev.SlipIntended) for e in stage.journal)


def test_a_note_still_in_escrow_is_stacked_since_its_intent_is_durable(stage: Any) -> None:
    stage.at_slot()
    stage.acceptor(CashState.ESCROW, 10000)
    restarted(stage)
    bring_up(stage, CashState.ESCROW, 10000)
    assert [e for e in stage.effects if isinstance(e, fx.StackNote)] == stage.effects[-1:]
    stage.acceptor(CashState.STACKED, 10000)
    assert fx.AcknowledgeNote() in stage.effects
    stage.acceptor(CashState.DISABLED)
    assert stage.payment.inserted_fen == 10000


def test_killed_between_credit_and_acknowledgement_the_repeated_report_is_acknowledged_only(
    stage: Any,
) -> None:
    stage.at_slot()
    stage.note(10000)
    restarted(stage)
    bring_up(stage, CashState.STACKED, 10000)
    assert fx.AcknowledgeNote() in stage.effects
    assert stage.payment.inserted_fen == 10000
    assert stage.core.books.open_claims == ()


def test_killed_while_the_request_was_out_it_is_sent_again_unchanged(stage: Any) -> None:
    stage.at_slot()
    stage.note(5000)
    stage.press("pay_now")
    stage.acceptor(CashState.DISABLED)
    restarted(stage)
    [sent] = [e for e in stage.effects if isinstance(e, fx.SendCredit)]
    assert sent.payment.attempts == 2
    first, second = (e for e in stage.journal if isinstance(e, ev.CreditSending))
    assert (first.amount_fen, first.taken_at) == (second.amount_fen, second.taken_at)
    assert stage.at(Page.SETTLING)
    stage.hub()
    assert stage.at(Page.DONE)


def test_a_payment_under_check_does_not_keep_the_kiosk_from_the_next_customer(stage: Any) -> None:
    stage.at_slot()
    stage.note(5000)
    stage.press("pay_now")
    stage.acceptor(CashState.DISABLED)
    stage.wait(16)
    restarted(stage)
    assert stage.at(Page.ATTRACT)
    assert any(isinstance(e, fx.SendCredit) for e in stage.effects)


def test_a_receipt_that_may_have_come_out_is_printed_again_as_a_copy(stage: Any) -> None:
    stage.at_slot()
    stage.note(5000)
    stage.press("pay_now")
    stage.acceptor(CashState.DISABLED)
    stage.hub()
    restarted(stage)
    [slip] = [e for e in stage.effects if isinstance(e, fx.PrintSlip)]
    assert slip.copy_no == 1
    stage.printed()
    assert stage.stands(PaymentState.PAID)


def test_open_claims_are_told_again(stage: Any) -> None:
    stage.acceptor(CashState.STACKED, 2000)
    stage.printed()
    restarted(stage)
    assert [type(e) for e in stage.effects] == [fx.SendClaim]


def test_the_running_number_goes_on(stage: Any) -> None:
    stage.at_slot()
    stage.press("cancel")
    stage.acceptor(CashState.DISABLED)
    stage.press("finish")
    stage.restart()
    stage.up().at_slot()
    assert stage.payment.kiosk_no == 2


@pytest.mark.parametrize(
    "strange",
    [CashState.ACCEPTING, CashState.BUSY, CashState.PAUSED, CashState.REJECTING, CashState.INITIALIZING],
)
def test_an_acceptor_that_begins_in_the_middle_of_something_has_not_been_watched(
    stage: Any, strange: CashState
) -> None:
    stage.at_slot()
    stage.acceptor(CashState.ESCROW, 10000)
    restarted(stage)
    bring_up(stage, strange)
    stage.acceptor(CashState.IDLE)
    assert [c.memo_fen for c in stage.core.books.open_claims] == [10000]


def test_another_note_in_escrow_is_not_taken_for_the_one_that_was_counted(stage: Any) -> None:
    stage.acceptor(CashState.DISABLED, counter=7)
    stage.at_slot()
    stage.acceptor(CashState.ESCROW, 10000, counter=7)
    restarted(stage)
    bring_up(stage, CashState.ESCROW, 10000, counter=8)
    assert fx.GiveBackNote() in stage.effects
    assert not any(isinstance(e, fx.StackNote) for e in stage.effects)
    assert stage.payment.inserted_fen == 10000


def test_a_note_of_another_value_in_escrow_goes_back(stage: Any) -> None:
    stage.at_slot()
    stage.acceptor(CashState.ESCROW, 10000)
    restarted(stage)
    bring_up(stage, CashState.ESCROW, 5000)
    assert fx.GiveBackNote() in stage.effects
    assert [c.memo_fen for c in stage.core.books.open_claims] == [10000]


def test_a_silent_acceptor_does_not_keep_the_kiosk_closed(stage: Any) -> None:
    stage.at_slot()
    stage.note(5000)
    stage.acceptor(CashState.ESCROW, 10000)
    restarted(stage)
    stage.wait(70)
    assert stage.stands(PaymentState.SENDING)
    assert [c.memo_fen for c in stage.core.books.open_claims] == [10000]
    stage.hub()
    stage.wait(40)
    assert stage.at(Page.ATTRACT)


def test_a_promised_slip_is_printed_after_a_crash(stage: Any) -> None:
    stage.acceptor(CashState.STACKED, 2000)
    restarted(stage)
    [slip] = [e for e in stage.effects if isinstance(e, fx.PrintSlip)]
    assert (slip.slip, slip.copy_no) == ("claim", 1)


def test_the_slip_of_a_check_is_printed_after_a_crash(stage: Any) -> None:
    stage.at_slot()
    stage.note(5000)
    stage.press("pay_now")
    stage.acceptor(CashState.DISABLED)
    stage.wait(16)
    restarted(stage)
    assert [e.slip for e in stage.effects if isinstance(e, fx.PrintSlip)] == ["checking"]
    stage.printed()
    restarted(stage)
    assert [e for e in stage.effects if isinstance(e, fx.PrintSlip)] == []


def test_two_open_payments_are_both_settled_before_the_next_customer(stage: Any) -> None:
    stage.at_slot()
    stage.note(5000)
    stage.press("pay_now")
    stage.acceptor(CashState.DISABLED)
    stage.hub()
    stage.press("finish")
    stage.at_slot()
    stage.acceptor(CashState.ESCROW, 10000)
    restarted(stage)
    stage.wait(35)
    assert not stage.at(Page.ATTRACT)
    bring_up(stage, CashState.STACKED, 10000)
    stage.acceptor(CashState.DISABLED)
    stage.hub()
    assert stage.at(Page.DONE)


def test_the_checking_slip_of_a_claimed_payment_is_not_owed_but_its_claims_is(stage: Any) -> None:
    """Whether it came out nobody knows; its place took the claim's slip, and nothing waits for a word for ever."""
    stage.at_slot()
    stage.note(5000)
    stage.press("pay_now")
    stage.acceptor(CashState.DISABLED)
    [checking] = [e for e in stage.wait(20) if isinstance(e, fx.PrintSlip)]
    stage.hub(Refused(wire.Problem(status=404, code="unknown_account")))
    assert stage.stands(PaymentState.CLAIMED)
    stage.restart()
    assert [e for e in stage.journal if isinstance(e, ev.SlipFailed)] == [
        ev.SlipFailed(key=stage.payment.payment_id, job=checking.job, reason="restarted while printing")
    ]
    assert stage.payment.over
    assert [e.slip for e in stage.effects if isinstance(e, fx.PrintSlip)] == ["claim"]
