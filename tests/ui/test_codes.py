"""The code on the screen is the one that was asked for, crisp, dark on white, large enough; its time runs calmly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import segno
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QSignalSpy

from kiosk.page import Modes
from kiosk.pages.sample_tenders import PHONE_CODE
from kiosk.pages.samples import samples
from ui.codes import QUIET, draw
from ui.gallery import modes_of
from ui.tokens import FORMS, PANELS, Form

LEAST_MM = 40
"""Of the code itself, without its quiet zone, on every form."""


def matrix(text: str) -> list[list[bool]]:
    """The code's modules, True where it is dark."""
    return [[bool(one) for one in row] for row in segno.make_qr(text, error="m").matrix_iter(border=0)]


def modules(image: QImage, count: int) -> list[list[bool]]:
    """What stands in a picture of `count` modules and its quiet zone; fails where a module is not of one colour."""
    scale = image.width() // (count + 2 * QUIET)
    found = []
    for y in range(count):
        row = []
        for x in range(count):
            left, top = (x + QUIET) * scale, (y + QUIET) * scale
            colours = {image.pixel(left + dx, top + dy) for dx in (0, scale - 1) for dy in (0, scale - 1)}
            assert len(colours) == 1
            row.append(colours.pop() == 0xFF000000)
        found.append(row)
    return found


@pytest.mark.parametrize("text", [PHONE_CODE, "weixin://wxpay/bizpayurl?pr=a/b c%25&x=电", "1"])
@pytest.mark.parametrize("side", [10, 300, 301])
def test_every_module_is_there_and_sharp(text: str, side: int) -> None:
    image, wanted = draw(text, side), matrix(text)
    whole = len(wanted) + 2 * QUIET
    assert image.width() == image.height() == whole * max(side // whole, 1)
    assert modules(image, len(wanted)) == wanted
    edge = {image.pixel(at, QUIET * image.width() // whole - 1) for at in range(image.width())}
    assert edge == {0xFFFFFFFF}


@pytest.mark.parametrize("mode", ["normal", "large", "contrast", "low"])
@pytest.mark.parametrize("form", FORMS)
def test_the_code_can_be_scanned_off_every_form(
    bench_of: Callable[[str], Any], form: Form, mode: str
) -> None:
    """In each mode: the very code, dark on white, and large enough for an arm's length."""
    bench, wanted = bench_of(form), matrix(PHONE_CODE)
    bench.draw(samples("en")["phone_code"], modes_of(mode, "en"))
    [drawn] = [item for item in bench.items() if str(item.property("source")).find("/code/") > 0]
    at = drawn.mapToScene(drawn.boundingRect().topLeft())
    side = round(drawn.width())
    picture = bench.screen.view.grabWindow().copy(round(at.x()), round(at.y()), side, side)
    assert side % (len(wanted) + 2 * QUIET) == 0
    assert modules(picture.convertToFormat(QImage.Format.Format_RGB32), len(wanted)) == wanted
    dark = side * len(wanted) / (len(wanted) + 2 * QUIET)
    assert dark / PANELS[form].px_per_mm >= LEAST_MM
    if form == "lobby":
        assert side / PANELS[form].px_per_mm >= 60
    assert picture.pixelColor(1, 1) == QColor("white")


def test_each_second_moves_the_bar_and_nothing_else(bench: Any) -> None:
    page = samples("zh")["phone_code"]
    bench.put(page)
    refilled, seconds = QSignalSpy(bench.screen.page.refilled), QSignalSpy(bench.screen.page.secondsChanged)
    assert page.seconds_left is not None
    bench.draw(replace(page, seconds_left=page.seconds_left - 1), Modes())
    assert (refilled.count(), seconds.count()) == (0, 1)
    texts = {item.property("text") for item in bench.items() if item.inherits("QQuickText")}
    assert "剩余时间 1:44" in texts
