"""The store's port for meter cards: what the card desk asks of the place where meters, cards and writes are kept.

As with `hub.business.keeping` there is one adapter in SQL (`hub.data.cards`) and one in memory beside the crash tests.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from hub.business.card_forms import CardSaid, CardVerdict, IdentityField, WriteState
from hub.business.cards import Card, CardMeter, Purchase, WriteRecord

S = TypeVar("S", bound=CardSaid)


@dataclass(frozen=True, slots=True)
class ReadRecord:
    """A reading of a card, with what the hub answered.

    `reading` is what was read, as the key store alone can read it. `count` is the meter's last count at that moment and
    `max_fen` how much power might be sold then.
    """

    id: str
    terminal: str
    content: str
    reply: bytes
    card_mark: str
    profile: str
    reading: str
    verdict: CardVerdict
    count: int
    max_fen: int
    received_at: datetime


def reading_place(read_id: str) -> str:
    """The place that what was read off a card is encrypted for."""
    return f"card_reads/{read_id}"


@dataclass(frozen=True, slots=True)
class Opened(Generic[S]):
    """What a terminal sealed of a card. `said` is for memory alone, all else may stand in the books.

    `mark` is the card's; `serial` its serial encrypted for its own row; `content` a mark of all that was said, by which
    a repeat is known; `kept` all that was said, encrypted for the place that was named.
    """

    said: S
    mark: str
    serial: str
    content: str
    kept: str


@dataclass(frozen=True, slots=True)
class CheckRecord:
    """An identity check; `matched` says how it went."""

    id: str
    terminal: str
    content: str
    reply: bytes
    account_no: str
    matched: bool
    checked_at: datetime


@dataclass(frozen=True, slots=True)
class Tries:
    """The checks that failed lately; of the account since its last that matched, with the time of the newest."""

    of_account: int
    of_terminal: int
    last_at: datetime | None


class CardKeeping(Protocol):
    """One conversation, in one database transaction, the same one as the desk's other store.

    Each `add_...` raises TakenError, there or at the end, when the id was taken in the meantime. "Hold" means that
    nobody else changes the row until the conversation ends: whatever is decided about a meter is decided while it is
    held.
    """

    async def card(self, mark: str) -> Card | None: ...

    async def put_card(self, card: Card) -> None:
        """Keep a card as it is now, new or not; TakenError where it has become another meter's in the meantime."""

    async def active_card(self, meter_no: str) -> Card | None: ...

    async def had_card(self, meter_no: str) -> bool:
        """Whether any card was ever this meter's."""

    async def meter_of_number(self, card_meter_no: str) -> CardMeter | None:
        """Find a meter by the number that stands on its cards."""

    async def meters_of(self, account_no: str) -> Sequence[CardMeter]:
        """Give an account's card meters by number."""

    async def hold_meter(self, meter_no: str) -> CardMeter | None: ...

    async def set_meter(self, meter: CardMeter) -> None:
        """Set what changes of a meter that is held: its purchase count, and whether it is opened."""

    async def purchase(self, purchase_id: str) -> Purchase | None: ...

    async def orders(self, meter_no: str, count: int) -> Sequence[Purchase]:
        """Give the meter's orders of this count, oldest first, without those that were withdrawn."""

    async def pending_card(self, meter_no: str) -> Purchase | None:
        """Give the newest order for a new card that is paid and not written yet, of whatever count."""

    async def add_purchase(self, purchase: Purchase) -> None:
        """Raises TakenError when the meter's count was sold in the meantime."""

    async def set_purchase(self, purchase: Purchase) -> None:
        """Set what changes of an order: its state, its card, and for a reissue count and amount.

        A withdrawn order gives its count back.
        """

    async def write(self, write_id: str) -> WriteRecord | None: ...

    async def writes_of(self, purchase_id: str) -> Sequence[WriteRecord]:
        """Give the writes of an order, oldest first."""

    async def add_write(self, write: WriteRecord) -> None: ...

    async def set_write(self, write_id: str, state: WriteState, outcome: str) -> None: ...

    async def read(self, read_id: str) -> ReadRecord | None: ...

    async def add_read(self, read: ReadRecord) -> None: ...

    async def check(self, check_id: str) -> CheckRecord | None: ...

    async def add_check(self, check: CheckRecord) -> None: ...

    async def tries(self, account_no: str, terminal: str, since: datetime) -> Tries: ...

    async def identity_mark(self, account_no: str, field: IdentityField) -> str | None:
        """Give the mark by which a field of the account's customer is compared; none where nothing is known."""


class CardSecrets(Protocol):
    """What the card desk asks of the key store.

    Calls raise Refusal `no_key_store` or `hub_busy` when it is not there, `bad_seal` for what it cannot open.
    """

    async def open(self, sealed: str, terminal: str, form: type[S], place: str = "") -> Opened[S]:
        """Open what the terminal sealed of a card; raises Refusal `bad_request` for what is not of the form."""

    async def genuine(self, profile: str, serial: str, challenge: bytes, answer: bytes) -> bool:
        """Tell whether `answer` is the genuine card's to `challenge`."""

    async def cryptogram(self, profile: str, card: Card, challenge: bytes) -> bytes:
        """Give what the card's EXTERNAL AUTHENTICATE wants for its challenge."""

    async def cryptogram_of_reading(self, read: ReadRecord, challenge: bytes) -> bytes:
        """The same for a card of which perhaps nothing but a reading is kept."""

    async def mac(self, profile: str, card: Card, challenge: bytes, command: bytes) -> bytes:
        """Give the MAC over a command's header and data."""

    async def mark(self, sealed: str, terminal: str, field: IdentityField) -> str:
        """Give the mark of what the terminal sealed, to be compared with one that is kept."""
