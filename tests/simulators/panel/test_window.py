"""The panel's buttons reach real far ends, and what they do is seen on it."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from drivers.cash.ccnet import State
from simulators.bank_host import BankHost
from simulators.bench.cards import CardProgram
from simulators.bench.household import Holder, Household
from simulators.bench.programs import Program
from simulators.bench.tenders import Tenders
from simulators.cards.program import CardEnd
from simulators.eft_box import EftBox
from simulators.far_end import ControlClient, Launched, launched
from simulators.panel.orders import CARD_GROUPS, GROUPS, TENDER_GROUPS
from simulators.panel.window import Panel
from simulators.pin_pad import PinPad
from simulators.scanner import Scanner
from simulators.wallet import Wallet

PRINTS = "prints"
HOLDER = Holder("A500000000000083", "250000000009", "000000000083", 12, 10_000, taken=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for the far ends of this file."""
    return tmp_path_factory.mktemp("panel")


@pytest.fixture(scope="module")
def validator(folder: Path) -> Iterator[Launched]:
    """A real validator program."""
    with launched("simulators.ccnet_validator", folder) as far_end:
        yield far_end


@pytest.fixture(scope="module")
def printer(folder: Path) -> Iterator[Launched]:
    """A real printer program."""
    with launched("simulators.escpos_printer", folder, "--out", str(folder / PRINTS)) as far_end:
        yield far_end


@pytest.fixture(scope="module")
def line(folder: Path) -> Iterator[ControlClient]:
    """A real proxy; there need be no hub behind it."""
    socket = folder / "hub_proxy.sock"
    command = [sys.executable, "-m", "simulators.hub_proxy", "--to", "1", "--control", str(socket)]
    program = Program("hub_proxy", command, folder)
    program.wait_for("^ready", 30)
    client = ControlClient(socket)
    yield client
    client.close()
    program.end()


@pytest.fixture
def panel(qtbot: QtBot, validator: Launched, printer: Launched, line: ControlClient, folder: Path) -> Panel:
    """The panel on all three."""
    window = Panel({"validator": validator.do, "printer": printer.do, "line": line}, folder / PRINTS)
    qtbot.addWidget(window)
    window.show()
    return window


def press(panel: Panel, name: str) -> None:
    """Click the button of that name."""
    button = panel.findChild(QPushButton, name)
    assert isinstance(button, QPushButton)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def test_every_button_is_an_order_that_its_far_end_knows(panel: Panel) -> None:
    for group in GROUPS:
        for order in group.orders:
            panel.events.clear()
            press(panel, f"{order.far_end}:{order.label}")
            assert f"{order.far_end} {order.label}" in panel.events.toPlainText()
            assert "no such command" not in panel.events.toPlainText()
            assert "argument" not in panel.events.toPlainText()


def test_shows_what_the_acceptor_tells(panel: Panel, validator: Launched) -> None:
    assert validator.do("status")["state"] == State.POWER_UP.name.lower()
    press(panel, "validator:¥100")
    assert "validator ¥100: not taken, power_up" in panel.events.toPlainText()
    panel.look()
    assert panel.box.text() == "¥0 (empty); power up"


def test_shows_the_slip_that_came_out(qtbot: QtBot, panel: Panel, printer: Launched) -> None:
    assert panel.slip.pixmap().isNull()
    with printer.link.open("wb", buffering=0) as paper:
        paper.write("电费 12.00\n".encode("gb18030") + b"\x1dV\x42\x00")
        qtbot.waitUntil(lambda: not panel.slip.pixmap().isNull(), timeout=30_000)
    assert "printer: slip-0001 came out" in panel.events.toPlainText()


@pytest.fixture
def with_cards(
    qtbot: QtBot,
    validator: Launched,
    printer: Launched,
    line: ControlClient,
    folder: Path,
    tmp_path: Path,
    card_program: CardProgram,
) -> Iterator[Panel]:
    """The panel of a bench with a meter card, its meter, a dispenser of new cards, and a SAM's slot."""
    household = Household(HOLDER, tmp_path / "own.json")
    if card_program.do("status")["inserted"]:
        card_program.do("pull")
    with launched("simulators.card_dispenser", tmp_path, "--speed", "40", "--cards", "3") as dispenser:
        ends = {"validator": validator.do, "printer": printer.do, "line": line}
        ends |= {"card": card_program.do, "dispenser": dispenser.do, "sam": card_program.do}
        window = Panel(ends, folder / PRINTS, household)
        qtbot.addWidget(window)
        window.show()
        yield window
    card_program.do("calm")
    if card_program.do("status")["inserted"]:
        card_program.do("pull")


def said(panel: Panel) -> str:
    """What the panel has told since the last look."""
    text = panel.events.toPlainText()
    panel.events.clear()
    return text


def test_every_button_of_cards_is_an_order_that_its_far_end_knows(with_cards: Panel) -> None:
    for group in CARD_GROUPS:
        for order in group.orders:
            press(with_cards, f"{order.far_end}:{order.label}")
            told = said(with_cards)
            assert f"{order.far_end} {order.label}" in told
            assert "no such" not in told
            assert "argument" not in told


def test_the_card_goes_between_kiosk_and_meter(with_cards: Panel, card_program: CardProgram) -> None:
    assert with_cards.home is not None
    assert with_cards.home.meter.text() == "¥0.00 left; purchase count 11"
    press(with_cards, "card:Insert")
    assert card_program.do("status")["serial"] == HOLDER.serial
    press(with_cards, "home:Card into the meter")
    assert "the card is in the kiosk" in said(with_cards)
    press(with_cards, "card:Take out")
    press(with_cards, "home:Card into the meter")
    assert "meter: takes ¥100.00" in said(with_cards)
    press(with_cards, "home:Use ¥20")
    assert with_cards.home.meter.text() == "¥80.00 left; purchase count 12"
    press(with_cards, "home:Card into the meter")
    assert "meter: takes ¥0.00" in said(with_cards)


def test_shows_what_the_dispenser_holds(with_cards: Panel) -> None:
    with_cards.look()
    assert with_cards.dispenser.text() == "stack: 3 (low); card: none; bin: 0"
    press(with_cards, "dispenser:Take the new card")
    assert "not taken, none" in said(with_cards)
    press(with_cards, "dispenser:Bin full")
    assert "bin: 20" in with_cards.dispenser.text()


def test_without_cards_it_has_no_buttons_for_them(panel: Panel) -> None:
    assert panel.home is None
    assert panel.findChild(QPushButton, "card:Insert") is None


FAR_ENDS = {
    "bank_card": CardEnd,
    "pin_pad": PinPad,
    "bank_a": BankHost,
    "bank_b": BankHost,
    "box": EftBox,
    "wallet": Wallet,
    "scanner": Scanner,
}


def test_every_order_about_other_money_is_one_that_its_far_end_has() -> None:
    assert {group.far_end for group in TENDER_GROUPS} == set(FAR_ENDS)
    for group in TENDER_GROUPS:
        for order in group.orders:
            taken = inspect.signature(getattr(FAR_ENDS[order.far_end], f"do_{order.do}")).parameters
            assert set(order.arguments) <= set(taken), order.label


def test_the_cards_of_the_panel_are_those_that_the_bench_makes(tmp_path: Path) -> None:
    made = {Tenders(tmp_path, 1.0, frozenset()).card_file(bank).name for bank in ("bank_a", "bank_b")}
    assert {order.file for group in TENDER_GROUPS for order in group.orders if order.file} == made


def test_a_bank_card_is_put_in_from_the_benchs_folder(qtbot: QtBot, panel: Panel, tmp_path: Path) -> None:
    asked: dict[str, object] = {}

    def bank_card(do: str, **how: object) -> dict[str, object]:
        asked.update(how, do=do)
        return {}

    ends = {**panel._far_ends, "bank_card": bank_card}
    window = Panel(ends, tmp_path / PRINTS)  # type: ignore[arg-type] # no program behind this one
    qtbot.addWidget(window)
    press(window, "bank_card:Card of bank B")
    assert asked == {"do": "insert", "card": str(tmp_path / "bank_b_plain.json")}
