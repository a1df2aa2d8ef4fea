"""At the note slot: what is stacked, what is credited, and what strange reports lead to."""

from __future__ import annotations

from typing import Any

import pytest

from drivers.cash.model import CashReport, CashState, NoteType
from drivers.status import DeviceHealth, DeviceStatus
from kiosk.core.inputs import AcceptorSaid, DeviceFelt, StatusSaid, Tick
from kiosk.payment import effects as fx
from kiosk.payment import events as ev
from kiosk.payment.model import NoteState, PaymentState
from kiosk.session.state import Page


def kinds(things: list[Any]) -> list[str]:
    return [type(t).__name__ for t in things]


def test_the_intent_is_journalled_with_the_stack_command_and_the_credit_with_the_acknowledgement(
    stage: Any,
) -> None:
    stage.at_slot()
    before = len(stage.journal)
    stage.acceptor(CashState.ESCROW, 10000)
    assert kinds(stage.effects) == ["StackNote"]
    assert kinds(stage.journal[before:]) == ["NoteIntended"]
    stage.acceptor(CashState.STACKED, 10000)
    assert kinds(stage.effects) == ["AcknowledgeNote"]
    assert kinds(stage.journal[before:]) == ["NoteIntended", "NoteStacked"]
    assert stage.payment.inserted_fen == 10000


def test_paying_in_full_on_the_happy_path(stage: Any) -> None:
    stage.at_slot()
    for value in (10000, 10000, 2000):
        stage.note(value)
    stage.press("pay_now")
    assert stage.effects == [fx.DisableAcceptor()]
    assert stage.at(Page.CLOSING)
    stage.acceptor(CashState.DISABLED)
    assert kinds(stage.effects) == ["SendCredit"]
    assert stage.at(Page.PAYING)
    stage.hub()
    assert kinds(stage.effects) == ["PrintSlip"]
    assert stage.at(Page.DONE)
    stage.printed()
    assert stage.stands(PaymentState.PAID)
    stage.press("finish")
    assert stage.at(Page.ATTRACT)
    assert stage.core.books.payments == {}


@pytest.mark.parametrize(
    ("value", "reason"), [(500, "type_off"), (0, "type_off")], ids=["switched off", "not in the table"]
)
def test_a_note_that_is_not_taken_goes_back(stage: Any, value: int, reason: str) -> None:
    stage.at_slot()
    stage.acceptor(CashState.ESCROW, value)
    assert stage.effects == [fx.GiveBackNote()]
    assert stage.core.session.note_notice.reason == reason
    assert stage.payment.notes == ()


def test_a_note_more_than_may_be_goes_back_before_it_is_stacked(stage: Any) -> None:
    stage.at_slot()
    for _ in range(7):
        stage.note(10000)
    stage.note(10000)
    stage.acceptor(CashState.ESCROW, 1000)
    assert stage.effects == [fx.GiveBackNote()]
    assert stage.core.session.note_notice.reason == "too_many_notes"
    assert stage.payment.inserted_fen == 80000


def test_a_note_while_the_hub_is_gone_goes_back(stage: Any, world: Any) -> None:
    stage.at_slot()
    stage.note(5000)
    stage.says(StatusSaid(world.silence))
    stage.acceptor(CashState.ESCROW, 10000)
    assert stage.effects == [fx.GiveBackNote()]
    assert stage.core.session.note_notice.reason == "hub_gone"
    assert stage.payment.inserted_fen == 5000


@pytest.mark.parametrize("paid_in", [(), (5000,)])
def test_a_note_without_paper_for_its_slip_goes_back(stage: Any, paid_in: tuple[int, ...]) -> None:
    stage.at_slot()
    for value in paid_in:
        stage.note(value)
    low = DeviceHealth(DeviceStatus.ONLINE, "paper_low")
    stage.says(DeviceFelt("printer", DeviceHealth(DeviceStatus.USER_ERROR, "paper_out")))
    stage.acceptor(CashState.ESCROW, 10000)
    assert stage.effects == [fx.GiveBackNote()]
    assert stage.core.session.note_notice.reason == "printer"
    assert stage.payment.inserted_fen == sum(paid_in)
    stage.acceptor(CashState.IDLE)
    stage.says(DeviceFelt("printer", low))
    stage.note(10000)
    assert stage.payment.inserted_fen == sum(paid_in) + 10000


def test_money_that_is_in_when_the_paper_ends_is_booked_all_the_same(stage: Any) -> None:
    stage.at_slot()
    stage.note(5000)
    stage.says(DeviceFelt("printer", DeviceHealth(DeviceStatus.USER_ERROR, "paper_out")))
    stage.press("pay_now")
    stage.acceptor(CashState.DISABLED)
    stage.hub()
    stage.printed(ok=False, reason="paper_out")
    assert stage.stands(PaymentState.PAID)
    assert [(s.printed, s.reason) for s in stage.payment.slips] == [(False, "paper_out")]


def test_a_note_nobody_asked_for_goes_back(stage: Any) -> None:
    stage.acceptor(CashState.ESCROW, 10000)
    assert stage.effects == [fx.GiveBackNote()]
    assert stage.journal == []


def test_a_note_that_comes_back_after_the_intent_is_not_credited(stage: Any) -> None:
    stage.at_slot()
    stage.acceptor(CashState.ESCROW, 10000)
    stage.acceptor(CashState.RETURNING)
    assert stage.core.session.note_notice.kind == "returned"
    stage.acceptor(CashState.RETURNED, 10000)
    assert stage.stands(PaymentState.OPEN)
    assert stage.payment.notes[0].state is NoteState.RETURNED
    stage.acceptor(CashState.IDLE)
    stage.note(2000)
    assert stage.payment.inserted_fen == 2000


def test_an_acceptor_at_rest_without_a_word_on_the_note_has_given_it_back(stage: Any) -> None:
    stage.at_slot()
    stage.acceptor(CashState.ESCROW, 10000)
    stage.acceptor(CashState.IDLE)
    assert stage.payment.notes[0].state is NoteState.RETURNED


def test_a_slow_stacker_is_waited_for_and_credited(stage: Any) -> None:
    stage.at_slot()
    stage.acceptor(CashState.ESCROW, 10000)
    stage.acceptor(CashState.STACKING)
    stage.wait(50)
    stage.acceptor(CashState.STACKED, 10000)
    assert stage.payment.inserted_fen == 10000


def test_pay_while_a_note_is_on_its_way_waits_for_it(stage: Any) -> None:
    stage.at_slot()
    stage.note(5000)
    stage.acceptor(CashState.ESCROW, 10000)
    stage.press("pay_now")
    assert stage.effects == [fx.DisableAcceptor()]
    stage.wait(6)
    assert stage.stands(PaymentState.CLOSING)
    stage.acceptor(CashState.STACKED, 10000)
    stage.acceptor(CashState.DISABLED)
    assert stage.effects[-1].payment.inserted_fen == 15000


def test_a_note_in_escrow_when_the_amount_is_being_fixed_goes_back(stage: Any) -> None:
    stage.at_slot()
    stage.note(5000)
    stage.press("pay_now")
    stage.acceptor(CashState.ESCROW, 10000)
    assert stage.effects == [fx.GiveBackNote()]
    stage.acceptor(CashState.RETURNED, 10000)
    stage.acceptor(CashState.DISABLED)
    assert stage.effects[-1].payment.inserted_fen == 5000


def test_a_silent_acceptor_does_not_hold_the_payment_up(stage: Any) -> None:
    stage.at_slot()
    stage.note(5000)
    stage.press("pay_now")
    stage.wait(4.9)
    assert stage.stands(PaymentState.CLOSING)
    stage.wait(0.2)
    assert stage.stands(PaymentState.SENDING)


def test_a_note_whose_fate_nobody_can_tell_becomes_a_claim_and_the_rest_is_paid_in(stage: Any) -> None:
    stage.at_slot()
    stage.note(5000)
    stage.acceptor(CashState.ESCROW, 10000)
    stage.acceptor(CashState.OFFLINE)
    stage.wait(61)
    [claim] = stage.core.books.open_claims
    assert (claim.reason, claim.amount_fen, claim.memo_fen) == ("note_fate_unknown", 0, 10000)
    assert stage.stands(PaymentState.SENDING)
    assert stage.payment.inserted_fen == 5000
    stage.hub()
    assert stage.payment.credit.to_balance_fen == 5000


def test_a_lost_first_note_ends_on_the_claim_page_with_a_slip(stage: Any) -> None:
    stage.at_slot()
    stage.acceptor(CashState.ESCROW, 10000)
    stage.acceptor(CashState.JAM_BOX)
    stage.wait(61)
    assert stage.stands(PaymentState.CANCELLED)
    assert stage.at(Page.CLAIM)
    assert any(isinstance(e, ev.SlipIntended) and e.slip == "claim" for e in stage.journal)


def test_a_note_that_is_stacked_after_all_is_not_lost_in_its_claim(stage: Any) -> None:
    stage.at_slot()
    stage.acceptor(CashState.ESCROW, 10000)
    stage.acceptor(CashState.JAM_BOX)
    stage.wait(61)
    stage.acceptor(CashState.STACKED, 10000)
    assert fx.AcknowledgeNote() in stage.effects
    late = stage.core.books.open_claims[-1]
    assert (late.reason, late.amount_fen) == ("late_note", 10000)


def test_a_note_stacked_after_the_amount_was_fixed_becomes_a_claim(stage: Any) -> None:
    stage.at_slot()
    stage.note(5000)
    stage.press("pay_now")
    stage.wait(5.1)
    stage.acceptor(CashState.STACKED, 2000)
    assert fx.AcknowledgeNote() in stage.effects
    [claim] = stage.core.books.open_claims
    assert (claim.reason, claim.amount_fen, claim.payment_id) == ("late_note", 2000, stage.payment.payment_id)
    assert stage.payment.inserted_fen == 5000


@pytest.mark.parametrize("press", [(), ("help",)])
def test_a_note_stacked_after_the_cancel_is_told_of(stage: Any, press: tuple[str, ...]) -> None:
    stage.at_slot()
    stage.press("cancel")
    stage.acceptor(CashState.DISABLED)
    assert stage.at(Page.CANCELLED)
    stage.press(*press)
    stage.acceptor(CashState.STACKED, 1000)
    [claim] = stage.core.books.open_claims
    assert stage.at(Page.CLAIM)
    assert claim.reference in {row.value for row in stage.core.page.context}
    stage.wait(stage.config.screen.slip_s + 1)
    assert stage.at(Page.ATTRACT)


def test_a_note_stacked_after_the_receipt_is_told_of_on_its_page(stage: Any) -> None:
    stage.at_slot()
    stage.note(5000)
    stage.press("pay_now")
    stage.acceptor(CashState.DISABLED)
    stage.hub()
    assert stage.at(Page.DONE)
    stage.acceptor(CashState.STACKED, 1000)
    assert stage.at(Page.DONE)
    [claim] = stage.core.books.open_claims
    assert claim.reference in {row.value for row in stage.core.page.context}


def test_a_stacked_note_without_any_payment_becomes_a_claim(stage: Any) -> None:
    stage.acceptor(CashState.STACKED, 2000)
    [claim] = stage.core.books.open_claims
    assert (claim.reason, claim.amount_fen, claim.payment_id) == ("orphan_note", 2000, "")
    assert kinds(stage.effects) == ["AcknowledgeNote", "PrintSlip", "SendClaim"]


def test_a_note_stacked_without_being_asked_is_credited(stage: Any) -> None:
    stage.at_slot()
    stage.acceptor(CashState.STACKED, 5000)
    assert stage.payment.inserted_fen == 5000
    assert stage.stands(PaymentState.FUNDED)


@pytest.mark.parametrize(
    ("report", "counter_now", "fate"),
    [
        (CashState.POWER_UP_NOTE_IN_BOX, None, NoteState.STACKED),
        (CashState.POWER_UP_NOTE_IN_HEAD, None, NoteState.RETURNED),
        (CashState.POWER_UP, 8, NoteState.STACKED),
        (CashState.POWER_UP, 7, NoteState.UNKNOWN),
        (CashState.POWER_UP, 9, NoteState.UNKNOWN),
        (CashState.POWER_UP, None, NoteState.UNKNOWN),
    ],
)
def test_an_acceptor_that_lost_power_with_a_note_under_way(
    stage: Any, report: CashState, counter_now: int | None, fate: NoteState
) -> None:
    stage.at_slot()
    stage.acceptor(CashState.IDLE, counter=7)
    stage.acceptor(CashState.ESCROW, 10000)
    stage.acceptor(report, first=True)
    assert fx.ResetAcceptor() in stage.effects
    stage.acceptor(CashState.INITIALIZING)
    stage.acceptor(CashState.DISABLED, counter=counter_now)
    assert stage.payment.notes[0].state is fate


def test_a_note_stuck_in_a_jam_that_a_person_clears_is_a_claim(stage: Any) -> None:
    stage.at_slot()
    stage.acceptor(CashState.ESCROW, 10000)
    stage.acceptor(CashState.JAM_BOX)
    stage.acceptor(CashState.DISABLED)
    assert stage.payment.notes[0].state is NoteState.UNKNOWN


def test_a_foreign_note_goes_back(stage: Any) -> None:
    stage.at_slot()
    report = CashReport(CashState.ESCROW, NoteType(4, 10000, "USA"))
    stage.says(AcceptorSaid(report))
    assert stage.effects == [fx.GiveBackNote()]


def test_without_a_counter_a_note_lost_in_a_power_cut_is_a_claim(stage: Any) -> None:
    stage.at_slot()
    stage.acceptor(CashState.ESCROW, 10000)
    stage.acceptor(CashState.POWER_UP, first=True)
    stage.acceptor(CashState.DISABLED)
    assert stage.payment.notes[0].state is NoteState.UNKNOWN
    assert stage.core.books.open_claims[0].memo_fen == 10000


def test_money_in_the_box_that_no_event_explains_becomes_a_claim(stage: Any) -> None:
    stage.acceptor(CashState.POWER_UP_NOTE_IN_BOX, first=True)
    [claim] = stage.core.books.open_claims
    assert (claim.reason, claim.amount_fen, claim.memo_fen) == ("orphan_note", 0, 0)


def test_an_acceptor_that_comes_back_is_opened_again_for_the_customer(stage: Any) -> None:
    stage.at_slot()
    stage.note(5000)
    stage.acceptor(CashState.JAM_ENTRY)
    assert stage.core.session.note_notice.kind == "jam"
    stage.acceptor(CashState.DISABLED)
    assert stage.effects == [fx.EnableAcceptor()]


def test_an_open_acceptor_without_a_payment_is_closed(stage: Any) -> None:
    stage.acceptor(CashState.IDLE)
    assert stage.effects == [fx.DisableAcceptor()]


def test_cash_is_not_begun_without_paper_box_or_hub(make_stage: Any, world: Any) -> None:
    for device, broken in (
        ("printer", DeviceHealth(DeviceStatus.USER_ERROR, "paper_out")),
        ("acceptor", DeviceHealth(DeviceStatus.USER_ERROR, "box_full")),
    ):
        stage = make_stage().up()
        stage.found(world.account(world.bill("2026-10", 12056)))
        stage.says(DeviceFelt(device, broken))
        stage.press("pay", "cash")
        assert stage.effects == []
        assert stage.at(Page.MEANS)
        [choice] = stage.core.page.choices
        assert not choice.enabled
        assert choice.reason


def test_the_intent_keeps_the_counter_of_before(stage: Any) -> None:
    stage.acceptor(CashState.DISABLED, counter=41)
    stage.at_slot()
    stage.acceptor(CashState.ESCROW, 10000)
    assert stage.payment.notes[0].counter == 41


def test_ticks_and_repeats_change_nothing(stage: Any) -> None:
    stage.at_slot()
    stage.note(5000)
    journal = list(stage.journal)
    stage.says(Tick(), Tick())
    assert stage.journal == journal


def test_a_stacked_note_of_unknown_value_is_a_claim_and_never_a_payment_of_nothing(stage: Any) -> None:
    stage.at_slot()
    stage.says(AcceptorSaid(CashReport(CashState.STACKED, None, needs_ack=True)))
    assert stage.stands(PaymentState.OPEN)
    assert fx.AcknowledgeNote() in stage.effects
    [claim] = stage.core.books.open_claims
    assert (claim.amount_fen, claim.memo_fen, claim.notes) == (0, 0, ())
    stage.acceptor(CashState.IDLE)
    stage.note(10000)
    stage.press("pay_now")
    stage.acceptor(CashState.DISABLED)
    assert stage.payment.note_counts == (ev.NoteCount(10000, 1),)


def test_a_late_note_of_an_earlier_customer_is_not_credited_to_the_next_one(stage: Any) -> None:
    stage.at_slot()
    stage.acceptor(CashState.ESCROW, 10000)
    stage.acceptor(CashState.STACKING)
    stage.wait(200)
    assert stage.at(Page.ATTRACT)
    assert not stage.core.facts.cash_works
    assert stage.core.facts.cash_reason == "note_inside"
    stage.acceptor(CashState.DISABLED)
    stage.at_slot()
    stage.acceptor(CashState.STACKED, 10000)
    assert stage.payment.inserted_fen == 0
    late = stage.core.books.open_claims[-1]
    assert (late.reason, late.amount_fen, late.payment_id) == ("orphan_note", 10000, "")


def test_a_payment_does_not_wait_for_ever_for_a_motor_that_hangs(stage: Any) -> None:
    stage.at_slot()
    stage.note(10000)
    stage.acceptor(CashState.ESCROW, 5000)
    stage.acceptor(CashState.STACKING)
    stage.press("pay_now")
    stage.wait(70)
    assert stage.stands(PaymentState.SENDING)
    assert stage.payment.inserted_fen == 10000
    assert [c.memo_fen for c in stage.core.books.open_claims] == [5000]


def test_a_note_told_as_in_the_box_again_and_again_is_one_claim(stage: Any) -> None:
    for _ in range(3):
        stage.acceptor(CashState.POWER_UP_NOTE_IN_BOX, first=True)
        stage.restart()
    assert len(stage.core.books.open_claims) == 1


def test_a_lost_note_found_in_the_box_has_its_claim_already(stage: Any) -> None:
    stage.at_slot()
    stage.acceptor(CashState.ESCROW, 10000)
    stage.acceptor(CashState.OFFLINE)
    stage.wait(61)
    stage.acceptor(CashState.POWER_UP_NOTE_IN_BOX)
    assert len(stage.core.books.open_claims) == 1


def test_a_count_from_before_a_power_cut_decides_nothing(stage: Any) -> None:
    stage.at_slot()
    stage.acceptor(CashState.IDLE, counter=7)
    stage.acceptor(CashState.ESCROW, 10000)
    stage.acceptor(CashState.POWER_UP)
    stage.acceptor(CashState.DISABLED)
    assert stage.payment.notes[0].state is NoteState.UNKNOWN


def test_sight_begins_anew_with_each_note(stage: Any) -> None:
    stage.at_slot()
    stage.acceptor(CashState.OFFLINE)
    stage.acceptor(CashState.IDLE)
    stage.acceptor(CashState.ESCROW, 10000)
    stage.acceptor(CashState.IDLE)
    assert stage.payment.notes[0].state is NoteState.RETURNED


def test_the_hubs_own_limit_holds_too(stage: Any, world: Any) -> None:
    stage.at_slot(max_fen=4000)
    stage.acceptor(CashState.ESCROW, 5000)
    assert stage.effects == [fx.GiveBackNote()]


def test_cash_is_not_begun_without_the_hub(stage: Any, world: Any) -> None:
    stage.found(world.account(world.bill("2026-10", 12056)))
    stage.says(StatusSaid(world.silence))
    assert stage.press("pay", "cash") == []
    assert stage.at(Page.MEANS)


def test_what_broke_while_the_quote_was_asked_stops_the_payment(stage: Any, world: Any) -> None:
    stage.found(world.account(world.bill("2026-10", 12056))).press("pay", "cash")
    ask = stage.effects[0]
    stage.says(DeviceFelt("printer", DeviceHealth(DeviceStatus.USER_ERROR, "paper_out")))
    stage.quoted(ask)
    assert stage.at(Page.MESSAGE)
    assert stage.journal == []
