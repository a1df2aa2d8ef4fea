"""The contract's requests and answers as strict, frozen types, and the checks that make an answer usable."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec import UNSET, Meta, UnsetType

Id = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}\Z")]
AccountNo = Annotated[str, Meta(pattern=r"^[0-9]{1,32}\Z")]
MeterNo = Annotated[str, Meta(pattern=r"^[0-9]{22}\Z")]
CardNumber = Annotated[str, Meta(pattern=r"^[0-9]{12}\Z")]
Month = Annotated[str, Meta(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])\Z")]
Fen = Annotated[int, Meta(ge=0, le=10**13)]
PaidFen = Annotated[int, Meta(gt=0, le=10**13)]
Time = Annotated[datetime, Meta(tz=True)]
Seq = Annotated[int, Meta(ge=0)]
Hash = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]

Business = Literal["arrears", "prepay", "buy_power", "reissue", "open_card"]
PurchaseKind = Literal["purchase", "reissue", "open"]
Tender = Literal["cash", "bank_card", "qr", "recharge_card"]
MeterKind = Literal["postpaid", "card", "remote_prepaid", "sts"]
ClaimReason = Literal[
    "declined",
    "unanswered",
    "note_fate_unknown",
    "late_note",
    "orphan_note",
    "unasked_note",
    "sale_fate_unknown",
]


class BadAnswer(ValueError):  # noqa: N818 -- it is an answer, and it is bad
    """The hub's answer cannot be used; `field` names the offending field when one is known."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class Wire(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all bodies. Fields that this kiosk does not know are passed over, so that the hub may grow."""


class NoteCount(Wire, frozen=True):
    """So many notes of one face value."""

    value_fen: PaidFen
    count: Annotated[int, Meta(gt=0)]


# Requests


class QuoteRequest(Wire, frozen=True):
    """PUT /v1/quotes/{id}. No months: all that is due, or a prepayment.

    Power is bought for the card of `card_read_id`. A card is reissued or opened after the identity check that
    `identity_check_id` names, for `meter_no` where the account has several card meters. What is unset is not sent.
    """

    account_no: AccountNo
    business: Business
    months: tuple[Month, ...] = ()
    tender: Tender = "cash"
    card_read_id: Id | UnsetType = UNSET
    identity_check_id: Id | UnsetType = UNSET
    meter_no: MeterNo | UnsetType = UNSET


class BoxSale(Wire, frozen=True):
    """What a terminal box said of the sale that it made by itself; `card` is first six and last four at most."""

    terminal_no: str
    merchant_no: str
    card: str
    trace: str
    batch: str
    rrn: str
    auth_code: str
    at: Time


class PaymentRequest(Wire, frozen=True):
    """PUT /v1/payments/{id}. Built from the journal alone, so that every resend has the same content."""

    account_no: AccountNo
    quote_id: Id | None
    """None for money that was taken while the hub was gone."""
    business: Business
    amount_fen: PaidFen
    months: tuple[Month, ...]
    notes: tuple[NoteCount, ...]
    kiosk_no: int
    business_date: date
    taken_at: Time
    reference: str
    tender: Tender = "cash"
    box: BoxSale | UnsetType = UNSET


class ClaimRequest(Wire, frozen=True):
    """PUT /v1/claims/{id}. `amount_fen` is certain money, `memo_fen` money whose fate no device can tell."""

    reference: str
    payment_id: Id | None
    account_no: AccountNo | None
    amount_fen: Fen
    memo_fen: Fen
    reason: ClaimReason
    notes: tuple[NoteCount, ...]
    made_at: Time
    tender: Tender | UnsetType = UNSET
    """Unset for cash."""


class KnownHead(Wire, frozen=True):
    """A row of this kiosk's journal that the hub should know, as the journal has it."""

    seq: Seq
    head: Hash


class OpenItem(Wire, frozen=True, omit_defaults=True):
    """A payment or claim that is at no end yet: what the hub needs should this kiosk never come back.

    Of a claim also the payment that it is for, if any, and its reason.
    """

    id: Id
    kind: Literal["payment", "claim"]
    state: str
    account_no: AccountNo | None
    amount_fen: Fen
    memo_fen: Fen
    opened_at: Time
    reference: str
    payment_id: Id | None = None
    reason: ClaimReason | None = None
    tender: Tender = "cash"


class Backlog(Wire, frozen=True):
    """What waits for the hub."""

    count: int
    oldest_at: Time | None


class HeartbeatRequest(Wire, frozen=True):
    """PUT /v1/heartbeats/{id}: where the journal stands, and what is open in it, oldest first."""

    journal_id: Id
    seq: Seq
    head: Hash
    known: KnownHead | None
    open: tuple[OpenItem, ...]
    backlog: Backlog
    version: str


# Answers


class Heartbeat(Wire, frozen=True):
    """How our journal fits what the hub knows of it; `known_seq` is the row that the hub knows."""

    id: Id
    verdict: Literal["ok", "show", "behind", "forked", "new_journal"]
    known_seq: Seq
    as_of: Time
    business_date: date
    mode: Literal["open", "day_end"]


class Status(Wire, frozen=True):
    """GET /v1/status."""

    now: Time
    business_date: date
    mode: Literal["open", "day_end"]
    version: str


class Meter(Wire, frozen=True):
    """One metering point of an account."""

    meter_no: MeterNo
    kind: MeterKind


class Bill(Wire, frozen=True):
    """One month that is still owed, in whole or in part."""

    month: Month
    charge_fen: Fen
    late_fee_fen: Fen
    paid_fen: Fen
    due_fen: PaidFen
    due_date: date
    state: Literal["open", "partly_paid"]
    kwh: int | float


class Account(Wire, frozen=True):
    """GET /v1/accounts/{account_no}: who it is and what is owed, oldest bill first."""

    account_no: AccountNo
    name_masked: str
    address_masked: str
    supply_unit: str
    usage_class: str
    state: Literal["open", "closed"]
    meters: tuple[Meter, ...]
    balance_fen: Fen
    arrears_fen: Fen
    due_fen: Fen
    bills: tuple[Bill, ...]
    as_of: Time
    business_date: date

    def __post_init__(self) -> None:
        if self.arrears_fen != sum(bill.due_fen for bill in self.bills):
            raise ValueError("arrears_fen is not the sum of the bills")
        if self.due_fen != max(self.arrears_fen - self.balance_fen, 0):
            raise ValueError("due_fen is not arrears less balance")
        months = [bill.month for bill in self.bills]
        if months != sorted(set(months)):
            raise ValueError("bills are not one a month, oldest first")


class Quote(Wire, frozen=True):
    """What the chosen months need after the balance is used, and how much the hub takes at most.

    Less than `min_fen` buys no power; `fee_fen` of the money is a fee.
    """

    id: Id
    account_no: AccountNo
    business: Business
    months: tuple[Month, ...]
    due_fen: Fen
    max_fen: Fen
    expires_at: Time
    as_of: Time
    min_fen: Fen = 0
    fee_fen: Fen = 0


class Allocation(Wire, frozen=True):
    """The part of a payment that one month took."""

    month: Month
    late_fee_fen: Fen
    principal_fen: Fen


class Purchase(Wire, frozen=True):
    """What is to be written on a meter card: `id` is the payment's, the numbers are those that stand on the card.

    A reissue carries the last purchase once more, with its count. `card_tail` are the last four digits of the card's
    serial, none where any blank card will do.
    """

    id: Id
    kind: PurchaseKind
    meter_no: CardNumber
    customer_no: CardNumber
    count: Annotated[int, Meta(ge=0, le=2**32 - 1)]
    amount_fen: Fen
    card_tail: Annotated[str, Meta(pattern=r"^[0-9A-F]{4}\Z")] | None
    profile: str
    old_card_tail: Annotated[str, Meta(pattern=r"^([0-9A-F]{4})?\Z")] = ""
    """Of the card that a reissue replaces, for the slip."""


class Payment(Wire, frozen=True):
    """A credited payment, as the hub booked it. `to_balance_fen` is below zero when balance was used.

    Money for a card without a `purchase` bought nothing and stands to the account's credit.
    """

    id: Id
    status: Literal["credited"]
    hub_no: str
    account_no: AccountNo
    amount_fen: PaidFen
    allocations: tuple[Allocation, ...]
    to_balance_fen: int
    balance_before_fen: Fen
    balance_after_fen: Fen
    arrears_after_fen: Fen
    credited_at: Time
    business_date: date
    purchase: Purchase | None = None
    fee_fen: Fen = 0

    def __post_init__(self) -> None:
        if self.balance_after_fen - self.balance_before_fen != self.to_balance_fen:
            raise ValueError("to_balance_fen is not the change of the balance")
        booked = sum(part.late_fee_fen + part.principal_fen for part in self.allocations)
        if booked + self.power_fen + self.fee_fen + self.to_balance_fen != self.amount_fen:
            raise ValueError("allocations, power, fee and balance do not add up to amount_fen")

    @property
    def power_fen(self) -> int:
        """How much of this money was sold as power; what a reissue carries was paid before."""
        return 0 if self.purchase is None or self.purchase.kind == "reissue" else self.purchase.amount_fen


class Claim(Wire, frozen=True):
    """A claim as the hub holds it. `resolution` is "already_credited" when the payment had been booked."""

    id: Id
    reference: str
    state: Literal["open", "released", "closed"]
    amount_fen: Fen
    memo_fen: Fen
    payment_id: Id | None
    resolution: str


class PurchaseFate(Wire, frozen=True):
    """How far the power on a slip has come.

    `state` is a word: authorised, owed, written (on the card), taken (in the meter), withdrawn, or a newer hub's.
    """

    id: Id
    kind: str
    count: int
    amount_fen: Fen
    state: str


class Reference(Wire, frozen=True):
    """GET /v1/references/{reference}: what became of the money on a slip.

    `kind`, `state` and `resolution` are words: one that a newer hub adds is no bad answer, and no sign that it is gone.
    """

    reference: str
    kind: str
    state: str
    amount_fen: Fen
    memo_fen: Fen
    resolution: str
    made_at: Time
    booked_on: date | None = None
    """The business date on which the payment was credited; an older hub does not tell it."""
    purchase: PurchaseFate | None = None


class CustomerText(Wire, frozen=True):
    """What the customer's screen says."""

    zh: str
    en: str


class Problem(Wire, frozen=True):
    """An RFC 9457 problem document; `detail` is for the technician."""

    status: Annotated[int, Meta(ge=400, le=599)]
    code: str
    title: str = ""
    type: str = "about:blank"
    customer_text: CustomerText | None = None
    detail: str = ""
    field: str | None = None
    retry_after_s: int | float | None = None
    claim_id: Id | None = None


W = TypeVar("W", bound=Wire)

_encoder = msgspec.json.Encoder()


def encode(request: Wire) -> bytes:
    """The request's JSON, the same bytes for the same content."""
    return _encoder.encode(request)


def decode(kind: type[W], body: bytes, expect: Mapping[str, object] | None = None) -> W:
    """The body as `kind`, with every field named in `expect` equal to its value; raises BadAnswer."""
    try:
        answer = msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadAnswer(f"not a {kind.__name__}: {error}") from error
    for name, value in (expect or {}).items():
        if getattr(answer, name) != value:
            raise BadAnswer(f"{kind.__name__}.{name} is not what was asked for", name)
    return answer
