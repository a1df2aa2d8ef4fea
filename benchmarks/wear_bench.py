"""What a payment writes to the disk: the bytes that a block device is given, its file system's own among them.

The device is a loop device with ext4 on it, mounted as `docs/configuration.md` says of `journal.path`; it takes root.
The kernel's count for a process (`write_bytes`) would not do: it counts a whole run of cached pages for each byte.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.figures import Figure, GateError, within
from benchmarks.journal_bench import NOTES, Ledgered, payment

BUDGET_KIB = 64
DISK_BYTES = 256 * 1024 * 1024
FIRST = 20
"""So many payments after a start are counted apart."""
Notes = Sequence[tuple[int, int]]
COUNTS: tuple[Notes, ...] = (NOTES[-2:], NOTES, (3 * NOTES)[:14], 10 * NOTES)
"""Few, some, the most within the budget, and the most that a kiosk takes."""


def figures(*, quick: bool) -> list[Figure]:
    """Count on the disk that holds the temporary folder."""
    if os.geteuid():
        raise GateError("a block device of its own takes root")
    count = 100 if quick else 1000
    found: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        for block in (1024, 4096):
            for notes in COUNTS:
                with _device(Path(folder), block) as (mount, given):
                    found += _given(mount, given, block, count, notes)
    return found


def _given(
    mount: Path, count: Callable[[], int], block: int, payments: int, notes: Notes
) -> Iterator[Figure]:
    """A new journal: its first payments, and those that follow with their checkpoints and snapshots."""
    ledgered = Ledgered(mount / "journal.sqlite")
    first = _each(ledgered, count, range(1, FIRST + 1), notes)
    later = _each(ledgered, count, range(FIRST + 1, FIRST + payments + 1), notes)
    ledgered.close()
    for when, each in ((f"first {FIRST} after a start", first), ("then", later)):
        what = f"a payment of {len(notes)} notes to blocks of {block}, {when}"
        yield within(what, each, "KiB", "budget", BUDGET_KIB)


def _each(ledgered: Ledgered, count: Callable[[], int], numbers: range, notes: Notes) -> float:
    """KiB that one of these payments wrote."""
    before = count()
    for number in numbers:
        for events in payment(number, notes):
            ledgered.append(events)
        ledgered.books.forget_ended()
    return (count() - before) / len(numbers) / 1024


@contextmanager
def _device(folder: Path, block: int) -> Iterator[tuple[Path, Callable[[], int]]]:
    """Mount a new file system with blocks of so many bytes; give its folder and the count of bytes it was given."""
    image, mount = folder / "disk", folder / "mounted"
    with image.open("wb") as made:
        made.truncate(DISK_BYTES)
    mount.mkdir(exist_ok=True)
    _do("mkfs.ext4", "-q", "-b", str(block), str(image))
    device = _do("losetup", "--find", "--show", str(image)).strip()
    counted = Path("/sys/block", Path(device).name, "stat")
    try:
        _do("mount", "-o", "noatime,lazytime", device, str(mount))
        try:
            _do("sync", "-f", str(mount))
            yield mount, lambda: int(counted.read_text().split()[6]) * 512
        finally:
            _unmount(mount)
    finally:
        _do("losetup", "--detach", device)
        image.unlink()


def _do(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _unmount(mount: Path) -> None:
    """Somebody may still look into it for a moment."""
    for _ in range(50):
        if subprocess.run(["umount", str(mount)], check=False, capture_output=True).returncode == 0:
            return
        time.sleep(0.1)
    _do("umount", str(mount))
