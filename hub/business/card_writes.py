"""What may be written on which card, and what is believed of how a write ended."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import msgspec

from drivers.meter_card.layout import Layout
from drivers.meter_card.model import FileData, Wallet
from hub.business.card_forms import CardVerdict, CardWriteOrder, OutcomeState, Seen, WriteState
from hub.business.card_keeping import ReadRecord
from hub.business.cards import Card, CardMeter, Purchase, WriteRecord, torn_counts
from hub.business.refusals import Refusal

HEADER = 5
"""Bytes of a command's header: CLA, INS, P1, P2 and Lc."""
UPDATE_ALL = 0x80
"""The parameter file's update flag for alarms and ratios; the meter honours it on its first card only."""
ADMITTED: frozenset[CardVerdict] = frozenset({"ready", "owed", "blank"})
"""What a card must have been read as for a kiosk to be let into it before anything is authorised."""
ADMITTED_FOR = timedelta(minutes=3)
"""The card that was read still stands in the reader then."""


class WritePlan(msgspec.Struct, frozen=True):
    """What a write puts on its card, as values of the hub's own books; its files are made of them and never kept."""

    profile: str
    parameter: dict[str, int | str]
    count: int
    amount_fen: int


def check_write(
    order: CardWriteOrder,
    count_on_card: int,
    purchase: Purchase | None,
    meter: CardMeter | None,
    card: Card | None,
    writes: Sequence[WriteRecord],
) -> tuple[Purchase, CardMeter]:
    """Refuse what is not owed on this card; raises Refusal.

    `count_on_card` was read from it just now, `writes` are those of the purchase, oldest first.
    """
    if purchase is None or meter is None or purchase.state == "withdrawn":
        raise Refusal("unknown_purchase", "no such purchase is to be written", field="purchase_id")
    if order.kind not in {purchase.kind, "rewrite"}:
        raise Refusal("write_not_owed", f"the purchase is a {purchase.kind}", field="kind")
    if not purchase.pending:
        raise Refusal("already_written", f"the purchase is {purchase.state}", field="purchase_id")
    if order.profile != meter.profile:
        raise Refusal("other_card", f"the meter takes cards of {meter.profile}", field="profile")
    if purchase.sells and purchase.count != meter.purchase_count:
        raise Refusal("write_not_owed", "a later purchase was sold", field="purchase_id")
    if purchase.kind == "purchase":
        _check_own_card(order, count_on_card, purchase, card, begun=bool(writes))
    else:
        _check_new_card(purchase, card)
    return purchase, meter


def _check_own_card(
    order: CardWriteOrder, count_on_card: int, purchase: Purchase, card: Card | None, *, begun: bool
) -> None:
    if card is None or card.state != "active" or not _is_of(purchase, card):
        raise Refusal("other_card", "the purchase is for another card", field="sealed")
    unread = order.kind == "rewrite" and count_on_card == 0
    if unread or (begun and count_on_card in torn_counts(purchase.count)):
        return  # a card that cannot be read whole shows no count, and a reading has said that it is owed
    if count_on_card > purchase.count:
        raise Refusal("card_ahead", f"the purchase is number {purchase.count}", field="sealed")
    if count_on_card < purchase.count - 1:
        raise Refusal("card_behind", f"the purchase is number {purchase.count}", field="sealed")


def _check_new_card(purchase: Purchase, card: Card | None) -> None:
    """A card that belongs to nobody, or the one that was begun; as long as none is written, another one will do."""
    if card is None or card.state == "blank" or _is_of(purchase, card):
        return
    raise Refusal("other_card", "the card is not a new one", field="sealed")


def _is_of(purchase: Purchase, card: Card) -> bool:
    return (card.mark, card.meter_no) == (purchase.card_mark, purchase.meter_no)


def on_card(purchase: Purchase, meter: CardMeter, last: Purchase | None) -> Purchase:
    """The order as it is written now: a reissue carries what is the meter's last purchase by then; raises Refusal."""
    if purchase.kind != "reissue":
        return purchase
    if last is None and meter.purchase_count:
        raise Refusal("write_not_owed", "what was sold last is not known here", field="purchase_id")
    return replace(purchase, count=meter.purchase_count, amount_fen=last.amount_fen if last else 0)


def write_plan(layout: Layout, purchase: Purchase, meter: CardMeter) -> WritePlan:
    """Say what is to stand on the card after this write."""
    kind = card_kind(purchase, meter)
    parameter: dict[str, int | str] = {
        "user_type": meter.user_type,
        "update_flag": UPDATE_ALL if kind == "opening" else 0,
        "switch_at": "",
        "alarm1_fen": meter.alarm1_fen,
        "alarm2_fen": meter.alarm2_fen,
        "ct_ratio": meter.ct_ratio,
        "pt_ratio": meter.pt_ratio,
        "meter_no": meter.card_meter_no,
        "customer_no": meter.customer_no,
        "card_type": layout.profile.card_types[kind],
    }
    return WritePlan(meter.profile, parameter, purchase.count, purchase.amount_fen)


def plan_of(write: WriteRecord) -> WritePlan:
    """What a write that is kept puts on its card."""
    return msgspec.json.decode(write.plan, type=WritePlan)


def plan_files(layout: Layout, plan: WritePlan) -> tuple[FileData, ...]:
    """Make the files of a write in writing order, the wallet last."""
    return layout.order(plan.parameter, Wallet(plan.amount_fen, plan.count))


def card_kind(purchase: Purchase, meter: CardMeter) -> str:
    """The card type by the profile's name.

    A lost first card that the meter perhaps never saw is replaced by another first card: an unopened meter refuses a
    reissued one, and an opened one takes a first card as well.
    """
    if purchase.kind == "purchase":
        return "purchase"
    return "reissue" if meter.opened or purchase.count > 1 else "opening"


def check_open(write: WriteRecord, purchase: Purchase | None, card: Card | None, newest: int) -> Card:
    """Give the card of a write that is under way; raises Refusal. `newest` is the number of its purchase's last one."""
    if write.state == "written" or write.number != newest:
        raise Refusal("not_authorised", f"the write is {write.state}, or another one came after it")
    if purchase is None or not purchase.pending:
        raise Refusal("not_authorised", "the purchase is not to be written any more")
    if card is None or card.state != "active" or not _is_of(purchase, card):
        raise Refusal("not_authorised", "the card is not the purchase's any more")
    return card


def check_admitted(read: ReadRecord, now: datetime) -> None:
    """Refuse to let a kiosk into a card on which nothing is to be written, or that may be gone; raises Refusal."""
    if read.verdict not in ADMITTED:
        raise Refusal("not_authorised", f"the card was read as {read.verdict}")
    if now - read.received_at > ADMITTED_FOR:
        raise Refusal("not_authorised", "the reading is too old")


def whole_command(layout: Layout, plan: WritePlan, header: bytes) -> bytes:
    """Give header and data of this write's command that begins so; raises Refusal where it has none.

    A MAC is only ever made of what this gives, so it is for a command that writes a file of the write as it is.
    """
    updates = (update.message for file in plan_files(layout, plan) for update in layout.updates(file))
    found = next((message for message in updates if message[: len(header)] == header), None)
    if found is None or len(header) != HEADER:
        raise Refusal("not_authorised", "the command does not write a file of this write", field="command")
    return found


def believed(
    claim: OutcomeState, seen: Seen | None, plan: WritePlan, *, own_card: bool, new_card: bool
) -> WriteState:
    """What an outcome says: what was seen on the write's own card counts for more than what is claimed of it.

    On a new card nothing is seen by count and amount that could not have stood there before.
    """
    held = (
        seen is not None
        and own_card
        and (seen.count, seen.amount_fen, seen.reply_empty) == (plan.count, plan.amount_fen, True)
    )
    if held and not new_card:
        return "written"
    return "unknown" if claim == "written" and not held else claim


def outcome_after(before: WriteState, told: WriteState) -> WriteState:
    """How a write stands once this is told: written never changes, and what is certain does not become unknown."""
    if before == "written" or (before == "failed" and told == "unknown"):
        return before
    return told


def check_withdrawal(
    purchase: Purchase, meter: CardMeter, orders: Sequence[Purchase], writes: Sequence[WriteRecord]
) -> None:
    """Refuse to take back what is or may be on a card; raises Refusal. `orders` are those of the meter's last count."""
    may_be_written = not purchase.pending or any(write.state != "failed" for write in writes)
    # A new card takes the old one's place with its first write; and a reissue carries the last purchase along.
    begun = purchase.kind != "purchase" and bool(writes)
    carried = any(order.kind == "reissue" and order.card_mark for order in orders if order.id != purchase.id)
    if may_be_written or begun or (purchase.sells and (carried or purchase.count != meter.purchase_count)):
        raise Refusal("not_reversible", "the meter card was or may have been written", field="payment_id")


def withdrawn(purchase: Purchase, meter: CardMeter) -> CardMeter:
    """The meter without the count of a purchase that was taken back."""
    return replace(meter, purchase_count=meter.purchase_count - 1) if purchase.sells else meter
