"""Icons: drawn in the theme's colours, and there for every name that a page uses."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtGui import QColor

from kiosk.pages.samples import samples
from ui.icons import ICONS, IconProvider, drawn


def test_an_icon_takes_the_colours_asked_for(qapp: object) -> None:
    """The ink and the ground of the theme, nothing of the file's own."""
    image = IconProvider().requestImage("success/ff0000/00ff00", QSize(), QSize(64, 64))
    assert (image.width(), image.height()) == (64, 64)
    assert image.pixelColor(10, 32) == QColor("#ff0000")
    assert image.pixelColor(28, 42) == QColor("#00ff00")


def test_no_icon_brings_a_colour_of_its_own() -> None:
    """Every file uses only the two colours that are replaced."""
    for path in ICONS.glob("*.svg"):
        text = drawn(path.stem, "#010203", "#040506").decode()
        assert {part[:6] for part in text.split("#")[1:]} <= {"010203", "040506"}, path.name


def test_every_icon_of_every_page_exists() -> None:
    """No page names an icon or a picture that nobody drew."""
    names = set()
    for page in samples("zh").values():
        names |= {choice.icon for choice in (*page.choices, *page.service, page.main, page.back) if choice}
        names.add(page.picture)
    assert {name for name in names if name and not (ICONS / f"{name}.svg").is_file()} == set()
