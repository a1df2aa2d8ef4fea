"""The one internal form: what channels ask the hub and what it answers, whatever wire they came over."""

import re
from datetime import date, datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

MAX_FEN = 10**13
MAX_NO = 2**63 - 1
ID_PATTERN = r"^[0-9a-f]{32}\Z"
_REFERENCE = re.compile(r"[ -~]{1,64}", re.ASCII)
_DIGITS = re.compile(r"[0-9]{1,22}", re.ASCII)

Id = Annotated[str, Meta(pattern=ID_PATTERN, description="made by the kiosk: 32 lower-case hex digits")]
AccountNo = Annotated[str, Meta(pattern=r"^[0-9]{1,22}\Z", description="digits only")]
Month = Annotated[str, Meta(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])\Z", description="YYYY-MM")]
Fen = Annotated[int, Meta(ge=-MAX_FEN, le=MAX_FEN)]
CertainFen = Annotated[int, Meta(ge=0, le=MAX_FEN)]
Time = Annotated[datetime, Meta(tz=True, description="UTC, RFC 3339")]
Reference = Annotated[str, Meta(pattern=r"^[ -~]{1,64}\Z", description="as printed on the slip")]
MeterNo = Annotated[str, Meta(pattern=r"^[0-9]{22}\Z", description="a meter's asset number")]
CardSerial = Annotated[
    str, Meta(pattern=r"^[0-9A-F]{16}\Z", description="a meter card's serial: 16 upper-case hex digits")
]
CardNumber = Annotated[
    str, Meta(pattern=r"^[0-9]{12}\Z", description="a number as it stands on a meter card")
]
Business = Literal["arrears", "prepay", "buy_power", "reissue", "open_card"]
PurchaseKind = Literal["purchase", "reissue", "open"]
PurchaseState = Literal["authorised", "owed", "written", "taken", "withdrawn"]
Tender = Literal["cash", "bank_card", "qr", "recharge_card"]
Reason = Literal[
    "declined",
    "unanswered",
    "note_fate_unknown",
    "late_note",
    "orphan_note",
    "unasked_note",
    "sale_fate_unknown",
]
ReversalReason = Literal["unanswered", "declined", "delivery_failed"]
Outcome = Literal["reversed", "already_reversed", "tombstone"]
ClaimState = Literal["open", "released", "closed"]
Resolution = Literal["", "already_credited", "credited", "refunded", "nothing_found"]
Mode = Literal["open", "day_end"]
Verdict = Literal["ok", "show", "behind", "forked", "new_journal"]


class Order(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Something a channel asks for under an id of its own; an unknown key is an error."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Something the hub says; later versions may add keys."""


class Notes(Order, frozen=True):
    """So many banknotes of one value."""

    value_fen: Annotated[int, Meta(ge=1, le=10**7)]
    count: Annotated[int, Meta(ge=1, le=100_000)]


NoteList = Annotated[tuple[Notes, ...], Meta(max_length=64)]
MonthList = Annotated[tuple[Month, ...], Meta(max_length=600)]


class QuoteOrder(Order, frozen=True):
    """Ask what the chosen months cost now; no months means all of them.

    Power is bought for the card of `card_read_id`. A card is reissued or opened for the account's card meter, for
    `meter_no` where the account has more than one, after the identity check that `identity_check_id` names.
    """

    account_no: AccountNo
    business: Business
    months: MonthList
    tender: Tender
    card_read_id: Id | None = None
    identity_check_id: Id | None = None
    meter_no: MeterNo | None = None


class BoxSale(Order, frozen=True):
    """What a certified terminal box said of a sale that it made with its bank by itself."""

    terminal_no: Annotated[str, Meta(pattern=r"^[ -~]{1,16}\Z")]
    merchant_no: Annotated[str, Meta(pattern=r"^[ -~]{1,16}\Z")]
    card: Annotated[str, Meta(pattern=r"^[0-9]{0,6}\*{1,15}[0-9]{4}\Z", description="first six, last four")]
    trace: Annotated[str, Meta(pattern=r"^[0-9]{1,12}\Z")]
    batch: Annotated[str, Meta(pattern=r"^[0-9]{0,6}\Z")]
    rrn: Annotated[str, Meta(pattern=r"^[ -~]{0,12}\Z")]
    auth_code: Annotated[str, Meta(pattern=r"^[ -~]{0,6}\Z")]
    at: Time


class PaymentOrder(Order, frozen=True):
    """Money that was taken from a customer and is to be credited once; without a quote if the hub was gone then.

    A bank card's money was taken by a terminal box, which says so in `box`; what goes through the hub is ordered there.
    """

    account_no: AccountNo
    quote_id: Id | None
    business: Business
    tender: Tender
    amount_fen: Fen
    months: MonthList
    notes: NoteList
    kiosk_no: Annotated[int, Meta(ge=0, le=MAX_NO)]
    business_date: date
    taken_at: Time
    reference: Reference | None = None
    box: BoxSale | None = None


class ClaimOrder(Order, frozen=True):
    """Money that could not be credited, or of which no device can tell where it is."""

    reference: Reference
    payment_id: Id | None
    account_no: AccountNo | None
    amount_fen: CertainFen
    memo_fen: CertainFen
    reason: Reason
    notes: NoteList
    made_at: Time
    tender: Tender = "cash"


class ReversalOrder(Order, frozen=True):
    """A payment whose money does not stay: it is undone, or refused should it still come."""

    payment_id: Id
    amount_fen: CertainFen
    reason: ReversalReason
    made_at: Time


Hash = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z", description="the hash of a row of the journal")]
Seq = Annotated[int, Meta(ge=0, le=MAX_NO)]


class KnownHead(Order, frozen=True):
    """The row of the kiosk's journal that the hub should know, as the journal has it."""

    seq: Seq
    head: Hash


class OpenItem(Order, frozen=True):
    """A payment or claim that is at no end yet, as the kiosk's journal has it.

    A claim has the payment that it is for, if any, and its reason; a kiosk of an older version tells neither.
    """

    id: Id
    kind: Literal["payment", "claim"]
    state: Annotated[str, Meta(pattern=r"^[ -~]{0,32}\Z")]
    account_no: AccountNo | None
    amount_fen: CertainFen
    memo_fen: CertainFen
    opened_at: Time
    reference: Reference
    payment_id: Id | None = None
    reason: Reason | None = None
    tender: Tender = "cash"


class Backlog(Order, frozen=True):
    """What waits for the hub."""

    count: Annotated[int, Meta(ge=0, le=MAX_NO)]
    oldest_at: Time | None


class HeartbeatOrder(Order, frozen=True):
    """Where the kiosk's journal stands, and what is open in it, oldest first."""

    journal_id: Id
    seq: Seq
    head: Hash
    known: KnownHead | None
    open: Annotated[tuple[OpenItem, ...], Meta(max_length=200)]
    backlog: Backlog
    version: Annotated[str, Meta(pattern=r"^[ -~]{0,64}\Z")]


class Status(Answer, frozen=True):
    """Whether the hub is open, and its accounting day."""

    now: datetime
    business_date: date
    mode: Mode
    version: str


class MeterView(Answer, frozen=True):
    meter_no: str
    kind: Literal["postpaid", "card", "remote_prepaid", "sts"]


class BillView(Answer, frozen=True):
    """A bill with something due: due = charge + late fee outstanding - principal paid."""

    month: str
    charge_fen: int
    late_fee_fen: int
    paid_fen: int
    due_fen: int
    due_date: date
    state: Literal["open", "partly_paid"]
    kwh: int


class Account(Answer, frozen=True):
    """An account as the customer may see it: name and address masked, open bills oldest first."""

    account_no: str
    name_masked: str
    address_masked: str
    supply_unit: str
    usage_class: str
    state: Literal["open", "closed"]
    meters: tuple[MeterView, ...]
    balance_fen: int
    arrears_fen: int
    due_fen: int
    bills: tuple[BillView, ...]
    as_of: datetime
    business_date: date


class Quote(Answer, frozen=True, omit_defaults=True):
    """What is due and how much may be paid; less than `min_fen` buys no power, `fee_fen` of it is a fee."""

    id: str
    account_no: str
    business: Business
    months: tuple[str, ...]
    due_fen: int
    max_fen: int
    expires_at: datetime
    as_of: datetime
    min_fen: int = 0
    fee_fen: int = 0


class AllocationView(Answer, frozen=True):
    month: str
    late_fee_fen: int
    principal_fen: int


class PurchaseView(Answer, frozen=True, omit_defaults=True):
    """What is to be written on a meter card; `id` is the payment's, the numbers are those that stand on the card.

    `card_tail`, the last four digits of its serial, is none where any blank card will do.
    """

    id: str
    kind: PurchaseKind
    meter_no: str
    customer_no: str
    count: int
    amount_fen: int
    card_tail: str | None
    profile: str
    old_card_tail: str = ""
    """The last four characters of the card that a reissue replaces; empty where there is none."""


class Payment(Answer, frozen=True, omit_defaults=True):
    """What became of a payment; `hub_no` is the hub's own serial for the slip.

    Money for a card without a `purchase` bought nothing and stands to the account's credit.
    """

    id: str
    status: Literal["credited"]
    hub_no: str
    account_no: str
    amount_fen: int
    allocations: tuple[AllocationView, ...]
    to_balance_fen: int
    balance_before_fen: int
    balance_after_fen: int
    arrears_after_fen: int
    credited_at: datetime
    business_date: date
    purchase: PurchaseView | None = None
    fee_fen: int = 0


class Claim(Answer, frozen=True):
    id: str
    reference: str
    state: ClaimState
    amount_fen: int
    memo_fen: int
    payment_id: str | None
    resolution: Resolution


class Reversal(Answer, frozen=True):
    """What became of a reversal; after any outcome the payment of this id is refused."""

    id: str
    payment_id: str
    amount_fen: int
    outcome: Outcome
    reversed_at: datetime
    business_date: date


class Heartbeat(Answer, frozen=True):
    """How the kiosk's journal fits what the hub knows of it; `known_seq` is the row that the hub knows."""

    id: str
    verdict: Verdict
    known_seq: int
    as_of: datetime
    business_date: date
    mode: Mode


class PurchaseFate(Answer, frozen=True):
    """How far a purchase has come on its way to the meter.

    `authorised`: paid, and nothing was heard of its write. `owed`: to be written, free of charge.
    `written`: on the card. `taken`: in the meter. `withdrawn`: its money went back.
    """

    id: str
    kind: PurchaseKind
    count: int
    amount_fen: int
    state: PurchaseState


class ReferenceView(Answer, frozen=True, omit_defaults=True):
    """What became of the money on a slip, for whoever holds it; of power also whether it is on the card."""

    reference: str
    kind: Literal["payment", "claim"]
    state: Literal["credited", "reversed", "open", "released", "closed"]
    amount_fen: int
    memo_fen: int
    resolution: Resolution
    made_at: datetime
    booked_on: date | None
    """The business date on which the payment was credited; none where it was not, or was undone."""
    purchase: PurchaseFate | None = None


def is_reference(text: str) -> bool:
    """Whether the text could stand on a slip."""
    return _REFERENCE.fullmatch(text) is not None


def is_account_no(text: str) -> bool:
    """Whether the text could be an account or meter number at all: digits, not too many."""
    return _DIGITS.fullmatch(text) is not None
