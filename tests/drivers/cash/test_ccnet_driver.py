"""The CCNET driver against the validator program over a pty: each sequence, each fault, each moment of a restart."""

from __future__ import annotations

import contextlib
import os
import random
import threading
import time
import tty
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from drivers.cash.ccnet import ACK, ILLEGAL, NAK, Command, Decoder, Frame, State
from drivers.cash.ccnet import VALIDATOR as VALIDATOR_ADDRESS
from drivers.cash.ccnet_driver import HEALTH, STATES, CcnetAcceptor, CcnetSettings
from drivers.cash.model import CashReport, CashState
from drivers.errors import CommandRefused, DeviceTimeout, ProtocolError, TransportError
from drivers.status import DeviceStatus, Supply
from drivers.transport import SerialTransport
from simulators.far_end import Launched, launched

VALIDATOR = "simulators.ccnet_validator"
ALL = frozenset(range(6))
HUNDRED, FIFTY = 5, 4

Connect = Callable[..., CcnetAcceptor]


@pytest.fixture
def unit(tmp_path: Path) -> Iterator[Launched]:
    with launched(VALIDATOR, tmp_path, "--speed", "50", "--state", str(tmp_path / "kept.json")) as far_end:
        yield far_end


@pytest.fixture
def connect(unit: Launched) -> Iterator[Connect]:
    """Open a new driver on the unit, as a host program does when it starts; ends the one before."""
    opened: list[CcnetAcceptor] = []

    def connect(**settings: float) -> CcnetAcceptor:
        for old in opened:
            old.close()
        line = SerialTransport(str(unit.link))
        acceptor = CcnetAcceptor(line, CcnetSettings(**({"free": 0.002} | settings)))  # type: ignore[arg-type]
        acceptor.open()
        opened.append(acceptor)
        return acceptor

    yield connect
    for acceptor in opened:
        acceptor.close()


def until(acceptor: CcnetAcceptor, state: CashState, seconds: float = 20.0) -> CashReport:
    """Poll until this state is reported; everything reported on the way is allowed."""
    deadline = time.monotonic() + seconds
    seen = []
    while time.monotonic() < deadline:
        report = acceptor.poll()
        if report is not None:
            seen.append(report.state)
            if report.state is state:
                return report
        time.sleep(0.003)
    raise AssertionError(f"no {state} but {seen}")


def started(acceptor: CcnetAcceptor) -> CcnetAcceptor:
    """Bring a unit from power-up to IDLE with all notes enabled."""
    until(acceptor, CashState.POWER_UP)
    acceptor.reset()
    until(acceptor, CashState.DISABLED)
    acceptor.identify()
    acceptor.enable(ALL)
    until(acceptor, CashState.IDLE)
    return acceptor


@pytest.fixture
def ready(connect: Connect) -> CcnetAcceptor:
    return started(connect())


def logged(unit: Launched) -> list[str]:
    return [entry["what"] for entry in unit.do("status")["log"]]


def quiet_polls(acceptor: CcnetAcceptor, count: int = 4) -> list[CashReport | None]:
    return [acceptor.poll() for _ in range(count)]


# Sequences.


def test_start(connect: Connect, unit: Launched) -> None:
    acceptor = connect()
    assert acceptor.poll() == CashReport(CashState.POWER_UP, first=True)
    assert acceptor.poll() is None
    for refused in (acceptor.identify, acceptor.stack, lambda: acceptor.enable(ALL)):
        with pytest.raises(CommandRefused):
            refused()
    acceptor.reset()
    until(acceptor, CashState.INITIALIZING)
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


def stack_one(acceptor: CcnetAcceptor, unit: Launched, value_fen: int = 10000) -> CashReport:
    """Bring a note to STACKED, not yet acknowledged."""
    unit.do("insert", value_fen=value_fen)
    until(acceptor, CashState.ESCROW)
    acceptor.stack()
    return until(acceptor, CashState.STACKED)


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


def await_status(unit: Launched, key: str, value: object) -> None:
    deadline = time.monotonic() + 20
    while unit.do("status")[key] != value:
        assert time.monotonic() < deadline, unit.do("status")
        time.sleep(0.003)


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
    with launched(VALIDATOR, tmp_path, "--speed", "50", "--escrow-timeout", "2") as unit:
        acceptor = CcnetAcceptor(SerialTransport(str(unit.link)))
        acceptor.open()
        started(acceptor)
        unit.do("insert", value_fen=10000)
        until(acceptor, CashState.ESCROW)
        since = time.monotonic()
        until(acceptor, CashState.RETURNING)
        assert time.monotonic() - since > 1
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
        acceptor = CcnetAcceptor(SerialTransport(str(unit.link)))
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


def test_box_supply_words() -> None:
    assert HEALTH[CashState.BOX_FULL].supply is Supply.FULL
    assert HEALTH[CashState.BOX_OUT].supply is Supply.MISSING


def test_tables_leave_no_state_out() -> None:
    assert set(STATES) == set(State)
    assert set(HEALTH) == set(CashState)


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
    connect: Connect, unit: Launched, cut_at: str, found: CashState, box: int, told: str
) -> None:
    acceptor = started(connect(call=0.3))
    unit.do("cut_power_at", state=cut_at)
    unit.do("insert", value_fen=10000)
    if cut_at.startswith("stack"):
        until(acceptor, CashState.ESCROW)
        acceptor.stack()
    await_status(unit, "state", "power_off")
    with pytest.raises(DeviceTimeout):
        acceptor.poll()
    unit.do("power_on")
    until(acceptor, found)
    acceptor.reset()
    until(acceptor, CashState.DISABLED)
    assert acceptor.stacked_count() == box
    assert told in logged(unit)


def test_power_cut_on_the_way_out(connect: Connect, unit: Launched) -> None:
    acceptor = started(connect(call=0.3))
    unit.do("cut_power_at", state="returning")
    unit.do("insert", value_fen=10000)
    until(acceptor, CashState.ESCROW)
    acceptor.give_back()
    await_status(unit, "state", "power_off")
    unit.do("power_on")
    until(acceptor, CashState.POWER_UP_NOTE_IN_HEAD)


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


def test_restart_at_each_moving_state(tmp_path: Path) -> None:
    with launched(VALIDATOR, tmp_path, "--speed", "1") as unit:

        def restarted() -> CcnetAcceptor:
            acceptor.close()
            acceptor.open()
            return acceptor

        acceptor = CcnetAcceptor(SerialTransport(str(unit.link)))
        acceptor.open()
        acceptor.reset()
        assert restarted().poll() == CashReport(CashState.INITIALIZING, first=True)
        until(acceptor, CashState.DISABLED)
        acceptor.enable(ALL)
        unit.do("insert", type=HUNDRED)
        assert restarted().poll() == CashReport(CashState.ACCEPTING, first=True)
        until(acceptor, CashState.ESCROW)
        acceptor.stack()
        assert restarted().poll() == CashReport(CashState.STACKING, first=True)
        until(acceptor, CashState.STACKED)
        acceptor.acknowledge()
        unit.do("reject_next")
        until(acceptor, CashState.IDLE)
        unit.do("insert", type=HUNDRED)
        until(acceptor, CashState.REJECTING)
        acceptor.close()
        acceptor.open()
        report = acceptor.poll()
        assert report is not None
        assert (report.state, report.first) == (CashState.REJECTING, True)
        acceptor.close()


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


# Faults of the line.


def test_repeated_stacked_is_reported_once(ready: CcnetAcceptor, unit: Launched) -> None:
    stack_one(ready, unit)
    unit.do("drop_ack", next=3)
    ready.acknowledge()
    reports = [report for report in quiet_polls(ready, 8) if report is not None]
    assert [report.state for report in reports] == [CashState.IDLE]
    assert unit.do("status")["counter"] == 1


def test_late_acknowledgement_is_repeated_on_time(tmp_path: Path) -> None:
    with launched(VALIDATOR, tmp_path, "--speed", "20", "--ack-window", "0.3") as unit:
        acceptor = CcnetAcceptor(SerialTransport(str(unit.link)))
        acceptor.open()
        stack_one(started(acceptor), unit)
        time.sleep(0.4)
        acceptor.acknowledge()
        assert unit.do("status")["state"] == "stacked"
        until(acceptor, CashState.IDLE)
        acceptor.close()


def test_lost_acks_in_escrow_make_no_second_report(ready: CcnetAcceptor, unit: Launched) -> None:
    unit.do("drop_ack", next=50)
    unit.do("insert", value_fen=10000)
    until(ready, CashState.ESCROW)
    assert quiet_polls(ready) == [None] * 4


def test_broken_crc_is_asked_again(ready: CcnetAcceptor, unit: Launched) -> None:
    unit.do("crc_break", next=2)
    unit.do("insert", value_fen=10000)
    assert until(ready, CashState.ESCROW).code == HUNDRED


def test_stacked_behind_a_broken_crc_is_reported_once(ready: CcnetAcceptor, unit: Launched) -> None:
    unit.do("insert", value_fen=10000)
    until(ready, CashState.ESCROW)
    ready.stack()
    await_status(unit, "state", "stacked")
    unit.do("crc_break", next=2)
    assert until(ready, CashState.STACKED).needs_ack
    assert quiet_polls(ready) == [None] * 4


def test_crc_broken_without_end_is_a_protocol_error(ready: CcnetAcceptor, unit: Launched) -> None:
    unit.do("crc_break", next=1000)
    with pytest.raises(ProtocolError):
        ready.poll()
    unit.do("crc_break", next=0)
    assert quiet_polls(ready) == [None] * 4


@pytest.mark.parametrize("order", ["garble", "truncate"])
def test_line_recovers_after_bad_answers(connect: Connect, unit: Launched, order: str) -> None:
    acceptor = started(connect(call=0.3))
    unit.do(order, next=3)
    for _ in range(4):
        try:
            assert acceptor.poll() is None
        except (DeviceTimeout, ProtocolError):
            continue
    assert quiet_polls(acceptor) == [None] * 4


def test_noise_before_an_answer_is_skipped(ready: CcnetAcceptor, unit: Launched) -> None:
    for _ in range(5):
        unit.do("noise", bytes=40)
        assert ready.poll() is None


def test_silent_unit_ends_each_call_in_time(connect: Connect, unit: Launched) -> None:
    acceptor = started(connect(call=0.4))
    unit.do("silence", on=True)
    for call in (acceptor.poll, acceptor.stack, acceptor.stacked_count, acceptor.identify):
        since = time.monotonic()
        with pytest.raises(DeviceTimeout):
            call()
        assert 0.4 <= time.monotonic() - since < 3


@pytest.mark.parametrize("gap_ms", [30, 150])
def test_trickling_unit_ends_each_call_in_time(connect: Connect, unit: Launched, gap_ms: int) -> None:
    acceptor = started(connect(call=0.4))
    unit.do("trickle", ms=gap_ms)
    since = time.monotonic()
    with pytest.raises(DeviceTimeout):
        acceptor.identify()
    assert 0.4 <= time.monotonic() - since < 3


def test_slow_answer_is_awaited(ready: CcnetAcceptor, unit: Launched) -> None:
    unit.do("delay_answer", ms=200)
    assert quiet_polls(ready, 2) == [None, None]


def test_long_silence_is_reported_offline_once(connect: Connect, unit: Launched) -> None:
    acceptor = started(connect(call=0.3, offline=1.0))
    unit.do("silence", on=True)
    reports = []
    for _ in range(8):
        try:
            reports.append(acceptor.poll())
        except DeviceTimeout:
            continue
    assert reports == [CashReport(CashState.OFFLINE)]
    assert acceptor.health().status is DeviceStatus.OFFLINE
    unit.do("silence", on=False)
    assert until(acceptor, CashState.IDLE) == CashReport(CashState.IDLE)
    assert acceptor.health().usable


def test_silence_over_a_stacked_note_credits_it_once(connect: Connect, unit: Launched) -> None:
    acceptor = started(connect(call=0.3, offline=0.5))
    stack_one(acceptor, unit)
    unit.do("drop_ack")
    acceptor.acknowledge()
    unit.do("silence", on=True)
    until_offline(acceptor)
    unit.do("silence", on=False)
    reports = [report for report in quiet_polls(acceptor, 6) if report is not None]
    assert [report.state for report in reports] == [CashState.IDLE]


def until_offline(acceptor: CcnetAcceptor) -> None:
    for _ in range(20):
        try:
            if (report := acceptor.poll()) is not None and report.state is CashState.OFFLINE:
                return
        except DeviceTimeout:
            continue
    raise AssertionError("never offline")


LINE_FAULTS = (
    ("garble", {"next": 2}),
    ("truncate", {"next": 1}),
    ("crc_break", {"next": 3}),
    ("drop_ack", {"next": 3}),
    ("noise", {"bytes": 30}),
)


@pytest.mark.parametrize("seed", range(2))
def test_each_note_is_told_once_over_a_bad_line(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    with launched(VALIDATOR, tmp_path, "--speed", "500") as unit:
        acceptor = CcnetAcceptor(SerialTransport(str(unit.link)), CcnetSettings(call=0.2, free=0.001))
        acceptor.open()
        started(acceptor)
        told = 0
        for _ in range(200):
            unit.do("insert", type=chance.randrange(6))
            if chance.random() < 0.1:
                fault, how = chance.choice(LINE_FAULTS)
                unit.do(fault, **how)
            # The caller's own rule: a failed call is followed by a poll, which tells where the note is.
            with contextlib.suppress(DeviceTimeout, ProtocolError, CommandRefused):
                told += stacked_in_one_step(acceptor)
        for fault in ("garble", "truncate", "crc_break", "drop_ack"):
            unit.do(fault, next=0)
        for _ in range(5):
            told += stacked_in_one_step(acceptor)
        assert unit.do("status")["counter"] == told > 5
        acceptor.close()


def stacked_in_one_step(acceptor: CcnetAcceptor) -> int:
    """One poll and what follows from it; how many notes it told to be stacked."""
    report = acceptor.poll()
    if report is None:
        return 0
    if report.state is CashState.ESCROW:
        acceptor.stack()
    elif report.needs_ack:
        acceptor.acknowledge()
        return 1
    return 0


def test_unplugged_line_is_no_device_and_can_be_opened_again(ready: CcnetAcceptor, unit: Launched) -> None:
    unit.do("unplug")
    with pytest.raises(TransportError):
        ready.poll()
    assert ready.health().status is DeviceStatus.NO_DEVICE
    with pytest.raises(TransportError):
        ready.open()
    unit.do("plug")
    ready.open()
    assert ready.poll() == CashReport(CashState.IDLE, first=True)
    assert ready.health().usable


def test_unplugged_with_an_unacknowledged_note_tells_it_again_as_first(
    ready: CcnetAcceptor, unit: Launched
) -> None:
    stack_one(ready, unit)
    unit.do("unplug")
    with pytest.raises(TransportError):
        ready.acknowledge()
    unit.do("plug")
    ready.open()
    report = ready.poll()
    assert report is not None
    assert (report.state, report.first, report.needs_ack) == (CashState.STACKED, True, True)


# What no validator of ours does, but some unit may: answers from a script.


class ScriptedUnit:
    """Answers each command with the next payload of its script; the last one stays."""

    def __init__(self, **script: list[bytes]) -> None:
        self._script = {Command[name]: answers for name, answers in script.items()}
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.acceptor = CcnetAcceptor(SerialTransport(os.ttyname(self._slave)), CcnetSettings(call=0.5))
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> CcnetAcceptor:
        self._thread.start()
        self.acceptor.open()
        return self.acceptor

    def __exit__(self, *_: object) -> None:
        self.acceptor.close()
        os.write(self._slave, b"\x02\x03\x06\xff\xba\x8d" * 2)
        self._thread.join(20)
        os.close(self._slave)
        os.close(self._master)

    def _serve(self) -> None:
        decoder, naks = Decoder(from_host=True), 0
        while naks < 2:
            for event in decoder.feed(os.read(self._master, 256)):
                if not isinstance(event, Frame):
                    continue
                naks = naks + 1 if event.payload == NAK else 0
                answers = self._script.get(Command(event.payload[0]))
                if answers:
                    payload = answers.pop(0) if len(answers) > 1 else answers[0]
                    os.write(self._master, Frame(VALIDATOR_ADDRESS, payload).to_bytes(from_host=False))


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
    with ScriptedUnit(POLL=[b"\x80\x01"], GET_BILL_TABLE=[bytes(120)], STACK=[]) as acceptor:
        assert acceptor.poll() == CashReport(CashState.ESCROW, code=1, first=True)
        with pytest.raises(DeviceTimeout):
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
