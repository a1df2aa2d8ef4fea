"""The contract's requests and answers about meter cards, as strict, frozen types."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from kiosk.hubclient.wire import (
    Account,
    AccountNo,
    CardNumber,
    Fen,
    Id,
    MeterNo,
    PurchaseKind,
    Time,
    Wire,
)

CardSerial = Annotated[str, Meta(pattern=r"^[0-9A-F]{16}\Z")]
ProfileName = Annotated[str, Meta(pattern=r"^[a-z0-9_-]{1,32}\Z")]
Hex4 = Annotated[str, Meta(pattern=r"^[0-9A-Fa-f]{8}\Z")]
Hex8 = Annotated[str, Meta(pattern=r"^[0-9A-Fa-f]{16}\Z")]
HexHeader = Annotated[str, Meta(pattern=r"^[0-9A-Fa-f]{10}\Z")]
CardTail = Annotated[str, Meta(pattern=r"^[0-9A-F]{4}\Z")]
"""The last four digits of a card's serial: all that the hub says of it."""
HexFile = Annotated[str, Meta(pattern=r"^([0-9A-Fa-f]{2}){1,512}\Z")]
U32 = Annotated[int, Meta(ge=0, le=2**32 - 1)]

CardVerdict = Literal[
    "ready",
    "not_taken",
    "owed",
    "foreign",
    "other_card",
    "other_meter",
    "ahead",
    "behind",
    "closed",
    "blank",
    "damaged",
]
WriteKind = Literal["purchase", "rewrite", "reissue", "open"]
WriteState = Literal["authorised", "written", "failed", "unknown"]

# What the hub alone may read: sealed as JSON of these forms, under the name FIELD


class WriteBack(Wire, frozen=True):
    """What the meter wrote onto the card; `written_at` is its own clock's minute, empty where that is not set."""

    meter_no: CardNumber | None
    customer_no: CardNumber | None
    remaining_fen: U32
    count: U32
    overdraft_fen: U32
    illegal_cards: int
    written_at: str


class CardSaid(Wire, frozen=True):
    """Which card it is."""

    FIELD: ClassVar[str] = "card_proof"
    serial: CardSerial


class CardContents(CardSaid, frozen=True):
    """What stands on a card; of one with a damaged file only the serial counts, `damaged` names file and field."""

    FIELD: ClassVar[str] = "card_read"
    meter_no: CardNumber | None
    customer_no: CardNumber | None
    card_type: int
    amount_fen: U32
    count: U32
    write_back: WriteBack | None
    damaged: str = ""


class CardToWrite(CardSaid, frozen=True):
    """The card that is to be written, and the count that was read from it just now."""

    FIELD: ClassVar[str] = "card_write"
    count: U32


class Seen(CardSaid, frozen=True):
    """What the card held when it was read back."""

    FIELD: ClassVar[str] = "card_seen"
    count: U32
    amount_fen: U32
    reply_empty: bool


# Requests


class CardReadRequest(Wire, frozen=True):
    """PUT /v1/card-reads/{id}: a card as it was read, with its answer to our challenge; `sealed` is `CardContents`."""

    profile: ProfileName
    sealed: str
    challenge: Hex8
    cryptogram: Hex8
    read_at: Time


class CardProofRequest(Wire, frozen=True):
    """PUT /v1/card-proofs/{id}: a card's answer to a challenge, for the key store to judge; `sealed` is `CardSaid`."""

    profile: ProfileName
    sealed: str
    challenge: Hex8
    cryptogram: Hex8


class CardWriteRequest(Wire, frozen=True):
    """PUT /v1/card-writes/{id}: ask to write a paid purchase on a card; `sealed` is `CardToWrite`."""

    purchase_id: Id
    kind: WriteKind
    profile: ProfileName
    sealed: str
    made_at: Time


class ChallengeRequest(Wire, frozen=True):
    """PUT /v1/card-writes/{id}/cryptograms/{n}."""

    challenge: Hex8


class MacRequest(Wire, frozen=True):
    """PUT /v1/card-writes/{id}/macs/{n}: `command` is the header of one UPDATE BINARY, whose data the hub knows."""

    challenge: Hex4
    command: HexHeader


class OutcomeRequest(Wire, frozen=True):
    """PUT /v1/card-writes/{id}/outcome; `failed` only when the wallet certainly was not written; `seen` is `Seen`."""

    state: Literal["written", "failed", "unknown"]
    seen: str | None
    reason: str
    at: Time


class IdentityCheckRequest(Wire, frozen=True):
    """PUT /v1/identity-checks/{id}: what the customer typed, sealed to the hub under the field's name."""

    account_no: AccountNo
    field: Literal["identity_no", "phone"]
    sealed: str
    made_at: Time


# Answers


class LastPurchase(Wire, frozen=True):
    """The meter's last purchase; `state` is a word: authorised, owed, written, taken, or one that a newer hub adds."""

    count: U32
    amount_fen: Fen
    state: str
    paid_at: Time
    reference: str | None


class OwedPurchase(Wire, frozen=True):
    """A paid purchase that is to be written on this card, free of charge."""

    purchase_id: Id
    kind: PurchaseKind
    count: U32
    amount_fen: Fen
    paid_at: Time
    reference: str | None


class CardRead(Wire, frozen=True):
    """What may be done with the card that was read, and what the hub knows of its meter."""

    id: Id
    verdict: CardVerdict
    account: Account | None
    meter_no: MeterNo | None
    last: LastPurchase | None
    owed: OwedPurchase | None
    min_fen: Fen
    max_fen: Fen
    hoarding_limit_fen: Fen
    as_of: Time
    business_date: date

    def __post_init__(self) -> None:
        if (self.verdict == "owed") != (self.owed is not None):
            raise ValueError("owed is there if and only if the verdict says so")
        if self.verdict in {"ready", "not_taken", "owed", "closed"} and self.account is None:
            raise ValueError("a card that is known has an account")


class CardProof(Wire, frozen=True):
    """Whether the card has shown that it holds the utility's key."""

    id: Id
    genuine: bool


class CardFile(Wire, frozen=True):
    """A file's whole new content."""

    file: str
    data: HexFile


class CardWrite(Wire, frozen=True):
    """A write that may be carried out: its files in writing order, the wallet last."""

    id: Id
    purchase_id: Id
    state: WriteState
    profile: ProfileName
    card_tail: CardTail
    files: tuple[CardFile, ...]
    count: U32
    amount_fen: Fen


class Cryptogram(Wire, frozen=True):
    """The answer to the card's challenge."""

    cryptogram: Hex8


class Mac(Wire, frozen=True):
    """The MAC of one command."""

    mac: Hex4


class WriteOutcome(Wire, frozen=True):
    """How the hub has the write now."""

    id: Id
    state: WriteState


class PendingCard(Wire, frozen=True):
    """A new card that was paid for and not made, with what is to stand on it: to be made now, free of charge."""

    purchase_id: Id
    kind: Literal["reissue", "open"]
    meter_no: CardNumber
    customer_no: CardNumber
    count: U32
    amount_fen: Fen
    profile: ProfileName
    paid_at: Time
    reference: str | None


class IdentityCheck(Wire, frozen=True):
    """Whether it was the customer, and how often he may still try today; `pending` is told to him alone."""

    id: Id
    state: Literal["matched", "not_matched"]
    tries_left: int
    pending: PendingCard | None = None
