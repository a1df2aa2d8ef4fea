"""Whole runs of money that is not cash: nothing is lost or doubled, by the far ends' own books."""

from __future__ import annotations

import asyncio
import io
from typing import Any

import pytest

from tests.crash.coverage import tender_marks
from tests.crash.report import Report
from tests.crash.tender_sim import play, run_part
from tests.crash.tender_world import TenderWorld, means_of, run_tenders, tender_options
from tests.crash.virtual_loop import VirtualLoop
from tests.crash.world import Options

RUNS = 75
"""In each of two parts; `make crash` begins with the same seeds and goes on to many thousands."""


@pytest.mark.timeout(240)
@pytest.mark.parametrize("part", range(2))
def test_no_run_loses_or_doubles_money(part: int) -> None:
    first = 1 + part * RUNS
    chunk = play((first, first + RUNS))
    again = ".venv/bin/python -m tests.crash --only tenders --runs 1 --seed"
    assert not chunk.failed, [f"{again} {r.seed}: {r.violations[0].text}" for r in chunk.failed[:5]]
    assert chunk.crashed > 0.5 * chunk.runs, "in too many runs nothing crashes"
    assert len(chunk.coverage) > len(tender_marks()) / 10, "hardly any point of the tables was reached"


def test_the_same_seed_is_the_same_run() -> None:
    runs = (run_tenders(11, tender_options(11, trace=True)) for _ in range(2))
    first, second = ([line.split(" told ")[0] for line in run.trace if "Beat" not in line] for run in runs)
    assert first == second
    assert len(first) > 20


def test_each_means_has_its_runs() -> None:
    assert {means_of(seed) for seed in range(30)} == {"bank", "box", "phone", "recharge"}


def test_the_part_tells_what_it_played() -> None:
    out = io.StringIO()
    tally = run_part(Report(3, 1, out, 1, ""))
    assert tally.ok
    assert "3 runs" in out.getvalue()


class Clock:
    """A heap of what is to happen, as the world has it."""

    def __init__(self) -> None:
        self.t, self.due = 0.0, list[tuple[float, int, Any]]()

    def later(self, seconds: float, what: Any) -> None:
        self.due.append((self.t + seconds, len(self.due), what))

    def run(self, until: float) -> None:
        while self.due and min(self.due)[0] <= until:
            self.due.sort(key=lambda each: each[:2])
            self.t, _, what = self.due.pop(0)
            what()


def test_the_loop_keeps_the_worlds_time() -> None:
    clock, told = Clock(), []

    async def work() -> None:
        await asyncio.sleep(5.0)
        told.append(clock.t)
        try:
            async with asyncio.timeout(2.0):
                await asyncio.get_running_loop().create_future()
        except TimeoutError:
            told.append(clock.t)

    loop = VirtualLoop(clock.later, lambda: clock.t, 0, lambda: None)
    loop.create_task(work())
    clock.run(4.0)
    assert told == []
    clock.run(100.0)
    assert told == [5.0, 7.0]


def test_a_process_that_dies_takes_no_further_step() -> None:
    clock, told = Clock(), []

    async def work() -> None:
        for step in range(100):
            told.append(step)
            await asyncio.sleep(0)

    loop = VirtualLoop(clock.later, lambda: clock.t, 5, lambda: loop.kill())
    loop.create_task(work())
    clock.run(10.0)
    assert loop.dead
    assert told == [0, 1, 2, 3, 4]


def test_a_world_has_books_of_its_own_at_each_far_end() -> None:
    world = TenderWorld(1, Options())
    assert world.house.sales("bank_a") == world.house.sales("bank_b") == []
    assert (world.box.held_fen(), world.wallet.held_fen()) == (0, 0)
    world.hub.loop.kill()
