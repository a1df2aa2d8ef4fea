"""Payment by phone: a code with a count-down, and an order that ends for certain however the customer leaves it."""

from __future__ import annotations

import random
from typing import Any

import pytest

from kiosk.core.inputs import Intent, Scanned
from kiosk.hubclient import wire
from kiosk.hubclient.outcomes import NotSent, NotSentReason, Refused, Unknown, UnknownReason
from kiosk.payment.model import PaymentState
from kiosk.session.state import Page
from tests.kiosk.core.any_world import OWN_AND_CARD, World
from tests.kiosk.core.tenders import DUE_FEN, OWN, Till, fx, kinds

SILENCE: Any = Unknown(UnknownReason.TIMEOUT, "no answer")


@pytest.fixture
def till() -> Till:
    return Till(OWN).up()


@pytest.fixture
def shown(till: Till) -> Till:
    """The code is on the screen."""
    till.chosen("qr")
    till.order("open")
    return till


def test_from_the_code_to_the_receipt(till: Till) -> None:
    till.chosen("qr")
    assert till.at(Page.PHONE)
    assert till.only(fx.OpenOrder).payment.asked_fen == DUE_FEN
    till.order("open")
    assert till.payment.code.startswith("https://")
    assert kinds(*till.effects) == {fx.WatchOrder}
    till.wait(3)
    assert till.core.session.phone_left == 27
    till.order("watch", status="paid")
    assert till.at(Page.DONE)
    assert (till.payment.inserted_fen, till.payment.facts and till.payment.facts.number) == (DUE_FEN, "W1")
    till.printed()
    assert till.stands(PaymentState.PAID)


def test_an_order_that_stays_open_is_looked_at_again(shown: Till) -> None:
    shown.order("watch")
    assert fx.WatchOrder in kinds(*shown.wait(2))
    shown.order("watch", SILENCE)
    assert fx.WatchOrder in kinds(*shown.wait(3))


def test_at_the_end_of_its_time_the_order_is_closed_and_only_then_the_customer_may_go(shown: Till) -> None:
    effects = shown.wait(31)
    assert fx.CloseOrder in kinds(*effects)
    assert shown.at(Page.CLOSING_ORDER)
    shown.order("close", status="closed")
    assert shown.stands(PaymentState.DECLINED)
    assert shown.at(Page.DECLINED)
    assert shown.payment.ended_by == "timeout"


def test_a_customer_who_cancels(shown: Till) -> None:
    assert fx.CloseOrder in kinds(*shown.press("cancel_phone"))
    shown.order("close", status="closed")
    assert (shown.payment.ended_by, shown.payment.state) == ("customer", PaymentState.DECLINED)


def test_paid_in_the_moment_of_closing_is_paid(shown: Till) -> None:
    shown.press("cancel_phone")
    shown.order("watch", status="paid")
    assert shown.stands(PaymentState.CLOSING_ORDER)  # the closing's own answer covers it
    shown.order("close", status="paid")
    assert shown.stands(PaymentState.CREDITED)
    assert shown.payment.inserted_fen == DUE_FEN


def test_a_closing_is_repeated_until_it_is_answered_and_the_customer_goes_with_a_slip(shown: Till) -> None:
    shown.press("cancel_phone")
    for _ in range(8):
        shown.order("close", SILENCE)
        shown.wait(30)
    assert shown.stands(PaymentState.CHECKING_ORDER)
    assert shown.payment.asks > 4
    shown.order("close", status="paid")
    assert shown.stands(PaymentState.PAID)
    assert fx.PrintSlip not in kinds(*shown.effects)


@pytest.mark.parametrize(
    ("outcome", "family"),
    [
        (NotSent(NotSentReason.REFUSED, "no"), "hub_gone"),
        (Refused(wire.Problem(status=422, code="tender_off")), "provider_away"),
    ],
)
def test_an_order_that_was_never_opened(till: Till, outcome: Any, family: str) -> None:
    till.chosen("qr")
    till.order("open", outcome)
    assert (till.payment.state, till.payment.declined) == (PaymentState.DECLINED, family)


def test_an_order_that_may_be_open_is_closed(till: Till) -> None:
    till.chosen("qr")
    till.order("open", SILENCE)
    assert till.stands(PaymentState.CLOSING_ORDER)
    till.order("open")
    assert till.stands(PaymentState.CLOSING_ORDER)
    till.order("close", status="closed")
    assert till.stands(PaymentState.DECLINED)


def test_a_wallet_that_refuses(shown: Till) -> None:
    shown.order("watch", status="refused", refusal="funds")
    assert shown.payment.declined == "funds"


@pytest.mark.parametrize("state", ["opening", "awaiting", "closing"])
def test_a_restart_closes_the_order(till: Till, state: str) -> None:
    till.chosen("qr")
    if state != "opening":
        till.order("open")
    if state == "closing":
        till.press("cancel_phone")
    assert fx.CloseOrder in kinds(*till.restart())
    till.up()
    till.order("close", status="closed")
    assert till.stands(PaymentState.DECLINED)


def test_the_customers_own_code_is_used_once_the_order_with_ours_is_closed(shown: Till) -> None:
    first = shown.payment.payment_id
    shown.says(Scanned("payer"))
    assert kinds(*shown.effects) == {fx.CloseOrder}  # and the scanner still holds the code
    shown.order("close", status="closed")
    second = shown.only(fx.OpenOrder).payment
    assert fx.StopScan() not in shown.effects  # it would forget the code before it is sent
    assert (second.scanned, second.payment_id != first) == (True, True)
    shown.order("open", status="paid")
    assert shown.stands(PaymentState.CREDITED)


def test_the_code_is_cleared_with_its_page(shown: Till) -> None:
    shown.wait(31)
    shown.order("close", status="closed")
    shown.press("finish")
    assert shown.at(Page.ATTRACT)
    assert shown.core.session.phone_left is None


@pytest.mark.parametrize("restarted", [False, True])
def test_power_that_is_paid_for_in_the_moment_of_cancelling_is_owed_and_its_customer_told(
    restarted: bool,
) -> None:
    world = World(Till(OWN_AND_CARD), random.Random(1))
    till = world.till.up()
    world.all_felt()
    world.meter_card_moves(True)
    world.runs_well()
    till.press("buy_power")
    for name in ("qr", "preset:12000"):
        world.tell(Intent(*name.split(":")))
        world.runs_well(but=(fx.WatchOrder,))
    assert till.stands(PaymentState.AWAITING_PHONE)
    world.tell(Intent("cancel_phone"))
    world.phone_pays()
    if restarted:
        world.restart()
    world.runs_well(but=(fx.PrintSlip,))
    assert till.stands(PaymentState.OWED)
    assert till.at(Page.OWED)
    assert [slip.kind for slip in till.payment.slips] == ["owed"]
