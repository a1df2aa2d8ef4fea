"""The plans for tenders and goods to come hold what the machine in service holds: no dead end, no lost outcome."""

from __future__ import annotations

import pytest

from kiosk.payment import events as ev
from kiosk.payment.diagram import words
from kiosk.payment.events import AnyEvent
from kiosk.payment.model import DELIVERING, PaymentState
from kiosk.payment.places import ALL_ENDS, ANSWERS, IN_SERVICE, METER_CARD, NEW_ENDS, PLANS, Plan, Way
from kiosk.payment.table import TABLE

each_plan = pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.title)


def closure(plan: Plan, start: str) -> set[str]:
    """Every state that can follow; what the machine in service does from its own states is tested with its table."""
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        state = waiting.pop()
        if state not in seen:
            seen.add(state)
            place = plan.places.get(state)
            waiting += [way.next for way in place.ways.values()] if place else []
    return seen


def beginnings(plan: Plan) -> list[Way]:
    return [way for ways in plan.begins.values() for way in ways.values()]


@each_plan
def test_every_state_is_reached_and_every_next_state_exists(plan: Plan) -> None:
    reached = set().union(*(closure(plan, way.next) for way in beginnings(plan)))
    assert set(plan.places) <= reached
    assert reached <= set(plan.places) | IN_SERVICE | NEW_ENDS


@each_plan
def test_from_every_state_an_end_or_the_machine_in_service_is_reached(plan: Plan) -> None:
    for state in plan.places:
        assert closure(plan, state) & (ALL_ENDS | IN_SERVICE)


@each_plan
def test_a_restart_has_its_first_event_in_every_state(plan: Plan) -> None:
    for state, place in plan.places.items():
        assert place.restart in place.ways, state


@each_plan
def test_an_act_whose_outcome_may_stay_out_leads_to_a_place_that_repeats_asks_or_reverses(plan: Plan) -> None:
    """After an act and a restart something is done about it again: the outcome is never just forgotten (rule 7)."""
    acts = {way.next for way in beginnings(plan) if way.act}
    acts |= {way.next for place in plan.places.values() for way in place.ways.values() if way.act}
    for state in acts & set(plan.places):
        after_restart = closure(plan, plan.places[state].ways[plan.places[state].restart].next)
        again = [
            way.act
            for each in after_restart & set(plan.places)
            for way in plan.places[each].ways.values()
            if way.act and way.act != "show_code"
        ]
        assert again, f"{state}: nothing settles an unknown outcome"


@each_plan
def test_only_a_bounded_wait_gives_up_and_then_with_a_claim_or_an_order(plan: Plan) -> None:
    """No state in which money may have moved ends in "declined" by an unknown event."""
    for state, place in plan.places.items():
        for event, way in place.ways.items():
            if event.endswith(("unknown", "uncertain")):
                assert way.next not in ALL_ENDS, (state, event)


@each_plan
def test_a_plan_hangs_on_a_state_in_service_and_shadows_none_of_its_events(plan: Plan) -> None:
    taken = {words(event.__name__).replace(" ", "_") for event in TABLE_EVENTS}
    taken -= {"good_approved"}  # the same word whatever the tender
    assert set(plan.begins) <= IN_SERVICE.union(*(other.places for other in PLANS if other is not plan))
    assert not {event for ways in plan.begins.values() for event in ways} & taken
    assert not set(plan.places) & IN_SERVICE


def ways_of(plan: Plan, state: str) -> dict[str, Way]:
    place = plan.places.get(state)
    return {**(place.ways if place else {}), **plan.late.get(state, {})}


@each_plan
def test_an_answer_that_comes_late_has_a_way_in_every_place_that_can_follow_its_act(plan: Plan) -> None:
    """A word about money is journalled whenever it comes (rule R4); a pair without a way would be refused."""
    asked = beginnings(plan) + [way for place in plan.places.values() for way in place.ways.values()]
    for way in asked:
        for state in closure(plan, way.next) & (set(plan.places) | NEW_ENDS):
            missing = set(ANSWERS.get(way.act, ())) - set(ways_of(plan, state))
            assert not missing, f"{way.act}, then in {state}: no way for {missing}"


@each_plan
def test_a_late_word_is_evidence_or_claims_money_and_permits_no_act(plan: Plan) -> None:
    for end, ways in plan.late.items():
        assert end in NEW_ENDS
        assert {(way.next, way.act) for way in ways.values()} <= {(end, ""), ("claimed", "")}


def test_a_good_that_is_not_on_the_card_never_ends_as_paid() -> None:
    """Only the read-back that found the new purchase count leads to the slip; every other way leaves an order."""
    for state in DELIVERING:
        for event, row in TABLE[state].items():
            assert (row.next is PaymentState.CREDITED) == (event is ev.WriteVerified), (state, event)
            assert row.next is not PaymentState.PAID
            assert (row.next is PaymentState.OWED) == (event is ev.WriteGivenUp), (state, event)


def test_every_approval_of_a_tender_has_its_counterpart_for_a_good() -> None:
    """Wherever money can be approved, a payment for a good goes to the card or to an order, never on to the slip."""
    approved = {
        state
        for plan in PLANS
        if plan is not METER_CARD
        for state, place in plan.places.items()
        for event, way in place.ways.items()
        if event == "sale_approved" and way.next == "credited"
    }
    goods = {state for state, ways in METER_CARD.begins.items() if "good_approved" in ways}
    assert goods == approved
    assert {state for state, rows in TABLE.items() if ev.GoodApproved in rows} == {
        state for state, rows in TABLE.items() if ev.CreditApproved in rows
    }


def test_money_for_a_good_goes_back_only_while_the_card_certainly_holds_the_old_count() -> None:
    back = {
        (state, event)
        for state, ways in METER_CARD.begins.items()
        for event, way in ways.items()
        if way.next == "reversing"
    }
    assert back == {("undelivered", "good_withdrawn")}


TABLE_EVENTS = {event for rows in TABLE.values() for event in rows}


def test_the_events_in_service_are_the_journals_own() -> None:
    assert set(AnyEvent.__args__) >= TABLE_EVENTS
