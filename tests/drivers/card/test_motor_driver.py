"""The motorised reader's driver against the reader program over a pty: each way of a card, each fault."""

from __future__ import annotations

from dataclasses import replace

import pytest

from drivers.card.model import CardReport, CardState, MoveFailed, ResetTo
from drivers.card.motor_driver import Crt310Reader
from drivers.errors import CommandRefused, DeviceTimeout, ProtocolError, TransportError
from drivers.status import DeviceStatus
from drivers.transport import SerialTransport
from simulators.far_end import Launched
from tests.drivers.card.conftest import (
    READER,
    await_status,
    failed,
    given_up,
    hurried,
    let_in,
    meanwhile,
    until,
)

HELD_BACK = {"call": 0.08, "move": 0.08}


# The ways of a card.


def test_start(fresh: Crt310Reader, unit: Launched) -> None:
    assert fresh.health().code == "offline"
    assert fresh.poll() == CardReport(CardState.EMPTY, first=True, needs_reset=True)
    assert (fresh.health().status, fresh.health().code) == (DeviceStatus.DEVICE_BUSY, "power_up")
    assert fresh.poll() is None
    for refused in (fresh.accept, fresh.eject, fresh.capture, fresh.to_contact):
        with pytest.raises(CommandRefused, match="reset"):
            refused()
    fresh.reset()
    assert fresh.poll() == CardReport(CardState.EMPTY)
    assert fresh.health().usable
    told = unit.do("status")
    assert (told["entry"], told["rear"], told["stop"]) == ("none", "refused", "contact")
    assert fresh.identify().text == "MR1-000001"


def test_card_comes_in_and_is_given_back(reader: Crt310Reader, unit: Launched) -> None:
    assert unit.do("push") == {"taken": False, "why": "shut"}
    let_in(reader, unit)
    assert unit.do("status")["chip"]
    assert reader.poll() is None
    reader.eject()
    assert reader.poll() == CardReport(CardState.HELD)
    assert not unit.do("status")["chip"]
    assert unit.do("status")["shutter_open"]
    unit.do("take")
    assert reader.poll() == CardReport(CardState.EMPTY)
    assert unit.do("push") == {"taken": False, "why": "shut"}


def test_entering_is_told(reader: Crt310Reader, unit: Launched) -> None:
    unit.do("freeze_at", step="enter")
    reader.accept()
    reader.poll()
    unit.do("push")
    assert until(reader, CardState.LOOSE) == CardReport(CardState.LOOSE)
    await_status(unit, "frozen", True)
    with pytest.raises(CommandRefused, match="02"):
        reader.to_contact()
    unit.do("go_on")
    until(reader, CardState.CONTACT)


def test_card_in_the_mouth_is_drawn_back_and_captured(reader: Crt310Reader, unit: Launched) -> None:
    let_in(reader, unit)
    reader.eject()
    reader.capture()
    assert reader.poll() == CardReport(CardState.EMPTY)
    assert unit.do("status")["bin"] == 1
    assert reader.health().usable


def test_card_in_the_mouth_goes_to_the_contact_again(reader: Crt310Reader, unit: Launched) -> None:
    let_in(reader, unit)
    reader.eject()
    reader.to_contact()
    assert reader.poll() == CardReport(CardState.CONTACT)


def test_a_card_given_out_loose_is_out_of_reach(reader: Crt310Reader, unit: Launched) -> None:
    reader.settings = replace(READER, eject_held=False)
    let_in(reader, unit)
    reader.eject()
    assert reader.poll() == CardReport(CardState.LOOSE)
    assert failed(reader.capture, "out_of_reach").state is CardState.LOOSE
    assert reader.health().usable
    assert unit.do("take") == {"taken": True}


def test_calls_without_a_card(reader: Crt310Reader) -> None:
    for call in (reader.eject, reader.capture, reader.to_contact):
        with pytest.raises(CommandRefused, match="no card"):
            call()


def test_no_second_card(reader: Crt310Reader, unit: Launched) -> None:
    let_in(reader, unit)
    with pytest.raises(CommandRefused, match="in the path"):
        reader.accept()
    assert unit.do("push") == {"taken": False, "why": "card_inside"}


@pytest.mark.parametrize(
    ("to", "after", "bin_count"),
    [
        (ResetTo.STAY, CardState.INSIDE, 0),
        (ResetTo.EXIT, CardState.HELD, 0),
        (ResetTo.RETAIN, CardState.EMPTY, 1),
    ],
)
def test_reset_with_a_card(
    reader: Crt310Reader, unit: Launched, to: ResetTo, after: CardState, bin_count: int
) -> None:
    let_in(reader, unit)
    unit.do("power_off")
    unit.do("power_on")
    assert reader.poll() == CardReport(CardState.INSIDE, needs_reset=True)
    reader.reset(to)
    assert reader.poll() == CardReport(after)
    assert unit.do("status")["bin"] == bin_count


# What goes wrong with a card.


@pytest.mark.parametrize(
    ("step", "call", "seen"),
    [
        ("contact", "to_contact", CardState.INSIDE),
        ("eject", "eject", CardState.INSIDE),
        ("capture", "capture", CardState.REAR),
    ],
)
def test_jam_at_each_step(
    reader: Crt310Reader, unit: Launched, step: str, call: str, seen: CardState
) -> None:
    let_in(reader, unit)
    unit.do("jam", step=step)
    assert failed(getattr(reader, call), "jam").state is seen
    assert reader.poll() == CardReport(seen)
    health = reader.health()
    assert (health.code, health.usable) == ("jam", False)
    assert "failed" in health.detail
    failed(reader.eject, "jam")
    assert unit.do("clear") == {"removed": True}
    assert until(reader, CardState.EMPTY) == CardReport(CardState.EMPTY)
    assert reader.health().code == "ok"


def test_jam_while_entering_is_found_by_asking_for_the_contact(reader: Crt310Reader, unit: Launched) -> None:
    unit.do("jam", step="enter")
    reader.accept()
    unit.do("push")
    await_status(unit, "moving", "")
    assert unit.do("status")["jammed"]
    until(reader, CardState.LOOSE)
    assert failed(reader.to_contact, "jam").state is CardState.INSIDE


def test_a_passing_jam_is_forgotten(reader: Crt310Reader, unit: Launched) -> None:
    let_in(reader, unit)
    unit.do("jam", step="eject")
    failed(reader.eject, "jam")
    unit.do("loosen")
    reader.eject()
    assert reader.health().code == "ok"


def test_bin_full(reader: Crt310Reader, unit: Launched) -> None:
    let_in(reader, unit)
    unit.do("bin", full=True)
    assert failed(reader.capture, "bin_full").state is CardState.IN_BIN_MOUTH
    assert reader.poll() == CardReport(CardState.IN_BIN_MOUTH)
    assert reader.health().code == "bin_full"
    with pytest.raises(CommandRefused, match="in the path"):
        reader.accept()
    unit.do("bin", full=False)
    assert reader.poll() == CardReport(CardState.EMPTY)
    assert reader.health().usable
    assert unit.do("status")["bin"] == 1


def test_a_full_bin_is_known_after_a_restart_too(reader: Crt310Reader, unit: Launched) -> None:
    let_in(reader, unit)
    unit.do("bin", full=True)
    failed(reader.capture, "bin_full")
    reader.close()
    reader.open()
    assert reader.poll() == CardReport(CardState.IN_BIN_MOUTH, first=True)
    assert reader.health().code == "bin_full"


@pytest.mark.parametrize("step", ["contact", "capture"])
def test_card_pulled_while_it_moves(reader: Crt310Reader, unit: Launched, step: str) -> None:
    let_in(reader, unit)
    reader.eject()
    unit.do("freeze_at", step=step)
    with meanwhile(reader.to_contact if step == "contact" else reader.capture) as raised:
        await_status(unit, "frozen", True)
        unit.do("pull")
    [error] = raised
    assert isinstance(error, MoveFailed)
    assert (error.code, error.state) == ("pulled", CardState.EMPTY)
    assert reader.poll() == CardReport(CardState.EMPTY)
    assert reader.health().usable
    assert unit.do("status")["bin"] == 0


def test_a_card_taken_on_its_way_out_was_given_back(reader: Crt310Reader, unit: Launched) -> None:
    let_in(reader, unit)
    unit.do("freeze_at", step="eject")
    with meanwhile(reader.eject) as raised:
        await_status(unit, "frozen", True)
        unit.do("take")
    assert raised == []
    assert reader.poll() == CardReport(CardState.EMPTY)


def test_card_pulled_back_while_it_enters(reader: Crt310Reader, unit: Launched) -> None:
    unit.do("freeze_at", step="enter")
    reader.accept()
    unit.do("push")
    await_status(unit, "frozen", True)
    until(reader, CardState.LOOSE)
    unit.do("take")
    assert reader.poll() == CardReport(CardState.EMPTY)


def test_a_long_card_is_turned_away(reader: Crt310Reader, unit: Launched) -> None:
    reader.accept()
    unit.do("push", length="long")
    await_status(unit, "moving", "")
    until(reader, CardState.LOOSE)
    unit.do("take")
    assert reader.poll() == CardReport(CardState.EMPTY)


@pytest.mark.parametrize(("call", "after"), [("eject", CardState.LOOSE), ("capture", CardState.EMPTY)])
def test_what_is_no_card_is_driven_out(
    reader: Crt310Reader, unit: Launched, call: str, after: CardState
) -> None:
    unit.do("stuff", length="long")
    assert reader.poll() == CardReport(CardState.ABNORMAL)
    assert reader.health().code == "card_abnormal"
    assert failed(reader.to_contact, "card_abnormal").state is CardState.ABNORMAL
    getattr(reader, call)()
    assert reader.poll() == CardReport(after)
    assert unit.do("status")["rear"] == "refused"


def test_reset_drives_out_what_is_no_card(reader: Crt310Reader, unit: Launched) -> None:
    unit.do("stuff", length="short")
    reader.reset(ResetTo.RETAIN)
    assert reader.poll() == CardReport(CardState.EMPTY)
    assert unit.do("status")["bin"] == 1


def test_shutter_that_stands_open(reader: Crt310Reader, unit: Launched) -> None:
    with_patience = reader.settings
    reader.settings = replace(with_patience, shutter=0.0)
    unit.do("shutter", stuck="open")
    reader.poll()
    assert (reader.health().code, reader.health().usable) == ("shutter_open", False)
    reader.settings = with_patience
    assert reader.health().usable
    reader.accept()
    reader.poll()
    reader.settings = replace(with_patience, shutter=0.0)
    assert reader.health().usable
    reader.refuse()
    unit.do("shutter")
    reader.poll()
    assert reader.health().usable
    unit.do("shutter", stuck="open")
    reader.settings = replace(with_patience, shutter=0.0, has_shutter=False)
    reader.poll()
    assert reader.health().usable


# Power and line.


@pytest.mark.parametrize(
    ("step", "call", "seen"),
    [
        ("contact", "to_contact", CardState.INSIDE),
        ("eject", "eject", CardState.INSIDE),
        ("capture", "capture", CardState.REAR),
    ],
)
def test_power_cut_in_the_middle_of_a_move(
    reader: Crt310Reader, unit: Launched, step: str, call: str, seen: CardState
) -> None:
    let_in(reader, unit)
    unit.do("cut_power_at", step=step)
    given_up(reader, unit, getattr(reader, call), "powered", False)
    unit.do("power_on")
    assert reader.poll() == CardReport(seen, needs_reset=True)
    assert reader.health().code == "power_up"
    reader.reset(ResetTo.EXIT)
    assert reader.poll() == CardReport(CardState.HELD)


def test_power_cut_while_a_card_enters(reader: Crt310Reader, unit: Launched) -> None:
    unit.do("cut_power_at", step="enter")
    reader.accept()
    unit.do("push")
    await_status(unit, "powered", False)
    unit.do("power_on")
    assert until(reader, CardState.INSIDE).needs_reset


def test_shutting_the_entry_does_not_hide_a_restart(reader: Crt310Reader, unit: Launched) -> None:
    unit.do("power_off")
    unit.do("power_on")
    reader.refuse()
    assert unit.do("push") == {"taken": False, "why": "shut"}
    assert reader.poll() == CardReport(CardState.EMPTY, needs_reset=True)


def test_unit_on_its_backup(reader: Crt310Reader, unit: Launched) -> None:
    let_in(reader, unit)
    unit.do("backup")
    assert reader.poll() == CardReport(CardState.UNKNOWN)
    assert (reader.health().status, reader.health().code) == (DeviceStatus.POWER_OFF, "power_failed")
    with pytest.raises(CommandRefused):
        reader.eject()
    unit.do("backup", on=False)
    assert reader.poll() == CardReport(CardState.CONTACT)
    assert reader.health().usable


def test_a_unit_too_busy_to_tell_is_asked_again(reader: Crt310Reader, unit: Launched) -> None:
    unit.do("refuse", error="02", next=1)
    assert reader.poll() is None
    unit.do("refuse", error="02", next=1000)
    with hurried(reader, call=0.15), pytest.raises(DeviceTimeout):
        reader.poll()
    unit.do("refuse", error="04", next=1)
    with pytest.raises(ProtocolError, match="04"):
        reader.poll()
    assert reader.poll() == CardReport(CardState.EMPTY)


def test_driver_restarts_beside_a_live_unit(reader: Crt310Reader, unit: Launched) -> None:
    let_in(reader, unit)
    reader.close()
    reader.open()
    assert reader.poll() == CardReport(CardState.CONTACT, first=True)
    reader.eject()
    assert reader.poll() == CardReport(CardState.HELD)


def test_silent_unit_is_offline_once_and_comes_back(reader: Crt310Reader, unit: Launched) -> None:
    unit.do("silence")
    with hurried(reader, offline=0.15, **HELD_BACK):
        told: list[CardReport | None] = []
        while not told:
            try:
                told.append(reader.poll())
            except DeviceTimeout:
                continue
        assert told == [CardReport(CardState.OFFLINE)]
        assert reader.health().code == "offline"
        with pytest.raises(DeviceTimeout):
            reader.poll()
    unit.do("silence", on=False)
    with hurried(reader, offline=0.0):
        assert reader.poll() == CardReport(CardState.EMPTY)
    assert reader.health().usable


def test_unplugged_and_back(reader: Crt310Reader, unit: Launched) -> None:
    let_in(reader, unit)
    unit.do("unplug")
    with pytest.raises(TransportError):
        reader.poll()
    assert reader.health().code == "no_device"
    unit.do("plug")
    reader.open()
    assert reader.poll() == CardReport(CardState.CONTACT, first=True)


@pytest.mark.parametrize("fault", ["nak", "cancel", "lose_ack", "bcc_break", "garble", "truncate", "twice"])
def test_faults_of_the_line_are_overcome(reader: Crt310Reader, unit: Launched, fault: str) -> None:
    let_in(reader, unit)
    for _ in range(3):
        unit.do(fault, next=1)
        assert reader.poll() is None
    unit.do(fault, next=2)
    reader.eject()
    assert reader.poll() == CardReport(CardState.HELD)
    assert unit.do("status")["totals"]["at_front_held"] == 1


def test_a_broken_answer_to_a_move_moves_nothing_twice(reader: Crt310Reader, unit: Launched) -> None:
    let_in(reader, unit)
    unit.do("freeze_at", step="eject")
    with meanwhile(reader.eject) as raised:
        await_status(unit, "frozen", True)
        unit.do("bcc_break", next=2)
        unit.do("go_on")
    assert raised == []
    assert unit.do("status")["totals"]["at_front_held"] == 1


def test_a_line_that_only_breaks_ends_in_an_error(reader: Crt310Reader, unit: Launched) -> None:
    unit.do("bcc_break", next=1000)
    with hurried(reader, repeats=3), pytest.raises(ProtocolError):
        reader.poll()
    unit.do("bcc_break", next=0)
    assert reader.poll() == CardReport(CardState.EMPTY)


def test_a_slow_answer_is_not_taken_for_the_next(reader: Crt310Reader, unit: Launched) -> None:
    let_in(reader, unit)
    unit.do("freeze_at", step="eject")
    given_up(reader, unit, reader.eject, "frozen", True)
    with hurried(reader, **HELD_BACK), pytest.raises(DeviceTimeout):
        reader.poll()
    unit.do("go_on")
    assert reader.poll() == CardReport(CardState.HELD)
    reader.capture()
    assert reader.poll() == CardReport(CardState.EMPTY)


def test_trickling_answers_are_whole(reader: Crt310Reader, unit: Launched) -> None:
    let_in(reader, unit)
    unit.do("trickle", ms=3)
    assert reader.poll() is None


def test_no_such_port(tmp_path: object) -> None:
    driver = Crt310Reader(SerialTransport(f"{tmp_path}/none"))
    with pytest.raises(TransportError):
        driver.open()
    assert driver.health().code == "no_device"
    driver.close()
