"""Money is whole only when every fen is somewhere; what is open in the journal is in flight."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simulators.demo.evidence import Figures, in_flight

WHOLE = Figures(tendered=33000, credited=30000, returned=2000, suspense=1000, in_flight=0, ledger_sum=0)


def test_money_that_is_all_somewhere_is_whole() -> None:
    assert WHOLE.whole


@pytest.mark.parametrize(
    "broken",
    [
        replace(WHOLE, credited=29000),
        replace(WHOLE, credited=31000),
        replace(WHOLE, in_flight=1000),
        replace(WHOLE, ledger_sum=-1),
        replace(WHOLE, tendered=34000),
    ],
)
def test_a_fen_that_is_missing_or_double_is_seen(broken: Figures) -> None:
    assert not broken.whole


def test_what_the_journal_holds_open_is_in_flight() -> None:
    paid = {"kind": "payment", "in_flight": False, "inserted_fen": 10000}
    sending = {"kind": "payment", "in_flight": True, "inserted_fen": 5000}
    taken = {"kind": "claim", "state": "taken", "amount_fen": 2000}
    claimed = {"kind": "claim", "state": "open", "amount_fen": 1000}
    assert in_flight([paid, sending, taken, claimed]) == 6000
    assert in_flight([paid, taken]) == 0
