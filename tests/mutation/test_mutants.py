"""The changes that are made, and how they are put into a module that is loaded."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.mutation.mutants import Mutant, mutants_of
from tests.mutation.plans import PLANS
from tests.mutation.swap import changed, functions, rebind, run_at_import, swap

ROOT = Path(__file__).parents[2]
SOURCE = '''"""A till."""

TABLE = {"open": "shut", "shut": "open"}


class Till:
    @property
    def total(self) -> int:
        return sum(self.notes)

    def take(self, note: int) -> None:
        self.notes.append(note)


def first() -> str:
    return TABLE["open"]


START = first()
'''


@pytest.fixture
def till(tmp_path: Path) -> Path:
    path = tmp_path / "till.py"
    path.write_text(SOURCE, encoding="utf-8")
    return path


@pytest.fixture
def loaded(till: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    module = ModuleType("till")
    module.__file__ = str(till)
    monkeypatch.setitem(sys.modules, "till", module)
    exec(compile(SOURCE, str(till), "exec"), module.__dict__)  # noqa: S102 - as an import does
    return module


def mutants(path: Path) -> dict[tuple[str, str], Mutant]:
    return {(mutant.before, mutant.after): mutant for mutant in mutants_of(path, path.parent)}


def test_tables_properties_and_steps_are_changed(till: Path) -> None:
    found = mutants(till)
    table = 'TABLE = {"open": "shut", "shut": "open"}'
    assert (table, 'TABLE = {"shut": "open"}') in found
    assert ("return sum(self.notes)", "return sum(None)") in found
    assert ("self.notes.append(note)", "pass") in found
    step = found["self.notes.append(note)", "pass"]
    assert (step.path, step.line, step.function) == ("till.py", 12, "Till.take")
    assert len({mutant.key for mutant in found.values()}) == len(found)


def test_a_change_within_a_function_is_swapped_in(till: Path, loaded: ModuleType) -> None:
    module = loaded.Till()
    module.notes = []
    step = mutants(till)["self.notes.append(note)", "pass"]
    pairs = changed(compile(SOURCE, str(till), "exec"), compile(step.source, str(till), "exec"))
    assert pairs
    swap(pairs, functions(till))
    module.take(5)
    assert module.notes == []


def test_a_changed_table_is_made_anew_wherever_it_is_held(
    till: Path, loaded: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = ModuleType("other")
    other.TABLE = loaded.TABLE  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "other", other)
    source = SOURCE.replace('"open": "shut"', '"open": "gone"')
    code = compile(source, str(till), "exec")
    assert changed(compile(SOURCE, str(till), "exec"), code) is None
    rebind(loaded, code, ("till", "other"))
    assert other.TABLE["open"] == loaded.first() == loaded.START == "gone"


def test_functions_that_an_import_calls_are_known(till: Path) -> None:
    assert {name for name, _ in run_at_import(compile(SOURCE, str(till), "exec"), "till")} == {
        "<module>",
        "Till",
        "first",
    }


def test_every_plan_names_what_there_is() -> None:
    for plan in PLANS:
        assert (ROOT / plan.path).is_file()
        assert all((ROOT / tests).exists() for tests in plan.tests), plan.path
