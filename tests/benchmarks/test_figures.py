"""The statistics of the benchmarks: ranks, turns, verdicts, and the file they are kept in."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from benchmarks.figures import (
    above,
    at_least,
    at_most,
    interleaved,
    keep,
    medians,
    quantile,
    table,
    within,
)


@pytest.mark.parametrize(
    ("share", "expected"), [(0.0, 1), (0.01, 1), (0.5, 50), (0.505, 51), (0.99, 99), (1.0, 100)]
)
def test_quantile_is_a_nearest_rank(share: float, expected: int) -> None:
    assert quantile(list(range(100, 0, -1)), share) == expected


def test_sides_take_turns_both_ways_round_and_the_warm_up_is_left_out() -> None:
    order: list[str] = []

    def side(name: str) -> float:
        order.append(name)
        return float(len(order))

    samples = interleaved([lambda: side("a"), lambda: side("b")], rounds=2)
    assert "".join(order) == "abbaab"
    assert samples == [[4.0, 5.0], [3.0, 6.0]]
    assert medians(samples) == [4.5, 4.5]


def test_costs_and_rates_are_judged_the_right_way_round() -> None:
    assert at_most("f", 1.5, "s", "peer", 1.0, 1.5).met
    assert not at_most("f", 1.6, "s", "peer", 1.0, 1.5).met
    assert at_least("f", 30.0, "/s", "peer", 100.0, 0.3).met
    assert not at_least("f", 29.0, "/s", "peer", 100.0, 0.3).met
    assert within("f", 64.0, "KiB", "budget", 64).met
    assert not within("f", 64.1, "KiB", "budget", 64).met
    assert above("f", 136.0, "ms", "poll and frame", 116.0, 20).met
    assert not above("f", 136.1, "ms", "poll and frame", 116.0, 20).met


def test_a_verdict_is_not_made_on_rounded_numbers() -> None:
    figure = at_most("f", 1.50001, "s", "peer", 1.0, 1.5)
    assert (figure.value, figure.ratio, figure.met) == (1.5, 1.5, False)


def test_the_file_is_a_list_with_the_agreed_keys(tmp_path: Path) -> None:
    figure = at_most("start", 0.123456, "s", "bare", 0.2, 1.5)
    keep([figure], tmp_path / "deep" / "bench.json")
    (row,) = json.loads((tmp_path / "deep" / "bench.json").read_text("utf-8"))
    assert row == asdict(figure)
    assert list(row) == ["figure", "value", "unit", "against", "against_value", "ratio", "target", "met"]
    assert row["value"] == 0.1235


def test_the_table_names_a_missed_target() -> None:
    lines = table(
        [within("wear", 95.0, "KiB", "budget", 64), within("fast", 1.0, "s", "budget", 2)]
    ).splitlines()
    assert lines[2].split() == ["wear", "95", "KiB", "budget", "64", "1.48", "<=", "64", "KiB", "NO"]
    assert lines[3].endswith("yes")
