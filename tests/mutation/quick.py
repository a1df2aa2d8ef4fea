"""Tries many mutants on tests that are collected once: each in a fork, with the changed code swapped in."""

from __future__ import annotations

import gc
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import pytest
from hypothesis import settings

from tests.mutation.mutants import Mutant
from tests.mutation.swap import changed, classes_stay, functions, rebind, run_at_import, swap
from tests.mutation.trial import EXAMPLES, OURS, Plan, alone, await_end, options, simulate


class _Quick:
    """A plugin that does not run the collected tests but tries the mutants on them."""

    def __init__(
        self, plan: Plan, mutants: Sequence[Mutant], processes: int, tell: Callable[[Mutant, bool], None]
    ) -> None:
        self.plan, self.mutants, self.processes, self.tell = plan, mutants, processes, tell
        self.unsure: set[str] = set()

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        session.items.sort(key=_tries)
        path = Path(self.plan.path).resolve()
        module, loaded = sys.modules[self.plan.module], functions(path)
        source = compile(path.read_text(encoding="utf-8"), str(path), "exec")
        began = time.monotonic()
        if self._end(self._begin(session, lambda: None), 600):
            return True  # these tests fail without any change: nothing can be said here
        room = 4 * (time.monotonic() - began) + 5
        rebinds = self._end(self._begin(session, lambda: rebind(module, source, OURS)), 600) == 0
        self.late = run_at_import(source, self.plan.module)
        gc.freeze()
        self._try(session, self._fitting(source, module, loaded, rebinds), room)
        return True

    def _fitting(
        self, source: CodeType, module: ModuleType, loaded: Any, rebinds: bool
    ) -> Iterator[tuple[Mutant, Callable[[], None]]]:
        for mutant in self.mutants:
            code = compile(mutant.source, source.co_filename, "exec")
            pairs = changed(source, code)
            if pairs and not self.late & {(before.co_qualname, before.co_firstlineno) for before, _ in pairs}:
                yield mutant, partial(swap, pairs, loaded)
            elif not pairs and rebinds and classes_stay(source, code):
                self.unsure.add(mutant.key)
                yield mutant, partial(rebind, module, code, OURS)

    def _try(self, session: pytest.Session, fitting: Iterator[tuple[Mutant, Any]], room: float) -> None:
        running: dict[int, tuple[Mutant, float]] = {}
        going = True
        while going or running:
            while going and len(running) < self.processes:
                following = next(fitting, None)
                if going := following is not None:
                    mutant, change = following
                    running[self._begin(session, change)] = mutant, time.monotonic() + room
            for pid, (mutant, until) in list(running.items()):
                status = await_end(pid, until)
                if status is not None:
                    del running[pid]
                    # Constants made anew leave classes and defaults as they were: silence proves nothing.
                    if status or mutant.key not in self.unsure:
                        self.tell(mutant, bool(status))
            time.sleep(0.002)

    def _begin(self, session: pytest.Session, change: Callable[[], None]) -> int:
        pid = os.fork()
        if pid:
            return pid
        status, folder = 71, Path(tempfile.mkdtemp())
        try:
            alone()
            session.config._tmp_path_factory._basetemp = folder  # type: ignore[attr-defined]
            change()
            status = _play(session) or simulate(self.plan)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            os._exit(status)

    @staticmethod
    def _end(pid: int, most_s: float) -> int:
        until = time.monotonic() + most_s
        while (status := await_end(pid, until)) is None:
            time.sleep(0.005)
        return status


def _tries(item: pytest.Item) -> int:
    """How many examples a test tries, no more than are worth their time here; those with many come last."""
    test = getattr(item, "obj", None)
    asked: settings | None = getattr(test, "_hypothesis_internal_use_settings", None)
    if asked is None:
        return 0
    test._hypothesis_internal_use_settings = settings(asked, max_examples=min(asked.max_examples, EXAMPLES))  # type: ignore[union-attr]
    return EXAMPLES


def _play(session: pytest.Session) -> int:
    items = session.items
    for item, following in zip(items, [*items[1:], None], strict=True):
        session.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if session.testsfailed:
            return 1
    return 0


def judge(plan: Plan, mutants: Sequence[Mutant], processes: int, note: Path) -> dict[str, bool]:
    """Whether each mutant is noticed, by its key; those that can only be imported anew are missing.

    What is known is written to `note` line by line.
    """
    pid = os.fork()
    if pid == 0:
        try:
            with note.open("w", encoding="utf-8", buffering=1) as told:
                alone()

                def tell(mutant: Mutant, noticed: bool) -> None:
                    told.write(f"{mutant.key} {noticed}\n")

                tests = list(dict.fromkeys(plan.tests))
                quick = _Quick(plan, mutants, processes, tell)
                pytest.main([*options(), "-s", "--tb=no", *tests], plugins=[quick])
        finally:
            os._exit(0)
    os.waitpid(pid, 0)
    lines = note.read_text(encoding="utf-8").splitlines()
    return {key: noticed == "True" for key, noticed in map(str.split, lines)}
