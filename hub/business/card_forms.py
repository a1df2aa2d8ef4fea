"""The internal form of what concerns meter cards: a card that was read, a write, its cryptograms and its outcome."""

from datetime import date, datetime
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from hub.business.forms import (
    Account,
    AccountNo,
    Answer,
    CardNumber,
    CardSerial,
    Id,
    Order,
    PurchaseKind,
    PurchaseState,
    Time,
)

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
IdentityField = Literal["identity_no", "phone"]
OutcomeState = Literal["written", "failed", "unknown"]

U32 = Annotated[int, Meta(ge=0, le=2**32 - 1)]
CardByte = Annotated[int, Meta(ge=0, le=255)]
ProfileName = Annotated[str, Meta(pattern=r"^[a-z0-9_-]{1,32}\Z", description="a card layout's name")]
Hex4 = Annotated[str, Meta(pattern=r"^[0-9A-Fa-f]{8}\Z", description="4 bytes")]
Hex8 = Annotated[str, Meta(pattern=r"^[0-9A-Fa-f]{16}\Z", description="8 bytes")]
HexHeader = Annotated[
    str, Meta(pattern=r"^[0-9A-Fa-f]{10}\Z", description="an UPDATE BINARY's CLA, INS, P1, P2 and Lc")
]
MeterTime = Annotated[
    str, Meta(pattern=r"^[0-9T: -]{0,19}\Z", description="the meter's own clock; empty where it is not set")
]
Seal = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.-]{1,4096}\Z", description="JWE compact serialisation")]


class WriteBack(Order, frozen=True):
    """What the meter wrote onto the card when it was last inserted there."""

    meter_no: CardNumber | None
    customer_no: CardNumber | None
    remaining_fen: U32
    count: U32
    overdraft_fen: U32
    illegal_cards: Annotated[int, Meta(ge=0, le=999_999)]
    written_at: MeterTime


class CardSaid(Order, frozen=True):
    """What a kiosk says of a card for the hub alone to read: JSON of this form, sealed under the name FIELD."""

    FIELD: ClassVar[str] = "card_proof"
    serial: CardSerial


class CardContents(CardSaid, frozen=True):
    """What was read off a card.

    A number is none where the card holds no digits there; the write-back is none where the meter has left none.
    `damaged` names the file and field that cannot be read, if any; the card's contents are not judged then.
    """

    FIELD: ClassVar[str] = "card_read"
    meter_no: CardNumber | None
    customer_no: CardNumber | None
    card_type: CardByte
    amount_fen: U32
    count: U32
    write_back: WriteBack | None
    damaged: Annotated[str, Meta(pattern=r"^[ -~]{0,64}\Z")] = ""


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


class CardReadOrder(Order, frozen=True):
    """A card as the kiosk read it, with its answer to a challenge: evidence, and the question what may be done with it.

    `sealed` is its `CardContents`.
    """

    profile: ProfileName
    sealed: Seal
    challenge: Hex8
    cryptogram: Hex8
    read_at: Time


class CardProofOrder(Order, frozen=True):
    """A card's answer to a challenge, to be judged by the key store; `sealed` is its `CardSaid`."""

    profile: ProfileName
    sealed: Seal
    challenge: Hex8
    cryptogram: Hex8


class CardWriteOrder(Order, frozen=True):
    """Ask to write a paid purchase on a card; `sealed` is its `CardToWrite`."""

    purchase_id: Id
    kind: WriteKind
    profile: ProfileName
    sealed: Seal
    made_at: Time


class ChallengeOrder(Order, frozen=True):
    """The card's challenge to whoever wants to write it."""

    challenge: Hex8


class MacOrder(Order, frozen=True):
    """The header of one UPDATE BINARY of a write, and the challenge that its MAC answers; the hub knows its data."""

    challenge: Hex4
    command: HexHeader


class OutcomeOrder(Order, frozen=True):
    """How a write ended; `failed` means that the wallet certainly was not written, `unknown` that nobody can tell.

    `seen` is `Seen`, sealed.
    """

    state: OutcomeState
    seen: Seal | None
    reason: Annotated[str, Meta(pattern=r"^[ -~]{0,64}\Z", description="for the technician")]
    at: Time


class IdentityCheckOrder(Order, frozen=True):
    """What a customer typed to show who he is, sealed to the hub under the field's name."""

    account_no: AccountNo
    field: IdentityField
    sealed: Seal
    made_at: Time


class LastPurchase(Answer, frozen=True):
    """The meter's last purchase, of any card."""

    count: int
    amount_fen: int
    state: PurchaseState
    paid_at: datetime
    reference: str | None


class OwedPurchase(Answer, frozen=True):
    """A paid purchase that is to be written on this card; `kind` is what it was sold as."""

    purchase_id: str
    kind: PurchaseKind
    count: int
    amount_fen: int
    paid_at: datetime
    reference: str | None


class CardRead(Answer, frozen=True):
    """What may be done with a card that was read, and what the hub knows of its meter.

    `ready`: power can be bought. `not_taken`: the last purchase is on the card and not in the meter yet. `owed`: a paid
    purchase is to be written first. `foreign`: no card of this utility, or an imitation. `other_card`: the meter has
    another card. `other_meter`: the card's numbers are not its meter's. `ahead`, `behind`: its count is beyond, or
    short of, what the hub has sold. `closed`: the account is. `blank`: a card for reissue or opening. `damaged`: it
    cannot be read and nothing is to be written on it.
    """

    id: str
    verdict: CardVerdict
    account: Account | None
    meter_no: str | None
    last: LastPurchase | None
    owed: OwedPurchase | None
    min_fen: int
    max_fen: int
    hoarding_limit_fen: int
    as_of: datetime
    business_date: date


class CardProof(Answer, frozen=True):
    """Whether the card has shown that it holds this utility's key."""

    id: str
    genuine: bool


class CardFile(Answer, frozen=True):
    """A file's whole new content."""

    file: str
    data: str


class CardWrite(Answer, frozen=True):
    """A write that may be carried out: its files in writing order, the wallet last.

    `card_tail` are the last four digits of the card's serial.
    """

    id: str
    purchase_id: str
    state: WriteState
    profile: str
    card_tail: str
    files: tuple[CardFile, ...]
    count: int
    amount_fen: int


class Cryptogram(Answer, frozen=True):
    """The answer to the card's challenge."""

    cryptogram: str


class Mac(Answer, frozen=True):
    """The MAC that the card asks of one command."""

    mac: str


class WriteOutcome(Answer, frozen=True):
    """How a write stands; a kiosk's "written" that its reading does not bear out stands as unknown."""

    id: str
    state: WriteState


class PendingCard(Answer, frozen=True):
    """A new card that was paid for and not made: any kiosk makes it, free of charge; the numbers go onto the card."""

    purchase_id: str
    kind: PurchaseKind
    meter_no: str
    customer_no: str
    count: int
    amount_fen: int
    profile: str
    paid_at: datetime
    reference: str | None


class IdentityCheck(Answer, frozen=True):
    """Whether it was the customer, and how often he may still try today; to him it tells of a card that is owed."""

    id: str
    state: Literal["matched", "not_matched"]
    tries_left: int
    pending: PendingCard | None = None
