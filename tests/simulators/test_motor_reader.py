"""The reader program, spoken to frame by frame as a host would."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from drivers.card.frame import MOTOR, Control
from drivers.transport import SerialTransport
from simulators.far_end import ControlError, Launched, launched
from tests.simulators.card_host import Host
from tests.simulators.card_program import CardProgram, card_program

PROGRAM = "simulators.motor_reader"
STATUS = b"\x31\x30"
SHUT = b"\x4e"


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launched]:
    with launched(PROGRAM, tmp_path_factory.mktemp("reader"), "--speed", "1000", "--bin", "1") as far_end:
        yield far_end


@pytest.fixture
def unit(program: Launched) -> Launched:
    program.do("renew")
    return program


@pytest.fixture
def host(unit: Launched) -> Iterator[Host]:
    line = SerialTransport(str(unit.link))
    line.open()
    yield Host(line, MOTOR)
    line.close()


def ask(host: Host, text: str) -> bytes:
    return host.ask(bytes.fromhex(text), enquire=True)


def await_place(unit: Launched, place: str) -> None:
    deadline = time.monotonic() + 20
    while (told := unit.do("status"))["place"] != place or told["moving"]:
        assert time.monotonic() < deadline, told
        time.sleep(0.003)


def test_power_up_lets_any_card_in_from_both_ends(host: Host, unit: Launched) -> None:
    assert ask(host, "31 30") == b"\x31\x30\x4e\x4a\x4a"
    assert unit.do("push") == {"taken": True}
    await_place(unit, "inside")
    assert ask(host, "30 30") == b"\x30\x30PK-SIM-MR1 V1.00"
    assert ask(host, "2F 31 31") == b"\x2f\x31\x59"
    assert ask(host, "31 30") == b"\x31\x30\x4a\x4e\x4e"
    assert ask(host, "30 32")[:2] == b"\x30\x32"
    assert unit.do("status")["bin"] == 1


@pytest.mark.parametrize("text", ["31 99", "55 30", "2F 99 31", "2F 31", "32 99", "30 99", "2E 99"])
def test_what_it_does_not_know(host: Host, text: str) -> None:
    answer = ask(host, text)
    assert (answer[0], answer[1]) == (0x4E, bytes.fromhex(text)[0])
    assert answer[2] in (0, 1)


def test_a_command_is_begun_by_enq_alone(host: Host, unit: Launched) -> None:
    host.send(b"\x2f\x31\x31")
    assert host.heard() is Control.ACK
    assert unit.do("status")["entry"] == "switch"
    host.send(b"\x2f\x32\x31")
    assert host.heard() is Control.ACK
    host.signal(Control.ENQ)
    answer = host.heard()
    assert unit.do("status")["entry"] == "magnetic_and_switch"
    host.signal(Control.ENQ)
    assert host.heard(0.1) is None
    host.signal(Control.NAK)
    assert host.heard() == answer


def test_broken_commands(host: Host, unit: Launched) -> None:
    host.line.write(bytes.fromhex("02 00 02 31 30 03 03"))
    assert host.heard() is Control.NAK
    host.line.write(bytes.fromhex("02 00"))
    assert host.heard(0.1) is None
    unit.do("status")  # what it says now, it says after it has heard that
    assert host.heard(0.1) is None
    assert ask(host, "31 30")[2:3] == b"\x4e"


def test_what_comes_during_a_move_is_answered_after_it(host: Host, unit: Launched) -> None:
    unit.do("push")
    await_place(unit, "inside")
    unit.do("freeze_at", step="eject")
    host.send(b"\x32\x31")
    assert host.heard() is Control.ACK
    host.signal(Control.ENQ)
    host.send(STATUS)
    host.signal(Control.ENQ)
    while not unit.do("status")["frozen"]:
        time.sleep(0.003)
    unit.do("go_on")
    texts = [getattr(host.heard(), "text", None) for _ in range(3)]
    assert texts == [b"\x32\x31\x59", None, b"\x31\x30\x49\x4a\x4a"]


def test_a_card_that_the_motor_does_not_hold(host: Host, unit: Launched) -> None:
    assert ask(host, "32 30") == b"\x32\x30\x45"
    unit.do("push")
    await_place(unit, "inside")
    assert ask(host, "32 30") == b"\x32\x30\x59"
    assert ask(host, "32 2F") == b"\x32\x2f\x57"


def test_sensors_see_card_and_shutter(host: Host, unit: Launched) -> None:
    assert ask(host, "31 2F")[2:] == b"00000000"
    unit.do("push")
    await_place(unit, "inside")
    assert ask(host, "31 2F")[2:] == b"00100000"
    ask(host, "32 31")
    assert ask(host, "31 2F")[2:] == b"11000010"
    unit.do("take")
    unit.do("shutter", stuck="closed")
    assert unit.do("push") == {"taken": False, "why": "shutter"}


def test_every_way_of_the_motor(host: Host, unit: Launched) -> None:
    unit.do("push")
    await_place(unit, "inside")
    for move, place in (("32", "rear_held"), ("2E", "inside"), ("2F", "contact"), ("31", "front_held")):
        assert ask(host, f"32 {move}")[2:] == b"Y"
        assert unit.do("status")["place"] == place
    assert ask(host, "32 33")[2:] == b"Y"
    assert unit.do("status")["bin"] == 1


def test_orders_that_cannot_be_obeyed(unit: Launched) -> None:
    for order, keys in (
        ("push", {"length": "endless"}),
        ("jam", {"step": "dispense"}),
        ("go_on", {}),
        ("pull", {}),
        ("power_on", {}),
        ("speed", {"times": 0}),
    ):
        with pytest.raises(ControlError):
            unit.do(order, **keys)
    assert unit.do("take") == {"taken": False, "why": "none"}
    assert unit.do("clear") == {"removed": False}
    unit.do("power_off")
    assert unit.do("push") == {"taken": False, "why": "no_power"}
    with pytest.raises(ControlError):
        unit.do("power_off")


@pytest.fixture
def cards(tmp_path: Path) -> Iterator[CardProgram]:
    with card_program(tmp_path / "card.sock") as program:
        yield program


def test_a_card_whose_chip_is_on_its_way_does_not_move(tmp_path: Path, cards: CardProgram) -> None:
    cards.hold.clear()
    options = ("--speed", "1000", "--chip-control", str(cards.path))
    with launched(PROGRAM, tmp_path, *options) as unit, closing(SerialTransport(str(unit.link))) as line:
        line.open()
        host = Host(line, MOTOR)
        ask(host, "2E 33")
        unit.do("push")
        cards.await_orders([{"do": "insert"}])
        assert ask(host, "32 31") == b"\x4e\x32\x02"
        assert not unit.do("take")["taken"]
        cards.hold.set()
        await_place(unit, "contact")
        assert ask(host, "32 31") == b"\x32\x31\x59"


def test_the_chip_comes_with_the_contact(tmp_path: Path, cards: CardProgram) -> None:
    options = ("--speed", "1000", "--chip-control", str(cards.path))
    with launched(PROGRAM, tmp_path, *options) as unit, closing(SerialTransport(str(unit.link))) as line:
        line.open()
        host = Host(line, MOTOR)
        ask(host, "2E 33")
        unit.do("push", card="user-1")
        await_place(unit, "contact")
        inserted: dict[str, object] = {"do": "insert", "card": "user-1"}
        cards.await_orders([inserted])
        ask(host, "32 31")
        cards.await_orders([inserted, {"do": "pull"}])
        ask(host, "32 2F")
        cards.await_orders([inserted, {"do": "pull"}, inserted])
        unit.do("power_off")
        cards.await_orders([inserted, {"do": "pull"}, inserted, {"do": "pull"}])
        assert unit.do("status")["chip_error"] == ""
