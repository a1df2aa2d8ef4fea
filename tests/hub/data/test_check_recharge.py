"""`power-hub check` finds each kind of damage to recharge cards and to box sales, and names the row."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import delete, insert, text

from hub.business.numbers import recharge_number
from hub.data.check import check
from hub.data.fields import recharge_mark
from hub.data.keys_bench import BenchStore
from hub.data.recharge_stock import row_of
from hub.data.schema_recharge import recharge_cards, redemption_tries
from tests.hub.access.test_kiosk_claims import box_sale
from tests.hub.access.test_recharge import order
from tools.hub_process import new_id

SERIALS = ("700000000001", "700000000002")
NUMBERS = [recharge_number(f"7777{place:013d}") for place in range(3)]


@pytest.fixture(scope="module")
def spent(hub: Any) -> Iterator[Any]:
    """Books with a spent card, a good one, a number that was refused, and a box's sale; nothing is wrong."""
    keys, client = BenchStore(None, {}, bench=True), hub.client("kiosk-2")
    account = hub.account((12374,))
    with hub.engine.begin() as connection:
        for serial, number in zip(SERIALS, NUMBERS, strict=False):
            mark = recharge_mark(keys, number)
            row = row_of(serial, mark, 3_000, date(2099, 1, 1), datetime.now(UTC), "active")
            connection.execute(insert(recharge_cards), row)
    for number, status in ((NUMBERS[0], "redeemed"), (NUMBERS[2], "refused")):
        reply = client.put(f"/v1/redemptions/{new_id()}", order(client, account, number))
        assert reply.json()["status"] == status
    box = box_sale("77", batch="777777")
    paid = client.payment_order(account.account_no, 3_000, tender="bank_card", notes=[], box=box)
    assert client.put(f"/v1/payments/{new_id()}", paid).status_code == 201
    yield hub
    with hub.engine.begin() as connection:
        connection.execute(delete(redemption_tries))


_PAID = "(SELECT spent_by FROM recharge_cards WHERE serial = '700000000001')"
_MINE = "serial = '700000000001'"
_BOX = "(SELECT payment_id FROM box_sales WHERE batch = '777777')"
DAMAGE = {
    "spent_card of another value": f"UPDATE recharge_cards SET value_fen = 3001 WHERE {_MINE}",
    "spent_card without its payment": f"UPDATE recharge_cards SET spent_by = 'x' WHERE {_MINE}",
    "spent_card that is good again": f"UPDATE recharge_cards SET state = 'active' WHERE {_MINE}",
    "spent_card for nothing": "UPDATE recharge_cards SET state = 'spent' WHERE serial = '700000000002'",
    "spent_card of a payment undone": f"UPDATE payments SET reversal_id = 'r' WHERE id = {_PAID}",
    "spent_card for cash": (
        f"UPDATE payments SET content = replace(content, 'recharge_card', 'cash') WHERE id = {_PAID}"
    ),
    "redeemed_payment": f"UPDATE recharge_cards SET spent_by = NULL, state = 'active' WHERE {_MINE}",
    "redemption_answer": f"UPDATE redemptions SET outcome = 'used' WHERE id = {_PAID}",
    "redemption_answer of a refusal": (
        "UPDATE redemptions SET outcome = 'redeemed' WHERE serial IS NULL AND outcome = 'unknown'"
    ),
    "redemption_answer without its payment": f"UPDATE payments SET reply = '{{}}' WHERE id = {_PAID}",
    "box_sale": "DELETE FROM box_sales WHERE batch = '777777'",
    "box_sale of another trace": "UPDATE box_sales SET trace = '78' WHERE batch = '777777'",
    "box_sale of no payment": "UPDATE box_sales SET payment_id = 'x' WHERE batch = '777777'",
    "box_sale of cash": f'UPDATE payments SET content = replace(content, \'"trace":"77"\', \'"trace":"7"\') '
    f"WHERE id = {_BOX}",
}


def test_good_books_have_no_findings(spent: Any) -> None:
    assert spent.check().findings == ()


@pytest.mark.parametrize("rule", DAMAGE)
def test_damage_is_found_and_named(spent: Any, rule: str) -> None:
    from hub.data.check_recharge import recharge_findings

    with spent.engine.connect() as connection:
        connection.execute(text(DAMAGE[rule].replace(":", "\\:")))
        if "reply" not in DAMAGE[rule]:
            report = check(connection)
            found = {finding.rule for finding in report.findings}
        else:  # which no other part of the check can read
            found = {finding.rule for finding in recharge_findings(connection)}
        connection.rollback()
    assert rule.partition(" ")[0] in found
