"""The dispenser program, spoken to frame by frame as a host would."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from drivers.card.frame import DISPENSER, Control, Frame
from drivers.transport import SerialTransport
from simulators.far_end import ControlError, Launched, launched
from tests.simulators.card_host import Host
from tests.simulators.card_program import card_program

PROGRAM = "simulators.card_dispenser"
OPTIONS = ("--speed", "1000", "--cards", "3", "--low", "2", "--bin", "1")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launched]:
    with launched(PROGRAM, tmp_path_factory.mktemp("dispenser"), *OPTIONS) as far_end:
        yield far_end


@pytest.fixture
def unit(program: Launched) -> Launched:
    program.do("renew")
    return program


@pytest.fixture
def host(unit: Launched) -> Iterator[Host]:
    line = SerialTransport(str(unit.link))
    line.open()
    yield Host(line, DISPENSER)
    line.close()


def ask(host: Host, text: bytes) -> bytes:
    return host.ask(text, enquire=False)


def test_nothing_before_a_reset(host: Host) -> None:
    for text in (b"C10", b"C21", b"C31", b"C\xa40"):
        assert ask(host, text) == b"N" + text[1:] + b"B0"
    assert ask(host, b"C03") == b"P03020PK-SIM-CD1 V1.00"
    assert ask(host, b"C10") == b"P10020"


@pytest.mark.parametrize(
    ("text", "error"), [(b"C\x990", b"00"), (b"C29", b""), (b"C2\x99", b"01"), (b"X10", b"04")]
)
def test_what_it_does_not_know(host: Host, text: bytes, error: bytes) -> None:
    ask(host, b"C03")
    answer = ask(host, text)
    assert answer[:1] == (b"N" if error else b"P")
    assert not error or answer == b"N" + text[1:3] + error


def test_cards_go_from_the_stack_one_by_one(host: Host, unit: Launched) -> None:
    ask(host, b"C03")
    assert ask(host, b"C21") == b"P21210"
    assert ask(host, b"C20") == b"P20110"
    assert ask(host, b"C23") == b"P23011"
    assert ask(host, b"C22") == b"P22211"
    assert ask(host, b"C23") == b"N23A1"
    assert ask(host, b"C29") == b"P29011"
    ask(host, b"C29")
    assert ask(host, b"C21") == b"N21A0"
    status = unit.do("status")
    assert (status["cards"], status["bin"], status["totals"]["dropped"]) == (0, 1, 2)


def test_reset_moves_the_card(host: Host, unit: Launched) -> None:
    ask(host, b"C03")
    ask(host, b"C21")
    assert ask(host, b"C00") == b"P00110"
    assert ask(host, b"C01") == b"P01011"
    assert unit.do("status")["totals"]["in_bin"] == 1


def test_sensors_see_the_card_box(host: Host, unit: Launched) -> None:
    ask(host, b"C03")
    assert ask(host, b"C11") == b"P1102000000001"
    unit.do("stacker", inserted=False)
    assert ask(host, b"C11") == b"P1100000000000"


def test_other_addresses_and_broken_commands(host: Host) -> None:
    host.send(b"C10", address=3)
    assert host.heard(0.1) is None
    wire = DISPENSER.to_bytes(Frame(b"C10"))
    host.line.write(wire[:-1] + b"\0")
    assert host.heard() is Control.NAK
    assert ask(host, b"C10") == b"N10B0"
    host.signal(Control.NAK)
    assert host.heard() == Frame(b"N10B0")


def test_orders_that_cannot_be_obeyed(unit: Launched) -> None:
    for order, keys in (("jam", {"step": "enter"}), ("pull", {}), ("fail_next", {"error": "jam"})):
        with pytest.raises(ControlError):
            unit.do(order, **keys)
    assert unit.do("take") == {"taken": False, "why": "none"}


def test_the_chip_comes_with_the_contact(tmp_path: Path) -> None:
    with (
        card_program(tmp_path / "card.sock") as cards,
        launched(PROGRAM, tmp_path, *OPTIONS, "--chip-control", str(cards.path)) as unit,
        closing(SerialTransport(str(unit.link))) as line,
    ):
        line.open()
        host = Host(line, DISPENSER)
        ask(host, b"C03")
        unit.do("next_card", card="blank-1")
        ask(host, b"C21")
        assert cards.orders == [{"do": "insert", "card": "blank-1"}]
        ask(host, b"C20")
        assert cards.orders == [{"do": "insert", "card": "blank-1"}, {"do": "pull"}]
