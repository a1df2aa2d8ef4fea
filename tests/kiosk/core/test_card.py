"""A meter card on its way to the hub: put in, read, known, refused, taken out, forgotten."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import msgspec
import pytest

from drivers.cash.model import CashState
from drivers.status import DeviceHealth, DeviceStatus
from kiosk.config import MeterCard
from kiosk.core.card import REFUSED_S
from kiosk.core.inputs import CardAdmitted, CardFelt, CardKnown, CardRead, DeviceFelt, QuoteSaid
from kiosk.hubclient import wire
from kiosk.hubclient.outcomes import NotSent, NotSentReason, Refused, Unknown, UnknownReason
from kiosk.payment import effects as fx
from kiosk.payment import events as ev
from kiosk.session.state import Page
from tests.kiosk.core.cards import OTHER, Card
from tests.kiosk.core.refusals import hub_says


@pytest.fixture
def card(stage: Any, world: Any) -> Card:
    return Card(stage, world)


def test_a_card_that_is_put_in_begins_its_customers_way(card: Card) -> None:
    card.goes_in()
    assert card.stage.at(Page.READING_CARD)
    card.is_read()
    [ask] = card.stage.effects
    assert isinstance(ask, fx.AskCard)
    card.is_known("ready")
    session = card.stage.core.session
    assert session.page is Page.CARD
    assert session.account == card.account
    assert session.card.known.verdict == "ready"


def comes_to_admission(card: Card, verdict: str = "ready", **changes: Any) -> Any:
    card.goes_in()
    card.is_read()
    card.is_judged(verdict, **changes)
    assert card.stage.at(Page.READING_CARD)
    return card.stage


@pytest.mark.parametrize("verdict", ["ready", "owed"])
def test_before_anything_is_offered_the_card_is_asked_whether_it_lets_us_in(card: Card, verdict: str) -> None:
    stage = comes_to_admission(card, verdict)
    [asked] = stage.effects
    assert isinstance(asked, fx.AdmitCard)
    assert asked.read_id == stage.core.session.card.read_id
    card.is_admitted()
    assert stage.at(Page.CARD)
    assert stage.core.session.account == card.account


@pytest.mark.parametrize(
    ("verdict", "changes"), [("not_taken", {}), ("other_card", {}), ("closed", {}), ("ready", {"max_fen": 0})]
)
def test_a_card_on_which_nothing_will_be_written_is_not_asked(
    card: Card, verdict: str, changes: dict[str, Any]
) -> None:
    card.goes_in()
    card.is_read()
    card.is_judged(verdict, **changes)
    assert card.admission is None
    assert card.stage.at(Page.CARD)


@pytest.mark.parametrize(
    "code", ["card_locked", "card_refused_us", "card_mute", "reader_gone", "module_refused"]
)
def test_a_card_that_does_not_let_us_in_is_sold_nothing(card: Card, code: str) -> None:
    stage = comes_to_admission(card)
    card.is_admitted(code)
    assert stage.at(Page.CARD_TROUBLE)
    assert stage.core.session.card.trouble == code
    stage.press("buy_power", "cash")
    assert not stage.journal
    assert not stage.effects


def test_a_card_that_refused_us_is_not_tried_again(card: Card) -> None:
    stage = comes_to_admission(card)
    card.is_admitted("card_refused_us")
    stage.press("insert_again")  # it is still in
    assert card.is_asked_again() == "card_refused_us"
    card.goes_out()
    card.goes_in()
    assert card.is_asked_again() == "card_refused_us"
    card.goes_out()
    stage.wait(stage.config.screen.done_s + 1)
    assert stage.at(Page.ATTRACT)
    card.goes_in()  # the next visit
    assert card.is_asked_again("owed") == "card_refused_us"
    card.goes_out()
    stage.wait(REFUSED_S)
    card.goes_in()
    assert card.is_asked_again() == "", "the utility may have mended its keys meanwhile"


def test_another_card_is_asked_after_one_that_refused_us(card: Card) -> None:
    comes_to_admission(card)
    card.is_admitted("card_refused_us")
    card.goes_out()
    card.contents = replace(card.contents, serial=OTHER)
    card.shown()


@pytest.mark.parametrize(("module", "page"), [("hub", Page.MESSAGE), ("sam", Page.CARD_TROUBLE)])
def test_where_nobody_can_compute_nothing_is_sold(
    make_stage: Any, world: Any, module: Literal["hub", "sam"], page: Page
) -> None:
    card = Card(
        make_stage(
            msgspec.structs.replace(world.config, meter_card=MeterCard(reader="slot", module=module))
        ).up(),
        world,
    )
    stage = comes_to_admission(card)
    card.is_admitted("module_away")
    assert stage.at(page)
    assert module != "hub" or stage.core.session.message == "hub_gone"
    assert not stage.journal


def test_a_card_that_is_pulled_while_it_is_asked_is_asked_for(card: Card) -> None:
    stage = comes_to_admission(card)
    asked = card.admission
    assert asked is not None
    card.goes_out()
    assert stage.at(Page.INSERT_CARD)
    stage.says(CardAdmitted(asked.read_id))  # a late word
    assert stage.at(Page.INSERT_CARD)
    assert stage.core.session.account is None


def test_who_does_not_want_to_wait_for_it_takes_the_card_back(card: Card) -> None:
    stage = comes_to_admission(card)
    stage.wait(16)
    stage.press("take_card")
    assert stage.at(Page.TAKE_CARD)
    card.stage.says(CardAdmitted("0" * 32))
    assert stage.at(Page.TAKE_CARD)


def test_the_menu_asks_for_the_card_or_reads_the_one_that_is_in(card: Card) -> None:
    stage = card.stage
    stage.press("start", "meter_card")
    assert stage.at(Page.INSERT_CARD)
    card.goes_in()
    assert stage.at(Page.READING_CARD)
    card.is_read("card_mute")
    stage.press("insert_again")
    assert stage.at(Page.READING_CARD)


def test_a_card_that_is_put_in_under_help_or_a_question_is_read_all_the_same(card: Card) -> None:
    stage = card.stage
    stage.press("start", "meter_card", "help")
    card.goes_in()
    assert stage.at(Page.READING_CARD)
    card.goes_out()
    stage.wait(stage.config.screen.idle_s + 1)
    assert stage.at(Page.MORE_TIME)
    card.goes_in()
    assert stage.at(Page.READING_CARD)
    stage.wait(stage.config.screen.question_s + 1)
    assert stage.at(Page.READING_CARD)


def test_without_a_reader_or_a_hub_there_is_no_card_business(card: Card, world: Any) -> None:
    stage = card.stage
    stage.leaves()
    stage.press("start", "meter_card")
    assert stage.at(Page.HOME)
    card.goes_in()
    assert stage.at(Page.HOME)


def test_who_puts_in_the_card_that_was_asked_for_is_told_that_the_hub_is_gone(card: Card) -> None:
    stage = card.stage
    stage.press("start", "meter_card")
    stage.leaves()
    card.goes_in()
    assert stage.at(Page.MESSAGE)
    assert stage.core.session.message == "hub_gone"
    stage.press("finish")
    assert stage.at(Page.TAKE_CARD)
    card.goes_out()
    assert stage.at(Page.ATTRACT)


def test_a_kiosk_without_a_card_reader_offers_none(stage: Any) -> None:
    assert stage.core.facts.card_writer is None
    stage.press("start", "meter_card")
    assert stage.at(Page.HOME)


@pytest.mark.parametrize(
    "code", ["card_foreign", "bank_card", "card_mute", "card_locked", "card_damaged", "reader_gone"]
)
def test_a_card_that_cannot_be_read_is_explained_and_may_be_tried_again(card: Card, code: str) -> None:
    stage = card.stage
    card.goes_in()
    card.is_read(code)
    assert stage.at(Page.CARD_TROUBLE)
    assert stage.core.session.card.trouble == code
    stage.press("insert_again")
    assert stage.at(Page.READING_CARD)
    card.is_read()
    card.is_known("ready")
    assert stage.at(Page.CARD)


def test_the_right_card_put_in_after_a_wrong_one_is_read_without_a_touch(card: Card) -> None:
    stage = card.stage
    card.goes_in()
    card.is_read("card_foreign")
    card.goes_out()
    assert stage.at(Page.CARD_TROUBLE)
    card.goes_in()
    [ask] = [each for each in stage.effects if isinstance(each, fx.ReadCard)]
    stage.wait(stage.config.screen.done_s + 1)
    assert stage.at(Page.READING_CARD)
    stage.says(CardRead(ask.request, None, "card_mute"))
    assert stage.core.session.card.trouble == "card_mute"


def test_what_begins_after_a_card_was_taken_out_is_not_ended_by_it(card: Card) -> None:
    stage = card.stage
    card.goes_in()
    card.is_read("card_foreign")
    card.goes_out()
    stage.press("insert_again")
    card.paid_in()
    stage.wait(stage.config.screen.done_s + 1)
    assert stage.at(Page.PAYING)


@pytest.mark.parametrize(
    ("outcome", "word"),
    [
        (NotSent(NotSentReason.REFUSED, "no"), "hub_gone"),
        (Unknown(UnknownReason.TIMEOUT, ""), "hub_gone"),
        (hub_says("hub_busy", 5), "busy"),
        (hub_says("hub_fault"), "hub_gone"),
    ],
    ids=["not sent", "unknown", "busy", "fault"],
)
def test_a_hub_that_does_not_say_is_explained(card: Card, outcome: Any, word: str) -> None:
    stage = card.stage
    card.goes_in()
    card.is_read()
    [ask] = stage.effects
    stage.says(CardKnown(ask.read_id, outcome))
    assert stage.at(Page.MESSAGE)
    assert stage.core.session.message == word


def test_a_card_that_is_taken_out_is_forgotten_and_asked_for(card: Card) -> None:
    stage = card.stage
    card.goes_in()
    [first] = stage.effects
    card.goes_out()
    assert stage.at(Page.INSERT_CARD)
    assert stage.core.session.card is None
    card.goes_in()
    second = list(stage.effects)
    stage.says(CardRead(first.request, None, "card_gone"))  # a late word on the first look
    assert stage.at(Page.READING_CARD)
    stage.effects = second
    card.is_read()
    [ask] = stage.effects
    card.goes_out()
    card.stage.effects = [ask]
    card.is_known("ready")
    assert stage.at(Page.INSERT_CARD)
    assert stage.core.session.account is None


@pytest.mark.parametrize(
    "verdict", ["not_taken", "owed", "other_card", "ahead", "behind", "closed", "foreign"]
)
def test_power_is_sold_only_on_a_card_that_is_ready(card: Card, verdict: str) -> None:
    stage = (card.owed() if verdict == "owed" else card.shown(verdict)).stage
    stage.press("buy_power")
    assert stage.at(Page.CARD)


def test_power_is_not_sold_without_the_hub(card: Card) -> None:
    stage = card.shown().stage
    stage.press("buy_power", "cash")
    [ask] = stage.effects
    from kiosk.core.inputs import QuoteSaid

    stage.says(QuoteSaid(ask.quote_id, NotSent(NotSentReason.REFUSED, "no")))
    assert stage.at(Page.MESSAGE)
    assert not stage.journal


def test_no_money_is_taken_for_a_card_that_is_gone(card: Card) -> None:
    stage = card.shown().stage
    stage.press("buy_power", "cash")
    asked = list(stage.effects)
    card.goes_out()
    stage.quoted(asked[0], card.account)
    assert stage.at(Page.MESSAGE)
    assert stage.core.session.message == "card_gone"
    assert not [e for e in stage.journal if isinstance(e, ev.PaymentOpened)]


@pytest.mark.parametrize("pressed", [("buy_power",), ("buy_power", "help")])
def test_no_power_is_sold_for_a_card_in_whose_place_there_is_another_one(
    card: Card, pressed: tuple[str, ...]
) -> None:
    stage = card.shown().stage
    stage.press(*pressed)
    card.goes_out()
    assert stage.at(Page.INSERT_CARD)
    card.goes_in()
    assert stage.at(Page.READING_CARD)
    assert stage.core.session.card is None


def test_a_quote_that_comes_when_another_card_is_in_opens_no_payment(card: Card) -> None:
    stage = card.shown().stage
    stage.press("buy_power", "cash")
    [asked] = stage.effects
    card.goes_out()
    card.goes_in()
    stage.quoted(asked, card.account)
    assert stage.at(Page.MESSAGE)
    assert stage.core.session.message == "card_gone"
    assert not stage.core.books.payments


@pytest.mark.parametrize(("least", "most"), [(1001, 1999), (201_000, 500_000)])
def test_no_power_is_sold_where_no_notes_come_to_what_may_be_bought(
    card: Card, least: int, most: int
) -> None:
    """Between two notes, or beyond what one payment may be."""
    stage = card.shown(min_fen=least, max_fen=most).stage
    stage.press("buy_power")
    assert stage.at(Page.CARD)


def test_a_quote_that_no_notes_come_to_opens_no_payment(card: Card) -> None:
    stage = card.at_slot(min_fen=1001, max_fen=1999)
    assert stage.at(Page.MESSAGE)
    assert stage.core.session.message == "power_refused"
    assert not stage.core.books.payments


def test_the_least_that_buys_power_is_kept_with_the_payment(card: Card) -> None:
    stage = card.at_slot(min_fen=5000)
    assert stage.payment.quote.min_fen == 5000


def test_a_refused_quote_for_power_speaks_of_the_card_and_not_of_bills(card: Card) -> None:
    stage = card.shown().stage
    stage.press("buy_power", "cash")
    [ask] = stage.effects
    stage.says(QuoteSaid(ask.quote_id, Refused(wire.Problem(status=409, code="card_not_ready"))))
    assert stage.core.session.message == "power_refused"
    assert not stage.core.books.payments


def test_back_from_the_means_of_payment_is_the_card(card: Card) -> None:
    stage = card.shown().stage
    stage.press("buy_power")
    assert stage.at(Page.MEANS)
    stage.press("back")
    assert stage.at(Page.CARD)


def test_a_card_that_is_left_in_is_asked_for_and_shows_nothing_of_its_owner(card: Card) -> None:
    stage = card.shown().stage
    stage.press("finish")
    assert stage.at(Page.TAKE_CARD)
    session = stage.core.session
    assert (session.card, session.account, session.payment_id) == (None, None, "")
    card.goes_out()
    assert stage.at(Page.ATTRACT)


def test_a_card_that_nobody_takes_does_not_block_the_kiosk_for_ever(card: Card) -> None:
    stage = card.shown().stage
    stage.press("finish")
    stage.wait(stage.config.meter_card.take_card_s + 1)
    assert stage.at(Page.ATTRACT)
    assert stage.core.page.notice.title == "卡槽里有一张卡"
    stage.press("start", "prepay", "back", "meter_card")
    assert stage.at(Page.INSERT_CARD)


def test_a_card_from_an_ended_visit_is_not_read_for_the_next_customer(card: Card) -> None:
    stage = card.shown().stage
    stage.press("take_card")
    stage.wait(stage.config.meter_card.take_card_s + 1)
    stage.press("start", "meter_card")
    assert (stage.effects, stage.core.page.name) == ([], "card_left")
    stage.press("back", "meter_card")
    assert (stage.effects, stage.core.page.name) == ([], "card_left")
    card.goes_out()
    assert stage.core.page.name == "insert_card"
    card.goes_in()
    assert stage.at(Page.READING_CARD)


def test_a_card_that_came_during_another_business_is_left_when_that_ends(card: Card) -> None:
    stage = card.stage
    stage.press("start", "prepay")
    card.goes_in()
    stage.press("back", "back")
    assert stage.at(Page.ATTRACT)
    stage.press("start", "meter_card")
    assert stage.core.page.name == "card_left"


def test_a_card_that_stood_there_when_the_kiosk_started_is_nobodys(card: Card) -> None:
    stage = card.stage
    stage.says(CardFelt(True, seen=False))
    assert (stage.effects, stage.core.page.name) == ([], "attract")
    stage.press("start", "meter_card")
    assert stage.core.page.name == "card_left"


def test_a_reader_that_was_away_finds_the_card_as_it_left_it(card: Card) -> None:
    stage = card.shown().stage
    stage.says(CardFelt(False, seen=False))
    assert stage.at(Page.INSERT_CARD)
    stage.says(CardFelt(True, seen=False))
    assert stage.at(Page.READING_CARD)  # its customer still stands there
    stage.press("take_card")
    stage.says(CardFelt(False, seen=False))
    stage.says(CardFelt(True, seen=False))
    stage.press("start", "meter_card")
    assert stage.core.page.name == "card_left"


def test_a_card_that_was_put_in_while_none_could_be_read_is_asked_for_again(card: Card) -> None:
    stage = card.stage
    stage.leaves()
    card.goes_in()
    stage.comes()
    assert stage.at(Page.ATTRACT)
    stage.press("start", "meter_card")
    assert stage.core.page.name == "card_left"


def test_a_customer_who_walks_away_is_asked_and_then_forgotten(card: Card) -> None:
    stage = card.shown().stage
    stage.wait(stage.config.screen.private_idle_s + 1)
    assert stage.at(Page.MORE_TIME)
    stage.wait(stage.config.screen.question_s + 1)
    assert stage.at(Page.TAKE_CARD)


def test_a_reader_that_fails_is_no_reader(card: Card) -> None:
    stage = card.stage
    stage.says(DeviceFelt("card_writer", DeviceHealth(DeviceStatus.NO_DEVICE, code="reader_gone")))
    stage.press("start", "meter_card")
    assert stage.at(Page.HOME)


def test_the_end_of_one_page_does_not_end_the_next_ones(card: Card) -> None:
    stage = card.stage
    card.goes_in()
    card.is_read("card_mute")
    card.goes_out()
    stage.press("insert_again")
    card.paid_in()
    stage.wait(stage.config.screen.done_s + 1)
    assert stage.at(Page.PAYING)
    assert stage.core.session.payment_id == stage.payment.payment_id


@pytest.mark.parametrize("why", ["card", "reader", "hub"])
def test_the_first_note_is_given_back_where_the_card_cannot_be_written_any_more(card: Card, why: str) -> None:
    stage = card.at_slot()
    if why == "card":
        card.goes_out()
    elif why == "hub":
        stage.leaves()
    else:
        stage.says(DeviceFelt("card_writer", DeviceHealth(DeviceStatus.NO_DEVICE, code="no_device")))
    stage.acceptor(CashState.ACCEPTING)
    assert stage.acceptor(CashState.ESCROW, 10000) == [fx.GiveBackNote()]
    assert stage.core.session.note_notice.reason == ("hub_gone" if why == "hub" else "card_gone")
    stage.acceptor(CashState.RETURNED, 10000)
    stage.acceptor(CashState.IDLE)
    if why == "card":
        card.goes_in()
        stage.note(10000)
        card.goes_out()
        stage.note(10000)
