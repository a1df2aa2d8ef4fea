"""Every sample page in every form, language and mode: nothing cut, nothing covered, everything in reach and named."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QAccessible, QAccessibleInterface
from PySide6.QtQml import QQmlProperty
from PySide6.QtQuick import QQuickItem

from kiosk.page import Modes, PageModel
from kiosk.pages.sample_cards import card_samples
from kiosk.pages.sample_tenders import tenders
from kiosk.pages.samples import samples
from ui.gallery import LANGUAGES, MODES, modes_of
from ui.tokens import FONT, FORMS, PANELS, Form

AMOUNT = re.compile(r"¥[\d,.]+")


def area(item: QQuickItem) -> QRectF:
    """Return where an item stands on the screen."""
    return item.mapRectToScene(QRectF(0, 0, item.width(), item.height()))


def texts(bench: Any) -> Iterator[QQuickItem]:
    """Yield every text that is seen."""
    return texts_of(bench.items())


def texts_of(items: Iterable[QQuickItem]) -> Iterator[QQuickItem]:
    """Yield the texts among items."""
    return (item for item in items if item.inherits("QQuickText") and item.property("text"))


def faults(bench: Any, form: Form) -> Iterator[str]:
    """Yield what is wrong with the page on the screen."""
    panel = PANELS[form]
    window = QRectF(0, 0, panel.width, panel.height)
    seen = list(bench.items())
    buttons = [(item, area(item)) for item in seen if item.property("held") is not None]
    for text in texts_of(seen):
        words, box = text.property("text"), area(text)
        scale = box.height() / text.height() if text.height() else 1
        if text.property("truncated") or text.property("contentHeight") > text.height() + 1:
            yield f"cut: {words}"
        if text.property("contentWidth") > text.width() + 1:
            yield f"too wide: {words}"
        if QQmlProperty.read(text, "font.pixelSize") * scale < panel.small * 0.8:
            yield f"too small: {words}"
        if QQmlProperty.read(text, "fontInfo.family") not in (FONT, None):
            yield f"another font: {words}"
        if text.property("lineCount") > 1 and AMOUNT.fullmatch(words):
            yield f"broken: {words}"
        if not window.contains(box):
            yield f"off the screen: {words}"
        for button, rect in buttons:
            if not button.isAncestorOf(text) and rect.intersects(box.adjusted(2, 4, -2, -4)):
                yield f"under {button.objectName()}: {words}"
            if button.isAncestorOf(text) and not rect.adjusted(0, -1, 0, 1).contains(
                box.adjusted(0, 2, 0, -2)
            ):
                yield f"leaves {button.objectName()}: {words}"
    yield from target_faults(buttons, window, form)


def target_faults(buttons: list[tuple[QQuickItem, QRectF]], window: QRectF, form: Form) -> Iterator[str]:
    """Yield targets that are too small, too near to one another, or off the screen."""
    least = 20 * PANELS[form].px_per_mm - 1
    for at, (button, rect) in enumerate(buttons):
        if rect.height() < least or rect.width() < least:
            yield f"{button.objectName()} is {rect.width():.0f} x {rect.height():.0f}"
        if not window.contains(rect):
            yield f"{button.objectName()} is off the screen"
        for other, there in buttons[at + 1 :]:
            if rect.intersects(there):
                yield f"{button.objectName()} overlaps {other.objectName()}"


@pytest.fixture(scope="module")
def pages(request: pytest.FixtureRequest) -> tuple[str, dict[str, PageModel]]:
    """Return a language and all pages in it."""
    return request.param, samples(request.param)


def played_when(mode: str, lang: str) -> Any:
    """Leave to `make crash` what is a near relative: high contrast differs from normal in colours and borders only
    (test_tokens.py), and the low screen, whose words have less room, is measured with the longer English ones."""
    later = mode == "contrast" or (mode, lang) == ("low", "zh")
    return pytest.param(mode, lang, marks=pytest.mark.slow if later else ())


@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    ("mode", "pages"), [played_when(mode, lang) for lang in LANGUAGES for mode in MODES], indirect=["pages"]
)
@pytest.mark.parametrize("form", FORMS)
def test_nothing_is_cut_or_covered(
    bench_of: Callable[[str], Any], form: Form, mode: str, pages: tuple[str, dict[str, PageModel]]
) -> None:
    """Measure every text and every target of every page."""
    lang, models = pages
    bench = bench_of(form)
    found = {}
    for name, model in measured(models, lang, mode):
        # A page that takes a number keeps its sizes until the next turn; the others follow their words.
        show = bench.turn_to if model.entry else bench.draw
        show(model, modes_of(mode, lang))
        wrong = list(faults(bench, form))
        if model.panel and model.panel.headline not in {text.property("text") for text in texts(bench)}:
            wrong.append("no amount in view")
        if wrong:
            found[name] = wrong
    assert not found


CARD_SHAPES = ("insert_card", "reading_card_2", "card_contents_owed", "card_contents_largest", "not_taken",
               "return_card_forgotten", "wrong_card_mute", "wrong_card_damaged", "wrong_card_refused",
               "wrong_card_paid", "wrong_card_paid_worn", "writing_card_2", "writing_card_largest", "take_card",
               "to_meter_failed", "to_meter_largest", "write_failed_no_slip", "write_unknown", "cannot_write",
               "unconfirmed", "identity_not_matched", "identity_hub_gone", "making_card_2", "identity_refused",
               "new_card_no_cash", "collect_card")  # fmt: skip
"""Of the card's many pages those that are fullest; the others are of the same shapes with fewer words."""
TENDER_SHAPES = ("attract_all_no_hub", "attract_bank_card_inside", "home_nothing_works", "bills_any_means", "means_all",
                 "means_no_bank_reader", "means_nothing_works", "amount_typed", "amount_too_much",
                 "insert_bank_card_surplus", "insert_bank_card_not_a_bank_card", "pin_retry", "pin_longest", "box",
                 "take_bank_card_1", "take_bank_card_stuck", "authorising_2", "asking_box_2", "phone_code",
                 "phone_code_any_wallet", "phone_scanned", "phone_getting", "recharge_full", "recharge_used",
                 "declined_pin_tries", "declined_captured_not_taken", "declined_phone_timeout", "reversed_slip",
                 "reversed_held_out", "checking_recharge_card", "done_bank_card_held_out", "done_qr",
                 "claim_sale_fate_unknown")  # fmt: skip
"""The same of the pages of bank cards, phones and recharge cards."""


def measured(models: dict[str, PageModel], lang: str, mode: str) -> Iterator[tuple[str, PageModel]]:
    """Yield the pages to be measured: of the card's the fullest, in large type, and in the longer language as it is;
    likewise of the other means of payment, and low too."""
    cards, other = card_samples(lang).keys(), {sample[0] for sample in tenders()}
    near = mode == "large" or (lang, mode) == ("en", "normal")
    for name, model in models.items():
        if name in cards:
            chosen = near and name in CARD_SHAPES
        else:
            chosen = name not in other or ((near or mode == "low") and name in TENDER_SHAPES)
        if chosen:
            yield name, model


def sizes(bench: Any) -> dict[str, float]:
    """Return each text's smallest height of type as it is drawn."""
    found: dict[str, float] = {}
    for text in texts(bench):
        scale = text.mapRectToScene(QRectF(0, 0, 100, 100)).height() / 100
        size = QQmlProperty.read(text, "font.pixelSize") * scale
        found[text.property("text")] = min(size, found.get(text.property("text"), size))
    return found


def card_widths(bench: Any) -> dict[int, set[int]]:
    """Return the widths of the cards and notices that begin at the same x."""
    found: dict[int, set[int]] = {}
    for item in bench.items():
        if item.metaObject().className().startswith(("MoneyCard", "Facts", "NoticeBand")):
            rect = area(item)
            found.setdefault(round(rect.x()), set()).add(round(rect.width()))
    return found


READ_PAGES = ("home", "enter_account_unknown_account", "confirm_account", "bills_3_all", "means", "cash_part",
              "cash_note_rejected_optic", "done_receipt_taken", "checking_slip", "claim_no_slip", "insert_card",
              "to_meter_printed", "wrong_card_paid", "card_contents_owed", "new_card")  # fmt: skip
"""One page of each shape, with all that it may hold: panel, strip, notices, facts, table, pad."""


@pytest.mark.timeout(120)
@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("form", FORMS)
def test_large_type_makes_nothing_smaller_and_no_card_narrower(
    bench_of: Callable[[str], Any], form: Form, lang: str
) -> None:
    """The same words in normal and in large type; cards of one column keep one width in both."""
    bench = bench_of(form)
    for name in READ_PAGES:
        drawn = {}
        for mode in ("normal", "large"):
            bench.draw(samples(lang)[name], modes_of(mode, lang))
            drawn[mode] = sizes(bench)
            assert all(len(widths) == 1 for widths in card_widths(bench).values()), f"{name} {mode}"
        smaller = {
            words: (drawn["normal"][words], size)
            for words, size in drawn["large"].items()
            if size < drawn["normal"].get(words, 0)
        }
        assert not smaller, name


@pytest.mark.timeout(120)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_button_is_named_and_the_amount_is_the_largest(bench: Any, lang: str) -> None:
    """Role and name through Qt's accessibility tree; no text is larger than the amount."""
    QAccessible.setActive(True)
    for name, model in measured(samples(lang), lang, "large"):
        bench.draw(model, Modes(lang=lang))
        for button in bench.buttons():
            one: QAccessibleInterface | None = QAccessible.queryAccessibleInterface(button)
            assert one is not None
            assert one.role() == QAccessible.Role.Button, f"{name}: {button.objectName()}"
            assert one.text(QAccessible.Text.Name), f"{name}: {button.objectName()} has no name"
        if model.panel:
            sizes = {text.objectName(): QQmlProperty.read(text, "font.pixelSize") for text in texts(bench)}
            assert sizes["amount"] == max(sizes.values()), name


def test_the_language_changes_in_place(bench: Any) -> None:
    """The same page in the other language: same buttons, other words, nothing rebuilt."""
    zh, en = samples("zh")["home"], samples("en")["home"]
    bench.put(zh)
    before = {button.objectName(): button for button in bench.buttons()}
    bench.put(en, Modes(lang="en"))
    assert {button.objectName(): button for button in bench.buttons()} == before
    assert en.title in {text.property("text") for text in texts(bench)}
