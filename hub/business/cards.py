"""Meter cards and their meters as the hub knows them, and what a card that was read may be used for.

The meter credits a count once: its own count must be one less. So an order whose count is the meter's last one may be
written as often as need be, and the next one is sold only when that one is known to be in the meter.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from hub.business.card_forms import CardContents, CardVerdict, OutcomeState, WriteBack, WriteKind, WriteState
from hub.business.forms import PurchaseKind, PurchaseState

CardState = Literal["active", "replaced", "blank"]
Proof = Literal["written", "taken", "stuck"]
PENDING: frozenset[PurchaseState] = frozenset({"authorised", "owed"})
"""Paid, and not known to be on a card: it is to be written."""
UNWRITTEN = 0xFFFFFFFF
"""The count of a card whose memory was erased and not written yet."""


@dataclass(frozen=True, slots=True)
class CardMeter:
    """A meter that takes cards; `purchase_count` is that of the last purchase which was sold for it.

    `opened` once it is known that the meter has taken a card of its account.
    """

    meter_no: str
    account_no: str
    card_meter_no: str
    customer_no: str
    profile: str
    user_type: int
    purchase_count: int
    hoarding_limit_fen: int
    alarm1_fen: int
    alarm2_fen: int
    ct_ratio: int
    pt_ratio: int
    opened: bool


@dataclass(frozen=True, slots=True)
class Card:
    """A card by its mark; the meter has one active card at most.

    The mark stands for the serial wherever cards are told apart, and ends in its last four digits. `sealed` is the
    serial as the key store alone can read it.
    """

    mark: str
    meter_no: str | None
    state: CardState
    sealed: str


@dataclass(frozen=True, slots=True)
class Purchase:
    """What was paid and is to be on a card: power, a new card for the old one, or the first card.

    A reissue carries the count and the amount of the last purchase once more and sells neither. `card_mark` is none
    until a card is chosen for it; `serial` is the number of its booking and says which of two is newer.
    """

    id: str
    meter_no: str
    account_no: str
    kind: PurchaseKind
    count: int
    amount_fen: int
    state: PurchaseState
    card_mark: str | None
    reference: str | None
    paid_at: datetime
    serial: int

    @property
    def sells(self) -> bool:
        return self.kind != "reissue"

    @property
    def pending(self) -> bool:
        return self.state in PENDING


@dataclass(frozen=True, slots=True)
class WriteRecord:
    """A write that was authorised; `number` counts those of its purchase from 1, `plan` is a `WritePlan` as JSON."""

    id: str
    terminal: str
    content: str
    plan: bytes
    purchase_id: str
    number: int
    kind: WriteKind
    card_mark: str
    state: WriteState
    made_at: datetime
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """What the hub knows of a card that was read and of its meter, all as of one moment.

    `numbered` is the meter whose number stands on a card that the hub does not know. `orders` are those of the meter's
    last count, oldest first; `begun` says whether a write of the card's own order was ever authorised. `profile` is the
    layout by which the card was read.
    """

    card: Card | None
    meter: CardMeter | None
    orders: Sequence[Purchase] = ()
    numbered: CardMeter | None = None
    begun: bool = False
    closed: bool = False
    profile: str = ""

    @property
    def bound(self) -> Purchase | None:
        """The newest order that is for this card."""
        mark = self.card.mark if self.card else None
        return next((each for each in reversed(self.orders) if each.card_mark == mark), None)

    @property
    def last(self) -> Purchase | None:
        """The purchase that sold the meter's last count."""
        return last_sold(self.orders)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a card may be used for, and the orders as they stand now that it was read."""

    verdict: CardVerdict
    orders: tuple[Purchase, ...] = ()
    changed: tuple[Purchase, ...] = ()
    opened: bool = False
    """The meter has shown by this card that it was opened."""


_AFTER: Mapping[tuple[PurchaseState, Proof], PurchaseState] = {
    ("authorised", "written"): "written",
    ("owed", "written"): "written",
    ("authorised", "stuck"): "owed",
    ("written", "stuck"): "owed",
    ("authorised", "taken"): "taken",
    ("owed", "taken"): "taken",
    ("written", "taken"): "taken",
}


def after(state: PurchaseState, proof: Proof | None) -> PurchaseState:
    """The state of an order once this is proven; what is in the meter stays there."""
    return state if proof is None else _AFTER.get((state, proof), state)


def judge(read: CardContents, known: Known, *, genuine: bool) -> Judgement:
    """Say what a card may be used for, and what its reading proves of the orders."""
    if not genuine:
        return Judgement("foreign")
    if known.card is None:
        return Judgement(_unknown(read, known.numbered))
    if known.card.state == "blank":
        return Judgement("blank")
    if known.card.state == "replaced" or known.meter is None:
        return Judgement("other_card")
    if known.profile != known.meter.profile:
        return Judgement(
            "other_meter", tuple(known.orders)
        )  # whatever stands on it, its meter cannot read it
    proof = proven(read, known.meter, known.last)
    mark = known.card.mark
    found = [(order, after(order.state, _proof_of(order, proof, read, mark))) for order in known.orders]
    changed = tuple(replace(order, state=state) for order, state in found if state != order.state)
    newer = {order.id: order for order in changed}
    orders = tuple(newer.get(order.id, order) for order in known.orders)
    verdict = _verdict(read, known.meter, replace(known, orders=orders))
    return Judgement(verdict, orders, changed, opened=proof == "taken")


def _proof_of(order: Purchase, proof: Proof | None, read: CardContents, mark: str) -> Proof | None:
    """What is proven of an order. The meter's word alone says nothing of a new card: it may have been begun only."""
    if order.sells:
        return proof
    return proof if order.card_mark == mark and order.count == read.count else None


def _unknown(read: CardContents, numbered: CardMeter | None) -> CardVerdict:
    if numbered is not None:
        return "other_card"
    return "blank" if is_blank(read) else "foreign"


def is_blank(read: CardContents) -> bool:
    """Whether nobody's number stands on the card."""
    return not read.damaged and not (read.meter_no or "").strip("0")


def proven(read: CardContents, meter: CardMeter, last: Purchase | None) -> Proof | None:
    """What a genuine card of the meter proves of the last count: that it is on the card, in the meter, or stuck.

    Stuck is a count that its meter has seen and not taken, or that another meter has seen: as long as the write-back
    stands on the card no meter takes it, so it is written once more.
    """
    if read.damaged or not numbers_fit(read, meter):
        return None
    back = read.write_back
    if back is not None and is_own(back, meter) and back.count == meter.purchase_count:
        return "taken"
    amount_fen = last.amount_fen if last else read.amount_fen
    if (read.count, read.amount_fen) != (meter.purchase_count, amount_fen):
        return None
    if back is None:
        return "written"
    return "stuck" if not is_own(back, meter) or back.count == meter.purchase_count - 1 else None


def numbers_fit(read: CardContents, meter: CardMeter) -> bool:
    """Whether the card names its own meter and customer."""
    return (read.meter_no, read.customer_no) == (meter.card_meter_no, meter.customer_no)


def is_own(back: WriteBack, meter: CardMeter) -> bool:
    """Whether it was this meter that wrote back."""
    return back.meter_no == meter.card_meter_no and back.customer_no in {meter.customer_no, None}


def _verdict(read: CardContents, meter: CardMeter, known: Known) -> CardVerdict:
    bound, back = known.bound, read.write_back
    pending = bound is not None and bound.pending
    if read.damaged:
        return "owed" if pending else "damaged"
    if not numbers_fit(read, meter) and not pending:
        return "damaged" if is_blank(read) else "other_meter"  # its own card, whose numbers were lost
    if back is not None and is_own(back, meter) and back.count > meter.purchase_count:
        return "ahead"
    if bound is not None and pending:
        return _pending(read.count, bound, begun=known.begun)
    if misfit := _misfit(read, meter, known.last):
        return misfit
    if known.closed:
        return "closed"
    return "ready" if _in_meter(read, meter, bound) else "not_taken"


def _pending(count: int, bound: Purchase, *, begun: bool) -> CardVerdict:
    if begun and count in torn_counts(bound.count):
        return "owed"
    if count > bound.count:
        return "ahead"
    # A card that never was this meter's holds whatever it holds; one of its own holds what was taken before.
    return "owed" if not bound.sells or bound.kind == "open" or count >= bound.count - 1 else "behind"


def _misfit(read: CardContents, meter: CardMeter, last: Purchase | None) -> CardVerdict | None:
    if read.count < meter.purchase_count:
        return "behind"
    if read.count > meter.purchase_count:
        return "ahead"
    back = read.write_back
    # What the meter had once it has still; one that has lost counts, or is another one, never takes this card.
    had = meter.purchase_count - (0 if last is not None and last.state == "taken" else 1)
    if back is not None and is_own(back, meter) and back.count < had:
        return "ahead"
    # The same count with another amount: sold by somebody else, when this hub's books were an older copy.
    return "ahead" if last is not None and read.amount_fen != last.amount_fen else None


def _in_meter(read: CardContents, meter: CardMeter, bound: Purchase | None) -> bool:
    if bound is not None:
        return bound.state == "taken"
    back = read.write_back
    if back is None:
        return meter.purchase_count == 0 and meter.opened
    return is_own(back, meter) and back.count == meter.purchase_count


def torn_counts(count: int) -> frozenset[int]:
    """The counts that a wallet may show when writing it was cut off: the first bytes new, the others as they were.

    >>> sorted(torn_counts(256))[:4]
    [0, 255, 256, 511]
    """
    new = count.to_bytes(4, "big")
    olds = (max(count - 1, 0), 0, UNWRITTEN)
    return frozenset(
        int.from_bytes(new[:k] + old.to_bytes(4, "big")[k:], "big") for old in olds for k in range(5)
    )


def last_sold(orders: Sequence[Purchase]) -> Purchase | None:
    """The order that sold the count of `orders`, which are given oldest first."""
    return next((each for each in reversed(orders) if each.sells), None)


def settled(orders: Sequence[Purchase]) -> bool:
    """Whether the last count is known to be in the meter, or none was sold: then the next one may be."""
    newest = next((each for each in reversed(orders) if each.card_mark is not None), None)
    return newest is None or newest.state == "taken"


_AFTER_OUTCOME: Mapping[OutcomeState, Mapping[PurchaseState, PurchaseState]] = {
    "written": {"authorised": "written", "owed": "written"},
    "failed": {"authorised": "owed"},
    "unknown": {"authorised": "owed"},
}


def after_outcome(state: PurchaseState, outcome: OutcomeState) -> PurchaseState:
    """The state of an order once a write of it has ended so."""
    return _AFTER_OUTCOME[outcome].get(state, state)
