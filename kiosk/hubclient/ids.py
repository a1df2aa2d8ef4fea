"""The ids of the contract, as a part of a path."""

from __future__ import annotations

import re


def checked_id(identity: str) -> str:
    """The id as it is; ValueError for anything but 32 lower-case hex digits."""
    if not re.fullmatch(r"[0-9a-f]{32}", identity):
        raise ValueError("an id has 32 lower-case hex digits")
    return identity
