"""What every journal row is made from: the event's own form, and the facts that events carry."""

from __future__ import annotations

import msgspec


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", forbid_unknown_fields=True):
    """One journal row. `key` is the payment or claim that it belongs to."""

    key: str


class NoteCount(msgspec.Struct, frozen=True):
    """So many notes of one value."""

    value_fen: int
    count: int


class Allocation(msgspec.Struct, frozen=True):
    """What of the money went into one month's bill."""

    month: str
    late_fee_fen: int
    principal_fen: int


class AccountFacts(msgspec.Struct, frozen=True):
    """Of the account only what slip and claim need; name and address as the hub masked them."""

    account_no: str
    name_masked: str
    address_masked: str
    supply_unit: str = ""


class QuoteFacts(msgspec.Struct, frozen=True):
    """What the hub promised to take, and below which amount it sells nothing for a card."""

    quote_id: str
    months: tuple[str, ...]
    due_fen: int
    max_fen: int
    expires_at: str
    min_fen: int = 0


class CardFacts(msgspec.Struct, frozen=True):
    """Of the meter card before the kiosk only what a purchase hangs on; `count` as it stood on it then."""

    serial: str
    profile: str
    meter_no: str
    customer_no: str
    count: int
    read_id: str
    """The card read by which the hub knows it."""


class PurchaseFacts(msgspec.Struct, frozen=True):
    """What the hub sold: this amount under this purchase count, for this card.

    `good`: purchase, reissue, open; rewrite, whatever it was sold as, when it is written on the customer's own card.
    """

    purchase_id: str
    good: str
    meter_no: str
    customer_no: str
    count: int
    amount_fen: int
    card_serial: str
    profile: str
    fee_fen: int = 0
    """What of the money was the fee of a new card."""
    old_card_end: str = ""
    """The last characters of the card that a new one replaces, where there is one."""

    @property
    def new_card(self) -> bool:
        """Whether it goes on a card of the dispenser's."""
        return self.good in {"reissue", "open"}
