"""The contract's bodies for money that is not cash: bank cards, phones, recharge cards, and the undoing of a sale."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from msgspec import Meta

from kiosk.hubclient.wire import AccountNo, Business, Fen, Id, Month, PaidFen, Payment, Time, Wire

Family = Literal[
    "funds",
    "limit",
    "pin",
    "pin_tries",
    "expired",
    "card",
    "capture",
    "not_allowed",
    "bank_away",
    "day_end",
    "call_bank",
    "other",
]
"""What a bank's refusal means for the customer."""


class Title(Wire, frozen=True):
    """The name of a bank or wallet."""

    zh: str
    en: str


class RouteRequest(Wire, frozen=True):
    """PUT /v1/routes/{id}: `prefix` are the card's first six digits."""

    prefix: Annotated[str, Meta(pattern=r"^[0-9]{6}\Z")]
    length: Annotated[int, Meta(ge=12, le=19)]
    amount_fen: PaidFen


class PinKey(Wire, frozen=True):
    """The PIN key for this sale, under the master key that the PIN pad holds for the acquirer."""

    wrapped: Annotated[str, Meta(pattern=r"^[0-9A-F]{32}\Z")]
    check: Annotated[str, Meta(pattern=r"^[0-9A-F]{8}\Z")]


class Route(Wire, frozen=True):
    """Which bank takes the card. Without a `pin_key` it asks for no PIN."""

    id: Id
    acquirer: Annotated[str, Meta(pattern=r"^[a-z0-9_]{1,16}\Z")]
    title: Title
    terminal_no: str
    pin_key: PinKey | None = None


class TenderRequest(Wire, frozen=True):
    """What every request says that takes money other than cash; the id in the path is the payment's."""

    account_no: AccountNo
    quote_id: Id
    business: Business
    months: tuple[Month, ...]
    kiosk_no: int
    business_date: date
    made_at: Time
    reference: str


class SaleRequest(TenderRequest, frozen=True):
    """PUT /v1/sales/{id}; `sealed` holds a `BankCard`."""

    amount_fen: PaidFen
    route_id: Id
    sealed: str


class BankCard(Wire, frozen=True):
    """What goes sealed to the bank: expiry YYMM, the card's sequence number, track 2, and the PIN block in hex."""

    FIELD = "bank_card"

    pan: str
    expiry: str = ""
    sequence: str = ""
    track2: str = ""
    icc: str = ""
    pin_block: str = ""

    def __repr__(self) -> str:
        return "BankCard(...)"


class BankFacts(Wire, frozen=True):
    """What the slip tells of the bank's side of a sale."""

    acquirer: str
    title: Title
    card: Annotated[str, Meta(pattern=r"^[0-9]{0,6}\*{1,15}[0-9]{4}\Z")]
    terminal_no: str
    merchant_no: str
    trace: str
    batch: str
    rrn: str
    auth_code: str
    at: Time


class Decline(Wire, frozen=True):
    """Why the bank did not take the money."""

    family: Family
    code: str


class Sale(Wire, frozen=True):
    """What became of a sale: `approved` with its payment, `declined`, or on its way back."""

    id: Id
    status: Literal["pending", "approved", "declined", "reversing", "reversed"]
    amount_fen: PaidFen
    bank: BankFacts | None = None
    payment: Payment | None = None
    decline: Decline | None = None

    def __post_init__(self) -> None:
        if (self.status == "approved") != (self.payment is not None):
            raise ValueError("a payment is there exactly when the sale is approved")


class ReversalRequest(Wire, frozen=True):
    """PUT /v1/reversals/{id}."""

    payment_id: Id
    amount_fen: Fen
    reason: Literal["unanswered", "declined", "delivery_failed"]
    made_at: Time


class Reversal(Wire, frozen=True):
    """The sale counts for nothing; the hub gives back what the bank took."""

    id: Id
    payment_id: Id
    amount_fen: Fen
    outcome: Literal["reversed", "already_reversed", "tombstone"]
    reversed_at: Time
    business_date: date


class PhoneRequest(TenderRequest, frozen=True, omit_defaults=True):
    """PUT /v1/orders/{id}; `sealed` is the payer's own code where one was scanned."""

    amount_fen: PaidFen
    sealed: str | None = None


class PhoneClosing(Wire, frozen=True):
    """PUT /v1/orders/{id}/closing; the hub may hear of the order by this first."""

    amount_fen: PaidFen
    made_at: Time


class Phone(Wire, frozen=True):
    """What became of an order."""

    id: Id
    status: Literal["open", "paid", "refused", "closed"]
    amount_fen: PaidFen
    title: Title
    code: str = ""
    expires_at: datetime | None = None
    payment: Payment | None = None
    wallet_no: str = ""
    refusal: str = ""

    def __post_init__(self) -> None:
        if (self.status == "paid") != (self.payment is not None):
            raise ValueError("a payment is there exactly when the order is paid")


class RedemptionRequest(TenderRequest, frozen=True):
    """PUT /v1/redemptions/{id}; `sealed` is the recharge card's secret number."""

    sealed: str


class Redemption(Wire, frozen=True):
    """What became of a recharge card."""

    id: Id
    status: Literal["redeemed", "refused"]
    value_fen: Fen = 0
    card_end: str = ""
    payment: Payment | None = None
    refusal: str = ""
    tries_left: int = 0

    def __post_init__(self) -> None:
        if (self.status == "redeemed") != (self.payment is not None):
            raise ValueError("a payment is there exactly when the card is redeemed")
        if self.payment is not None and self.payment.amount_fen != self.value_fen:
            raise ValueError("the payment is not of the card's value")
