"""Tries the tests of a module against one mutant, in a process of its own."""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import resource
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, ModuleType

OURS = ("kiosk", "drivers", "ui", "hub", "simulators", "tests", "tools", "benchmarks", "conftest", "__")
MOST_MEMORY = 4 << 30
SEEDS = 60
"""So many simulated runs follow the tests where a plan asks for them."""
HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Plan:
    """How a module is tried: the tests that ought to notice a change of it, and whether the simulation follows."""

    path: str
    tests: tuple[str, ...]
    simulated: bool = False


class _Mutated(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Gives the mutant's source where the module of that name is imported."""

    def __init__(self, path: str, source: str) -> None:
        self.name = path.removesuffix(".py").replace("/", ".")
        self.path, self.source = path, source

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name != self.name:
            return None
        return importlib.util.spec_from_file_location(name, Path(self.path).resolve(), loader=self)

    def get_source(self, fullname: str) -> str:
        return self.source

    def get_code(self, fullname: str) -> CodeType:
        return compile(self.source, self.path, "exec")


def start(plan: Plan, source: str | None, told: Path | None = None) -> int:
    """Fork a trial; its exit status is 0 when nothing was noticed. `told` gets the names of the loaded modules."""
    pid = os.fork()
    if pid:
        return pid
    status = 70
    try:
        os.setsid()
        _quiet()
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
        if source is not None:
            sys.meta_path.insert(0, _Mutated(plan.path, source))
        status = _try(plan)
        if told is not None:
            told.write_text(json.dumps(sorted(sys.modules)), encoding="utf-8")
    except BaseException:  # noqa: BLE001 - whatever a mutant lets out has been noticed
        status = 71
    finally:
        os._exit(status)
    return 0


def _quiet() -> None:
    null = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(null, number)


def _try(plan: Plan) -> int:
    import pytest
    from hypothesis import Phase, settings

    settings.register_profile(
        "mutation", derandomize=True, database=None, deadline=None, phases=[Phase.explicit, Phase.generate]
    )
    settings.load_profile("mutation")
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    where = ["-c", str(HERE / "pytest.ini"), "--rootdir", str(Path.cwd())]
    status = int(pytest.main([*where, "-k", "not postgresql", *plan.tests]))
    if status or not plan.simulated:
        return status
    from tests.crash.sim import play

    return 1 if play((1, 1 + SEEDS)).failed else 0


def warm(names: Sequence[str]) -> None:
    """Import what is not ours beforehand: each trial then begins with it."""
    for name in names:
        if not name.startswith(OURS) and "test" not in name.partition(".")[0]:
            try:
                importlib.import_module(name)
            except Exception:  # noqa: BLE001, S112, PERF203 - some names are no modules of their own
                continue


def await_end(pid: int, until: float) -> int | None:
    """The status of a trial that has ended, None while it goes on; one that takes too long is ended and counts as 72."""
    ended, raw = os.waitpid(pid, os.WNOHANG)
    if ended:
        return os.waitstatus_to_exitcode(raw)
    if time.monotonic() < until:
        return None
    os.killpg(pid, 9)
    os.waitpid(pid, 0)
    return 72
