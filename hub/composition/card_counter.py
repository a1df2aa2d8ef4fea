"""The card counter: what the desk needs for payments whose money buys power or a card, within its own transaction."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

import msgspec

from hub.business.allocation import Standing
from hub.business.card_keeping import CardKeeping, ReadRecord
from hub.business.card_sales import (
    LIMITS,
    CardLimits,
    Offer,
    Sold,
    as_quoted,
    card_quote,
    check_profile,
    check_quote_order,
    choose_meter,
    opening_offer,
    power_offer,
    purchase_of,
    purchase_view,
    reissue_offer,
    sell,
)
from hub.business.card_writes import check_withdrawal, withdrawn
from hub.business.cards import CardMeter, last_sold
from hub.business.forms import (
    Payment,
    PaymentOrder,
    PurchaseFate,
    PurchaseView,
    Quote,
    QuoteOrder,
    ReferenceView,
)
from hub.business.keeping import Stored
from hub.business.refusals import Refusal

C = TypeVar("C")
FRESH = timedelta(minutes=15)
"""How long a reading and an identity check are good for a quote."""


class NoCards:
    """The counter of a hub that sells nothing for cards: there is no quote, and money for them is balance."""

    async def quote(self, *_order: Any) -> Quote:
        raise Refusal("card_not_ready", "this hub does not serve meter cards", field="business")

    async def sell(
        self, _connection: Any, _terminal: str, order: PaymentOrder, _quote: Stored | None, standing: Standing
    ) -> Sold:
        return sell(standing, order.amount_fen, None)

    async def keep(self, *_sold: Any) -> PurchaseView | None:
        return None

    async def withdraw(self, _connection: Any, _payment_id: str) -> None:
        """There is nothing to withdraw."""

    async def told(self, _connection: Any, view: ReferenceView, _payment: Stored) -> ReferenceView:
        return view


class CardCounter(Generic[C]):
    """Sells counts; every method runs in the transaction of the caller, who holds the account where money moves."""

    def __init__(self, store: Callable[[C], CardKeeping], limits: CardLimits = LIMITS) -> None:
        self._store = store
        self._limits = limits

    async def quote(
        self,
        connection: C,
        terminal: str,
        quote_id: str,
        order: QuoteOrder,
        standing: Standing,
        now: datetime,
    ) -> Quote:
        """Say what may be paid for; raises Refusal."""
        if standing.state == "closed":
            raise Refusal("account_closed", f"account {order.account_no} is closed")
        check_quote_order(order)
        offer = await self._offer(self._store(connection), terminal, order, now - FRESH)
        return card_quote(quote_id, order, offer, now)

    async def sell(
        self, connection: C, terminal: str, order: PaymentOrder, quote: Stored | None, standing: Standing
    ) -> Sold:
        """Divide the money of a payment. The offer is made anew: another kiosk may have sold the count since."""
        offer = None
        asked = msgspec.json.decode(quote.content, type=QuoteOrder) if quote else None
        if asked is not None and asked.business == order.business and standing.state == "open":
            try:
                offer = await self._offer(self._store(connection), terminal, asked, None)
                offer = as_quoted(offer, msgspec.json.decode(quote.reply, type=Quote)) if quote else offer
            except Refusal:
                offer = None  # the money is there: without anything to buy it is balance
        return sell(standing, order.amount_fen, offer)

    async def keep(
        self,
        connection: C,
        sold: Sold,
        payment_id: str,
        order: PaymentOrder,
        serial: int,
        now: datetime,
    ) -> PurchaseView | None:
        """Keep what was bought, and raise the meter's count with it; the meter is held since `sell`."""
        if sold.meter is None:
            return None
        store, meter = self._store(connection), sold.meter
        last = last_sold(await store.orders(meter.meter_no, meter.purchase_count))
        purchase = purchase_of(sold, payment_id, order, last, serial, now)
        if purchase is None:
            return None
        await store.add_purchase(purchase)
        if purchase.sells:
            await store.set_meter(replace(meter, purchase_count=purchase.count))
        former = await store.active_card(meter.meter_no) if purchase.kind == "reissue" else None
        return purchase_view(purchase, meter, former)

    async def withdraw(self, connection: C, payment_id: str) -> None:
        """Take back what a payment bought, before its money goes back; raises Refusal when it may be on a card."""
        store = self._store(connection)
        purchase = await store.purchase(payment_id)
        if purchase is None:
            return
        meter = await store.hold_meter(purchase.meter_no)
        purchase = await store.purchase(payment_id)
        if purchase is None or meter is None:
            return
        orders = await store.orders(meter.meter_no, meter.purchase_count)
        check_withdrawal(purchase, meter, orders, await store.writes_of(purchase.id))
        await store.set_purchase(replace(purchase, state="withdrawn"))
        await store.set_meter(withdrawn(purchase, meter))

    async def told(self, connection: C, view: ReferenceView, payment: Stored) -> ReferenceView:
        """Add to what is told of a slip how far its power has come."""
        payment_id = msgspec.json.decode(payment.reply, type=Payment).id
        purchase = await self._store(connection).purchase(payment_id)
        if purchase is None:
            return view
        fate = PurchaseFate(
            id=purchase.id,
            kind=purchase.kind,
            count=purchase.count,
            amount_fen=purchase.amount_fen,
            state=purchase.state,
        )
        return msgspec.structs.replace(view, purchase=fate)

    async def _offer(
        self, store: CardKeeping, terminal: str, order: QuoteOrder, fresh_since: datetime | None
    ) -> Offer:
        """What may be bought now, with the meter held; raises Refusal. Without a time nothing is too old."""
        if order.business == "buy_power":
            return await self._power(store, terminal, order, fresh_since)
        await _require_identity(store, terminal, order, fresh_since)
        chosen = choose_meter(await store.meters_of(order.account_no), order.meter_no)
        meter = await _held(store, chosen.meter_no)
        await self._check_blank(store, terminal, order, meter)
        had_card = await store.had_card(meter.meter_no)
        if order.business == "open_card":
            return opening_offer(meter, had_card=had_card, limits=self._limits)
        pending = await store.pending_card(meter.meter_no)
        last = last_sold(await store.orders(meter.meter_no, meter.purchase_count))
        return reissue_offer(meter, pending, last, had_card=had_card, limits=self._limits)

    async def _check_blank(
        self, store: CardKeeping, terminal: str, order: QuoteOrder, meter: CardMeter
    ) -> None:
        """Refuse a new card of another layout than its meter's while no money is in; raises Refusal."""
        if order.card_read_id is None:
            return
        check_profile(await self._record(store, terminal, order), meter)

    async def _record(self, store: CardKeeping, terminal: str, order: QuoteOrder) -> ReadRecord:
        record = await store.read(order.card_read_id or "")
        if record is None or record.terminal != terminal:
            raise Refusal("unknown_card_read", "no such reading of this terminal", field="card_read_id")
        return record

    async def _power(
        self, store: CardKeeping, terminal: str, order: QuoteOrder, fresh_since: datetime | None
    ) -> Offer:
        record = await self._record(store, terminal, order)
        if fresh_since is not None and record.received_at < fresh_since:
            raise Refusal("card_not_ready", "the reading is too old", field="card_read_id")
        meter = await self._meter_of_card(store, record, order)
        orders = await store.orders(meter.meter_no, meter.purchase_count)
        return power_offer(meter, record, orders, self._limits)

    async def _meter_of_card(self, store: CardKeeping, record: ReadRecord, order: QuoteOrder) -> CardMeter:
        """Hold the meter of the card that was read, and only then believe that the card is still its own."""
        card = await store.card(record.card_mark)
        if card is None or card.meter_no is None:
            raise Refusal("other_card", "the card is no meter's", field="card_read_id")
        meter = await _held(store, card.meter_no)
        card = await store.card(record.card_mark)
        if card is None or card.state != "active" or meter.account_no != order.account_no:
            raise Refusal("other_card", "the card is not this account's", field="card_read_id")
        return meter


async def _require_identity(
    store: CardKeeping, terminal: str, order: QuoteOrder, fresh_since: datetime | None
) -> None:
    check = await store.check(order.identity_check_id or "")
    good = (
        check is not None
        and check.matched
        and (check.terminal, check.account_no) == (terminal, order.account_no)
        and (fresh_since is None or check.checked_at >= fresh_since)
    )
    if not good:
        raise Refusal("identity_not_checked", "no good identity check", field="identity_check_id")


async def _held(store: CardKeeping, meter_no: str) -> CardMeter:
    meter = await store.hold_meter(meter_no)
    if meter is None:
        raise Refusal("unknown_meter", f"meter {meter_no} takes no cards", field="meter_no")
    return meter
