"""Each decoder against arbitrary bytes and changed messages: the share of every test run of `python -m tests.fuzz`."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.fuzz.targets import TARGETS, messages


@pytest.mark.parametrize("name", TARGETS)
def test_any_bytes_end_in_the_documented_way(name: str) -> None:
    target = TARGETS[name]
    for seed in target.seeds:
        target.check(seed)

    @settings(
        max_examples=target.examples,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
    )
    @given(messages(target))
    def search(data: bytes) -> None:
        target.check(data)

    search()
