"""The phone desk: orders that phones pay are opened, looked at and closed here; `PhoneKeeper` looks after them."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Generic, TypeVar

import msgspec

from hub.business.forms import Payment, Quote
from hub.business.identity import canonical
from hub.business.keeping import Keeping, Shelf
from hub.business.phone_rules import PhoneRecord, Said, check_quote, is_payer_code, phone_answer
from hub.business.refusals import Refusal
from hub.business.tender_forms import Phone, PhoneClosing, PhoneOrder, Title
from hub.composition.forestalling import refuse_forestalled
from hub.composition.phone_keeper import LOOK_S, PhoneKeeper
from hub.composition.phone_ports import Acquirer, PayerCodes, Phones
from hub.composition.replies import check_same, once, own

C = TypeVar("C")


class PhoneDesk(Generic[C]):
    """What kiosks ask about payments by phone; without an acquirer none is opened, and old ones are told of."""

    def __init__(
        self,
        shelf: Shelf[C],
        store: Callable[[C], Keeping],
        phones: Callable[[C], Phones],
        keeper: PhoneKeeper[C],
        clock: Callable[[], datetime],
        codes: PayerCodes,
    ) -> None:
        self._shelf = shelf
        self._store = store
        self._phones = phones
        self._keeper = keeper
        self._clock = clock
        self._codes = codes

    async def order(self, terminal: str, order_id: str, order: PhoneOrder) -> Phone:
        """Open an order, or say how it stands; raises Refusal for one that may not be."""
        payer_code = await self._payer_code(terminal, order_id, order)
        found, new = await once(lambda: self._taken(terminal, order_id, order))
        if not found.content:  # its closing came first
            return phone_answer(found, self._title, None)
        if new and found.scanned:
            await self._pay(found, payer_code)
        elif found.state == "opening":
            await (self._keeper.attend(found) if found.scanned else self._open(found, first=new))
        return await self._view(terminal, order_id)

    async def look(self, terminal: str, order_id: str, wait_s: float = 0.0) -> Phone:
        """Say how an order stands, after a wait of at most `wait_s` that ends when it can no longer be paid."""
        loop = asyncio.get_running_loop()
        end = loop.time() + wait_s
        with self._keeper.waiting(order_id) as changed:
            while True:
                changed.clear()
                seen = await self._view(terminal, order_id)
                left = end - loop.time()
                if seen.status != "open" or left <= 0 or self._keeper.stopping:
                    return seen
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(min(LOOK_S, left)):
                        await changed.wait()

    async def close_order(self, terminal: str, order_id: str, closing: PhoneClosing) -> Phone:
        """Close an order; the answer is `closed` only when no payment for it will be credited by itself."""
        record = await once(lambda: self._keeper.begin_closing(terminal, order_id, closing.amount_fen))
        own(record, terminal, "unknown_order")
        if record.state == "closing" and not record.given_up:
            await self._keeper.attend(record)
            await self._keeper.give_up(order_id)
        return await self._view(terminal, order_id)

    async def noticed(self, order_id: str) -> bool:
        """The provider says that something happened to an order; false for one that is not ours."""
        return await self._keeper.noticed(order_id)

    # Opening -------------------------------------------------------------------------------------------------

    async def _payer_code(self, terminal: str, order_id: str, order: PhoneOrder) -> str:
        """What the payer's phone showed, before anything is kept; it is kept nowhere, and used for a new order only."""
        if order.sealed is None:
            return ""
        async with self._shelf.read() as connection:
            known = await self._phones(connection).find(order_id)
        return "" if known else await self._codes.payer_code(order.sealed, terminal)

    async def _taken(self, terminal: str, order_id: str, order: PhoneOrder) -> tuple[PhoneRecord, bool]:
        """The order as it is kept, and whether it was taken just now."""
        plain = msgspec.structs.replace(order, sealed=None)
        content, now = canonical(plain), self._clock()
        async with self._shelf.write() as connection:
            phones = self._phones(connection)
            found = await phones.hold(order_id)
            if found is not None:
                if found.content or found.terminal != terminal:
                    check_same(found, terminal, plain, content)
                elif found.amount_fen != order.amount_fen:
                    raise Refusal("id_reused", "amount_fen differs from the closing's", field="amount_fen")
                if found.state == "opening":
                    found = replace(found, next_at=self._keeper.lease(now, calls=2))
                    await phones.save(found)
                return found, False
            self._acquirer()
            await self._check(self._store(connection), terminal, order_id, order, now)
            record = PhoneRecord(
                id=order_id,
                terminal=terminal,
                content=content,
                amount_fen=order.amount_fen,
                scanned=order.sealed is not None,
                state="opening",
                given_up=False,
                opened_at=now,
                changed_at=now,
                next_at=self._keeper.lease(now, calls=2),
                expires_at=now + self._keeper.policy.expiry,
            )
            await phones.add(record)
        return record, True

    async def _check(
        self, store: Keeping, terminal: str, order_id: str, order: PhoneOrder, now: datetime
    ) -> None:
        payment = await store.payment(order_id)
        if payment is not None:
            if payment.terminal == terminal:
                refuse_forestalled(payment)
            raise Refusal("id_reused", "the id was used before", field="id")
        quote = await store.quote(order.quote_id)
        if quote is None or quote.terminal != terminal:
            text = f"no quote {order.quote_id} of this terminal's"
            raise Refusal("unknown_quote", text, field="quote_id")
        check_quote(order, quote.content, msgspec.json.decode(quote.reply, type=Quote), now)

    async def _open(self, record: PhoneRecord, *, first: bool) -> None:
        """Open it by a code; a second try finds what the first one may have opened."""
        provider = self._acquirer().provider
        said = await provider.open(record)
        if said.told == "silent":
            never_sent = said.never_sent
            said = await provider.open(record)
            if said.told == "silent":
                # Nobody sees a code: what may be open there is closed, and what is paid for it goes back.
                sent = not (first and never_sent and said.never_sent)
                await self._keeper.refuse(record.id, said, still_there=sent)
                return
        await self._keeper.told(record, said)

    async def _pay(self, record: PhoneRecord, payer_code: str) -> None:
        """Take the money by the payer's code. Without an answer nobody knows, and the keeper asks."""
        if not is_payer_code(payer_code):
            await self._keeper.told(record, Said("refused", refusal="bad_code", detail="no payer's code"))
            return
        said = await self._acquirer().provider.pay(record, payer_code)
        if said.never_sent:
            await self._keeper.refuse(record.id, said, still_there=False)
            return
        await self._keeper.told(record, said)

    # Telling -------------------------------------------------------------------------------------------------

    async def _view(self, terminal: str, order_id: str) -> Phone:
        async with self._shelf.read() as connection:
            record = own(await self._phones(connection).find(order_id), terminal, "unknown_order")
            payment = None
            if record.state == "paid":
                stored = await self._store(connection).payment(order_id)
                payment = msgspec.json.decode(stored.reply, type=Payment) if stored else None
        return phone_answer(record, self._title, payment)

    def _acquirer(self) -> Acquirer:
        if self._keeper.acquirer is None:
            raise Refusal("tender_off", "this hub has no QR acquirer (--wallet)", field="tender")
        return self._keeper.acquirer

    @property
    def _title(self) -> Title:
        return self._keeper.acquirer.title if self._keeper.acquirer else Title("", "")
