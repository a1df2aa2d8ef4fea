"""The numbers and colours of the screen, one `Tokens` for each form, theme and scale.

Sizes are pixels of the form's own panel (lobby 21.5", wall 17", through-the-wall 15"). Pages name no number and no
colour; they read the QML singleton `Theme`, which `apply` fills from here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Literal, get_args

from PySide6.QtCore import QObject, QRectF
from PySide6.QtGui import QColor

Form = Literal["lobby", "wall", "through"]
ThemeName = Literal["normal", "contrast", "sun"]
FORMS: tuple[Form, ...] = get_args(Form)
THEMES: tuple[ThemeName, ...] = get_args(ThemeName)

FONT = "Noto Sans CJK SC"
TIGHT = 0.92
KEY_FILTER_MS = 200
"""How long a second stroke on the same digit counts as the first: a bounce, not the next zero."""
"""Of the font's natural line height 1.448 em: lines 1.33 em apart inside buttons and lists."""
LARGE = 1.4
LARGE_CAPPED = 1.2
"""Amounts and the small print of header and service bar grow less than the rest in large type."""


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours of one theme; each `x_ground` is what `x` is read on."""

    page: str = "#F3F6FA"
    surface: str = "#FFFFFF"
    text: str = "#14202B"
    text2: str = "#44525F"
    action: str = "#0B5CAD"
    on_action: str = "#FFFFFF"
    pressed: str = "#003E7E"
    tint: str = "#E7F0FA"
    """Ground of what is chosen, under `text` and `action`."""
    amount_ink: str = "#0A3D7A"
    header: str = "#0A2F5C"
    on_header: str = "#FFFFFF"
    on_header2: str = "#C9DAEE"
    info: str = "#0B5CAD"
    info_ground: str = "#E7F0FA"
    success: str = "#0F5F30"
    success_ground: str = "#E6F4EA"
    warning: str = "#6B3A00"
    warning_ground: str = "#FFF1D6"
    danger: str = "#A30F16"
    danger_ground: str = "#FDECEC"
    control: str = "#5F6C79"
    """Borders of what can be pressed."""
    line: str = "#D3DDE8"
    """Hairlines and card edges that carry no meaning."""
    disabled: str = "#55616D"
    disabled_ground: str = "#E3E8ED"
    placeholder: str = "#55616D"
    focus_outer: str = "#111111"
    focus_inner: str = "#FFC400"


PALETTES: dict[ThemeName, Palette] = {
    "normal": Palette(),
    "contrast": Palette(
        page="#000000", surface="#000000", text="#FFFFFF", text2="#E6E6E6",
        action="#FFE100", on_action="#000000", pressed="#FFFFFF", tint="#262200", amount_ink="#FFE100",
        header="#000000", on_header="#FFFFFF", on_header2="#E6E6E6",
        info="#FFFFFF", info_ground="#000000", success="#7DFFA0", success_ground="#000000",
        warning="#FFC65C", warning_ground="#000000", danger="#FF9C94", danger_ground="#000000",
        control="#FFFFFF", line="#8C8C8C", disabled="#A6A6A6", disabled_ground="#000000", placeholder="#C8C8C8",
        focus_outer="#00E5FF", focus_inner="#000000",
    ),
    "sun": Palette(
        page="#FFFFFF", surface="#FFFFFF", text="#000000", text2="#1F2A33",
        action="#00265C", on_action="#FFFFFF", pressed="#000000", tint="#FFFFFF", amount_ink="#000000",
        header="#00265C", on_header="#FFFFFF", on_header2="#FFFFFF",
        info="#00265C", info_ground="#FFFFFF", success="#003D1B", success_ground="#FFFFFF",
        warning="#000000", warning_ground="#FFD400", danger="#7A0006", danger_ground="#FFFFFF",
        control="#000000", line="#3A444D", disabled="#3A444D", disabled_ground="#FFFFFF", placeholder="#3A444D",
        focus_outer="#000000", focus_inner="#FFD400",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Panel:
    """What a form is: its panel in pixels and the sizes that follow from pixels per millimetre."""

    width: int
    height: int
    px_per_mm: float
    floor_target: int
    """20 mm: nothing that is pressed is smaller."""
    margin: int
    gap: int
    gap_group: int
    radius: int
    main_height: int
    standard_height: int
    tile_height: int
    icon_tile: int
    icon_text: int
    service_icon: int
    service_gap: int
    small: int
    service: int
    body: int
    label: int
    subtitle: int
    title: int
    amount: int


PANELS: dict[Form, Panel] = {
    "lobby": Panel(
        width=1080, height=1920, px_per_mm=4.034, floor_target=84, margin=48, gap=24, gap_group=40, radius=16,
        main_height=140, standard_height=112, tile_height=220, icon_tile=96, icon_text=48, service_icon=44,
        service_gap=16, small=28, service=34, body=42, label=46, subtitle=54, title=66, amount=100,
    ),
    "wall": Panel(
        width=1280, height=1024, px_per_mm=3.796, floor_target=80, margin=40, gap=20, gap_group=32, radius=14,
        main_height=100, standard_height=96, tile_height=200, icon_tile=80, icon_text=44, service_icon=40,
        service_gap=16, small=26, service=32, body=40, label=44, subtitle=50, title=62, amount=92,
    ),
    "through": Panel(
        width=1024, height=768, px_per_mm=3.360, floor_target=70, margin=32, gap=16, gap_group=24, radius=12,
        main_height=84, standard_height=84, tile_height=168, icon_tile=72, icon_text=40, service_icon=34,
        service_gap=14, small=24, service=29, body=36, label=40, subtitle=46, title=56, amount=84,
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rect:
    """A place on the panel."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Regions:
    """Where the parts of a page stand; `show` holds no target, `work` begins where targets may begin."""

    header: Rect
    steps: Rect
    show: Rect
    work: Rect
    actions: Rect
    service: Rect


def regions(form: Form, low: bool) -> Regions:
    """Return the page anatomy of a form; `low` brings every target under 1100 mm (panel's bottom edge at 900 mm)."""
    if form == "lobby":
        return Regions(
            header=Rect(0, 0, 1080, 112),
            steps=Rect(48, 112, 984, 112),
            show=Rect(48, 232, 984, 860 if low else 384),
            work=Rect(48, 1120, 984, 520) if low else Rect(48, 640, 984, 976),
            actions=Rect(48, 1664, 984, 116) if low else Rect(48, 1640, 984, 140),
            service=Rect(48, 1804, 984, 104),
        )
    if form == "wall":
        return Regions(
            header=Rect(0, 0, 1280, 72),
            steps=Rect(40, 72, 1200, 72),
            show=Rect(40, 152, 460, 652),
            work=Rect(532, 455, 708, 353) if low else Rect(532, 152, 708, 656),
            actions=Rect(40, 828, 1200, 100),
            service=Rect(40, 940, 1200, 80),
        )
    return Regions(
        header=Rect(0, 0, 1024, 64),
        steps=Rect(0, 0, 0, 0),
        show=Rect(32, 76, 960, 128),
        work=Rect(32, 76, 960, 512),
        actions=Rect(32, 600, 960, 84),
        service=Rect(32, 698, 960, 70),
    )


@dataclass(frozen=True, slots=True)
class Tokens:
    """All that QML may ask for in one mode."""

    form: Form
    theme: ThemeName
    large: bool
    low: bool
    panel: Panel
    palette: Palette
    regions: Regions

    @property
    def border(self) -> int:
        """Width of control borders in pixels."""
        return 3 if self.theme == "normal" else 5

    @property
    def motion_ms(self) -> int:
        """Length of the page change; 0 where motion is unwelcome."""
        return 0 if self.large or self.theme != "normal" else 200

    @property
    def repeat_filter_ms(self) -> int:
        """How long a second press on the same control counts as the first."""
        return 500 if self.large else 250

    def values(self) -> Iterator[tuple[str, object]]:
        """Yield each property of the QML singleton `Theme` with its value."""
        yield from (("font", FONT), ("form", self.form), ("large", self.large), ("low", self.low))
        yield from (("dark", self.theme == "contrast"), ("border", self.border))
        yield from (
            ("motion", self.motion_ms),
            ("repeatFilter", self.repeat_filter_ms),
            ("keyFilter", KEY_FILTER_MS),
        )
        yield from (("hit", self.panel.gap // 2 - 2), ("tight", TIGHT))
        yield from (
            ("growth", LARGE if self.large else 1.0),
            ("growthCapped", LARGE_CAPPED if self.large else 1.0),
        )
        for part in fields(Palette):
            yield camel(part.name), QColor(getattr(self.palette, part.name))
        for part in fields(Panel):
            yield camel(part.name), _scaled(self.panel, part.name, self.large)
        for part in fields(Regions):
            rect = getattr(self.regions, part.name)
            yield f"{part.name}Rect", QRectF(rect.x, rect.y, rect.width, rect.height)


def tokens(form: Form, theme: ThemeName = "normal", *, large: bool = False, low: bool = False) -> Tokens:
    """Return the tokens of one mode. High contrast on the outdoor form is the sunlight set: dark glass mirrors."""
    if form == "through" and theme == "contrast":
        theme = "sun"
    return Tokens(form, theme, large, low, PANELS[form], PALETTES[theme], regions(form, low))


def apply(values: Tokens, theme: QObject) -> None:
    """Write `values` into the QML singleton."""
    for name, value in values.values():
        theme.setProperty(name, value)


def camel(name: str) -> str:
    """Return the QML spelling of a Python name: `on_action` is `onAction`... but QML keeps `on*` for signal handlers.

    Those get the ending `Ink` instead: `on_action` is `actionInk`.

    >>> camel("gap_group"), camel("on_action"), camel("on_header2")
    ('gapGroup', 'actionInk', 'header2Ink')
    """
    if name.startswith("on_"):
        return camel(name.removeprefix("on_")) + "Ink"
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def _scaled(panel: Panel, name: str, large: bool) -> int | float:
    size: int | float = getattr(panel, name)
    if not large:
        return size
    if name in ("body", "label", "subtitle", "title"):
        return round(size * LARGE)
    if name in ("small", "service", "amount"):
        return round(size * LARGE_CAPPED)
    return size
