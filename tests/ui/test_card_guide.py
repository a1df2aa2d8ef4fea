"""The picture of the card: named for whoever cannot see it, slow, at rest after three rounds, still where asked for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, cast, get_args

import pytest
from PySide6.QtCore import QObject
from PySide6.QtGui import QAccessible
from PySide6.QtQuick import QQuickItem
from PySide6.QtTest import QTest

from kiosk.page import GuideKind, Modes, PageModel, Snapshot
from kiosk.pages.sample_cards import card_samples
from kiosk.pages.samples import samples
from ui.gallery import LANGUAGES
from ui.screen import Screen

PATIENCE_S = 20.0
FULLEST = ("to_meter_largest", "write_unknown", "wrong_card_paid_worn", "cannot_write", "unconfirmed")


def of_each_kind(lang: str) -> dict[str, PageModel]:
    """One sample page of each picture."""
    made = card_samples(lang) | _bank_samples(lang)
    return {page.guide.kind: page for page in made.values() if page.guide}


@cache
def _bank_samples(lang: str) -> dict[str, PageModel]:
    names = ("insert_bank_card", "take_bank_card_0", "box")
    return {name: samples(lang)[name] for name in names}


def drawn(screen: Screen) -> QQuickItem:
    """The picture on the screen."""
    waiting = [screen.view.contentItem()]
    while waiting:
        item = waiting.pop()
        if item.metaObject().className().startswith("CardGuide"):
            return item
        waiting.extend(item.childItems())
    raise AssertionError("no picture of a card on the screen")


@pytest.fixture
def moving(qapp: object) -> Iterator[Screen]:
    """A screen that moves, as the kiosk's does."""
    screen = Screen("through", window=True, on_intent=lambda name, arg: None)
    screen.show(Snapshot(0, of_each_kind("zh")["insert"]))
    yield screen
    screen.close()
    QTest.qWait(1)


def wait_for(true: Callable[[], bool]) -> None:
    """Let Qt work until something is so."""
    until = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < until, "the picture did not come to it"
        QTest.qWait(5)


def turn_to(screen: Screen, serial: int, kind: str, modes: Modes | None = None) -> QQuickItem:
    """Show the page with a picture and return the picture once it is drawn in these modes."""
    screen.present(Snapshot(serial, of_each_kind("zh")[kind], modes or Modes()))
    theme = cast(QObject, screen.view.engine().singletonInstance("Kiosk", "Theme"))
    wait_for(lambda: theme.property("motion") == (0 if modes else 200))
    wait_for(lambda: drawn(screen).property("kind") == kind)
    return drawn(screen)


def goes_on(guide: QQuickItem) -> None:
    """Wait until the picture moves; it does so 10 or 25 times a second."""
    before = guide.property("phase")
    wait_for(lambda: guide.property("phase") != before)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_picture_has_a_name_and_a_description(bench: Any, lang: str) -> None:
    """Role, name and description through Qt's accessibility tree, from the page's own words."""
    QAccessible.setActive(True)
    pages = of_each_kind(lang)
    assert set(pages) == set(get_args(GuideKind))
    for kind, page in pages.items():
        bench.draw(page, Modes(lang=lang))
        guide = drawn(bench.screen)
        assert guide.property("kind") == kind
        board = QAccessible.queryAccessibleInterface(guide.parentItem())
        assert board.role() == QAccessible.Role.Graphic
        assert page.guide is not None
        assert board.text(QAccessible.Text.Name) == page.guide.name
        assert board.text(QAccessible.Text.Description) == page.guide.text


@pytest.mark.parametrize("form", ["lobby", "wall", "through"])
def test_the_picture_is_large_enough_to_be_understood(bench_of: Callable[[str], Any], form: str) -> None:
    """On the fullest pages, too, in large type: no smaller than two of the tiles' icons."""
    bench = bench_of(form)
    theme = bench.screen.view.engine().singletonInstance("Kiosk", "Theme")
    for lang in LANGUAGES:
        for name in FULLEST:
            bench.draw(card_samples(lang)[name], Modes(lang=lang, large=True))
            guide = drawn(bench.screen)
            assert guide.isVisible(), name
            assert guide.property("unit") * 320 >= theme.property("iconTile") * 1.4, name


def test_pictures_without_motion_are_the_same_each_time(bench: Any) -> None:
    """What the gallery and the tests see does not depend on when they look."""
    pages = of_each_kind("zh")
    for kind in ("insert", "take", "leave_in"):
        bench.draw(pages[kind], Modes())
        first = bench.screen.view.grabWindow()
        assert not drawn(bench.screen).property("lively"), kind
        QTest.qWait(120)
        assert bench.screen.view.grabWindow() == first, kind


def test_a_card_goes_in_slowly_and_comes_to_rest(moving: Screen) -> None:
    """Three rounds, then the still picture; and from the beginning when the next page comes."""
    guide = drawn(moving)
    goes_on(guide)
    assert guide.property("round") / 3 >= 1000 / 3
    guide.setProperty("rounds", 2)
    guide.setProperty("phase", 0.99)
    wait_for(lambda: guide.property("rounds") == 3)
    assert not guide.property("lively")
    assert guide.property("shown") == 1
    guide = turn_to(moving, 1, "take")
    assert guide.property("rounds") == 0
    goes_on(guide)


def test_the_machine_glows_as_long_as_it_works(moving: Screen) -> None:
    """A card that is being written for long must not look as if nothing happened."""
    guide = turn_to(moving, 1, "leave_in")
    guide.setProperty("rounds", 9)
    assert guide.property("lively")
    goes_on(guide)


@pytest.mark.parametrize("modes", [Modes(large=True), Modes(theme="contrast")])
def test_nothing_moves_where_motion_is_unwelcome(moving: Screen, modes: Modes) -> None:
    """Large type and high contrast stand still, as page changes do."""
    for serial, kind in enumerate(get_args(GuideKind), 1):
        assert not turn_to(moving, serial, kind, modes).property("lively"), kind


def test_a_refused_card_stands_still(moving: Screen) -> None:
    """A cross does not pulse."""
    for serial, kind in enumerate(("wrong_slot", "not_this_card"), 1):
        guide = turn_to(moving, serial, kind)
        QTest.qWait(150)
        assert guide.property("phase") == 0
