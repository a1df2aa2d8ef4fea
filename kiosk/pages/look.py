"""What a page looks at, and its parts while they still have both readings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from kiosk.page import Choice, MoneyPanel, Row
from kiosk.pages.reading import NOTHING, Line, Value
from kiosk.payment.model import Claim, Payment
from kiosk.session.state import Facts, Session
from kiosk.words import Words, load

_STOPS = "。！？.!?：:"


@dataclass(frozen=True)
class Look:
    """All that a page may tell of, and the words to tell it with."""

    session: Session
    payment: Payment | None
    claim: Claim | None
    facts: Facts

    @cached_property
    def words(self) -> Words:
        """The texts of the customer's language."""
        return load(self.session.modes.lang)

    def line(self, key: str, **fields: Value | Line | str | int) -> Line:
        """Return the text `screen.<key>` with its fields, in both readings; raises MissingText."""
        shown: dict[str, str | int] = {}
        spoken: dict[str, str | int] = {}
        for name, value in fields.items():
            if isinstance(value, str | int):
                shown[name] = spoken[name] = value
            else:
                shown[name], spoken[name] = value if isinstance(value, Line) else self.read(value)
        text = self.words.text(f"screen.{key}", **shown)
        return Line(text, self.words.text(f"screen.{key}", **spoken) if spoken else text)

    def read(self, value: Value) -> Line:
        """Return both readings of a bare value."""
        return value.read(self.words.lang)

    def join(self, *lines: Line) -> Line:
        """Put whole sentences behind each other, leaving out the empty ones."""
        kept = [line for line in lines if line.shown]
        return Line(self._text(line.shown for line in kept), self._text(line.spoken for line in kept))

    def _text(self, sentences: Iterable[str]) -> str:
        zh = self.words.lang == "zh"
        stopped = (text if text[-1] in _STOPS else text + ("。" if zh else ".") for text in sentences)
        return ("" if zh else " ").join(stopped)


@dataclass(frozen=True, slots=True)
class Press:
    """Something to press, still in both readings."""

    id: str
    label: Line
    detail: Line = NOTHING
    icon: str = ""
    reason: Line = NOTHING
    """Why it cannot be taken now; empty if it can."""
    selected: bool = False
    quiet: bool = False
    arg: str = ""

    def choice(self) -> Choice:
        """Return what the screen draws."""
        return Choice(
            id=self.id,
            label=self.label.shown,
            detail=self.detail.shown,
            icon=self.icon,
            enabled=not self.reason.shown,
            reason=self.reason.shown,
            selected=self.selected,
            quiet=self.quiet,
            arg=self.arg,
        )


@dataclass(slots=True)
class Panel:
    """The money panel, still in both readings."""

    label: Line
    headline: Line
    rows: list[tuple[Line, Line, bool]] = field(default_factory=list)
    promise: Line = NOTHING

    def model(self) -> MoneyPanel:
        """Return what the screen draws."""
        rows = tuple(Row(a.shown, b.shown, "strong" if strong else "normal") for a, b, strong in self.rows)
        return MoneyPanel(self.label.shown, self.headline.shown, rows, self.promise.shown)
