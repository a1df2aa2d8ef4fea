"""What the world tells the core: one small class for each thing that can happen."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from drivers.card.model import DispenserReport
from drivers.cash.model import CashReport
from drivers.eft.model import EftResult
from drivers.status import DeviceHealth
from kiosk.core.card_fate import Glance
from kiosk.hubclient import card_wire, tender_wire, wire
from kiosk.hubclient.outcomes import Outcome
from kiosk.payment.effects import CardFace


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
    """A device's health, told when it changes.

    `device`: acceptor, printer, card_writer, dispenser, new_card, sam, bank_reader, pin_pad, eft or scanner.
    """

    device: str
    health: DeviceHealth


@dataclass(frozen=True, slots=True)
class CardFelt(Input):
    """A card was put into the reader, or taken out of it.

    `seen` is False where nobody watched: the reader was opened only now, or is gone.
    """

    present: bool
    seen: bool = True


@dataclass(frozen=True, slots=True)
class DispenserSaid(Input):
    """A change in the dispenser of new cards: where the card in its path stands."""

    report: DispenserReport


@dataclass(frozen=True, slots=True)
class CardStaged(Input):
    """Whether a card stands at the dispenser's chip station now; `code` is empty, or why there is none."""

    request: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class CardPresented(Input):
    """Whether the new card was moved to the mouth; `code` is empty, or why not."""

    payment_id: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class IdentitySaid(Input):
    """The hub's word on who asks for a new card."""

    check_id: str
    outcome: Outcome[card_wire.IdentityCheck]


@dataclass(frozen=True, slots=True)
class CardRead(Input):
    """What a card holds, or the driver's word for why it could not be read."""

    request: str
    face: CardFace | None
    code: str = ""


@dataclass(frozen=True, slots=True)
class CardKnown(Input):
    """The hub's word on a card that was read."""

    read_id: str
    outcome: Outcome[card_wire.CardRead]


@dataclass(frozen=True, slots=True)
class CardAdmitted(Input):
    """Whether the card that was read lets itself be written. `code` is empty, or why not.

    It is the driver's word, or module_away or module_refused where nothing could be computed for the card.
    """

    read_id: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class CardWritten(Input):
    """What a write, or a look at the card after it, has shown.

    `attempt` is the number of the write that it belongs to.
    """

    payment_id: str
    attempt: int
    glance: Glance


@dataclass(frozen=True, slots=True)
class OutcomeSaid(Input):
    """The hub's word on one attempt to tell it how a write ended."""

    payment_id: str
    attempt: int
    outcome: Outcome[card_wire.WriteOutcome]


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


# Money that is not cash.


@dataclass(frozen=True, slots=True)
class BankCardFelt(Input):
    """Where the bank card is: `place` is none, in, mouth (held out), taken, captured or stuck."""

    place: str


@dataclass(frozen=True, slots=True)
class BankCardFace:
    """What the core may know of a bank card; its number and tracks stay with the lanes."""

    masked: str
    prefix: str
    length: int
    label: str = ""


@dataclass(frozen=True, slots=True)
class BankCardRead(Input):
    """What was read of a bank card, or why not.

    `code`: no_application, not_a_bank_card, mute, wrong_way, pulled, expired, unreadable.
    """

    request: str
    face: BankCardFace | None
    code: str = ""


@dataclass(frozen=True, slots=True)
class RouteSaid(Input):
    """The hub's word on which bank takes the card."""

    route_id: str
    outcome: Outcome[tender_wire.Route]


@dataclass(frozen=True, slots=True)
class PinSaid(Input):
    """What happened at the PIN pad; no key's value is ever told.

    `what`: ready, typed (`digits` are in), entered, cancelled, timeout, failed (`code` says how).
    """

    request: str
    what: str
    digits: int = 0
    code: str = ""


@dataclass(frozen=True, slots=True)
class SaleSaid(Input):
    """The hub's word on a sale."""

    payment_id: str
    outcome: Outcome[tender_wire.Sale]


@dataclass(frozen=True, slots=True)
class ReversalSaid(Input):
    """The hub's word on one attempt to have a sale undone."""

    payment_id: str
    attempt: int
    outcome: Outcome[tender_wire.Reversal]


@dataclass(frozen=True, slots=True)
class BoxSaid(Input):
    """What the terminal box said, or why it did not. `asked`: sale, last or void; `attempt` 0 for a sale.

    `code` is empty where `result` is its word, not_sent where it was not asked at all, nothing where it has no last
    result, or a word of the driver's trouble: then nobody knows what it did.
    """

    payment_id: str
    asked: str
    attempt: int
    result: EftResult | None = None
    code: str = ""


@dataclass(frozen=True, slots=True)
class OrderSaid(Input):
    """The hub's word on an order for a phone. `asked`: open, watch or close (`attempt` counts the last)."""

    payment_id: str
    asked: str
    attempt: int
    outcome: Outcome[tender_wire.Phone]


@dataclass(frozen=True, slots=True)
class SecretSealed(Input):
    """A recharge card's number as the hub alone can read it; `sealed` is empty where the hub's key could not be had."""

    request: str
    sealed: str


@dataclass(frozen=True, slots=True)
class RedemptionSaid(Input):
    """The hub's word on one attempt to spend a recharge card."""

    payment_id: str
    attempt: int
    outcome: Outcome[tender_wire.Redemption]


@dataclass(frozen=True, slots=True)
class Scanned(Input):
    """A code was read. `kind`: bill, payer (kept by the lanes), recharge, reference, unknown."""

    kind: str
    text: str = field(default="", repr=False)
