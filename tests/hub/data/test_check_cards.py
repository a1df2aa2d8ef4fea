"""`power-hub check` finds each kind of damage to what was sold for cards, and names the row."""

from typing import Any

import pytest
from sqlalchemy import text

from hub.data.check import check
from tests.hub.plastic import TAKEN, CardKiosk, card_of


@pytest.fixture(scope="module")
def sold(hub: Any) -> Any:
    """Books with two purchases, one of them written, and nothing wrong."""
    account, kiosk = hub.account(meter="card", last=TAKEN), CardKiosk(hub.client())
    card = card_of(account)
    kiosk.write(kiosk.buy(account, card)["purchase"], card)
    other = hub.account(meter="card", last=TAKEN)
    kiosk.buy(other, card_of(other), 6000)
    hub.meter_no = account.meters[0].meter_no
    return hub


def test_good_books_count_what_was_sold(sold: Any) -> None:
    report = sold.check()
    assert report.ok
    assert report.purchases >= 4
    assert report.power_fen >= 2 * TAKEN.amount_fen + 11_000


_MINE = "(SELECT id FROM purchases WHERE meter_no = :meter AND count = 13)"
DAMAGE = {
    "count_missing": "UPDATE purchases SET count = 10, sold_count = 10 WHERE meter_no = :meter AND count = 12",
    "meter_count": "UPDATE card_meters SET purchase_count = 14 WHERE meter_no = :meter",
    "count_of_purchase": f"UPDATE purchases SET sold_count = NULL WHERE id = {_MINE}",
    "power_legs": "UPDATE purchases SET amount_fen = amount_fen + 1 WHERE meter_no = :meter AND count = 12",
    "purchase_booking": f"UPDATE purchases SET transaction_id = 0 WHERE id = {_MINE}",
    "purchase_reversal": f"UPDATE purchases SET state = 'withdrawn' WHERE id = {_MINE}",
    "purchase_answer": f"UPDATE purchases SET amount_fen = amount_fen + 1 WHERE id = {_MINE}",
    "purchase_card": f"UPDATE purchases SET card_mark = 'none' WHERE id = {_MINE}",
    "purchase_card of another meter": "UPDATE cards SET meter_no = 'x' WHERE meter_no = :meter",
    "write_of_purchase": f"UPDATE purchases SET count = 14, sold_count = 14 WHERE id = {_MINE}",
    "written_purchase": f"UPDATE purchases SET state = 'authorised' WHERE id = {_MINE}",
    "active_cards": "INSERT INTO cards VALUES ('FF', :meter, 'active', '')",
    "payment_legs": "UPDATE legs SET account = 'income:card_fee' WHERE account = 'power:' || :meter",
}


@pytest.mark.parametrize("rule", DAMAGE)
def test_damage_is_found_and_named(sold: Any, rule: str) -> None:
    with sold.engine.connect() as connection:
        connection.execute(text(DAMAGE[rule].replace(":meter", f"'{sold.meter_no}'")))
        report = check(connection)
        connection.rollback()
    assert rule.partition(" ")[0] in {finding.rule for finding in report.findings}


def test_a_purchase_that_was_written_again_fits(sold: Any) -> None:
    account, kiosk = sold.account(meter="card", last=TAKEN), CardKiosk(sold.client())
    card = card_of(account)
    write = kiosk.authorise(kiosk.buy(account, card)["purchase"], card)
    kiosk.tell(write, card, "failed")
    kiosk.write(kiosk.read(card)["owed"] | {"id": write["purchase_id"], "kind": "rewrite"}, card)
    assert sold.check().findings == ()
