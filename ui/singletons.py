"""Keeps None, True and False alive under Python 3.11, where PySide6 gives away references that are not its own.

PySide6 6.12 drops one reference to True at each `Signal.emit()` and one to None at each `processEvents()`. From Python
3.12 on these objects are immortal (PEP 683) and nothing happens; Python 3.11 aborts after some thousand emits.
"""

from __future__ import annotations

import ctypes
import sys

PLENTY = 1 << 40


def keep() -> None:
    """Give the three as many references as no kiosk can lose before it is switched off; call once, before Qt."""
    if sys.version_info >= (3, 12):
        return
    for one in (None, True, False):
        # The reference count is the first field of every object of CPython 3.11.
        ctypes.c_ssize_t.from_address(id(one)).value += PLENTY
