"""What the desk needs of sales by bank card: to send one back within its own transaction."""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any, Generic, TypeVar

import msgspec

from hub.business.bank_keeping import SaleKeeping
from hub.business.bank_rules import OTHER_REASON, SETTLED, for_people, give_back

C = TypeVar("C")
log = logging.getLogger(__name__)


class NoSales:
    """The sales of a hub that takes no bank cards."""

    async def give_back(self, _connection: Any, _payment_id: str, _terminal: str, _now: datetime) -> None:
        """There is nothing to give back."""


class SaleBook(Generic[C]):
    """Every method runs in the transaction of the caller."""

    def __init__(self, sales: Callable[[C], SaleKeeping]) -> None:
        self._sales = sales

    async def give_back(self, connection: C, payment_id: str, terminal: str, now: datetime) -> None:
        """Let the money of the terminal's own sale go back, if this payment has one that was taken or may be.

        Called before the payment itself is held, as the switch does, so that the two never wait for one another.
        """
        sales = self._sales(connection)
        sale = await sales.hold_sale(payment_id)
        if sale is None or sale.terminal != terminal:
            return
        after = give_back(sale, OTHER_REASON, now)
        if after is sale:
            return
        if await sales.is_settled(sale):
            after = for_people(after)
            text = msgspec.json.encode({"why": SETTLED}).decode()
            await sales.add_evidence(sale.acquirer, "alarm", sale.tid, sale.stan, sale.id, text, now)
            log.error("sale %s of terminal %s at %s: %s", sale.id, terminal, sale.acquirer, SETTLED)
        await sales.set_sale(after)
