"""What a finger does to the one button of this project: slow, sliding, doubled, two at once, across a page change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest

from kiosk.page import Choice, Modes, MoneyPanel, PageModel
from kiosk.pages.samples import samples

AN_HOUR_MS = 3_600_000
"""Longer than a busy machine can stretch a test; the figures of the screen itself are in its tokens."""


@pytest.mark.parametrize("hold_ms", [30, 1300])
@pytest.mark.parametrize("large", [False, True])
def test_a_press_counts_once_however_long(
    bench: Any, choices_page: PageModel, hold_ms: int, large: bool
) -> None:
    """A quick and a slow press both count, in both type sizes."""
    bench.put(choices_page, Modes(large=large))
    bench.tap("one", hold_ms)
    assert bench.intents == [("one", "")]


def test_a_finger_that_slides_inside_still_presses(bench: Any, choices_page: PageModel) -> None:
    """80 px of sliding inside the button does not lose the press."""
    bench.put(choices_page)
    where = bench.middle("one")
    bench.touch(f0=("press", where))
    for step in range(1, 9):
        bench.touch(f0=("move", where + QPointF(step * 10, 0)))
        QTest.qWait(5)
    bench.touch(f0=("release", where + QPointF(80, 0)))
    QTest.qWait(20)
    assert bench.intents == [("one", "")]


def test_a_finger_dragged_off_presses_nothing(bench: Any, choices_page: PageModel) -> None:
    """Leaving the button cancels, on whatever it ends."""
    bench.put(choices_page)
    bench.touch(f0=("press", bench.middle("one")))
    bench.touch(f0=("move", bench.middle("two")))
    QTest.qWait(10)
    bench.touch(f0=("release", bench.middle("two")))
    QTest.qWait(20)
    assert bench.intents == []


def test_two_fingers_press_only_the_first(bench: Any, choices_page: PageModel) -> None:
    """Two buttons at once: only one intent, also when the second finger comes later."""
    bench.put(choices_page)
    one, two = bench.middle("one"), bench.middle("two")
    bench.touch(f0=("press", one))
    bench.touch(f0=("stationary", one), f1=("press", two))
    QTest.qWait(20)
    bench.touch(f0=("release", one), f1=("release", two))
    QTest.qWait(20)
    assert bench.intents == [("one", "")]


def test_two_fingers_in_one_frame_press_one(bench: Any, choices_page: PageModel) -> None:
    """Both fingers down in the same frame still make one intent."""
    bench.put(choices_page)
    one, two = bench.middle("one"), bench.middle("two")
    bench.touch(f0=("press", one), f1=("press", two))
    QTest.qWait(20)
    bench.touch(f0=("release", one), f1=("release", two))
    QTest.qWait(20)
    assert len(bench.intents) == 1


def test_a_double_tap_counts_once(bench: Any, choices_page: PageModel) -> None:
    """The same button twice in quick succession is one press; later it is another."""
    bench.put(choices_page)
    bench.item("one").setProperty("strikeFilter", AN_HOUR_MS)
    bench.tap("one", 10)
    bench.tap("one", 10)
    assert bench.intents == [("one", "")]
    bench.item("one").setProperty("strikeFilter", 1)
    bench.tap("one", 10)
    assert len(bench.intents) == 2


@pytest.mark.parametrize("large", [False, True], ids=["normal", "large"])
def test_the_same_digit_twice_is_two_digits(bench: Any, entry_page: PageModel, large: bool) -> None:
    """Account numbers are full of zeros: only a bounce of the same stroke is filtered, in large type too."""
    bench.put(entry_page, modes=Modes(large=large))
    for _ in range(3):
        bench.tap("key:0", 10)
        QTest.qWait(260)
    assert bench.intents == [("key", "0")] * 3


def test_a_new_page_takes_no_touch_at_once(bench: Any, choices_page: PageModel) -> None:
    """A tap meant for the page before does not land on the page that has just come."""
    bench.put(choices_page)
    assert bench.finger.property("closedFor") == 250
    bench.finger.setProperty("closedFor", AN_HOUR_MS)
    bench.present(replace(choices_page, name="other"))
    bench.tap("one", 10)
    assert bench.intents == []
    bench.finger.setProperty("closedFor", 250)
    bench.put(replace(choices_page, name="third"))
    bench.tap("one", 10)
    assert bench.intents == [("one", "")]


def test_a_number_that_changes_does_not_swallow_the_press(bench: Any, cash_page: PageModel) -> None:
    """A note arrives while the finger is down: the press still counts."""
    bench.put(cash_page)
    where = bench.middle("pay_now")
    bench.touch(f0=("press", where))
    bench.present(replace(cash_page, panel=MoneyPanel("还需投入", "¥28.50")))
    bench.touch(f0=("release", where))
    QTest.qWait(20)
    assert bench.intents == [("pay_now", "")]


def test_a_button_that_changed_its_meaning_under_the_finger_does_nothing(
    bench: Any, cash_page: PageModel
) -> None:
    """What was pressed is what it was when the finger came down."""
    bench.put(cash_page)
    where = bench.middle("cancel")
    bench.touch(f0=("press", where))
    bench.present(replace(cash_page, back=Choice("leave", "先交 ¥100.00")))
    bench.touch(f0=("release", where))
    QTest.qWait(20)
    assert bench.intents == []


def test_a_choice_that_is_off_cannot_be_pressed_and_says_why(bench: Any, choices_page: PageModel) -> None:
    """The reason stands on the screen and in the accessible name."""
    bench.put(choices_page)
    bench.tap("off")
    assert bench.intents == []
    assert "读卡器暂停使用" in bench.item("off").property("spoken")


def test_digits_arrive_with_their_argument(bench: Any, entry_page: PageModel) -> None:
    """Keys of the pad: digits, delete and clear."""
    bench.put(entry_page)
    for name in ("key:1", "key:0", "delete", "clear"):
        bench.tap(name)
    assert bench.intents == [("key", "1"), ("key", "0"), ("delete", ""), ("clear", "")]


def test_any_touch_on_the_attract_page_starts(bench: Any, choices_page: PageModel) -> None:
    """The whole picture is the start button."""
    from kiosk.page import PageKind

    bench.put(PageModel("attract", PageKind.ATTRACT, "交电费", main=Choice("start", "开始")))
    where = QPointF(300, 400)
    bench.touch(f0=("press", where))
    QTest.qWait(30)
    bench.touch(f0=("release", where))
    QTest.qWait(20)
    assert bench.intents == [("start", "")]


def test_the_page_is_worked_by_keys_alone(bench: Any, choices_page: PageModel) -> None:
    """Tab reaches every button that is on and comes back; Enter presses once although the key repeats."""
    bench.put(choices_page)
    view = bench.screen.view
    wanted = {item.objectName() for item in bench.buttons() if item.isEnabled()}
    seen = []
    for _ in range(len(wanted) + 1):
        QTest.keyClick(view, Qt.Key.Key_Tab)
        seen.append(view.activeFocusItem().objectName())
    assert set(seen) == wanted
    assert seen[0] == seen[-1]
    QTest.keyClick(view, Qt.Key.Key_Return)
    assert bench.intents == [(seen[-1], "")]


def test_digits_of_a_keyboard_type_into_the_entry(bench: Any, entry_page: PageModel) -> None:
    """The metal keypad sends what the screen's pad sends."""
    bench.put(entry_page)
    QTest.keyClick(bench.screen.view, Qt.Key.Key_7)
    QTest.keyClick(bench.screen.view, Qt.Key.Key_Backspace)
    QTest.keyClick(bench.screen.view, Qt.Key.Key_Escape)
    assert bench.intents == [("key", "7"), ("delete", ""), ("back", "")]


def test_letters_are_taken_where_a_reference_is_typed(bench: Any, entry_page: PageModel) -> None:
    """Sixteen keys beside the two that are words; the metal keypad's letters too, and on no other page."""
    bench.put(entry_page)
    QTest.keyClick(bench.screen.view, Qt.Key.Key_B)
    assert bench.intents == []
    assert entry_page.entry is not None
    lettered = replace(entry_page.entry, letters=True)
    bench.put(replace(entry_page, name="enter_reference", entry=lettered))
    keys = {item.objectName() for item in bench.buttons()}
    assert {f"key:{letter}" for letter in "0123456789ABCDEF"} | {"clear", "delete"} <= keys
    for name in ("key:F", "key:0", "delete", "clear"):
        bench.tap(name)
    QTest.keyClick(bench.screen.view, Qt.Key.Key_B)
    QTest.keyClick(bench.screen.view, Qt.Key.Key_G)
    assert bench.intents == [("key", "F"), ("key", "0"), ("delete", ""), ("clear", ""), ("key", "B")]


def test_a_quiet_choice_stands_among_the_actions(bench: Any, choices_page: PageModel) -> None:
    """It is no tile, it is smaller than any, and it is pressed like the others."""
    quiet = Choice("few", "查询凭条", quiet=True)
    bench.put(replace(choices_page, main=None, choices=(*choices_page.choices, quiet)))
    few, one, back = (bench.item(name) for name in ("few", "one", "back"))
    assert few.width() * few.height() < one.width() * one.height()
    assert few.mapToScene(QPointF(0, 0)).y() == back.mapToScene(QPointF(0, 0)).y()
    bench.tap("few")
    assert bench.intents == [("few", "")]


@pytest.mark.parametrize("form", ["lobby", "wall", "through"])
def test_an_amount_that_is_offered_says_which(bench_of: Callable[[str], Any], form: str) -> None:
    """Choices of one id differ in their argument, and each says its own."""
    bench = bench_of(form)
    bench.put(samples("en")["amount_prepay"])
    for fen in ("5000", "20000"):
        bench.tap(f"preset:{fen}")
    bench.tap("key:7")
    assert bench.intents == [("preset", "5000"), ("preset", "20000"), ("key", "7")]
