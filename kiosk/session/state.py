"""What the kiosk knows of the customer in front of it, and of itself, when it draws a page."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Literal

from drivers.card.model import CardState
from drivers.meter_card.model import CardContents
from drivers.status import DeviceHealth, DeviceStatus
from kiosk.hubclient.card_wire import CardRead as KnownCard
from kiosk.hubclient.card_wire import PendingCard
from kiosk.hubclient.wire import Account, Quote
from kiosk.page import Modes
from kiosk.payment.model import Tender

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
    INSERT_CARD = "insert_card"
    READING_CARD = "reading_card"
    CARD = "card"
    """What is on the meter card, and what may be done with it."""
    CARD_TROUBLE = "card_trouble"
    """Why the card cannot be read, or not be asked about."""
    WRITING = "writing"
    """The card is being written or read back: it must stay in."""
    CARD_BACK = "card_back"
    """The card was taken out before it was written: it is asked for."""
    TAKE_CARD = "take_card"
    """The customer is done and the card still in; nothing of them is shown any more."""
    IDENTITY = "identity"
    """Who asks for a new card: a number that only the account's holder knows."""
    CHECKING_IDENTITY = "checking_identity"
    IDENTITY_REFUSED = "identity_refused"
    STAGING = "staging"
    """A new card is brought to the chip station, read and asked about; no money yet."""
    NEW_CARD = "new_card"
    """Whose new card it will be and what it costs, or that it was paid for."""
    MAKING = "making"
    """The new card is being written or read back inside the machine."""
    OWED = "owed"
    """Paid, and the card is still to be written."""
    BILLS = "bills"
    MEANS = "means"
    PREPARING = "preparing"
    AMOUNT = "amount"
    """How much, where it is fixed before: for every means but cash and recharge cards."""
    INSERT_BANK_CARD = "insert_bank_card"
    READING_BANK_CARD = "reading_bank_card"
    """The bank card is read, and the hub is asked which bank takes it."""
    PIN = "pin"
    """The amount once more, and the PIN at the PIN pad."""
    AUTHORISING = "authorising"
    """The bank is asked."""
    BOX = "box"
    """The terminal box leads the customer now."""
    ASKING_BOX = "asking_box"
    """The box has not said how its sale ended: it is asked."""
    PHONE = "phone"
    """A code for the phone with its count-down, or the customer's own code."""
    CLOSING_ORDER = "closing_order"
    RECHARGE = "recharge"
    """The secret number of a recharge card."""
    DECLINED = "declined"
    """Nothing was taken, and why; another means can be chosen."""
    REVERSED = "reversed"
    """It is not paid, and what may have been taken goes back."""
    TAKE_BANK_CARD = "take_bank_card"
    """The bank card is held out; nothing of the customer is shown any more."""
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

    `fate` is a word. Known: booked, unwritten (booked, and not on the card yet), unmade (booked, and the new card is
    not made yet), checking, person (a person decides), credited and refunded (a person decided so), nothing_found,
    reversed. Not known: unknown, too_many (unknown ones from this customer), hub_gone, hub_busy, other.
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
class CardSight:
    """The card that the customer has put in: what was read of it, and what the hub knows of it.

    `trouble` is empty, or a word of `drivers.meter_card.model.CardCode`.
    """

    read_id: str
    contents: CardContents | None
    known: KnownCard | None = None
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class BankSight:
    """The bank card before the kiosk, as far as anybody here may know it, and the bank that takes it.

    `trouble` is empty, or why it cannot be used: a word of `BankCardRead.code`, or not_served, bank_away, hub_gone.
    """

    masked: str = ""
    label: str = ""
    title_zh: str = ""
    title_en: str = ""
    acquirer: str = ""
    route_id: str = ""
    pin_asked: bool = True
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Session:
    """The customer's way so far. `entry_error` is empty or one of: too_short, wrong_check_digit, unknown_account,
    unknown_meter, account_closed, hub_gone, hub_busy, differs, account_only; of a recharge card wrong_number, unknown,
    used, expired, locked, off_limits, wait; of an amount too_little, too_much."""

    page: Page = Page.ATTRACT
    modes: Modes = field(default_factory=Modes)
    business: Literal["arrears", "prepay", "buy_power", "reissue", "open_card"] = "arrears"
    digits: str = ""
    entry_error: str = ""
    typed_first: str = ""
    """On ENTER_AGAIN and after it: the account number as it was typed the first time."""
    slip: SlipFate | None = None
    unknown_slips: int = 0
    """How many references this customer has asked for that nobody knows."""
    account: Account | None = None
    card: CardSight | None = None
    card_own: bool = False
    """Whether the card in the slot was put in by this customer; one that stood there before is somebody else's."""
    proof: Literal["phone", "identity"] = "phone"
    """What the customer types to show who he is; it stands in `digits` until the hub has matched it."""
    tries_left: int = 0
    identity_check: str = ""
    """The check that matched."""
    pending: PendingCard | None = None
    """A new card that was paid for and not made: it is made now, free of charge."""
    new_card: CardSight | None = None
    """The blank card that stands ready for this customer."""
    rejected: int = 0
    """How many cards of the stack were no good for this customer."""
    quote: Quote | None = None
    """On NEW_CARD: what the hub asks for it; none where it is paid for."""
    choose: Choose = "all"
    months: tuple[str, ...] = ()
    first_bill: int = 0
    note_notice: NoteNotice | None = None
    tender: Tender = "cash"
    amount_fen: int = 0
    """What is to be paid, as the customer chose it; 0 before."""
    bank: BankSight | None = None
    pin_digits: int = 0
    """How many digits of the PIN are typed."""
    pin_trouble: str = ""
    """On PIN: empty, or retry (the bank says it was wrong)."""
    payer_waits: bool = False
    """Whether the customer's own code was scanned and waits for the order before it to be closed."""
    sealed: str = field(default="", repr=False)
    """A recharge card's number, for the hub alone, until it is on record."""
    captured: str = ""
    """Why the bank card was kept, if it was: bank, not_taken."""
    reminders: int = 0
    """How often the customer was reminded of the bank card that is held out."""
    phone_left: int | None = None
    """On PHONE: for how many seconds the code still stands."""
    tries: int = 0
    """How many numbers of recharge cards were refused to this customer."""
    message: str = ""
    """On MESSAGE: what went wrong before money was in: hub_gone, account_closed, no_cash, quote_refused, busy,
    card_gone, no_new_card, card_owed, no_card_meter."""
    under: Page | None = None
    """The page that HELP or MORE_TIME lies over."""
    seconds_left: int | None = None
    wait_level: int = 0
    """On waiting pages: 0 just begun, 1 after 2 s (say so), 2 after 15 s (offer what can be done)."""
    payment_id: str = ""
    """The payment that this customer sees."""


TENDERS: tuple[Tender, ...] = ("bank_card", "qr", "recharge_card")
"""The means beside cash, in the order in which they are offered."""
BANK_UNITS = ("bank_reader", "pin_pad", "eft")
UNKNOWN_HEALTH = DeviceHealth(DeviceStatus.OFFLINE, code="starting", detail="not heard of yet")


@dataclass(frozen=True, slots=True)
class Facts:
    """What the kiosk knows of itself: devices, hub, cash limits, and why it is closed if it is."""

    terminal: str
    site: str
    acceptor: DeviceHealth = UNKNOWN_HEALTH
    printer: DeviceHealth = UNKNOWN_HEALTH
    card_writer: DeviceHealth | None = None
    """None where the kiosk has no reader for meter cards."""
    card_in: bool = False
    dispenser: DeviceHealth | None = None
    """None where the kiosk has no dispenser of new cards."""
    new_card: DeviceHealth | None = None
    """The reader at the dispenser's chip station."""
    sam: DeviceHealth | None = None
    """None where the kiosk has no SAM."""
    bank_reader: DeviceHealth | None = None
    """None where the kiosk reads no bank cards itself."""
    pin_pad: DeviceHealth | None = None
    eft: DeviceHealth | None = None
    """The terminal box; None where the kiosk has none."""
    scanner: DeviceHealth | None = None
    bank_card: str = "none"
    """Where the bank card is: none, in, mouth (held out), taken, captured, stuck."""
    draws_in: bool = False
    """Whether the reader for bank cards draws in a card that nobody takes."""
    phone: bool = False
    """Whether this kiosk takes payment by phone at all."""
    recharge: bool = False
    recharge_digits: int = 18
    """How many digits the secret number of a recharge card has."""
    station: CardState = CardState.OFFLINE
    """Where a card stands in the dispenser's path."""
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
    def card_works(self) -> bool:
        """Whether a meter card can be read and asked about now."""
        return self.card_writer is not None and self.card_writer.usable and self.hub_up

    @property
    def card_units(self) -> dict[str, DeviceHealth | None]:
        """What a kiosk has for meter cards and keys, by the names under which health tells of them."""
        return {
            "card_writer": self.card_writer,
            "dispenser": self.dispenser,
            "new_card": self.new_card,
            "sam": self.sam,
        }

    @property
    def tender_units(self) -> dict[str, DeviceHealth | None]:
        """What a kiosk has for money that is not cash, by the names under which health tells of them."""
        return {
            "bank_reader": self.bank_reader,
            "pin_pad": self.pin_pad,
            "eft": self.eft,
            "scanner": self.scanner,
        }

    @property
    def tenders(self) -> tuple[Tender, ...]:
        """The means of payment that this kiosk is made for, whether they work now or not."""
        bank_card = self.bank_reader is not None or self.eft is not None
        having = {"bank_card": bank_card, "qr": self.phone, "recharge_card": self.recharge}
        return ("cash", *(tender for tender in TENDERS if having.get(tender)))

    def tender_reason(self, tender: Tender) -> str:
        """Why a means does not work now; empty where it does.

        A word of `cash_reason`, or bank_reader, pin_pad, eft, card_inside (a bank card of nobody's).
        """
        if tender == "cash":
            return "" if self.cash_works else self.cash_reason
        if not self.hub_up:
            return "hub_gone" if self.hub_heard else "starting"
        if not self.printer.usable:
            return "printer"
        if tender != "bank_card":
            return ""
        if self.bank_card in {"in", "mouth", "stuck"}:
            return "card_inside"
        units = self.tender_units
        return next(
            (name for name in BANK_UNITS if (unit := units[name]) is not None and not unit.usable), ""
        )

    @property
    def reissues(self) -> bool:
        """Whether a new card can be made here now: a dispenser with cards in it, its reader, and the hub."""
        units = (self.dispenser, self.new_card)
        return self.hub_up and all(unit is not None and unit.usable for unit in units)

    @property
    def blank_ready(self) -> bool:
        """Whether a new card stands where it can be written."""
        return self.station is CardState.CONTACT and self.new_card is not None and self.new_card.usable

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
