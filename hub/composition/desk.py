"""The desk: where orders of every channel become bookings, each id once. The rules themselves are in `business`."""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Generic, TypeVar

import msgspec

from hub.business.billing import Billing
from hub.business.card_sales import is_card_business
from hub.business.day import Day
from hub.business.deciding import TAKEN_OVER
from hub.business.forms import (
    Account,
    BoxSale,
    Claim,
    ClaimOrder,
    Heartbeat,
    HeartbeatOrder,
    Outcome,
    PaymentOrder,
    QuoteOrder,
    ReferenceView,
    ReversalOrder,
    Status,
    Tender,
    is_account_no,
    is_reference,
)
from hub.business.identity import canonical
from hub.business.keeping import ClaimRecord, Keeping, Shelf, Stored
from hub.business.ledger import claim_legs, opposite, undoing
from hub.business.numbers import is_meter_number
from hub.business.orders import (
    account_view,
    check_payment,
    check_reversal,
    claim_answer,
    claim_now,
    heartbeat_answer,
    judge_head,
    make_quote,
    payment_order,
    reference_view,
    reversal_answer,
)
from hub.business.refusals import Refusal
from hub.composition.booking import Booking
from hub.composition.card_counter import CardCounter, NoCards
from hub.composition.forestalling import claimed, forestall, refuse_forestalled
from hub.composition.replies import Reply, once, own, replay
from hub.composition.sale_book import NoSales, SaleBook

C = TypeVar("C")
TAKEN_AT_KIOSKS: frozenset[Tender] = frozenset({"cash", "bank_card"})
"""What a kiosk itself takes, or a terminal box in it; money of every other tender comes through the hub."""
_encode = msgspec.json.Encoder().encode


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
        tenders: Collection[Tender] = TAKEN_AT_KIOSKS,
        cards: CardCounter[C] | NoCards | None = None,
        sales: SaleBook[C] | NoSales | None = None,
    ) -> None:
        self._shelf = shelf
        self._store = store
        self._billing = billing
        self._clock = clock
        self._day = day
        self._version = version
        self._tenders = tenders
        self._cards = cards or NoCards()
        self._sales = sales or NoSales()
        self._booking = Booking(store, billing, day, self._cards)

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
        return await once(lambda: self._quote(terminal, quote_id, order))

    async def pay(self, terminal: str, payment_id: str, order: PaymentOrder) -> Reply:
        """Credit money that was taken; when the reply is given it is on disk."""
        return await once(lambda: self._pay(terminal, payment_id, order))

    async def payment(self, terminal: str, payment_id: str) -> bytes:
        """Give the stored answer to the terminal's own payment."""
        async with self._shelf.read() as connection:
            stored = await self._store(connection).payment(payment_id)
        if stored is not None and stored.serial is None:
            stored = None
        return own(stored, terminal, "unknown_payment").reply

    async def claim(self, terminal: str, claim_id: str, order: ClaimOrder) -> Reply:
        """Keep money in suspense, and its payment refused from now on."""
        return await once(lambda: self._claim(terminal, claim_id, order))

    async def find_claim(self, terminal: str, claim_id: str) -> Claim:
        """Say how the terminal's own claim stands now."""
        async with self._shelf.read() as connection:
            stored = await self._store(connection).claim(claim_id)
        return claim_now(own(stored, terminal, "unknown_claim"))

    async def reverse(self, terminal: str, reversal_id: str, order: ReversalOrder) -> Reply:
        """Undo a payment, or see to it that it is refused should it still come."""
        return await once(lambda: self._reverse(terminal, reversal_id, order))

    async def find_reversal(self, terminal: str, reversal_id: str) -> bytes:
        """Give the stored answer to the terminal's own reversal."""
        async with self._shelf.read() as connection:
            stored = await self._store(connection).reversal(reversal_id)
        return own(stored, terminal, "unknown_reversal").reply

    async def beat(self, terminal: str, beat_id: str, beat: HeartbeatOrder) -> Heartbeat:
        """Remember where the terminal's journal stands, and say whether it goes on from the one that is known."""
        return await once(lambda: self._beat(terminal, beat_id, beat))

    async def reference(self, reference: str) -> ReferenceView:
        """Say what became of the money on a slip of any terminal."""
        found = None
        if is_reference(reference):
            async with self._shelf.read() as connection:
                claim, payment = await self._store(connection).referred(reference)
                found = reference_view(reference, claim, payment)
                if found is not None and payment is not None:
                    found = await self._cards.told(connection, found, payment)
        if found is None:
            raise Refusal("unknown_reference", "no slip of this reference", field="reference")
        return found

    async def _quote(self, terminal: str, quote_id: str, order: QuoteOrder) -> Reply:
        content = canonical(order)
        now = self._clock()
        on = self._day.business_date(now)
        async with self._shelf.write() as connection:
            store = self._store(connection)
            if stored := await store.quote(quote_id):
                return replay(stored, terminal, order, content)
            standing = await self._billing(connection).standing(order.account_no, on)
            if standing is None:
                raise Refusal("unknown_account", "no such account", field="account_no")
            if is_card_business(order.business):
                quote = await self._cards.quote(connection, terminal, quote_id, order, standing, now)
            else:
                quote = make_quote(quote_id, order, standing, now)
            body = _encode(quote)
            await store.add_quote(terminal, content, quote, body)
        return Reply(body, new=True)

    async def _pay(self, terminal: str, payment_id: str, order: PaymentOrder) -> Reply:
        content = canonical(order)
        now = self._clock()
        async with self._shelf.write() as connection:
            store = self._store(connection)
            stored, quoted = await store.payment_and_quoted_account(payment_id, order.quote_id, terminal)
            if stored:
                if stored.terminal == terminal:
                    refuse_forestalled(stored)
                return replay(stored, terminal, order, content)
            check_payment(order, quoted, self._tenders)
            if order.box is not None:
                await self._once_for_box(store, payment_id, order.box)
            _, body = await self._booking.book(connection, terminal, payment_id, order, now)
        return Reply(body, new=True)

    async def _once_for_box(self, store: Keeping, payment_id: str, box: BoxSale) -> None:
        """Let a terminal box's sale be one payment's, whatever ids it comes under; raises Refusal."""
        sold_on = self._day.calendar_date(box.at)
        if await store.payment_of_box(box, sold_on) not in (None, payment_id):
            raise Refusal("id_reused", "the box's sale is another payment's", field="box")
        await store.add_box_sale(box, sold_on, payment_id)

    async def _claim(self, terminal: str, claim_id: str, order: ClaimOrder) -> Reply:
        content = canonical(order)
        now = self._clock()
        async with self._shelf.write() as connection:
            store = self._store(connection)
            if stored := await store.claim(claim_id):
                _refuse_taken_over(stored, terminal)
                return replay(stored, terminal, order, content)
            against = await forestall(store, terminal, claim_id, order)
            credited = _is_credited(against.payment, terminal)
            certain_fen = max(order.amount_fen - against.credited_fen, 0)
            serial = None
            if certain_fen and not credited:
                on = self._day.business_date(now)
                entries = claim_legs(certain_fen, terminal, order.tender)
                serial = await store.post("claim", claim_id, on, now, entries)
            answer = claim_answer(claim_id, order, certain_fen, credited=credited)
            body = _encode(answer)
            claim = ClaimRecord(
                id=claim_id,
                terminal=terminal,
                content=content,
                reply=body,
                reference=order.reference,
                reason=order.reason,
                payment_id=order.payment_id,
                account_no=order.account_no,
                amount_fen=certain_fen,
                memo_fen=order.memo_fen,
                state=answer.state,
                resolution=answer.resolution,
                serial=serial,
                made_at=order.made_at,
                received_at=now,
            )
            await store.add_claim(claim)
        return Reply(body, new=True)

    async def _reverse(self, terminal: str, reversal_id: str, order: ReversalOrder) -> Reply:
        content = canonical(order)
        now = self._clock()
        on = self._day.business_date(now)
        async with self._shelf.write() as connection:
            store = self._store(connection)
            if stored := await store.reversal(reversal_id):
                return replay(stored, terminal, order, content)
            outcome, serial = await self._undo(connection, terminal, reversal_id, order, now)
            body = _encode(reversal_answer(reversal_id, order, outcome, now, on))
            await store.add_reversal(reversal_id, terminal, content, order, outcome, serial, body)
        return Reply(body, new=True)

    async def _undo(
        self, connection: C, terminal: str, reversal_id: str, order: ReversalOrder, now: datetime
    ) -> tuple[Outcome, int | None]:
        """Undo the payment if it is booked, else leave a tombstone; give the outcome and the booking.

        What a bank card's sale took, or may yet take, goes back with it.
        """
        await self._sales.give_back(connection, order.payment_id, terminal, now)
        store, billing = self._store(connection), self._billing(connection)
        payment = await store.hold_payment(order.payment_id)
        if payment is None:
            await store.add_tombstone(order.payment_id, terminal, reversal_id=reversal_id)
            return "tombstone", None
        if payment.terminal != terminal:
            raise Refusal("id_reused", "the payment's id was used before", field="payment_id")
        if payment.reversal_id is not None:
            return "already_reversed", None
        if payment.serial is None or payment.claim_id is not None:
            raise claimed(payment)
        check_reversal(order, payment)
        on = self._day.business_date(now)
        account_no = payment_order(payment).account_no
        await billing.hold(account_no, on)  # the account before the meter, as a payment does
        await self._cards.withdraw(connection, order.payment_id)
        entries = await store.legs(payment.serial)
        await billing.undo(undoing(account_no, entries), on)
        serial = await store.post("reversal", reversal_id, on, now, opposite(entries))
        await store.mark_payment(order.payment_id, reversal_id=reversal_id)
        return "reversed", serial

    async def _beat(self, terminal: str, beat_id: str, beat: HeartbeatOrder) -> Heartbeat:
        now = self._clock()
        async with self._shelf.write() as connection:
            store = self._store(connection)
            known = await store.hold_head(terminal)
            verdict = judge_head(known, beat)
            if verdict == "ok":
                await store.set_head(terminal, beat, now, first=known is None)
            elif verdict != "show":
                await store.add_alarm(terminal, verdict, beat, now)
        known_seq = beat.seq if known is None or verdict == "ok" else known.seq
        return heartbeat_answer(
            beat_id, verdict, known_seq, now, self._day.business_date(now), self._day.mode(now)
        )


def _is_credited(payment: Stored | None, terminal: str) -> bool:
    """Whether the claim's money is on an account, by the payment that stands against the claim.

    A payment has one claim for all its money; another one is refused, lest the money stand in suspense twice.
    """
    if payment is None:
        return False
    if payment.claim_id is not None:
        raise claimed(payment)
    return payment.terminal == terminal


def _refuse_taken_over(claim: ClaimRecord, terminal: str) -> None:
    """Refuse a claim that the hub made itself while the kiosk's disk was gone: it is decided as it stands there."""
    if claim.terminal == terminal and claim.reason == TAKEN_OVER:
        raise Refusal("claimed", "the claim was taken over", claim_id=claim.id)
