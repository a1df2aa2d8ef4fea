"""What a person can do with the kiosk's screen: see it, read it, touch it. Nothing behind the glass."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QPoint, QPointF, QRectF
from PySide6.QtGui import QAccessible, QPointingDevice
from PySide6.QtQuick import QQuickItem, QQuickWindow
from PySide6.QtTest import QTest

# 20 mm on the through-the-wall screen, the coarsest of the three (screen.md 0.3).
SMALLEST_TARGET = 67


class CannotDo(Exception):  # noqa: N818 - what the finger says, not what broke
    """A person standing here could not do this; the text says why."""


@dataclass(frozen=True, slots=True)
class Target:
    """Something that can be touched, as a person finds it: `id` is its objectName, `name` what it is called aloud."""

    id: str
    name: str
    enabled: bool
    rect: QRectF
    item: QQuickItem


class Screen:
    """One kiosk window, seen and touched from outside. `name_of_page` gives the page's own name, for scripts;
    `takes_touch` tells whether a page that has just come takes touches already."""

    def __init__(
        self,
        window: QQuickWindow,
        name_of_page: Callable[[], str],
        takes_touch: Callable[[], bool] = lambda: True,
    ) -> None:
        QAccessible.setActive(True)
        self.window = window
        self.takes_touch = takes_touch
        self._name_of_page = name_of_page
        self._finger: QPointingDevice = QTest.createTouchDevice()

    def page(self) -> dict[str, Any]:
        """Tell what stands on the screen: `name`, `texts` in reading order, `targets` with what each is called."""
        return {
            "name": self.page_name(),
            "texts": self.texts(),
            "targets": [
                {"id": target.id, "name": target.name, "enabled": target.enabled} for target in self.targets()
            ],
        }

    def page_name(self) -> str:
        """Name the page that stands; "" while one is still coming in."""
        return "" if _fading(self.window.contentItem(), depth=3) else self._name_of_page()

    def texts(self) -> list[str]:
        """Give every text that can be read now, without empty ones."""
        found = []
        for item in _visible_items(self.window.contentItem()):
            if item.inherits("QQuickText") and self._on_screen(_rect(item)):
                text = str(item.property("text")).strip()
                if text:
                    found.append(text)
        return found

    def targets(self) -> list[Target]:
        """Give everything that presents itself as a button, on or off."""
        return [target for item in _visible_items(self.window.contentItem()) if (target := _target(item))]

    def find(self, name: str) -> Target:
        """Find the one target of that name; `id=pay_bill` asks by objectName. Raises CannotDo when it is not there."""
        by_id = name.removeprefix("id=") if name.startswith("id=") else None
        found = [
            target
            for target in self.targets()
            if (target.id == by_id if by_id is not None else target.name == name)
        ]
        if not found:
            there = ", ".join(target.id or target.name for target in self.targets())
            raise CannotDo(f"{name!r} is not on the page {self.page_name()!r}; there are: {there}")
        if len(found) > 1:
            raise CannotDo(f"{name!r} is there {len(found)} times")
        return found[0]

    def offers(self, name: str, page: str) -> bool:
        """Tell whether that page stands and the target is there and on."""
        try:
            return self.page_name() == page and self.find(name).enabled
        except CannotDo:
            return False

    def press(self, name: str) -> QPoint:
        """Put the finger on the middle of a target. Raises CannotDo when a person could not hit it or it is off."""
        target = self.find(name)
        side = min(target.rect.width(), target.rect.height())
        if not target.enabled:
            raise CannotDo(f"{name!r} is switched off")
        if side < SMALLEST_TARGET:
            raise CannotDo(f"{name!r} is {side:.0f} px small, {SMALLEST_TARGET} px at least")
        if not self._on_screen(target.rect):
            raise CannotDo(f"{name!r} is not on the screen")
        spot = target.rect.center().toPoint()
        # The sequence sends itself once more when it dies: it must be gone before the next one is made.
        sequence = QTest.touchEvent(self.window, self._finger)
        sequence.press(0, spot, self.window)
        sequence.commit()
        del sequence
        return spot

    def release(self, spot: QPoint) -> None:
        """Lift the finger."""
        sequence = QTest.touchEvent(self.window, self._finger)
        sequence.release(0, spot, self.window)
        sequence.commit()
        del sequence

    def grab(self, path: str) -> None:
        """Save what the screen shows as PNG."""
        if not self.window.grabWindow().save(path, "PNG"):  # type: ignore[call-overload]
            raise CannotDo(f"cannot write {path}")

    def _on_screen(self, rect: QRectF) -> bool:
        return QRectF(QPointF(0, 0), self.window.size().toSizeF()).adjusted(-1, -1, 1, 1).contains(rect)


def _visible_items(item: QQuickItem) -> Iterator[QQuickItem]:
    """Walk the items that are drawn, parents first, in the order they are stacked."""
    if not item.isVisible() or item.opacity() < 0.05:
        return
    yield item
    for child in item.childItems():
        yield from _visible_items(child)


def _fading(item: QQuickItem, depth: int) -> bool:
    """Tell whether a large part of the page is half seen."""
    if item.isVisible() and item.opacity() < 1 and item.height() > item.window().height() / 2:
        return True
    return depth > 0 and any(_fading(child, depth - 1) for child in item.childItems())


def _rect(item: QQuickItem) -> QRectF:
    return item.mapRectToScene(QRectF(0, 0, item.width(), item.height()))


def _target(item: QQuickItem) -> Target | None:
    interface = QAccessible.queryAccessibleInterface(item)
    if interface is None or interface.role() != QAccessible.Role.Button:
        return None
    name = interface.text(QAccessible.Text.Name)
    return Target(
        item.objectName(), name, item.isEnabled() and not interface.state().disabled, _rect(item), item
    )
