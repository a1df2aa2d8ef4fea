"""A card in a bench's reader, as pcscd tells of it: a moment after it has given the card power."""

from __future__ import annotations

import time
from contextlib import closing

from drivers.card.pcsc import PcscCard
from drivers.errors import DriverError

_PATIENCE_S = 60.0


def until_present(reader: str) -> None:
    """Wait until whoever opens this reader meets the card in it."""
    until = time.monotonic() + _PATIENCE_S
    while not _is_present(reader):
        assert time.monotonic() < until, f"no card in {reader}"
        time.sleep(0.01)


def _is_present(reader: str) -> bool:
    try:
        with closing(PcscCard(reader)) as card:
            card.open()
            return card.present()
    except DriverError:
        return False
