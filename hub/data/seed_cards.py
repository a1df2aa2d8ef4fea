"""Loads the sample town's card meters into the books: cards, and the last purchase that each carries."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, time
from typing import Any

from sqlalchemy import Table

from hub.business.cards import Purchase
from hub.business.ledger import OPENING, Leg, balanced, power
from hub.data.cards import purchase_row
from hub.data.fields import card_mark, sealed_card
from hub.data.keystore import KeyStore
from hub.data.schema import card_meters, cards, purchases
from hub.data.town_model import TownAccount, TownCard, TownMeter

PROFILE = "state_grid_2013"
USER_TYPE_STEPS = 3
ALARM1_FEN, ALARM2_FEN = 2_000, 500
_NOON = time(4, tzinfo=UTC)

Held = tuple[TownAccount, TownMeter]
Insert = Callable[[Table, Sequence[dict[str, Any]]], None]


def card_meter_no(meter_no: str) -> str:
    """The number of a meter as it stands on its cards: the twelve digits before the check digit.

    >>> card_meter_no("9900010022500000000091")
    '250000000009'
    """
    return meter_no[9:21]


def card_customer_no(account_no: str) -> str:
    """The number of an account as it stands on its cards: the last twelve digits."""
    return account_no[-12:]


def power_legs(town: Sequence[TownAccount]) -> tuple[Leg, ...]:
    """The legs of what was paid for power before this ledger began."""
    bought = [Leg(power(meter.meter_no), -card.last.amount_fen) for _, meter, card in _cards(town)]
    return balanced((Leg(OPENING, -sum(leg.amount_fen for leg in bought)), *bought))


def add_cards(insert: Insert, town: Sequence[TownAccount], serial: int | None, store: KeyStore) -> None:
    """Write card meters, cards and last purchases; `serial` is the booking of `power_legs`, none without any."""
    insert(card_meters, [_meter_row(*held) for held in _card_meters(town)])
    insert(cards, [row for _, meter, card in _cards(town) for row in _card_rows(store, meter, card)])
    insert(purchases, [_purchase_row(store, *held, serial or 0) for held in _cards(town)])


def _card_meters(town: Sequence[TownAccount]) -> Iterator[Held]:
    for account in town:
        for meter in account.meters:
            if meter.kind == "card":
                yield account, meter


def _cards(town: Sequence[TownAccount]) -> Iterator[tuple[TownAccount, TownMeter, TownCard]]:
    for account, meter in _card_meters(town):
        if meter.card is not None:
            yield account, meter, meter.card


def _meter_row(account: TownAccount, meter: TownMeter) -> dict[str, Any]:
    return {
        "meter_no": meter.meter_no,
        "card_meter_no": card_meter_no(meter.meter_no),
        "customer_no": card_customer_no(account.account_no),
        "profile": PROFILE,
        "user_type": USER_TYPE_STEPS,
        "purchase_count": meter.card.last.count if meter.card else 0,
        "hoarding_limit_fen": meter.hoarding_limit_fen,
        "alarm1_fen": ALARM1_FEN,
        "alarm2_fen": ALARM2_FEN,
        "ct_ratio": 1,
        "pt_ratio": 1,
        "opened": meter.card is not None,
    }


def _card_rows(store: KeyStore, meter: TownMeter, card: TownCard) -> list[dict[str, Any]]:
    states = {card.serial: "active", **dict.fromkeys(card.former, "replaced")}
    return [
        sealed_card(store, serial) | {"meter_no": meter.meter_no, "state": state}
        for serial, state in states.items()
    ]


def _purchase_row(
    store: KeyStore, account: TownAccount, meter: TownMeter, card: TownCard, serial: int
) -> dict[str, Any]:
    last = card.last
    return purchase_row(
        Purchase(
            id=hashlib.sha256(f"{meter.meter_no}/{last.count}".encode()).hexdigest()[:32],
            meter_no=meter.meter_no,
            account_no=account.account_no,
            kind="purchase",
            count=last.count,
            amount_fen=last.amount_fen,
            state=last.state,
            card_mark=card_mark(store, card.serial),
            reference=None,
            paid_at=datetime.combine(last.paid_on, _NOON),
            serial=serial,
        )
    )
