"""`power-hub check` finds each kind of damage to the books, and names the row."""

import asyncio
import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import text

from hub.business.day import Day
from hub.business.forms import ClaimOrder, PaymentOrder, QuoteOrder, ReversalOrder
from hub.composition.claims import ClaimsDesk
from hub.composition.desk import Desk
from hub.data.check import check
from hub.data.database import Database
from hub.data.decisions import Decisions
from hub.data.store import Store
from hub.serve import billing_of_own_books, utc_now
from tests.hub.switched import pay_by_switch
from tools.hub_process import new_id, power_hub


@pytest.fixture
def paid(hub: Any) -> Any:
    """Books with one payment, one claim and nothing wrong."""
    account = hub.account((12374, 9000), 500, overdue_days=15)
    client = hub.client()
    client.put(f"/v1/payments/{new_id()}", client.payment_order(account.account_no, 15_000))
    claim = {"reference": "K", "payment_id": None, "account_no": None, "amount_fen": 500, "memo_fen": 0}
    more = {"reason": "late_note", "notes": [], "made_at": "2026-01-01T00:00:00Z"}
    for reason, payment_id in (("late_note", None), ("unanswered", new_id()), ("unanswered", new_id())):
        order = claim | more | {"reason": reason, "payment_id": payment_id}
        assert client.put(f"/v1/claims/{new_id()}", order).status_code == 201
    reversal = {"payment_id": new_id(), "amount_fen": 1, "reason": "declined", "made_at": more["made_at"]}
    assert client.put(f"/v1/reversals/{new_id()}", reversal).status_code == 201
    asyncio.run(_reverse_and_release(hub.url, hub.day, account.account_no))
    return hub


async def _reverse_and_release(url: str, day: Day, account_no: str) -> None:
    """Pay by card and reverse it; make a claim whose memo the count found, and release it."""
    at, database = datetime(2026, 1, 1, tzinfo=UTC), Database(url)
    parts = billing_of_own_books(), utc_now, day
    desk = Desk(database, Store, *parts, "1")
    quote_id, payment_id, claim_id = new_id(), new_id(), new_id()
    quote = QuoteOrder(account_no=account_no, business="prepay", months=(), tender="cash")
    await desk.quote("kiosk-1", quote_id, quote)
    payment = PaymentOrder(
        account_no=account_no,
        quote_id=quote_id,
        business="prepay",
        tender="bank_card",
        amount_fen=900,
        months=(),
        notes=(),
        kiosk_no=1,
        business_date=date(2026, 1, 1),
        taken_at=at,
    )
    await pay_by_switch(desk, "kiosk-1", payment_id, payment)
    undo = ReversalOrder(payment_id=payment_id, amount_fen=900, reason="delivery_failed", made_at=at)
    await desk.reverse("kiosk-1", new_id(), undo)
    claim = ClaimOrder(
        reference=claim_id,
        payment_id=None,
        account_no=None,
        amount_fen=0,
        memo_fen=500,
        reason="note_fate_unknown",
        notes=(),
        made_at=at,
    )
    await desk.claim("kiosk-1", claim_id, claim)
    office = ClaimsDesk(database, Decisions, *parts)
    await office.propose(claim_id, "refund", 500, "li", "counted")
    await office.approve(claim_id, "wang")
    await database.close()


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
    "tombstone_without_cause": "UPDATE payments SET claim_id = NULL, reversal_id = NULL WHERE content IS NULL",
    "payment_reversal": "UPDATE payments SET reversal_id = NULL WHERE transaction_id IS NOT NULL",
    "reversal_legs": "UPDATE legs SET amount_fen = 2 * amount_fen WHERE transaction_id IN "
    "(SELECT transaction_id FROM reversals)",
    "two_claims": "UPDATE claims SET payment_id = 'one' WHERE reason = 'unanswered'",
    "claim_beside_payment": "UPDATE claims SET amount_fen = 15000, payment_id = (SELECT min(id) FROM payments "
    "WHERE amount_fen = 15000 AND terminal = 'kiosk-1') WHERE reason = 'unanswered'",
    "claim_release": "UPDATE claims SET state = 'open' WHERE state = 'released'",
    "release_persons": "UPDATE proposals SET decided_by = proposed_by",
}
MORE_DAMAGE = {
    "a claim for less than is credited": (
        "claim_beside_payment",
        (
            "UPDATE claims SET amount_fen = 14000, payment_id = (SELECT min(id) FROM payments "
            "WHERE amount_fen = 15000 AND terminal = 'kiosk-1') WHERE reason = 'unanswered'"
        ),
    ),
    "a tombstone whose claim is gone": (
        "tombstone_without_cause",
        "DELETE FROM claims WHERE reason = 'unanswered'",
    ),
    "a reversal that is gone": ("payment_reversal", "DELETE FROM reversals"),
    "a booking of a tombstone": ("reversal_legs", "UPDATE reversals SET transaction_id = 1"),
    "a count that was less": ("claim_release", "UPDATE proposals SET found_fen = found_fen - 1"),
    "a claim of another tender": (
        "claim_booking",
        (
            "UPDATE legs SET account = 'qr:kiosk-1' WHERE account = 'cash:kiosk-1' AND transaction_id IN "
            "(SELECT transaction_id FROM claims)"
        ),
    ),
    "nobody approved": ("release_persons", "UPDATE proposals SET decision = '', decided_by = NULL"),
    "a release without its proposal": ("booking_without_order", "UPDATE proposals SET transaction_id = NULL"),
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


@pytest.mark.parametrize("damage", MORE_DAMAGE)
def test_reversals_and_releases_that_do_not_fit(paid: Any, damage: str) -> None:
    rule, statement = MORE_DAMAGE[damage]
    with paid.engine.connect() as connection:
        connection.execute(text(statement))
        report = check(connection)
        connection.rollback()
    assert rule in {finding.rule for finding in report.findings}


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
