"""The acceptor's lane on a real line: a note is acknowledged when the core has decided, and not before."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from drivers.cash.ccnet import Command, Decoder, Frame
from drivers.cash.ccnet_driver import CcnetAcceptor, CcnetSettings
from drivers.cash.model import CashState
from drivers.transport import SerialTransport
from kiosk.config import Cash
from kiosk.core.inputs import AcceptorSaid, DeviceFelt, Input
from kiosk.lanes import acceptor
from kiosk.lanes.acceptor import AcceptorLane
from kiosk.lanes.lane import Lane
from kiosk.payment import effects as fx
from simulators.far_end import Launched
from tests.kiosk.lanes.conftest import PATIENCE, Told

ANSWER = CcnetSettings(call=PATIENCE / 4, offline=PATIENCE)
"""A unit that a busy machine holds up is none that has lost an order."""


class Tapped(SerialTransport):
    """The line, with a note of every command that was sent."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.sent: list[Command] = []
        self.changed = threading.Condition()

    def write(self, data: bytes) -> None:
        super().write(data)
        with self.changed:
            self.sent += [
                Command(f.payload[0]) for f in Decoder(from_host=True).feed(data) if isinstance(f, Frame)
            ]
            self.changed.notify_all()

    def wait(self, so: Callable[[list[Command]], bool]) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: so(self.sent), PATIENCE), self.sent

    def more(self) -> None:
        """Wait for the next command."""
        before = len(self.sent)
        self.wait(lambda sent: len(sent) > before)


class Line:
    """A lane with its tapped line."""

    def __init__(self, validator: Launched, told: Told) -> None:
        self.tap = Tapped(str(validator.link))
        self.device = CcnetAcceptor(self.tap, ANSWER)
        self.lane = AcceptorLane(self.device, Cash(), 0.02, told)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The lane waits for the core's decision for as long as a test may take to look."""
    monkeypatch.setattr(acceptor, "DECISION_S", 10 * PATIENCE)


@pytest.fixture
def line(validator: Launched, told: Told, start: Callable[[Lane], Lane]) -> Line:
    """A running lane."""
    line = Line(validator, told)
    start(line.lane)
    told.wait(says(CashState.POWER_UP))
    line.lane.put(fx.ResetAcceptor())
    told.wait(says(CashState.DISABLED))
    return line


def says(state: CashState) -> Callable[[Input], bool]:
    return lambda told: isinstance(told, AcceptorSaid) and told.report.state is state


def stacked(line: Line, told: Told, validator: Launched) -> AcceptorSaid:
    """A note goes in and is stacked; the lane has told of it and waits."""
    line.lane.put(fx.EnableAcceptor())
    told.wait(says(CashState.IDLE))
    validator.do("insert", value_fen=10000)
    told.wait(says(CashState.ESCROW))
    line.lane.put(fx.StackNote("n"))
    report = told.wait(says(CashState.STACKED))
    assert isinstance(report, AcceptorSaid)
    return report


@pytest.mark.usefixtures("patient")
def test_the_line_is_still_until_the_core_has_decided(line: Line, told: Told, validator: Launched) -> None:
    said = stacked(line, told, validator)
    assert said.report.needs_ack
    assert said.report.note is not None
    assert said.report.note.value_fen == 10000
    before = len(line.tap.sent)
    time.sleep(0.5)  # that nothing happens has no event
    assert line.tap.sent[before:] == []
    line.lane.put(fx.AcknowledgeNote())
    line.tap.wait(lambda sent: len(sent) > before)
    assert line.tap.sent[before] is Command.ACK
    told.wait(says(CashState.IDLE))
    assert validator.do("status")["box_fen"] == 10000


def test_without_a_decision_the_note_stays_unacknowledged_until_there_is_one(
    line: Line, told: Told, validator: Launched
) -> None:
    stacked(line, told, validator)
    before = len(line.tap.sent)
    line.tap.wait(lambda sent: len(sent) >= before + 3)
    assert set(line.tap.sent[before:]) == {Command.POLL}
    assert validator.do("status")["state"] == "stacked"
    line.lane.put(fx.AcknowledgeNote())
    told.wait(says(CashState.IDLE))
    assert validator.do("status")["counter"] == 1


@pytest.mark.usefixtures("patient")
def test_what_the_core_wants_first_is_done_first(line: Line, told: Told, validator: Launched) -> None:
    stacked(line, told, validator)
    before = len(line.tap.sent)
    line.lane.put(fx.DisableAcceptor())
    line.lane.put(fx.AcknowledgeNote())
    told.wait(says(CashState.DISABLED))
    assert line.tap.sent[before : before + 2] == [Command.ENABLE_BILL_TYPES, Command.ACK]


def test_a_report_at_rest_brings_the_units_own_count(line: Line, told: Told, validator: Launched) -> None:
    stacked(line, told, validator)
    line.lane.put(fx.AcknowledgeNote())
    said = told.wait(says(CashState.IDLE))
    assert isinstance(said, AcceptorSaid)
    assert said.counter == 1


def test_unplugged_it_says_so_once_and_comes_back_by_itself(
    line: Line, told: Told, validator: Launched
) -> None:
    validator.do("unplug")
    told.wait(says(CashState.OFFLINE))
    told.wait(lambda t: isinstance(t, DeviceFelt) and t.health.code == "no_device")
    validator.do("plug")
    said = told.wait(lambda t: isinstance(t, AcceptorSaid))
    assert isinstance(said, AcceptorSaid)
    assert (said.report.state, said.report.first) == (CashState.DISABLED, True)


def test_an_acceptor_that_did_not_hear_enable_is_told_again(
    line: Line, told: Told, validator: Launched
) -> None:
    line.device._line.settings = CcnetSettings()
    line.tap.more()
    line.tap.more()  # no question stands any more that may wait long for its answer
    before = len(line.tap.sent)
    validator.do("silence")
    line.lane.put(fx.EnableAcceptor())
    line.tap.wait(lambda sent: Command.ENABLE_BILL_TYPES in sent[before:])
    line.tap.more()  # it gave up on the order
    validator.do("silence", on=False)
    told.wait(says(CashState.IDLE))
    assert validator.do("status")["enabled"] == [1000, 2000, 5000, 10000]


def test_an_acceptor_that_lost_power_in_its_reset_is_reset_again(
    validator: Launched, told: Told, start: Callable[[Lane], Lane], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acceptor, "RESET_AGAIN_S", 0.2)
    line = Line(validator, told)
    start(line.lane)
    told.wait(says(CashState.POWER_UP))
    line.tap.wait(lambda sent: sent.count(Command.POLL) > 20)
    assert Command.RESET not in line.tap.sent  # nothing but the core has it reset for the first time
    validator.do("cut_power_at", state="initialize")
    line.lane.put(fx.ResetAcceptor())
    until = time.monotonic() + PATIENCE
    while validator.do("status")["state"] != "power_off":
        assert time.monotonic() < until
    validator.do("power_on")
    told.wait(says(CashState.DISABLED))
    assert line.tap.sent.count(Command.RESET) > 1


def test_an_acceptor_that_is_to_be_shut_is_not_opened_again(
    line: Line, told: Told, validator: Launched
) -> None:
    line.lane.put(fx.EnableAcceptor())
    told.wait(says(CashState.IDLE))
    line.lane.put(fx.DisableAcceptor())
    told.wait(says(CashState.DISABLED))
    before = len(line.tap.sent)
    until = time.monotonic() + 1.5  # longer than the second after which it would insist
    while time.monotonic() < until:
        line.tap.more()
    assert Command.ENABLE_BILL_TYPES not in line.tap.sent[before:]


def test_a_command_that_is_refused_is_no_end(line: Line, told: Told, validator: Launched) -> None:
    line.lane.put(fx.StackNote("n"))
    line.lane.put(fx.GiveBackNote())
    line.lane.put(fx.AcknowledgeNote())
    stacked(line, told, validator)
    line.lane.put(fx.AcknowledgeNote())
    told.wait(says(CashState.IDLE))


def test_it_leaves_the_acceptor_closed_to_notes(line: Line, told: Told, validator: Launched) -> None:
    line.lane.put(fx.EnableAcceptor())
    told.wait(says(CashState.IDLE))
    line.lane.stop(PATIENCE)
    assert validator.do("status")["state"] == "unit_disabled"
    assert not line.tap.is_open


def test_without_a_line_it_is_offline_once_and_goes_on_looking(
    validator: Launched, told: Told, start: Callable[[Lane], Lane]
) -> None:
    validator.do("unplug")
    start(Line(validator, told).lane)
    told.wait(says(CashState.OFFLINE))
    validator.do("plug")
    told.wait(says(CashState.POWER_UP))
