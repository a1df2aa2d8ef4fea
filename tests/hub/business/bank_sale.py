"""A sale by bank card as the rules' tests take it; every number is made up."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from drivers.bank.message import Message
from hub.business.bank_keeping import SaleRecord

PAN = "6212142000000000012"
NOW = datetime(2026, 11, 23, 16, 30, tzinfo=UTC)
SALE = SaleRecord(
    id="1" * 32,
    terminal="kiosk-1",
    content="{}",
    acquirer="bank_a",
    tid="10000001",
    merchant_no="102110000000001",
    stan="000007",
    batch="000003",
    card="621214*********0012",
    card_mark="f" * 64,
    pan_kept="p1.kept",
    entry="021",
    sequence="",
    amount_fen=12_345,
    state="sending",
    made_at=NOW,
    due_at=NOW + timedelta(seconds=35),
)


def sale(**changes: Any) -> SaleRecord:
    return replace(SALE, **changes)


def answer(mti: str = "0210", **changes: str) -> Message:
    """The bank's approval; `f4` and so on change a field, an empty one leaves it out."""
    fields = {
        3: "000000",
        4: "000000012345",
        11: "000007",
        37: "112400000001",
        38: "000042",
        39: "00",
        41: "10000001",
        42: "102110000000001",
    }
    fields |= {int(name[1:]): value for name, value in changes.items()}
    return Message(mti, {number: value for number, value in fields.items() if value})
