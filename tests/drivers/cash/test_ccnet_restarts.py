"""Power cuts of the CCNET unit, and restarts of its host at each moment."""

from __future__ import annotations

import pytest

from drivers.cash.ccnet_driver import CcnetAcceptor
from drivers.cash.model import CashReport, CashState
from drivers.errors import DeviceTimeout
from simulators.far_end import Launched
from tests.drivers.cash.conftest import (
    ALL,
    HUNDRED,
    Connect,
    await_status,
    hurried,
    logged,
    stack_one,
    until,
)

# Power cuts of the unit alone.


@pytest.mark.parametrize(
    ("cut_at", "found", "box", "told"),
    [
        ("accepting", CashState.POWER_UP_NOTE_IN_HEAD, 0, "returned_at_start"),
        ("escrow", CashState.POWER_UP_NOTE_IN_HEAD, 0, "returned_at_start"),
        ("stacking", CashState.POWER_UP_NOTE_IN_BOX, 1, "stacked_at_start"),
        ("stacked", CashState.POWER_UP, 1, "stacked"),
    ],
)
def test_power_cut_on_the_way_in(
    ready: CcnetAcceptor, unit: Launched, cut_at: str, found: CashState, box: int, told: str
) -> None:
    unit.do("cut_power_at", state=cut_at)
    unit.do("insert", value_fen=10000)
    if cut_at.startswith("stack"):
        until(ready, CashState.ESCROW)
        ready.stack()
    await_status(unit, "state", "power_off")
    with hurried(ready, call=0.3), pytest.raises(DeviceTimeout):
        ready.poll()
    unit.do("power_on")
    until(ready, found)
    ready.reset()
    until(ready, CashState.DISABLED)
    assert ready.stacked_count() == box
    assert told in logged(unit)


def test_power_cut_on_the_way_out(ready: CcnetAcceptor, unit: Launched) -> None:
    unit.do("cut_power_at", state="returning")
    unit.do("insert", value_fen=10000)
    until(ready, CashState.ESCROW)
    ready.give_back()
    await_status(unit, "state", "power_off")
    unit.do("power_on")
    until(ready, CashState.POWER_UP_NOTE_IN_HEAD)


# Restarts of the host beside a live unit.


def test_restart_while_idle(connect: Connect, ready: CcnetAcceptor, unit: Launched) -> None:
    assert connect().poll() == CashReport(CashState.IDLE, first=True)
    assert logged(unit).count("initialize") == 1


def test_restart_while_disabled(connect: Connect, ready: CcnetAcceptor) -> None:
    ready.disable()
    assert connect().poll() == CashReport(CashState.DISABLED, first=True)


def test_restart_with_a_note_in_escrow(connect: Connect, ready: CcnetAcceptor, unit: Launched) -> None:
    unit.do("insert", value_fen=5000)
    until(ready, CashState.ESCROW)
    again = connect()
    report = again.poll()
    assert report is not None
    assert (report.state, report.first) == (CashState.ESCROW, True)
    assert report.note is not None
    assert report.note.value_fen == 5000
    again.stack()
    until(again, CashState.STACKED)


def test_restart_with_a_held_note(connect: Connect, ready: CcnetAcceptor, unit: Launched) -> None:
    unit.do("insert", value_fen=5000)
    until(ready, CashState.ESCROW)
    ready.hold()
    again = connect()
    assert again.poll() == CashReport(CashState.HOLDING, first=True)
    again.give_back()
    until(again, CashState.RETURNING)


def test_restart_while_stacking(connect: Connect, ready: CcnetAcceptor, unit: Launched) -> None:
    unit.do("insert", value_fen=5000)
    until(ready, CashState.ESCROW)
    ready.stack()
    report = until(connect(), CashState.STACKED)
    assert report.note is not None
    assert report.note.value_fen == 5000
    assert report.needs_ack


def test_restart_before_the_acknowledgement(connect: Connect, ready: CcnetAcceptor, unit: Launched) -> None:
    stacked = stack_one(ready, unit)
    again = connect()
    report = again.poll()
    assert report == CashReport(
        CashState.STACKED, note=stacked.note, code=HUNDRED, first=True, needs_ack=True
    )
    again.acknowledge()
    until(again, CashState.IDLE)
    assert again.stacked_count() == 1


def test_restart_at_power_up(connect: Connect, unit: Launched) -> None:
    assert connect().poll() == CashReport(CashState.POWER_UP, first=True)
    assert connect().poll() == CashReport(CashState.POWER_UP, first=True)


def test_restart_while_returning(connect: Connect, ready: CcnetAcceptor, unit: Launched) -> None:
    unit.do("insert", value_fen=5000)
    until(ready, CashState.ESCROW)
    ready.give_back()
    again = connect()
    assert again.poll() == CashReport(CashState.RETURNING, first=True)


def test_restart_at_each_moving_state(connect: Connect, unit: Launched) -> None:
    acceptor = connect()
    unit.do("freeze_at", state="initialize")
    acceptor.reset()
    acceptor = connect()
    assert acceptor.poll() == CashReport(CashState.INITIALIZING, first=True)
    unit.do("go_on")
    until(acceptor, CashState.DISABLED)
    acceptor.enable(ALL)
    unit.do("freeze_at", state="accepting")
    unit.do("insert", type=HUNDRED)
    acceptor = connect()
    assert acceptor.poll() == CashReport(CashState.ACCEPTING, first=True)
    unit.do("go_on")
    until(acceptor, CashState.ESCROW)
    unit.do("freeze_at", state="stacking")
    acceptor.stack()
    acceptor = connect()
    assert acceptor.poll() == CashReport(CashState.STACKING, first=True)
    unit.do("go_on")
    until(acceptor, CashState.STACKED)
    acceptor.acknowledge()
    until(acceptor, CashState.IDLE)
    unit.do("reject_next")
    unit.do("drop_ack", next=1000)  # unheard, it goes on telling that it rejects
    unit.do("insert", type=HUNDRED)
    until(acceptor, CashState.REJECTING)
    report = connect().poll()
    assert report is not None
    assert (report.state, report.first) == (CashState.REJECTING, True)


@pytest.mark.parametrize(
    ("fault", "state"),
    [
        ("jam", CashState.JAM_ENTRY),
        ("cheat", CashState.CHEATED),
        ("fail", CashState.FAILED),
        ("fill", CashState.BOX_FULL),
        ("box_remove", CashState.BOX_OUT),
        ("pause", CashState.PAUSED),
    ],
)
def test_restart_beside_a_faulty_unit(
    connect: Connect, ready: CcnetAcceptor, unit: Launched, fault: str, state: CashState
) -> None:
    unit.do(fault)
    report = connect().poll()
    assert report is not None
    assert (report.state, report.first) == (state, True)
