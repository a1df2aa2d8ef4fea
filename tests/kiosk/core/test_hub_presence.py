"""Whether the hub is there, as the kiosk judges it from what comes back, and how often it asks."""

from __future__ import annotations

from typing import Any

import pytest

from drivers.cash.model import CashState
from kiosk.core.inputs import StatusSaid
from kiosk.hubclient.outcomes import NotSent, NotSentReason, Unknown, UnknownReason
from kiosk.payment import effects as fx
from tests.kiosk.core.refusals import hub_says

GONE: NotSent = NotSent(NotSentReason.REFUSED, "no")


def test_the_hub_is_asked_again_when_a_customer_comes(stage: Any) -> None:
    stage.leaves()
    stage.wait(1)
    stage.says(StatusSaid(GONE))
    stage.press("start")
    assert any(isinstance(e, fx.AskHubStatus) for e in stage.wait(0.1))


def test_no_second_heartbeat_while_one_is_under_way(stage: Any) -> None:
    stage.says(StatusSaid(GONE))
    asked = [e for e in stage.wait(60) if isinstance(e, fx.AskHubStatus)]
    assert len(asked) == 1
    stage.says(StatusSaid(GONE))
    assert [e for e in stage.wait(16) if isinstance(e, fx.AskHubStatus)]


@pytest.mark.parametrize(
    ("outcome", "up"),
    [
        (Unknown(UnknownReason.TIMEOUT, ""), True),
        (NotSent(NotSentReason.TIMEOUT, ""), True),
        (NotSent(NotSentReason.SIGN_ON, ""), True),
        (NotSent(NotSentReason.REFUSED, ""), False),
        (Unknown(UnknownReason.BROKEN, ""), False),
    ],
)
def test_a_call_from_before_the_hubs_last_word_says_nothing_of_now(
    stage: Any, outcome: Any, up: bool
) -> None:
    stage.at_slot()
    stage.note(5000)
    stage.press("pay_now")
    stage.acceptor(CashState.DISABLED)
    stage.wait(1)
    stage.comes()
    stage.wait(1)
    stage.hub(outcome)
    assert stage.core.facts.hub_up is up
    stage.wait(60)
    stage.hub(Unknown(UnknownReason.TIMEOUT, ""))
    assert not stage.core.facts.hub_up


def test_a_hub_that_says_busy_of_one_payment_is_there_and_of_its_pulse_is_not(stage: Any) -> None:
    busy = hub_says("hub_busy", 2)
    stage.at_slot()
    stage.note(5000)
    stage.press("pay_now")
    stage.acceptor(CashState.DISABLED)
    stage.hub(busy)
    assert stage.core.facts.hub_up
    stage.says(StatusSaid(busy))
    assert not stage.core.facts.hub_up
