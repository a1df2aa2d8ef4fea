"""Whole runs from seeds: no money is lost or doubled, a seed is always the same run."""

from __future__ import annotations

import io
from typing import Any

import pytest

from tests.crash import __main__ as crash
from tests.crash import sim
from tests.crash.cabinet import Kiosk
from tests.crash.coverage import UNREACHED, Appended, Coverage, Mark, RowName, marks, rows, tender_marks
from tests.crash.line import Asked, Line
from tests.crash.report import Report, Tally
from tests.crash.sim import count, play, run_part
from tests.crash.world import Options, options_for, run

RUNS = 125
"""In each of eight parts; together they aim at every point of the tables, and are more than any deliberate fault
needs to be found. `make crash` begins with the same seeds and goes on to more than a hundred thousand."""
FIRST_SEED = 1


@pytest.mark.timeout(240)
@pytest.mark.parametrize("part", range(8))
def test_no_run_loses_or_doubles_money(part: int) -> None:
    first = FIRST_SEED + part * RUNS
    chunk = play((first, first + RUNS))
    again = ".venv/bin/python -m tests.crash --only sim --runs 1 --seed"
    assert not chunk.failed, [f"{again} {r.seed}: {r.violations[0].text}" for r in chunk.failed[:5]]
    assert chunk.crashed > 0.9 * chunk.runs, "in too many runs nothing crashes"
    assert chunk.at_a_row > 0.6 * chunk.runs, "too few runs crash around a row"
    assert len(chunk.coverage) > len(marks()) / 5, "hardly any point of the tables was reached"


def test_the_same_seed_is_the_same_run() -> None:
    first, second = (run(11, Options(trace=True)) for _ in range(2))
    told = [line for line in first.trace if "Heartbeat" not in line]
    assert told == [line for line in second.trace if "Heartbeat" not in line]
    assert len(told) > 20


def test_every_row_has_its_points() -> None:
    every = (*marks(), *tender_marks())
    for row, effect in rows():
        points = {point for *name, point in every if tuple(name) == row}
        if row in UNREACHED:
            continue
        assert points == ({"before", "between", "after"} if effect else {"before", "after"})


def test_a_run_that_aims_at_a_point_crashes_there() -> None:
    aim = ("closing", "CreditSending", "between")
    assert aim in marks()
    assert any(run(seed, Options(aim=aim)).coverage.counts[aim] for seed in range(40))


@pytest.mark.parametrize("row", [("closing", "CreditSending"), ("claim open", "ClaimSending")])
def test_a_crash_after_a_request_comes_when_it_is_on_the_line(
    row: RowName, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_line, last = [""], list[str]()

    def sends(line: Line, asked: Asked, told: Any) -> bool:
        on_line.append(asked.path)
        return send(line, asked, told)

    def dies(coverage: Coverage, rows: Appended, *, appended: bool) -> None:
        if appended and row in rows.names and row not in rows.waiting:
            last.append(on_line[-1])
        died(coverage, rows, appended=appended)

    send, died = Line.send, Coverage.died
    monkeypatch.setattr(Line, "send", sends)
    monkeypatch.setattr(Coverage, "died", dies)
    aim: Mark = (*row, "after")
    for seed in range(40):
        run(seed, Options(aim=aim))
    assert last
    assert all(("/payments/" in path) == (row[0] == "closing") for path in last), last
    assert all("/payments/" in path or "/claims/" in path for path in last), last


def test_a_crash_after_a_print_job_comes_when_the_slip_has_fallen(monkeypatch: pytest.MonkeyPatch) -> None:
    aim: Mark = ("checking", "SlipIntended", "after")
    fallen: list[bool] = []

    def dies(kiosk: Kiosk, rows: Appended | None) -> None:
        if rows is not None and aim[:2] in rows.names and aim[:2] not in rows.waiting:
            slips = kiosk.world.judge.slips
            fallen.append(bool(slips) and slips[-1].effect.slip in {"checking", "provisional"})
        dies_there(kiosk, rows)

    dies_there = Kiosk._dies
    monkeypatch.setattr(Kiosk, "_dies", dies)
    for seed in range(40):
        run(seed, Options(aim=aim))
    assert fallen
    assert all(fallen)


def test_the_part_tells_what_it_did() -> None:
    out = io.StringIO()
    tally = run_part(Report(6, FIRST_SEED, out, processes=1))
    assert str(tally) == f"runs {6 - tally.plain}, cuts 0, kills 0, lost 0, doubled 0, in flight 0"
    assert "simulation: 6 runs;" in out.getvalue()


def test_without_a_number_runs_are_played_until_enough_have_crashed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sim, "CRASHED", 60)
    chunk = sim.run_all(Report(None, FIRST_SEED, io.StringIO(), processes=1))
    assert (chunk.runs, chunk.crashed >= 60) == (2 * sim.CHUNK, True)


def test_a_run_without_a_crash_does_not_count() -> None:
    unaimed = (seed for seed in range(2, 400, 2) if options_for(seed).aim is None)
    result = next(r for r in map(run, unaimed) if not r.crashed)
    tally = count(play((result.seed, result.seed + 1)))
    assert (tally.runs, tally.plain) == (0, 1)
    assert not result.coverage.counts


def test_seeds_aim_at_every_point_in_turn() -> None:
    aims = {options_for(seed).aim for seed in range(64 * len(marks()))}
    assert aims == {None, *marks()}


def test_tallies_add_up() -> None:
    tally = Tally(runs=1, lost=1)
    tally.add(count(play((FIRST_SEED, FIRST_SEED + 1))))
    assert (tally.runs + tally.plain, tally.lost, tally.ok) == (2, 1, False)


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
