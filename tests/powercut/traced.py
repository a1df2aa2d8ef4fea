"""The second means, where FUSE may not be used: the kiosk's own system calls, traced, say what was written and synced.

strace hears every write and sync of the kiosk; they are done again on a disk in memory, and when the wanted one is
heard the kiosk is killed (it may get a little further, which is as good a cut). What such a cut leaves is written into
an ordinary folder, and the kiosk starts there. Only the kiosk is cut this way.
"""

from __future__ import annotations

import contextlib
import re
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

from tests.powercut.case import Case, reached
from tests.powercut.disk import Disk, Resize
from tests.powercut.judge import Count, at_rest
from tests.powercut.lanes import Lanes, Outcome, Report, timed
from tests.powercut.machine import Dark, Forked
from tests.powercut.power import Folders
from tests.powercut.station import Station
from tests.powercut.tally import Tally

COMMAND = ".venv/bin/python -m tests.powercut --traced"
_CALLS = "openat,pwrite64,write,ftruncate,fsync,fdatasync,unlink,rename"
_LINE = re.compile(r"^(\d+) +(.*)$")
_CALL = re.compile(r"^(\w+)\((.*)\) += +(\d+)")
_UNFINISHED, _RESUMED = " <unfinished ...>", re.compile(r"^<\.\.\. \w+ resumed>(.*)$")
_HEX = re.compile(r"(?:\\x[0-9a-f]{2})+")


class Trace:
    """Follows a kiosk that stands at its door; `disk` is what it has written so far."""

    def __init__(self, kiosk: Forked, cut_at: int) -> None:
        self.disk = Disk()
        self._kiosk, self._cut_at = kiosk, cut_at
        self._folder = str(kiosk.path.parent)
        command = ["strace", "-f", "-y", "-xx", "-s", "9000000", "-e", f"trace={_CALLS}", "-o", "/dev/stdout"]
        self._process = subprocess.Popen(
            [*command, "-p", str(kiosk.pid)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self._process.stderr is not None
        told = self._process.stderr.readline()
        if "attached" not in told:
            raise RuntimeError(f"strace does not attach to the kiosk: {told}")
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Wait for its last words; the kiosk is dead."""
        self._thread.join()
        self._process.wait()
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()

    def _follow(self) -> None:
        begun: dict[str, str] = {}
        killed = False
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if not (found := _LINE.match(line.rstrip("\n"))):
                continue
            thread, call = found.groups()
            if call.endswith(_UNFINISHED):
                begun[thread] = call.removesuffix(_UNFINISHED)
                continue
            if resumed := _RESUMED.match(call):
                call = begun.pop(thread, "") + resumed[1]
            if done := _CALL.match(call):
                self._again(done[1], _HEX.sub(lambda hexed: _text(hexed[0]), done[2]), done[2])
            if 0 < self._cut_at <= len(self.disk.log) and not killed:
                killed = True
                with contextlib.suppress(ValueError):  # it has ended in good order meanwhile
                    self._kiosk.process.kill()

    def _again(self, call: str, arguments: str, raw: str) -> None:
        """Do on the disk what the kiosk did in its folder."""
        if self._folder not in arguments:
            return
        place = arguments[arguments.index(self._folder) + len(self._folder) :]
        name = re.split(r'[>"]', place, maxsplit=1)[0].lstrip("/")
        disk = self.disk
        if name.endswith("-shm"):
            return
        if not name:
            if call in {"fsync", "fdatasync"}:
                disk.sync_names()
        elif call == "openat":
            if "O_CREAT" in arguments and name not in disk.names:
                disk.create(name)
        elif call == "pwrite64":
            data = bytes.fromhex(raw.split('"')[1].replace("\\x", ""))
            disk.write(disk.file(name), data, int(raw.rpartition(", ")[2]))
        elif call == "write":
            raise RuntimeError(f"a write without a place, which this trace cannot follow: {name}")
        elif call == "ftruncate":
            disk.resize(disk.file(name), Resize(int(raw.rpartition(", ")[2])).length)
        elif call in {"fsync", "fdatasync"}:
            disk.sync(disk.file(name))
        elif call == "unlink":
            disk.unlink(name)
        else:
            raise RuntimeError(f"a {call} that this trace does not know: {name}")


def _text(hexed: str) -> str:
    return bytes.fromhex(hexed.replace("\\x", "")).decode("latin-1")


def play(station: Station, case: Case) -> Outcome:
    """As `cuts.play`, for the kiosk only. Raises ValueError for what this means cannot do."""
    if case.victim == "hub" or case.fail or case.again or case.card:
        raise ValueError(
            f"{case}: by a trace only the kiosk's first run of the cash journey is cut, and nothing fails"
        )
    before = Count.of(station.cabinet, station.town)
    kiosk = station.kiosk(station.place.make(), case.often, case.weak)
    trace = Trace(kiosk, case.cut)
    with contextlib.suppress(Dark):
        station.pays(kiosk.go())
    cuts = int(kiosk.close() == -9)
    trace.end()
    if case.acceptor_too:
        station.cut_the_acceptor()
    folder = station.place.make()
    for name, file in trace.disk.after_cut(case.seed).names.items():
        (station.place.path(folder) / name).write_bytes(file.live)
    pages, again = kiosk.shown.names, station.kiosk(folder, case.often).go()
    try:
        verdict = at_rest(station.cabinet, station.town, again, before, pages)
    finally:
        again.kill()
    at = trace.disk.log[case.cut - 1] if 0 < case.cut <= len(trace.disk.log) else ""
    return reached(case, Outcome(verdict, cuts, at=at, operations=len(trace.disk.log)))


def run(report: Report, budget_s: float) -> Tally:
    """Cut the kiosk at every operation, with all lost first, then torn and the acceptor cut too, for so long."""
    with tempfile.TemporaryDirectory(prefix="traced-") as folder:
        (Path(folder) / "folders").mkdir()
        lanes = Lanes(Folders(Path(folder) / "folders"), Path(folder), play, COMMAND, report)
        length = lanes.one(Case()).operations
        report(f"operations: {length}; the hub's disk is not cut by this means")
        lanes.go(timed(_cuts(length), budget_s))
    return lanes.tally


def _cuts(length: int) -> Iterator[Case]:
    for turn in range(1000):
        for cut in range(1, length + 1):
            yield Case("kiosk", cut, seed=turn and 1000 * turn + cut, acceptor_too=bool(turn % 2))
