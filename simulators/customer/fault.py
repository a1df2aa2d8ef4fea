"""What one fault of the demonstration is, and the settings that keep its waits short."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from simulators.bench.settings import Tables
from simulators.bench.tenders import Part
from simulators.customer.blows import Act
from simulators.customer.journeys import Purchase

CALM: Tables = {"cash": {"closing_s": 2.0}}
SOON: Tables = {
    "hub": {"checking_after_s": 3.0, "deadline_s": 2.0, "retry_first_s": 0.3, "status_every_s": 2.0},
    **CALM,
}
NO_COUNTER: Tables = {"acceptor": {"counter": False}}
CLAIM_SOON: Tables = {"hub": {**SOON["hub"], "claim_after_attempts": 3, "checking_after_s": 20.0}}
PATIENT: Tables = {**SOON, "hub": {**SOON["hub"], "checking_after_s": 60.0, "deadline_s": 40.0}}
OFFLINE: Tables = {**SOON, "offline": {"take_cash": True}}
LOST_SOON: Tables = {"cash": {**CALM["cash"], "note_fate_s": 5.0}}
LEFT_ALONE: Tables = {**CALM, "screen": {"done_s": 20.0, "slip_s": 20.0}}
ASKED_AGAIN: Tables = {**SOON, "hub": {**SOON["hub"], "checking_after_s": 60.0}}
PATIENT_READER: Tables = {**CALM, "meter_card": {"command_s": 20.0}}
POWER = ("buy-power", "buy-power-sam")
BOOKED = ("done.title",)


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong: `at` says what is done at which `Customer.moment`; `says` are screen texts of which
    the customer must read one, or the demonstration has failed. `journeys` are those that it can happen in, the usual
    one first, or none where any will do; `card` is the meter card that the customer brings then, where it is not the
    journey's own; `tenders` are what the kiosk has then besides the journey's."""

    name: str
    tells: str
    at: Mapping[str, Act]
    says: tuple[str, ...]
    changes: Tables = field(default_factory=lambda: CALM)
    journeys: tuple[str, ...] = ()
    card: Purchase | None = None
    tenders: frozenset[Part] = frozenset()
