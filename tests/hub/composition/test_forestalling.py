"""What a claim for all the money of a payment does to the payment, and when it gives way to it."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from hub.business import forms
from hub.business.keeping import Stored
from hub.business.refusals import Refusal
from hub.composition.forestalling import Against, claimed, forestall, refuse_forestalled
from tests.crash.memory import Books, MemoryShelf, Row
from tests.crash.memory_store import MemoryStore

PAYMENT, CLAIM, OTHER, REVERSAL = (digit * 32 for digit in "1234")
CREDITED = Stored("T", "content", b"reply", amount_fen=1000, serial=1)
TOMBSTONE = Stored("T", "", b"")


def order(**changes: Any) -> forms.ClaimOrder:
    content: dict[str, Any] = {
        "reference": "AAAA-BBBB",
        "payment_id": PAYMENT,
        "account_no": None,
        "amount_fen": 1000,
        "memo_fen": 0,
        "reason": "unanswered",
        "notes": (),
        "made_at": datetime(2026, 11, 22, tzinfo=UTC),
    }
    return forms.ClaimOrder(**(content | changes))


def forestalled(before: Stored | None, claim: forms.ClaimOrder) -> tuple[Against, Stored | None]:
    """What a claim of terminal T is given, and the payment as it stands then."""
    books = Books()
    if before is not None:
        books.rows["payments", PAYMENT] = Row(before)

    async def whole() -> Against:
        async with MemoryShelf(books).write() as conversation:
            return await forestall(MemoryStore(conversation), "T", CLAIM, claim)

    given = asyncio.run(whole())
    row = books.rows.get(("payments", PAYMENT))
    return given, row.stored if row else None


@pytest.mark.parametrize(
    "before",
    [
        CREDITED,
        replace(CREDITED, amount_fen=1001),
        replace(CREDITED, claim_id=OTHER),
        replace(CREDITED, claim_id=OTHER, amount_fen=900),
        replace(CREDITED, terminal="U"),
        replace(TOMBSTONE, claim_id=OTHER),
    ],
    ids=["credited", "more credited", "credited and claimed", "claimed for the rest", "another's", "claimed"],
)
def test_a_claim_gives_way_to_a_payment_whose_money_is_claimed_or_credited(before: Stored) -> None:
    assert forestalled(before, order()) == (Against(before), before)


@pytest.mark.parametrize(
    ("before", "after", "credited_fen"),
    [
        (None, replace(TOMBSTONE, claim_id=CLAIM), 0),
        (replace(CREDITED, amount_fen=900), replace(CREDITED, amount_fen=900, claim_id=CLAIM), 900),
        (replace(CREDITED, reversal_id=REVERSAL), replace(CREDITED, reversal_id=REVERSAL, claim_id=CLAIM), 0),
        (
            replace(TOMBSTONE, reversal_id=REVERSAL),
            replace(TOMBSTONE, reversal_id=REVERSAL, claim_id=CLAIM),
            0,
        ),
        (replace(CREDITED, terminal="U", amount_fen=900), replace(CREDITED, terminal="U", amount_fen=900), 0),
    ],
    ids=["not there yet", "less credited", "reversed", "reversed before it came", "another's"],
)
def test_a_claim_stands_against_its_payment_from_then_on(
    before: Stored | None, after: Stored, credited_fen: int
) -> None:
    assert forestalled(before, order()) == (Against(credited_fen=credited_fen), after)


def test_a_claim_of_no_certain_money_stands_beside_a_payment_that_is_not_booked() -> None:
    nothing = order(amount_fen=0)
    assert forestalled(replace(TOMBSTONE, reversal_id=REVERSAL), nothing)[0] == Against()
    assert forestalled(CREDITED, order(amount_fen=900, memo_fen=101))[0] == Against(credited_fen=1000)


def test_a_claim_that_knows_of_no_amount_gives_way_to_what_is_credited() -> None:
    assert forestalled(CREDITED, order(amount_fen=0)) == (Against(CREDITED), CREDITED)


@pytest.mark.parametrize("claim", [order(payment_id=None), order(reason="late_note")])
def test_a_claim_for_a_note_beside_a_payment_forestalls_none(claim: forms.ClaimOrder) -> None:
    assert forestalled(None, claim) == (Against(), None)
    assert forestalled(CREDITED, claim) == (Against(), CREDITED)


def test_a_forestalled_payment_is_refused_for_what_stands_against_it() -> None:
    with pytest.raises(Refusal, match="^reversed: the payment was reversed$") as refused:
        refuse_forestalled(replace(CREDITED, reversal_id=REVERSAL, claim_id=CLAIM))
    assert (refused.value.code, refused.value.reversal_id) == ("reversed", REVERSAL)
    tombstone = replace(TOMBSTONE, claim_id=CLAIM)
    with pytest.raises(Refusal, match="^claimed: a claim for this payment exists$") as refused:
        refuse_forestalled(tombstone)
    assert (refused.value.code, refused.value.claim_id) == ("claimed", CLAIM)
    assert claimed(tombstone).claim_id == CLAIM
    refuse_forestalled(replace(CREDITED, claim_id=CLAIM))
