"""What is entered at a keyboard and must not be seen: components of keys, and the PIN of a module."""

from __future__ import annotations

import getpass


class EntryError(ValueError):
    """What was entered cannot be what was asked for; the text never repeats it."""


def hidden(prompt: str) -> str:
    """Ask for a line that is not shown; EntryError for none."""
    entered = getpass.getpass(prompt)
    if not entered.isascii() or not entered:
        raise EntryError("nothing usable was entered")
    return entered


def in_hex(text: str, size: int, number: int) -> bytes:
    """Read a component, or its check value, of `size` bytes; EntryError naming the component otherwise."""
    try:
        data = bytes.fromhex("".join(text.split()))
    except ValueError:
        data = b""
    if len(data) != size:
        raise EntryError(f"component {number}: {2 * size} hex digits expected")
    return data
