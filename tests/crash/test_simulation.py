"""Whole runs from seeds: no money is lost or doubled, a seed is always the same run."""

from __future__ import annotations

import io

import pytest

from tests.crash import __main__ as crash
from tests.crash.coverage import marks, rows
from tests.crash.report import Report, Tally
from tests.crash.sim import count, play, run_part
from tests.crash.world import Options, options_for, run

RUNS = 250
FIRST_SEED = 1


@pytest.mark.timeout(240)
@pytest.mark.parametrize("part", range(8))
def test_no_run_loses_or_doubles_money(part: int) -> None:
    first = FIRST_SEED + part * RUNS
    chunk = play((first, first + RUNS))
    again = "python -m tests.crash --only sim --runs 1 --seed"
    assert not chunk.failed, [f"{again} {r.seed}: {r.violations[0].text}" for r in chunk.failed[:5]]
    assert sum(chunk.coverage.values()) > RUNS / 8, "hardly any row was crashed"
    assert len(chunk.coverage) > len(marks()) / 4, "hardly any point of the tables was reached"


def test_the_same_seed_is_the_same_run() -> None:
    first, second = (run(11, Options(trace=True)) for _ in range(2))
    told = [line for line in first.trace if "Heartbeat" not in line]
    assert told == [line for line in second.trace if "Heartbeat" not in line]
    assert len(told) > 20


def test_every_row_has_its_points() -> None:
    for row, effect in rows():
        points = {point for *name, point in marks() if tuple(name) == row}
        assert points == ({"before", "between", "after"} if effect else {"before", "after"})


def test_a_run_that_aims_at_a_point_crashes_there() -> None:
    aim = ("closing", "CreditSending", "between")
    assert aim in marks()
    assert any(run(seed, Options(aim=aim)).coverage.counts[aim] for seed in range(40))


def test_the_part_tells_what_it_did() -> None:
    out = io.StringIO()
    tally = run_part(Report(6, FIRST_SEED, out, processes=1))
    assert str(tally) == "runs 6, cuts 0, kills 0, lost 0, doubled 0, in flight 0"
    assert "points covered" in out.getvalue()


def test_seeds_aim_at_every_point_in_turn() -> None:
    aims = {options_for(seed).aim for seed in range(2 * len(marks()))}
    assert aims == {None, *marks()}


def test_tallies_add_up() -> None:
    tally = Tally(runs=1, lost=1)
    tally.add(count(play((FIRST_SEED, FIRST_SEED + 1))))
    assert (tally.runs, tally.lost, tally.ok) == (2, 1, False)


@pytest.mark.parametrize(
    ("found", "status", "told"),
    [
        (Tally(runs=7), 0, ["runs 7, cuts 0, kills 0, lost 0, doubled 0, in flight 0"]),
        (
            Tally(runs=7, broken=2),
            1,
            [
                "FAILED: 2 with no fen in the wrong place; they stand above",
                "runs 7, cuts 0, kills 0, lost 0, doubled 0, in flight 0",
            ],
        ),
    ],
)
def test_a_broken_rule_is_told_beside_the_last_line(
    found: Tally,
    status: int,
    told: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(crash, "part", lambda _name: lambda _report: found)
    assert crash.main(["--only", "sim"]) == status
    assert capsys.readouterr().out.splitlines()[2:] == told
