"""The check finds each way in which sales by bank card and payments may disagree."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from sqlalchemy import insert, select, update

from hub.business.bank_keeping import SaleRecord
from hub.data.sales import _row
from hub.data.schema import payments, transactions
from hub.data.schema_bank import sales
from hub.data.schema_bank_terminals import settlements
from tests.hub.business.bank_sale import SALE

NOW = datetime.now(UTC)
LATER = NOW + timedelta(days=1)
MINUTES = [timedelta(minutes=4), timedelta(minutes=6)]
KEPT = replace(SALE, content='{"account_no":"31"}', pan_kept="p1.x", due_at=LATER, made_at=NOW)


def rules(books: Any) -> set[str]:
    """What is found; the rules of payments have their own tests."""
    mine = {"sale_booked", "sale_not_booked", "sale_booking", "payment_without_sale", "sale_overdue"}
    mine |= {"reversal_forgotten", "card_number_kept", "trace_twice"}
    found = [finding for finding in books.check().findings if finding.rule in mine]
    assert len(set(found)) == len(found)  # each is told once
    return {finding.rule for finding in found}


def sell(books: Any, sale: SaleRecord) -> None:
    with books.engine.begin() as connection:
        connection.execute(insert(sales), _row(sale))


def pay(books: Any, **changes: Any) -> None:
    """A payment that only these rules look at: its booking has no legs."""
    order = {
        "account_no": "31",
        "quote_id": None,
        "business": "arrears",
        "tender": "bank_card",
        "amount_fen": SALE.amount_fen,
        "months": [],
        "notes": [],
        "kiosk_no": 1,
        "business_date": "2026-11-23",
        "taken_at": "2026-11-23T04:00:00Z",
        "reference": None,
        "box": changes.pop("box", None),
    }
    answer = {
        "id": SALE.id,
        "status": "credited",
        "hub_no": "1",
        "account_no": "31",
        "amount_fen": SALE.amount_fen,
        "allocations": [],
        "to_balance_fen": SALE.amount_fen,
        "balance_before_fen": 0,
        "balance_after_fen": 0,
        "arrears_after_fen": 0,
        "credited_at": "2026-11-23T04:00:00Z",
        "business_date": "2026-11-23",
    }
    with books.engine.begin() as connection:
        booking = {"kind": "payment", "reference": SALE.id, "business_date": NOW.date(), "posted_at": NOW}
        row = {
            "id": SALE.id,
            "terminal": SALE.terminal,
            "content": msgspec.json.encode(order).decode(),
            "amount_fen": SALE.amount_fen,
            "reply": msgspec.json.encode(answer),
            "transaction_id": connection.execute(
                insert(transactions).values(booking).returning(transactions.c.id)
            ).scalar_one(),
        }
        connection.execute(insert(payments), row | {"account_no": "31"} | changes)


def test_an_approved_sale_with_its_payment_is_good(books: Any) -> None:
    sell(books, replace(KEPT, state="approved"))
    pay(books)
    assert rules(books) == set()


def test_an_approved_sale_that_is_not_booked(books: Any) -> None:
    sell(books, replace(KEPT, state="approved"))
    assert rules(books) == {"sale_not_booked"}


@pytest.mark.parametrize("changes", [{"amount_fen": 1}, {"account_no": "32"}])
def test_a_booking_of_another_amount_or_account(books: Any, changes: dict[str, Any]) -> None:
    sell(books, replace(KEPT, state="approved"))
    pay(books, **changes)
    assert rules(books) == {"sale_booking"}


@pytest.mark.parametrize("state", ["reversing", "reversed", "declined", "sending"])
def test_a_payment_that_stands_for_a_sale_that_does_not(books: Any, state: Any) -> None:
    sell(books, replace(KEPT, state=state, next_at=LATER, pan_kept=""))
    pay(books)
    assert rules(books) == {"sale_booked"}


def test_a_sale_that_goes_back_has_its_payment_undone(books: Any) -> None:
    sell(books, replace(KEPT, state="reversed"))
    pay(books, reversal_id="2" * 32)
    assert rules(books) == set()


def test_a_payment_of_no_sale_unless_a_box_took_it(books: Any) -> None:
    pay(books)
    assert rules(books) == {"payment_without_sale"}
    box = {
        "terminal_no": "1",
        "merchant_no": "1",
        "card": "621214*********0012",
        "trace": "1",
        "batch": "1",
        "rrn": "",
        "auth_code": "",
        "at": "2026-11-23T04:00:00Z",
    }
    with books.engine.begin() as connection:
        content = msgspec.json.decode(connection.execute(select(payments.c.content)).scalar_one())
        content["box"] = box
        connection.execute(update(payments).values(content=msgspec.json.encode(content).decode()))
    assert rules(books) == set()


def test_two_sales_of_one_trace_number(books: Any) -> None:
    sell(books, KEPT)
    sell(books, replace(KEPT, id="3" * 32, batch="000009"))
    assert rules(books) == set()
    sell(books, replace(KEPT, id="4" * 32))
    assert rules(books) == {"trace_twice"}


def test_a_sale_that_nobody_took_up(books: Any) -> None:
    sell(books, KEPT)
    for late, found in zip(MINUTES, (set[str](), {"sale_overdue"}), strict=True):
        with books.engine.begin() as connection:
            connection.execute(update(sales).values(due_at=datetime.now(UTC) - late))
        assert rules(books) == found


def test_a_reversal_that_no_hub_has_taken_up(books: Any) -> None:
    """Perhaps no hub knows its bank any more."""
    sell(books, replace(KEPT, state="reversing", next_at=LATER))
    for late, found in zip(MINUTES, (set[str](), {"reversal_forgotten"}), strict=True):
        with books.engine.begin() as connection:
            connection.execute(update(sales).values(next_at=datetime.now(UTC) - late))
        assert rules(books) == found


def test_a_reversal_that_nobody_tries_again(books: Any) -> None:
    sell(books, replace(KEPT, state="reversing", next_at=None))
    assert rules(books) == {"reversal_forgotten"}
    with books.engine.begin() as connection:
        row = {
            "acquirer": SALE.acquirer,
            "tid": SALE.tid,
            "batch": SALE.batch,
            "terminal": SALE.terminal,
            "business_date": NOW.date(),
            "state": "settled",
            "opened_at": NOW,
        }
        counts = dict.fromkeys(("debit_count", "debit_fen", "credit_count", "credit_fen", "attempts"), 0)
        connection.execute(insert(settlements), row | counts | {"uploaded": 0})
    assert rules(books) == set()


@pytest.mark.parametrize(
    "changes",
    [{"pan_kept": "6212142000000000012"}, {"card": "6212142000000000012"}, {"state": "declined"}],
)
def test_a_card_number_that_may_not_stand(books: Any, changes: dict[str, Any]) -> None:
    sell(books, replace(KEPT, **changes))
    assert rules(books) == {"card_number_kept"}
