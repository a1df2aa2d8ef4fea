"""A new card that was paid for is written, handed to its customer once, or drawn in for good; whatever restarts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from drivers.card.model import CardState, DispenserReport
from drivers.cash.model import CashReport, CashState, NoteType
from kiosk.config import Dispenser, MeterCard
from kiosk.core import deliver, handover, walk
from kiosk.core.cash import why_not
from kiosk.core.inputs import CardStaged, DispenserSaid
from kiosk.payment import effects as fx
from kiosk.payment import events as ev
from kiosk.payment.model import PaymentState
from kiosk.session.state import Page
from kiosk.slips import Slips
from tests.kiosk.core.cards import Card, written
from tests.kiosk.core.new_cards import BLANK, FEE_FEN, MADE, OTHER, SERIAL, TORN, Desk

PAID = 10000


@pytest.fixture
def desk(make_stage: Any, world: Any) -> Desk:
    config = msgspec.structs.replace(
        world.config, meter_card=MeterCard(reader="slot"), dispenser=Dispenser(port="d", reader="station")
    )
    return Desk(make_stage(config).up(), world.account()).works()


def kinds(desk: Desk) -> list[type[Any]]:
    return [type(e) for e in desk.stage.effects]


def told(desk: Desk, kind: type[Any]) -> list[Any]:
    return [e for e in desk.stage.journal if isinstance(e, kind)]


def test_a_new_card_is_sold_written_offered_and_taken(desk: Desk) -> None:
    stage = desk.paid().stage
    desk.sold()
    assert stage.at(Page.MAKING)
    purchase = desk.effect(fx.WriteCard).payment.delivery.purchase
    assert (purchase.good, purchase.card_serial, purchase.fee_fen) == ("reissue", SERIAL, FEE_FEN)
    desk.looked(MADE)
    assert stage.at(Page.DONE)
    assert fx.PresentCard in kinds(desk)
    assert [type(e) for e in stage.journal].index(ev.WriteVerified) < [type(e) for e in stage.journal].index(
        ev.CardOffered
    )
    desk.is_presented()
    desk.stands(CardState.HELD)
    assert not stage.payment.over
    desk.stands(CardState.EMPTY)
    assert [e.how for e in told(desk, ev.CardLeft)] == ["taken"]
    assert not stage.payment.unhanded


def test_the_slip_of_a_new_card_names_the_old_one_once_that_is_void(desk: Desk) -> None:
    slips = Slips(desk.stage.config, b"no kiosk's key")
    desk.paid()
    desk.sold(old_card_tail="7A3C")
    payment = desk.stage.payment
    for slip, end in (("owed", ""), ("paid", "7A3C")):
        facts = slips.facts(fx.PrintSlip("j" * 32, slip, 0, payment))
        assert facts.power is not None
        assert facts.power.old_card_end == end


def test_the_page_stands_as_long_as_the_card_is_held_out(desk: Desk) -> None:
    stage = desk.made().stage
    stage.printed()
    stage.wait(stage.config.screen.done_s + 1)
    assert stage.at(Page.DONE)
    desk.stands(CardState.EMPTY)
    stage.wait(stage.config.screen.slip_s + 1)
    assert stage.at(Page.ATTRACT)


def test_a_card_that_nobody_takes_is_drawn_in_for_good(desk: Desk) -> None:
    stage = desk.made().stage
    stage.printed()
    stage.wait(stage.config.dispenser.take_card_s - 1)
    assert not told(desk, ev.CardKept)
    effects = stage.wait(2)
    assert fx.RetractCard() in effects
    assert [e.reason for e in told(desk, ev.CardKept)] == ["not taken"]
    desk.stands(CardState.EMPTY)
    stage.wait(stage.config.screen.slip_s + 1)
    assert stage.at(Page.ATTRACT)
    assert not told(desk, ev.CardLeft)


def test_a_new_card_that_nobody_takes_is_drawn_in_for_good(stage: Any, make_stage: Any, world: Any) -> None:
    card = Card(stage.up(), world)
    card.paid_in(10000)
    card.sold()
    card.looked(written(10000))
    made_new = [
        msgspec.structs.replace(event, business="reissue") if isinstance(event, ev.PaymentOpened) else event
        for event in stage.journal
    ]
    again = make_stage(journal=made_new)
    assert again.payment.unhanded
    held = DispenserSaid(DispenserReport(CardState.HELD))
    half = again.config.dispenser.take_card_s / 2
    for _ in range(2):  # a unit that tells the same again does not begin the time anew
        again.says(held)
        assert not [event for event in again.journal if isinstance(event, ev.CardKept)]
        again.wait(half + 1)
    [kept] = [event for event in again.journal if isinstance(event, ev.CardKept)]
    assert kept.reason == "not taken"
    assert not again.payment.unhanded


def test_money_for_a_new_card_needs_no_card_in_the_customers_slot(stage: Any, world: Any) -> None:
    card = Card(stage.up(), world)
    card.at_slot()
    card.goes_out()
    note = CashReport(CashState.ESCROW, NoteType(0, PAID, "CNY"))
    power, desk = stage.payment, stage.core._desk
    assert why_not(desk, power, note) == "card_gone"
    new = replace(power, business="reissue")
    assert why_not(desk, new, note) == "card_gone"  # its own card is not where it is written, either
    desk.facts = replace(desk.facts, station=CardState.CONTACT, new_card=desk.facts.printer)
    assert why_not(desk, new, note) == ""


def test_a_card_that_does_not_come_out_is_moved_again_while_it_is_inside(desk: Desk) -> None:
    stage = desk.paid().stage
    desk.sold()
    desk.looked(MADE)
    desk.is_presented("no_answer")
    desk.stands(CardState.INSIDE)
    assert [type(e) for e in stage.wait(handover.PRESENT_AGAIN_S + 0.1)] == [fx.PresentCard]
    desk.stands(CardState.HELD)
    desk.stands(CardState.EMPTY)
    assert [e.how for e in told(desk, ev.CardLeft)] == ["taken"]
    assert not [e for e in stage.wait(30) if isinstance(e, fx.PresentCard)]


def test_a_blank_that_cannot_be_written_goes_into_the_bin_and_the_card_is_owed(desk: Desk) -> None:
    stage = desk.paid().stage
    desk.sold()
    for _ in range(stage.config.meter_card.most_writes - 1):
        desk.looked(BLANK, "card_worn")
        stage.wait(10)
    desk.looked(BLANK, "card_worn")
    stage.wait(10)
    assert stage.stands(PaymentState.OWED)
    assert stage.at(Page.OWED)
    assert [e.reason for e in told(desk, ev.CardKept)] == ["not written"]
    assert [e.outcome for e in told(desk, ev.WriteGivenUp)] == ["failed"]
    assert not told(desk, ev.CardOffered)


def test_a_torn_new_card_is_written_over_by_the_same_write(desk: Desk) -> None:
    stage = desk.paid().stage
    desk.sold()
    first = desk.effect(fx.WriteCard).payment.delivery.write_id
    desk.looked(TORN)
    assert stage.stands(PaymentState.TORN)
    stage.wait(2)
    assert desk.effect(fx.WriteCard).payment.delivery.write_id == first


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "purchase", "amount_fen": 0},
        {"card_tail": OTHER[-4:]},
        {"kind": "open", "amount_fen": 0},
        {"id": "9" * 32},
        {"fee_fen": FEE_FEN + 1},
    ],
    ids=["another good", "another card", "another business", "another payment", "more than was paid"],
)
def test_what_the_payment_did_not_ask_for_is_not_taken_for_its_own(desk: Desk, changes: Any) -> None:
    desk.paid().sold(**changes)
    assert desk.stage.stands(PaymentState.SENDING)


def test_nobody_else_gets_a_card_while_one_is_promised(desk: Desk) -> None:
    stage = desk.made().stage
    stage.press("finish")
    assert stage.at(Page.DONE)  # the page has no such key while the card is held out
    assert handover.occupied(stage.core._desk)


# Restarts.


@pytest.mark.parametrize(
    ("contents", "state"),
    [(BLANK, PaymentState.UNDELIVERED), (TORN, PaymentState.TORN), (MADE, PaymentState.CREDITED)],
    ids=["blank", "torn", "written"],
)
def test_a_write_that_a_restart_cut_off_is_looked_at_first(
    desk: Desk, contents: Any, state: PaymentState
) -> None:
    stage = desk.paid().stage
    desk.sold()
    assert stage.stands(PaymentState.WRITING)
    desk.restarts()
    assert not [e for e in stage.effects if isinstance(e, fx.WriteCard | fx.PresentCard | fx.RetractCard)]
    desk.stands(CardState.INSIDE, first=True)
    asked = desk.effect(fx.StageCard)
    assert not asked.fresh  # never one from the stack
    desk.stands(CardState.CONTACT)
    stage.says(CardStaged(asked.request))
    desk.looked(contents)
    assert stage.payment.state in {state, PaymentState.WRITING}
    if contents is MADE:
        assert fx.PresentCard in kinds(desk)
    else:
        stage.wait(10)
        assert len(told(desk, ev.WriteIntended)) == 2
        assert len({e.write_id for e in told(desk, ev.WriteIntended)}) == 1


@pytest.mark.parametrize(("off_s", "contents"), [(500, BLANK), (601, BLANK), (601, TORN)])
def test_after_a_long_power_cut_no_card_is_made_for_a_customer_who_has_gone(
    desk: Desk, off_s: int, contents: Any
) -> None:
    stage = desk.paid().stage
    desk.sold()
    stage.mono += off_s
    desk.restarts()
    desk.stands(CardState.INSIDE, first=True)
    asked = desk.effect(fx.StageCard)
    desk.stands(CardState.CONTACT)
    stage.says(CardStaged(asked.request))
    desk.looked(contents)
    stage.wait(10)
    late = off_s > deliver.GONE_S
    assert stage.stands(PaymentState.OWED if late else PaymentState.WRITING)
    assert len(told(desk, ev.WriteIntended)) == (1 if late else 2)
    assert [(e.outcome, e.reason) for e in told(desk, ev.WriteGivenUp)] == [
        ("failed", "its customer has gone")
    ] * late
    assert len(told(desk, ev.CardKept)) == late
    assert not told(desk, ev.CardOffered)


def test_a_written_card_is_held_out_after_any_power_cut(desk: Desk) -> None:
    stage = desk.paid().stage
    desk.sold()
    stage.mono += 7200
    desk.restarts()
    desk.stands(CardState.INSIDE, first=True)
    asked = desk.effect(fx.StageCard)
    desk.stands(CardState.CONTACT)
    stage.says(CardStaged(asked.request))
    desk.looked(MADE)
    assert fx.PresentCard in kinds(desk)


def test_a_card_that_does_not_come_to_the_contact_is_moved_again_after_a_pause(desk: Desk) -> None:
    stage = desk.paid().stage
    desk.sold()
    desk.restarts()
    desk.stands(CardState.INSIDE, first=True)
    stage.says(CardStaged(desk.effect(fx.StageCard).request, "no_answer"))
    desk.stands(CardState.INSIDE)  # told again, as after any call that failed
    assert kinds(desk) == []
    assert [type(e) for e in stage.wait(handover.PRESENT_AGAIN_S + 0.1)] == [fx.StageCard]
    desk.stands(CardState.CONTACT)
    stage.says(CardStaged(stage.payment.payment_id))
    desk.looked(MADE)
    assert stage.stands(PaymentState.CREDITED)


def test_a_card_that_is_gone_after_a_restart_is_owed_as_unknown(desk: Desk) -> None:
    stage = desk.paid().stage
    desk.sold()
    desk.restarts()
    desk.stands(CardState.EMPTY, first=True)
    stage.wait(stage.config.meter_card.card_back_s + 1)
    assert stage.stands(PaymentState.OWED)
    assert [e.outcome for e in told(desk, ev.WriteGivenUp)] == ["unknown"]


@pytest.mark.parametrize("printed", [False, True])
def test_a_written_card_inside_is_looked_at_and_offered_after_a_restart(desk: Desk, printed: bool) -> None:
    stage = desk.paid().stage
    desk.sold()
    desk.looked(MADE)
    if printed:
        stage.printed()
    desk.restarts()
    assert stage.at(Page.DONE)
    assert fx.PresentCard not in kinds(desk)
    desk.stands(CardState.INSIDE, first=True)
    asked = desk.effect(fx.StageCard)
    assert not asked.fresh
    stage.says(CardStaged(asked.request))
    desk.is_read(MADE)
    assert fx.PresentCard in kinds(desk)


def test_a_written_card_that_cannot_be_read_is_looked_at_again_and_then_kept(desk: Desk) -> None:
    stage = desk.paid().stage
    desk.sold()
    desk.looked(MADE)
    desk.restarts()
    desk.stands(CardState.INSIDE, first=True)
    stage.says(CardStaged(desk.effect(fx.StageCard).request))
    desk.is_read(None, "card_gone")
    asked = [e for e in stage.wait(handover.PRESENT_AGAIN_S + 0.1) if isinstance(e, fx.StageCard)]
    assert [e.fresh for e in asked] == [False]
    effects = stage.wait(stage.config.dispenser.take_card_s)
    assert fx.RetractCard() in effects
    assert not stage.payment.unhanded


def test_another_card_than_the_payments_own_is_offered_to_nobody(desk: Desk) -> None:
    stage = desk.paid().stage
    desk.sold()
    desk.looked(MADE)
    desk.restarts()
    desk.stands(CardState.INSIDE, first=True)
    stage.says(CardStaged(desk.effect(fx.StageCard).request))
    desk.is_read(replace(MADE, serial=OTHER))
    assert fx.PresentCard not in kinds(desk)
    assert [e.how for e in told(desk, ev.CardLeft)] == ["gone"]


def test_a_card_in_the_mouth_is_waited_for_again_after_a_restart(desk: Desk) -> None:
    stage = desk.made().stage
    desk.restarts()
    desk.stands(CardState.HELD, first=True)
    assert fx.RetractCard not in kinds(desk)
    desk.stands(CardState.EMPTY)
    assert [e.how for e in told(desk, ev.CardLeft)] == ["taken"]
    assert stage.at(Page.DONE)


def test_a_card_that_went_while_the_kiosk_was_off_is_gone(desk: Desk) -> None:
    desk.made()
    desk.restarts()
    desk.stands(CardState.EMPTY, first=True)
    assert [e.how for e in told(desk, ev.CardLeft)] == ["gone"]


def test_after_a_restart_the_page_stands_until_the_card_is_looked_at_and_held_out(desk: Desk) -> None:
    stage = desk.made().stage
    stage.printed()
    desk.restarts()
    stage.press("finish")
    assert stage.at(Page.DONE)
    desk.stands(CardState.INSIDE, first=True)
    stage.press("finish")
    assert stage.at(Page.DONE)
    stage.says(CardStaged(stage.payment.payment_id))
    desk.is_read(MADE)
    assert fx.PresentCard in kinds(desk)


@pytest.mark.parametrize("state", [CardState.INSIDE, CardState.HELD])
def test_a_card_is_held_out_to_nobody_but_its_customer(desk: Desk, state: CardState) -> None:
    stage = desk.made().stage
    stage.printed()
    desk.restarts()
    stage.wait(stage.config.dispenser.take_card_s + stage.config.screen.slip_s + 1)
    assert stage.at(Page.ATTRACT)  # of the dispenser nothing was heard
    stage.press("start")
    desk.stands(state, first=True)
    assert kinds(desk) == [fx.RetractCard]
    assert [e.reason for e in told(desk, ev.CardKept)] == ["not taken"]
    assert not stage.payment.unhanded


def test_nobody_is_sent_from_the_card_that_is_held_out_by_asking_for_help(desk: Desk) -> None:
    stage = desk.made().stage
    stage.press("help")
    assert stage.at(Page.HELP)
    walk.leave(stage.core._desk, "timeout")
    assert stage.at(Page.DONE)


def test_nobodys_card_in_the_mouth_is_drawn_in(desk: Desk) -> None:
    desk.stands(CardState.HELD, first=True)
    assert kinds(desk) == [fx.RetractCard]


def test_nobodys_card_inside_is_left_for_the_next_customer(desk: Desk) -> None:
    desk.stands(CardState.INSIDE, first=True)
    assert kinds(desk) == []


def test_what_is_kept_over_a_snapshot_is_what_was_known(desk: Desk) -> None:
    stage = desk.made().stage
    stage.take_snapshot()
    desk.restarts()
    assert stage.payment.hand_over == "offered"
    assert stage.payment.unhanded
