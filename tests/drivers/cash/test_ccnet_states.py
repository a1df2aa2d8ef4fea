"""What the states and codes of a unit are told as: none is left out, and one that nobody knows is told, too."""

from __future__ import annotations

import pytest

from drivers.cash.ccnet import PollAnswer, State
from drivers.cash.ccnet_states import HEALTH, STATES, health, reason
from drivers.cash.model import CashState
from drivers.status import DeviceStatus, Supply


def test_box_supply_words() -> None:
    assert HEALTH[CashState.BOX_FULL].supply is Supply.FULL
    assert HEALTH[CashState.BOX_OUT].supply is Supply.MISSING


def test_tables_leave_no_state_out() -> None:
    assert set(STATES) == set(State)
    assert set(HEALTH) == set(CashState)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (PollAnswer(State.REJECTING, 0x68), "type_disabled"),
        (PollAnswer(State.REJECTING, 0x99), ""),
        (PollAnswer(State.FAILURE, 0x50), "stack_motor"),
        (PollAnswer(State.IDLING, None), ""),
    ],
)
def test_reasons(answer: PollAnswer, words: str) -> None:
    assert reason(answer) == words


@pytest.mark.parametrize(
    ("code", "detail"), [(0x50, "CCNET failure 50h stack_motor"), (0x77, "CCNET failure 77h unknown")]
)
def test_a_failure_names_its_code(code: int, detail: str) -> None:
    found = health(PollAnswer(State.FAILURE, code))
    assert (found.status, found.detail) == (DeviceStatus.HARDWARE_ERROR, detail)
