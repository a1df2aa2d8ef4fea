"""The CCNET driver on a line whose answers come late: none is taken for another, none acknowledged in its place."""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import replace

import pytest

from drivers.cash.ccnet import ACK, ILLEGAL, VALIDATOR, Decoder, Frame
from drivers.cash.ccnet_driver import CcnetAcceptor
from drivers.cash.model import CashState
from drivers.errors import DeviceTimeout, DriverError, ProtocolError
from drivers.transport import SerialTransport
from simulators.far_end import Launched
from tests.drivers.cash.conftest import (
    HUNDRED,
    PATIENCE_S,
    PATIENT,
    ScriptedUnit,
    await_status,
    hurried,
    started,
    until,
)

ACK_FRAME = Frame(VALIDATOR, ACK).to_bytes()


class LateLine(SerialTransport):
    """A line that always holds the last `lag` answers back; `hasty` counts the ACKs sent while one was under way."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.lag = 0
        self.asked = self.delivered = self.acks = self.hasty = 0
        self._decoder = Decoder()
        self._under_way: deque[bytes] = deque()

    def write(self, data: bytes) -> None:
        if data == ACK_FRAME:
            self.acks += 1
            self.hasty += self.asked != self.delivered
        else:
            self.asked += 1
        super().write(data)

    def read(self, deadline: float) -> bytes:
        while len(self._under_way) <= self.lag:
            data = super().read(deadline)
            if not data:
                return b""
            for event in self._decoder.feed(data):
                assert isinstance(event, Frame)
                self._under_way.append(event.to_bytes(from_host=False))
        self.delivered += 1
        return self._under_way.popleft()

    def drop_input(self) -> None:
        """What is under way has not arrived and cannot be dropped."""


@pytest.fixture
def late(unit: Launched) -> Iterator[tuple[CcnetAcceptor, LateLine]]:
    line = LateLine(str(unit.link))
    acceptor = CcnetAcceptor(line, replace(PATIENT, offline=PATIENCE_S))
    acceptor.open()
    yield started(acceptor), line
    acceptor.close()


def to_stacking(acceptor: CcnetAcceptor, unit: Launched) -> None:
    """Bring a note on its way to the box, and let it rest there."""
    unit.do("insert", type=HUNDRED)
    until(acceptor, CashState.ESCROW)
    unit.do("freeze_at", state="stacking")
    acceptor.stack()
    until(acceptor, CashState.STACKING)


def poll_in_vain(acceptor: CcnetAcceptor, times: int) -> None:
    with hurried(acceptor, call=0.3):
        for _ in range(times):
            with contextlib.suppress(DriverError):
                assert acceptor.poll() is None


@pytest.mark.parametrize("lag", [1, 2, 3])
def test_no_late_answer_acknowledges_a_note_that_was_not_told(
    late: tuple[CcnetAcceptor, LateLine], unit: Launched, lag: int
) -> None:
    acceptor, line = late
    to_stacking(acceptor, unit)
    line.lag = lag
    poll_in_vain(acceptor, lag + 1)
    unit.do("go_on")
    await_status(unit, "state", "stacked")
    poll_in_vain(acceptor, 1)
    assert unit.do("status")["state"] == "stacked"
    line.lag = 0
    assert until(acceptor, CashState.STACKED).needs_ack
    assert unit.do("status")["state"] == "stacked"
    acceptor.acknowledge()
    until(acceptor, CashState.IDLE)
    assert acceptor.stacked_count() == 1
    assert line.hasty == 0


def test_answers_that_came_together_are_all_heard_before_the_next_is_acknowledged(
    late: tuple[CcnetAcceptor, LateLine], unit: Launched
) -> None:
    acceptor, line = late
    line.lag = 2
    poll_in_vain(acceptor, 2)
    line.lag = 0
    assert acceptor.poll() is None
    assert line.asked == line.delivered
    assert acceptor.poll() is None
    assert line.hasty == 0


@pytest.mark.parametrize("state", ["escrow", "stacked"])
def test_a_late_answer_is_no_counter(
    late: tuple[CcnetAcceptor, LateLine], unit: Launched, state: str
) -> None:
    acceptor, line = late
    if state == "stacked":
        to_stacking(acceptor, unit)
        unit.do("go_on")
    else:
        unit.do("insert", type=HUNDRED)
    await_status(unit, "state", state)
    line.lag = 1
    poll_in_vain(acceptor, 1)
    with hurried(acceptor, call=0.3), pytest.raises(DeviceTimeout):
        acceptor.stacked_count()
    line.lag = 0
    assert acceptor.stacked_count() == int(state == "stacked")
    assert until(acceptor, CashState(state)).code == HUNDRED
    assert line.hasty == 0


def test_a_late_stacked_is_acknowledged_when_it_is_repeated(
    late: tuple[CcnetAcceptor, LateLine], unit: Launched
) -> None:
    acceptor, line = late
    to_stacking(acceptor, unit)
    unit.do("go_on")
    await_status(unit, "state", "stacked")
    line.lag = 1
    poll_in_vain(acceptor, 1)
    # Long enough for a busy machine to bring the late answer; the mark behind it is waited for in vain.
    with hurried(acceptor, call=1.0):
        assert until(acceptor, CashState.STACKED).needs_ack
        acceptor.acknowledge()
    assert line.hasty == 0
    line.lag = 0
    until(acceptor, CashState.IDLE)
    assert line.hasty == 0


def test_the_line_is_in_step_again_after_answers_that_never_come(
    late: tuple[CcnetAcceptor, LateLine], unit: Launched
) -> None:
    acceptor, _ = late
    unit.do("silence", on=True)
    with hurried(acceptor, call=0.2):
        for _ in range(4):
            with pytest.raises(DeviceTimeout):
                acceptor.poll()
    unit.do("silence", on=False)
    unit.do("reject_next")
    unit.do("insert", type=HUNDRED)
    # It goes on telling that it rejects until that is acknowledged.
    until(acceptor, CashState.REJECTING)
    until(acceptor, CashState.IDLE)


def test_a_word_that_answers_nothing_asked_is_not_acknowledged(unit: Launched) -> None:
    line = LateLine(str(unit.link))
    acceptor = CcnetAcceptor(line, replace(PATIENT, offline=PATIENCE_S))
    acceptor.open()
    line.lag = 1
    with hurried(acceptor, call=0.3), pytest.raises(DeviceTimeout):
        acceptor.reset()
    line.lag = 0
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with contextlib.suppress(DriverError):
            if (report := acceptor.poll()) is not None and report.state is CashState.DISABLED:
                break
    assert acceptor.stacked_count() == 0
    assert line.hasty == 0
    acceptor.close()


def test_a_counter_is_acknowledged_only_when_it_is_one() -> None:
    scripted = ScriptedUnit(GET_STACKED_COUNTER=[b"\x81\x05", b"\x00\x00\x07"], IDENTIFICATION=[ILLEGAL])
    line = LateLine(scripted.acceptor._line.transport.address)
    scripted.acceptor._line.transport = line
    with scripted as acceptor:
        with pytest.raises(ProtocolError):
            acceptor.stacked_count()
        assert line.acks == 0
        assert acceptor.stacked_count() == 7
        assert line.acks == 1
