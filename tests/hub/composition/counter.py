"""A desk over books in memory, and the orders that its tests put to it."""

import asyncio
from collections.abc import Awaitable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest

from hub.business import forms
from hub.business.billing import Customer, Meter
from hub.business.bills import Bill
from hub.business.day import Day
from hub.business.numbers import meter_number
from hub.business.refusals import Refusal
from hub.composition.desk import Desk
from tests.crash.line import RULE
from tests.crash.memory import Books, MemoryShelf
from tests.crash.memory_billing import MemoryBilling
from tests.crash.memory_store import MemoryStore
from tests.hub.switched import pay_by_switch

NOW = datetime(2026, 11, 22, 16, 30, tzinfo=UTC)
TODAY = date(2026, 11, 23)
LONG_AGO = datetime(2026, 1, 1, 4, tzinfo=UTC)
ACCOUNT, METER = "0399000000000001", meter_number("990009900000000000001")
PAYMENT, QUOTE, CLAIM, REVERSAL, BEAT = (digit * 32 for digit in "12345")


def box_sale(payment_id: str) -> forms.BoxSale:
    """What a terminal box said of the sale that a payment is; each id has a sale of its own."""
    trace = str(int(payment_id, 16) % 10**12)
    return forms.BoxSale(
        terminal_no="90000001",
        merchant_no="104440000000001",
        card="621214*********0012",
        trace=trace,
        batch="000001",
        rrn="",
        auth_code="",
        at=datetime(2026, 1, 1, 4, tzinfo=UTC),
    )


class Counter:
    """A desk over books in memory that hold one account with two bills, and what it is asked."""

    def __init__(self) -> None:
        self.books = Books()
        who = Customer(ACCOUNT, "测试户", "江城区路1号", "城东所", "residential", (Meter(METER, "postpaid"),))
        bills = [Bill(f"B{n}", f"2026-1{n}", 100, 1000 * (n + 1), date(2026, 12, 31)) for n in range(2)]
        self.books.add_account(who, "open", 250, bills)
        self.now = NOW
        self.desk: Any = Desk(
            MemoryShelf(self.books),
            MemoryStore,
            lambda conversation: MemoryBilling(conversation, RULE),
            lambda: self.now,
            Day(closing=timedelta(hours=1)),
            "3.2",
        )

    def ask(self, order: Awaitable[Any]) -> Any:
        """What an order came to; a stored or new reply as (its JSON, whether it is new)."""

        async def whole() -> Any:
            return await order

        reply = asyncio.run(whole())
        if hasattr(reply, "body"):
            return msgspec.json.decode(reply.body), reply.new
        return msgspec.json.decode(reply) if isinstance(reply, bytes) else reply

    def refused(self, order: Awaitable[Any]) -> Refusal:
        with pytest.raises(Refusal) as refused:
            self.ask(order)
        return refused.value

    def quote(self, key: str = QUOTE, terminal: str = "T", **changes: Any) -> Awaitable[Any]:
        content: dict[str, Any] = {
            "account_no": ACCOUNT,
            "business": "arrears",
            "months": (),
            "tender": "cash",
        } | changes
        done: Awaitable[Any] = self.desk.quote(terminal, key, forms.QuoteOrder(**content))
        return done

    def pay(self, key: str = PAYMENT, terminal: str = "T", **changes: Any) -> Awaitable[Any]:
        content: dict[str, Any] = {
            "account_no": ACCOUNT,
            "quote_id": QUOTE,
            "business": "arrears",
            "tender": "bank_card",
            "amount_fen": 5000,
            "months": (),
            "notes": (),
            "kiosk_no": 9,
            "business_date": TODAY,
            "taken_at": LONG_AGO,
            "reference": "AAAA-BBBB",
        }
        content |= changes
        done: Awaitable[Any]
        order = forms.PaymentOrder(**content)
        if order.tender == "bank_card" and order.box is None:
            done = pay_by_switch(self.desk, terminal, key, order)
        else:
            done = self.desk.pay(terminal, key, order)
        return done

    def claim(self, key: str = CLAIM, terminal: str = "T", **changes: Any) -> Awaitable[Any]:
        content: dict[str, Any] = {
            "reference": "CCCC-DDDD",
            "payment_id": PAYMENT,
            "account_no": ACCOUNT,
            "amount_fen": 5000,
            "memo_fen": 0,
            "reason": "unanswered",
            "notes": (),
            "made_at": LONG_AGO,
        }
        done: Awaitable[Any] = self.desk.claim(terminal, key, forms.ClaimOrder(**(content | changes)))
        return done

    def reverse(self, key: str = REVERSAL, terminal: str = "T", **changes: Any) -> Awaitable[Any]:
        content: dict[str, Any] = {
            "payment_id": PAYMENT,
            "amount_fen": 5000,
            "reason": "unanswered",
            "made_at": LONG_AGO,
        }
        done: Awaitable[Any] = self.desk.reverse(terminal, key, forms.ReversalOrder(**(content | changes)))
        return done

    def beat(self, seq: int, key: str = BEAT, terminal: str = "T", **changes: Any) -> Awaitable[Any]:
        content: dict[str, Any] = {
            "journal_id": "a" * 32,
            "seq": seq,
            "head": f"{seq:064x}",
            "known": None,
            "open": (),
            "backlog": forms.Backlog(count=0, oldest_at=None),
            "version": "1",
        }
        done: Awaitable[Any] = self.desk.beat(terminal, key, forms.HeartbeatOrder(**(content | changes)))
        return done

    def paid(self, **changes: Any) -> Any:
        """The one payment, after its quote."""
        self.ask(self.quote())
        return self.ask(self.pay(**changes))

    @property
    def bookings(self) -> list[Any]:
        return list(self.books.table("transactions").values())


def fault(refusal: Refusal) -> tuple[str, str | None, str | None, str | None]:
    return refusal.code, refusal.field, refusal.claim_id, refusal.reversal_id
