"""`power-kiosk run` as a service manager sees it: what it refuses, with which status, and what it leaves untouched."""

from __future__ import annotations

import re
import signal
import sqlite3
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from kiosk.journal.file import read_anchor, read_rows
from kiosk.payment.events import NoteStacked
from tests.journeys.cabinet import Cabinet
from tests.journeys.kiosk import eventually

EXIT_CONFIG, EXIT_JOURNAL, EXIT_DISPLAY = 2, 3, 4
POWER_KIOSK = Path(sys.executable).with_name("power-kiosk")
NO_DISPLAY = {"PATH": "/usr/bin:/bin"}
HEADLESS = {"QT_QPA_PLATFORM": "offscreen", "QT_QUICK_BACKEND": "software", **NO_DISPLAY}


def refused(config: Path, surroundings: Mapping[str, str] = HEADLESS) -> tuple[int, str]:
    """Exit status and last line of a kiosk that does not start."""
    done = subprocess.run(
        [POWER_KIOSK, "run", "--config", config],
        env=surroundings,
        capture_output=True,
        text=True,
        timeout=40,
        check=False,
    )
    return done.returncode, done.stderr.strip().splitlines()[-1]


@contextmanager
def running(config: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The kiosk on its screen, which nobody sees."""
    with subprocess.Popen(
        [POWER_KIOSK, "run", "--window", "--config", config], env=HEADLESS, stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def health(folder: Path) -> str:
    """What the kiosk whose journal is in the folder says of itself; empty while it does not answer yet."""
    address = folder / "health.url"
    told = address.read_text() if address.exists() else ""
    if not told.endswith("\n"):
        return ""
    where = told.strip().removeprefix("http://")
    try:
        with urllib.request.urlopen(f"http://{where}/health", timeout=5) as reply:
            return str(reply.read(), "utf-8")
    except urllib.error.HTTPError as error:
        with error:
            return error.read().decode()
    except OSError:
        return ""


def test_a_mistake_in_the_settings_is_told_where_there_is_no_display_too(cabinet: Cabinet) -> None:
    status, message = refused(cabinet.settings(cash={"most_fenn": 1}), NO_DISPLAY)
    assert status == EXIT_CONFIG
    assert "cash.most_fenn" in message
    status, message = refused(cabinet.settings(), NO_DISPLAY)
    assert (status, "DISPLAY" in message) == (EXIT_DISPLAY, True)


def test_a_mistake_in_the_settings_ends_with_2_and_names_the_line(cabinet: Cabinet) -> None:
    config = cabinet.settings(cash={"most_fenn": 1})
    status, why = refused(config)
    assert status == EXIT_CONFIG
    assert why.startswith(f"power-kiosk: {config}:")
    assert "unknown key cash.most_fenn" in why


def test_a_test_key_outside_the_bench_ends_with_2(cabinet: Cabinet) -> None:
    status, why = refused(cabinet.settings(terminal={"bench": False}))
    assert status == EXIT_CONFIG
    assert "is a test key, which only a bench may use" in why


def test_a_second_kiosk_on_the_same_journal_ends_with_3_and_disturbs_nothing(cabinet: Cabinet) -> None:
    kiosk = cabinet.kiosk()
    kiosk.to_slot(cabinet.town.account(10000).account_no)
    cabinet.insert(100)
    kiosk.notice("¥100.00 received")
    status, why = refused(cabinet.folder / "kiosk.toml")
    assert status == EXIT_JOURNAL
    assert "another kiosk process is using this journal" in why
    kiosk.press("pay_now")
    kiosk.notice("Take your receipt")
    cabinet.settled(kiosk, credited=10000)


def scribbled(path: Path) -> None:
    """Overwrite a stretch in the middle of the file."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 900] = b"\x5a" * 900
    path.write_bytes(data)


def headless(path: Path) -> None:
    path.write_bytes(b"\0" * 100 + path.read_bytes()[100:])


def forged(path: Path) -> None:
    """Change one amount, as someone would who wants a note back."""
    with closing(sqlite3.connect(path)) as db:
        packing = read_anchor(db, path).packing
        [stacked] = [row for row in read_rows(db, packing) if isinstance(row.event, NoteStacked)]
        more = packing.pack(stacked.body.replace(b"10000", b"90000"))
        assert more != stacked.packed
        db.execute("UPDATE event SET body = ? WHERE seq = ?", (more, stacked.seq))
        db.commit()


def paid_journal(cabinet: Cabinet, *, killed: bool) -> Path:
    """A journal with one payment in it, closed in good order or by a kill."""
    kiosk = cabinet.own_process()
    kiosk.to_slot(cabinet.town.account(10000).account_no)
    cabinet.insert(100)
    kiosk.notice("¥100.00 received")
    kiosk.press("pay_now")
    kiosk.notice("Take your receipt")
    kiosk.kill() if killed else kiosk.close()
    return kiosk.path


def files(path: Path) -> dict[str, bytes]:
    """The journal's files but for SQLite's shared memory and empty files, which hold no data."""
    found = {p.name: p.read_bytes() for p in path.parent.glob("journal.sqlite*")}
    return {name: data for name, data in found.items() if data and not name.endswith("-shm")}


@pytest.mark.parametrize(
    ("damage", "killed"), [(scribbled, False), (headless, False), (forged, False), (forged, True)]
)
def test_a_damaged_journal_closes_the_kiosk_and_stays_as_it_is(
    cabinet: Cabinet, damage: Callable[[Path], None], killed: bool
) -> None:
    path = paid_journal(cabinet, killed=killed)
    damage(path)
    before = files(path)
    kiosk = cabinet.kiosk()
    page = kiosk.page("closed")
    assert "journal_damaged" in page.footnote
    kiosk.press("start")
    kiosk.close()
    with running(cabinet.settings(health={"port": 0})) as process:
        eventually(lambda: "journal_damaged" in health(cabinet.folder), "no health that tells of the damage")
        limits = Path(f"/proc/{process.pid}/limits").read_text()
        assert re.search(r"^Max core file size +[01] ", limits, re.M), "its keys may end in a core dump"
        process.send_signal(signal.SIGTERM)
        assert process.wait(40) == 0
    assert files(path) == before
    assert cabinet.validator("status")["state"] == "unit_disabled"
