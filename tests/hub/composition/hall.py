"""A hub's side towards banks in a test's own loop, over real books, with banks that are programs on TCP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import select

from hub.business import forms
from hub.business.refusals import Refusal
from hub.business.tender_forms import RouteOrder, SaleOrder
from hub.composition.bank_side import BankSide
from hub.composition.booking import Booking
from hub.composition.card_counter import CardCounter
from hub.composition.desk import Desk
from hub.composition.sale_book import SaleBook
from hub.composition.switch import Books
from hub.composition.vault import Vault
from hub.data.acquirers_file import read_acquirers
from hub.data.bank_terminals import add_bank_terminal
from hub.data.cards import CardStore
from hub.data.check import Report
from hub.data.database import Database
from hub.data.keys_bench import BenchStore
from hub.data.sales import Sales
from hub.data.schema_bank import bank_evidence
from hub.data.store import Store
from hub.serve import billing_of_own_books
from simulators.bank_host import LaunchedBank
from simulators.banks.cards import Card
from tests.hub.bankcards import PLAIN, acquirers_file, read_card, route_order, sale_order, sealed_card
from tools.hub_process import new_id

PATIENCE = 30.0
AMOUNT = 10_000
_evidence = select(bank_evidence.c.kind, bank_evidence.c.sale_id, bank_evidence.c.message)


class Hall:
    """One hub process' parts, with its clock in the test's hand."""

    def __init__(self, at: Any, folder: Path, banks: Mapping[str, LaunchedBank], **settings: Any) -> None:
        self.books, self.banks = at, banks
        self.ahead = timedelta(0)
        self.database = Database(at.url)
        self.vault = Vault(BenchStore(None, {}, bench=True))
        file = acquirers_file(folder, {name: bank.port for name, bank in banks.items()}, **settings)
        self.acquirers = read_acquirers(file)
        counter, billing = CardCounter(CardStore), billing_of_own_books()
        books = Books(self.database, Store, Sales, billing, self.now, at.day)
        self.side = BankSide(books, self.acquirers, self.vault, Booking(Store, billing, at.day, counter))
        self.switch = self.side.switch
        self.desk: Any = Desk(
            self.database, Store, billing, self.now, at.day, "1", cards=counter, sales=SaleBook(Sales)
        )

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    # What a kiosk does.

    async def quote(self, account_no: str, terminal: str = "kiosk-1", **changes: Any) -> str:
        content: dict[str, Any] = {"account_no": account_no, "business": "arrears", "months": ()}
        order = forms.QuoteOrder(**({"tender": "bank_card"} | content | changes))
        quote_id = new_id()
        await self.desk.quote(terminal, quote_id, order)
        return quote_id

    async def route(self, card: Card = PLAIN, terminal: str = "kiosk-1") -> Any:
        order = msgspec.convert(route_order(card, AMOUNT), RouteOrder)
        return msgspec.json.decode((await self.switch.route(terminal, new_id(), order)).body)

    async def sealed(self, said: Mapping[str, str], terminal: str) -> str:
        key = await self.vault.ask(lambda store: store.seal_public())
        return sealed_card(said, {"kid": key.kid, "x": key.x, "y": key.y}, terminal)

    async def order(
        self,
        account_no: str,
        card: Card = PLAIN,
        terminal: str = "kiosk-1",
        pin: str | None = None,
        **changes: Any,
    ) -> SaleOrder:
        route = await self.route(card, terminal)
        sealed = await self.sealed(read_card(card, route, pin), terminal)
        quote_id = await self.quote(account_no, terminal)
        order = sale_order(account_no, quote_id, route["id"], AMOUNT, sealed)
        return msgspec.convert(order | changes, SaleOrder)

    async def sell(
        self, account_no: str, payment_id: str = "", terminal: str = "kiosk-1", **options: Any
    ) -> Any:
        """A sale from route to answer."""
        order = await self.order(account_no, terminal=terminal, **options)
        return await self.put(payment_id or new_id(), order, terminal)

    async def put(self, payment_id: str, order: SaleOrder, terminal: str = "kiosk-1") -> Any:
        return msgspec.json.decode((await self.switch.sell(terminal, payment_id, order)).body)

    async def get(self, payment_id: str, terminal: str = "kiosk-1") -> Any:
        return msgspec.json.decode(await self.switch.sale(terminal, payment_id))

    async def reverse(self, payment_id: str, terminal: str = "kiosk-1", amount_fen: int = AMOUNT) -> Any:
        order = forms.ReversalOrder(
            payment_id=payment_id, amount_fen=amount_fen, reason="delivery_failed", made_at=self.now()
        )
        return msgspec.json.decode((await self.desk.reverse(terminal, new_id(), order)).body)

    # What a test asks.

    async def until(self, payment_id: str, state: str, terminal: str = "kiosk-1") -> Any:
        """Wait until a sale is in this state."""
        async with asyncio.timeout(PATIENCE):
            while (sale := await self.get(payment_id, terminal))["status"] != state:
                await asyncio.sleep(0.02)
        return sale

    async def evident(self, kind: str, payment_id: str | None) -> str:
        """Wait for evidence of a kind about a sale, and give what is kept of it."""
        async with asyncio.timeout(PATIENCE):
            while True:
                for found, sale_id, text in await self.evidence():
                    if (found, sale_id) == (kind, payment_id):
                        return text
                await asyncio.sleep(0.02)

    async def evidence(self) -> list[tuple[str, str | None, str]]:
        async with self.database.read() as connection:
            return [(row[0], row[1], row[2]) for row in await connection.execute(_evidence)]

    async def row(self, payment_id: str) -> Any:
        """What the books have of a sale."""
        async with self.database.read() as connection:
            return await Sales(connection).sale(payment_id)

    async def begun(self, payment_id: str) -> None:
        """Wait until a sale is on disk."""
        async with asyncio.timeout(PATIENCE):
            while await self.row(payment_id) is None:
                await asyncio.sleep(0.01)

    async def refused(self, order: Awaitable[Any]) -> Refusal:
        with pytest.raises(Refusal) as refused:
            await order
        return refused.value

    async def checked(self) -> Report:
        """The report of the books' own check, which no other writer must wait for in this loop."""
        return await asyncio.to_thread(self.books.check)


@asynccontextmanager
async def hall(
    at: Any, folder: Path, banks: Mapping[str, LaunchedBank], *, work: bool = True, **settings: Any
) -> AsyncIterator[Hall]:
    """Open the parts, with the work that goes on without a customer unless told otherwise."""
    made = Hall(at, folder, banks, **settings)
    if work:
        made.side.begin()
    try:
        yield made
    finally:
        await made.side.close()
        made.vault.close()
        await made.database.close()


def registered(at: Any, *terminals: tuple[str, str, str]) -> None:
    """Make kiosks terminals of banks: (bank, kiosk, terminal number)."""
    with at.engine.begin() as connection:
        for bank, kiosk, tid in terminals:
            add_bank_terminal(connection, bank, kiosk, tid, "", datetime.now(UTC))
