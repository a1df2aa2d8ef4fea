"""`power-hub check` finds each kind of damage to orders that phones pay, and names the order."""

import asyncio
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import text

from hub.data.engine import sync_engine
from tests.hub.conftest import Books
from tests.hub.phones import FarEnd, Till

LONG_AGO = "2026-03-04 00:00:00.000000"


@pytest.fixture(scope="module")
def sample(
    new_books: Callable[[str], str], acquirer: FarEnd, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, dict[str, str]]:
    """Books with an order that is paid, one that went back, one whose refund is due, one that is open."""
    acquirer.do("pass")
    url, found = new_books("sqlite"), {}
    engine = sync_engine(url)

    async def whole() -> None:
        file = acquirer.settings(tmp_path_factory.mktemp("sample"), poll_first_s=0.1, poll_most_s=0.2)
        async with Till(Books(url, engine), acquirer, file) as till:
            found["paid"] = (await till.opened()).id
            acquirer.do("tap_pay", order_no=found["paid"])
            await till.until_state(found["paid"], "paid")
            found["refunded"] = await till.paid_late()
            await till.until_state(found["refunded"], "refunded")
            acquirer.do("refuse", op="refund")
            found["due"] = await till.paid_late()
            await till.until_state(found["due"], "refund_due")
            found["open"] = (await till.opened()).id

    asyncio.run(whole())
    engine.dispose()
    return url, found


@pytest.fixture
def orders(sample: tuple[str, dict[str, str]]) -> dict[str, str]:
    return sample[1]


@pytest.fixture
def books(sample: tuple[str, dict[str, str]], new_database: Callable[..., str]) -> Iterator[Books]:
    """A copy of the sample that the test may damage."""
    engine = sync_engine(sample[0])
    with engine.connect() as connection:  # what is in the log comes into the file
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    url = new_database("sqlite", like=sample[0])
    engine = sync_engine(url)
    yield Books(url, engine)
    engine.dispose()


def test_good_books_and_what_they_say(books: Books, orders: dict[str, str]) -> None:
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
        ("open", "UPDATE phone_orders SET next_at = NULL WHERE id = :id", "phone_forgotten"),
        ("due", f"UPDATE phone_orders SET next_at = '{LONG_AGO}' WHERE id = :id", "phone_forgotten"),
    ],
)
def test_damage_is_found(books: Books, orders: dict[str, str], which: str, damage: str, rule: str) -> None:
    with books.engine.begin() as connection:
        assert connection.execute(text(damage), {"id": orders[which]}).rowcount == 1
    found = [finding for finding in books.check().findings if finding.rule == rule]
    assert found
    assert rule == "booking_without_order" or orders[which] in found[0].what
