"""`power-hub check` finds each kind of damage to the books, and names the row."""

import json
from typing import Any

import pytest
from sqlalchemy import text

from hub.data.check import check
from tools.hub_process import new_id, power_hub


@pytest.fixture
def paid(hub: Any) -> Any:
    """Books with one payment, one claim and nothing wrong."""
    account = hub.account((12374, 9000), 500, overdue_days=15)
    client = hub.client()
    client.put(f"/v1/payments/{new_id()}", client.payment_order(account.account_no, 15_000))
    claim = {"reference": "K", "payment_id": None, "account_no": None, "amount_fen": 500, "memo_fen": 0}
    more = {"reason": "late_note", "notes": [], "made_at": "2026-01-01T00:00:00Z"}
    assert client.put(f"/v1/claims/{new_id()}", claim | more).status_code == 201
    return hub


def test_good_books_pass(paid: Any) -> None:
    done = power_hub("check", "--json", "--database", paid.url, check=False)
    report = json.loads(done.stdout)
    assert (done.returncode, report["ok"], report["ledger_sum"], report["findings"]) == (0, True, 0, [])
    assert report["credited_fen"] >= 15_000
    assert report["suspense_fen"] >= 500


DAMAGE = {
    "transaction_sum": "UPDATE legs SET amount_fen = amount_fen + 1 WHERE account LIKE 'cash:%'",
    "ledger_sum": "UPDATE legs SET amount_fen = amount_fen + 1 WHERE account = 'suspense'",
    "transaction_without_legs": "DELETE FROM legs WHERE account IN ('suspense', 'cash:kiosk-1')",
    "balance": "UPDATE accounts SET balance_fen = balance_fen + 1",
    "bill_principal": "UPDATE bills SET paid_fen = paid_fen - 1 WHERE paid_fen > 0",
    "bill_late_fee": "UPDATE bills SET late_fee_paid_fen = 0",
    "leg_of_no_bill": "UPDATE legs SET bill_no = 'nothing' WHERE account = 'income:late_fee'",
    "payment_booking": "UPDATE payments SET transaction_id = 1",
    "payment_legs": "UPDATE payments SET amount_fen = amount_fen + 1",
    "claim_booking": "UPDATE claims SET amount_fen = amount_fen + 1",
    "booking_without_order": "DELETE FROM payments",
}


@pytest.mark.parametrize("rule", DAMAGE)
def test_damage_is_found_and_named(paid: Any, rule: str) -> None:
    with paid.engine.connect() as connection:
        connection.execute(text(DAMAGE[rule]))
        report = check(connection)
        connection.rollback()
    assert not report.ok
    assert rule in {finding.rule for finding in report.findings}
    assert paid.check().ok


def test_a_finding_ends_the_command_non_zero(books: Any) -> None:
    account = books.account((), 500)
    with books.engine.begin() as connection:
        connection.execute(text("UPDATE accounts SET balance_fen = 501"))
    done = power_hub("check", "--database", books.url, check=False)
    assert done.returncode == 1
    assert f"balance: account {account.account_no}: balance 501 fen, legs 500" in done.stdout


def test_books_that_are_not_there_are_not_good(tmp_path: Any) -> None:
    done = power_hub("check", "--database", f"sqlite:///{tmp_path}/none.sqlite", check=False)
    assert done.returncode == 2
    assert "no books" in done.stderr
