"""The settings of the simulated kiosk: short schedules and low limits, so that each is met often."""

from __future__ import annotations

from pathlib import Path

import msgspec

from kiosk.config import Acceptor, Cash, Config, Hub, JournalFile, Offline, Printer, Terminal

KEY = bytes(32)
CONFIG = Config(
    terminal=Terminal(id="T-1", bench=True),
    hub=Hub(
        url="http://127.0.0.1:1",
        key_file=Path("k"),
        claim_after_attempts=4,
        status_every_s=120.0,
        retry_most_s=60.0,
    ),
    journal=JournalFile(path=Path("j")),
    acceptor=Acceptor(port="a"),
    printer=Printer(port="p"),
    cash=Cash(most_fen=60000, most_notes=8),
)
WITHOUT_HUB = msgspec.structs.replace(
    CONFIG, offline=Offline(take_cash=True, most_fen=15000, most_waiting_fen=25000, most_s=300.0)
)
"""The same where cash is taken without the hub, too."""
