"""`power-hub check` finds each kind of damage to orders that phones pay, and names the order."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from tests.hub.phones import FarEnd, Till, until


@pytest.fixture
def orders(books: Any, far_end: FarEnd, tmp_path: Path) -> dict[str, str]:
    """One order that is paid, one that went back, one whose refund is due, one that is open."""
    found: dict[str, str] = {}

    async def whole() -> None:
        file = far_end.settings(tmp_path, poll_first_s=0.1, poll_most_s=0.2)
        async with Till(books, far_end, file) as till:
            found["paid"] = (await till.opened()).id
            far_end.do("tap_pay", order_no=found["paid"])
            await till.until_state(found["paid"], "paid")
            found["refunded"] = await till.paid_late()
            await till.until_state(found["refunded"], "refunded")
            far_end.do("refuse", op="refund")
            found["due"] = await till.paid_late()
            await until(lambda: till.record(found["due"]).state == "refund_due")
            found["open"] = (await till.opened()).id

    asyncio.run(whole())
    return found


def test_good_books_and_what_they_say(books: Any, orders: dict[str, str]) -> None:
    report = books.check()
    assert report.findings == ()
    assert (report.phone_orders, report.refunds_due_fen, report.suspense_fen) == (4, 5000, 5000)


@pytest.mark.parametrize(
    ("which", "damage", "rule"),
    [
        ("paid", "UPDATE phone_orders SET state = 'closed' WHERE id = :id", "phone_payment"),
        ("paid", "DELETE FROM phone_orders WHERE id = :id", "phone_payment"),
        ("paid", "UPDATE phone_orders SET amount_fen = 4999 WHERE id = :id", "phone_payment"),
        ("open", "UPDATE phone_orders SET state = 'paid' WHERE id = :id", "phone_payment"),
        ("open", "UPDATE phone_orders SET state = 'refund_due' WHERE id = :id", "phone_refund"),
        ("due", "UPDATE phone_orders SET state = 'refunded' WHERE id = :id", "phone_refund"),
        ("due", "UPDATE phone_orders SET refund_no = '' WHERE id = :id", "phone_refund"),
        ("due", "UPDATE phone_orders SET amount_fen = 1 WHERE id = :id", "phone_refund"),
        ("refunded", "UPDATE phone_orders SET gave_back = NULL WHERE id = :id", "phone_refund"),
        ("refunded", "UPDATE phone_orders SET gave_back = NULL WHERE id = :id", "booking_without_order"),
        ("refunded", "UPDATE phone_orders SET kept_back = gave_back WHERE id = :id", "phone_refund"),
        ("refunded", "UPDATE phone_orders SET state = 'closed' WHERE id = :id", "phone_refund"),
    ],
)
def test_damage_is_found(books: Any, orders: dict[str, str], which: str, damage: str, rule: str) -> None:
    with books.engine.begin() as connection:
        assert connection.execute(text(damage), {"id": orders[which]}).rowcount == 1
    found = [finding for finding in books.check().findings if finding.rule == rule]
    assert found
    assert rule == "booking_without_order" or orders[which] in found[0].what
