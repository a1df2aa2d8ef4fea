"""A paid purchase is written on its card once, or is owed: whatever is pulled, torn, silent or restarted between."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from drivers.meter_card.model import Wallet
from kiosk.core.inputs import CardFelt, CardRead
from kiosk.hubclient import wire
from kiosk.hubclient.outcomes import Refused, Unknown, UnknownReason
from kiosk.payment import effects as fx
from kiosk.payment import events as ev
from kiosk.payment.effects import CardFace
from kiosk.payment.model import ENDS, PaymentState
from kiosk.session.state import Page
from tests.kiosk.core.cards import CONTENTS, COUNT, OTHER, TOLD, TORN, Card, written
from tests.kiosk.core.refusals import hub_says

PAID = 10000


@pytest.fixture
def card(stage: Any, world: Any) -> Card:
    return Card(stage, world)


def effects_of(stage: Any, kind: type[fx.Effect]) -> list[Any]:
    return [e for e in stage.effects if isinstance(e, kind)]


def events_of(stage: Any, kind: type[ev.Event]) -> list[Any]:
    return [e for e in stage.journal if isinstance(e, kind)]


def test_a_purchase_is_sold_then_written_then_told(card: Card) -> None:
    stage = card.paid_in().stage
    card.sold()
    assert stage.at(Page.WRITING)
    [write] = effects_of(stage, fx.WriteCard)
    assert write.payment.delivery.purchase.amount_fen == PAID
    card.looked(written(PAID))
    assert stage.at(Page.DONE)
    assert effects_of(stage, fx.PrintSlip)
    [told] = effects_of(stage, fx.SendOutcome)
    assert told.payment.delivery.outcome == "written"
    stage.printed()
    card.hub_told()
    assert stage.stands(PaymentState.PAID)
    assert stage.payment.over


def test_the_write_is_durable_before_it_is_asked_for(card: Card) -> None:
    stage = card.paid_in().stage
    card.sold()
    assert [type(e) for e in stage.journal[-2:]] == [ev.GoodApproved, ev.WriteIntended]


@pytest.mark.parametrize(
    ("contents", "again"),
    [(CONTENTS, "absent"), (TORN, "torn"), (replace(TORN, wallet=Wallet(PAID, 6)), "wallet torn")],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_what_is_not_on_the_card_is_written_again_under_the_same_id(
    card: Card, contents: Any, again: str
) -> None:
    stage = card.paid_in().stage
    card.sold()
    card.looked(contents, "card_refused_us")
    assert stage.at(Page.WRITING)
    stage.wait(2)
    [write] = effects_of(stage, fx.WriteCard)
    first, second = events_of(stage, ev.WriteIntended)
    assert (first.write_id, first.attempt, second.attempt) == (second.write_id, 1, 2)
    assert write.payment.delivery.writes == 2
    card.looked(written(PAID))
    assert stage.at(Page.DONE)


def test_a_file_unlike_its_order_is_written_again_though_the_count_is_new(card: Card) -> None:
    stage = card.paid_in().stage
    card.sold()
    card.looked(written(PAID), differs="parameter")
    assert stage.stands(PaymentState.TORN)
    stage.wait(2)
    assert effects_of(stage, fx.WriteCard)


def test_a_card_that_cannot_be_written_is_given_up_after_some_tries(card: Card) -> None:
    stage = card.paid_in().stage
    card.sold()
    for _ in range(stage.config.meter_card.most_writes):
        card.looked(TORN, "card_worn")
        stage.wait(5)
    assert stage.stands(PaymentState.OWED)
    assert stage.at(Page.OWED)
    assert stage.payment.delivery.outcome == "failed"
    [slip] = [s for s in stage.payment.slips if s.kind == "owed"]
    assert slip.copy == 0
    assert events_of(stage, ev.OutcomeSending)


def test_a_new_count_beside_another_file_is_never_told_as_failed(card: Card) -> None:
    """The meter may take it all the same, so nobody may think that the money can go back."""
    stage = card.paid_in().stage
    card.sold()
    for _ in range(stage.config.meter_card.most_writes):
        card.looked(written(PAID), differs="parameter")
        stage.wait(5)
    assert stage.stands(PaymentState.OWED)
    assert stage.payment.delivery.outcome == "unknown"


def test_a_file_that_cannot_be_read_is_never_told_as_failed(card: Card) -> None:
    """The wallet beside it was not seen: it may have been written before the other file was worn."""
    stage = card.paid_in().stage
    card.sold()
    for _ in range(stage.config.meter_card.most_writes):
        card.looked(None, "card_damaged", CONTENTS.serial)
        stage.wait(5)
    assert stage.stands(PaymentState.OWED)
    assert stage.payment.delivery.outcome == "unknown"


def test_a_pulled_card_is_asked_for_and_looked_at_before_anything_else(card: Card) -> None:
    stage = card.paid_in().stage
    card.sold()
    card.looked(None, "card_gone")
    assert stage.at(Page.CARD_BACK)
    assert stage.stands(PaymentState.READING_BACK)
    card.goes_out()
    card.goes_in()
    assert effects_of(stage, fx.ReadCardBack)
    assert not effects_of(stage, fx.WriteCard)
    card.looked(written(PAID))
    assert stage.at(Page.DONE)
    assert len(events_of(stage, ev.WriteIntended)) == 1


def test_another_card_is_never_written(card: Card) -> None:
    stage = card.paid_in().stage
    card.sold()
    card.looked(None, "card_gone")
    card.goes_in()
    card.looked(replace(CONTENTS, serial=OTHER))
    assert stage.at(Page.CARD_BACK)
    card.goes_in()
    card.looked(None, "card_damaged", OTHER)
    assert stage.at(Page.CARD_BACK)
    card.goes_in()
    card.looked(None, "card_damaged", CONTENTS.serial)
    stage.wait(2)
    [write] = effects_of(stage, fx.WriteCard)
    assert write.payment.card.serial == CONTENTS.serial


def test_another_card_is_told_for_as_long_as_it_is_in(card: Card) -> None:
    stage = card.paid_in().stage
    card.sold()
    card.looked(None, "card_gone")
    assert card_asked_for(stage) == "我们来核对"
    card.goes_out()
    card.goes_in()
    card.looked(replace(CONTENTS, serial=OTHER))
    assert card_asked_for(stage) == "换回刚才那张"
    card.goes_out()
    assert card_asked_for(stage) == "我们来核对"
    card.goes_in()
    card.looked(None, "card_gone")
    assert card_asked_for(stage) == "我们来核对"


def card_asked_for(stage: Any) -> str:
    """Which of two words stands on the page that asks for the card."""
    prompt = stage.core.page.prompt
    [word] = [one for one in ("我们来核对", "换回刚才那张") if one in prompt]
    return word


def test_the_card_that_the_page_on_what_is_owed_asks_for_is_read_there(card: Card) -> None:
    stage = card.paid_in().stage
    card.sold()
    card.looked(None, "card_gone")
    card.goes_out()
    stage.press("write_later")
    assert stage.at(Page.OWED)
    assert stage.core.page.guide.kind == "insert"
    card.goes_in()
    assert stage.at(Page.READING_CARD)
    [ask] = effects_of(stage, fx.ReadCard)
    stage.wait(stage.config.screen.slip_s + 1)
    stage.printed()
    assert stage.at(Page.READING_CARD)
    stage.says(CardRead(ask.request, CardFace(CONTENTS, b"\1" * 8, b"\2" * 8)))
    assert effects_of(stage, fx.AskCard)


def test_a_card_that_is_still_in_is_not_asked_for_but_given_back(card: Card) -> None:
    stage = card.paid_in().stage
    card.sold()
    for _ in range(stage.config.meter_card.most_writes):
        card.looked(CONTENTS, "hub_gone")
        stage.wait(5)
    assert stage.at(Page.OWED)
    assert stage.core.page.guide.kind == "take"


@pytest.mark.parametrize("business", ["paid", "rewritten"])
def test_who_waits_for_a_long_write_is_asked_for_patience(card: Card, business: str) -> None:
    stage = card.stage
    if business == "paid":
        card.paid_in()
        stage.wait(1.5)
        card.sold()
    else:
        card.owed()
        stage.press("rewrite")
    levels = []
    for seconds in (1.0, 1.5, 13.5):
        stage.wait(seconds)
        levels.append(stage.core.session.wait_level)
    assert (stage.core.session.page, levels) == (Page.WRITING, [0, 1, 2])


@pytest.mark.parametrize("tried", [True, False], ids=["after a try", "before any"])
def test_a_card_that_does_not_come_back_is_owed(card: Card, tried: bool) -> None:
    stage = card.paid_in().stage
    if not tried:
        card.goes_out()
    card.sold()
    if tried:
        card.looked(None, "card_gone")
    assert stage.at(Page.CARD_BACK)
    stage.wait(stage.config.meter_card.card_back_s + 1)
    assert stage.at(Page.OWED)
    assert stage.payment.delivery.outcome == ("unknown" if tried else "failed")
    assert (
        bool(events_of(stage, ev.OutcomeSending)) is tried
    )  # the hub knows of no write that was never asked for


def test_a_card_that_was_taken_out_before_the_money_was_booked_is_written_when_it_is_back(card: Card) -> None:
    stage = card.paid_in().stage
    card.goes_out()
    card.sold()
    assert stage.at(Page.CARD_BACK)
    card.goes_in()
    card.looked(CONTENTS)
    assert effects_of(stage, fx.WriteCard)


def test_a_reader_that_cannot_tell_is_asked_again_and_then_the_write_is_owed_as_unknown(card: Card) -> None:
    stage = card.paid_in().stage
    card.sold()
    for _ in range(3):
        card.looked(None, "reader_gone")
        assert stage.stands(PaymentState.READING_BACK)
        stage.wait(1.5)
    stage.wait(stage.config.meter_card.card_back_s)
    assert stage.stands(PaymentState.OWED)
    assert stage.payment.delivery.outcome == "unknown"


def test_what_is_approved_when_the_customer_has_gone_is_owed(card: Card) -> None:
    stage = card.paid_in().stage
    stage.hub(Unknown(UnknownReason.TIMEOUT, ""))
    stage.wait(stage.config.hub.checking_after_s + 1)
    assert stage.at(Page.CHECKING)
    stage.printed()
    stage.press("finish")
    card.sold()
    assert stage.stands(PaymentState.OWED)
    assert not effects_of(stage, fx.WriteCard)
    assert not effects_of(stage, fx.PrintSlip)


def test_a_customer_who_still_reads_that_it_is_being_checked_is_told_what_is_owed(card: Card) -> None:
    stage = card.paid_in().stage
    stage.hub(Unknown(UnknownReason.TIMEOUT, ""))
    stage.wait(stage.config.hub.checking_after_s + 1)
    card.sold()
    assert stage.at(Page.OWED)
    assert [s.slip for s in effects_of(stage, fx.PrintSlip)] == ["owed"]


@pytest.mark.parametrize(
    "changes",
    [
        {"card_tail": OTHER[-4:]},
        {"meter_no": "9" * 12},
        {"customer_no": "9" * 12},
        {"count": COUNT},
        {"count": COUNT + 2},
        {"id": "9" * 32},
        {"kind": "open"},
        {"fee_fen": 100},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_purchase_that_is_not_for_this_card_is_no_answer(card: Card, changes: dict[str, Any]) -> None:
    stage = card.paid_in().stage
    card.sold(**changes)
    assert stage.stands(PaymentState.SENDING)
    assert isinstance(stage.journal[-1], ev.CreditUnknown)


def test_money_that_bought_nothing_is_in_the_balance_and_the_receipt_says_so(card: Card) -> None:
    stage = card.paid_in().stage
    stage.hub()
    assert stage.at(Page.DONE)
    assert stage.payment.delivery is None
    assert not effects_of(stage, fx.WriteCard)
    steps = {step.name: step.state for step in stage.core.page.steps}
    assert (steps["写卡"], stage.core.page.title) == ("next", "没有购电，钱已存入余额")


def test_the_hub_is_told_until_it_answers(card: Card) -> None:
    stage = card.paid_in().stage
    card.sold()
    card.looked(written(PAID))
    stage.printed()
    card.hub_told(Unknown(UnknownReason.TIMEOUT, ""))
    assert effects_of_after(stage, 3)
    card.hub_told(hub_says("hub_busy", 2))
    assert effects_of_after(stage, 6)
    card.hub_told()
    assert not effects_of_after(stage, 3600)
    assert [e.attempt for e in events_of(stage, ev.OutcomeSending)] == [1, 2, 3]


@pytest.mark.parametrize("outcome", ["written", "failed"])
def test_a_write_that_the_hub_never_heard_of_needs_no_telling(card: Card, outcome: str) -> None:
    stage = card.paid_in().stage
    card.sold()
    if outcome == "written":  # another kiosk has written it
        card.looked(None, "card_gone")
        card.goes_in()
        card.looked(written(PAID))
    else:
        for _ in range(stage.config.meter_card.most_writes):
            card.looked(CONTENTS, "hub_gone")
            stage.wait(5)
    assert stage.payment.delivery.outcome == outcome
    card.hub_told(Refused(wire.Problem(status=404, code="unknown_write")))
    assert not effects_of_after(stage, 3600)
    assert not stage.core.books.untold_payments


def test_a_card_that_was_written_elsewhere_after_a_write_that_never_reached_the_hub(card: Card) -> None:
    stage = card.paid_in().stage
    card.sold()
    card.looked(None, "card_gone")
    card.goes_in()
    card.looked(written(PAID))  # by another kiosk
    assert stage.at(Page.DONE)
    stage.printed()
    card.hub_told(Refused(wire.Problem(status=404, code="unknown_write")))
    assert not effects_of_after(stage, 3600)


def test_what_the_meter_has_taken_already_was_written(card: Card) -> None:
    stage = card.paid_in().stage
    card.sold()
    card.looked(None, "card_gone")
    card.goes_in()
    card.looked(replace(written(PAID), write_back=replace(TOLD, count=COUNT + 1)))
    assert stage.at(Page.DONE)
    assert [event.taken for event in events_of(stage, ev.WriteVerified)] == [True]
    page = stage.core.page
    assert page.title == "电表已经读入这次购电"
    assert "插表后增加" not in [row.label for row in page.panel.rows]
    card.goes_out()
    assert stage.core.page.guide is None  # nobody is sent to the meter
    assert len(events_of(stage, ev.WriteIntended)) == 1


def test_of_the_money_before_nothing_is_said_when_the_card_is_put_in_again(card: Card) -> None:
    stage = card.paid_in().stage
    card.sold()
    card.looked(None, "card_gone")
    card.goes_out()
    stage.press("write_later")
    assert stage.at(Page.OWED)
    card.goes_in()
    assert (stage.core.session.payment_id, stage.core.session.note_notice) == ("", None)


def test_what_another_meter_says_on_the_card_is_no_sign_of_a_write(card: Card) -> None:
    stage = card.paid_in().stage
    card.sold()
    card.looked(replace(written(PAID), write_back=replace(TOLD, meter_no="9" * 12, count=COUNT + 1)))
    assert stage.stands(PaymentState.TORN)


def effects_of_after(stage: Any, seconds: float) -> list[Any]:
    return [e for e in stage.wait(seconds) if isinstance(e, fx.SendOutcome)]


def test_a_rewrite_takes_no_money_and_carries_what_was_paid_before(card: Card) -> None:
    stage = card.owed().stage
    stage.press("rewrite")
    assert stage.at(Page.WRITING)
    [write] = effects_of(stage, fx.WriteCard)
    assert (write.payment.business, write.payment.inserted_fen) == ("rewrite", 0)
    assert write.payment.delivery.purchase.purchase_id == "7" * 32
    card.looked(written(PAID))
    assert stage.at(Page.DONE)
    card.hub_told()
    stage.printed()
    assert stage.payment.over


@pytest.mark.parametrize("verdict", ["ready", "not_taken"])
def test_only_what_is_owed_is_rewritten(card: Card, verdict: str) -> None:
    stage = card.shown(verdict).stage
    stage.press("rewrite")
    assert stage.at(Page.CARD)
    assert not stage.effects


def interrupted(card: Card) -> list[str]:
    """Play a write with every turn in it, and return the names of the states after each event."""
    stage = card.paid_in().stage
    card.sold()
    card.looked(TORN, "card_refused_us")
    stage.wait(2)
    card.looked(None, "card_gone")
    card.goes_in()
    card.looked(CONTENTS)
    stage.wait(3)
    card.looked(written(PAID))
    card.hub_told()
    stage.printed()
    return [type(e).__name__ for e in stage.journal]


def test_a_restart_after_any_event_looks_at_the_card_first_and_ends_well(
    card: Card, make_stage: Any, world: Any
) -> None:
    names = interrupted(card)
    assert {"WriteAbsent", "WriteTorn", "WriteUncertain", "CardReadAsked"} <= set(names)
    whole = card.stage.journal
    for cut in range(names.index("GoodApproved") + 1, len(whole) + 1):
        stage = make_stage(journal=list(whole[:cut]))
        reads = [e for e in stage.effects if isinstance(e, fx.ReadCardBack)]
        assert not [e for e in stage.effects if isinstance(e, fx.WriteCard)]
        if stage.core.books.open_payments and stage.payment.state is PaymentState.READING_BACK:
            assert reads
            again = Card(stage.up(), world)
            stage.effects = reads
            again.looked(written(PAID))
        assert stage.payment.state in ENDS | {PaymentState.CREDITED}, names[cut - 1]
        assert stage.payment.delivery.outcome == "written"
        assert stage.payment.untold is bool(
            stage.payment.delivery.write_id and not stage.payment.delivery.told
        )


def test_a_card_that_is_left_in_after_a_restart_is_asked_for(card: Card, make_stage: Any, world: Any) -> None:
    card.paid_in()
    card.sold()
    stage = make_stage(journal=list(card.stage.journal))
    reads = [e for e in stage.effects if isinstance(e, fx.ReadCardBack)]
    again = Card(stage.up(), world)
    again.goes_in()
    stage.effects = reads
    again.looked(written(PAID))
    stage.printed()
    assert stage.at(Page.DONE)
    stage.wait(stage.config.screen.done_s + 1)
    assert stage.at(Page.TAKE_CARD)


def test_a_restart_with_the_card_gone_owes_the_write(card: Card, make_stage: Any, world: Any) -> None:
    card.paid_in()
    card.sold()
    stage = make_stage(journal=list(card.stage.journal))
    reads = [e for e in stage.effects if isinstance(e, fx.ReadCardBack)]
    again = Card(stage.up(), world)
    stage.effects = reads
    again.looked(None, "card_gone")
    assert stage.at(Page.CARD_BACK)
    stage.wait(stage.config.meter_card.card_back_s + 1)
    assert stage.stands(PaymentState.OWED)
    assert stage.payment.delivery.outcome == "unknown"


def test_an_outcome_that_was_on_its_way_is_told_again_after_a_restart(card: Card, make_stage: Any) -> None:
    card.paid_in()
    card.sold()
    card.looked(written(PAID))
    stage = make_stage(journal=list(card.stage.journal))
    [told] = [e for e in stage.effects if isinstance(e, fx.SendOutcome)]
    delivery = told.payment.delivery
    assert delivery is not None
    assert delivery.tellings == 2
    assert not [e for e in stage.effects if isinstance(e, fx.ReadCardBack | fx.WriteCard)]


def test_a_late_word_on_a_write_changes_nothing(card: Card) -> None:
    stage = card.paid_in().stage
    card.sold()
    [write] = effects_of(stage, fx.WriteCard)
    card.looked(TORN, "card_refused_us")
    stage.wait(2)
    before = len(stage.journal)
    stage.effects = [write]
    card.looked(written(PAID))  # of the first attempt, when the second is under way
    assert len(stage.journal) == before


def test_a_card_pulled_while_it_is_written_is_the_lanes_to_tell(card: Card) -> None:
    stage = card.paid_in().stage
    card.sold()
    stage.says(CardFelt(False))
    assert stage.at(Page.WRITING)
    assert stage.stands(PaymentState.WRITING)
