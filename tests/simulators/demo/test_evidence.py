"""Money is whole only when every fen is somewhere; what is open in the journal is in flight."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simulators.demo.evidence import Figures, in_flight
from simulators.demo.far_books import Taken, apart, of_bank, of_box

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
        replace(WHOLE, apart=1),
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


def test_a_payment_without_cash_is_in_flight_with_what_was_asked() -> None:
    asked = {
        "kind": "payment",
        "in_flight": True,
        "inserted_fen": 0,
        "tender": "bank_card",
        "asked_fen": 5000,
    }
    assert in_flight([asked]) == 5000
    assert in_flight([{**asked, "inserted_fen": 5000}]) == 5000
    assert in_flight([{**asked, "tender": "recharge_card", "asked_fen": 0}]) == 1
    assert in_flight([{**asked, "tender": "cash", "asked_fen": 0}]) == 0
    assert in_flight([{**asked, "in_flight": False}]) == 0


def test_what_far_ends_took_and_gave_back_is_read_from_their_rows() -> None:
    states = ("approved", "settled", "refunded", "voided", "reversed", "declined")
    bank = [{"kind": "sale", "state": state, "fen": 100} for state in states]
    assert of_bank([*bank, {"kind": "void", "state": "approved", "fen": 100}]) == (500, 300)
    box = [
        {"kind": "sale", "state": s, "amount_fen": 10} for s in ("approved", "voided", "reversed", "declined")
    ]
    assert of_box([*box, {"kind": "void", "state": "approved", "amount_fen": 10}]) == (30, 20)


def test_what_is_too_much_in_one_tender_makes_up_for_nothing_in_another() -> None:
    even = [Taken("bank_card", 500, 300, 200), Taken("qr", 10, 0, 10)]
    assert apart(even) == 0
    assert apart([Taken("bank_card", 500, 300, 100), Taken("qr", 10, 0, 110)]) == 200
