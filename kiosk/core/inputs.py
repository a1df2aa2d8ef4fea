"""What the world tells the core: one small class for each thing that can happen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from drivers.cash.model import CashReport
from drivers.status import DeviceHealth
from kiosk.hubclient import wire
from kiosk.hubclient.outcomes import Outcome


@dataclass(frozen=True, slots=True)
class Moment:
    """When an input is dealt with: `mono` in seconds for time-outs, `utc` for stamps."""

    mono: float
    utc: datetime

    @property
    def stamp(self) -> str:
        """The time as the journal writes it."""
        return self.utc.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    @property
    def day(self) -> date:
        """The calendar day in UTC; only used until the hub has told its business date."""
        return self.utc.date()


class Input:
    """Anything that the core is told."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Tick(Input):
    """Time has passed; the timers that are due are dealt with before every input."""


@dataclass(frozen=True, slots=True)
class Intent(Input):
    """The customer pressed something: the choice's id, and a value where it has one (a digit, a month)."""

    name: str
    arg: str = ""


@dataclass(frozen=True, slots=True)
class AcceptorSaid(Input):
    """A change that the acceptor reported. `counter` is its own count of stacked notes, read just after the report,
    where it keeps one and could be asked."""

    report: CashReport
    counter: int | None = None


@dataclass(frozen=True, slots=True)
class DeviceFelt(Input):
    """A device's health, told when it changes. `device`: acceptor or printer."""

    device: str
    health: DeviceHealth


@dataclass(frozen=True, slots=True)
class SlipOutcome(Input):
    """How a print job ended. Not printed covers "nobody knows" too."""

    job: str
    printed: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class AccountSaid(Input):
    """The hub's word on a look-up."""

    request: str
    outcome: Outcome[wire.Account]


@dataclass(frozen=True, slots=True)
class ReferenceSaid(Input):
    """The hub's word on a slip's reference."""

    request: str
    outcome: Outcome[wire.Reference]


@dataclass(frozen=True, slots=True)
class QuoteSaid(Input):
    """The hub's word on a quote."""

    quote_id: str
    outcome: Outcome[wire.Quote]


@dataclass(frozen=True, slots=True)
class CreditSaid(Input):
    """The hub's word on one attempt to credit a payment."""

    payment_id: str
    attempt: int
    outcome: Outcome[wire.Payment]


@dataclass(frozen=True, slots=True)
class ClaimSaid(Input):
    """The hub's word on one attempt to hand over a claim."""

    claim_id: str
    attempt: int
    outcome: Outcome[wire.Claim]


@dataclass(frozen=True, slots=True)
class StatusSaid(Input):
    """Whether the hub is there, and how our journal fits what it knows."""

    outcome: Outcome[wire.Status] | Outcome[wire.Heartbeat]
