"""The kiosk's program as it is started in the field: health is up behind its first page, whatever the journal is."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.kiosk.health.conftest import Cabinet

OFFSCREEN = {"QT_QPA_PLATFORM": "offscreen", "QT_QUICK_BACKEND": "software"}


@contextlib.contextmanager
def program(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`power-kiosk run`, ended as a service manager does."""
    command = [sys.executable, "-m", "kiosk.cli", "run", "--window", "--config", str(folder / "kiosk.toml")]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stderr=log, env=os.environ | OFFSCREEN)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(30)


def asked(folder: Path, process: subprocess.Popen[bytes]) -> tuple[int, dict[str, Any]]:
    """Status and document of `/health`, at the address that the program has written down."""
    until = time.monotonic() + 40
    url = folder / "health.url"
    while not (url.exists() and url.read_text().endswith("\n")):
        assert process.poll() is None, (folder / "log").read_text()
        assert time.monotonic() < until, (folder / "log").read_text()
        time.sleep(0.05)
    try:
        with urllib.request.urlopen(url.read_text().strip() + "/health", timeout=30) as reply:  # noqa: S310
            return reply.status, json.load(reply)
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, json.load(refusal)


def test_a_sound_journal_is_served(cabinet: Cabinet) -> None:
    cabinet.settings()
    with program(cabinet.folder) as process:
        status, told = asked(cabinet.folder, process)
    assert (status, told["mode"], told["page"]) == (200, "in_service", "attract")
    assert told["journal"]["rows"] == 0
    assert process.returncode == 0
    assert not (cabinet.folder / "health.url").exists()


def test_a_damaged_journal_is_told_and_not_touched(cabinet: Cabinet) -> None:
    cabinet.settings()
    damage = b"SQLite format 3\x00" + bytes(range(256)) * 40
    cabinet.journal.write_bytes(damage)
    with program(cabinet.folder) as process:
        status, told = asked(cabinet.folder, process)
    assert (status, told["mode"], told["reason"]) == (503, "out_of_service", "journal_damaged")
    assert told["journal"]["damaged"] is True
    assert told["page"] == "closed"
    assert told["lanes"] == {}
    assert cabinet.journal.read_bytes() == damage
    assert "journal_damaged" in (cabinet.folder / "log").read_text()


def test_a_start_after_a_kill_tells_the_new_address(cabinet: Cabinet) -> None:
    cabinet.settings()
    with program(cabinet.folder) as process:
        asked(cabinet.folder, process)
        process.kill()
        process.wait(30)
    url = cabinet.folder / "health.url"
    os.utime(url, (0, 0))
    with program(cabinet.folder) as process:
        until = time.monotonic() + 40
        while url.stat().st_mtime == 0:
            assert time.monotonic() < until
            time.sleep(0.05)
        assert asked(cabinet.folder, process)[0] == 200
