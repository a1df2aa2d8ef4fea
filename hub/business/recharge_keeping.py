"""The store's port for recharge cards, and what the redemption of one asks of the key store."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, Protocol

CardState = Literal["made", "active", "spent", "blocked"]


@dataclass(frozen=True, slots=True)
class RechargeCard:
    """A recharge card as it is kept, without its number; `spent_by` is the payment that it paid for."""

    serial: str
    value_fen: int
    state: CardState
    expires_on: date
    spent_by: str | None = None


@dataclass(frozen=True, slots=True)
class RedemptionRecord:
    """A redemption with what was answered.

    `content` is the order without what was sealed, `mark` the number's, `outcome` "redeemed" or why it was refused,
    `serial` the card that the number is of, if any.
    """

    id: str
    terminal: str
    content: str
    mark: str
    outcome: str
    serial: str | None
    reply: bytes
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class WrongNumbers:
    """So many wrong numbers came from a terminal since then, the newest at `last_at`."""

    since: datetime
    failed: int
    last_at: datetime


class RechargeKeeping(Protocol):
    """One conversation, in one database transaction, the same one as the desk's other store.

    "Hold" means that nobody else changes the row until the conversation ends. Each `add_...` raises TakenError, there
    or at the end, when the key was taken in the meantime.
    """

    async def redemption(self, payment_id: str) -> RedemptionRecord | None: ...

    async def add_redemption(self, record: RedemptionRecord) -> None: ...

    async def hold_tries(self, terminal: str) -> WrongNumbers | None: ...

    async def set_tries(self, terminal: str, tries: WrongNumbers, *, first: bool) -> None:
        """Keep the count of a terminal; `first` when there is none before, raises TakenError when one came since."""

    async def hold_card(self, mark: str) -> RechargeCard | None:
        """Hold the card whose number has this mark."""

    async def spend(self, serial: str, payment_id: str) -> None:
        """Spend an active card for a payment; raises TakenError when it is not active any more."""


class RechargeSecrets(Protocol):
    """What a redemption asks of the key store."""

    async def recharge_mark(self, sealed: str, terminal: str) -> str:
        """Give the mark of the number that the terminal sealed; raises Refusal as `CardSecrets` does."""
