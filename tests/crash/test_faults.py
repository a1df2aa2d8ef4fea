"""The proof is proved: each deliberate fault is found within its number of runs."""

from __future__ import annotations

import pytest

from tests.crash.faults import FAULTS, Fault, found_after


@pytest.mark.timeout(240)
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name.replace(" ", "_"))
def test_the_simulation_finds(fault: Fault) -> None:
    assert found_after(fault, fault.within), f"survived {fault.within} runs"


def test_each_rule_has_a_fault() -> None:
    assert {fault.rule for fault in FAULTS} == set(range(1, 10))
    assert len(FAULTS) >= 25
