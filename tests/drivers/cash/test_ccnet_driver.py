"""The CCNET driver against the validator program over a pty: each sequence, each fault, each odd answer."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from drivers.cash.ccnet import ACK, ILLEGAL, NAK
from drivers.cash.ccnet_driver import CcnetAcceptor, CcnetSettings
from drivers.cash.model import CashReport, CashState
from drivers.errors import CommandRefused, DeviceTimeout, ProtocolError, TransportError
from drivers.status import DeviceStatus
from drivers.transport import SerialTransport
from simulators.far_end import Launched, launched
from tests.drivers.cash.conftest import (
    ALL,
    HUNDRED,
    PATIENT,
    VALIDATOR,
    Connect,
    ScriptedUnit,
    await_status,
    hurried,
    quiet_polls,
    stack_one,
    started,
    until,
)

# Sequences.


def test_start(connect: Connect, unit: Launched) -> None:
    acceptor = connect()
    assert acceptor.poll() == CashReport(CashState.POWER_UP, first=True)
    assert acceptor.poll() is None
    for refused in (acceptor.identify, acceptor.stack, lambda: acceptor.enable(ALL)):
        with pytest.raises(CommandRefused):
            refused()
    unit.do("freeze_at", state="initialize")
    acceptor.reset()
    until(acceptor, CashState.INITIALIZING)
    unit.do("go_on")
    assert until(acceptor, CashState.DISABLED) == CashReport(CashState.DISABLED)
    identity = acceptor.identify()
    assert (identity.protocol, identity.model, identity.serial) == ("CCNET", "PK-SIM-CN1", "000000000001")
    assert [note.value_fen for note in identity.notes] == [100, 500, 1000, 2000, 5000, 10000]
    acceptor.enable(frozenset({HUNDRED}))
    until(acceptor, CashState.IDLE)
    assert unit.do("status")["enabled"] == [10000]


def test_note_is_stacked_and_acknowledged(ready: CcnetAcceptor, unit: Launched) -> None:
    assert ready.stacked_count() == 0
    assert unit.do("insert", value_fen=10000) == {"taken": True}
    escrow = until(ready, CashState.ESCROW)
    assert escrow.note is not None
    assert (escrow.note.value_fen, escrow.note.index, escrow.code) == (10000, HUNDRED, HUNDRED)
    assert not escrow.needs_ack
    ready.stack()
    stacked = until(ready, CashState.STACKED)
    assert stacked == CashReport(CashState.STACKED, note=escrow.note, code=HUNDRED, needs_ack=True)
    ready.acknowledge()
    until(ready, CashState.IDLE)
    assert ready.stacked_count() == 1
    assert unit.do("status")["box"] == {"10000": 1}


def test_stacked_is_held_until_acknowledged(ready: CcnetAcceptor, unit: Launched) -> None:
    stack_one(ready, unit)
    assert quiet_polls(ready) == [None] * 4
    assert unit.do("status")["state"] == "stacked"
    ready.acknowledge()
    until(ready, CashState.IDLE)
    with pytest.raises(CommandRefused):
        ready.acknowledge()


def test_two_equal_notes_are_two_reports(ready: CcnetAcceptor, unit: Launched) -> None:
    for _ in range(2):
        assert stack_one(ready, unit).needs_ack
        ready.acknowledge()
        until(ready, CashState.IDLE)
    assert unit.do("status")["box_fen"] == 20000


def test_note_is_given_back_and_taken(ready: CcnetAcceptor, unit: Launched) -> None:
    unit.do("insert", value_fen=5000)
    until(ready, CashState.ESCROW)
    ready.give_back()
    until(ready, CashState.RETURNING)
    await_status(unit, "held_out", True)
    assert unit.do("take_note") == {"value_fen": 5000}
    returned = until(ready, CashState.RETURNED)
    assert returned.note is not None
    assert returned.note.value_fen == 5000
    until(ready, CashState.IDLE)
    assert unit.do("status")["box"] == {}


def test_note_of_a_disabled_type_is_rejected(ready: CcnetAcceptor, unit: Launched) -> None:
    ready.enable(frozenset({HUNDRED}))
    unit.do("insert", value_fen=100)
    rejected = until(ready, CashState.REJECTING)
    assert (rejected.code, rejected.reason) == (0x68, "type_disabled")
    until(ready, CashState.IDLE)
    assert unit.do("status")["on_way_fen"] == 0


def test_bad_note_is_rejected_with_its_reason(ready: CcnetAcceptor, unit: Launched) -> None:
    unit.do("reject_next", reason=0x6D)
    unit.do("insert", value_fen=10000)
    assert until(ready, CashState.REJECTING).reason == "ultraviolet"


def test_disabled_unit_draws_nothing_in(ready: CcnetAcceptor, unit: Launched) -> None:
    ready.disable()
    until(ready, CashState.DISABLED)
    assert unit.do("insert", value_fen=10000) == {"taken": False, "why": "unit_disabled"}


def test_note_on_its_way_completes_after_disable(ready: CcnetAcceptor, unit: Launched) -> None:
    unit.do("insert", value_fen=10000)
    until(ready, CashState.ESCROW)
    ready.disable()
    ready.stack()
    until(ready, CashState.STACKED)
    ready.acknowledge()
    until(ready, CashState.DISABLED)


def test_held_note_is_no_second_note(ready: CcnetAcceptor, unit: Launched) -> None:
    unit.do("insert", value_fen=10000)
    until(ready, CashState.ESCROW)
    ready.hold()
    until(ready, CashState.HOLDING)
    ready.stack()
    until(ready, CashState.STACKED)


def test_undecided_note_comes_back_after_the_protocols_time(tmp_path: Path) -> None:
    with launched(VALIDATOR, tmp_path, "--speed", "50", "--escrow-timeout", "1") as unit:
        acceptor = CcnetAcceptor(SerialTransport(str(unit.link)), PATIENT)
        acceptor.open()
        started(acceptor)
        unit.do("insert", value_fen=10000)
        until(acceptor, CashState.RETURNING)
        await_status(unit, "held_out", True)
        at = {entry["what"]: entry["at"] for entry in unit.do("status")["log"]}
        assert at["offered"] - at["inserted"] >= 1
        with pytest.raises(CommandRefused):
            acceptor.stack()
        acceptor.close()


def test_commands_without_a_note_are_refused(ready: CcnetAcceptor) -> None:
    for refused in (ready.stack, ready.give_back, ready.hold):
        with pytest.raises(CommandRefused):
            refused()


def test_security_is_set_with_the_types(connect: Connect, unit: Launched) -> None:
    acceptor = started(connect(high_security=frozenset({HUNDRED})))
    assert acceptor.health().usable


def test_unit_without_a_counter(tmp_path: Path) -> None:
    with launched(VALIDATOR, tmp_path, "--speed", "20", "--no-counter") as unit:
        acceptor = CcnetAcceptor(SerialTransport(str(unit.link)), PATIENT)
        acceptor.open()
        assert started(acceptor).stacked_count() is None
        acceptor.close()


def test_counter_switched_off_is_not_asked(connect: Connect) -> None:
    assert connect(has_counter=False).stacked_count() is None


# Faults of the unit.


@pytest.mark.parametrize(
    ("order", "state", "code", "mend"),
    [
        ({"do": "jam", "where": "entry"}, CashState.JAM_ENTRY, "jam_entry", "clear"),
        ({"do": "jam", "where": "box"}, CashState.JAM_BOX, "jam_box", "clear"),
        ({"do": "cheat"}, CashState.CHEATED, "cheated", "clear"),
        ({"do": "fail", "code": 0x56}, CashState.FAILED, "failed", "clear"),
        ({"do": "fill"}, CashState.BOX_FULL, "box_full", "empty_box"),
        ({"do": "box_remove"}, CashState.BOX_OUT, "box_out", "box_insert"),
    ],
)
def test_fault_is_reported_and_mended(
    ready: CcnetAcceptor, unit: Launched, order: dict[str, object], state: CashState, code: str, mend: str
) -> None:
    unit.do(**order)  # type: ignore[arg-type]
    report = until(ready, state)
    assert ready.health().code == code
    assert not ready.health().usable
    assert unit.do("insert", value_fen=100)["taken"] is False
    unit.do(mend)
    until(ready, CashState.DISABLED)
    assert ready.health().code == "ok"
    if state is CashState.FAILED:
        assert (report.code, report.reason) == (0x56, "magnetic_sensor")


def test_failure_code_stands_in_the_detail(ready: CcnetAcceptor, unit: Launched) -> None:
    unit.do("fail", code=0x50)
    until(ready, CashState.FAILED)
    assert ready.health().detail == "CCNET failure 50h stack_motor"


def test_pause_ends_when_the_second_note_is_pulled_out(ready: CcnetAcceptor, unit: Launched) -> None:
    unit.do("pause")
    until(ready, CashState.PAUSED)
    assert ready.health().status is DeviceStatus.USER_ERROR
    unit.do("clear")
    until(ready, CashState.IDLE)


def test_note_in_a_jam_is_taken_out_by_hand(ready: CcnetAcceptor, unit: Launched) -> None:
    unit.do("insert", value_fen=2000)
    until(ready, CashState.ESCROW)
    unit.do("jam", where="entry")
    until(ready, CashState.JAM_ENTRY)
    assert unit.do("clear")["removed_fen"] == 2000
    until(ready, CashState.DISABLED)
    assert ready.stacked_count() == 0


# What no validator of ours does, but some unit may: answers from a script.


def test_note_is_told_though_the_table_is_refused() -> None:
    with ScriptedUnit(POLL=[b"\x81\x05"], GET_BILL_TABLE=[ILLEGAL]) as acceptor:
        assert acceptor.poll() == CashReport(CashState.STACKED, code=5, first=True, needs_ack=True)


def test_note_of_a_type_outside_the_table_is_told_without_a_value() -> None:
    with ScriptedUnit(POLL=[b"\x80\x07"], GET_BILL_TABLE=[bytes(120)]) as acceptor:
        assert acceptor.poll() == CashReport(CashState.ESCROW, code=7, first=True)


def test_escrow_after_holding_is_the_same_note() -> None:
    with ScriptedUnit(
        POLL=[b"\x80\x01", b"\x1a", b"\x80\x01", b"\x17"], GET_BILL_TABLE=[bytes(120)]
    ) as acceptor:
        states = [report.state for report in quiet_polls(acceptor) if report is not None]
    assert states == [CashState.ESCROW, CashState.HOLDING, CashState.STACKING]


def test_escrow_is_told_again_when_an_order_was_not_heard() -> None:
    with ScriptedUnit(
        POLL=[b"\x80\x01"], GET_BILL_TABLE=[bytes(120)], IDENTIFICATION=[bytes(34)], STACK=[]
    ) as acceptor:
        assert acceptor.poll() == CashReport(CashState.ESCROW, code=1, first=True)
        with hurried(acceptor, call=0.5), pytest.raises(DeviceTimeout):
            acceptor.stack()
        assert acceptor.poll() == CashReport(CashState.ESCROW, code=1)
        assert acceptor.poll() is None


@pytest.mark.parametrize("answer", [b"\x99", b"\x30", b"\x80"])
def test_foreign_poll_answers_are_protocol_errors(answer: bytes) -> None:
    with ScriptedUnit(POLL=[answer]) as acceptor, pytest.raises(ProtocolError):
        acceptor.poll()


def test_unit_that_hears_badly_gets_the_command_again() -> None:
    with ScriptedUnit(STACK=[NAK, NAK, ACK]) as acceptor:
        acceptor.stack()


def test_unit_that_never_understands_is_given_up() -> None:
    with ScriptedUnit(RESET=[b"\x14"], STACK=[b"\x14"]) as acceptor:
        for call in (acceptor.reset, acceptor.stack):
            with pytest.raises(ProtocolError, match="no ACK"):
                call()


def test_line_rests_after_an_acknowledgement() -> None:
    with ScriptedUnit(POLL=[b"\x14"]) as acceptor:
        since = time.monotonic()
        quiet_polls(acceptor, 6)
        assert time.monotonic() - since >= 5 * CcnetSettings().free


def test_expected_time_of_a_busy_unit_is_no_news() -> None:
    with ScriptedUnit(POLL=[b"\x1b\x09", b"\x1b\x05", b"\x14"]) as acceptor:
        states = [report.state for report in quiet_polls(acceptor) if report is not None]
    assert states == [CashState.BUSY, CashState.IDLE]


def test_no_such_line() -> None:
    acceptor = CcnetAcceptor(SerialTransport("/dev/no-such-line"))
    with pytest.raises(TransportError):
        acceptor.open()
    assert acceptor.health().code == "no_device"
    acceptor.close()
