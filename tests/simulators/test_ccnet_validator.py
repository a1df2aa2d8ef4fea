"""The validator program, spoken to frame by frame as a host would."""

from __future__ import annotations

import contextlib
import random
import time
from pathlib import Path
from typing import Any

import pytest

from drivers.cash.ccnet import (
    ACK,
    ILLEGAL,
    NAK,
    VALIDATOR,
    Command,
    Frame,
    State,
    parse_bill_table,
    parse_identification,
    type_mask,
)
from simulators.far_end import ControlError, Launched, Reply, launched
from tests.simulators.ccnet_host import HUNDRED, PROGRAM, Host, host_of


def test_power_up_waits_for_reset(host: Host, unit: Launched) -> None:
    assert host.poll() == bytes([State.POWER_UP])
    for command in (Command.IDENTIFICATION, Command.GET_BILL_TABLE, Command.GET_STATUS, Command.STACK):
        assert host.ask(command) == ILLEGAL
    unit.do("freeze_at", state="initialize")
    assert host.ask(Command.RESET) == ACK
    assert host.poll() == bytes([State.INITIALIZE])
    unit.do("go_on")
    host.until(State.UNIT_DISABLED)


def test_identity_table_and_status(host: Host) -> None:
    host.start(types=type_mask({3, 4}))
    assert parse_identification(host.ask(Command.IDENTIFICATION) or b"").part == "PK-SIM-CN1"
    notes = parse_bill_table(host.ask(Command.GET_BILL_TABLE) or b"")
    assert [note.value_fen for note in notes] == [100, 500, 1000, 2000, 5000, 10000]
    assert host.ask(Command.SET_SECURITY, type_mask({HUNDRED})) == ACK
    assert host.ask(Command.GET_STATUS) == type_mask({3, 4}) + type_mask({HUNDRED})


def test_note_table_is_configurable(tmp_path: Path) -> None:
    with launched(PROGRAM, tmp_path, "--speed", "50", "--notes", "100,50") as unit:
        for host in host_of(unit):
            host.start()
            notes = parse_bill_table(host.ask(Command.GET_BILL_TABLE) or b"")
            assert [note.value_fen for note in notes] == [10000, 5000]


@pytest.mark.parametrize(
    "payload", [b"\x39", b"\x50", b"\x99", bytes([Command.ENABLE_BILL_TYPES]), b"\x33\x00", b"\x32\x00\x00"]
)
def test_unknown_and_malformed_commands_are_illegal(host: Host, payload: bytes) -> None:
    host.start()
    host.send(payload)
    assert host.answer() == ILLEGAL


def test_broken_command_is_answered_with_nak(host: Host) -> None:
    wire = bytearray(Frame(VALIDATOR, bytes([Command.RESET])).to_bytes())
    wire[-1] ^= 1
    host.line.write(bytes(wire))
    assert host.answer() == NAK
    assert host.poll() == bytes([State.POWER_UP])


def test_command_cut_short_does_not_swallow_the_next(host: Host, unit: Launched) -> None:
    host.line.write(b"\x02\x03\x06")
    assert host.answer(0.1) is None
    unit.do("status")  # what it says now, it says after it has heard that
    assert host.answer(0.1) is None
    assert host.poll() == bytes([State.POWER_UP])


def test_other_addresses_are_not_ours(host: Host) -> None:
    host.send(bytes([Command.POLL]), address=0x01)
    assert host.answer(0.2) is None


def test_nak_brings_the_last_answer_again(host: Host) -> None:
    assert host.poll(ack=False) == bytes([State.POWER_UP])
    host.send(NAK)
    assert host.answer() == bytes([State.POWER_UP])


def test_broken_answer_is_sound_when_asked_again(host: Host, unit: Launched) -> None:
    unit.do("crc_break")
    assert host.ask(Command.POLL) == b"broken"
    host.send(NAK)
    assert host.answer() == bytes([State.POWER_UP])


def test_stacked_repeats_until_acknowledged(host: Host, unit: Launched) -> None:
    host.start()
    unit.do("insert", type=HUNDRED)
    host.until(State.ESCROW)
    assert host.ask(Command.STACK) == ACK
    for _ in range(3):
        assert host.until(State.STACKED, ack=False) == bytes([State.STACKED, HUNDRED])
    assert unit.do("insert", value_fen=100) == {"taken": False, "why": "stacked"}
    host.send(ACK)
    assert host.poll() == bytes([State.IDLING])


def test_counter_and_box_count_once(host: Host, unit: Launched) -> None:
    began = time.monotonic()
    host.start()
    for _ in range(2):
        assert unit.do("insert", value_fen=2000)["taken"]
        host.until(State.ESCROW)
        host.ask(Command.STACK)
        host.until(State.STACKED)
        host.until(State.IDLING)
    assert host.ask(Command.GET_STACKED_COUNTER) == bytes([0, 0, 0, 2])
    status = unit.do("status")
    assert (status["box"], status["box_fen"], status["counter"]) == ({"2000": 2}, 4000, 2)
    stacked = [entry for entry in status["log"] if entry["what"] == "stacked"]
    assert [entry["value_fen"] for entry in stacked] == [2000, 2000]
    assert began < stacked[0]["at"] < stacked[1]["at"] < time.monotonic()
    assert status["totals"] == {"inserted": 4000, "stacked": 4000}
    assert len(unit.do("status", log=1)["log"]) == 1
    assert unit.do("empty_box") == {"box": {"2000": 2}}
    assert unit.do("status")["counter"] == 2


def test_type_without_escrow_is_stacked_unasked(host: Host, unit: Launched) -> None:
    host.start(escrow=bytes(3))
    unit.do("insert", type=HUNDRED)
    assert host.until(State.STACKED) == bytes([State.STACKED, HUNDRED])


def test_returned_note_waits_for_its_owner(host: Host, unit: Launched) -> None:
    host.start()
    unit.do("insert", type=0)
    with pytest.raises(ControlError, match="held out"):
        unit.do("take_note")
    host.until(State.ESCROW)
    assert host.ask(Command.RETURN) == ACK
    assert host.ask(Command.RETURN) == ILLEGAL
    deadline = time.monotonic() + 20
    while not unit.do("status")["held_out"]:
        assert time.monotonic() < deadline
    assert host.poll() == bytes([State.RETURNING])
    unit.do("take_note")
    assert host.until(State.RETURNED) == bytes([State.RETURNED, 0])
    assert host.poll() == bytes([State.IDLING])


def test_full_box_by_its_capacity(tmp_path: Path) -> None:
    with launched(PROGRAM, tmp_path, "--speed", "50", "--capacity", "1") as unit:
        for host in host_of(unit):
            host.start()
            unit.do("insert", type=HUNDRED)
            host.until(State.ESCROW)
            host.ask(Command.STACK)
            host.until(State.STACKED)
            host.until(State.CASSETTE_FULL)
            unit.do("empty_box")
            host.until(State.UNIT_DISABLED)


def test_cheat_pulls_the_note_out_of_escrow(host: Host, unit: Launched) -> None:
    host.start()
    unit.do("insert", type=HUNDRED)
    host.until(State.ESCROW)
    unit.do("cheat")
    host.until(State.CHEATED)
    assert host.ask(Command.STACK) == ILLEGAL
    unit.do("clear")
    host.until(State.UNIT_DISABLED)
    assert unit.do("status")["box_fen"] == 0


def test_box_pulled_before_the_acknowledgement_loses_only_the_report(host: Host, unit: Launched) -> None:
    host.start()
    unit.do("insert", type=HUNDRED)
    host.until(State.ESCROW)
    host.ask(Command.STACK)
    host.until(State.STACKED, ack=False)
    unit.do("box_remove")
    host.until(State.CASSETTE_OUT)
    unit.do("box_insert")
    host.until(State.UNIT_DISABLED)
    assert host.ask(Command.GET_STACKED_COUNTER) == bytes([0, 0, 0, 1])


@pytest.mark.parametrize(
    ("order", "words"),
    [
        ({"do": "insert", "value_fen": 777}, "no such note"),
        ({"do": "jam", "where": "roof"}, "entry or box"),
        ({"do": "clear"}, "nothing to clear"),
        ({"do": "box_insert"}, "the box is in"),
        ({"do": "power_on"}, "has power"),
        ({"do": "cut_power_at", "state": "noon"}, "no such state"),
    ],
)
def test_impossible_orders_are_refused(unit: Launched, order: dict[str, object], words: str) -> None:
    with pytest.raises(ControlError, match=words):
        unit.do(**order)  # type: ignore[arg-type]


def test_nothing_is_heard_without_power(host: Host, unit: Launched) -> None:
    unit.do("power_off")
    host.send(bytes([Command.POLL]))
    assert host.answer(0.2) is None
    assert unit.do("insert", value_fen=10000) == {"taken": False, "why": "power_off"}
    assert unit.do("power_on") == {"state": "power_up"}
    assert host.poll() == bytes([State.POWER_UP])


@pytest.mark.parametrize(
    ("stacks", "found", "counter"),
    [(False, State.POWER_UP_BILL_IN_VALIDATOR, 0), (True, State.POWER_UP_BILL_IN_STACKER, 1)],
)
def test_killed_program_keeps_its_note(tmp_path: Path, stacks: bool, found: State, counter: int) -> None:
    options = ("--speed", "50", "--state", str(tmp_path / "kept.json"))
    with launched(PROGRAM, tmp_path, *options) as unit:
        for host in host_of(unit):
            host.start()
            unit.do("cut_power_at", state="stacking")
            unit.do("insert", type=HUNDRED)
            host.until(State.ESCROW)
            if stacks:
                host.ask(Command.STACK)
        unit.process.kill()
        unit.process.wait(30)
    with launched(PROGRAM, tmp_path, *options) as unit:
        for host in host_of(unit):
            assert host.poll() == bytes([found])
            host.start()
            assert host.ask(Command.GET_STACKED_COUNTER) == bytes([0, 0, 0, counter])


Order = dict[str, Any]
CUSTOMER: list[Order] = [{"do": "insert", "type": index} for index in range(6)]
CUSTOMER += [{"do": "take_note"}, {"do": "take_note"}, {"do": "reject_next"}]
MISCHIEF: list[Order] = [
    {"do": word} for word in ("cheat", "pause", "fill", "box_remove", "power_off", "fail")
]
MISCHIEF += [{"do": "jam", "where": "entry"}, {"do": "jam", "where": "box"}]
REPAIR: list[Order] = [{"do": word} for word in ("clear", "clear", "power_on", "box_insert", "empty_box")]
GONE = ("returned", "returned_at_start", "rejected", "removed_by_hand", "fished")
HOST_WORDS = (Command.STACK, Command.STACK, Command.RETURN, Command.HOLD, Command.RESET)


@pytest.mark.parametrize("seed", range(3))
def test_no_note_is_lost_or_made_whatever_happens(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    reached: set[str] = set()
    totals: dict[str, int] = {}
    with launched(PROGRAM, tmp_path, "--speed", "2000", "--capacity", "6") as unit:
        for host in host_of(unit):
            for step in range(5000):  # how far 500 go hangs on the machine's pace too
                if step >= 500 and len(reached) > 8 and totals.get("stacked"):
                    break
                status = walk(chance, unit, host)
                reached.add(status["state"])
                totals = status["totals"]
                boxed = totals.get("stacked", 0) + totals.get("stacked_at_start", 0)
                gone = sum(totals.get(what, 0) for what in GONE)
                assert totals.get("inserted", 0) == boxed + gone + status["on_way_fen"], status
                assert status["box_fen"] == boxed - totals.get("emptied", 0), status
    assert len(reached) > 8
    assert totals["stacked"] > 0


def walk(chance: random.Random, unit: Launched, host: Host) -> Reply:
    """One thing happens, and the host goes on in its own way; the unit's status after it."""
    for orders, how_often in ((CUSTOMER, 0.6), (MISCHIEF, 0.08), (REPAIR, 0.3)):
        if chance.random() < how_often:
            with contextlib.suppress(ControlError):
                unit.do(**chance.choice(orders))
    if unit.do("status")["state"] != "power_off":
        state = (host.poll() or b"\x00")[0]
        if state in (State.POWER_UP, State.POWER_UP_BILL_IN_VALIDATOR, State.POWER_UP_BILL_IN_STACKER):
            host.ask(Command.RESET)
        elif state == State.UNIT_DISABLED:
            host.ask(Command.ENABLE_BILL_TYPES, type_mask(range(5)) * 2)
        elif state in (State.ESCROW, State.HOLDING) or chance.random() < 0.1:
            host.ask(chance.choice(HOST_WORDS))
    return unit.do("status")


def test_its_speed_can_be_changed_while_it_runs(host: Host, unit: Launched) -> None:
    host.start()
    unit.do("speed", times=0.001)
    unit.do("insert", value_fen=2000)
    assert unit.do("status")["state"] == "accepting"
    with pytest.raises(ControlError, match="above 0"):
        unit.do("speed", times=0)
