"""Refuses a source file that has outgrown its reader."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

LONGEST = 500


def main() -> int:
    """Check every Python and QML file outside the tests that git knows or would add; 1 when one is too long."""
    listed = subprocess.run(
        [
            "git",
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
            "--",
            "*.py",
            "*.qml",
            ":!tests",
        ],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split("\0")
    paths = [Path(name) for name in listed if name]
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in paths}
    too_long = {path: length for path, length in lengths.items() if length > LONGEST}
    for path, length in too_long.items():
        print(f"{path}: {length} lines, {LONGEST} at most: split it by what it is about", file=sys.stderr)
    return 1 if too_long else 0


if __name__ == "__main__":
    sys.exit(main())
