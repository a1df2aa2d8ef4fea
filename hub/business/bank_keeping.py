"""The port of the switch: what it asks of the place where sales by bank card are kept."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from hub.business.keeping import Stored

SaleState = Literal["sending", "approved", "declined", "reversing", "reversed"]
EvidenceKind = Literal["late", "unmatched", "bad_mac", "contradicts", "unreadable", "alarm"]


@dataclass(frozen=True, slots=True)
class SaleRecord:
    """A sale as it is kept, under the id of the payment that it is to become.

    `tid`, `merchant_no`, `batch` and `stan` are those that the bank knows it by, `entry` and `sequence` its fields 22
    and 23. `code` is the bank's own, `reason` field 39 of the reversal. From `due_at` on a sale that is still sending
    goes back; at `next_at` a reversal is tried next, and where that is none nobody tries it. `pan_kept` is the card's
    number as the key store alone can read it, empty once nothing can go back any more.
    """

    id: str
    terminal: str
    content: str
    acquirer: str
    tid: str
    merchant_no: str
    stan: str
    batch: str
    card: str
    card_mark: str
    pan_kept: str = field(repr=False)
    entry: str
    sequence: str
    amount_fen: int
    state: SaleState
    made_at: datetime
    due_at: datetime
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    code: str = ""
    rrn: str = ""
    auth_code: str = ""
    reason: str = ""
    attempts: int = 0
    next_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RouteRecord:
    """A route as it was told; `pik_check` is none where the bank asks for no PIN."""

    stored: Stored
    acquirer: str
    pik_check: str | None


def pan_place(sale_id: str) -> str:
    """The place that a card's number is encrypted for."""
    return f"sales/{sale_id}"


class SaleKeeping(Protocol):
    """One conversation, in one database transaction, the same one as the desk's other store.

    Each `add_...` raises TakenError, there or at the end, when the id was taken in the meantime. "Hold" means that
    nobody else changes the row until the conversation ends.
    """

    async def route(self, route_id: str) -> RouteRecord | None: ...

    async def add_route(self, route_id: str, route: RouteRecord, now: datetime) -> None: ...

    async def sale(self, sale_id: str) -> SaleRecord | None: ...

    async def hold_sale(self, sale_id: str) -> SaleRecord | None: ...

    async def add_sale(self, sale: SaleRecord) -> None: ...

    async def set_sale(self, sale: SaleRecord) -> None:
        """Set what changes of a sale that is held: all but what the first message to the bank said."""

    async def unsettled(self, acquirer: str, terminal: str) -> SaleRecord | None:
        """Give the oldest sale of a bank terminal that is sending, or whose reversal is still to be tried."""

    async def due(self, acquirer: str, now: datetime, most: int) -> Sequence[str]:
        """Give the ids of so many sales that are to go back by now, those first that have waited longest."""

    async def sale_of_message(self, acquirer: str, tid: str, stan: str) -> SaleRecord | None:
        """Give the newest sale that a bank's message with this terminal and trace number can mean."""

    async def is_settled(self, sale: SaleRecord) -> bool:
        """Whether the bank has closed the sale's batch."""

    async def forget_numbers(self) -> None:
        """Drop the card numbers of sales that are settled for good: nothing of them can go back any more."""

    async def add_evidence(
        self,
        acquirer: str,
        kind: EvidenceKind,
        tid: str,
        stan: str,
        sale_id: str | None,
        text: str,
        now: datetime,
    ) -> None:
        """Keep what a bank said besides; `text` is masked already."""
