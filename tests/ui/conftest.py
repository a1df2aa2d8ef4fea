"""The real screen without a display: software renderer, real touches, and no Qt warning goes unseen."""

from __future__ import annotations

import os
import time

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QT_QUICK_BACKEND", "software")

from collections.abc import Callable, Iterator
from typing import cast

import pytest
from PySide6.QtCore import QObject, QPointF, QtMsgType, qInstallMessageHandler
from PySide6.QtGui import QPointingDevice
from PySide6.QtQuick import QQuickItem
from PySide6.QtTest import QSignalSpy, QTest

from kiosk.page import Choice, Entry, Modes, MoneyPanel, Notice, PageKind, PageModel, Snapshot
from ui.screen import Screen
from ui.viewmodels.page import NO_PAGE

PATIENCE_S = 20.0
"""How long a page may take to stand and to be open to touches on a busy machine."""


def wait_until(true: Callable[[], bool]) -> None:
    """Let Qt work until something is so."""
    until = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < until, "the screen did not come to it"
        QTest.qWait(1)


class Bench:
    """One screen, what came out of it, and a finger."""

    def __init__(self, form: str) -> None:
        self.intents: list[tuple[str, str]] = []
        self.screen = Screen(form, window=True, on_intent=self.note, motion=False)
        self.serial = 0
        self.device: QPointingDevice = QTest.createTouchDevice()
        engine = self.screen.view.engine()
        self.finger = cast(QObject, engine.singletonInstance("Kiosk", "Finger"))

    def note(self, name: str, arg: str) -> None:
        """Take down an intent."""
        self.intents.append((name, arg))

    def present(self, page: PageModel, modes: Modes | None = None) -> None:
        """Show a page and wait until it stands; it may still be closed to touches."""
        self.serial += 1
        shown = QSignalSpy(self.screen.page.headerChanged)
        self.screen.present(Snapshot(self.serial, page, modes or Modes(), "K1", "11-22 20:15"))
        wait_until(lambda: shown.count() > 0)

    def put(self, page: PageModel, modes: Modes | None = None) -> None:
        """Show a page and wait until its layout rests and it takes touches."""
        self.draw(page, modes or Modes())
        wait_until(lambda: not self.finger.property("closed"))

    def draw(self, page: PageModel, modes: Modes) -> None:
        """Show a page and let its layout come to rest: positioners settle when a frame is drawn."""
        self.present(page, modes)
        for _ in range(2):
            self.screen.view.grabWindow()
            QTest.qWait(1)

    def turn_to(self, page: PageModel, modes: Modes) -> None:
        """Draw a page as it comes after another one, also where the last one had its name."""
        self.present(NO_PAGE, modes)
        self.draw(page, modes)

    def item(self, name: str) -> QQuickItem:
        """Return the visible item with this objectName."""
        found = [item for item in self.items() if item.objectName() == name]
        assert found, f"nothing called {name} on the screen"
        return found[0]

    def items(self) -> Iterator[QQuickItem]:
        """Yield every visible item, parents first."""
        waiting = [self.screen.view.contentItem()]
        while waiting:
            item = waiting.pop()
            if item.isVisible() and item.opacity() > 0:
                yield item
                waiting.extend(item.childItems())

    def buttons(self) -> list[QQuickItem]:
        """Return everything that can be pressed, also what is switched off now."""
        return [item for item in self.items() if item.property("held") is not None]

    def middle(self, name: str) -> QPointF:
        """Return the middle of an item on the screen."""
        item = self.item(name)
        return item.mapToScene(QPointF(item.width() / 2, item.height() / 2))

    def touch(self, **points: tuple[str, QPointF]) -> None:
        """Send one frame of touches: f0=("press", point), f1=("release", point), ..."""
        view = self.screen.view
        frame = QTest.touchEvent(view, self.device)
        for finger, (what, where) in points.items():
            at = () if what == "stationary" else (where.toPoint(), view)
            getattr(frame, what)(int(finger[1:]), *at)
        frame.commit()
        del frame

    def tap(self, name: str, hold_ms: int = 30) -> None:
        """Touch an item as a finger does."""
        where = self.middle(name)
        self.touch(f0=("press", where))
        QTest.qWait(hold_ms)
        self.touch(f0=("release", where))
        QTest.qWait(20)


@pytest.fixture(scope="session")
def qapp_args() -> list[str]:
    """Name the application for Qt."""
    return ["power-kiosk-tests"]


@pytest.fixture(autouse=True)
def no_qt_warning() -> Iterator[None]:
    """Fail the test on any warning of Qt or QML."""
    warnings: list[str] = []

    def handler(kind: QtMsgType, context: object, message: str) -> None:
        if kind is not QtMsgType.QtDebugMsg and kind is not QtMsgType.QtInfoMsg:
            warnings.append(message)

    before = qInstallMessageHandler(handler)
    yield
    qInstallMessageHandler(before)
    assert not warnings


@pytest.fixture
def bench_of(qapp: object, caplog: pytest.LogCaptureFixture) -> Iterator[Callable[[str], Bench]]:
    """Make screens; a QML warning of any of them fails the test."""
    made: list[Bench] = []
    warned: list[str] = []

    def make(form: str) -> Bench:
        bench = Bench(form)
        bench.screen.warned.connect(warned.append)
        bench.screen.show()
        made.append(bench)
        return bench

    yield make
    for bench in made:
        bench.screen.close()
    QTest.qWait(1)
    assert not warned


@pytest.fixture
def bench(bench_of: Callable[[str], Bench]) -> Bench:
    """Return a lobby screen."""
    return bench_of("lobby")


@pytest.fixture
def choices_page() -> PageModel:
    """Return a page with two choices to press, one switched off, and both actions."""
    return PageModel(
        name="choices",
        kind=PageKind.CHOICES,
        title="您想办什么？",
        choices=(
            Choice("one", "交电费", icon="bill"),
            Choice("two", "预存电费", icon="wallet"),
            Choice("off", "购电", icon="card", enabled=False, reason="读卡器暂停使用"),
        ),
        main=Choice("next", "下一步", icon="next"),
        back=Choice("back", "返回", icon="back"),
        service=(Choice("help", "帮助", icon="help"), Choice("language", "English", icon="language")),
    )


@pytest.fixture
def entry_page() -> PageModel:
    """Return a page that takes a number."""
    return PageModel(
        name="enter_account",
        kind=PageKind.ENTRY,
        title="请输入户号",
        entry=Entry("户号", "0399 00", "16 位数字"),
        main=Choice("confirm", "确认", icon="tick"),
        back=Choice("back", "返回", icon="back"),
    )


@pytest.fixture
def cash_page() -> PageModel:
    """Return the note page with nothing in yet."""
    return PageModel(
        name="cash",
        kind=PageKind.CASH,
        title="请投入纸币",
        panel=MoneyPanel("还需投入", "¥128.50"),
        picture="insert_note",
        notice=Notice("info", "一次一张"),
        main=Choice("pay_now", "交费", icon="tick"),
        back=Choice("cancel", "取消交费", icon="back"),
    )
