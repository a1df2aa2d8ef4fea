"""Whatever becomes of a part: the others run, the last line comes, and what is printed plays the failure again."""

from __future__ import annotations

import argparse
import io
import shlex
from collections.abc import Iterator
from typing import Any

import pytest

from tests.crash import __main__ as crash
from tests.crash import faults, sim, world
from tests.crash.coverage import Death
from tests.crash.fault import Fault
from tests.crash.fault_list import FAULTS
from tests.crash.report import Report, Tally
from tests.journeys import part as power_up


def broken_run(*_: Any) -> Iterator[None]:
    raise ZeroDivisionError("a run that breaks off")


def typed_again(out: str) -> argparse.Namespace:
    """What the proof would be asked for by the first command that was printed."""
    words = shlex.split(out.partition("again: ")[2].splitlines()[0])
    assert words[:3] == [".venv/bin/python", "-m", "tests.crash"]
    return crash._asked(words[3:])


@pytest.mark.parametrize("error", [RuntimeError("why"), AssertionError("why"), SystemExit(0), Death("why")])
def test_after_a_part_that_breaks_off_the_next_one_runs(
    error: BaseException, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def part(name: str) -> Any:
        return breaks_off if name == "cuts" else lambda _report: Tally(runs=3)

    def breaks_off(_report: Report) -> Tally:
        raise error

    monkeypatch.setattr(crash, "part", part)
    assert crash.main(["--seed", "7"]) == 1
    out = capsys.readouterr().out
    assert f"FAILED cuts broke off: {type(error).__name__}" in out
    assert out.splitlines()[-2].startswith("FAILED: 1 ")
    others = 3 * (len(crash.PARTS) - 1)
    assert out.splitlines()[-1] == f"runs {others}, cuts 0, kills 0, lost 0, doubled 0, in flight 0"
    assert (typed_again(out).only, typed_again(out).seed) == ("cuts", 7)


def test_an_interrupted_proof_says_so_and_proves_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(_name: str) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(crash, "part", interrupted)
    assert crash.main([]) == 1
    assert capsys.readouterr().out.splitlines()[-1].startswith("runs 0, ")


def test_a_run_that_breaks_off_is_told_with_its_seed_and_its_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world.World, "_heal", broken_run)
    out = io.StringIO()
    tally = sim.run_part(Report(2, 40, out, processes=1))
    asked = typed_again(out.getvalue())
    assert (asked.only, asked.runs, asked.seed) == ("sim", 1, 40)
    assert (
        "FAILED seed 40: broken: in the proof itself: ZeroDivisionError: a run that breaks off"
        in out.getvalue()
    )
    assert "Traceback" in out.getvalue()
    assert tally.broken == 2


def test_a_run_that_does_not_come_to_rest_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world, "MOST_STEPS", 10)
    assert "has not come to rest" in world.run(1).violations[0].text


def test_a_fault_that_survives_or_cannot_be_applied_is_told_with_its_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fault = FAULTS[0]

    def cannot() -> Any:
        raise AttributeError("the product has no such name")

    harmless = Fault("a harmless fault", 1, 1, tuple, ("anything",))
    misfit = Fault("a fault that fits no more", 1, 1, cannot, ("anything",))
    monkeypatch.setattr(faults, "FAULTS", (harmless, misfit, fault))
    out = io.StringIO()
    assert faults.run_part(Report(None, 40, out, processes=1)).broken == 2
    first, second = out.getvalue().split("FAILED ")[1:]
    assert (typed_again(first).fault, typed_again(first).seed) == (harmless.name, 40)
    assert typed_again(second).fault == misfit.name
    assert faults.run_part(Report(None, 1, out, processes=1, case=fault.name)).ok


def test_a_case_that_does_not_exist_is_no_success() -> None:
    for part, name in ((faults.run_part, "a resend is dropped"), (power_up.run_part, "both stacking")):
        with pytest.raises(ValueError, match=f"is called 'no such case'; there are: .*{name}"):
            part(Report(None, 1, io.StringIO(), case="no such case"))


def test_a_life_that_goes_wrong_is_told_with_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def live_all(lives: Any, failed: Any) -> int:
        names = [name for name, *_ in lives]
        failed(names[1], OSError("no pty"))
        return len(names)

    monkeypatch.setattr(power_up, "live_all", live_all)
    out = io.StringIO()
    tally = power_up.run_part(Report(None, 1, out, processes=1))
    asked = typed_again(out.getvalue())
    assert (asked.only, asked.life) == ("power-up", "kiosk idle without counter")
    assert (tally.broken, tally.runs > 40) == (1, True)
