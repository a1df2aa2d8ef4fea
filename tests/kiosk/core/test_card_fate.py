"""What a card shows of a write when it is looked at, where the meter has spoken meanwhile."""

from __future__ import annotations

import msgspec
import pytest

from drivers.meter_card.model import CardContents, Wallet, WriteBack
from kiosk.core.card_fate import Glance, Seen, look
from kiosk.payment.events import CardFacts, PurchaseFacts

SERIAL, PROFILE, METER, CUSTOMER = "A500000000000001", "state_grid_2013", "000000000001", "000399900001"
CARD = CardFacts(SERIAL, PROFILE, METER, CUSTOMER, 6, "r" * 32)
SOLD = PurchaseFacts("p" * 32, "purchase", METER, CUSTOMER, 7, 5000, SERIAL, PROFILE)
UNREAD = msgspec.structs.replace(SOLD, good="rewrite", meter_no="", customer_no="")
"""Of a card that could not be read whole before, nobody knows whose numbers were on it."""


def shows(meter_no: str, count: int) -> Glance:
    told = WriteBack(meter_no, CUSTOMER, 8520, count, 0, 0, "2026-11-20T21:18")
    return Glance(CardContents(PROFILE, SERIAL, 2, METER, CUSTOMER, Wallet(5000, 7), told, {}))


@pytest.mark.parametrize("sold", [SOLD, UNREAD], ids=["read before", "not readable before"])
@pytest.mark.parametrize(
    ("meter_no", "count", "seen"),
    [(METER, 7, Seen.TAKEN), (METER, 8, Seen.TAKEN), (METER, 6, Seen.TORN), ("000000000002", 7, Seen.TORN)],
    ids=["taken", "taken and more", "the one before", "another meter's words"],
)
def test_what_its_own_meter_has_is_taken(sold: PurchaseFacts, meter_no: str, count: int, seen: Seen) -> None:
    assert look(CARD, sold, shows(meter_no, count)) is seen
