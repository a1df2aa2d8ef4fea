"""A disk that is really full: nothing half is written, the program is told, and with room the journal goes on."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import os, sys
from pathlib import Path
from kiosk.journal.store import Journal, JournalFailed, JournalUnsafe, hash_at
from kiosk.journal.verify import verify
from kiosk.payment import events as ev

AT = "2026-11-22T19:59:00.000Z"
folder = Path(sys.argv[1])
path, ballast = folder / "journal.sqlite", folder / "ballast"
ballast.write_bytes(bytes(60_000))
journal, told = Journal(path), []
log = path.with_name(path.name + "-wal")
before = log.stat().st_size
journal.recover()
assert log.stat().st_size == before, "room was kept for a log that has no room"
event = lambda n: [ev.NoteRefused(key=os.urandom(16).hex(), value_fen=n, reason="r") for _ in range(n % 3 + 1)]
try:
    while len(told) < 5000:
        journal.append(event(len(told)), AT)
        told.append(journal.head)
except JournalFailed as error:
    assert "full" in str(error), error
else:
    raise AssertionError("the disk was never full")
try:
    journal.append(event(1), AT)
except JournalFailed:
    pass
else:
    raise AssertionError("it went on after a failure")
assert journal.head == told[-1]
journal.close()
try:
    Journal(path).close()
except JournalUnsafe:
    pass
ballast.unlink()
again = Journal(path)
rows = list(again.rows())
assert again.head == (rows[-1].seq, rows[-1].hash)
assert again.head == told[-1] or again.head[0] - told[-1][0] == len(event(len(told)))  # all of the last, or nothing
assert all(hash_at(path, seq) == noted for seq, noted in told[::50] + told[-1:])
again.append(event(2), AT)
assert again.head[0] == len(list(again.rows()))
again.close()
print("kept", len(told), "of", len(told))
"""


def test_a_full_file_system_loses_nothing_that_was_told(tmp_path: Path) -> None:
    """On a file system of 300 KiB in a mount namespace of its own."""
    inside = f'mount -t tmpfs -o size=300k none "{tmp_path}" && exec "{sys.executable}" - "{tmp_path}"'
    command = ["unshare", "--map-root-user", "--mount", "sh", "-c", inside]
    if shutil.which("unshare") is None or subprocess.run([*command[:3], "true"], check=False).returncode:
        pytest.skip("no mount namespace here: a full disk is only tested by a limit on the file's size")
    done = subprocess.run(command, input=SCRIPT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("kept")
