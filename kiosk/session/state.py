"""What the kiosk knows of the customer in front of it, and of itself, when it draws a page."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Literal

from drivers.status import DeviceHealth, DeviceStatus
from kiosk.hubclient.wire import Account
from kiosk.page import Modes

Choose = Literal["all", "oldest", "chosen"]


class Page(StrEnum):
    """Every page a customer can stand on."""

    ATTRACT = "attract"
    HOME = "home"
    ENTER_ACCOUNT = "enter_account"
    ENTER_METER = "enter_meter"
    ENTER_AGAIN = "enter_again"
    """Without the hub: the account number a second time, for nobody can show whose it is."""
    PROVISIONAL = "provisional"
    """Without the hub: what a payment means now."""
    LOOKING_UP = "looking_up"
    CONFIRM_ACCOUNT = "confirm_account"
    ENTER_REFERENCE = "enter_reference"
    ASKING_REFERENCE = "asking_reference"
    REFERENCE = "reference"
    """What became of the money on a slip, or why that cannot be said."""
    BILLS = "bills"
    MEANS = "means"
    PREPARING = "preparing"
    CASH = "cash"
    CLOSING = "closing"
    PAYING = "paying"
    DONE = "done"
    CHECKING = "checking"
    CLAIM = "claim"
    CANCELLED = "cancelled"
    MESSAGE = "message"
    HELP = "help"
    MORE_TIME = "more_time"
    CLOSED = "closed"
    SETTLING = "settling"
    """At start: an earlier payment is being settled; no customer yet."""


@dataclass(frozen=True, slots=True)
class NoteNotice:
    """The last thing that happened at the note slot, shown on the cash page.

    `kind`: credited, returned, refused, rejected, paused, jam, trouble (the acceptor cannot go on), kept (money is in
    and stays in); `reason` is a word: over_limit, too_many_notes, type_off, hub_gone, printer, closing,
    not_recognised, second_note, ...
    """

    kind: str
    value_fen: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SlipFate:
    """What became of the money on a slip.

    `fate` is a word. Known: booked, checking, person (a person decides), credited and refunded (a person decided so),
    nothing_found, reversed. Not known: unknown, too_many (unknown ones from this customer), hub_gone, hub_busy, other.
    """

    fate: str
    reference: str
    kind: Literal["", "payment", "claim"] = ""
    amount_fen: int = 0
    memo_fen: int = 0
    made_at: datetime | None = None
    """In the kiosk's own time zone."""
    booked_on: date | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """The customer's way so far. `entry_error` is empty or one of: too_short, wrong_check_digit, unknown_account,
    unknown_meter, account_closed, hub_gone, hub_busy, differs, account_only."""

    page: Page = Page.ATTRACT
    modes: Modes = field(default_factory=Modes)
    business: Literal["arrears", "prepay"] = "arrears"
    digits: str = ""
    entry_error: str = ""
    typed_first: str = ""
    """On ENTER_AGAIN and after it: the account number as it was typed the first time."""
    slip: SlipFate | None = None
    unknown_slips: int = 0
    """How many references this customer has asked for that nobody knows."""
    account: Account | None = None
    choose: Choose = "all"
    months: tuple[str, ...] = ()
    first_bill: int = 0
    note_notice: NoteNotice | None = None
    message: str = ""
    """On MESSAGE: what went wrong before money was in: hub_gone, account_closed, no_cash, quote_refused, busy."""
    under: Page | None = None
    """The page that HELP or MORE_TIME lies over."""
    seconds_left: int | None = None
    wait_level: int = 0
    """On waiting pages: 0 just begun, 1 after 2 s (say so), 2 after 15 s (offer what can be done)."""
    payment_id: str = ""
    """The payment that this customer sees."""


UNKNOWN_HEALTH = DeviceHealth(DeviceStatus.OFFLINE, code="starting", detail="not heard of yet")


@dataclass(frozen=True, slots=True)
class Facts:
    """What the kiosk knows of itself: devices, hub, cash limits, and why it is closed if it is."""

    terminal: str
    site: str
    acceptor: DeviceHealth = UNKNOWN_HEALTH
    printer: DeviceHealth = UNKNOWN_HEALTH
    acceptor_free: bool = True
    """False while a note that belongs to no present payment is still on its way."""
    hub_up: bool = False
    hub_heard: bool = False
    """Whether the hub was asked at all since the start: until then it is not gone, only not heard of."""
    offline_fen: int = 0
    """How much one customer may pay in now should the hub be gone; 0 where nothing is taken without it."""
    accepted_fen: tuple[int, ...] = ()
    """Note values taken, largest first."""
    closed_reason: str = ""
    """Empty, or: journal_damaged, journal_failed, starting, settling, operator, no_service."""
    journal_verdict: str = ""
    """What the hub last said of our journal: ok, behind (old copy), forked (rewritten), new_journal (another disk)."""
    hotline: str = "95598"
    account_lengths: tuple[int, ...] = (16, 13, 10)
    meter_length: int = 22
    max_payment_fen: int = 200000

    @property
    def cash_works(self) -> bool:
        """Whether a cash payment may begin: acceptor, paper, and the hub or a permission to do without it."""
        booked_or_promised = self.hub_up or self.stands_in
        return self.acceptor.usable and self.acceptor_free and self.printer.usable and booked_or_promised

    @property
    def stands_in(self) -> bool:
        """Whether the kiosk takes money in the absence of the hub, against a provisional receipt."""
        return not self.hub_up and self.offline_fen > 0

    @property
    def cash_reason(self) -> str:
        """Why cash does not work: starting, hub_gone, printer, acceptor, note_inside (of nobody's); else empty."""
        if not self.hub_up and not self.stands_in:
            return "hub_gone" if self.hub_heard else "starting"
        if not self.printer.usable:
            return "printer"
        if not self.acceptor.usable:
            return "acceptor"
        return "" if self.acceptor_free else "note_inside"
