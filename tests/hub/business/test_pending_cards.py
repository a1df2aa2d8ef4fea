"""When a new card that was paid for and not made may be made, and what is told of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from hub.business.cards import Purchase, WriteRecord
from hub.business.forms import PurchaseKind
from hub.business.pending_cards import AT_WORK, pending_card
from tests.hub.composition.card_counter import ACCOUNT, METER, NOW, PROFILE, SERIAL, card_meter

AT = card_meter(METER, ACCOUNT, purchase_count=4)
BOUGHT = Purchase("b" * 32, METER, ACCOUNT, "purchase", 4, 7000, "taken", SERIAL, None, NOW, 1)
OWED = Purchase("c" * 32, METER, ACCOUNT, "reissue", 3, 5000, "owed", None, "AAAA-BBBB-CCCC", NOW, 2)
WRITE = WriteRecord("w" * 32, "T", "", b"", OWED.id, 1, "reissue", SERIAL, "authorised", NOW)


def test_it_is_told_with_what_is_to_stand_on_it_by_now() -> None:
    told = pending_card(OWED, AT, [BOUGHT], [], "U", NOW)
    assert told is not None
    assert (told.purchase_id, told.kind, told.reference) == (OWED.id, "reissue", "AAAA-BBBB-CCCC")
    assert (told.count, told.amount_fen) == (4, 7000), "the old card has bought since"
    assert (told.meter_no, told.customer_no, told.profile) == (AT.card_meter_no, AT.customer_no, PROFILE)


def test_it_is_not_told_where_nobody_knows_what_would_be_on_it() -> None:
    assert pending_card(OWED, AT, [], [], "U", NOW) is None


@pytest.mark.parametrize("kind", ["reissue", "open"])
@pytest.mark.parametrize(
    ("state", "terminal", "age", "told"),
    [
        ("authorised", "U", timedelta(0), False),
        ("authorised", "U", AT_WORK - timedelta(seconds=1), False),
        ("authorised", "U", AT_WORK, True),
        ("authorised", "T", timedelta(0), True),
        ("failed", "U", timedelta(0), True),
        ("unknown", "U", timedelta(0), True),
    ],
)
def test_a_kiosk_that_may_be_at_work_on_it_is_left_alone(
    kind: PurchaseKind, state: str, terminal: str, age: timedelta, told: bool
) -> None:
    failed = replace(WRITE, id="v" * 32, state="failed")
    newest = replace(WRITE, number=2, state=state)  # type: ignore[arg-type]  # a row's own word
    owed = replace(OWED, kind=kind)
    found = pending_card(owed, AT, [BOUGHT], [failed, newest], terminal, NOW + age)
    assert (found is not None) == told
