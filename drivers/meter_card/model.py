"""One model of a prepaid meter's card above all provinces: what stands on it, and what a writer can be asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from drivers.errors import DriverError, TransportError
from drivers.security.model import CardKeys, SecurityModule
from drivers.status import DeviceHealth


class CardCode(StrEnum):
    """Why a card was not read or not written, as the kiosk's texts and docs/operations.md name it."""

    GONE = "card_gone"
    """Pulled before the call was through."""
    MUTE = "card_mute"
    """It does not answer: in the wrong way round, broken, or too slow."""
    FOREIGN = "card_foreign"
    """It answers, and is of no profile that this kiosk knows."""
    BANK = "bank_card"
    """It names itself a card of the payment systems."""
    UNISSUED = "card_unissued"
    """Its own answer (6B00): no files were made on it yet."""
    LOCKED = "card_locked"
    """A key of it is blocked after too many wrong tries."""
    WORN = "card_worn"
    """Its memory no longer takes what is written (6581)."""
    REFUSED_US = "card_refused_us"
    """It refused the cryptogram, a MAC or a command of ours."""
    DAMAGED = "card_damaged"
    """A file of it cannot be what a kiosk or a meter wrote; `file` and `field` say where."""
    CHANGED = "card_changed"
    """Another card stands in the reader than the one that was to be written."""
    READER_GONE = "reader_gone"
    """Not the card but its reader: unplugged, or pcscd went away."""


class CardError(DriverError):
    """A card that cannot be read or written, and why: `code` is the stable word.

    `serial` and `profile` are set as far as they were read before it went wrong, so that a card torn by an earlier
    write is known and can be written again. `wallet_sent` is true only for an error of `MeterCardWriter.write` that
    came after the wallet's update went out: what stands on the card is then not known until it is read.
    """

    def __init__(
        self,
        code: CardCode,
        detail: str = "",
        *,
        file: str = "",
        field: str = "",
        serial: str = "",
        profile: str = "",
        wallet_sent: bool = False,
    ) -> None:
        super().__init__(f"{code}: {detail}" if detail else str(code))
        self.code = code
        self.detail = detail
        self.file = file
        self.field = field
        self.serial = serial
        self.profile = profile
        self.wallet_sent = wallet_sent


class ReaderGone(CardError, TransportError):  # noqa: N818 - as CardGone
    """The reader was lost in the middle of a call; `open()` works again once it is back."""


class Presence(StrEnum):
    """Whether a card stands in the reader."""

    ABSENT = "absent"
    PRESENT = "present"


@dataclass(frozen=True, slots=True)
class Wallet:
    """What the kiosk wrote last: the amount in fen, and the purchase count that it belongs to."""

    amount_fen: int
    count: int


@dataclass(frozen=True, slots=True)
class WriteBack:
    """What the meter wrote to the card when it stood in it last.

    `meter_no` and `customer_no` have 12 digits; `remaining_fen` is the credit in the meter, `overdraft_fen` what was
    used beyond it; `count` is the last purchase that the meter took; `illegal_cards` how often it refused a card;
    `written_at` the meter's own clock as YYYY-MM-DDThh:mm, "" where it holds no time.
    """

    meter_no: str
    customer_no: str
    remaining_fen: int
    count: int
    overdraft_fen: int
    illegal_cards: int
    written_at: str


@dataclass(frozen=True, slots=True)
class CardContents:
    """One card as it was read.

    `serial` is 16 upper-case hex digits; `card_type` 1 opened, 2 purchase, 3 reissued, others as the profile says.
    `meter_no` and `customer_no` have 12 digits, and both are "" on a card that was never written (`blank`).
    `write_back` is None when it is empty by the meter's own test: the meter has not seen the card since it was
    written. `files` holds the bytes of each file that was read, by the profile's names.
    """

    profile: str
    serial: str
    card_type: int
    meter_no: str
    customer_no: str
    wallet: Wallet
    write_back: WriteBack | None
    files: Mapping[str, bytes]

    @property
    def blank(self) -> bool:
        """Whether nobody's data stand on the card yet."""
        return not self.meter_no


@dataclass(frozen=True, slots=True)
class FileData:
    """The whole new contents of one file."""

    file: str
    data: bytes


@dataclass(frozen=True, slots=True)
class WriteOrder:
    """One authorised write to one card; `files` in writing order, the wallet last."""

    write_id: str
    profile: str
    serial: str
    files: tuple[FileData, ...]

    def unlike(self, contents: CardContents) -> tuple[str, ...]:
        """Names of the files that do not stand on the card as ordered; () when the write is whole.

        Right after the write only: a meter that has seen the card since has filled the write-back file again.
        """
        return tuple(each.file for each in self.files if contents.files.get(each.file) != each.data)


class MeterCardWriter(Protocol):
    """Reads and writes meter cards in one reader; for one thread. Every call has a wall-clock deadline.

    Trouble with the card, and with the reader once a call works on a card, is a CardError.
    """

    def open(self) -> None:
        """Take the reader; TransportError when it is not there."""
        ...

    def close(self) -> None:
        """Let go of card and reader; safe to call twice."""
        ...

    def poll(self) -> Presence | None:
        """Ask whether a card stands in the reader; a change is told once (the first call always tells)."""
        ...

    def read(self) -> CardContents:
        """Power the card, find its profile among those configured, and read it."""
        ...

    def prove(self, challenge: bytes) -> bytes:
        """INTERNAL AUTHENTICATE: the card's cryptogram of 8 bytes of challenge.

        Only after `read`, also after one that found a damaged file and told the serial.
        """
        ...

    def admit(self, keys: CardKeys, module: SecurityModule) -> None:
        """EXTERNAL AUTHENTICATE, to learn whether the card would let itself be written; only after `read`.

        Nothing is written. LOCKED for a card that lets nobody in any more; a REFUSED_US has cost it one of the tries
        that it allows before it locks. What the module raises passes as it is, and costs the card nothing.
        """
        ...

    def stand_by(self, profile: str, serial: str) -> None:
        """Make this card ready for a write whose order is still on its way; CHANGED when another one is there.

        A help, and nothing to rely on: `write` does it anew for a card that was lifted since, or that nobody made
        ready.
        """
        ...

    def write(self, order: WriteOrder, module: SecurityModule) -> CardContents:
        """Write the order's files in their order, read them back, and return what stands on the card.

        Compares the serial before anything (CARD_CHANGED). What the module raises passes as it is. Unless the error
        is a CardError with `wallet_sent`, the wallet stands as it stood before. The caller compares what is
        returned (`order.unlike`). A card that has refused our key is not asked again before it was taken out.
        """
        ...

    def health(self) -> DeviceHealth:
        """Tell the state as of the last call, without asking the device."""
        ...
