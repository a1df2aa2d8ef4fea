"""The proof is proved: each deliberate fault is found within its number of runs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from unittest.mock import patch

import pytest

from tests.crash import world
from tests.crash.fault import Fault
from tests.crash.fault_list import FAULTS
from tests.crash.faults import found_after
from tests.crash.world import run

USUAL = 100
"""So many runs find most faults."""


def as_played(fault: Fault) -> Any:
    """One case; those that are searched for long are played with the slow tests."""
    marks = [pytest.mark.slow] if fault.within > USUAL else []
    return pytest.param(fault, id=fault.name.replace(" ", "_"), marks=marks)


@pytest.mark.timeout(240)
@pytest.mark.parametrize("fault", [as_played(fault) for fault in FAULTS])
def test_the_simulation_finds(fault: Fault) -> None:
    assert found_after(fault, fault.within), f"survived {fault.within} runs"


def test_each_rule_has_a_fault() -> None:
    assert {fault.rule for fault in FAULTS} == set(range(1, 10))
    assert len(FAULTS) >= 25


def test_a_fault_of_the_proof_itself_finds_nothing() -> None:
    def fails(_world: object) -> None:
        raise ValueError("I1: box")

    names_it = Fault(
        "the proof fails", 6, 2, lambda: (patch.object(world, "judge_end", fails),), ("I1: box",)
    )
    assert found_after(names_it, 2) is None
    with names_it.patches()[0]:
        assert [v.text for v in run(1).violations] == ["in the proof itself: ValueError: I1: box"]


def test_something_else_that_goes_wrong_finds_nothing() -> None:
    silence = next(fault for fault in FAULTS if fault.name == "silence counts as approved")
    assert found_after(replace(silence, by=("rule 3: cash was reversed",)), 20) is None
