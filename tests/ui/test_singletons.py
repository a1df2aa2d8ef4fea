"""None and True outlive any number of Qt signals."""

from __future__ import annotations

import subprocess
import sys

EMITS = """
import sys
import ui
from PySide6.QtCore import QObject, Signal
class Sender(QObject):
    said = Signal(str)
sender = Sender()
for _ in range(20000):
    sender.said.emit("a note")
print(sys.getrefcount(True) > 20000)
"""


def test_twenty_thousand_emits_do_not_abort() -> None:
    """Without the guard Python 3.11 aborts here: bool_dealloc."""
    done = subprocess.run(
        [sys.executable, "-c", EMITS], capture_output=True, text=True, timeout=55, check=False
    )
    assert (done.returncode, done.stdout.strip()) == (0, "True"), done.stderr
