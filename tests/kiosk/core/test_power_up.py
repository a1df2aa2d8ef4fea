"""The table of power-up: every situation is in exactly one row or impossible, and the core does what it says."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import Any

import pytest

from drivers.cash.model import CashReport, CashState
from kiosk.core import power_up
from kiosk.core.cash import VERDICTS
from kiosk.core.fate import Count, Journal, Named, Sight, Situation, Slot, Verdict
from kiosk.core.power_up import IMPOSSIBLE, TABLE, ImpossibleSituation, compare, decide, look
from kiosk.payment import effects as fx
from kiosk.payment import events as ev
from kiosk.payment.model import NoteState

ALL = [Situation(*each) for each in itertools.product(Journal, Slot, CashState, Sight, Count, Named)]


def test_every_situation_is_in_one_row_or_impossible() -> None:
    used: Counter[str] = Counter()
    for it in ALL:
        rows = [row.name for row in TABLE if row.holds(it)]
        if any(row.holds(it) for row in IMPOSSIBLE):
            with pytest.raises(ImpossibleSituation):
                decide(it)
            continue
        assert len(rows) == 1, (it, rows)
        assert decide(it).name == rows[0]
        used[rows[0]] += 1
    assert set(used) == {row.name for row in TABLE}, "a row that no situation reaches"


def test_every_impossible_row_is_needed() -> None:
    for row in IMPOSSIBLE:
        others = [other for other in IMPOSSIBLE if other is not row]
        assert any(row.holds(it) and not any(o.holds(it) for o in others) for it in ALL), row.name


def test_names_are_told_apart_and_each_row_says_why() -> None:
    names = [row.name for row in TABLE + IMPOSSIBLE]
    assert len(set(names)) == len(names)
    assert all(row.why.endswith(".") for row in TABLE + IMPOSSIBLE)
    assert set(VERDICTS) == set(Verdict) == {row.verdict for row in TABLE}
    assert {row.verdict for row in IMPOSSIBLE} == {Verdict.NOTHING}


def test_no_verdict_breaks_the_rules_of_money() -> None:
    for it in ALL:
        if not any(row.holds(it) for row in IMPOSSIBLE):
            assert decide(it).verdict in allowed(it), it


def allowed(it: Situation) -> set[Verdict]:
    """What no rule of money forbids: the table must choose among these."""
    may = set(Verdict)
    if it.journal is not Journal.INTENDED:
        may -= {Verdict.CREDIT, Verdict.RETURNED, Verdict.UNKNOWN, Verdict.STACK}
    if it.state is CashState.STACKED:
        may &= {Verdict.CREDIT, Verdict.CREDIT_UNASKED, Verdict.CLAIM, Verdict.ACKNOWLEDGE}
    elif it.count in {Count.MORE, Count.LESS}:
        may -= {Verdict.CREDIT, Verdict.RETURNED, Verdict.STACK}
    elif it.count is Count.ONE_MORE:
        may -= {Verdict.RETURNED, Verdict.STACK}
    if it.journal is not Journal.CREDITED:
        may -= {Verdict.ACKNOWLEDGE}
    if it.slot is not Slot.OWN and it.journal is Journal.UNKNOWN:
        may -= {Verdict.CREDIT_UNASKED}
    return may


def test_the_count_is_compared_with_that_of_the_intent() -> None:
    told = [compare(7, now) for now in (7, 8, 9, 6, None)]
    assert told == [Count.SAME, Count.ONE_MORE, Count.MORE, Count.LESS, Count.NOT_KEPT]
    assert compare(None, 7) is Count.NOT_KEPT


@pytest.mark.parametrize(
    ("reports", "sight"),
    [
        ("idle*", Sight.ABSENT),
        ("idle* accepting", Sight.WATCHED),
        ("escrow* stacking", Sight.WATCHED),
        ("busy*", Sight.REOPENED),
        ("busy* idle", Sight.BLIND),
        ("power_up* initializing disabled", Sight.BLIND),
        ("power_up_note_in_head* initializing disabled", Sight.HEAD),
        ("offline power_up_note_in_head initializing", Sight.HEAD),
        ("power_up_note_in_head initializing jam_entry initializing disabled", Sight.BLIND),
        ("power_up_note_in_box initializing busy disabled", Sight.BOX),
        ("power_up_note_in_box power_up", Sight.BLIND),
        ("idle offline idle", Sight.BLIND),
        ("idle offline idle*", Sight.REOPENED),
        ("jam_box*", Sight.REOPENED),
    ],
)
def test_what_was_seen_follows_from_the_reports(reports: str, sight: Sight) -> None:
    seen = Sight.WATCHED
    for word in reports.split():
        seen = look(seen, CashReport(CashState(word.rstrip("*")), first=word.endswith("*")))
    assert seen is sight


@pytest.mark.parametrize("state", CashState)
def test_after_a_start_only_rest_and_a_note_in_hand_tell_of_what_was_not_seen(state: CashState) -> None:
    tells = ["idle", "disabled", "escrow", "holding", "stacking", "stacked", "returning", "returned"]
    own = {"power_up_note_in_head": Sight.HEAD, "power_up_note_in_box": Sight.BOX}
    expected = Sight.ABSENT if state.value in tells else own.get(state.value, Sight.REOPENED)
    assert look(Sight.WATCHED, CashReport(state, first=True)) is expected
    assert look(Sight.BLIND, CashReport(state, first=True)) is own.get(state.value, Sight.REOPENED)


@pytest.mark.parametrize("state", CashState)
def test_trouble_makes_blind_and_nothing_else_does(state: CashState) -> None:
    blinding = ["power_up", "offline", "box_full", "box_out", "jam_entry", "jam_box", "cheated", "failed"]
    own = {"power_up_note_in_head": Sight.HEAD, "power_up_note_in_box": Sight.BOX}
    expected = Sight.BLIND if state.value in blinding else own.get(state.value, Sight.WATCHED)
    assert look(Sight.WATCHED, CashReport(state)) is expected


def test_what_no_report_can_lead_to_is_impossible() -> None:
    """A sight that never goes with a state is our own fault, and refused; what can be is in the table."""
    reached = {
        (state, look(before, CashReport(state, first=first)))
        for before, state, first in itertools.product(Sight, CashState, (False, True))
    }
    for it in ALL:
        if (it.state, it.sight) not in reached:
            assert any(row.holds(it) for row in IMPOSSIBLE), it


@pytest.mark.parametrize("state", CashState)
def test_no_payment_begins_while_a_stray_note_is_in_the_acceptors_hand(stage: Any, state: CashState) -> None:
    in_hand = ["escrow", "holding", "stacking", "stacked", "returning", "returned"]
    stage.acceptor(state, 1000)
    assert stage.core.facts.acceptor_free is (state.value not in in_hand)


# What the core makes of it. A note of a hundred is intended at count 7.


def intended(stage: Any) -> Any:
    stage.acceptor(CashState.DISABLED, counter=7)
    stage.at_slot()
    stage.acceptor(CashState.ESCROW, 10000, 7)
    return stage


def memos(stage: Any) -> list[tuple[int, int]]:
    return [(claim.amount_fen, claim.memo_fen) for claim in stage.core.books.open_claims]


def test_a_note_before_the_box_that_the_unit_reports_after_all_is_one_credit(stage: Any) -> None:
    intended(stage)
    stage.acceptor(CashState.POWER_UP_NOTE_IN_BOX)
    assert stage.effects == [fx.ResetAcceptor()]
    stage.acceptor(CashState.STACKED, 10000)
    stage.acceptor(CashState.DISABLED, counter=8)
    assert stage.payment.inserted_fen == 10000
    assert memos(stage) == []


def test_a_stacked_note_that_the_unit_repeats_after_a_power_cut_is_not_credited_again(stage: Any) -> None:
    intended(stage)
    stage.acceptor(CashState.STACKED, 10000)
    stage.acceptor(CashState.POWER_UP)
    stage.acceptor(CashState.STACKED, 10000)
    assert stage.effects == [fx.AcknowledgeNote()]
    assert stage.payment.inserted_fen == 10000


@pytest.mark.parametrize("where", [CashState.POWER_UP_NOTE_IN_HEAD, CashState.RETURNING])
def test_a_note_that_jams_on_its_way_out_is_not_written_off(stage: Any, where: CashState) -> None:
    intended(stage)
    stage.acceptor(where)
    assert stage.payment.intended is not None
    stage.acceptor(CashState.JAM_ENTRY)
    stage.acceptor(CashState.DISABLED, counter=7)
    assert stage.payment.notes[0].state is NoteState.UNKNOWN
    assert memos(stage) == [(0, 10000)]


def test_a_note_before_the_box_that_was_not_counted_is_not_credited(stage: Any) -> None:
    intended(stage)
    stage.acceptor(CashState.POWER_UP_NOTE_IN_BOX)
    stage.acceptor(CashState.DISABLED, counter=7)
    assert memos(stage) == [(0, 10000)]


@pytest.mark.parametrize(
    ("value", "counter", "fate"),
    [
        (10000, 8, NoteState.STACKED),
        (5000, 7, NoteState.UNKNOWN),
        (5000, None, NoteState.UNKNOWN),
        (10000, 11, NoteState.UNKNOWN),
    ],
)
def test_a_note_in_escrow_beside_the_intended_one_goes_back(
    stage: Any, value: int, counter: int | None, fate: NoteState
) -> None:
    intended(stage)
    stage.restart()
    stage.acceptor(CashState.ESCROW, value, counter, first=True)
    assert fx.GiveBackNote() in stage.effects
    assert stage.payment.notes[0].state is fate


def test_a_note_in_escrow_that_cannot_be_named_is_watched_on_its_way_out(stage: Any) -> None:
    intended(stage)
    stage.restart()
    stage.acceptor(CashState.ESCROW, 0, first=True)
    assert stage.effects[-1] == fx.GiveBackNote()
    assert stage.payment.intended is not None
    stage.acceptor(CashState.RETURNED, 10000)
    assert stage.payment.notes[0].state is NoteState.RETURNED


def test_another_note_that_came_back_says_nothing_of_the_intended_one(stage: Any) -> None:
    intended(stage)
    stage.restart()
    stage.acceptor(CashState.RETURNED, 5000, first=True)
    assert stage.payment.notes[0].state is NoteState.UNKNOWN


@pytest.mark.parametrize(("now", "claims"), [(7, 0), (8, 0), (9, 1), (3, 0)])
def test_more_notes_in_the_box_than_on_the_books_are_a_claim_told_once(
    stage: Any, now: int, claims: int
) -> None:
    intended(stage)
    stage.acceptor(CashState.STACKED, 10000)
    for _ in range(2):
        stage.restart()
        stage.acceptor(CashState.DISABLED, counter=now, first=True)
    assert memos(stage) == [(0, 0)] * claims


def test_a_note_counted_after_it_was_held_for_returned_is_a_claim(stage: Any) -> None:
    intended(stage)
    stage.acceptor(CashState.RETURNED, 10000)
    stage.acceptor(CashState.DISABLED, counter=8)
    assert memos(stage) == [(0, 0)]


def test_a_stale_count_does_not_credit_the_next_note(stage: Any) -> None:
    intended(stage)
    stage.acceptor(CashState.JAM_BOX)
    stage.acceptor(CashState.DISABLED)
    assert stage.core.books.last_note.state is NoteState.UNKNOWN
    stage.acceptor(CashState.DISABLED)
    stage.claim_taken()
    stage.wait(300)
    stage.up().at_slot()
    stage.acceptor(CashState.ESCROW, 5000)
    [last] = [e for e in stage.journal if isinstance(e, ev.NoteIntended)][-1:]
    assert last.counter is None


def test_a_situation_that_we_cannot_make_is_refused() -> None:
    it = Situation(Journal.INTENDED, Slot.NOBODY, CashState.IDLE, Sight.WATCHED, Count.NOT_KEPT, Named.NOT)
    with pytest.raises(ImpossibleSituation, match="intent-without-payment"):
        power_up.decide(it)
