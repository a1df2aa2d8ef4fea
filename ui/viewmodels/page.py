"""The page on the screen, as QML binds to it: one singleton `Page`, fed with snapshots."""

# ruff: noqa: N815 - QML spells its names so

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import cast

from PySide6.QtCore import Property, QObject, Signal, Slot
from PySide6.QtQml import QmlElement, QmlSingleton

from kiosk.page import Badge, BillLine, Choice, Modes, PageKind, PageModel, Row, Snapshot, Step
from kiosk.words import load
from ui.viewmodels.rows import ROLE_NAMES, RowModel

QML_IMPORT_NAME = "Kiosk.Model"
QML_IMPORT_MAJOR_VERSION = 1

MAP, STRINGS = cast(type, "QVariantMap"), cast(type, "QStringList")
"""Qt's names of types that Python has no class for."""

PAD_KEYS = ("clear", "delete")
"""The two keys of the keypad that are words."""

LEAF_KEYS = ("bills_up", "bills_down")
"""Choices that leaf through a list; they stand at the list, not among the ways to choose."""

NO_PAGE = PageModel(name="", kind=PageKind.WAIT, title="")


@QmlElement
@QmlSingleton
class Page(QObject):
    """What the page says. Lists keep their delegates; the small parts (`main`, `panel`, ...) are maps, `{}` if absent.

    Signals:
        intent: what the customer wants: a name and an argument, from `press`.
        turned: another page stands on the screen now (not merely another number on the same one).
        refilled: the same page has other words or other modes. Not the seconds that count down; and not what a number
            that is typed changes, for the pad stays under the finger.
    """

    intent = Signal(str, str)
    turned = Signal()
    refilled = Signal()
    kindChanged = Signal()
    pageChanged = Signal()
    panelChanged = Signal()
    entryChanged = Signal()
    noticeChanged = Signal()
    guideChanged = Signal()
    codeChanged = Signal()
    actionsChanged = Signal()
    secondsChanged = Signal()
    headerChanged = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._page = NO_PAGE
        self._kind = ""
        self._modes = Modes()
        self._terminal = ""
        self._clock = ""
        self._steps = RowModel(Step, self)
        self._context = RowModel(Row, self)
        self._panel_rows = RowModel(Row, self)
        self._choices = RowModel(Choice, self, icon="iconName")
        self._leaf = RowModel(Choice, self, icon="iconName")
        self._bills = RowModel(BillLine, self, id="number")
        self._service = RowModel(Choice, self)
        self._badges = RowModel(Badge, self)

    def show(self, snapshot: Snapshot) -> None:
        """Put a snapshot on the screen."""
        old, new = self._page, snapshot.page
        still = new.entry is not None or replace(new, seconds_left=old.seconds_left, spoken=old.spoken) == old
        refilled = not still or snapshot.modes != self._modes
        if new.kind != self._kind:
            # The old page goes before its models change, so that nothing of it is drawn with the new page's rows.
            self._kind = ""
            self.kindChanged.emit()
        self._page, self._modes = new, snapshot.modes
        self._terminal, self._clock = snapshot.terminal, snapshot.clock
        self._update_rows(new)
        self._announce(old, new)
        if new.kind != self._kind:
            self._kind = str(new.kind)
            self.kindChanged.emit()
        if new.name != old.name:
            self.turned.emit()
        elif refilled:
            self.refilled.emit()

    def _update_rows(self, page: PageModel) -> None:
        self._steps.update(page.steps)
        self._context.update(page.context)
        self._panel_rows.update(page.panel.rows if page.panel else ())
        apart = {*PAD_KEYS, *LEAF_KEYS}
        loud = [choice for choice in page.choices if not choice.quiet]
        self._choices.update([choice for choice in loud if choice.id not in apart])
        self._leaf.update([choice for choice in page.choices if choice.id in LEAF_KEYS])
        self._bills.update(page.bills)
        self._service.update(page.service)
        self._badges.update(page.badges)

    def _announce(self, old: PageModel, new: PageModel) -> None:
        self.headerChanged.emit()
        self.pageChanged.emit()
        if old.panel != new.panel or old.context != new.context:
            self.panelChanged.emit()
        if old.entry != new.entry:
            self.entryChanged.emit()
        if old.notice != new.notice:
            self.noticeChanged.emit()
        if old.guide != new.guide:
            self.guideChanged.emit()
        if old.code != new.code:
            self.codeChanged.emit()
        if (old.main, old.back, _quiet(old)) != (new.main, new.back, _quiet(new)):
            self.actionsChanged.emit()
        if old.seconds_left != new.seconds_left:
            self.secondsChanged.emit()

    @Slot(str, str)
    def press(self, key: str, arg: str = "") -> None:
        """Say what was pressed: `key` is the id of a choice, or `key` / `bill` with a digit or a bill's id."""
        self.intent.emit(key, arg)

    kind = Property(str, lambda self: self._kind, notify=kindChanged)
    name = Property(str, lambda self: self._page.name, notify=pageChanged)
    title = Property(str, lambda self: self._page.title, notify=pageChanged)
    prompt = Property(str, lambda self: self._page.prompt, notify=pageChanged)
    picture = Property(str, lambda self: self._page.picture, notify=pageChanged)
    footnote = Property(str, lambda self: self._page.footnote, notify=pageChanged)
    billColumns = Property(STRINGS, lambda self: list(self._page.bill_columns), notify=pageChanged)
    billCount = Property(int, lambda self: len(self._page.bills), notify=pageChanged)
    choiceCount = Property(int, lambda self: len(self._page.choices), notify=pageChanged)
    secondsLeft = Property(int, lambda self: _or(self._page.seconds_left, -1), notify=secondsChanged)
    panel = Property(MAP, lambda self: as_map(self._page.panel), notify=panelChanged)
    entry = Property(MAP, lambda self: as_map(self._page.entry), notify=entryChanged)
    notice = Property(MAP, lambda self: as_map(self._page.notice), notify=noticeChanged)
    guide = Property(MAP, lambda self: as_map(self._page.guide), notify=guideChanged)
    code = Property(MAP, lambda self: as_map(self._page.code), notify=codeChanged)
    main = Property(MAP, lambda self: as_map(self._page.main), notify=actionsChanged)
    back = Property(MAP, lambda self: as_map(self._page.back), notify=actionsChanged)
    quiet = Property(MAP, lambda self: as_map(_quiet(self._page)), notify=actionsChanged)
    padWords = Property(MAP, lambda self: pad_words(self._page, self._modes.lang), notify=pageChanged)
    lang = Property(str, lambda self: self._modes.lang, notify=headerChanged)
    terminal = Property(str, lambda self: self._terminal, notify=headerChanged)
    clock = Property(str, lambda self: self._clock, notify=headerChanged)
    steps = Property(QObject, lambda self: self._steps, constant=True)
    context = Property(QObject, lambda self: self._context, constant=True)
    panelRows = Property(QObject, lambda self: self._panel_rows, constant=True)
    choices = Property(QObject, lambda self: self._choices, constant=True)
    leaf = Property(QObject, lambda self: self._leaf, constant=True)
    bills = Property(QObject, lambda self: self._bills, constant=True)
    service = Property(QObject, lambda self: self._service, constant=True)
    badges = Property(QObject, lambda self: self._badges, constant=True)


def as_map(part: object) -> dict[str, object]:
    """Return a flat dataclass as a map for QML, `{}` for None; nested rows are left to their own models."""
    if part is None or not is_dataclass(part):
        return {}
    named = ((ROLE_NAMES.get(one.name, one.name), getattr(part, one.name)) for one in fields(part))
    return {name: value for name, value in named if not isinstance(value, tuple)}


def pad_words(page: PageModel, lang: str) -> dict[str, str]:
    """Return the labels of the keypad's `clear` and `delete` keys: the page's own choices of these names, else the
    screen's texts."""
    own = {choice.id: choice.label for choice in page.choices}
    return {key: own.get(key) or load(lang).text(f"keypad.{key}") for key in PAD_KEYS}


def _quiet(page: PageModel) -> Choice | None:
    """Return the choice that stands apart from the others, among the actions."""
    return next((choice for choice in page.choices if choice.quiet), None)


def _or(value: int | None, otherwise: int) -> int:
    return otherwise if value is None else value
