"""Recharge cards: a number that leaves the kiosk sealed, is spent once, and is repeated like stacked cash."""

from __future__ import annotations

from typing import Any

import pytest

from drivers.status import DeviceHealth, DeviceStatus
from kiosk.core.inputs import DeviceFelt, Scanned, SecretSealed
from kiosk.hubclient import wire
from kiosk.hubclient.outcomes import Refused, Unknown, UnknownReason
from kiosk.payment.model import PaymentState
from kiosk.session.state import Page
from tests.kiosk.core.tenders import NUMBER, OWN, WHO, Till, fx, kinds

SILENCE: Any = Unknown(UnknownReason.TIMEOUT, "no answer")


@pytest.fixture
def till() -> Till:
    till = Till(OWN).up()
    till.found_and("recharge_card")
    return till


def test_from_the_number_to_the_receipt(till: Till) -> None:
    assert till.at(Page.RECHARGE)
    till.numbered()
    assert till.stands(PaymentState.SENDING)
    assert till.only(fx.SendCredit).payment.sealed == "jwe"
    till.redeemed()
    assert till.at(Page.DONE)
    assert (till.payment.inserted_fen, till.payment.facts and till.payment.facts.card) == (10000, "****0042")
    till.printed()
    assert till.stands(PaymentState.PAID)


def test_the_number_is_nowhere_but_in_the_act_that_seals_it(till: Till) -> None:
    till.numbered()
    assert not any(NUMBER in repr(event) for event in till.journal)
    assert NUMBER not in repr(till.core.session)


def test_a_mistyped_number_never_leaves_the_kiosk(till: Till) -> None:
    wrong = NUMBER[:-1] + str((int(NUMBER[-1]) + 1) % 10)
    till.press(*(f"key:{digit}" for digit in wrong), "confirm")
    assert till.effects == []
    assert till.core.session.entry_error == "wrong_number"
    till.press("clear", *(f"key:{digit}" for digit in NUMBER[:-1]), "confirm")
    assert till.core.session.entry_error == "wrong_number"


@pytest.mark.parametrize("refusal", ["unknown", "used", "expired", "locked", "off_limits"])
def test_a_refused_card_is_not_spent_and_another_number_may_come(till: Till, refusal: str) -> None:
    till.numbered().redeemed(status="refused", refusal=refusal)
    assert till.stands(PaymentState.DECLINED)
    assert till.at(Page.RECHARGE)
    assert (till.core.session.entry_error, till.core.session.tries) == (refusal, 1)
    first = till.payment.payment_id
    till.numbered()
    assert till.payment.payment_id != first
    till.redeemed()
    assert till.at(Page.DONE)


def test_too_many_wrong_numbers_are_slowed(till: Till) -> None:
    till.numbered().redeemed(Refused(wire.Problem(status=429, code="too_many_tries", retry_after_s=60)))
    assert till.core.session.entry_error == "wait"
    assert till.stands(PaymentState.DECLINED)


def test_a_refusal_of_a_repeat_decides_nothing(till: Till) -> None:
    till.numbered().redeemed(SILENCE)
    till.wait(60)
    till.redeemed(Refused(wire.Problem(status=429, code="too_many_tries", retry_after_s=60)))
    assert till.stands(PaymentState.SENDING) or till.stands(PaymentState.CHECKING)


def test_without_paper_nothing_is_spent(till: Till) -> None:
    till.press(*(f"key:{digit}" for digit in NUMBER), "confirm")
    till.says(SecretSealed(till.only(fx.SealSecret).request, "jwe"))
    ask = till.only(fx.AskQuote)
    till.says(DeviceFelt("printer", DeviceHealth(DeviceStatus.HARDWARE_ERROR, "jam")))
    till.quoted(ask, WHO)
    assert till.at(Page.MESSAGE)
    assert not till.journal


def test_without_an_answer_it_is_repeated_like_stacked_cash(till: Till) -> None:
    till.numbered()
    for _ in range(3):
        till.redeemed(SILENCE)
        till.wait(60)
    assert till.payment.attempts == 4
    assert till.stands(PaymentState.CHECKING)  # the customer went with a slip
    till.redeemed()
    assert till.stands(PaymentState.PAID)
    assert till.payment.inserted_fen == 10000


@pytest.mark.parametrize("code", ["bad_signature", "sign_on_needed"])
def test_what_judges_the_call_alone_decides_nothing(till: Till, code: str) -> None:
    till.numbered().redeemed(Refused(wire.Problem(status=401, code=code)))
    assert till.stands(PaymentState.SENDING)


def test_a_restart_spends_it_again_under_the_same_id(till: Till) -> None:
    key = till.numbered().payment.payment_id
    effects = till.restart()
    sent = [e for e in effects if isinstance(e, fx.SendCredit)]
    assert [(each.payment.payment_id, each.payment.sealed) for each in sent] == [(key, "jwe")]


def test_an_answer_whose_value_is_not_the_payments_decides_nothing(till: Till) -> None:
    till.numbered().redeemed(value_fen=0)
    assert till.stands(PaymentState.SENDING)


def test_without_the_hubs_key_nothing_is_sent(till: Till) -> None:
    till.press(*(f"key:{digit}" for digit in NUMBER), "confirm")
    till.says(SecretSealed(till.only(fx.SealSecret).request, ""))
    assert till.at(Page.MESSAGE)
    assert not till.core.books.payments


def test_a_scanned_number_stands_there_to_be_confirmed(till: Till) -> None:
    till.says(Scanned("recharge", NUMBER))
    assert till.core.session.digits == NUMBER
    till.press("confirm")
    assert fx.SealSecret in kinds(*till.effects)


def test_the_scanner_reads_what_the_page_wants_and_rests_elsewhere(till: Till) -> None:
    assert fx.Scan("recharge") in till.effects
    till.press("back")
    assert fx.StopScan() in till.effects
    for _ in range(4):
        till.press("back")
    assert till.core.session.page is not Page.RECHARGE
    other = Till(OWN).up()
    other.press("start")
    assert fx.Scan("home") in other.effects
    other.press("look_up_slip")
    assert fx.Scan("reference") in other.effects
    other.wait(400)
    assert other.at(Page.ATTRACT)
    assert other.core._desk.scanning == ""


def test_a_bill_that_is_scanned_on_the_home_page_finds_its_account() -> None:
    till = Till(OWN).up()
    till.press("start")
    till.says(Scanned("bill", "0399000000000018"))
    assert till.at(Page.LOOKING_UP)
    assert till.only(fx.LookUp).number == "0399000000000018"
