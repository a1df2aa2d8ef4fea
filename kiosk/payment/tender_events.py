"""What happens to money that is not cash, as the journal stores it: bank cards, phones, recharge cards."""

from __future__ import annotations

import msgspec

from kiosk.payment.event import AccountFacts, CardFacts, Event, QuoteFacts


class TenderFacts(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a slip tells of the other side of such money: bank, wallet or recharge card.

    `card` is first six and last four at most; `number` is the bank's RRN, or the wallet's own number of the payment.
    """

    title_zh: str = ""
    title_en: str = ""
    card: str = ""
    terminal_no: str = ""
    merchant_no: str = ""
    trace: str = ""
    batch: str = ""
    number: str = ""
    auth_code: str = ""
    at: str = ""


class TenderOpened(Event, frozen=True, kw_only=True):
    """A payment begins whose amount is fixed before; a recharge card's is what the hub says it is worth (0 here)."""

    kiosk_no: int
    business: str
    account: AccountFacts
    quote: QuoteFacts
    lang: str
    at: str
    amount_fen: int
    business_date: str
    card: CardFacts | None = None


class SaleOpened(TenderOpened, frozen=True, kw_only=True):
    """Permits the sale to be sent through the hub, once: its PIN block is in memory only."""

    route_id: str
    facts: TenderFacts


class BoxSaleOpened(TenderOpened, frozen=True, kw_only=True):
    """Permits the terminal box to be asked for a sale, once. By `box_reference` its last result is known again."""

    box_reference: str


class PhoneOpened(TenderOpened, frozen=True, kw_only=True):
    """Permits an order to be opened that a phone pays; `scanned`: with the code that the customer held out, once."""

    scanned: bool = False


class RechargeOpened(TenderOpened, frozen=True, kw_only=True):
    """Permits the recharge card to be spent; `sealed` is its number, which the hub alone can read."""

    sealed: str


class SaleApproved(Event, frozen=True, kw_only=True):
    """The box has taken the money; nobody but us can tell the hub."""

    amount_fen: int
    facts: TenderFacts


class SaleDeclined(Event, frozen=True, kw_only=True):
    """Nothing was taken. `family` is the word for the customer, `code` what the other side said."""

    family: str
    code: str


class SaleUnknown(Event, frozen=True, kw_only=True):
    """Whether the money was taken nobody here knows."""

    reason: str


class ReversalSending(Event, frozen=True, kw_only=True):
    """Permits attempt number `attempt` of having the sale undone; the same id every time."""

    reversal_id: str
    attempt: int


class ReversalUnanswered(Event, frozen=True, kw_only=True):
    """The attempt ended without a usable answer."""

    attempt: int
    reason: str


class ReversalAnswered(Event, frozen=True, kw_only=True):
    """The sale counts for nothing: the hub gives back what the bank may have taken (`outcome` as it said)."""

    outcome: str


class LastResultAsked(Event, frozen=True, kw_only=True):
    """Permits the box to be asked for its last result, which moves no money."""

    attempt: int


class LastResultUnknown(Event, frozen=True, kw_only=True):
    """The box has not told."""

    attempt: int
    reason: str


class VoidAsked(Event, frozen=True, kw_only=True):
    """The hub does not take the money: permits the box to be asked to give it back."""

    attempt: int
    reason: str


class VoidUnknown(Event, frozen=True, kw_only=True):
    """Whether the box gave it back is not known; it is asked again."""

    attempt: int
    reason: str


class Voided(Event, frozen=True, kw_only=True):
    """The box has given the money back."""

    facts: TenderFacts


class OrderOpened(Event, frozen=True, kw_only=True):
    """The order can be paid: permits its code to be shown (`code` is empty where the customer's own was scanned)."""

    code: str
    expires_at: str
    facts: TenderFacts


class OrderClosing(Event, frozen=True, kw_only=True):
    """Permits attempt number `attempt` of closing the order (`by`: customer, timeout, restart, fault, refused)."""

    attempt: int
    by: str


class OrderUnanswered(Event, frozen=True, kw_only=True):
    """The attempt ended without a usable answer."""

    attempt: int
    reason: str


class OrderClosed(Event, frozen=True, kw_only=True):
    """No payment for the order is credited any more: the hub gives back what may still come."""


class LateAnswer(Event, frozen=True, kw_only=True):
    """The other side spoke when all was decided: evidence only, no money moved by it."""

    word: str
    detail: str = ""
