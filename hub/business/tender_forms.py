"""The internal form for money that is not cash: bank cards through the switch, phones, recharge cards.

The id of each order is the id of the payment that it is to become. What a customer must keep to himself (card data, the
encrypted PIN block, a payer's code, a recharge card's number) comes sealed to the host and is kept nowhere.
"""

from datetime import date, datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from hub.business.forms import (
    MAX_FEN,
    MAX_NO,
    AccountNo,
    Answer,
    Business,
    Id,
    MonthList,
    Order,
    Payment,
    PaymentOrder,
    Reference,
    Tender,
    Time,
)

Sealed = Annotated[str, Meta(min_length=1, max_length=8192, description="JWE, compact form")]
PaidFen = Annotated[int, Meta(ge=1, le=MAX_FEN)]
Acquirer = Annotated[str, Meta(pattern=r"^[a-z0-9_]{1,16}\Z")]
MaskedCard = Annotated[
    str, Meta(pattern=r"^[0-9]{0,6}\*{1,15}[0-9]{4}\Z", description="first six, last four")
]
Word = Annotated[str, Meta(pattern=r"^[ -~]{0,40}\Z")]
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
"""What a bank's refusal means for the customer, whatever number it came with."""


class Title(msgspec.Struct, frozen=True):
    """The name of a bank or wallet as the customer reads it."""

    zh: str
    en: str


class RouteOrder(Order, frozen=True):
    """Ask which bank takes a card, before its PIN is asked for; `prefix` are its first six digits."""

    prefix: Annotated[str, Meta(pattern=r"^[0-9]{6}\Z")]
    length: Annotated[int, Meta(ge=12, le=19)]
    amount_fen: PaidFen


class PinKey(Answer, frozen=True):
    """The PIN key of this terminal at the acquirer, under the master key that its PIN pad holds for it.

    `check` is the key's check value: the first 4 bytes of zeros encrypted with it.
    """

    wrapped: Annotated[str, Meta(pattern=r"^[0-9A-F]{32}\Z")]
    check: Annotated[str, Meta(pattern=r"^[0-9A-F]{8}\Z")]


class Route(Answer, frozen=True, omit_defaults=True):
    """Which bank takes the card. Without a `pin_key` it asks for no PIN."""

    id: str
    acquirer: Acquirer
    title: Title
    terminal_no: str
    pin_key: PinKey | None = None


class TenderOrder(Order, frozen=True):
    """What every payment says that is not cash."""

    account_no: AccountNo
    quote_id: Id
    business: Business
    months: MonthList
    kiosk_no: Annotated[int, Meta(ge=0, le=MAX_NO)]
    business_date: date
    made_at: Time
    reference: Reference


class SaleOrder(TenderOrder, frozen=True):
    """Take this amount from the card of a route. `sealed` holds a `BankCard` under the field "bank_card"."""

    amount_fen: PaidFen
    route_id: Id
    sealed: Sealed


class BankCard(Order, frozen=True):
    """What the bank needs of a card. Nothing of it is ever stored, but the number, encrypted, while money may go back.

    `expiry` is YYMM, `sequence` the card's own of 3 digits, `icc` the data of field 55 in hex, `pin_block` 8 bytes in
    hex under the PIN key of the route; each is empty where there is none.
    """

    FIELD = "bank_card"

    def __repr__(self) -> str:
        return f"BankCard(<{len(self.pan)}>)"

    pan: Annotated[str, Meta(pattern=r"^[0-9]{12,19}\Z")]
    expiry: Annotated[str, Meta(pattern=r"^([0-9]{4})?\Z")] = ""
    sequence: Annotated[str, Meta(pattern=r"^([0-9]{3})?\Z")] = ""
    track2: Annotated[str, Meta(pattern=r"^[0-9=D]{0,37}\Z")] = ""
    icc: Annotated[str, Meta(pattern=r"^([0-9A-F]{2}){0,255}\Z")] = ""
    pin_block: Annotated[str, Meta(pattern=r"^([0-9A-F]{16})?\Z")] = ""


class BankFacts(Answer, frozen=True):
    """What the slip tells of the bank's side of a sale."""

    acquirer: str
    title: Title
    card: MaskedCard
    terminal_no: str
    merchant_no: str
    trace: str
    batch: str
    rrn: str
    auth_code: str
    at: datetime


class Decline(Answer, frozen=True):
    """Why the bank did not take the money; `code` is its own, for the technician."""

    family: Family
    code: str


class Sale(Answer, frozen=True, omit_defaults=True):
    """What became of a sale.

    `pending`: the bank has not answered yet. `approved`: booked, see `payment`. `declined`: nothing was taken.
    `reversing`: the bank did not answer, or not as it should; what it may have taken goes back.
    `reversed`: it went back.
    """

    id: str
    status: Literal["pending", "approved", "declined", "reversing", "reversed"]
    amount_fen: int
    bank: BankFacts | None = None
    payment: Payment | None = None
    decline: Decline | None = None


class PhoneOrder(TenderOrder, frozen=True):
    """Open an order that a phone pays: by a code for it to scan, or by the customer's own, sealed ("payer_code")."""

    amount_fen: PaidFen
    sealed: Sealed | None = None


class PhoneClosing(Order, frozen=True):
    """Close an order; after the answer no payment for it is credited by itself.

    It may come before its order, or in its place, and then says what that was to be for.
    """

    amount_fen: PaidFen
    made_at: Time


class Phone(Answer, frozen=True, omit_defaults=True):
    """What became of an order by phone.

    `open`: it can be paid. `paid`: booked, see `payment`. `refused`: it cannot be paid. `closed`: it was closed unpaid.
    """

    id: str
    status: Literal["open", "paid", "refused", "closed"]
    amount_fen: int
    title: Title
    code: str = ""
    """What the code on the screen says; empty where the customer's own was scanned."""
    expires_at: datetime | None = None
    payment: Payment | None = None
    wallet_no: str = ""
    """The provider's own number of the payment, for the slip."""
    refusal: Literal["", "provider_away", "bad_code", "funds", "limit", "other"] = ""


class RedemptionOrder(TenderOrder, frozen=True):
    """Spend a recharge card. `sealed` holds its secret number under the field "recharge_card"."""

    sealed: Sealed


class Redemption(Answer, frozen=True, omit_defaults=True):
    """What became of a recharge card: spent for this payment, or why not. Refused is refused for this id for good."""

    id: str
    status: Literal["redeemed", "refused"]
    value_fen: int = 0
    card_end: str = ""
    """The last four digits of the card's public serial, for the slip."""
    payment: Payment | None = None
    refusal: Literal["", "unknown", "used", "expired", "locked", "off_limits"] = ""
    tries_left: int = 0


def payment_order(order: TenderOrder, tender: Tender, amount_fen: int) -> PaymentOrder:
    """The payment that an order becomes once its money is there."""
    return PaymentOrder(
        account_no=order.account_no,
        quote_id=order.quote_id,
        business=order.business,
        tender=tender,
        amount_fen=amount_fen,
        months=order.months,
        notes=(),
        kiosk_no=order.kiosk_no,
        business_date=order.business_date,
        taken_at=order.made_at,
        reference=order.reference,
    )
