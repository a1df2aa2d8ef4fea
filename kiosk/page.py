"""What one page says and offers: the one model that feeds screen, speech and keypad."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

Tone = Literal["info", "success", "warning", "danger"]
GuideKind = Literal[
    "insert",
    "reading",
    "leave_in",
    "take",
    "collect_new",
    "wrong_slot",
    "not_this_card",
    "to_meter",
    "insert_bank",
    "take_bank",
    "box",
]
"""What happens to the card: it goes in, is read, must stay in, comes out, a new one comes out, it is refused because
of what it is or whose it is, it goes into the meter; a bank card goes in, comes out, is taken by the terminal box."""
CueWord = Literal["paid", "declined", "take_card"]


class PageKind(StrEnum):
    """Which of the few page shapes draws this page."""

    ATTRACT = "attract"
    CHOICES = "choices"
    ENTRY = "entry"
    CHECK = "check"
    BILLS = "bills"
    CASH = "cash"
    WAIT = "wait"
    RESULT = "result"
    QUESTION = "question"
    CLOSED = "closed"
    CARD = "card"
    PIN = "pin"
    CODE = "code"


@dataclass(frozen=True, slots=True)
class Choice:
    """Something to press. A choice that cannot be taken now says why in `reason` and stays visible. A `quiet` one
    stands apart from what most people came for. Choices of one id differ in their `arg`."""

    id: str
    label: str
    detail: str = ""
    icon: str = ""
    enabled: bool = True
    reason: str = ""
    selected: bool = False
    quiet: bool = False
    arg: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A label and its value; `strong` rows are drawn bold, `total` rows large and bold under a rule."""

    label: str
    value: str
    weight: Literal["normal", "strong", "total"] = "normal"


@dataclass(frozen=True, slots=True)
class Entry:
    """A number being typed: `value` is grouped for reading, `error` says what is wrong and what to do. With
    `letters` it may hold A to F, too."""

    label: str
    value: str
    placeholder: str
    error: str = ""
    hint: str = ""
    complete: bool = False
    letters: bool = False


@dataclass(frozen=True, slots=True)
class BillLine:
    """One month on the bills page; all amounts are formatted."""

    id: str
    month: str
    charge: str
    late_fee: str
    due: str
    note: str = ""
    selected: bool = False
    overdue: bool = False


@dataclass(frozen=True, slots=True)
class MoneyPanel:
    """The honest panel of a payment: `headline` is the largest thing on the page, `promise` what happens to a surplus
    and what happens if the customer stops now."""

    headline_label: str
    headline: str
    rows: tuple[Row, ...] = ()
    promise: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One named step of the way."""

    name: str
    state: Literal["done", "now", "next"]


@dataclass(frozen=True, slots=True)
class Notice:
    """What happened, said with shape, colour and words together."""

    tone: Tone
    title: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Guide:
    """What to do with the card, drawn in place of the page's picture: `text` stands under the drawing and is spoken,
    `name` says in a few words that there is a drawing."""

    kind: GuideKind
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Code:
    """What a phone reads off the screen, or where it is held: `text` is drawn as a QR code, or the way under the
    scanner where there is none. `hint` stands beneath it; `left` names the time that runs, `lasts_s` in all."""

    text: str
    name: str
    hint: str
    left: str = ""
    lasts_s: int = 0


@dataclass(frozen=True, slots=True)
class Cue:
    """A sound that goes with what the page says; another `number` is another occasion to play it."""

    word: CueWord
    number: int = 0


@dataclass(frozen=True, slots=True)
class Badge:
    """One device or service in the header: works or not, and if not why."""

    id: str
    label: str
    works: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PageModel:
    """One page, complete, in one language. `spoken` is what a voice says; `private` text goes only to a headset."""

    name: str
    kind: PageKind
    title: str
    prompt: str = ""
    steps: tuple[Step, ...] = ()
    context: tuple[Row, ...] = ()
    panel: MoneyPanel | None = None
    choices: tuple[Choice, ...] = ()
    bills: tuple[BillLine, ...] = ()
    bill_columns: tuple[str, ...] = ()
    entry: Entry | None = None
    notice: Notice | None = None
    picture: str = ""
    guide: Guide | None = None
    code: Code | None = None
    cue: Cue | None = None
    main: Choice | None = None
    back: Choice | None = None
    service: tuple[Choice, ...] = ()
    badges: tuple[Badge, ...] = ()
    seconds_left: int | None = None
    footnote: str = ""
    spoken: str = ""
    private: bool = False


@dataclass(frozen=True, slots=True)
class Modes:
    """How the page is shown; all back to default after each customer."""

    lang: str = "zh"
    large: bool = False
    theme: Literal["normal", "contrast", "sun"] = "normal"
    low: bool = False


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything the screen shows, made by the core thread after each step; `serial` counts up."""

    serial: int
    page: PageModel
    modes: Modes = field(default_factory=Modes)
    terminal: str = ""
    clock: str = ""
