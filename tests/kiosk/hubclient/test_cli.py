"""The line in which `power-kiosk reference` tells a person what became of the money."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from kiosk.hubclient.cli import _line
from kiosk.hubclient.wire import PurchaseFate, Reference


@pytest.mark.parametrize(
    ("amount", "memo", "state", "resolution", "told"),
    [
        (5000, 0, "open", "", "claim of 50.00 yuan, open"),
        (0, 10000, "open", "", "claim of 100.00 yuan in doubt, open"),
        (0, 10000, "released", "credited", "claim of 100.00 yuan that was in doubt, released (credited)"),
        (
            0,
            10000,
            "closed",
            "nothing_found",
            "claim of 100.00 yuan that was in doubt, closed (nothing_found)",
        ),
        (5000, 2000, "open", "", "claim of 50.00 yuan, 20.00 yuan in doubt, open"),
        (0, 0, "closed", "already_credited", "claim of 0.00 yuan, closed (already_credited)"),
    ],
)
def test_money_is_in_doubt_only_until_it_is_decided(
    amount: int, memo: int, state: str, resolution: str, told: str
) -> None:
    made = datetime(2026, 11, 22, 9, 33, tzinfo=UTC)
    found = Reference("0198-F2C4-A1B3", "claim", state, amount, memo, resolution, made)
    assert _line(found) == f"0198-F2C4-A1B3: {told}, made 2026-11-22 09:33 UTC"


def test_power_is_told_with_how_far_it_has_come() -> None:
    made = datetime(2026, 11, 22, 9, 33, tzinfo=UTC)
    power = PurchaseFate(id="d" * 32, kind="purchase", count=13, amount_fen=10000, state="owed")
    found = Reference("0198-F2C4-A1B3", "payment", "credited", 10000, 0, "", made, purchase=power)
    assert "payment of 100.00 yuan, credited, purchase 13 owed, made" in _line(found)
