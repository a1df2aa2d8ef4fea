"""Programs that the bench starts: each with a log, a ready line with a deadline, and a sure end."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

_LOOK_EVERY_S = 0.02


class BenchError(Exception):
    """The bench cannot go on; the text carries the last lines of the log of the program that is at fault."""


class Program:
    """One running program of the bench.

    Its whole process group ends with `end()`; and it ends itself when the bench dies without a word, for the kernel
    kills it then (`setpriv --pdeathsig`). Start programs from a thread that outlives them: the kernel watches that.
    """

    def __init__(
        self, name: str, command: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        with self.log.open("ab") as log:
            self._from = log.tell()
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "--", *command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env={**os.environ, "PYTHONUNBUFFERED": "1", **(environment or {})},
            )

    @property
    def pid(self) -> int:
        """The process id, which is the id of its group too."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it still runs; one that has ended keeps its process id until `kill` has ended its group too."""
        if self._process.returncode is not None:
            return False
        how = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return os.waitid(os.P_PID, self.pid, how) is None

    def written(self) -> str:
        """Give what it wrote since it was started."""
        with self.log.open("rb") as log:
            log.seek(self._from)
            return log.read().decode("utf-8", "replace")

    def wait_for(self, pattern: str, deadline_s: float) -> re.Match[str]:
        """Wait until a line it writes matches. Raises BenchError when it ends first or takes too long."""
        line = re.compile(pattern, re.MULTILINE)
        until = time.monotonic() + deadline_s
        while True:
            ended = not self.running
            if found := line.search(self.written()):
                return found
            if ended:
                self.kill()
                raise BenchError(f"{self.name} ended with {self._process.returncode}:\n{self._last_lines()}")
            if time.monotonic() > until:
                raise BenchError(f"{self.name} was not ready in {deadline_s:g} s:\n{self._last_lines()}")
            time.sleep(_LOOK_EVERY_S)

    def end(self, patience_s: float = 5.0) -> None:
        """Ask it to end, and kill what is left of its group after `patience_s`; safe to call twice."""
        if self.running:
            self._signal(signal.SIGTERM)
            until = time.monotonic() + patience_s
            while self.running and time.monotonic() < until:
                time.sleep(_LOOK_EVERY_S)
        self.kill()

    def kill(self) -> None:
        """End it at once, like a power cut of its process: nothing of it runs on. Safe to call twice."""
        if self._process.returncode is None:  # else its process id may be another's by now
            self._signal(signal.SIGKILL)
            self._process.wait()

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def _last_lines(self) -> str:
        return "\n".join(self.written().splitlines()[-15:])


def run(command: Sequence[str], deadline_s: float = 60.0) -> str:
    """Run a program to its end and give what it printed. Raises BenchError when it fails."""
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=deadline_s, check=False
        )
    except subprocess.TimeoutExpired as late:
        raise BenchError(f"{' '.join(command)} did not end in {deadline_s:g} s") from late
    if done.returncode:
        raise BenchError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def ended(command: Sequence[str], environment: Mapping[str, str], deadline_s: float) -> tuple[int, str]:
    """Run a program that ends by itself; gives its exit status and the last line of its error stream."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=deadline_s,
            check=False,
            env={**os.environ, **environment},
        )
    except subprocess.TimeoutExpired as late:
        raise BenchError(f"{' '.join(command)} did not end in {deadline_s:g} s") from late
    return done.returncode, (done.stderr.strip().splitlines() or [""])[-1]
