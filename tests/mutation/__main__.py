"""Runs the mutants: `python -m tests.mutation [--only PATH] [--resume] [--processes N]`.

Each mutant of a money module is tried against the module's tests (tests/mutation/plans.py); one that no test notices
has survived. What is found is kept per module in build/mutation/. With --resume, only what is not known to be noticed
is tried again. The last lines are a table; the exit status is 1 when less than nine tenths of the mutants were
noticed, or when a test fails without any change.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import msgspec

from tests.mutation.mutants import Mutant, mutants_of
from tests.mutation.plans import PLANS
from tests.mutation.quick import judge
from tests.mutation.trial import Plan, await_end, start, warm

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "build/mutation"
MEMORY = Path("/dev/shm")  # noqa: S108 - a place for other temporary files
LEAST = 0.9
ROOM_S = 10.0
"""A mutant may take this much longer than four times the unchanged module: then it hangs, which is noticed."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A mutant without its source, and whether a test noticed it."""

    key: str
    line: int
    function: str
    before: str
    after: str
    killed: bool


def try_module(plan: Plan, processes: int, resume: bool) -> list[Verdict]:
    """All mutants of a module, each tried or known from before, in a process that has loaded nothing of ours yet."""
    kept = KEPT / f"{plan.module}.json"
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            _try_all(plan, processes, resume, kept)
            status = 0
        except Exception:  # noqa: BLE001 - a fork must not go on as its parent does
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(status)
    if os.waitpid(pid, 0)[1]:
        sys.exit(f"{plan.path} was not tried")
    return _load(kept)


def _try_all(plan: Plan, processes: int, resume: bool, kept: Path) -> None:
    mutants = mutants_of(ROOT / plan.path, ROOT)
    known = {v.key: v for v in _load(kept) if v.killed} if resume else {}
    new = [mutant for mutant in mutants if mutant.key not in known]
    if new:
        _learn(plan)
        noticed = judge(plan, new, processes, kept.with_suffix(".txt"))
        known |= {m.key: _verdict(m, noticed[m.key]) for m in new if m.key in noticed}
        _save(kept, known.values())
        rest = [mutant for mutant in new if mutant.key not in noticed]
        for mutant, killed in _trials(plan, rest, processes) if rest else ():
            known[mutant.key] = _verdict(mutant, killed)
            if len(known) % 20 == 0:
                _save(kept, known.values())
    _save(kept, [known[mutant.key] for mutant in mutants])


def _learn(plan: Plan) -> None:
    """Collect the tests once, to load beforehand what does not depend on the module."""
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "modules"
        _await(plan, start(plan, None, told))
        warm(plan, msgspec.json.decode(told.read_bytes(), type=dict[str, str | None]))


def _await(plan: Plan, pid: int) -> None:
    until = time.monotonic() + 600
    while (status := await_end(pid, until)) is None:
        time.sleep(0.01)
    if status:
        raise RuntimeError(f"{plan.path}: its tests fail without any change (status {status})")


def _trials(plan: Plan, mutants: Sequence[Mutant], processes: int) -> Iterable[tuple[Mutant, bool]]:
    """Each mutant imported anew; first none at all, to learn how long that takes."""
    began = time.monotonic()
    _await(plan, start(plan, None))
    room = 4 * (time.monotonic() - began) + ROOM_S
    waiting, running = list(reversed(mutants)), dict[int, tuple[Mutant, float]]()
    while waiting or running:
        while waiting and len(running) < processes:
            mutant = waiting.pop()
            running[start(plan, mutant.source)] = mutant, time.monotonic() + room
        for pid, (mutant, until) in list(running.items()):
            status = await_end(pid, until)
            if status is not None:
                del running[pid]
                yield mutant, status != 0
        time.sleep(0.005)


def _verdict(mutant: Mutant, killed: bool) -> Verdict:
    return Verdict(mutant.key, mutant.line, mutant.function, mutant.before, mutant.after, killed)


def _load(kept: Path) -> list[Verdict]:
    return msgspec.json.decode(kept.read_bytes(), type=list[Verdict]) if kept.exists() else []


def _save(kept: Path, verdicts: Iterable[Verdict]) -> None:
    kept.write_bytes(msgspec.json.format(msgspec.json.encode([asdict(v) for v in verdicts])))


def main(arguments: Sequence[str] | None = None) -> int:
    """Try, tell, judge."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--only", action="append", help="one module; may be given more than once")
    parser.add_argument("--resume", action="store_true", help="try only what is not known to be noticed")
    parser.add_argument("--processes", type=int, default=2)
    asked = parser.parse_args(arguments)
    os.chdir(ROOT)
    plans = [plan for plan in PLANS if not asked.only or plan.path in asked.only]
    found = {}
    KEPT.mkdir(parents=True, exist_ok=True)
    if MEMORY.is_dir():
        tempfile.tempdir = str(MEMORY)  # journals and databases are synced a thousand times
    for plan in plans:
        began = time.monotonic()
        found[plan.path] = try_module(plan, asked.processes, asked.resume)
        _say(f"{_row(plan.path, found[plan.path])}   {time.monotonic() - began:.0f} s")
        for verdict in found[plan.path]:
            if not verdict.killed:
                _say(f"  survived {plan.path}:{verdict.line} {verdict.function}")
                _say(f"    - {verdict.before}\n    + {verdict.after}".replace("\n", "\n      "))
    return _judge(found)


def _judge(found: dict[str, list[Verdict]]) -> int:
    """Print the table; 1 when too many survive."""
    everything = [verdict for verdicts in found.values() for verdict in verdicts]
    _say(f"{'module':<34}{'mutants':>8}{'killed':>8}{'survived':>9}{'share':>8}")
    for path, verdicts in found.items():
        _say(_row(path, verdicts))
    _say(_row("all", everything))
    return 0 if everything and sum(v.killed for v in everything) >= LEAST * len(everything) else 1


def _row(name: str, verdicts: Sequence[Verdict]) -> str:
    killed = sum(verdict.killed for verdict in verdicts)
    share = 100 * killed / len(verdicts) if verdicts else 0
    return f"{name:<34}{len(verdicts):>8}{killed:>8}{len(verdicts) - killed:>9}{share:>7.1f}%"


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
