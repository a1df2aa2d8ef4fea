"""The PIN pad program, spoken to frame by frame as a host would."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from drivers.pinpad.codec import Answer, Command, Control, Decoder, Event, Frame, Question
from drivers.security.bench_keys import bank_key
from drivers.transport import SerialTransport
from simulators.far_end import ControlError, Launched, launched

PROGRAM = "simulators.pin_pad"
PATIENCE_S = 20.0
MASTER = "CA5D92598DCA48CE8A4C76361A9269E9"


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launched]:
    with launched(PROGRAM, tmp_path_factory.mktemp("pad"), "--speed", "1000") as far_end:
        yield far_end


@pytest.fixture
def unit(program: Launched) -> Launched:
    program.do("renew")
    return program


@pytest.fixture
def line(unit: Launched) -> Iterator[SerialTransport]:
    with closing(SerialTransport(str(unit.link))) as line:
        line.open()
        yield line


def heard(line: SerialTransport, count: int) -> list[Event]:
    decoder, found, until = Decoder(), list[Event](), time.monotonic() + PATIENCE_S
    while len(found) < count:
        assert time.monotonic() < until, found
        found += decoder.feed(line.read(until))
    return found


def ask(line: SerialTransport, question: Question) -> Answer:
    line.write(question.to_bytes())
    said, frame = heard(line, 2)
    assert said is Control.ACK
    assert isinstance(frame, Frame)
    return Answer.read(frame.body)


@pytest.mark.parametrize(
    ("command", "data", "status"),
    [
        (0x7F, "", 0x01),
        (Command.MAC, "00", 0x02),
        (Command.LOAD_WORKING, "0001", 0x02),
        (Command.LOAD_WORKING, "0003" + "00" * 20, 0x09),
        (Command.MAC, "0100", 0x03),
        (Command.START_PIN, "00040C3C200000000001", 0x03),
        (Command.PIN_BLOCK, "", 0x06),
    ],
)
def test_what_it_refuses(line: SerialTransport, unit: Launched, command: int, data: str, status: int) -> None:
    unit.do("load", slot=0, master=MASTER)
    assert ask(line, Question(5, command, bytes.fromhex(data))) == Answer(5, command, status)


def test_a_number_is_answered_once_and_zero_each_time(line: SerialTransport, unit: Launched) -> None:
    first = ask(line, Question(9, Command.STATUS))
    unit.do("load", slot=0, master=MASTER)
    assert ask(line, Question(9, Command.STATUS)) == first
    fresh = ask(line, Question(10, Command.STATUS))
    assert fresh.data == first.data + b"\x00\x01"
    assert ask(line, Question(0, Command.STATUS)).data == fresh.data
    unit.do("lose_keys")
    assert ask(line, Question(0, Command.STATUS)).data == first.data


def test_what_is_asked_again_while_it_works_is_acknowledged(line: SerialTransport, unit: Launched) -> None:
    question = Question(3, Command.SELF_TEST)
    unit.do("delay_answer", ms=0)
    line.write(question.to_bytes() * 2)
    events = heard(line, 3)
    assert events[0] is Control.ACK
    assert sum(isinstance(event, Frame) for event in events) >= 1
    until = time.monotonic() + PATIENCE_S
    while unit.do("status")["totals"].get("self_test", 0) < 1:
        assert time.monotonic() < until


def test_broken_questions(line: SerialTransport) -> None:
    line.write(b"\x020101\x0304")
    assert heard(line, 1) == [Control.NAK]
    assert ask(line, Question(1, Command.STATUS)).status == 0


def test_its_keys_outlast_it_and_half_a_key_does_not(tmp_path: Path) -> None:
    state = tmp_path / "pad.json"
    with launched(PROGRAM, tmp_path, "--state", str(state)) as unit:
        unit.do("load", slot=3, master=MASTER)
    assert json.loads(state.read_text())["note"] == "TEST KEYS"
    with launched(PROGRAM, tmp_path, "--state", str(state)) as unit:
        assert unit.do("status")["slots"] == {"3": 1}
        unit.do("tamper")
    with launched(PROGRAM, tmp_path, "--state", str(state)) as unit:
        told = unit.do("status")
        assert (told["slots"], told["tampered"]) == ({}, True)


def test_the_benchs_key_is_loaded_where_there_is_none(tmp_path: Path) -> None:
    state = tmp_path / "pad.json"
    options = ("--state", str(state), "--test-key", "0:union:10000001", "--test-key", "3:other:10000001")
    with launched(PROGRAM, tmp_path, *options):
        kept = json.loads(state.read_text())["slots"]
    assert kept["0"]["master"] == bank_key("union", "10000001").hex()
    assert kept["3"]["master"] == bank_key("other", "10000001").hex()
    with launched(PROGRAM, tmp_path, *options) as unit:
        unit.do("load", slot=0, master=MASTER)
    with launched(PROGRAM, tmp_path, *options):
        assert json.loads(state.read_text())["slots"]["0"]["master"] == MASTER.lower()


def test_orders_that_cannot_be_obeyed(unit: Launched) -> None:
    for order, keys in (("press", {"digits": "12x"}), ("load", {"slot": 0, "master": "xy"})):
        with pytest.raises(ControlError):
            unit.do(order, **keys)
    for order in ("delete", "enter", "cancel", "expire"):
        assert unit.do(order) == {"taken": False}
