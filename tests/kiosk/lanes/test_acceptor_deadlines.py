"""The acceptor's lane beside a unit that falls silent or trickles: it goes round, serves, and ends in time."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from drivers.cash.ccnet_driver import CcnetAcceptor, CcnetSettings
from drivers.cash.model import CashState
from drivers.transport import SerialTransport
from kiosk.config import Cash
from kiosk.core.inputs import AcceptorSaid, Input
from kiosk.lanes.acceptor import AcceptorLane
from kiosk.lanes.lane import Lane
from kiosk.payment import effects as fx
from simulators.far_end import Launched
from tests.kiosk.lanes.conftest import PATIENCE, Told

CALL_S = 0.2
SLOW = [("silence", {}), ("trickle", {"ms": 150})]


def says(state: CashState) -> Callable[[Input], bool]:
    return lambda told: isinstance(told, AcceptorSaid) and told.report.state is state


@pytest.fixture
def lane(validator: Launched, told: Told, start: Callable[[Lane], Lane]) -> AcceptorLane:
    """A running lane whose unit is closed to notes."""
    settings = CcnetSettings(call=CALL_S, offline=4 * CALL_S)
    lane = AcceptorLane(CcnetAcceptor(SerialTransport(str(validator.link)), settings), Cash(), 0.02, told)
    start(lane)
    told.wait(says(CashState.POWER_UP))
    lane.put(fx.ResetAcceptor())
    told.wait(says(CashState.DISABLED))
    return lane


@pytest.mark.parametrize(("fault", "how"), SLOW, ids=["silent", "trickling"])
def test_a_slow_unit_is_told_as_offline_and_each_order_is_served_in_turn(
    lane: AcceptorLane, told: Told, validator: Launched, fault: str, how: dict[str, int]
) -> None:
    validator.do(fault, **how)
    orders = (
        fx.EnableAcceptor(),
        fx.StackNote("n"),
        fx.GiveBackNote(),
        fx.ResetAcceptor(),
        fx.AcknowledgeNote(),
    )
    for order in orders:
        lane.put(order)
    told.wait(says(CashState.OFFLINE))
    until = time.monotonic() + PATIENCE
    while lane.queue.qsize():
        assert time.monotonic() < until, "orders stand before the lane"
        time.sleep(0.01)


@pytest.mark.parametrize(("fault", "how"), SLOW, ids=["silent", "trickling"])
def test_it_ends_in_time_beside_a_slow_unit(
    lane: AcceptorLane, validator: Launched, fault: str, how: dict[str, int]
) -> None:
    validator.do(fault, **how)
    lane.stop(PATIENCE)
    assert not lane._thread.is_alive(), "the lane was given up"


def test_a_silent_unit_that_speaks_again_is_heard_again(
    lane: AcceptorLane, told: Told, validator: Launched
) -> None:
    validator.do("silence")
    told.wait(says(CashState.OFFLINE))
    validator.do("silence", on=False)
    told.wait(says(CashState.DISABLED))
    lane.put(fx.EnableAcceptor())
    told.wait(says(CashState.IDLE))
