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


def test_a_note_in_doubt_is_whole_wherever_it_is_but_covers_nothing_else() -> None:
    doubt = replace(WHOLE, in_doubt=1000)
    assert doubt.whole
    assert replace(doubt, tendered=34000).whole
    assert not replace(doubt, tendered=33500).whole
    assert not replace(doubt, tendered=35000).whole


def test_a_memo_claim_that_the_hub_has_not_taken_is_in_flight() -> None:
    memo = {"kind": "claim", "state": "open", "amount_fen": 0, "memo_fen": 1000}
    assert in_flight([memo]) == 1000
    assert in_flight([{**memo, "state": "taken"}]) == 0


def test_what_the_journal_holds_open_is_in_flight() -> None:
    paid = {"kind": "payment", "in_flight": False, "inserted_fen": 10000}
    sending = {"kind": "payment", "in_flight": True, "inserted_fen": 5000}
    taken = {"kind": "claim", "state": "taken", "amount_fen": 2000}
    claimed = {"kind": "claim", "state": "open", "amount_fen": 1000}
    assert in_flight([paid, sending, taken, claimed]) == 6000
    assert in_flight([paid, taken]) == 0
