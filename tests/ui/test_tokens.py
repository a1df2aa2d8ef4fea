"""The numbers and colours of the screen against the rules they come from."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PySide6.QtGui import QColor, QFont, QFontInfo, QFontMetrics

import ui.tokens
from ui.tokens import FONT, FORMS, PALETTES, PANELS, THEMES, Form, ThemeName, regions, tokens

TEXT_PAIRS = [
    ("text", "page"), ("text", "surface"), ("text", "tint"), ("text2", "page"), ("text2", "surface"),
    ("on_action", "action"), ("on_action", "pressed"), ("action", "surface"), ("action", "tint"),
    ("amount_ink", "surface"), ("on_header", "header"), ("on_header2", "header"), ("info", "info_ground"),
    ("success", "success_ground"), ("warning", "warning_ground"), ("danger", "danger_ground"),
    ("danger", "surface"), ("disabled", "disabled_ground"), ("placeholder", "surface"),
]  # fmt: skip
SHAPE_PAIRS = [("control", "page"), ("control", "surface"), ("action", "page"), ("focus_outer", "page")]


def luminance(colour: str) -> float:
    """Return the relative luminance of WCAG 2."""

    def linear(part: float) -> float:
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

    one = QColor(colour)
    return 0.2126 * linear(one.redF()) + 0.7152 * linear(one.greenF()) + 0.0722 * linear(one.blueF())


def contrast(ink: str, ground: str) -> float:
    """Return the contrast ratio of WCAG 2."""
    bright, dark = sorted((luminance(ink), luminance(ground)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("ink", "ground"), TEXT_PAIRS)
def test_text_can_be_read_in_every_theme(theme: ThemeName, ink: str, ground: str) -> None:
    """5:1 at least indoors; 9:1 in the sunlight set, which has to survive 10,000 lux."""
    palette = PALETTES[theme]
    assert contrast(getattr(palette, ink), getattr(palette, ground)) >= (9 if theme == "sun" else 5)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("ink", "ground"), SHAPE_PAIRS)
def test_shapes_can_be_told_from_the_ground(theme: ThemeName, ink: str, ground: str) -> None:
    """3:1 for borders of controls and for the focus ring (EN 301 549, 11.1.4.11)."""
    palette = PALETTES[theme]
    assert contrast(getattr(palette, ink), getattr(palette, ground)) >= 3


@pytest.mark.parametrize("form", FORMS)
def test_sizes_hold_in_millimetres(form: Form) -> None:
    """20 mm targets, 3 mm gaps, and a capital H of 0.7 degrees at 600 mm in the default mode."""
    panel = PANELS[form]
    for height in (panel.floor_target, panel.standard_height, panel.main_height):
        assert height / panel.px_per_mm >= 20
    assert panel.gap / panel.px_per_mm >= 3
    assert panel.body * 0.733 / panel.px_per_mm >= 7.3
    assert panel.small * 0.733 / panel.px_per_mm >= 4.8


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("low", [False, True])
def test_targets_stay_in_reach(form: Form, low: bool) -> None:
    """With the panel's bottom edge at 900 mm nothing pressed is above 1220 mm, in low mode above 1100 mm (P)."""
    panel, parts = PANELS[form], regions(form, low)
    limit = 1100 if low and form == "lobby" else 1220
    reach = panel.height - (limit - 900) * panel.px_per_mm
    assert min(parts.work.y, parts.actions.y, parts.service.y) >= reach
    assert parts.service.y + parts.service.height <= panel.height


def test_the_singleton_declares_exactly_what_is_applied() -> None:
    """Theme.qml and the tokens name the same properties."""
    source = Path(ui.tokens.__file__).parent / "qml" / "Kiosk" / "Theme.qml"
    declared = re.findall(r"^    property \w+ (\w+)$", source.read_text(encoding="utf-8"), re.MULTILINE)
    assert declared == [name for name, _ in tokens("lobby").values()]


@pytest.mark.parametrize("form", FORMS)
def test_high_contrast_changes_colours_and_borders_and_nothing_that_is_measured(form: Form) -> None:
    plain, strong = (dict(tokens(form, theme).values()) for theme in ("normal", "contrast"))
    changed = {name for name, value in strong.items() if value != plain[name]}
    colours = {name for name, value in strong.items() if isinstance(value, QColor)}
    assert changed - colours <= {"dark", "border", "motion"}
    assert 0 < strong["border"] - plain["border"] <= 2  # type: ignore[operator] # a width, among values of all kinds


def test_high_contrast_outdoors_is_the_sunlight_set() -> None:
    """Dark glass mirrors."""
    assert tokens("through", "contrast").palette is PALETTES["sun"]


def test_large_type_grows_as_promised() -> None:
    """1.4 for what is read, 1.2 for amounts."""
    normal, large = dict(tokens("lobby").values()), dict(tokens("lobby", large=True).values())
    assert (normal["body"], large["body"]) == (42, 59)
    assert large["amount"] == 120
    assert tokens("lobby", large=True).motion_ms == 0


def test_the_font_is_the_shipped_one(qapp: object) -> None:
    """The family by its name, with every sign of the words."""
    font = QFont(FONT)
    assert QFontInfo(font).family() == FONT
    metrics = QFontMetrics(font)
    assert all(metrics.inFontUcs4(ord(sign)) for sign in "电费户号违约金余额¥0123456789·，。？“”")
