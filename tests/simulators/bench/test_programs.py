"""Programs of the bench become ready in time, say why when they do not, and never outlive the bench."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from simulators.bench.programs import BenchError, Program, run

STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready 7'); time.sleep(60)"
)


def python(source: str) -> list[str]:
    """Give the command that runs this source."""
    return [sys.executable, "-c", source]


def gone(pid: int) -> bool:
    """Tell whether no process of this id runs (one that ended and was not collected counts as gone)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state == "Z"


def wait_until(true: Callable[[], bool]) -> None:
    """Wait at most half a minute for the world to be so."""
    until = time.monotonic() + 30
    while not true():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_waits_for_the_ready_line(tmp_path: Path) -> None:
    program = Program("peer", python(STUBBORN), tmp_path)
    try:
        assert program.wait_for(r"^ready (\d)$", 20)[1] == "7"
    finally:
        program.kill()
    assert not program.running


def test_ends_a_program_that_will_not_and_its_children(tmp_path: Path) -> None:
    parent = (
        "import subprocess, sys, time; child = subprocess.Popen(['sleep', '60']);"
        "print('ready', child.pid); time.sleep(60)"
    )
    program = Program("parent", python(parent), tmp_path)
    child = int(program.wait_for(r"^ready (\d+)$", 20)[1])
    program.end()
    wait_until(lambda: gone(child))

    stubborn = Program("stubborn", python(STUBBORN), tmp_path)
    stubborn.wait_for("^ready", 20)
    stubborn.end(patience_s=0.1)
    assert not stubborn.running


def test_ends_a_child_that_outlives_its_program(tmp_path: Path) -> None:
    parent = (
        f"import subprocess, sys, time; child = subprocess.Popen([sys.executable, '-c', {STUBBORN!r}]);"
        "print('parent of', child.pid); time.sleep(60)"
    )
    program = Program("parent", python(parent), tmp_path)
    child = int(program.wait_for(r"^parent of (\d+)$", 20)[1])
    program.wait_for("^ready 7", 20)
    program.end()
    wait_until(lambda: gone(child))


def test_says_why_a_program_did_not_start(tmp_path: Path) -> None:
    program = Program("broken", python("raise SystemExit('no such port')"), tmp_path)
    with pytest.raises(BenchError, match="broken ended with 1:\nno such port"):
        program.wait_for("^ready", 20)


def test_gives_up_on_a_program_that_says_nothing(tmp_path: Path) -> None:
    program = Program("mute", ["sleep", "60"], tmp_path)
    try:
        with pytest.raises(BenchError, match=r"mute was not ready in 0\.1 s"):
            program.wait_for("^ready", 0.1)
    finally:
        program.kill()


def test_a_second_start_under_the_same_name_reads_its_own_lines(tmp_path: Path) -> None:
    first = Program("kiosk", python("print('ready first')"), tmp_path)
    first.wait_for("^ready first", 20)
    first.kill()
    second = Program("kiosk", python("print('ready second')"), tmp_path)
    second.wait_for("^ready second", 20)
    second.kill()
    assert "first" not in second.written()
    assert "first" in second.log.read_text()


def test_programs_die_with_a_bench_that_was_killed(tmp_path: Path) -> None:
    bench = subprocess.Popen(
        python(
            "import time; from pathlib import Path; from simulators.bench.programs import Program;"
            f"print(Program('peer', ['sleep', '60'], Path({str(tmp_path)!r})).pid, flush=True); time.sleep(60)"
        ),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert bench.stdout is not None
    peer = int(bench.stdout.readline())
    wait_until(lambda: Path(f"/proc/{peer}/comm").read_text().strip() == "sleep")
    os.kill(bench.pid, signal.SIGKILL)
    bench.wait()
    bench.stdout.close()
    wait_until(lambda: gone(peer))


def test_run_gives_what_was_printed_and_says_what_failed() -> None:
    assert run(["echo", "balanced"]) == "balanced\n"
    with pytest.raises(BenchError, match="ended with 1"):
        run(["false"])
