"""The desk: where orders of every channel become bookings, each id once. The rules themselves are in `business`."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

import msgspec

from hub.business.allocation import allocate
from hub.business.billing import Billing
from hub.business.day import Day
from hub.business.forms import Account, ClaimOrder, Order, PaymentOrder, QuoteOrder, Status, is_account_no
from hub.business.identity import canonical, first_difference
from hub.business.keeping import Keeping, Shelf, Stored, TakenError
from hub.business.ledger import claim_legs, payment_legs
from hub.business.numbers import is_meter_number
from hub.business.orders import (
    account_view,
    check_payment,
    claim_answer,
    make_quote,
    payment_answer,
    stands_for_payment,
)
from hub.business.refusals import Code, Refusal

C = TypeVar("C")
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Reply:
    """The stored answer to an order, byte for byte the same for each repeat; `new` when it was booked just now."""

    body: bytes
    new: bool


class Desk(Generic[C]):
    """What the hub does for its channels; each method is one order of the internal form or raises Refusal."""

    def __init__(
        self,
        shelf: Shelf[C],
        store: Callable[[C], Keeping],
        billing: Callable[[C], Billing],
        clock: Callable[[], datetime],
        day: Day,
        version: str,
    ) -> None:
        self._shelf = shelf
        self._store = store
        self._billing = billing
        self._clock = clock
        self._day = day
        self._version = version

    def status(self) -> Status:
        """Say whether the hub is open."""
        now = self._clock()
        return Status(
            now=now,
            business_date=self._day.business_date(now),
            mode=self._day.mode(now),
            version=self._version,
        )

    async def account(self, account_no: str) -> Account:
        """Show an account as of now."""
        now = self._clock()
        on = self._day.business_date(now)
        found = None
        if is_account_no(account_no):
            async with self._shelf.read() as connection:
                found = await self._billing(connection).account(account_no, on)
        if found is None:
            raise Refusal("unknown_account", "no such account", field="account_no")
        return account_view(*found, now, on)

    async def account_of_meter(self, meter_no: str) -> Account:
        """Show the account that a meter belongs to."""
        if is_account_no(meter_no) and len(meter_no) == 22 and not is_meter_number(meter_no):
            raise Refusal("wrong_check_digit", "the last digit does not fit the first 21", field="meter_no")
        account_no = None
        if is_meter_number(meter_no):
            async with self._shelf.read() as connection:
                account_no = await self._billing(connection).account_of_meter(meter_no)
        if account_no is None:
            raise Refusal("unknown_meter", "no such meter", field="meter_no")
        return await self.account(account_no)

    async def quote(self, terminal: str, quote_id: str, order: QuoteOrder) -> Reply:
        """Say what the chosen months cost."""
        return await _once(lambda: self._quote(terminal, quote_id, order))

    async def pay(self, terminal: str, payment_id: str, order: PaymentOrder) -> Reply:
        """Credit money that was taken; when the reply is given it is on disk."""
        return await _once(lambda: self._pay(terminal, payment_id, order))

    async def payment(self, terminal: str, payment_id: str) -> bytes:
        """Give the stored answer to the terminal's own payment."""
        async with self._shelf.read() as connection:
            stored = await self._store(connection).payment(payment_id)
        return _own(stored, terminal, "unknown_payment")

    async def claim(self, terminal: str, claim_id: str, order: ClaimOrder) -> Reply:
        """Keep money in suspense, and its payment refused from now on."""
        return await _once(lambda: self._claim(terminal, claim_id, order))

    async def find_claim(self, terminal: str, claim_id: str) -> bytes:
        """Give the stored answer to the terminal's own claim."""
        async with self._shelf.read() as connection:
            stored = await self._store(connection).claim(claim_id)
        return _own(stored, terminal, "unknown_claim")

    async def _quote(self, terminal: str, quote_id: str, order: QuoteOrder) -> Reply:
        content = canonical(order)
        now = self._clock()
        on = self._day.business_date(now)
        async with self._shelf.write() as connection:
            store = self._store(connection)
            if stored := await store.quote(quote_id):
                return _replay(stored, terminal, order, content)
            standing = await self._billing(connection).standing(order.account_no, on)
            if standing is None:
                raise Refusal("unknown_account", "no such account", field="account_no")
            quote = make_quote(quote_id, order, standing, now)
            body = _encode(quote)
            await store.add_quote(terminal, content, quote, body)
        return Reply(body, new=True)

    async def _pay(self, terminal: str, payment_id: str, order: PaymentOrder) -> Reply:
        content = canonical(order)
        now = self._clock()
        on = self._day.business_date(now)
        async with self._shelf.write() as connection:
            store, billing = self._store(connection), self._billing(connection)
            stored, quoted = await store.payment_and_quoted_account(payment_id, order.quote_id, terminal)
            if stored:
                return _replay(stored, terminal, order, content)
            check_payment(order, quoted)
            standing = await billing.hold(order.account_no, on)
            if standing is None:
                raise Refusal("unknown_account", "no such account", field="account_no")
            settlement = allocate(standing, order.amount_fen)
            serial = await store.post("payment", payment_id, on, now, payment_legs(settlement, terminal))
            body = _encode(payment_answer(payment_id, f"{serial:012d}", settlement, now, on))
            await store.add_payment(payment_id, terminal, content, order, serial, body)
            await billing.apply(settlement, on)
        return Reply(body, new=True)

    async def _claim(self, terminal: str, claim_id: str, order: ClaimOrder) -> Reply:
        content = canonical(order)
        now = self._clock()
        async with self._shelf.write() as connection:
            store = self._store(connection)
            if stored := await store.claim(claim_id):
                return _replay(stored, terminal, order, content)
            credited = await self._leave_tombstone(store, terminal, claim_id, order)
            serial = None
            if order.amount_fen and not credited:
                on = self._day.business_date(now)
                serial = await store.post("claim", claim_id, on, now, claim_legs(order.amount_fen, terminal))
            answer = claim_answer(claim_id, order, credited=credited)
            body = _encode(answer)
            row = {
                "id": claim_id,
                "terminal": terminal,
                "content": content,
                "state": answer.state,
                "resolution": answer.resolution,
                "transaction_id": serial,
                "reply": body,
            }
            await store.add_claim(order, row)
        return Reply(body, new=True)

    async def _leave_tombstone(self, store: Keeping, terminal: str, claim_id: str, order: ClaimOrder) -> bool:
        """Refuse the claim's payment from now on; true if this very amount is credited already.

        A payment has one claim for all its money; another one is refused, lest the money stand in suspense twice.
        """
        if order.payment_id is None or not stands_for_payment(order):
            return False
        payment = await store.payment(order.payment_id)
        if payment is None:
            await store.add_tombstone(order.payment_id, terminal, claim_id)
            return False
        if payment.claim_id is not None:
            raise Refusal("claimed", "a claim for this payment exists", claim_id=payment.claim_id)
        return payment.terminal == terminal and payment.amount_fen == order.amount_fen


async def _once(attempt: Callable[[], Awaitable[Reply]]) -> Reply:
    """Run a booking; if the same id was booked at the same moment, the second run finds the stored answer."""
    try:
        return await attempt()
    except TakenError:
        return await attempt()


def _replay(stored: Stored, terminal: str, order: Order, content: str) -> Reply:
    if stored.terminal != terminal:
        raise Refusal("id_reused", "the id was used before", field="id")
    if stored.claim_id is not None:
        raise Refusal("claimed", "a claim for this payment exists", claim_id=stored.claim_id)
    if stored.content != content:
        field = first_difference(stored.content, order)
        raise Refusal("id_reused", f"{field} differs from what came first under this id", field=field)
    return Reply(stored.reply, new=False)


def _own(stored: Stored | None, terminal: str, missing: Code) -> bytes:
    if stored is None or stored.terminal != terminal or stored.claim_id is not None:
        raise Refusal(missing, "no such id of this terminal")
    return stored.reply
