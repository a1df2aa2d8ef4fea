"""The checks of `make lint` that are ours find what they are there for."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import Distribution
from pathlib import Path

import pytest

from tools import licences, sizes

ROOT = Path(__file__).parents[2]


class Package(Distribution):
    """A distribution that only has metadata."""

    def __init__(self, *fields: str) -> None:
        self._text = "\n".join(["Metadata-Version: 2.4", "Name: sample", *fields, ""])

    def read_text(self, filename: str) -> str | None:
        return self._text if filename == "METADATA" else None

    def locate_file(self, path: object) -> Path:
        raise NotImplementedError


@pytest.mark.parametrize(
    ("field", "refused"),
    [
        ("License-Expression: GPL-3.0-or-later", True),
        ("License-Expression: AGPL-3.0-only", True),
        ("License-Expression: LGPL-3.0-only OR GPL-2.0-only", False),
        ("License-Expression: LGPL-3.0-only", False),
        ("Classifier: License :: OSI Approved :: GNU General Public License v3 (GPLv3)", True),
        ("Classifier: License :: OSI Approved :: GNU Lesser General Public License v3 (LGPLv3)", False),
        ("License: GPLv2", True),
        ("License: MIT", False),
    ],
)
def test_only_the_gpl_is_refused(field: str, refused: bool) -> None:
    assert licences.is_copyleft(licences.terms(Package(field))) is refused


def test_every_locked_runtime_package_may_be_used() -> None:
    checked = subprocess.run(
        [sys.executable, "tools/licences.py"], cwd=ROOT, capture_output=True, check=False
    )
    assert checked.returncode == 0, checked.stderr


def test_a_file_that_outgrew_its_reader_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "long.py").write_text("pass\n" * sizes.LONGEST)
    assert sizes.main() == 0
    (tmp_path / "long.py").write_text("pass\n" * (sizes.LONGEST + 1))
    assert sizes.main() == 1
    assert "long.py: 501 lines" in capsys.readouterr().err


def test_no_lock_carries_an_address() -> None:
    for lock in (ROOT / "requirements").glob("*.lock"):
        text = lock.read_text(encoding="utf-8")
        assert "://" not in text
        assert text.count("==") <= text.count("--hash=sha256:")
