"""A lane serves in order, does its rounds between, and outlives whatever they raise."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from kiosk.core.inputs import Tick
from kiosk.lanes.lane import Lane
from kiosk.payment import effects as fx
from kiosk.payment.effects import Effect
from tests.kiosk.lanes.conftest import PATIENCE, Told


class Clumsy(Lane):
    """Raises at every other effect and in its first rounds."""

    def __init__(self, told: Told) -> None:
        super().__init__("clumsy", told)
        self.served: list[str] = []
        self.rounds = 0
        self.closed = threading.Event()

    def serve(self, effect: Effect) -> None:
        self.served.append(type(effect).__name__)
        if len(self.served) % 2:
            raise RuntimeError("dropped it")
        self.tell(Tick())

    def round(self) -> float:
        self.rounds += 1
        if self.rounds < 2:
            raise RuntimeError("stumbled")
        self.tell(Tick())
        return 3600.0

    def close(self) -> None:
        self.closed.set()
        raise RuntimeError("the door jams")


def test_a_lane_outlives_what_its_work_raises(
    told: Told, start: Callable[[Lane], Lane], caplog: pytest.LogCaptureFixture
) -> None:
    lane = Clumsy(told)
    for effect in (fx.EnableAcceptor(), fx.DisableAcceptor(), fx.AskHubStatus(), fx.ResetAcceptor()):
        lane.put(effect)
    start(lane)
    for _ in range(3):
        told.wait(lambda _: True)
    assert lane.served == ["EnableAcceptor", "DisableAcceptor", "AskHubStatus", "ResetAcceptor"]
    assert lane.rounds == 2
    lane.stop()
    assert lane.closed.wait(PATIENCE)
    assert [r.message for r in caplog.records].count("lane_error") == 4


def test_stopping_lets_the_lane_finish_what_is_queued(told: Told) -> None:
    lane = Clumsy(told)
    lane.start()
    for _ in range(50):
        lane.put(fx.AskHubStatus())
    lane.stop()
    assert len(lane.served) == 50
    assert lane.closed.is_set()


class Hanging(Lane):
    """Comes back from its effect when a test lets it."""

    def __init__(self, told: Told) -> None:
        super().__init__("hanging", told)
        self.let_go = threading.Event()

    def serve(self, effect: Effect) -> None:
        self.let_go.wait(PATIENCE)


def test_a_lane_that_hangs_does_not_hold_the_end_up(told: Told) -> None:
    lane = Hanging(told)
    lane.start()
    lane.put(fx.AskHubStatus())
    lane.stop(0.2)
    assert lane._thread.is_alive()
    lane.let_go.set()
    lane.join(PATIENCE)
    assert not lane._thread.is_alive()


def test_a_lane_that_waits_for_an_effect_sees_its_own_end(told: Told) -> None:
    lane = Clumsy(told)
    lane.stop()
    assert lane.next_effect(5.0) is None
    assert lane.next_effect(5.0) is None
    assert Clumsy(told).next_effect(0.01) is None
