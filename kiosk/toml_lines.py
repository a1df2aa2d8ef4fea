"""Finds the line at which a key stands in a TOML text, however it is written there."""

from __future__ import annotations

import re
import tomllib
from typing import Any

_AT = re.compile(r"\(at line (\d+), column \d+\)$")


def line_of(text: str, *keys: str) -> int:
    """Line at which the statement begins that gives `keys` (table, key, ...) a value; 1 if none does."""
    lines, before = text.split("\n"), 0
    for number in range(1, len(lines) + 1):
        try:
            known = tomllib.loads("\n".join(lines[:number]))
        except tomllib.TOMLDecodeError:
            continue  # in the middle of a value that goes over several lines
        if _has(known, keys):
            return before + 1
        before = number
    return 1


def line_of_error(text: str, error: tomllib.TOMLDecodeError) -> int:
    """Line at which the text stops being TOML."""
    found = _AT.search(str(error))
    return int(found[1]) if found else text.count("\n") + 1


def _has(known: Any, keys: tuple[str, ...]) -> bool:
    for key in keys:
        if not isinstance(known, dict) or key not in known:
            return False
        known = known[key]
    return True
