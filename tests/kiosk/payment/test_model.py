"""The sums that screen, slip and credit request are made of, and when a payment or claim is over."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kiosk.payment import events as ev
from kiosk.payment.fold import claim_opened, opened
from kiosk.payment.model import ENDS, ClaimState, Note, NoteState, PaymentState, Slip

PAYMENT = opened(
    ev.PaymentOpened(
        key="a" * 32,
        kiosk_no=7,
        business="arrears",
        account=ev.AccountFacts("0399000000000018", "*伟", "漠阳花园**栋"),
        quote=ev.QuoteFacts("c" * 32, ("2026-08",), 11506, 200000, "2026-11-22T20:00:00Z"),
        lang="zh",
        at="t0",
    )
)
NOTES = (
    Note("1", 10000, NoteState.STACKED),
    Note("2", 5000, NoteState.RETURNED),
    Note("3", 2000, NoteState.UNKNOWN),
    Note("4", 0, NoteState.STACKED),
    Note("5", 1000, NoteState.INTENDED),
    Note("6", 500, NoteState.STACKED),
)
CLAIM = claim_opened(
    ev.ClaimOpened(
        key="e" * 32,
        reference="R",
        reason="late_note",
        payment_id="",
        account_no="",
        amount_fen=100,
        memo_fen=0,
        notes=(),
        note_id="",
        at="t",
        lang="zh",
    )
)


def test_only_stacked_notes_are_money_and_one_may_be_on_its_way() -> None:
    payment = replace(PAYMENT, notes=NOTES)
    assert payment.inserted_fen == 10500
    assert payment.intended == NOTES[4]
    assert payment.note_counts == (ev.NoteCount(10000, 1), ev.NoteCount(500, 1))
    assert (PAYMENT.inserted_fen, PAYMENT.intended, PAYMENT.note_counts) == (0, None, ())


@pytest.mark.parametrize(
    ("values", "remaining", "surplus"),
    [((), 11506, 0), ((11505,), 1, 0), ((11506,), 0, 0), ((11507,), 0, 1), ((10000, 5000), 0, 3494)],
)
def test_what_is_missing_and_what_is_too_much(values: tuple[int, ...], remaining: int, surplus: int) -> None:
    payment = replace(PAYMENT, notes=tuple(Note(str(v), v, NoteState.STACKED) for v in values))
    assert (payment.due_fen, payment.remaining_fen, payment.surplus_fen) == (11506, remaining, surplus)


@pytest.mark.parametrize("state", PaymentState)
def test_six_states_are_ends(state: PaymentState) -> None:
    assert replace(PAYMENT, state=state).ended is (
        state.value in {"paid", "owed", "cancelled", "declined", "reversed", "claimed"}
    )
    assert replace(PAYMENT, state=state).ended is (state in ENDS)


@pytest.mark.parametrize(
    ("slips", "told"),
    [
        ((), True),
        ((Slip("1", "paid", 0),), False),
        ((Slip("1", "paid", 0, printed=False),), True),
        ((Slip("1", "paid", 0), Slip("2", "paid", 1, printed=True)), True),
        ((Slip("1", "paid", 0, printed=True), Slip("2", "paid", 1)), False),
    ],
)
def test_over_means_ended_and_no_word_owed_on_the_last_slip(slips: tuple[Slip, ...], told: bool) -> None:
    paid = replace(PAYMENT, state=PaymentState.PAID, slips=slips)
    assert paid.over is told
    assert not replace(paid, state=PaymentState.CREDITED).over
    assert replace(CLAIM, state=ClaimState.TAKEN, slips=slips).over is told
    assert not replace(CLAIM, slips=slips).over


def test_a_fact_that_nobody_has_told_is_empty() -> None:
    assert (PAYMENT.notes, PAYMENT.slips, PAYMENT.credit) == ((), (), None)
    assert (PAYMENT.attempts, PAYMENT.in_flight) == (0, False)
    assert PAYMENT.taken_at == PAYMENT.business_date == PAYMENT.claim_id == PAYMENT.ended_by == ""
    told = (CLAIM.attempts, CLAIM.in_flight, CLAIM.resolution, CLAIM.slips, CLAIM.returned)
    assert told == (0, False, "", (), ())
    assert (NOTES[0].counter, NOTES[0].recovered) == (None, False)
    assert (Slip("1", "paid", 0).printed, Slip("1", "paid", 0).reason) == (None, "")


def test_what_the_journal_stores_of_a_state_never_changes() -> None:
    assert [state.value for state in PaymentState] == [
        "open",
        "stacking_first",
        "funded",
        "stacking",
        "cancelling",
        "closing",
        "sending",
        "checking",
        "authorising",
        "reversing",
        "authorising_box",
        "asking_box",
        "taken",
        "voiding_box",
        "opening_order",
        "awaiting_phone",
        "closing_order",
        "checking_order",
        "redeeming",
        "credited",
        "undelivered",
        "writing",
        "reading_back",
        "torn",
        "paid",
        "owed",
        "cancelled",
        "declined",
        "reversed",
        "claimed",
    ]
    assert [state.value for state in ClaimState] == ["open", "taken"]
    assert [state.value for state in NoteState] == ["intended", "stacked", "returned", "unknown"]
