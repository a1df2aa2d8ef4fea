"""What is known of one payment and one claim: the fold of their journalled events."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from kiosk.payment.events import (
    AccountFacts,
    Allocation,
    CardFacts,
    NoteCount,
    PurchaseFacts,
    QuoteFacts,
    TenderFacts,
    count_notes,
)

Business = Literal["arrears", "prepay", "buy_power", "rewrite", "reissue", "open_card"]
"""Arrears and prepay end with the hub's booking, buy power with a written card; a rewrite takes no money.

Reissue and open card end with a new card of the dispenser's that its customer has taken.
"""
BUSINESSES: tuple[Business, ...] = ("arrears", "prepay", "buy_power", "rewrite", "reissue", "open_card")
Tender = Literal["cash", "bank_card", "qr", "recharge_card"]
NEW_CARD = frozenset({"reissue", "open_card"})
"""Kinds of business whose card comes from the dispenser."""


class PaymentState(StrEnum):
    """Where one payment stands. The last six are ends."""

    OPEN = "open"
    """Acceptor enabled, no money in yet."""
    STACKING_FIRST = "stacking_first"
    """The first note may be stacked: its intent is durable."""
    FUNDED = "funded"
    """At least one note is in the box and credited to this payment."""
    STACKING = "stacking"
    """A further note may be stacked."""
    CANCELLING = "cancelling"
    """The customer left before any money; the acceptor is being closed."""
    CLOSING = "closing"
    """The amount is being fixed: the acceptor is being closed."""
    SENDING = "sending"
    """The credit request is durable and may be at the hub; the customer waits."""
    CHECKING = "checking"
    """As SENDING, but the customer has a slip that says the outcome is being checked."""
    AUTHORISING = "authorising"
    """The sale with its sealed card data may be at the hub and at the bank."""
    REVERSING = "reversing"
    """The sale may stand at the bank; a reversal is due and repeated until it is answered."""
    AUTHORISING_BOX = "authorising_box"
    """The terminal box may have taken the money."""
    ASKING_BOX = "asking_box"
    """The box is asked for its last result before anything else; the question moves no money."""
    TAKEN = "taken"
    """The box took the money and it is not on the hub's books yet; from here on as stacked cash."""
    VOIDING_BOX = "voiding_box"
    """The hub does not take the box's money: the box is asked to give it back."""
    OPENING_ORDER = "opening_order"
    """The hub may have opened an order at the wallet; no code was shown yet."""
    AWAITING_PHONE = "awaiting_phone"
    """The order can be paid at any moment."""
    CLOSING_ORDER = "closing_order"
    """The order is being closed; until the hub has answered it may still be paid."""
    CHECKING_ORDER = "checking_order"
    """As CLOSING_ORDER, but the customer has a slip that says the outcome is being checked."""
    REDEEMING = "redeeming"
    """A recharge card's sealed number is on record and may be spent for this payment."""
    CREDITED = "credited"
    """The hub has credited the money; the receipt is due."""
    UNDELIVERED = "undelivered"
    """The money is booked; the card holds the old purchase count."""
    WRITING = "writing"
    """The card may hold the new purchase count, in whole or torn."""
    READING_BACK = "reading_back"
    """The card is read before anything else: its serial, files and purchase count say what happened."""
    TORN = "torn"
    """Some files are new and the wallet, which is written last, is not: the meter takes nothing from this card."""
    PAID = "paid"
    OWED = "owed"
    """Paid, and the card is still to be written: the hub has the order, any kiosk writes it free of charge."""
    CANCELLED = "cancelled"
    DECLINED = "declined"
    """Nothing was taken."""
    REVERSED = "reversed"
    """What was taken goes back, or went back."""
    CLAIMED = "claimed"


PROMISED = frozenset({PaymentState.CHECKING, PaymentState.CHECKING_ORDER, PaymentState.REVERSING})
"""States whose customer has a slip and has gone, or may go: nobody waits for what is still to be heard."""
ENDS = frozenset(
    {
        PaymentState.PAID,
        PaymentState.OWED,
        PaymentState.CANCELLED,
        PaymentState.DECLINED,
        PaymentState.REVERSED,
        PaymentState.CLAIMED,
    }
)
DELIVERING = frozenset(
    {PaymentState.UNDELIVERED, PaymentState.WRITING, PaymentState.READING_BACK, PaymentState.TORN}
)
"""States in which the card before the kiosk belongs to the payment."""
ALREADY_WRITTEN = "already_written"
"""The reason of a write that the hub lets nobody do any more: what was bought is on a card."""
WHOLE = frozenset({"declined", "unanswered", "sale_fate_unknown"})
"""Reasons of a claim for all of a payment's money; any other is for a single note."""


class ClaimState(StrEnum):
    """Where one claim stands: OPEN until the hub has it."""

    OPEN = "open"
    TAKEN = "taken"


class NoteState(StrEnum):
    """A banknote's life from the moment it may no longer come back."""

    INTENDED = "intended"
    STACKED = "stacked"
    RETURNED = "returned"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Note:
    """One banknote. `counter` is the acceptor's own count before it was stacked, where it keeps one."""

    note_id: str
    value_fen: int
    state: NoteState
    counter: int | None = None
    recovered: bool = False


@dataclass(frozen=True, slots=True)
class Slip:
    """One print job; `printed` is None until the printer answered."""

    job: str
    kind: str
    copy: int
    printed: bool | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Credit:
    """What the hub answered when it credited the payment."""

    hub_no: str
    allocations: tuple[Allocation, ...]
    to_balance_fen: int
    balance_before_fen: int
    balance_after_fen: int
    arrears_after_fen: int
    credited_at: str
    business_date: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """What is to be written on the meter card, and what became of it. `outcome`: written, failed, unknown, or ""."""

    purchase: PurchaseFacts
    write_id: str = ""
    """The write that the hub authorises; none while nothing was tried."""
    writes: int = 0
    outcome: str = ""
    reason: str = ""
    ended_at: str = ""
    taken: bool = False
    """Whether the meter had it before the kiosk saw that it was written."""
    tellings: int = 0
    telling: bool = False
    told: bool = False

    @property
    def made_elsewhere(self) -> bool:
        """Whether another kiosk has delivered it by the hub's word, and nothing stands on the card here."""
        return self.outcome == "failed" and self.reason == ALREADY_WRITTEN

    @property
    def untold(self) -> bool:
        """Whether the hub is still to learn how the write ended."""
        return bool(self.write_id and self.outcome) and not self.told


@dataclass(frozen=True, slots=True)
class Reversal:
    """The undoing of a sale: one id, sent until it is answered."""

    reversal_id: str
    attempts: int


@dataclass(frozen=True, slots=True)
class Payment:
    """One customer's payment. Amounts in fen."""

    payment_id: str
    kiosk_no: int
    state: PaymentState
    business: Business
    account: AccountFacts
    quote: QuoteFacts
    lang: str
    opened_at: str
    notes: tuple[Note, ...] = ()
    attempts: int = 0
    in_flight: bool = False
    taken_at: str = ""
    business_date: str = ""
    credit: Credit | None = None
    slips: tuple[Slip, ...] = ()
    claim_id: str = ""
    ended_by: str = ""
    card: CardFacts | None = None
    """The meter card that the customer put in, or the blank one that stands ready, where the payment is for one."""
    delivery: Delivery | None = None
    hand_over: str = ""
    """What became of the new card that was written: offered, kept (in the reject bin), taken, gone, or ""."""
    tender: Tender = "cash"
    asked_fen: int = 0
    """What was to be taken, fixed before; 0 for cash, and for a recharge card whose value only the hub knows."""
    tendered_fen: int = 0
    """What was certainly taken by other means than cash."""
    facts: TenderFacts | None = None
    declined: str = ""
    """Why nothing was taken, as a word."""
    route_id: str = ""
    reversal: Reversal | None = None
    box_reference: str = ""
    """By it the box knows the sale again; empty where the hub is the switch."""
    asks: int = 0
    """How often the box was asked for its last result or for a void, or the hub to close the order."""
    scanned: bool = False
    code: str = ""
    """What the code on the screen says."""
    expires_at: str = ""
    sealed: str = ""
    """A recharge card's number, for the hub alone."""

    @property
    def inserted_fen(self) -> int:
        """Money that is certainly in: notes in the box, or what was taken by other means."""
        return self.tendered_fen + sum(n.value_fen for n in self.notes if n.state is NoteState.STACKED)

    @property
    def amount_fen(self) -> int:
        """What the payment is for, as far as it is known: what is in, else what was asked."""
        return self.inserted_fen or self.asked_fen

    @property
    def by_box(self) -> bool:
        """Whether a certified terminal box takes its money."""
        return bool(self.box_reference)

    @property
    def intended(self) -> Note | None:
        """The note that may be on its way to the box, if any."""
        return next((n for n in self.notes if n.state is NoteState.INTENDED), None)

    @property
    def note_counts(self) -> tuple[NoteCount, ...]:
        """Stacked notes by value, the largest first."""
        return count_notes(n.value_fen for n in self.notes if n.state is NoteState.STACKED and n.value_fen)

    @property
    def returned_counts(self) -> tuple[NoteCount, ...]:
        """Notes that came back while nobody watched them, by value: their owner has no other evidence of it."""
        back = (n for n in self.notes if n.state is NoteState.RETURNED and n.recovered)
        return count_notes(n.value_fen for n in back if n.value_fen)

    @property
    def due_fen(self) -> int:
        """What the chosen months asked for when the payment was opened; 0 for a prepayment."""
        return self.quote.due_fen

    @property
    def provisional(self) -> bool:
        """Whether the hub gave no quote: it was gone, and nobody has confirmed the account."""
        return not self.quote.quote_id

    @property
    def remaining_fen(self) -> int:
        """What is still missing of what is due."""
        return max(self.due_fen - self.inserted_fen, 0)

    @property
    def surplus_fen(self) -> int:
        """What will become balance."""
        return max(self.inserted_fen - self.due_fen, 0)

    @property
    def ended(self) -> bool:
        """Whether nothing more can happen to its money."""
        return self.state in ENDS

    @property
    def new_card(self) -> bool:
        """Whether its card is one of the dispenser's."""
        return self.business in NEW_CARD or (self.delivery is not None and self.delivery.purchase.new_card)

    @property
    def unhanded(self) -> bool:
        """Whether a new card that was written for it is still in the machine, as far as anybody knows."""
        written = self.delivery is not None and self.delivery.outcome == "written"
        return self.new_card and written and self.hand_over in {"", "offered"}

    @property
    def over(self) -> bool:
        """Whether no event can come for it any more: the printer owes no word on its last slip, the hub none on a
        written card, and no new card of it stands in the machine.

        An earlier slip whose word never came was printed again as a copy after a restart.
        """
        return self.ended and _told(self.slips) and not self.untold and not self.unhanded

    @property
    def untold(self) -> bool:
        """Whether the hub is still to learn how the write of its card ended."""
        return self.delivery is not None and self.delivery.untold


@dataclass(frozen=True, slots=True)
class Claim:
    """Money whose fate is not known or not creditable: `amount_fen` is certain, `memo_fen` is not."""

    claim_id: str
    reference: str
    reason: str
    state: ClaimState
    payment_id: str
    account_no: str
    amount_fen: int
    memo_fen: int
    notes: tuple[NoteCount, ...]
    made_at: str
    lang: str
    attempts: int = 0
    in_flight: bool = False
    resolution: str = ""
    slips: tuple[Slip, ...] = ()
    returned: tuple[NoteCount, ...] = ()
    """Notes of its payment that came back while nobody watched them, where all of the payment's money is claimed."""
    tender: Tender = "cash"

    @property
    def over(self) -> bool:
        """Whether no event can come for it any more."""
        return self.state is ClaimState.TAKEN and _told(self.slips)


def _told(slips: tuple[Slip, ...]) -> bool:
    return not slips or slips[-1].printed is not None
