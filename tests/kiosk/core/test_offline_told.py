"""Without the hub, fact by fact: what the payment is opened with, where its limits lie, where each way leads."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from drivers.cash.model import CashState
from kiosk.config import Offline
from kiosk.payment import events as ev
from kiosk.session.state import Page

NUMBER = "0399000000000018"
RULES = {"take_cash": True, "most_fen": 15000, "most_waiting_fen": 20000}


@pytest.fixture
def make(make_stage: Any, world: Any) -> Any:
    def make(**rules: Any) -> Any:
        return make_stage(msgspec.structs.replace(world.config, offline=Offline(**(RULES | rules)))).up()

    return make


def typed_twice(stage: Any) -> Any:
    typed = [f"key:{digit}" for digit in NUMBER]
    stage.press("start", "pay_bill", *typed, "confirm", *typed, "confirm")
    assert stage.at(Page.PROVISIONAL)
    return stage


def opened(stage: Any) -> Any:
    return [event for event in stage.journal if isinstance(event, ev.PaymentOpened)][-1]


def test_a_provisional_payment_is_opened_with_what_was_typed_and_no_more(make: Any) -> None:
    stage = typed_twice(make().leaves())
    stage.press("accept")
    assert opened(stage) == ev.PaymentOpened(
        key=stage.core.session.payment_id,
        kiosk_no=1,
        business="arrears",
        account=ev.AccountFacts(NUMBER, "", ""),
        quote=ev.QuoteFacts("", (), 0, 15000, ""),
        lang="zh",
        at=stage.now.stamp,
    )


def test_for_an_account_that_is_known_all_that_is_known_of_it_is_kept(make: Any, world: Any) -> None:
    stage = make()
    stage.found(world.account())
    stage.press("prepay")
    stage.leaves().press("cash", "accept")
    assert opened(stage).business == "prepay"
    assert opened(stage).account == ev.AccountFacts(NUMBER, "*伟", "漠阳花园**栋", "城东")


@pytest.mark.parametrize(("waited", "works"), [(600.0, True), (600.5, False)])
def test_the_permission_lasts_to_its_last_second(make: Any, waited: float, works: bool) -> None:
    stage = make(most_s=600.0)
    stage.mono += waited
    stage.leaves()
    assert stage.core.facts.cash_works is works


@pytest.mark.parametrize(("room", "offered"), [(1000, 1000), (999, 0)])
def test_room_for_the_smallest_note_is_room(make: Any, room: int, offered: int) -> None:
    assert make(most_fen=room).core.facts.offline_fen == offered


def test_a_note_of_unknown_fate_takes_room_as_if_it_were_in(make: Any) -> None:
    stage = make(most_waiting_fen=15000)
    stage.at_slot()
    stage.acceptor(CashState.ESCROW, 5000)
    stage.acceptor(CashState.OFFLINE)
    stage.wait(61)
    [claim] = stage.core.books.open_claims
    assert (claim.amount_fen, claim.memo_fen) == (0, 5000)
    assert stage.core.facts.offline_fen == 10000


def test_who_goes_back_finds_the_number_as_it_was_typed(make: Any) -> None:
    stage = typed_twice(make().leaves())
    stage.press("back")
    assert stage.at(Page.ENTER_ACCOUNT)
    assert stage.core.session.digits == NUMBER


def test_a_permission_that_ends_before_the_yes_is_told(make: Any) -> None:
    stage = make(most_s=600.0)
    stage.mono += 595
    typed_twice(stage.leaves())
    stage.mono += 10
    stage.leaves().press("accept")
    assert (stage.page, stage.core.session.message) == (Page.MESSAGE, "hub_gone")


def test_a_look_up_by_the_hub_that_is_back_leads_back_to_the_account_number(make: Any) -> None:
    stage = typed_twice(make().leaves())
    stage.comes()
    stage.press("accept")
    assert (stage.page, stage.core.session.under) == (Page.LOOKING_UP, Page.ENTER_ACCOUNT)


def test_what_the_acceptor_said_before_is_not_told_at_the_slot(make: Any) -> None:
    stage = typed_twice(make().leaves())
    stage.acceptor(CashState.REJECTING)
    stage.press("accept")
    assert (stage.page, stage.core.session.note_notice) == (Page.CASH, None)
