"""What tests order of the validator program so that a moment can be looked at, and what no sound unit does."""

from __future__ import annotations

import time

import pytest

from drivers.cash.ccnet import (
    ILLEGAL,
    Command,
    State,
)
from simulators.ccnet_unit import BUSY_FOR, YUAN
from simulators.far_end import ControlError, Launched
from tests.simulators.ccnet_host import HUNDRED, Host


def in_escrow(host: Host, unit: Launched) -> None:
    host.start()
    unit.do("insert", type=HUNDRED)
    host.until(State.ESCROW)


def test_frozen_mechanics_go_on_where_they_stood(host: Host, unit: Launched) -> None:
    in_escrow(host, unit)
    unit.do("freeze_at", state="stacking")
    host.ask(Command.STACK)
    for _ in range(5):
        assert host.poll() == bytes([State.STACKING])
    unit.do("go_on")
    host.until(State.STACKED)
    with pytest.raises(ControlError, match="stands still"):
        unit.do("go_on")


def test_power_ends_a_freeze(host: Host, unit: Launched) -> None:
    in_escrow(host, unit)
    unit.do("freeze_at", state="stacking")
    host.ask(Command.STACK)
    unit.do("power_off")
    unit.do("power_on")
    assert host.poll() == bytes([State.POWER_UP_BILL_IN_STACKER])
    host.start()
    assert unit.do("status")["box_fen"] == 10000


def test_counter_can_be_switched_off_and_moved(host: Host, unit: Launched) -> None:
    host.start()
    assert unit.do("counter", by=3) == {"counter": 3}
    assert host.ask(Command.GET_STACKED_COUNTER) == bytes([0, 0, 0, 3])
    unit.do("counter", on=False)
    assert host.ask(Command.GET_STACKED_COUNTER) == ILLEGAL


def test_a_note_can_leave_without_a_word_either_way(host: Host, unit: Launched) -> None:
    in_escrow(host, unit)
    unit.do("swallow")
    assert host.poll() == bytes([State.IDLING])
    assert unit.do("status")["totals"]["stacked"] == 10000
    unit.do("insert", type=0)
    host.until(State.ESCROW)
    unit.do("escrow_over")
    deadline = time.monotonic() + 20
    while not unit.do("status")["held_out"]:
        assert time.monotonic() < deadline
    unit.do("take_note", told=False)
    assert host.poll() == bytes([State.IDLING])
    for order in ("swallow", "escrow_over"):
        with pytest.raises(ControlError, match="in escrow"):
            unit.do(order)


def test_an_odd_unit(host: Host, unit: Launched) -> None:
    host.start()
    unit.do("odd", table=False, escrow=False)
    assert host.ask(Command.GET_BILL_TABLE) == ILLEGAL
    unit.do("insert", type=HUNDRED)
    host.until(State.STACKED)
    host.until(State.IDLING)
    unit.do("odd", told=True)
    unit.do("cut_power_at", state="stacking")
    unit.do("insert", type=HUNDRED)
    host.until(State.ESCROW)
    host.ask(Command.STACK)
    unit.do("power_on")
    host.ask(Command.RESET)
    host.until(State.STACKED)
    assert unit.do("status")["box_fen"] == 20000


def test_a_unit_that_names_a_type_of_no_line_in_its_table(host: Host, unit: Launched) -> None:
    host.start()
    unit.do("odd", listed=False)
    unit.do("insert", type=HUNDRED)
    unlisted = bytes([len(YUAN)])  # the lines are counted from 0
    assert host.until(State.ESCROW) == bytes([State.ESCROW]) + unlisted
    host.ask(Command.STACK)
    assert host.until(State.STACKED) == bytes([State.STACKED]) + unlisted
    assert unit.do("status")["box_fen"] == 10000


def test_a_unit_that_takes_a_note_while_it_is_closed(host: Host, unit: Launched) -> None:
    host.start()
    host.ask(Command.ENABLE_BILL_TYPES, bytes(6))
    host.until(State.UNIT_DISABLED)
    assert not unit.do("insert", type=HUNDRED)["taken"]
    unit.do("odd", closed=False)
    assert unit.do("insert", type=HUNDRED)["taken"]
    host.until(State.STACKED)
    host.until(State.UNIT_DISABLED)
    assert unit.do("status")["box_fen"] == 10000


def test_busy_covers_what_goes_on_until_power_or_an_order_ends_it(host: Host, unit: Launched) -> None:
    in_escrow(host, unit)
    unit.do("busy")
    assert host.poll() == bytes([State.BUSY, BUSY_FOR])
    assert host.ask(Command.STACK) == ILLEGAL
    unit.do("busy", on=False)
    assert host.poll() == bytes([State.ESCROW, HUNDRED])
    unit.do("busy")
    unit.do("power_off")
    assert unit.do("status")["log"][-1]["state"] == "busy"
    unit.do("power_on")
    assert host.poll() == bytes([State.POWER_UP_BILL_IN_VALIDATOR])


def test_a_new_unit_remembers_nothing(host: Host, unit: Launched) -> None:
    in_escrow(host, unit)
    unit.do("renew")
    assert host.poll() == bytes([State.POWER_UP])
    status = unit.do("status")
    assert (status["totals"], status["counter"], status["on_way_fen"]) == ({}, 0, 0)


def test_a_cut_that_is_taken_back_does_not_strike(host: Host, unit: Launched) -> None:
    unit.do("cut_power_at", state="stacking")
    unit.do("cut_power_at", state="")
    in_escrow(host, unit)
    host.ask(Command.STACK)
    host.until(State.STACKED)
    assert unit.do("status")["box_fen"] == 10000
