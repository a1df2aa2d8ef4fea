"""A page while it is being written: every text goes in once and comes out seen and spoken."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from kiosk.page import (
    Badge,
    BillLine,
    Choice,
    Entry,
    MoneyPanel,
    Notice,
    PageKind,
    PageModel,
    Row,
    Step,
    Tone,
)
from kiosk.pages.reading import NOTHING, Line, Value
from kiosk.payment.model import Claim, Payment
from kiosk.session.state import Facts, Page, Session
from kiosk.words import Words, load

STEPS = ("account", "bill", "pay", "receipt")
SERVICE = ("help", "language", "large", "contrast", "low")
HELPED = frozenset(
    {
        Page.HOME,
        Page.ENTER_ACCOUNT,
        Page.ENTER_METER,
        Page.CONFIRM_ACCOUNT,
        Page.BILLS,
        Page.MEANS,
        Page.CASH,
    }
)
"""Pages from which help opens."""
UNHELPED = frozenset(
    {Page.ATTRACT, Page.MORE_TIME, Page.DONE, Page.CHECKING, Page.CLAIM, Page.CANCELLED, Page.MESSAGE}
)
"""Pages whose one key comes first."""
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


@dataclass(slots=True)
class Draft:
    """One page being written. `model()` gives the finished page with what a voice says of it."""

    look: Look
    name: Page
    kind: PageKind
    title: Line = NOTHING
    prompt: Line = NOTHING
    step: int | None = None
    picture: str = ""
    panel: Panel | None = None
    main: Press | None = None
    back: Press | None = None
    choices: list[Press] = field(default_factory=list)
    footnote: str = ""
    private: bool = False
    seconds_left: int | None = None
    bills: tuple[BillLine, ...] = ()
    bill_columns: tuple[str, ...] = ()
    spoken_bills: list[Line] = field(default_factory=list)
    entry: Entry | None = None
    spoken_entry: Line = NOTHING
    steps_done: bool = False
    _notice: tuple[Tone, Line, Line] | None = None
    _context: list[tuple[Line, Line]] = field(default_factory=list)

    def row(self, label: str, value: Value | Line, *, private: bool = False) -> None:
        """Add a fact beside the question; a private one makes the page's speech private."""
        reading = value if isinstance(value, Line) else self.look.read(value)
        if reading.shown:
            self._context.append((self.look.line(f"word.{label}"), reading))
            self.private = self.private or private

    def notice(self, tone: Tone, title: Line, text: Line = NOTHING) -> None:
        """Say what happened."""
        self._notice = (tone, title, text)

    def model(self) -> PageModel:
        """Return the finished page."""
        look = self.look
        notice = self._notice
        return PageModel(
            name=str(self.name),
            kind=self.kind,
            title=self.title.shown,
            prompt=self.prompt.shown,
            steps=steps(look, self.step, done=self.steps_done),
            context=tuple(Row(label.shown, value.shown) for label, value in self._context),
            panel=self.panel.model() if self.panel else None,
            choices=tuple(press.choice() for press in self.choices),
            bills=self.bills,
            bill_columns=self.bill_columns,
            entry=self.entry,
            notice=Notice(notice[0], notice[1].shown, notice[2].shown) if notice else None,
            picture=self.picture,
            main=self.main.choice() if self.main else None,
            back=self.back.choice() if self.back else None,
            service=service(look),
            badges=badges(look),
            seconds_left=self.seconds_left,
            footnote=self.footnote,
            spoken=look.join(*self._sentences()).spoken,
            private=self.private or self.panel is not None,
        )

    def _sentences(self) -> Iterable[Line]:
        """What happened, where one is, what stands there, what can be done: meaning first, key last."""
        look = self.look
        if self._notice:
            yield from self._notice[1:]
        yield self.title
        yield self.prompt
        yield self.spoken_entry
        for label, value in self._context:
            yield look.line("speech.pair", label=label, value=value)
        yield from self._spoken_panel()
        yield from self.spoken_bills
        for number, press in enumerate(self.choices, 1):
            # While digits are typed the digit keys are taken.
            yield from self._spoken_press(press, "speech.other" if self.entry else "speech.number", number)
        if self.main:
            yield from self._spoken_press(self.main, "speech.enter")
        if self.back:
            yield from self._spoken_press(self.back, "speech.cancel")
        if self.name in HELPED:
            yield look.line("speech.help")

    def _spoken_panel(self) -> Iterable[Line]:
        if self.panel is None:
            return
        pairs = [(self.panel.label, self.panel.headline)]
        pairs += [(label, value) for label, value, _ in self.panel.rows if label != self.panel.label]
        for label, value in pairs:
            yield self.look.line("speech.pair", label=label, value=value)
        yield self.panel.promise

    def _spoken_press(self, press: Press, key: str, number: int = 0) -> Iterable[Line]:
        look, what = self.look, press.label
        if press.detail.shown:
            what = look.line("speech.detailed", label=press.label, detail=press.detail)
        if press.reason.shown:
            yield look.line("speech.off", what=press.label, reason=press.reason)
        elif press.selected:
            yield look.line("speech.selected", what=what)
        elif number and key == "speech.number":
            yield look.line(key, what=what, number=number)
        else:
            yield look.line(key, what=what)


def steps(look: Look, now: int | None, *, done: bool = False) -> tuple[Step, ...]:
    """Return the named steps with number `now` under way, or all done; none outside the way."""
    if now is None:
        return ()
    names = (look.line(f"step.{name}").shown for name in STEPS)
    return tuple(
        Step(name, "done" if at < now or done else "now" if at == now else "next")
        for at, name in enumerate(names)
    )


def service(look: Look) -> tuple[Choice, ...]:
    """Return the bar of keys that stand on every page."""
    modes = look.session.modes
    on = {
        "help": look.session.page is Page.HELP,
        "large": modes.large,
        "contrast": modes.theme == "contrast",
        "low": modes.low,
    }
    reasons = {"help": no_help(look)}
    return tuple(
        Press(
            name,
            look.line(f"service.{name}"),
            icon=name,
            reason=reasons.get(name, NOTHING),
            selected=on.get(name, False),
        ).choice()
        for name in SERVICE
    )


def no_help(look: Look) -> Line:
    """Say why help does not open here; empty where it does. Pages that only wait or end say all themselves."""
    page = look.session.page
    if page in HELPED:
        return NOTHING
    if page is Page.HELP:
        return look.line("service.help_open")
    return look.line("service.help_first" if page in UNHELPED else "service.help_wait")


def badges(look: Look) -> tuple[Badge, ...]:
    """Return what works now and what does not: cash, receipts, network."""
    facts = look.facts
    reasons = {
        "cash": cash_reason(look),
        "receipt": NOTHING if facts.printer.usable else device_reason(look, "printer", facts.printer.code),
        "network": NOTHING if facts.hub_up else look.line("reason.hub_gone"),
    }
    return tuple(
        Badge(name, look.line(f"badge.{name}").shown, works=not reason.shown, reason=reason.shown)
        for name, reason in reasons.items()
    )


def cash_reason(look: Look) -> Line:
    """Say why cash is not taken now; empty if it is."""
    facts = look.facts
    if facts.cash_works:
        return NOTHING
    match facts.cash_reason:
        case "hub_gone":
            return look.line("reason.hub_gone")
        case "printer":
            return device_reason(look, "printer", facts.printer.code)
        case _:
            return device_reason(look, "acceptor", facts.acceptor.code)


PLAIN_CODES = {
    "starting": "starting",
    "power_up": "starting",
    "initializing": "starting",
    "busy": "starting",
    "paper_out": "paper_out",
    "box_full": "box_full",
    "jam_entry": "jam",
    "jam_box": "jam",
}
"""Device codes that mean something to a customer, and their word; all others are just `out of order`."""


def device_reason(look: Look, device: str, code: str) -> Line:
    """Say what is wrong with a device as far as it matters to a customer."""
    return look.line(f"reason.{PLAIN_CODES.get(code, device)}")
