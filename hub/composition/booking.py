"""Booking: money of any tender becomes a credited payment, within the transaction of whoever knows that it is there."""

from collections.abc import Callable
from datetime import datetime
from typing import Generic, TypeVar

import msgspec

from hub.business.allocation import allocate
from hub.business.billing import Billing
from hub.business.card_sales import Sold, bought_legs, is_card_business
from hub.business.day import Day
from hub.business.forms import Payment, PaymentOrder
from hub.business.identity import canonical
from hub.business.keeping import Keeping
from hub.business.ledger import payment_legs, taken
from hub.business.orders import check_unquoted, payment_answer
from hub.business.refusals import Refusal
from hub.composition.card_counter import CardCounter, NoCards

C = TypeVar("C")
_encode = msgspec.json.Encoder().encode


class Booking(Generic[C]):
    """Credits a payment. The caller has checked its id and its order, and commits, or lets all of it go."""

    def __init__(
        self,
        store: Callable[[C], Keeping],
        billing: Callable[[C], Billing],
        day: Day,
        cards: CardCounter[C] | NoCards,
    ) -> None:
        self._store = store
        self._billing = billing
        self._day = day
        self._cards = cards

    async def book(
        self, connection: C, terminal: str, payment_id: str, order: PaymentOrder, now: datetime
    ) -> tuple[Payment, bytes]:
        """Credit the money and give the answer, also as it is kept.

        Raises Refusal where the account is unknown or closed to it, and TakenError when the id was taken in between;
        then nothing of the transaction may be kept.
        """
        store, billing = self._store(connection), self._billing(connection)
        on = self._day.business_date(now)
        standing = await billing.hold(order.account_no, on)
        if standing is None:
            raise Refusal("unknown_account", "no such account", field="account_no")
        check_unquoted(order, standing)
        sold = Sold(allocate(standing, order.amount_fen))
        if is_card_business(order.business):
            quote = await store.quote(order.quote_id) if order.quote_id else None
            sold = await self._cards.sell(connection, terminal, order, quote, standing)
        entries = payment_legs(sold.settlement, taken(order.tender, terminal), bought_legs(sold))
        serial = await store.post("payment", payment_id, on, now, entries)
        purchase = await self._cards.keep(connection, sold, payment_id, order, serial, now)
        answer = payment_answer(
            payment_id, f"{serial:012d}", sold.settlement, now, on, purchase, sold.fee_fen
        )
        body = _encode(answer)
        await store.add_payment(payment_id, terminal, canonical(order), order, serial, body)
        await billing.apply(sold.settlement, on)
        return answer, body
