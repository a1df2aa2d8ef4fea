"""What a killed kiosk has written to its log and its metrics, searched for what must not stand there (I13)."""

from __future__ import annotations

from dataclasses import replace

from tests.crash.privacy import exposed
from tests.powercut.lanes import Outcome
from tests.powercut.station import DUE_FEN, Station

EACH_HAS = (b'"event":', b'"schema":', b"power_kiosk_up")
"""Words that stand in any log that was written at all: a log that is empty holds no secrets."""


def searched(station: Station, outcome: Outcome) -> Outcome:
    """The outcome, with what the case has leaked as its faults. The log begins anew."""
    customer = station.town.account(DUE_FEN)
    secrets = frozenset(word.encode() for word in (customer.name, customer.address, customer.phone))
    path = station.cabinet.folder / "kiosk.log"
    told = path.read_bytes()
    path.write_bytes(b"")
    leaks = list(exposed("log or metrics", told, secrets))
    if not all(word in told for word in EACH_HAS):
        leaks.append("the kiosk wrote neither log nor metrics")
    verdict = outcome.verdict
    return replace(outcome, verdict=replace(verdict, faults=(*verdict.faults, *leaks)))
