"""`power-hub check` finds each kind of damage to the settlements of batches, and names the batch."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import insert, text

from hub.data.bank_terminals import add_bank_terminal
from hub.data.check import check
from hub.data.check_settlements import settlement_findings
from hub.data.schema_bank import sales
from hub.data.schema_bank_terminals import settlements

NOW = datetime(2026, 3, 4, tzinfo=UTC)
BATCH: dict[str, Any] = {
    "acquirer": "own",
    "tid": "10000001",
    "batch": "000001",
    "terminal": "kiosk-1",
    "business_date": date(2026, 3, 4),
    "state": "settled",
    "debit_count": 2,
    "debit_fen": 300,
    "credit_count": 0,
    "credit_fen": 0,
    "bank_debit_count": 2,
    "bank_debit_fen": 300,
    "bank_credit_count": 0,
    "bank_credit_fen": 0,
    "bank_code": 1,
    "attempts": 1,
    "uploaded": 0,
    "opened_at": NOW,
    "ended_at": NOW,
}
SALE: dict[str, Any] = {
    "terminal": "kiosk-1",
    "content": "{}",
    "acquirer": "own",
    "tid": "10000001",
    "merchant_no": "898440000000001",
    "batch": "000001",
    "card": "621214*********0012",
    "card_mark": "",
    "entry": "021",
    "sequence": "",
    "made_at": NOW,
    "due_at": NOW,
    "code": "00",
    "rrn": "",
    "auth_code": "",
    "reason": "",
    "attempts": 0,
}


@pytest.fixture
def settled(file_books: Any) -> Any:
    """A batch of two sales that was settled, one of them given back by people since, beside one that was declined."""
    states = (("approved", 100), ("reversing", 200), ("declined", 400))
    with file_books.engine.begin() as connection:
        add_bank_terminal(connection, "own", "kiosk-1", "10000001", "", NOW)
        connection.execute(insert(settlements), BATCH)
        for number, (state, fen) in enumerate(states, 1):
            row = {"id": f"{number:032d}", "stan": f"{number:06d}", "state": state, "amount_fen": fen}
            connection.execute(insert(sales), SALE | row)
    return file_books


def test_good_books_have_no_findings(settled: Any) -> None:
    with settled.engine.connect() as connection:
        assert list(settlement_findings(connection)) == []


DAMAGE = {
    "batch_totals of a sale that came later": "UPDATE sales SET state = 'approved' WHERE amount_fen = 400",
    "batch_totals of a sale that was lost": "UPDATE sales SET state = 'declined' WHERE amount_fen = 200",
    "batch_totals of no sale": "DELETE FROM sales",
    "batch_end with other totals": "UPDATE settlements SET bank_debit_fen = 100",
    "batch_end without totals": "UPDATE settlements SET bank_debit_fen = NULL",
    "batch_end without a time": "UPDATE settlements SET ended_at = NULL",
    "batch_end before the end": "UPDATE settlements SET state = 'sent'",
    "terminal_held": "UPDATE bank_terminals SET settling = true",
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_found_and_named(settled: Any, damage: str) -> None:
    with settled.engine.begin() as connection:
        connection.execute(text(DAMAGE[damage]))
    with settled.engine.connect() as connection:
        found = list(settlement_findings(connection))
        assert set(found) <= set(check(connection).findings)
    assert {finding.rule for finding in found} == {damage.partition(" ")[0]}
    assert "10000001 at own" in found[0].what


def test_a_batch_whose_totals_are_not_fixed_yet_has_none_to_compare(settled: Any) -> None:
    with settled.engine.begin() as connection:
        connection.execute(text("UPDATE settlements SET state = 'due', debit_fen = 0, ended_at = NULL"))
        assert list(settlement_findings(connection)) == []
