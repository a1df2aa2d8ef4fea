"""The panel's buttons reach real far ends, and what they do is seen on it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from drivers.cash.ccnet import State
from simulators.bench.programs import Program
from simulators.far_end import ControlClient, Launched, launched
from simulators.panel.orders import GROUPS
from simulators.panel.window import Panel

PRINTS = "prints"


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
