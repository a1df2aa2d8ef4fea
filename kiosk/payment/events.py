"""What happened to money, as the journal stores it: every event is durable before the act that it permits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from kiosk.payment.card_events import (
    CardKept,
    CardLeft,
    CardOffered,
    CardReadAsked,
    OutcomeSending,
    OutcomeTaken,
    OutcomeUnanswered,
    RewriteOpened,
    WriteAbsent,
    WriteGivenUp,
    WriteIntended,
    WriteTorn,
    WriteUncertain,
    WriteVerified,
)
from kiosk.payment.event import (
    AccountFacts,
    Allocation,
    CardFacts,
    Event,
    NoteCount,
    PurchaseFacts,
    QuoteFacts,
)
from kiosk.payment.tender_events import (
    BoxSaleOpened,
    LastResultAsked,
    LastResultUnknown,
    LateAnswer,
    OrderClosed,
    OrderClosing,
    OrderOpened,
    OrderUnanswered,
    PhoneOpened,
    RechargeOpened,
    ReversalAnswered,
    ReversalSending,
    ReversalUnanswered,
    SaleApproved,
    SaleDeclined,
    SaleOpened,
    SaleUnknown,
    TenderFacts,
    TenderOpened,
    VoidAsked,
    Voided,
    VoidUnknown,
)

__all__ = [
    "AccountFacts",
    "Allocation",
    "AnyEvent",
    "BoxSaleOpened",
    "CardFacts",
    "CardKept",
    "CardLeft",
    "CardOffered",
    "CardReadAsked",
    "Event",
    "LastResultAsked",
    "LastResultUnknown",
    "LateAnswer",
    "NoteCount",
    "OrderClosed",
    "OrderClosing",
    "OrderOpened",
    "OrderUnanswered",
    "OutcomeSending",
    "OutcomeTaken",
    "OutcomeUnanswered",
    "PhoneOpened",
    "PurchaseFacts",
    "QuoteFacts",
    "RechargeOpened",
    "ReversalAnswered",
    "ReversalSending",
    "ReversalUnanswered",
    "RewriteOpened",
    "SaleApproved",
    "SaleDeclined",
    "SaleOpened",
    "SaleUnknown",
    "TenderFacts",
    "TenderOpened",
    "VoidAsked",
    "VoidUnknown",
    "Voided",
    "WriteAbsent",
    "WriteGivenUp",
    "WriteIntended",
    "WriteTorn",
    "WriteUncertain",
    "WriteVerified",
    "count_notes",
]


class PaymentOpened(Event, frozen=True, kw_only=True):
    """The customer chose cash and the hub gave a quote: permits the acceptor to be enabled."""

    kiosk_no: int
    business: str
    account: AccountFacts
    quote: QuoteFacts
    lang: str
    at: str
    card: CardFacts | None = None


class NoteIntended(Event, frozen=True, kw_only=True):
    """Permits the note in escrow to be stacked."""

    note_id: str
    note_type: int
    value_fen: int
    counter: int | None = None


class NoteStacked(Event, frozen=True, kw_only=True):
    """The note passed the point of no return: permits the acknowledgement to the acceptor."""

    note_id: str
    value_fen: int
    asked: bool = True
    recovered: bool = False


class NoteReturned(Event, frozen=True, kw_only=True):
    """The intended note went back to the customer after all."""

    note_id: str
    recovered: bool = False


class NoteFateUnknown(Event, frozen=True, kw_only=True):
    """No device can tell where the intended note is; a claim with a memo amount stands beside this event."""

    note_id: str
    claim_id: str


class NoteRefused(Event, frozen=True, kw_only=True):
    """A note was given back before it was stacked. Evidence only: no money moved."""

    value_fen: int
    reason: str


class CancelRequested(Event, frozen=True, kw_only=True):
    """The customer leaves before any money is in (`by`: customer, timeout, restart, fault)."""

    by: str


class Cancelled(Event, frozen=True, kw_only=True):
    """The acceptor is closed and empty-handed."""


class PayRequested(Event, frozen=True, kw_only=True):
    """The amount is to be fixed (`by`: customer, timeout, restart, fault)."""

    by: str


class CreditSending(Event, frozen=True, kw_only=True):
    """Permits attempt number `attempt` of the credit request; the same content every time."""

    attempt: int
    amount_fen: int
    taken_at: str
    business_date: str


class CreditUnknown(Event, frozen=True, kw_only=True):
    """The attempt ended without a usable answer (`sent` is false if no byte left the kiosk)."""

    attempt: int
    sent: bool
    reason: str


class CreditApproved(Event, frozen=True, kw_only=True):
    """The hub has booked the money."""

    hub_no: str
    allocations: tuple[Allocation, ...]
    to_balance_fen: int
    balance_before_fen: int
    balance_after_fen: int
    arrears_after_fen: int
    credited_at: str
    business_date: str
    replayed: bool = False
    tendered_fen: int = 0
    """What was taken by other means than cash, where this is the word of it."""
    facts: TenderFacts | None = None


class GoodApproved(CreditApproved, frozen=True, kw_only=True):
    """The hub has booked the money and authorised one purchase count: the card is to be written."""

    purchase: PurchaseFacts


class CheckingPromised(Event, frozen=True, kw_only=True):
    """The customer will not wait any longer: permits the slip that says the outcome is being checked."""

    reference: str


class Claimed(Event, frozen=True, kw_only=True):
    """The payment's money is a claim now, opened by the event beside this one."""

    claim_id: str
    reason: str


class SlipIntended(Event, frozen=True, kw_only=True):
    """Permits one print job (`slip`: paid, checking, provisional, claim, returned)."""

    job: str
    slip: str
    copy_no: int = 0


class SlipPrinted(Event, frozen=True, kw_only=True):
    """The printer confirmed the end of the job."""

    job: str


class SlipFailed(Event, frozen=True, kw_only=True):
    """The job did not end well, or nobody knows."""

    job: str
    reason: str


class ClaimOpened(Event, frozen=True, kw_only=True):
    """Money is in suspense from here on; durable before any note that it covers is acknowledged."""

    reference: str
    reason: str
    payment_id: str
    account_no: str
    amount_fen: int
    memo_fen: int
    notes: tuple[NoteCount, ...]
    note_id: str
    at: str
    lang: str
    tender: str = "cash"


class ClaimSending(Event, frozen=True, kw_only=True):
    """Permits attempt number `attempt` of telling the hub."""

    attempt: int


class ClaimUnanswered(Event, frozen=True, kw_only=True):
    """The attempt ended without a usable answer."""

    attempt: int
    reason: str


class ClaimTaken(Event, frozen=True, kw_only=True):
    """The hub has the claim; from here on it has an owner there."""

    resolution: str


PaymentEvent = (
    PaymentOpened
    | NoteIntended
    | NoteStacked
    | NoteReturned
    | NoteFateUnknown
    | NoteRefused
    | CancelRequested
    | Cancelled
    | PayRequested
    | CreditSending
    | CreditUnknown
    | CreditApproved
    | GoodApproved
    | CheckingPromised
    | Claimed
    | SlipIntended
    | SlipPrinted
    | SlipFailed
)
CardEvent = (
    RewriteOpened
    | WriteIntended
    | WriteUncertain
    | CardReadAsked
    | WriteVerified
    | WriteAbsent
    | WriteTorn
    | WriteGivenUp
    | CardOffered
    | CardKept
    | CardLeft
    | OutcomeSending
    | OutcomeUnanswered
    | OutcomeTaken
)
TenderEvent = (
    SaleOpened
    | BoxSaleOpened
    | PhoneOpened
    | RechargeOpened
    | SaleApproved
    | SaleDeclined
    | SaleUnknown
    | ReversalSending
    | ReversalUnanswered
    | ReversalAnswered
    | LastResultAsked
    | LastResultUnknown
    | VoidAsked
    | VoidUnknown
    | Voided
    | OrderOpened
    | OrderClosing
    | OrderUnanswered
    | OrderClosed
    | LateAnswer
)
ClaimEvent = ClaimOpened | ClaimSending | ClaimUnanswered | ClaimTaken
AnyEvent = PaymentEvent | CardEvent | TenderEvent | ClaimEvent


def count_notes(values: Iterable[int]) -> tuple[NoteCount, ...]:
    """Count notes by value, the largest value first."""
    return tuple(NoteCount(v, n) for v, n in sorted(Counter(values).items(), reverse=True))
