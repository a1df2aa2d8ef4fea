"""The dispenser's driver against the dispenser program over a pty: each way of a card, each fault, each level."""

from __future__ import annotations

from dataclasses import replace

import pytest

from drivers.card.dispenser_driver import Crt571Dispenser
from drivers.card.model import CardState, DispenserReport, MoveFailed, ResetTo
from drivers.errors import CommandRefused, DeviceTimeout, ProtocolError, TransportError
from drivers.status import DeviceStatus, Supply
from simulators.far_end import Launched
from tests.drivers.card.conftest import (
    DISPENSER,
    await_status,
    failed,
    given_up,
    hurried,
    meanwhile,
    until,
)


def told(state: CardState, **more: object) -> DispenserReport:
    sound = DispenserReport(state, Supply.GOOD, Supply.GOOD)
    return replace(sound, **more)  # type: ignore[arg-type]


# The ways of a card.


def test_start(unset: Crt571Dispenser, stock: Launched) -> None:
    assert unset.poll() == DispenserReport(CardState.UNKNOWN, first=True, needs_reset=True)
    assert unset.health().code == "power_up"
    for refused in (unset.dispense, unset.present, unset.retract, unset.to_contact, unset.identify):
        with pytest.raises(CommandRefused):
            refused()
    unset.reset()
    assert unset.poll() == told(CardState.EMPTY)
    assert unset.identify().text == "PK-SIM-CD1 V1.00"
    assert unset.health().supply is Supply.GOOD
    assert stock.do("status")["entry"] == "refused"


def test_card_to_the_contact_and_to_the_customer(dispenser: Crt571Dispenser, stock: Launched) -> None:
    dispenser.dispense()
    assert dispenser.poll() == told(CardState.CONTACT)
    assert stock.do("status")["chip"]
    dispenser.present()
    assert dispenser.poll() == told(CardState.HELD)
    stock.do("take")
    assert dispenser.poll() == told(CardState.EMPTY)
    status = stock.do("status")
    assert (status["cards"], status["bin"], status["chip"]) == (39, 0, False)


@pytest.mark.parametrize("shown", [False, True])
def test_card_into_the_reject_bin(dispenser: Crt571Dispenser, stock: Launched, shown: bool) -> None:
    dispenser.dispense()
    if shown:
        dispenser.present()
    dispenser.retract()
    assert dispenser.poll() == told(CardState.EMPTY)
    assert stock.do("status")["bin"] == 1


def test_never_two_cards(dispenser: Crt571Dispenser, stock: Launched) -> None:
    dispenser.dispense()
    with pytest.raises(CommandRefused, match="in the path"):
        dispenser.dispense()
    dispenser.present()
    for call in (dispenser.dispense, dispenser.to_contact):
        with pytest.raises(CommandRefused):
            call()
    assert stock.do("status")["cards"] == 39


def test_calls_without_a_card_take_none_from_the_stack(dispenser: Crt571Dispenser, stock: Launched) -> None:
    for call in (dispenser.present, dispenser.retract, dispenser.to_contact):
        with pytest.raises(CommandRefused):
            call()
    assert stock.do("status")["cards"] == 40


def test_driver_restarts_beside_a_live_unit(dispenser: Crt571Dispenser, stock: Launched) -> None:
    dispenser.dispense()
    dispenser.close()
    dispenser.open()
    assert dispenser.poll() == told(CardState.INSIDE, first=True)
    dispenser.to_contact()
    assert dispenser.poll() == told(CardState.CONTACT)
    assert stock.do("status")["cards"] == 39


@pytest.mark.parametrize(
    ("to", "after", "bin_count"),
    [
        (ResetTo.STAY, CardState.INSIDE, 0),
        (ResetTo.EXIT, CardState.HELD, 0),
        (ResetTo.RETAIN, CardState.EMPTY, 1),
    ],
)
def test_reset_with_a_card(
    dispenser: Crt571Dispenser, stock: Launched, to: ResetTo, after: CardState, bin_count: int
) -> None:
    dispenser.dispense()
    dispenser.reset(to)
    assert dispenser.poll() == told(after)
    assert stock.do("status")["bin"] == bin_count


# Levels.


def test_stack_levels(dispenser: Crt571Dispenser, stock: Launched) -> None:
    stock.do("load", cards=6)
    assert dispenser.poll() is None
    dispenser.dispense()
    dispenser.retract()
    assert dispenser.poll() == told(CardState.EMPTY, stack=Supply.LOW)
    assert (dispenser.health().code, dispenser.health().usable) == ("stack_low", True)
    stock.do("load", cards=0)
    assert dispenser.poll() == told(CardState.EMPTY, stack=Supply.OUT)
    assert (dispenser.health().code, dispenser.health().usable) == ("stack_out", False)
    with pytest.raises(CommandRefused, match="out"):
        dispenser.dispense()
    stock.do("load", cards=40)
    assert dispenser.poll() == told(CardState.EMPTY)
    assert dispenser.health().code == "ok"


def test_stack_missing(dispenser: Crt571Dispenser, stock: Launched) -> None:
    stock.do("stacker", inserted=False)
    assert dispenser.poll() == told(CardState.EMPTY, stack=Supply.MISSING)
    assert dispenser.health().code == "stack_missing"
    with pytest.raises(CommandRefused, match="missing"):
        dispenser.dispense()
    dispenser.settings = replace(DISPENSER, stacker_sensor=None)
    assert dispenser.poll() == told(CardState.EMPTY, stack=Supply.OUT)
    dispenser.settings = replace(DISPENSER, stacker_sensor=8)
    with pytest.raises(ProtocolError, match="stacker_sensor"):
        dispenser.poll()


def test_stack_that_runs_out_between_look_and_move(dispenser: Crt571Dispenser, stock: Launched) -> None:
    stock.do("fail_next", error="A0")
    with pytest.raises(CommandRefused, match="A0"):
        dispenser.dispense()
    assert dispenser.poll() == told(CardState.EMPTY)


def test_reject_bin_full(dispenser: Crt571Dispenser, stock: Launched) -> None:
    stock.do("bin", full=True)
    assert dispenser.poll() == told(CardState.EMPTY, reject_bin=Supply.FULL)
    assert (dispenser.health().code, dispenser.health().supply) == ("bin_full", Supply.FULL)
    dispenser.dispense()
    assert failed(dispenser.retract, "bin_full").state is CardState.INSIDE
    stock.do("bin", full=False)
    dispenser.retract()
    assert dispenser.poll() == told(CardState.EMPTY)
    assert dispenser.health().usable


# What goes wrong with a card.


@pytest.mark.parametrize("call", ["dispense", "present", "retract"])
def test_jam_at_each_step(dispenser: Crt571Dispenser, stock: Launched, call: str) -> None:
    if call != "dispense":
        dispenser.dispense()
    stock.do("jam", step=call)
    assert failed(getattr(dispenser, call), "jam").state is CardState.INSIDE
    assert dispenser.poll() == told(CardState.INSIDE)
    health = dispenser.health()
    assert (health.code, health.usable, health.detail) == ("jam", False, "10 card jam")
    failed(dispenser.present, "jam")
    stock.do("clear")
    assert dispenser.poll() == told(CardState.EMPTY)
    assert dispenser.health().code == "ok"


@pytest.mark.parametrize(
    ("error", "code"), [("51", "failed"), ("13", "card_abnormal"), ("16", "pulled"), ("Z9", "failed")]
)
def test_errors_of_a_move(dispenser: Crt571Dispenser, stock: Launched, error: str, code: str) -> None:
    dispenser.dispense()
    stock.do("fail_next", error=error)
    failed(dispenser.present, code)
    assert dispenser.poll() == told(CardState.INSIDE)
    assert dispenser.health().code == (code if code != "pulled" else "ok")
    dispenser.present()
    assert dispenser.health().code == "ok"


def test_a_status_that_is_refused(dispenser: Crt571Dispenser, stock: Launched) -> None:
    stock.do("fail_next", error="12", command="status")
    with pytest.raises(ProtocolError, match="12 sensor"):
        dispenser.poll()
    assert dispenser.poll() == told(CardState.EMPTY)


@pytest.mark.parametrize("call", ["dispense", "retract"])
def test_card_pulled_while_it_moves(dispenser: Crt571Dispenser, stock: Launched, call: str) -> None:
    if call == "retract":
        dispenser.dispense()
        dispenser.present()
    stock.do("freeze_at", step=call)
    with meanwhile(getattr(dispenser, call)) as raised:
        await_status(stock, "frozen", True)
        stock.do("pull")
    [error] = raised
    assert isinstance(error, MoveFailed)
    assert (error.code, error.state) == ("pulled", CardState.EMPTY)
    assert dispenser.health().usable
    assert stock.do("status")["bin"] == 0


def test_a_card_taken_on_its_way_out_was_given(dispenser: Crt571Dispenser, stock: Launched) -> None:
    dispenser.dispense()
    stock.do("freeze_at", step="present")
    with meanwhile(dispenser.present) as raised:
        await_status(stock, "frozen", True)
        stock.do("take")
    assert raised == []
    assert dispenser.poll() == told(CardState.EMPTY)


# Power and line.


@pytest.mark.parametrize(
    ("call", "tells_unreset"),
    [("dispense", False), ("present", False), ("retract", False), ("present", True)],
)
def test_power_cut_in_the_middle_of_a_move(
    dispenser: Crt571Dispenser, stock: Launched, call: str, tells_unreset: bool
) -> None:
    stock.do("odd", tells_unreset=tells_unreset)
    if call != "dispense":
        dispenser.dispense()
    stock.do("cut_power_at", step=call)
    given_up(dispenser, stock, getattr(dispenser, call), "powered", False)
    stock.do("power_on")
    report = dispenser.poll()
    if tells_unreset:
        assert report == told(CardState.INSIDE)
        with pytest.raises(CommandRefused, match="B0"):
            dispenser.present()
        assert dispenser.poll() == told(CardState.INSIDE, needs_reset=True)
    else:
        assert report == DispenserReport(CardState.UNKNOWN, needs_reset=True)
    assert dispenser.health().code == "power_up"
    dispenser.reset(ResetTo.RETAIN)
    assert dispenser.poll() == told(CardState.EMPTY)
    assert stock.do("status")["bin"] == 1


def test_silent_unit_is_offline_once_and_comes_back(dispenser: Crt571Dispenser, stock: Launched) -> None:
    stock.do("silence")
    with hurried(dispenser, call=0.1, offline=0.2):
        reports: list[DispenserReport | None] = []
        while not reports:
            try:
                reports.append(dispenser.poll())
            except DeviceTimeout:
                continue
    assert reports == [DispenserReport(CardState.OFFLINE)]
    assert dispenser.health().status is DeviceStatus.OFFLINE
    stock.do("silence", on=False)
    with hurried(dispenser, offline=0.0):
        assert until(dispenser, CardState.EMPTY) == told(CardState.EMPTY)


def test_unplugged_and_back(dispenser: Crt571Dispenser, stock: Launched) -> None:
    stock.do("unplug")
    with pytest.raises(TransportError):
        dispenser.poll()
    assert dispenser.health().code == "no_device"
    stock.do("plug")
    dispenser.open()
    assert dispenser.poll() == told(CardState.EMPTY, first=True)


@pytest.mark.parametrize("fault", ["nak", "lose_ack", "bcc_break", "twice"])
def test_faults_of_the_line_are_overcome(dispenser: Crt571Dispenser, stock: Launched, fault: str) -> None:
    stock.do(fault, next=1)
    assert dispenser.poll() is None
    stock.do(fault, next=3)
    dispenser.dispense()
    assert dispenser.poll() == told(CardState.CONTACT)
    assert stock.do("status")["cards"] == 39


def test_a_cancelled_command_may_have_been_one_that_was_heard(
    dispenser: Crt571Dispenser, stock: Launched
) -> None:
    stock.do("cancel")
    with pytest.raises(ProtocolError):
        dispenser.poll()
    assert dispenser.poll() == told(CardState.EMPTY)


def test_a_slow_answer_is_not_taken_for_the_next(dispenser: Crt571Dispenser, stock: Launched) -> None:
    stock.do("freeze_at", step="dispense")
    given_up(dispenser, stock, dispenser.dispense, "frozen", True)
    with hurried(dispenser, call=0.1), pytest.raises(DeviceTimeout):
        dispenser.poll()
    stock.do("go_on")
    assert dispenser.poll() == told(CardState.INSIDE)
    assert stock.do("status")["cards"] == 39
