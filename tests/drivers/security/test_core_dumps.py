"""A program that holds keys dies without leaving its memory behind."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from drivers.security import core_dumps

DIE = "import os; os.abort()"


def died(first: str, folder: Path) -> bool:
    """Whether the kernel made a core dump of a program that does this and dies."""
    code = f"import resource as r; r.setrlimit(r.RLIMIT_CORE, (r.getrlimit(r.RLIMIT_CORE)[1],) * 2); {first}; {DIE}"
    with subprocess.Popen([sys.executable, "-c", code], cwd=folder) as process:
        _, status = os.waitpid(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return os.WCOREDUMP(status)


def test_no_core_is_dumped(tmp_path: Path) -> None:
    root = str(Path(core_dumps.__file__).parents[2])
    off = (
        f"import sys; sys.path.insert(0, {root!r}); from drivers.security import core_dumps; core_dumps.off()"
    )
    assert not died(off, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("most", "limit"), [(resource.RLIM_INFINITY, 1), (5_000_000, 1), (1, 1), (0, 0)])
def test_the_limit_is_the_one_that_linux_takes_as_none(
    most: int, limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[int, tuple[int, int]]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (most, most))
    monkeypatch.setattr(resource, "setrlimit", lambda *args: told.append(args))
    core_dumps.off()
    assert told == [(resource.RLIMIT_CORE, (limit, most))]
