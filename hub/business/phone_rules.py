"""The rules for orders that phones pay: a table of what each word of the provider means in each state.

Time, ids and the provider's words come in. Money that arrives is credited once, or goes back once; which of the two is
decided by `given_up`, which is durable before anybody is told that nothing will be credited any more.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from hub.business.forms import Payment, Quote, QuoteOrder
from hub.business.refusals import Refusal
from hub.business.tender_forms import Phone, PhoneOrder, Title

State = Literal["opening", "open", "paid", "refused", "closing", "closed", "refund_due", "refunded"]
Told = Literal["open", "paid", "closed", "missing", "refused", "refunded", "silent"]
"""What came of a call: `missing` is an order that the provider does not have, `silent` no answer that can be used."""
Act = Literal["", "book", "keep_back", "gave_back"]
"""What the books do: credit the money; put it into suspense until it goes back; note that it went back."""
Duty = Literal["", "open", "ask", "close", "refund"]
PhoneRefusal = Literal["", "provider_away", "bad_code", "funds", "limit", "other"]
LatePolicy = Literal["refund", "credit"]

Next = tuple[State, Act]
_ARRIVED: Next = ("paid", "book")
TABLE: Mapping[State, Mapping[Told, Next]] = {
    "opening": {
        "open": ("open", ""),
        "paid": _ARRIVED,
        "closed": ("closed", ""),
        "missing": ("closing", ""),
        "refused": ("refused", ""),
        "refunded": ("closed", ""),
        "silent": ("opening", ""),
    },
    "open": {
        "open": ("open", ""),
        "paid": _ARRIVED,
        "closed": ("closed", ""),
        "missing": ("closing", ""),
        "refused": ("refused", ""),
        "refunded": ("closed", ""),
        "silent": ("open", ""),
    },
    "closing": {
        "open": ("closing", ""),
        "paid": _ARRIVED,
        "closed": ("closed", ""),
        "missing": ("closed", ""),
        "refused": ("closed", ""),
        "refunded": ("closed", ""),
        "silent": ("closing", ""),
    },
    "closed": {
        "open": ("closing", ""),
        "paid": _ARRIVED,
        "closed": ("closed", ""),
        "missing": ("closed", ""),
        "refused": ("closed", ""),
        "refunded": ("closed", ""),
        "silent": ("closed", ""),
    },
    "refused": {
        "open": ("closing", ""),
        "paid": _ARRIVED,
        "closed": ("refused", ""),
        "missing": ("refused", ""),
        "refused": ("refused", ""),
        "refunded": ("refused", ""),
        "silent": ("refused", ""),
    },
    "paid": {
        "open": ("paid", ""),
        "paid": ("paid", ""),
        "closed": ("paid", ""),
        "missing": ("paid", ""),
        "refused": ("paid", ""),
        "refunded": ("paid", ""),
        "silent": ("paid", ""),
    },
    "refund_due": {
        "open": ("refund_due", ""),
        "paid": ("refund_due", ""),
        "closed": ("refund_due", ""),
        "missing": ("refund_due", ""),
        "refused": ("refund_due", ""),
        "refunded": ("refunded", "gave_back"),
        "silent": ("refund_due", ""),
    },
    "refunded": {
        "open": ("refunded", ""),
        "paid": ("refunded", ""),
        "closed": ("refunded", ""),
        "missing": ("refunded", ""),
        "refused": ("refunded", ""),
        "refunded": ("refunded", ""),
        "silent": ("refunded", ""),
    },
}
"""state -> what the provider says -> (next state, what the books do). Money for an order that was given up on goes
back wherever the table credits it; what is credited stays, as no reversal undoes what a phone paid."""
STATES: tuple[State, ...] = tuple(TABLE)
UNSETTLED: tuple[State, ...] = ("opening", "open", "closing", "refund_due")
_DUTIES: Mapping[State, Duty] = {
    "opening": "open",
    "open": "ask",
    "closing": "close",
    "closed": "ask",
    "refused": "ask",
    "refund_due": "refund",
    "paid": "",
    "refunded": "",
}
_PAYER_CODE = re.compile(r"[0-9]{10,32}\Z", re.ASCII)
_CREDITED_LATE = ("arrears", "prepay")
"""What money that comes late may still be credited to: an account. Nobody waits for a meter card any more."""


@dataclass(frozen=True, slots=True)
class PhonePolicy:
    """What the utility has decided, and how often the provider is asked.

    `late` is for money that arrives after closing. An order can be paid for `expiry`; `patience` later the hub closes
    it itself, should its kiosk not. A closed order is looked at for `watch`, because a payment may still turn up.
    """

    late: LatePolicy = "refund"
    expiry: timedelta = timedelta(seconds=120)
    patience: timedelta = timedelta(seconds=10)
    watch: timedelta = timedelta(hours=48)
    poll_first: timedelta = timedelta(seconds=1)
    poll_most: timedelta = timedelta(seconds=5)
    again_most: timedelta = timedelta(minutes=5)
    watch_most: timedelta = timedelta(hours=4)


@dataclass(frozen=True, slots=True)
class PhoneRecord:
    """An order as it is kept, under the id of the payment that it is to become, which is its number at the provider.

    `content` is empty where a closing came before its order. `given_up`: from now on money for it goes back. `next_at`
    is when somebody should attend to it, none when nobody need; `tries` counts attempts since the state changed,
    `trouble` says what the last of them came to. `kept_back` and `gave_back` are the bookings of money that was not
    credited.
    """

    id: str
    terminal: str
    content: str
    amount_fen: int
    scanned: bool
    state: State
    given_up: bool
    opened_at: datetime
    changed_at: datetime
    next_at: datetime | None
    code: str = ""
    expires_at: datetime | None = None
    wallet_no: str = ""
    refusal: PhoneRefusal = ""
    refund_no: str = ""
    kept_back: int | None = None
    gave_back: int | None = None
    tries: int = 0
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """The provider's word on one order, checked against it. `detail` is for the technician."""

    told: Told
    code: str = ""
    wallet_no: str = ""
    refusal: PhoneRefusal = ""
    detail: str = ""
    never_sent: bool = False


def step(record: PhoneRecord, told: Told) -> Next:
    """Give the next state and what the books do."""
    state, act = TABLE[record.state][told]
    if act == "book" and record.given_up:
        return "refund_due", "keep_back"
    return state, act


def duty(record: PhoneRecord, now: datetime, policy: PhonePolicy) -> Duty:
    """Say what is to be asked of the provider now: an open order that nobody closed in time is closed."""
    if record.state == "opening" and record.scanned:
        return "ask"  # the payer's code was for one use, and is kept nowhere
    if record.state == "open" and record.expires_at and now >= record.expires_at + policy.patience:
        return "close"
    return _DUTIES[record.state]


def rest(record: PhoneRecord, now: datetime, policy: PhonePolicy) -> datetime | None:
    """Say when the order is to be attended to again, by its state and the attempts so far; none for never."""
    if record.state in {"opening", "open"}:
        return now + _pause(policy.poll_first, 1.2, record.tries, policy.poll_most)
    if record.state in {"closing", "refund_due"}:
        return now + _pause(policy.poll_first, 2, record.tries, policy.again_most)
    if record.state in {"closed", "refused"}:
        pause = _pause(policy.poll_first, 2, record.tries + 3, policy.watch_most)
        return now + pause if now + pause <= record.changed_at + policy.watch else None
    return None


def _pause(first: timedelta, factor: float, tries: int, most: timedelta) -> timedelta:
    """A pause that grows with each try."""
    longer: float = factor ** min(tries, 30)
    return min(first * longer, most)


def gives_up(record: PhoneRecord, policy: PhonePolicy) -> bool:
    """Whether an order that is closed now is given up on by that: late money goes back."""
    if policy.late == "refund" or not record.content:
        return True
    return phone_order(record).business not in _CREDITED_LATE


def phone_order(record: PhoneRecord) -> PhoneOrder:
    """The order as the kiosk made it, without what was sealed."""
    return msgspec.json.decode(record.content, type=PhoneOrder)


def refund_no(order_id: str) -> str:
    """The number under which an order's money goes back: one for each order, so that it goes back once."""
    return f"{order_id}-r"


def is_payer_code(text: str) -> bool:
    """Whether this can be the code that a wallet shows: digits."""
    return _PAYER_CODE.match(text) is not None


def check_quote(order: PhoneOrder, content: str, quote: Quote, now: datetime) -> None:
    """Refuse an order that its quote does not allow; `content` is what the quote was asked for with."""
    asked = msgspec.json.decode(content, type=QuoteOrder)
    if (quote.account_no, quote.business, asked.tender) != (order.account_no, order.business, "qr"):
        raise Refusal("unknown_quote", f"quote {order.quote_id} is for something else", field="quote_id")
    if now > quote.expires_at:
        raise Refusal("unknown_quote", f"quote {order.quote_id} has expired", field="quote_id")
    if not max(quote.min_fen, 1) <= order.amount_fen <= quote.max_fen:
        text = f"{quote.min_fen} to {quote.max_fen} fen may be paid"
        raise Refusal("amount_differs", text, field="amount_fen")


def phone_answer(record: PhoneRecord, title: Title, payment: Payment | None) -> Phone:
    """Tell the kiosk how its order stands: `closed` or `refused` only if nothing will be credited by itself."""
    status: Literal["open", "paid", "refused", "closed"] = "open"
    if record.state == "paid":
        status = "paid"
    elif record.refusal:
        status = "refused"
    elif record.given_up or record.state in {"closed", "refund_due", "refunded"}:
        status = "closed"
    return Phone(
        id=record.id,
        status=status,
        amount_fen=record.amount_fen,
        title=title,
        code=record.code if status == "open" else "",
        expires_at=record.expires_at if status == "open" else None,
        payment=payment if status == "paid" else None,
        wallet_no=record.wallet_no if status == "paid" else "",
        refusal=record.refusal if status == "refused" else "",
    )
