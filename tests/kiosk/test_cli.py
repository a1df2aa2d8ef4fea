"""`power-kiosk` finds its subcommands and loads only the one that was chosen."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from kiosk.cli import main

KIOSK = str(Path(sys.executable).parent / "power-kiosk")


def test_names_what_is_installed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    told = capsys.readouterr().out
    assert all(f"\n  {name} " in told for name in ("demo", "journal", "run"))


def test_refuses_a_subcommand_that_is_not_installed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dance"]) == 2
    assert "no subcommand 'dance' is installed" in capsys.readouterr().err


def test_asks_for_a_subcommand(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "usage: power-kiosk" in capsys.readouterr().out


def test_gives_the_exit_status_of_the_subcommand(tmp_path: Path) -> None:
    absent = tmp_path / "journal.sqlite"
    done = subprocess.run(
        [KIOSK, "journal", "list", "--journal", str(absent)], capture_output=True, check=False
    )
    assert done.returncode == 1


def test_loads_no_screen_for_the_journal() -> None:
    source = (
        "import sys; from kiosk.cli import main\n"
        "try: main(['journal', '--help'])\n"
        "except SystemExit: pass\n"
        "print([name for name in ('PySide6', 'simulators', 'ui.app') if name in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True).stdout
    assert told.splitlines()[-1] == "[]"
