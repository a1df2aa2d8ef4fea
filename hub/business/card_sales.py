"""What money for a meter card becomes: power up to the limits, a fee, and balance for the rest.

Money that was taken is never refused here. Where nothing may be sold any more, all of it is balance.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from hub.business.allocation import Settlement, Standing
from hub.business.card_forms import CardContents
from hub.business.card_keeping import ReadRecord
from hub.business.cards import Card, CardMeter, Purchase, is_own, settled
from hub.business.forms import (
    Business,
    PaymentOrder,
    PurchaseKind,
    PurchaseView,
    Quote,
    QuoteOrder,
)
from hub.business.ledger import CARD_FEE, Leg, power
from hub.business.orders import PREPAY_LIMIT_FEN, QUOTE_LIFE
from hub.business.refusals import Refusal

PURSE_FEN = 99_999_999
"""What a meter's purse holds at most: 999,999.99 yuan."""
MAX_COUNT = 2**32 - 2
"""The last count that a card can carry; the one after it is that of an erased card."""
KINDS: dict[Business, PurchaseKind] = {"buy_power": "purchase", "reissue": "reissue", "open_card": "open"}
"""The kinds of business that end on a meter card."""


@dataclass(frozen=True, slots=True)
class CardLimits:
    """The utility's own limits and fees, in fen."""

    min_fen: int = 1_000
    max_fen: int = 500_000
    reissue_fee_fen: int = 2_000
    opening_fee_fen: int = 0


LIMITS = CardLimits()


@dataclass(frozen=True, slots=True)
class Offer:
    """What may be bought for a meter now: power from `min_fen` to `max_fen`, after a fee."""

    meter: CardMeter
    kind: PurchaseKind
    fee_fen: int
    min_fen: int
    max_fen: int
    card_mark: str | None = None


@dataclass(frozen=True, slots=True)
class Sold:
    """What one payment bought: so much power for a meter, so much fee; the rest is as the settlement says."""

    settlement: Settlement
    meter: CardMeter | None = None
    offer: Offer | None = None
    power_fen: int = 0
    fee_fen: int = 0


def is_card_business(business: Business) -> bool:
    return business in KINDS


def most_fen(meter: CardMeter, read: CardContents | None, limits: CardLimits = LIMITS) -> int:
    """How much power may be sold at once: the meter must be able to take all of it, whatever is left in it."""
    back = read.write_back if read else None
    remaining = back.remaining_fen if back is not None and is_own(back, meter) else 0
    room = min(meter.hoarding_limit_fen or PURSE_FEN, PURSE_FEN) - remaining
    most = min(limits.max_fen, room)
    return most if most >= limits.min_fen else 0


def power_offer(
    meter: CardMeter, read: ReadRecord, orders: Sequence[Purchase], limits: CardLimits = LIMITS
) -> Offer:
    """What may be bought for a card that was read as ready, unless something was sold since; raises Refusal."""
    if read.verdict != "ready":
        raise Refusal("card_not_ready", f"the card was read as {read.verdict}", field="card_read_id")
    check_profile(read, meter)
    if read.count != meter.purchase_count or not settled(orders):
        raise Refusal("card_not_ready", "the meter's last purchase is not in the meter", field="card_read_id")
    most = min(read.max_fen, limits.max_fen)
    if not most or most < limits.min_fen or meter.purchase_count >= MAX_COUNT:
        raise Refusal("over_hoarding_limit", "the meter cannot take any more now", field="card_read_id")
    return Offer(meter, "purchase", 0, limits.min_fen, most, read.card_mark)


def check_profile(read: ReadRecord, meter: CardMeter) -> None:
    """Refuse a card of another layout than the meter's; raises Refusal."""
    if read.profile != meter.profile:
        raise Refusal("card_not_ready", f"the meter takes cards of {meter.profile}", field="card_read_id")


def reissue_offer(
    meter: CardMeter,
    pending: Purchase | None,
    last: Purchase | None,
    *,
    had_card: bool,
    limits: CardLimits = LIMITS,
) -> Offer:
    """A new card for the old one, which carries the last purchase once more; raises Refusal."""
    if pending is not None:
        raise Refusal("write_owed", f"purchase {pending.id} is paid and not written", field="business")
    if not had_card:
        raise Refusal("no_card_to_reissue", "the meter never had a card: open one", field="business")
    if last is None and meter.purchase_count:
        raise Refusal("no_card_to_reissue", "what was sold last is not known here", field="business")
    return Offer(meter, "reissue", limits.reissue_fee_fen, 0, 0)


def opening_offer(meter: CardMeter, *, had_card: bool, limits: CardLimits = LIMITS) -> Offer:
    """The first card of a meter, with its first purchase on it; raises Refusal."""
    if meter.opened or had_card or meter.purchase_count:
        raise Refusal("card_is_open", "the meter has or had a card", field="business")
    return Offer(meter, "open", limits.opening_fee_fen, limits.min_fen, most_fen(meter, None, limits))


def card_quote(quote_id: str, order: QuoteOrder, offer: Offer, now: datetime) -> Quote:
    """Say how much may be paid; what is beyond the power that may be sold becomes balance."""
    fee = offer.fee_fen
    return Quote(
        id=quote_id,
        account_no=order.account_no,
        business=order.business,
        months=(),
        due_fen=fee if offer.kind == "reissue" else 0,
        max_fen=fee + (PREPAY_LIMIT_FEN if offer.kind == "reissue" else offer.max_fen),
        expires_at=now + QUOTE_LIFE,
        as_of=now,
        min_fen=fee + offer.min_fen,
        fee_fen=fee,
    )


def as_quoted(offer: Offer, quote: Quote) -> Offer:
    """The offer at the price that the customer was told, should the utility have changed it since."""
    return replace(
        offer, fee_fen=quote.fee_fen, min_fen=min(offer.min_fen, max(quote.min_fen - quote.fee_fen, 0))
    )


def sell(standing: Standing, amount_fen: int, offer: Offer | None) -> Sold:
    """Divide the money; without an offer, or when it does not reach, all of it is balance."""
    if offer is None or amount_fen < offer.fee_fen + offer.min_fen:
        return Sold(_to_balance(standing, amount_fen, amount_fen))
    power_fen = min(amount_fen - offer.fee_fen, offer.max_fen)
    rest = amount_fen - offer.fee_fen - power_fen
    settlement = _to_balance(standing, amount_fen, rest)
    return Sold(settlement, offer.meter, offer, power_fen, offer.fee_fen)


def _to_balance(standing: Standing, amount_fen: int, rest: int) -> Settlement:
    before = standing.balance_fen
    return Settlement(standing.account_no, amount_fen, (), before, before + rest, standing.arrears_fen)


def purchase_of(
    sold: Sold,
    payment_id: str,
    order: PaymentOrder,
    last: Purchase | None,
    serial: int,
    now: datetime,
) -> Purchase | None:
    """The order that was paid: the next count, or for a reissue the last one once more."""
    if sold.offer is None or sold.meter is None:
        return None
    meter, kind = sold.meter, sold.offer.kind
    count, amount = meter.purchase_count + (1 if sold.power_fen else 0), sold.power_fen
    if kind == "reissue":
        count, amount = meter.purchase_count, last.amount_fen if last else 0
    return Purchase(
        id=payment_id,
        meter_no=meter.meter_no,
        account_no=order.account_no,
        kind=kind,
        count=count,
        amount_fen=amount,
        state="authorised",
        card_mark=sold.offer.card_mark,
        reference=order.reference,
        paid_at=now,
        serial=serial,
    )


def purchase_view(purchase: Purchase, meter: CardMeter, former: Card | None) -> PurchaseView:
    """Show an order as a kiosk may know it; `former` is the card that it replaces, for the slip."""
    return PurchaseView(
        id=purchase.id,
        kind=purchase.kind,
        meter_no=meter.card_meter_no,
        customer_no=meter.customer_no,
        count=purchase.count,
        amount_fen=purchase.amount_fen,
        card_tail=purchase.card_mark[-4:] if purchase.card_mark else None,
        profile=meter.profile,
        old_card_tail=former.mark[-4:] if former else "",
    )


def bought_legs(sold: Sold) -> tuple[Leg, ...]:
    """What a payment's money went for beside bills and balance."""
    if sold.meter is None:
        return ()
    return Leg(power(sold.meter.meter_no), -sold.power_fen), Leg(CARD_FEE, -sold.fee_fen)


def check_quote_order(order: QuoteOrder) -> None:
    """Refuse a quote for a card that names months, or lacks what the kind of business needs; raises Refusal."""
    if order.months:
        raise Refusal("bad_request", "a card has no months", field="months")
    needed = "card_read_id" if order.business == "buy_power" else "identity_check_id"
    if getattr(order, needed) is None:
        raise Refusal("bad_request", f"{order.business} needs {needed}", field=needed)


def choose_meter(meters: Sequence[CardMeter], meter_no: str | None) -> CardMeter:
    """The meter of an account that a card is wanted for; raises Refusal."""
    if meter_no is None and len(meters) > 1:
        raise Refusal("unknown_meter", "the account has several card meters: name one", field="meter_no")
    found = next((each for each in meters if meter_no in {None, each.meter_no}), None)
    if found is None:
        raise Refusal("unknown_meter", "the account has no such card meter", field="meter_no")
    return found
