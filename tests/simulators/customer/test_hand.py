"""The hand touches again where the real screen's page turned under it, and never where the page stands still."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import cast

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from kiosk.page import Choice, Modes, PageKind, PageModel, Snapshot
from simulators.customer.hand import Hand
from simulators.finger.screen import Screen as Seen
from simulators.finger.server import FingerServer
from ui.screen import Screen

CHECKING = PageModel("checking", PageKind.RESULT, "正在核实", main=Choice("finish", "完成"))
DONE = PageModel("done", PageKind.RESULT, "已交费", main=Choice("finish", "完成"))
CLOSING = PageModel("closing", PageKind.WAIT, "正在关闭")


class Glass:
    """The kiosk's screen with a finger on it. `intents` is what was pressed, each with the page that stood then."""

    def __init__(self, qtbot: QtBot, socket: Path) -> None:
        self._until: Callable[..., None] = partial(qtbot.waitUntil, timeout=40_000)
        self._socket = socket
        self.intents: list[tuple[str, str]] = []
        self._serial = 0
        self.screen = Screen("through", window=True, on_intent=self._note, motion=False)
        view, page = self.screen.view, self.screen.page
        self.finger = cast(QObject, view.engine().singletonInstance("Kiosk", "Finger"))
        self._name: Callable[[], str] = lambda: str(page.property("name"))
        self.show(CHECKING)
        self.screen.show()
        self._until(view.isExposed)
        self._until(lambda: self._name() == "checking")
        self.server = FingerServer(Seen(view, self._name, lambda: not self.finger.property("closed")), socket)

    def _note(self, name: str, _arg: str) -> None:
        self.intents.append((name, self._name()))

    def show(self, page: PageModel) -> None:
        self._serial += 1
        self.screen.present(Snapshot(self._serial, page, Modes(), "K1", "11-22 20:15"))

    def under_the_finger(self, act: Callable[[], object]) -> None:
        """Do this once, as soon as the finger is down."""
        pending = [act]
        holder = self.finger.holderChanged  # type: ignore[attr-defined]
        holder.connect(lambda: pending.pop()() if pending else None)

    def choose(self, *names: str) -> tuple[str, int]:
        """What a hand gives that chooses one of these, and how many touches it counts."""

        def chosen() -> tuple[str, int]:
            hand = Hand(self._socket, quick=True)
            try:
                return hand.choose(*names), hand.touches
            finally:
                hand.let_go()

        with ThreadPoolExecutor(1) as pool:
            future = pool.submit(chosen)
            self._until(future.done)
            return future.result()


@pytest.fixture
def glass(qtbot: QtBot, tmp_path: Path) -> Iterator[Glass]:
    glass = Glass(qtbot, tmp_path / "finger.sock")
    yield glass
    glass.server.close()
    glass.screen.close()
    qtbot.wait(1)


def test_a_page_that_turns_under_the_finger_is_touched_again(glass: Glass) -> None:
    glass.under_the_finger(lambda: glass.show(DONE))
    assert glass.choose("finish") == ("finish", 1)
    # Also the first counts where a busy machine lifts the finger when the new page takes touches already.
    assert set(glass.intents) == {("finish", "done")}


def test_a_page_that_stands_still_is_touched_once_though_it_takes_nothing(glass: Glass) -> None:
    glass.under_the_finger(lambda: glass.finger.setProperty("closed", True))
    assert glass.choose("finish") == ("finish", 1)
    assert glass.intents == []


def test_where_the_page_that_came_has_no_such_choice_nothing_is_touched(glass: Glass) -> None:
    glass.under_the_finger(lambda: glass.show(CLOSING))
    assert glass.choose("finish") == ("", 0)
    assert glass.intents == []


def test_the_first_choice_that_is_on_is_taken(glass: Glass) -> None:
    assert glass.choose("cancel", "finish", "back") == ("finish", 1)
    assert glass.intents == [("finish", "checking")]
