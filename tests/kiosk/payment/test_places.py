"""The plans for tenders and goods to come hold what the machine in service holds: no dead end, no lost outcome."""

from __future__ import annotations

import pytest

from kiosk.payment.diagram import words
from kiosk.payment.events import AnyEvent
from kiosk.payment.places import ALL_ENDS, IN_SERVICE, NEW_ENDS, PLANS, Plan
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


@each_plan
def test_every_state_is_reached_and_every_next_state_exists(plan: Plan) -> None:
    reached = set().union(*(closure(plan, way.next) for way in plan.begins.values()))
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
    acts = {way.next for way in plan.begins.values()}
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
    assert plan.start in IN_SERVICE
    assert not set(plan.begins) & taken
    assert not set(plan.places) & IN_SERVICE


TABLE_EVENTS = {event for rows in TABLE.values() for event in rows}


def test_the_events_in_service_are_the_journals_own() -> None:
    assert set(AnyEvent.__args__) >= TABLE_EVENTS
