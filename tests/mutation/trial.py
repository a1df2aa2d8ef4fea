"""Tries the tests of a module against one mutant, in a process of its own."""

from __future__ import annotations

import ast
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import resource
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, ModuleType

OURS = ("kiosk", "drivers", "ui", "hub", "simulators", "tests", "tools", "benchmarks")
MOST_MEMORY = 4 << 30
SEEDS = 40
"""So many simulated runs follow the tests where a plan asks for them."""
EXAMPLES = 40
"""So many of a property's examples are tried."""
HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Plan:
    """How a module is tried: the tests that ought to notice a change of it, each in turn, and whether simulated runs
    follow where none did."""

    path: str
    tests: tuple[str, ...]
    simulated: bool = False

    @property
    def module(self) -> str:
        return self.path.removesuffix(".py").replace("/", ".")


class _Mutated(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Gives the mutant's source where the module of that name is imported."""

    def __init__(self, plan: Plan, source: str) -> None:
        self.name, self.path, self.source = plan.module, plan.path, source

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
    """Fork a trial; its exit status is 0 when nothing was noticed. With `told` the tests are only collected, and it
    gets what was loaded."""
    pid = os.fork()
    if pid:
        return pid
    status = 70
    try:
        alone()
        if source is not None:
            sys.meta_path.insert(0, _Mutated(plan, source))
        status = _try(plan, ["--collect-only"] if told else [])
        if told is not None:
            found = {name: getattr(module, "__file__", None) for name, module in sys.modules.items()}
            told.write_text(json.dumps(found), encoding="utf-8")
    except BaseException:  # noqa: BLE001 - whatever a mutant lets out has been noticed
        status = 71
    finally:
        os._exit(status)
    return 0


def alone() -> None:
    """A group of its own, silent, with bounded memory."""
    os.setsid()
    null = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(null, number)
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))


def options() -> list[str]:
    """How pytest is called: few plugins, and no second look at what failed."""
    from hypothesis import HealthCheck, Phase, settings

    settings.register_profile(
        "mutation",
        derandomize=True,
        database=None,
        deadline=None,
        max_examples=EXAMPLES,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    settings.load_profile("mutation")
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    return ["-c", str(HERE / "trial.ini"), "--rootdir", str(Path.cwd()), "-k", "not postgresql"]


def _try(plan: Plan, more: list[str]) -> int:
    import pytest

    if more and plan.simulated:
        importlib.import_module("tests.crash.sim")
    where = [*options(), *more]
    for tests in plan.tests:
        if status := int(pytest.main([*where, tests])):
            return status
    return 0 if more else simulate(plan)


def simulate(plan: Plan) -> int:
    """Play the runs; 1 when any of them finds something."""
    if not plan.simulated:
        return 0
    from tests.crash.sim import play

    return 1 if play((1, 1 + SEEDS)).failed else 0


def warm(plan: Plan, loaded: Mapping[str, str | None]) -> None:
    """Import beforehand what does not depend on the module: each trial then begins with it."""
    ours = {name: file for name, file in loaded.items() if name.partition(".")[0] in OURS and file}
    # A module leans on what it imports, and on its package, which is imported before it.
    leans = {name: {name.rpartition(".")[0]} | _imports(Path(file)) for name, file in ours.items()}
    on_it, grown = {plan.module}, True
    while grown:
        more = {name for name, names in leans.items() if names & on_it} | on_it
        grown, on_it = more != on_it, more
    for name in loaded:
        if name not in on_it and not name.startswith(("tests", "conftest", "test_", "__")):
            try:
                importlib.import_module(name)
            except Exception:  # noqa: BLE001, S112 - some names are no modules of their own
                continue
    assert plan.module not in sys.modules, "what was loaded beforehand would never see the change"


def _imports(file: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def await_end(pid: int, until: float) -> int | None:
    """The status of a trial that has ended, None while it goes on; 72 for one that is ended since it takes too long."""
    ended, raw = os.waitpid(pid, os.WNOHANG)
    if ended:
        return os.waitstatus_to_exitcode(raw)
    if time.monotonic() < until:
        return None
    os.killpg(pid, 9)
    os.waitpid(pid, 0)
    return 72
