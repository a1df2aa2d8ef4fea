"""The CCNET driver over a bad line: frames broken, lost, late, and a plug that is pulled."""

from __future__ import annotations

import contextlib
import random
import time
from dataclasses import replace
from pathlib import Path

import pytest

from drivers.cash.ccnet_driver import CcnetAcceptor
from drivers.cash.model import CashReport, CashState
from drivers.errors import CommandRefused, DeviceTimeout, ProtocolError, TransportError
from drivers.status import DeviceStatus
from drivers.transport import SerialTransport
from simulators.far_end import Launched, launched
from tests.drivers.cash.conftest import (
    HUNDRED,
    PATIENT,
    VALIDATOR,
    await_status,
    hurried,
    quiet_polls,
    stack_one,
    started,
    until,
)

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
        acceptor = CcnetAcceptor(SerialTransport(str(unit.link)), PATIENT)
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
def test_line_recovers_after_bad_answers(ready: CcnetAcceptor, unit: Launched, order: str) -> None:
    unit.do(order, next=3)
    with hurried(ready, call=0.3):
        for _ in range(4):
            try:
                assert ready.poll() is None
            except (DeviceTimeout, ProtocolError):
                continue
    unit.do(order, next=0)
    assert quiet_polls(ready) == [None] * 4


def test_noise_before_an_answer_is_skipped(ready: CcnetAcceptor, unit: Launched) -> None:
    for _ in range(5):
        unit.do("noise", bytes=40)
        assert ready.poll() is None


def test_silent_unit_ends_each_call_in_time(ready: CcnetAcceptor, unit: Launched) -> None:
    unit.do("silence", on=True)
    for call in (ready.poll, ready.stack, ready.stacked_count, ready.identify):
        since = time.monotonic()
        with hurried(ready, call=0.4), pytest.raises(DeviceTimeout):
            call()
        assert 0.4 <= time.monotonic() - since < 40


@pytest.mark.parametrize("gap_ms", [30, 150])
def test_trickling_unit_ends_each_call_in_time(ready: CcnetAcceptor, unit: Launched, gap_ms: int) -> None:
    unit.do("trickle", ms=gap_ms)
    since = time.monotonic()
    with hurried(ready, call=0.4), pytest.raises(DeviceTimeout):
        ready.identify()
    assert 0.4 <= time.monotonic() - since < 40


def test_slow_answer_is_awaited(ready: CcnetAcceptor, unit: Launched) -> None:
    unit.do("delay_answer", ms=200)
    assert quiet_polls(ready, 2) == [None, None]


def test_long_silence_is_reported_offline_once(ready: CcnetAcceptor, unit: Launched) -> None:
    unit.do("silence", on=True)
    reports = []
    with hurried(ready, call=0.3, offline=1.0):
        for _ in range(8):
            try:
                reports.append(ready.poll())
            except DeviceTimeout:
                continue
    assert reports == [CashReport(CashState.OFFLINE)]
    assert ready.health().status is DeviceStatus.OFFLINE
    unit.do("silence", on=False)
    assert until(ready, CashState.IDLE) == CashReport(CashState.IDLE)
    assert ready.health().usable


def test_silence_over_a_stacked_note_credits_it_once(ready: CcnetAcceptor, unit: Launched) -> None:
    stack_one(ready, unit)
    unit.do("drop_ack")
    ready.acknowledge()
    unit.do("silence", on=True)
    with hurried(ready, call=0.3, offline=0.5):
        until_offline(ready)
    unit.do("silence", on=False)
    reports = [report for report in quiet_polls(ready, 6) if report is not None]
    assert [report.state for report in reports] == [CashState.IDLE]


def test_a_late_answer_does_not_acknowledge_a_note_that_was_not_told(
    ready: CcnetAcceptor, unit: Launched
) -> None:
    unit.do("insert", value_fen=10000)
    until(ready, CashState.ESCROW)
    unit.do("freeze_at", state="stacking")
    ready.stack()
    until(ready, CashState.STACKING)
    unit.do("delay_answer", ms=600)
    until_silent(ready)
    # The next question is on the line before the answer to this one, and the note falls between the two.
    unit.do("go_on")
    assert until(ready, CashState.STACKED).needs_ack
    assert unit.do("status")["state"] == "stacked"
    ready.acknowledge()
    await_status(unit, "state", "idling")


def until_silent(acceptor: CcnetAcceptor) -> None:
    """Poll until one is given up; a driver that was held up may find an answer that came after its time."""
    with hurried(acceptor, call=0.4), contextlib.suppress(DeviceTimeout):
        for _ in range(20):
            assert acceptor.poll() is None
        raise AssertionError("each poll was answered in time")


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
        acceptor = CcnetAcceptor(SerialTransport(str(unit.link)), replace(PATIENT, free=0.001))
        acceptor.open()
        started(acceptor)
        told = 0
        with hurried(acceptor, call=0.2):
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
        until = time.monotonic() + 20
        while unit.do("status")["state"] != "idling" and time.monotonic() < until:
            told += stacked_in_one_step(acceptor)
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
