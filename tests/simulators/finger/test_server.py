"""The finger touches a real window like a person, and says why when a person could not."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QUrl
from PySide6.QtQuick import QQuickView
from pytestqt.qtbot import QtBot

from simulators.far_end import ControlClient, ControlError
from simulators.finger.screen import Screen
from simulators.finger.server import FingerServer

Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def ask(qtbot: QtBot, tmp_path: Path) -> Iterator[Ask]:
    """A finger on the page of page.qml; each order is sent from another thread while Qt's loop runs here."""
    view = QQuickView()
    view.setSource(QUrl.fromLocalFile(str(Path(__file__).with_name("page.qml"))))
    view.show()
    qtbot.waitUntil(view.isExposed, timeout=20_000)
    server = FingerServer(
        Screen(view, lambda: str(view.rootObject().property("name"))), tmp_path / "finger.sock"
    )
    clients: list[ControlClient] = []

    def asked(do: str, **order: object) -> dict[str, Any]:
        outcome: list[Any] = []

        def send() -> None:
            try:
                if not clients:
                    clients.append(ControlClient(tmp_path / "finger.sock"))
                outcome.append(clients[0](do, **order))
            except ControlError as error:
                outcome.append(error)

        thread = threading.Thread(target=send)
        thread.start()
        qtbot.waitUntil(lambda: bool(outcome), timeout=20_000)
        thread.join()
        if isinstance(outcome[0], ControlError):
            raise outcome[0]
        answer: dict[str, Any] = outcome[0]
        return answer

    yield asked
    for client in clients:
        client.close()
    server.close()
    view.close()


def test_a_touch_reaches_what_stands_there(ask: Ask) -> None:
    ask("touch", name="Start")
    ask("wait_text", text="touched 1")
    ask("wait_page", names=["home"])  # a page that fades in is not touched
    ask("touch", name="id=start", hold_ms=10)
    ask("wait_text", text="touched 2")


def test_waits_for_the_page_that_a_touch_leads_to(ask: Ask) -> None:
    touched = ask("touch", name="Start")["at"]
    seen = ask("wait_page", names=["bills", "home"])
    assert seen["name"] == "home"
    # 50 ms until the page turns and 200 ms until it has faded in
    assert seen["at"] - touched > 0.2


def test_tells_what_is_on_the_page_and_what_is_off(ask: Ask) -> None:
    page = ask("page")
    assert page["name"] == "attract"
    assert {target["id"]: target["enabled"] for target in page["targets"]} == {
        "start": True,
        "off": False,
        "small": True,
        "outside": True,
    }
    assert ask("find", name="Start")["rect"] == [0, 50, 100, 80]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("id=off", "switched off"),
        ("Small", "60 px small"),
        ("Outside", "not on the screen"),
        ("Hidden", "is not on the page 'attract'; there are: start, off, small, outside"),
        ("Nowhere", "is not on the page"),
    ],
)
def test_cannot_touch_what_a_person_could_not(ask: Ask, name: str, why: str) -> None:
    with pytest.raises(ControlError, match=why):
        ask("touch", name=name)
    assert ask("page")["texts"] == ["touched 0"]


def test_says_what_stood_there_instead_of_the_awaited(ask: Ask) -> None:
    with pytest.raises(ControlError, match="none of done came in 0.1 s; 'attract' stands: touched 0"):
        ask("wait_page", names=["done"], timeout_s=0.1)
    with pytest.raises(ControlError, match="'hidden' could not be read"):
        ask("wait_text", text="hidden", timeout_s=0.1)


def test_takes_a_picture(ask: Ask, tmp_path: Path) -> None:
    ask("grab", path=str(tmp_path / "page.png"))
    assert (tmp_path / "page.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("order", [{"do": "dance"}, {"do": "touch"}, {"do": "page", "surplus": 1}])
def test_refuses_an_order_it_does_not_know(ask: Ask, order: dict[str, Any]) -> None:
    with pytest.raises(ControlError, match="no such order"):
        ask(**order)
