"""What the kiosk may do to the world: each effect is permitted by an event that is durable already."""

from __future__ import annotations

from dataclasses import dataclass, field

from drivers.meter_card.model import CardContents
from kiosk.payment.model import Claim, Payment, Tender


@dataclass(frozen=True, slots=True)
class CardFace:
    """A card as it was read, with its answer to a challenge of ours (INTERNAL AUTHENTICATE).

    `damaged` names the file and field that cannot be read, if any: then only serial and profile of the contents count.
    """

    contents: CardContents
    challenge: bytes
    answer: bytes
    damaged: str = ""


class Effect:
    """Something for a lane to do; what comes of it returns as an input to the core."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class EnableAcceptor(Effect):
    """Take notes of the types that the kiosk is set to take."""


@dataclass(frozen=True, slots=True)
class DisableAcceptor(Effect):
    """Take no further note; one on its way completes and is reported."""


@dataclass(frozen=True, slots=True)
class StackNote(Effect):
    """Move the note in escrow to the box."""

    note_id: str


@dataclass(frozen=True, slots=True)
class GiveBackNote(Effect):
    """Return the note in escrow."""


@dataclass(frozen=True, slots=True)
class AcknowledgeNote(Effect):
    """Tell the acceptor that its stacked note is on our books."""


@dataclass(frozen=True, slots=True)
class ResetAcceptor(Effect):
    """Let the acceptor start anew after its power-up report was dealt with."""


@dataclass(frozen=True, slots=True)
class SendCredit(Effect):
    """Ask the hub to credit the payment; the content is the same at every attempt."""

    payment: Payment


@dataclass(frozen=True, slots=True)
class SendClaim(Effect):
    """Tell the hub of the claim."""

    claim: Claim


@dataclass(frozen=True, slots=True)
class WriteCard(Effect):
    """Have the write authorised, write the card in the reader and read it back; the serial is compared first."""

    payment: Payment


@dataclass(frozen=True, slots=True)
class ReadCardBack(Effect):
    """Read the card in the reader, to learn what became of a write."""

    payment: Payment


@dataclass(frozen=True, slots=True)
class SendOutcome(Effect):
    """Tell the hub how the write ended; the content is the same at every attempt."""

    payment: Payment


@dataclass(frozen=True, slots=True)
class ReadCard(Effect):
    """Read the card that a customer has put in, and let it prove that it is genuine.

    `new` is the one at the dispenser's chip station.
    """

    request: str
    new: bool = False


@dataclass(frozen=True, slots=True)
class AskCard(Effect):
    """Ask the hub what it knows of the card that was read, and what may be done with it."""

    read_id: str
    face: CardFace
    at: str


@dataclass(frozen=True, slots=True)
class AdmitCard(Effect):
    """Ask the card that was read whether it would let itself be written (EXTERNAL AUTHENTICATE); nothing is written.

    `new` is the one at the dispenser's chip station.
    """

    read_id: str
    profile: str
    serial: str
    new: bool = False


@dataclass(frozen=True, slots=True)
class CheckIdentity(Effect):
    """Ask the hub whether it is the customer; `text` is what was typed and leaves the kiosk sealed only.

    `what`: phone or identity_no.
    """

    check_id: str
    account_no: str
    what: str
    at: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class StageCard(Effect):
    """Bring a card to the dispenser's chip station: the one inside, else a `fresh` one from the stack."""

    request: str
    fresh: bool = True


@dataclass(frozen=True, slots=True)
class PresentCard(Effect):
    """Move the new card to the mouth, held, for the payment's customer."""

    payment: Payment


@dataclass(frozen=True, slots=True)
class RetractCard(Effect):
    """Draw the card in the dispenser's path into the reject bin: it is nobody's."""


@dataclass(frozen=True, slots=True)
class PrintSlip(Effect):
    """Print one slip; `about` is what it tells of."""

    job: str
    slip: str
    copy_no: int
    about: Payment | Claim


@dataclass(frozen=True, slots=True)
class LookUp(Effect):
    """Ask the hub for an account by `kind` (account, meter) and number."""

    request: str
    kind: str
    number: str


@dataclass(frozen=True, slots=True)
class AskReference(Effect):
    """Ask the hub what became of the money on a slip; `reference` as it stands there."""

    request: str
    reference: str


@dataclass(frozen=True, slots=True)
class AskQuote(Effect):
    """Ask the hub what it would take for these months."""

    quote_id: str
    account_no: str
    business: str
    months: tuple[str, ...]
    card_read_id: str = ""
    identity_check_id: str = ""
    tender: Tender = "cash"


@dataclass(frozen=True, slots=True)
class AskHubStatus(Effect):
    """Ask the hub whether it is there, and tell it where the journal stands.

    `known_seq` is the row of our journal that the hub knows, None before it has said; it is shown as it stands here.
    """

    known_seq: int | None = None


@dataclass(frozen=True, slots=True)
class Beat(Effect):
    """The same with what the runner knows of the journal: its last row, the row that the hub knows, what is open."""

    journal_id: str
    seq: int
    head: str
    known: tuple[int, str] | None
    open_payments: tuple[Payment, ...]
    open_claims: tuple[Claim, ...]


# Money that is not cash. What must not be kept (card data, the PIN block, a payer's code) never stands in an effect
# that an event permits: the lanes hold it in memory (`kiosk.lanes.hold`).


@dataclass(frozen=True, slots=True)
class SendSale(Effect):
    """Have the hub take the payment's amount from the card that the lanes hold; once."""

    payment: Payment


@dataclass(frozen=True, slots=True)
class SendReversal(Effect):
    """Have the hub undo the payment's sale, whether it stands or not; the content is the same at every attempt."""

    payment: Payment


@dataclass(frozen=True, slots=True)
class AskBoxForSale(Effect):
    """Have the terminal box take the payment's amount; once."""

    payment: Payment


@dataclass(frozen=True, slots=True)
class AskBoxForLastResult(Effect):
    """Ask the box what it did last; it moves no money."""

    payment: Payment


@dataclass(frozen=True, slots=True)
class AskBoxForVoid(Effect):
    """Have the box give the payment's money back; it does so once for a sale, however often it is asked."""

    payment: Payment


@dataclass(frozen=True, slots=True)
class OpenOrder(Effect):
    """Have the hub open an order for a phone, with the payer's code that the lanes hold where one was scanned; once."""

    payment: Payment


@dataclass(frozen=True, slots=True)
class WatchOrder(Effect):
    """Ask the hub how the order stands; it answers when that changes, or after a while."""

    payment: Payment


@dataclass(frozen=True, slots=True)
class CloseOrder(Effect):
    """Have the hub close the order; the content is the same at every attempt."""

    payment: Payment


@dataclass(frozen=True, slots=True)
class SealSecret(Effect):
    """Make of a recharge card's number what the hub alone can read."""

    request: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class AskRoute(Effect):
    """Ask the hub which bank takes the card, by its first six digits and its length."""

    route_id: str
    prefix: str
    length: int
    amount_fen: int


@dataclass(frozen=True, slots=True)
class AcceptBankCard(Effect):
    """Let a bank card in and read it; told as BankCardFelt and BankCardRead of this request."""

    request: str


@dataclass(frozen=True, slots=True)
class EjectBankCard(Effect):
    """Give the bank card back, or let none in any more; what was read of it is forgotten but for a sale under way."""


@dataclass(frozen=True, slots=True)
class CaptureBankCard(Effect):
    """Draw the bank card into the bin: its bank wants it, or nobody took it."""

    reason: str


@dataclass(frozen=True, slots=True)
class AskPin(Effect):
    """Let the customer type his PIN at the PIN pad, under the acquirer's PIN key, which is loaded first if need be."""

    request: str
    acquirer: str
    wrapped: str
    check: str
    amount_fen: int


@dataclass(frozen=True, slots=True)
class EndPin(Effect):
    """End the PIN entry, whatever was typed."""


@dataclass(frozen=True, slots=True)
class Scan(Effect):
    """Let the scanner read codes; `wanted` says for which page."""

    wanted: str


@dataclass(frozen=True, slots=True)
class StopScan(Effect):
    """Let the scanner rest, and forget a payer's code that was read."""


OF_PAYMENT = (
    SendCredit,
    WriteCard,
    ReadCardBack,
    SendOutcome,
    PresentCard,
    SendSale,
    SendReversal,
    AskBoxForSale,
    AskBoxForLastResult,
    AskBoxForVoid,
    OpenOrder,
    CloseOrder,
)
"""Effects that an event of a payment permits and that are given the payment as it stands after it."""
