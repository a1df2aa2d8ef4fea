"""The core's own deadlines against a peer that is silent and one that goes on saying a little."""

from __future__ import annotations

from typing import Any

import pytest

from drivers.cash.model import CashState
from kiosk.hubclient.outcomes import NotSent, NotSentReason, Unknown, UnknownReason
from kiosk.payment import events as ev
from kiosk.payment.model import PaymentState
from kiosk.session.state import Page


def chatter(stage: Any, seconds: int, *states: CashState) -> None:
    """Let the acceptor report one state after the other, one each second."""
    for second in range(seconds):
        stage.acceptor(states[second % len(states)])
        stage.wait(1)


def test_an_acceptor_that_reports_anything_but_closed_does_not_hold_the_payment_up(stage: Any) -> None:
    stage.at_slot()
    stage.note(5000)
    stage.press("pay_now")
    chatter(stage, 6, CashState.BUSY, CashState.PAUSED)
    assert stage.stands(PaymentState.SENDING)
    assert stage.payment.inserted_fen == 5000


def test_a_note_that_is_on_its_way_for_ever_becomes_a_claim(stage: Any) -> None:
    stage.at_slot()
    stage.note(5000)
    stage.acceptor(CashState.ESCROW, 10000)
    chatter(stage, 62, CashState.STACKING, CashState.BUSY)
    [claim] = stage.core.books.open_claims
    assert (claim.reason, claim.amount_fen, claim.memo_fen) == ("note_fate_unknown", 0, 10000)
    assert stage.payment.inserted_fen == 5000


@pytest.mark.parametrize(
    "answer",
    [
        None,
        Unknown(UnknownReason.BROKEN, "reset"),
        Unknown(UnknownReason.SERVER_ERROR, "500"),
        NotSent(NotSentReason.REFUSED, ""),
        NotSent(NotSentReason.SIGN_ON, ""),
    ],
    ids=["silent", "resets", "errors", "refuses", "gives no working key"],
)
def test_a_hub_that_never_settles_it_ends_in_a_promise_and_then_in_a_claim(stage: Any, answer: Any) -> None:
    stage.at_slot()
    stage.note(5000)
    stage.press("pay_now")
    stage.acceptor(CashState.DISABLED)
    for _ in range(16):
        if answer is not None and stage.payment.in_flight:
            stage.hub(answer)
        stage.wait(1)
    assert stage.at(Page.CHECKING)
    assert [e.slip for e in stage.journal if isinstance(e, ev.SlipIntended)] == ["checking"]


def test_a_customer_who_keeps_touching_is_never_asked(stage: Any) -> None:
    stage.press("start", "pay_bill", "key:0")
    for _ in range(12):
        stage.wait(30)
        stage.press("language")
    assert stage.at(Page.ENTER_ACCOUNT)


def test_a_customer_who_only_changes_the_language_cannot_hold_the_question_for_ever(stage: Any) -> None:
    stage.press("start", "pay_bill", "key:0")
    stage.wait(61)
    assert stage.at(Page.MORE_TIME)
    for _ in range(12):
        stage.wait(3)
        if stage.at(Page.MORE_TIME):
            stage.press("language")
    assert stage.at(Page.ATTRACT)
