"""The way to a new meter card: who asks, a blank that is good, its price; and no money before all of it was seen."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import msgspec
import pytest

from drivers.card.model import CardState
from drivers.cash.model import CashState
from drivers.meter_card.model import WriteBack
from kiosk.config import Dispenser, MeterCard
from kiosk.core.inputs import CardKnown, CardStaged, DeviceFelt, QuoteSaid
from kiosk.hubclient import card_wire, wire
from kiosk.hubclient.outcomes import NotSent, NotSentReason, Refused
from kiosk.payment import effects as fx
from kiosk.payment import events as ev
from kiosk.payment.model import PaymentState
from kiosk.session.state import Page
from tests.kiosk.core.cards import METER, PROFILE
from tests.kiosk.core.new_cards import (
    BLANK,
    CARRIED_FEN,
    COUNT,
    FEE_FEN,
    MADE,
    PENDING,
    PHONE,
    SERIAL,
    Desk,
)
from tests.kiosk.core.refusals import hub_says


@pytest.fixture
def desk(make_stage: Any, world: Any) -> Desk:
    config = msgspec.structs.replace(
        world.config, meter_card=MeterCard(reader="slot"), dispenser=Dispenser(port="d", reader="station")
    )
    return Desk(make_stage(config).up(), world.account()).works()


def opened(desk: Desk) -> list[Any]:
    return [e for e in desk.stage.journal if isinstance(e, ev.PaymentOpened)]


def test_a_new_card_is_paid_for_once_everything_was_seen_to_work(desk: Desk) -> None:
    stage = desk.asks().stage
    asked = desk.types()
    assert (asked.what, asked.text, asked.account_no) == ("phone", PHONE, desk.account.account_no)
    desk.is_known()
    assert stage.at(Page.STAGING)
    assert stage.core.session.digits == ""
    desk.is_staged()
    desk.is_read()
    assert desk.effect(fx.AskCard).face.contents is BLANK
    read_id = desk.effect(fx.AskCard).read_id
    desk.is_judged()
    quote = desk.effect(fx.AskQuote)
    assert (quote.business, quote.identity_check_id) == ("reissue", asked.check_id)
    assert quote.card_read_id == read_id, "the hub compares the new card's layout with the meter's"
    desk.is_quoted()
    assert not opened(desk)
    stage.press("confirm_reissue")
    [payment] = opened(desk)
    assert (payment.business, payment.quote.due_fen, payment.card.serial) == ("reissue", FEE_FEN, SERIAL)
    assert fx.EnableAcceptor() in stage.effects


def test_what_was_typed_is_in_no_journal_and_no_log(desk: Desk) -> None:
    desk.asks()
    assert PHONE not in repr(desk.types())
    desk.is_known()
    assert PHONE not in repr(desk.stage.journal)


def test_the_end_of_the_identity_number_will_do_too(desk: Desk) -> None:
    stage = desk.asks().stage
    stage.press("by_identity")
    assert desk.types("80012") is None
    assert stage.core.session.entry_error == "too_short"
    stage.press("key:3", "confirm")
    asked = desk.effect(fx.CheckIdentity)
    assert (asked.what, asked.text) == ("identity_no", "800123")


def test_who_does_not_match_may_try_again_and_then_not(desk: Desk) -> None:
    stage = desk.asks().stage
    desk.types()
    desk.is_known("not_matched", 1)
    assert stage.at(Page.IDENTITY)
    assert (stage.core.session.entry_error, stage.core.session.tries_left) == ("not_matched", 1)
    desk.types()
    desk.is_known("not_matched", 0)
    assert stage.at(Page.IDENTITY_REFUSED)
    assert stage.core.session.account is None
    assert not [e for e in stage.effects if isinstance(e, fx.StageCard)]


@pytest.mark.parametrize("code", ["too_many_tries", "hub_busy"])
def test_a_short_wait_that_the_hub_asks_for_is_kept_for_the_customer(desk: Desk, code: str) -> None:
    stage = desk.asks().stage
    first = desk.types()
    desk.is_refused(code, 5)
    assert stage.at(Page.CHECKING_IDENTITY)
    stage.wait(4.9)
    assert not [e for e in stage.effects if isinstance(e, fx.CheckIdentity)]
    stage.wait(0.2)
    again = desk.effect(fx.CheckIdentity)
    assert again.text == first.text
    assert again.check_id != first.check_id
    desk.is_known()
    assert stage.at(Page.STAGING)


def test_a_long_wait_sends_the_customer_elsewhere(desk: Desk) -> None:
    desk.asks().types()
    desk.is_refused("too_many_tries", 3600)
    assert desk.stage.at(Page.IDENTITY_REFUSED)


def test_a_hub_that_stays_busy_does_not_hold_the_page_for_ever(desk: Desk) -> None:
    stage = desk.asks().stage
    desk.types()
    asked = 1
    while stage.at(Page.CHECKING_IDENTITY):
        desk.is_refused("hub_busy", 5)
        asked += any(isinstance(e, fx.CheckIdentity) for e in stage.wait(5.1))
    assert asked == 4
    assert stage.at(Page.MESSAGE)
    assert (stage.core.session.message, stage.core.session.digits) == ("busy", "")


@pytest.mark.parametrize("retry_after_s", [None, 3600])
def test_a_hub_that_is_busy_for_long_is_explained(desk: Desk, retry_after_s: int | None) -> None:
    desk.asks().types()
    desk.is_refused("hub_busy", retry_after_s)
    assert desk.stage.at(Page.MESSAGE)
    assert desk.stage.core.session.message == "busy"


def test_a_hub_that_fails_over_the_check_lets_the_customer_try_again(desk: Desk) -> None:
    desk.asks().types()
    desk.is_refused("hub_fault")
    assert desk.stage.at(Page.IDENTITY)
    assert desk.stage.core.session.entry_error == "hub_gone"


@pytest.mark.parametrize(("code", "word"), [("hub_busy", "busy"), ("hub_fault", "hub_gone")])
def test_a_hub_that_cannot_judge_a_blank_leaves_it_where_it_is(desk: Desk, code: str, word: str) -> None:
    stage = desk.asks().stage
    desk.types()
    desk.is_known()
    desk.is_staged()
    desk.is_read()
    stage.says(CardKnown(desk.effect(fx.AskCard).read_id, hub_says(code)))
    assert stage.at(Page.MESSAGE)
    assert stage.core.session.message == word
    assert stage.effects == []


def test_who_goes_back_while_it_is_checked_is_not_surprised(desk: Desk) -> None:
    stage = desk.asks().stage
    asked = desk.types()
    stage.press("back")
    stage.effects = [asked]
    desk.is_known()
    assert stage.at(Page.IDENTITY)


def test_a_card_that_stands_there_is_used_and_left_for_the_next_customer(desk: Desk) -> None:
    stage = desk.priced().stage
    stage.press("back")
    assert stage.at(Page.CONFIRM_ACCOUNT)
    stage.wait(120)
    assert stage.at(Page.ATTRACT)
    assert not [e for e in stage.effects if isinstance(e, fx.RetractCard | fx.PresentCard)]
    desk.priced()


@pytest.mark.parametrize(
    "contents",
    [
        None,
        replace(BLANK, meter_no="000000123456"),
        replace(BLANK, meter_no="000000123456", write_back=WriteBack("0" * 12, "0" * 12, 0, 1, 0, 0, "")),
    ],
    ids=["unreadable", "somebody's", "used"],
)
def test_a_card_that_is_no_good_goes_into_the_bin_and_the_next_one_comes(desk: Desk, contents: Any) -> None:
    stage = desk.asks().stage
    desk.types()
    desk.is_known()
    for _ in range(stage.config.dispenser.most_rejects - 1):
        desk.is_staged()
        desk.is_read(contents, "" if contents else "card_mute")
        assert [type(e) for e in stage.effects] == [fx.RetractCard, fx.StageCard]
    desk.is_staged()
    desk.is_read(contents, "" if contents else "card_mute")
    assert [type(e) for e in stage.effects] == [fx.RetractCard]
    assert stage.at(Page.MESSAGE)
    assert stage.core.session.message == "no_new_card"
    assert not stage.journal


@pytest.mark.parametrize("verdict", ["foreign", "other_card", "owed_to_somebody"])
def test_a_card_that_the_hub_does_not_call_blank_goes_into_the_bin(desk: Desk, verdict: str) -> None:
    desk.asks().types()
    desk.is_known()
    desk.is_staged()
    desk.is_read()
    desk.is_judged("other_card" if verdict == "owed_to_somebody" else verdict)
    assert [type(e) for e in desk.stage.effects] == [fx.RetractCard, fx.StageCard]


def comes_to_admission(desk: Desk) -> Any:
    desk.asks().types()
    desk.is_known()
    desk.is_staged()
    desk.is_read()
    desk.is_judged(admitted=None)
    return desk.stage


def test_a_blank_is_asked_whether_it_can_be_written_before_its_price(desk: Desk) -> None:
    stage = comes_to_admission(desk)
    assert [type(e) for e in stage.effects] == [fx.AdmitCard]
    assert stage.at(Page.STAGING)
    desk.is_admitted()
    assert desk.effect(fx.AskQuote).business == "reissue"


@pytest.mark.parametrize("code", ["card_locked", "card_refused_us", "card_mute"])
def test_a_blank_that_does_not_let_us_in_goes_into_the_bin(desk: Desk, code: str) -> None:
    stage = comes_to_admission(desk)
    desk.is_admitted(code)
    assert [type(e) for e in stage.effects] == [fx.RetractCard, fx.StageCard]


@pytest.mark.parametrize(
    ("code", "module", "word"),
    [
        ("module_away", "hub", "hub_gone"),
        ("module_away", "sam", "no_new_card"),
        ("module_refused", "hub", "no_new_card"),
        ("reader_gone", "hub", "no_new_card"),
    ],
)
def test_where_nobody_can_compute_for_a_blank_it_stays_where_it_is(
    make_stage: Any, world: Any, code: str, module: Any, word: str
) -> None:
    config = msgspec.structs.replace(
        world.config,
        meter_card=MeterCard(reader="slot", module=module),
        dispenser=Dispenser(port="d", reader="station"),
    )
    desk = Desk(make_stage(config).up(), world.account()).works()
    stage = comes_to_admission(desk)
    desk.is_admitted(code)
    assert stage.effects == []
    assert stage.at(Page.MESSAGE)
    assert stage.core.session.message == word
    assert not opened(desk)


def test_a_card_with_half_a_file_is_no_blank_one(desk: Desk) -> None:
    desk.asks().types()
    desk.is_known()
    desk.is_staged()
    desk.is_read(damaged="parameter.checksum")
    assert [type(e) for e in desk.stage.effects] == [fx.RetractCard, fx.StageCard]


def test_no_card_no_money(desk: Desk) -> None:
    desk.asks().types()
    desk.is_known()
    desk.is_staged("refused")
    assert desk.stage.at(Page.MESSAGE)
    assert not opened(desk)


def test_a_card_that_left_the_station_meanwhile_is_not_paid_for(desk: Desk) -> None:
    desk.priced()
    desk.stands(CardState.EMPTY)
    desk.stage.press("confirm_reissue")
    assert desk.stage.at(Page.MESSAGE)
    assert not opened(desk)


def test_a_meter_that_never_had_a_card_gets_its_first_one(desk: Desk) -> None:
    stage = desk.asks().stage
    desk.types()
    desk.is_known()
    desk.is_staged()
    desk.is_read()
    desk.is_judged()
    first = desk.effect(fx.AskQuote)
    stage.says(QuoteSaid(first.quote_id, Refused(wire.Problem(status=409, code="no_card_to_reissue"))))
    again = desk.effect(fx.AskQuote)
    assert (again.business, again.identity_check_id) == ("open_card", first.identity_check_id)
    desk.is_quoted()
    stage.press("confirm_reissue")
    assert opened(desk)[0].business == "open_card"


@pytest.mark.parametrize(
    ("code", "word"),
    [
        ("write_owed", "card_owed"),
        ("unknown_meter", "no_card_meter"),
        ("card_is_open", "no_new_card"),
        ("card_not_ready", "no_new_card"),
        ("account_closed", "account_closed"),
        ("hub_busy", "busy"),
        ("hub_fault", "hub_gone"),
    ],
)
def test_a_refusal_is_explained(desk: Desk, code: str, word: str) -> None:
    stage = desk.asks().stage
    desk.types()
    desk.is_known()
    desk.is_staged()
    desk.is_read()
    desk.is_judged()
    asked = desk.effect(fx.AskQuote)
    stage.says(QuoteSaid(asked.quote_id, hub_says(code)))
    assert stage.at(Page.MESSAGE)
    assert stage.core.session.message == word
    assert not [e for e in stage.effects if isinstance(e, fx.RetractCard)], "the card is good for others"


@pytest.mark.parametrize("profile", [PROFILE, "southern_grid"])
def test_a_card_that_was_paid_for_is_made_only_of_the_layout_that_its_meter_reads(
    desk: Desk, profile: str
) -> None:
    stage = desk.asks().stage
    desk.types()
    pending = card_wire.PendingCard(
        purchase_id="7" * 32,
        kind="reissue",
        meter_no="000000123456",
        customer_no="000000654321",
        count=6,
        amount_fen=5000,
        profile=profile,
        paid_at=desk.account.as_of,
        reference=None,
    )
    desk.is_known(pending=pending)
    desk.is_staged()
    desk.is_read()
    desk.is_judged(admitted="" if profile == PROFILE else None)
    if profile == PROFILE:
        assert stage.at(Page.NEW_CARD)
    else:
        assert stage.at(Page.MESSAGE)
        assert stage.core.session.message == "no_new_card"


def test_no_first_card_is_offered_where_no_notes_come_to_what_it_costs(desk: Desk) -> None:
    stage = desk.asks().stage
    desk.types()
    desk.is_known()
    desk.is_staged()
    desk.is_read()
    desk.is_judged()
    desk.is_quoted(min_fen=1001, max_fen=1999)
    assert stage.at(Page.MESSAGE)
    assert stage.core.session.message == "no_new_card"


def test_a_hub_that_is_gone_leaves_the_card_where_it_is(desk: Desk) -> None:
    stage = desk.asks().stage
    desk.types()
    desk.is_known()
    desk.is_staged()
    desk.is_read()
    desk.is_judged()
    stage.says(QuoteSaid(desk.effect(fx.AskQuote).quote_id, NotSent(NotSentReason.REFUSED, "no")))
    assert stage.at(Page.MESSAGE)
    assert not [e for e in stage.effects if isinstance(e, fx.RetractCard)]


def test_no_new_card_is_offered_where_one_part_is_missing(desk: Desk) -> None:
    stage = desk.stage
    for unit in ("dispenser", "new_card"):
        fine = stage.core.facts.printer
        stage.says(DeviceFelt(unit, replace(fine, status="hardwareError")))
        assert not stage.core.facts.reissues
        stage.says(DeviceFelt(unit, fine))
    assert stage.core.facts.reissues
    stage.leaves()
    assert not stage.core.facts.reissues


def test_no_first_note_is_taken_for_a_new_card_that_left_its_station(desk: Desk) -> None:
    stage = desk.priced().stage
    stage.press("confirm_reissue")
    stage.acceptor(CashState.IDLE)
    desk.stands(CardState.EMPTY)
    stage.acceptor(CashState.ACCEPTING)
    stage.acceptor(CashState.ESCROW, FEE_FEN)
    assert stage.effects == [fx.GiveBackNote()]


def test_less_than_the_fee_is_balance_and_makes_no_card(desk: Desk) -> None:
    stage = desk.paid(1000).stage
    stage.hub()
    assert stage.stands(PaymentState.CREDITED)
    assert stage.at(Page.DONE)
    assert not [e for e in stage.effects if isinstance(e, fx.WriteCard | fx.PresentCard)]
    stage.printed()
    assert stage.payment.over


# What was paid for before.


def free(desk: Desk) -> list[Any]:
    return [e for e in desk.stage.journal if isinstance(e, ev.RewriteOpened)]


@pytest.mark.parametrize("kind", ["reissue", "open"])
def test_a_card_that_was_paid_for_and_not_made_is_made_without_a_price(desk: Desk, kind: str) -> None:
    stage = desk.paid_before(kind).stage
    assert not [e for e in stage.effects if isinstance(e, fx.AskQuote)]
    assert stage.core.session.pending.paid_at.date() == date(2026, 11, 21), (
        "by the clock of the kiosk's place"
    )
    assert not stage.journal
    stage.press("confirm_reissue")
    assert not stage.journal, "nothing is sold a second time"
    stage.press("make_card")
    [made] = free(desk)
    good = made.purchase
    assert (good.purchase_id, good.good, good.card_serial) == (PENDING.purchase_id, kind, SERIAL)
    assert (good.meter_no, good.count, good.amount_fen, good.fee_fen) == (METER, COUNT, CARRIED_FEN, 0)
    assert stage.at(Page.MAKING)
    desk.looked(MADE)
    assert stage.stands(PaymentState.CREDITED)
    desk.is_presented()
    desk.stands(CardState.HELD)
    assert stage.at(Page.DONE)
    desk.stands(CardState.EMPTY)
    assert stage.payment.hand_over == "taken"
    assert not opened(desk)


def test_a_second_press_makes_no_second_card(desk: Desk) -> None:
    stage = desk.paid_before().stage
    stage.press("make_card", "make_card")
    assert len(free(desk)) == 1


def test_who_goes_back_is_asked_anew_who_he_is(desk: Desk) -> None:
    stage = desk.paid_before().stage
    stage.press("back")
    assert stage.at(Page.CONFIRM_ACCOUNT)
    assert stage.core.session.pending is None
    stage.press("correct")
    assert stage.at(Page.IDENTITY)


def test_the_next_customer_is_offered_nothing_of_it(desk: Desk) -> None:
    stage = desk.paid_before().stage
    stage.wait(120)
    assert stage.at(Page.ATTRACT)
    assert stage.core.session.pending is None
    desk.priced()
    stage.press("make_card")
    assert not free(desk)


def test_a_free_card_is_not_made_of_a_blank_that_left_its_station(desk: Desk) -> None:
    desk.paid_before()
    desk.stands(CardState.EMPTY)
    desk.stage.press("make_card")
    assert desk.stage.at(Page.MESSAGE)
    assert not free(desk)


@pytest.mark.parametrize("word", ["card_worn", "already_written", "other_card"])
def test_a_free_card_that_cannot_be_made_is_owed_once_more(desk: Desk, word: str) -> None:
    stage = desk.paid_before().stage
    stage.press("make_card")
    for _ in range(stage.config.meter_card.most_writes):
        desk.looked(BLANK, word)
        stage.wait(10)
    assert stage.stands(PaymentState.OWED)
    assert stage.at(Page.OWED)
    assert [e.reason for e in stage.journal if isinstance(e, ev.CardKept)] == ["not written"]
    assert stage.payment.delivery.made_elsewhere == (word == "already_written")


@pytest.mark.parametrize("contents", [BLANK, MADE], ids=["blank", "written"])
def test_a_kiosk_that_died_over_a_free_card_looks_at_it_first(desk: Desk, contents: Any) -> None:
    stage = desk.paid_before().stage
    stage.press("make_card")
    desk.restarts()
    desk.stands(CardState.INSIDE, first=True)
    asked = desk.effect(fx.StageCard)
    assert not asked.fresh
    desk.stands(CardState.CONTACT)
    stage.says(CardStaged(asked.request))
    desk.looked(contents)
    if contents is BLANK:
        stage.wait(10)
        desk.looked(MADE)
    assert len({e.write_id for e in stage.journal if isinstance(e, ev.WriteIntended)}) == 1
    assert fx.PresentCard in [type(e) for e in stage.effects]


def test_a_card_that_this_kiosk_has_made_is_not_made_again_before_the_hub_knows_it(desk: Desk) -> None:
    stage = desk.made().stage
    desk.stands(CardState.EMPTY)
    stage.printed()
    sold = stage.payment
    assert sold.untold
    stage.press("finish")
    assert stage.at(Page.ATTRACT)
    desk.asks().types()
    desk.is_known(pending=msgspec.structs.replace(PENDING, purchase_id=sold.payment_id))
    assert stage.at(Page.MESSAGE)
    assert stage.core.session.message == "busy"
    assert not any(isinstance(effect, fx.StageCard) for effect in stage.effects)


def test_who_goes_on_to_a_new_card_leaves_the_payment_before_behind(desk: Desk) -> None:
    stage = desk.paid().stage
    desk.sold()
    for _ in range(stage.config.meter_card.most_writes):
        desk.looked(BLANK, "card_worn")
        stage.wait(10)
    assert stage.at(Page.OWED)
    assert stage.core.session.note_notice is not None
    stage.press("reissue")
    assert stage.at(Page.ENTER_ACCOUNT)
    assert (stage.core.session.payment_id, stage.core.session.note_notice) == ("", None)
    stage.wait(stage.config.screen.slip_s + 1)
    assert stage.at(Page.ENTER_ACCOUNT)
