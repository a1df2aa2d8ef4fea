"""A new card that was paid for and not made: when a kiosk may make it, and what it is told of it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from hub.business.card_forms import PendingCard
from hub.business.card_writes import on_card
from hub.business.cards import CardMeter, Purchase, WriteRecord, last_sold
from hub.business.refusals import Refusal

AT_WORK = timedelta(minutes=15)
"""How long another kiosk that began to write the card is left alone with it."""


def pending_card(
    purchase: Purchase,
    meter: CardMeter,
    orders: Sequence[Purchase],
    writes: Sequence[WriteRecord],
    terminal: str,
    now: datetime,
) -> PendingCard | None:
    """Tell `terminal` what it may make now; None while another one may still be at it.

    `orders` are those of the meter's last count, `writes` the purchase's own, both oldest first.
    """
    newest = writes[-1] if writes else None
    begun = newest is not None and newest.state == "authorised" and newest.terminal != terminal
    if begun and newest is not None and now - newest.made_at < AT_WORK:
        return None
    try:
        carried = on_card(purchase, meter, last_sold(orders))
    except Refusal:
        return None  # nobody here knows what would have to be on it
    return PendingCard(
        purchase_id=carried.id,
        kind=carried.kind,
        meter_no=meter.card_meter_no,
        customer_no=meter.customer_no,
        count=carried.count,
        amount_fen=carried.amount_fen,
        profile=meter.profile,
        paid_at=carried.paid_at,
        reference=carried.reference,
    )
