"""Type shrinks for a full page only: the next page, and the same page with fewer words, has its own sizes at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import QRectF
from PySide6.QtQml import QQmlProperty

from kiosk.page import PageModel
from kiosk.pages.samples import samples
from ui.gallery import modes_of
from ui.tokens import FORMS, Form

Standing = dict[str, tuple[float, float, float, float]]


def standing(bench: Any) -> Standing:
    """Return each text's place (x, y) on the screen, its width and its height of type as drawn."""
    found = {}
    for item in bench.items():
        if item.inherits("QQuickText") and item.property("text"):
            drawn = item.mapRectToScene(QRectF(0, 0, item.width(), 100))
            size = QQmlProperty.read(item, "font.pixelSize") * drawn.height() / 100
            found[item.property("text")] = (drawn.x(), drawn.y(), drawn.width(), size)
    return {
        text: (round(x), round(y), round(width), round(size, 1))
        for text, (x, y, width, size) in found.items()
    }


def seen(bench: Any, page: PageModel, mode: str = "normal", lang: str = "zh") -> Standing:
    """Show a page and return what stands in its first frame."""
    bench.present(page, modes_of(mode, lang))
    bench.screen.view.grabWindow()
    return standing(bench)


LONG_THEN_SHORT = (
    ("cash_largest_amount", "cash_part"),
    ("cash_note_rejected_optic", "cash_note_credited"),
    ("closed_journal_damaged", "closed_operator"),
    ("bills_12", "bills_nothing_due"),
)


@pytest.mark.parametrize(("form", "mode"), [("lobby", "normal"), ("wall", "large"), ("through", "large")])
def test_a_page_stands_as_if_no_other_had_been_there(
    bench_of: Callable[[str], Any], form: Form, mode: str
) -> None:
    """Also where both have one name: a notice that came and went, a closed kiosk with another reason."""
    bench, pages = bench_of(form), samples("zh")
    for long, short in LONG_THEN_SHORT:
        seen(bench, pages[long], mode)
        assert seen(bench, pages[short], mode) == seen(bench_of(form), pages[short], mode), (long, short)


@pytest.mark.parametrize("form", FORMS)
def test_the_pad_stays_under_the_finger(bench_of: Callable[[str], Any], form: Form) -> None:
    """The first digit takes the error away; the second must find its key where it was."""
    bench, pages = bench_of(form), samples("en")
    seen(bench, pages["enter_account_surprise"], "large", "en")
    keys = {key.objectName(): key.mapRectToScene(key.boundingRect()) for key in bench.buttons()}
    for name in ("enter_account_part", "enter_account_full"):
        seen(bench, pages[name], "large", "en")
        assert {key.objectName(): key.mapRectToScene(key.boundingRect()) for key in bench.buttons()} == keys


@pytest.mark.parametrize("form", FORMS)
def test_languages_and_large_type_leave_no_trace(bench_of: Callable[[str], Any], form: Form) -> None:
    """There and back again, the page is as it was."""
    bench, zh, en = bench_of(form), samples("zh"), samples("en")
    for name in ("home_no_cash", "cash_part", "bills_3_all", "done_receipt_taken"):
        before = seen(bench, zh[name], "large")
        seen(bench, en[name], "large", "en")
        assert seen(bench, zh[name], "large") == before, name
        seen(bench, zh[name], "normal")
        assert seen(bench, zh[name], "large") == before, name


@pytest.mark.parametrize("form", FORMS)
def test_the_first_frame_is_the_page(bench_of: Callable[[str], Any], form: Form) -> None:
    """A page that is too full is not drawn too large first and smaller in the frames after."""
    bench, pages = bench_of(form), samples("en")
    for name in (
        "home_no_cash",
        "bills_12",
        "cash_note_rejected_optic",
        "done_note_in_doubt",
        "claim_no_slip",
    ):
        first = seen(bench, pages[name], "large", "en")
        bench.draw(pages[name], modes_of("large", "en"))
        assert standing(bench) == first, name
