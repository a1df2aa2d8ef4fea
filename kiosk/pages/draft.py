"""A page while it is being written: every text goes in once and comes out seen and spoken."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from kiosk.page import BillLine, Code, Cue, Entry, Guide, GuideKind, Notice, PageKind, PageModel, Row, Tone
from kiosk.pages.frame import HELPED, STEPS, badges, service, steps
from kiosk.pages.look import Look, Panel, Press
from kiosk.pages.reading import NOTHING, Line, Value


@dataclass(slots=True)
class Draft:
    """One page being written. `model()` gives the finished page with what a voice says of it."""

    look: Look
    name: str
    kind: PageKind
    title: Line = NOTHING
    prompt: Line = NOTHING
    step: int | None = None
    way: Sequence[str] = STEPS
    picture: str = ""
    guide: GuideKind | None = None
    code: Code | None = None
    cue: Cue | None = None
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
    spoken_error: Line = NOTHING
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
            steps=steps(look, self.step, done=self.steps_done, way=self.way),
            context=tuple(Row(label.shown, value.shown) for label, value in self._context),
            panel=self.panel.model() if self.panel else None,
            choices=tuple(press.choice() for press in self.choices),
            bills=self.bills,
            bill_columns=self.bill_columns,
            entry=self.entry,
            notice=Notice(notice[0], notice[1].shown, notice[2].shown) if notice else None,
            picture=self.picture,
            guide=self._guide(),
            code=self.code,
            cue=self.cue,
            main=self.main.choice() if self.main else None,
            back=self.back.choice() if self.back else None,
            service=service(look),
            badges=badges(look),
            seconds_left=self.seconds_left,
            footnote=self.footnote,
            spoken=look.join(*self._sentences()).spoken,
            private=self.private or self.panel is not None,
        )

    def _guide(self) -> Guide | None:
        if self.guide is None:
            return None
        line = self.look.line
        return Guide(self.guide, line(f"guide.{self.guide}").shown, line(f"guide.{self.guide}_text").shown)

    def _sentences(self) -> Iterable[Line]:
        """What happened, where one is, what stands there, what can be done: meaning first, key last."""
        look = self.look
        if self._notice:
            yield from self._notice[1:]
        yield self.spoken_error
        yield self.title
        yield self.prompt
        if self.guide:
            yield look.line(f"guide.{self.guide}_text")
        if self.code:
            yield Line(self.code.hint, self.code.hint)
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
