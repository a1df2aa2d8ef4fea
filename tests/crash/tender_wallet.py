"""The QR acquirer with its own books, phones that pay at the wrong moment, and calls that get lost."""

from __future__ import annotations

import asyncio
from pathlib import Path
from random import Random
from typing import Any

from hub.business.phone_rules import PhoneRecord, Said, refund_no
from simulators.wallet_books import Order, WalletBooks

SECONDS = 125.0
"""So long an order can be paid by itself."""


class Wallet:
    """Implements `Provider`; `tap` is a person who pays."""

    def __init__(self, world: Any) -> None:
        self.world, self.rng = world, Random(world.rng.random())
        self.books = WalletBooks(Path(":memory:"))

    @property
    def bad(self) -> float:
        return float(self.world.bad)

    # People.

    def tap(self, order_no: str) -> None:
        """Somebody pays what stands on the screen, if the provider lets him."""
        order = self._fresh(order_no)
        if order is not None and order.state == "created":
            self._paid(order_no)

    def _late(self, order_no: str) -> None:
        """Money that was on its way when the order was closed: no provider should, and some do."""
        order = self.books.order(order_no)
        if order is not None and order.state == "closed" and order.amount_fen and order.paid_at is None:
            self._paid(order_no)

    def _paid(self, order_no: str) -> None:
        self.world.note(f"wallet: {order_no[-4:]} is paid")
        self.books.pay(order_no, "somebody")

    # The hub.

    async def open(self, record: PhoneRecord) -> Said:
        return await self._call(lambda: self._open(record))

    async def pay(self, record: PhoneRecord, payer_code: str) -> Said:
        return await self._call(lambda: self._pays(record))

    async def ask(self, record: PhoneRecord) -> Said:
        return await self._call(lambda: self._told(record.id))

    async def shut(self, record: PhoneRecord) -> Said:
        return await self._call(lambda: self._shut(record.id))

    async def refund(self, record: PhoneRecord) -> Said:
        return await self.give_back(record, refund_no(record.id))

    async def give_back(self, record: PhoneRecord, number: str) -> Said:
        """Give the money back under a number, once for each."""
        said = await self._call(lambda: self._refund(record, number))
        lost = not self.world.calm and record.tries < 3 and self.rng.random() < 0.4
        return Said("silent", detail="the answer is lost") if lost else said

    async def _call(self, act: Any) -> Said:
        rng, bad = self.rng, self.bad
        await asyncio.sleep(rng.choice([0.05, 0.5, 3.0]) if rng.random() < bad else 0.02)
        if rng.random() < bad / 3:
            return Said("silent", detail="not sent", never_sent=True)
        if rng.random() < bad / 4:
            await asyncio.sleep(4.0)
            return Said("silent", detail="lost")
        said: Said = act()
        if rng.random() < bad / 3:
            await asyncio.sleep(4.0)
            return Said("silent", detail="the answer is lost")
        return said

    def _fresh(self, order_no: str) -> Order | None:
        order = self.books.order(order_no)
        if order is not None and order.state == "created" and self.world.t >= order.expires_at:
            self.books.close_order(order_no)
            order = self.books.order(order_no)
        return order

    def _told(self, order_no: str) -> Said:
        order = self._fresh(order_no)
        if order is None:
            return Said("missing")
        if order.state == "created":
            return Said("open", code=f"https://wallet.example/{order_no}")
        return Said(order.state, wallet_no=order.wallet_no)  # type: ignore[arg-type]

    def _add(self, order_no: str, amount_fen: int, state: str) -> None:
        t = self.world.t
        self.books.add(
            Order(order_no, "m", amount_fen, "", state, order_no, t + SECONDS, "", "", "", t, None)
        )

    def _open(self, record: PhoneRecord) -> Said:
        if self.books.order(record.id) is None:
            self._add(record.id, record.amount_fen, "created")
        return self._told(record.id)

    def _pays(self, record: PhoneRecord) -> Said:
        if self.rng.random() < 0.2:
            return Said("refused", refusal="funds")
        if self.books.order(record.id) is None:
            self._add(record.id, record.amount_fen, "created")
            if self.rng.random() < 0.3:  # the wallet asks its owner, who takes his time
                self.world.later(self.rng.choice([3.0, 20.0, 90.0]), lambda: self.tap(record.id))
            else:
                self._paid(record.id)
        return self._told(record.id)

    def _shut(self, order_no: str) -> Said:
        order = self._fresh(order_no)
        if order is None:
            self._add(order_no, 0, "closed")
        elif order.state == "created":
            if self.rng.random() < 0.15 * bool(self.bad):
                self._paid(order_no)
            else:
                self.books.close_order(order_no)
                if self.bad and self.rng.random() < 0.3:
                    self.world.later(self.rng.choice([0.5, 30.0]), lambda: self._late(order_no))
        return self._told(order_no)

    def _refund(self, record: PhoneRecord, number: str) -> Said:
        order = self.books.order(record.id)
        if order is None or order.paid_at is None:
            return Said("silent", detail="not paid")
        self.books.refund(record.id, number, record.amount_fen)
        return Said("refunded")

    # The judge.

    def held_fen(self, order_no: str = "") -> int:
        """What was paid and not given back, of an order or of all."""
        judged = self.books.judged()["orders"]
        found = [each for each in judged if order_no in {"", each["order_no"]}]
        return sum(each["paid_fen"] - each["refunded_fen"] for each in found)
