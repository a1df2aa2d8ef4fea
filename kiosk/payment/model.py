"""What is known of one payment and one claim: the fold of their journalled events."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from kiosk.payment.events import AccountFacts, Allocation, NoteCount, QuoteFacts, count_notes

Business = Literal["arrears", "prepay"]


class PaymentState(StrEnum):
    """Where one payment stands. The last three are ends."""

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
    CREDITED = "credited"
    """The hub has credited the money; the receipt is due."""
    PAID = "paid"
    CANCELLED = "cancelled"
    CLAIMED = "claimed"


ENDS = frozenset({PaymentState.PAID, PaymentState.CANCELLED, PaymentState.CLAIMED})
WHOLE = frozenset({"declined", "unanswered"})
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

    @property
    def inserted_fen(self) -> int:
        """Money that is certainly in the box for this payment."""
        return sum(n.value_fen for n in self.notes if n.state is NoteState.STACKED)

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
    def over(self) -> bool:
        """Whether no event can come for it any more: the printer owes no word on its last slip.

        An earlier slip whose word never came was printed again as a copy after a restart.
        """
        return self.ended and _told(self.slips)


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

    @property
    def over(self) -> bool:
        """Whether no event can come for it any more."""
        return self.state is ClaimState.TAKEN and _told(self.slips)


def _told(slips: tuple[Slip, ...]) -> bool:
    return not slips or slips[-1].printed is not None
