"""The recharge desk: a card's number becomes a booked payment, or is refused, once for each id."""

import hmac
from collections.abc import Callable
from datetime import datetime
from typing import Generic, TypeVar

import msgspec

from hub.business.billing import Billing
from hub.business.day import Day
from hub.business.identity import canonical
from hub.business.keeping import Keeping, Shelf, Stored
from hub.business.recharge_keeping import (
    RechargeCard,
    RechargeKeeping,
    RechargeSecrets,
    RedemptionRecord,
    WrongNumbers,
)
from hub.business.recharge_rules import (
    RECHARGE_DEFAULTS,
    RechargeLimits,
    check_quote,
    check_wait,
    is_locked,
    one_more,
    redeemed_answer,
    refused_answer,
    tries_now,
    why_not,
)
from hub.business.refusals import Refusal
from hub.business.tender_forms import Redemption, RedemptionOrder, payment_order
from hub.composition.booking import Booking
from hub.composition.forestalling import refuse_forestalled
from hub.composition.replies import Reply, check_same, once, own

C = TypeVar("C")


class RechargeDesk(Generic[C]):
    """Spends recharge cards. Within a transaction it holds the terminal's tries, then the account, then the card."""

    def __init__(
        self,
        shelf: Shelf[C],
        store: Callable[[C], Keeping],
        cards: Callable[[C], RechargeKeeping],
        billing: Callable[[C], Billing],
        booking: Booking[C],
        clock: Callable[[], datetime],
        day: Day,
        secrets: RechargeSecrets,
        limits: RechargeLimits = RECHARGE_DEFAULTS,
    ) -> None:
        self._shelf = shelf
        self._store = store
        self._cards = cards
        self._billing = billing
        self._booking = booking
        self._clock = clock
        self._day = day
        self._secrets = secrets
        self._limits = limits

    async def redeem(self, terminal: str, payment_id: str, order: RedemptionOrder) -> Reply:
        """Spend a card and book its value, or say why not; raises Refusal for what decides nothing for the id."""
        return await once(lambda: self._redeem(terminal, payment_id, order))

    async def redemption(self, terminal: str, payment_id: str) -> bytes:
        """Give the stored answer to the terminal's own redemption."""
        async with self._shelf.read() as connection:
            stored = await self._cards(connection).redemption(payment_id)
        return own(stored, terminal, "unknown_payment").reply

    async def _redeem(self, terminal: str, payment_id: str, order: RedemptionOrder) -> Reply:
        now, plain = self._clock(), msgspec.structs.replace(order, sealed="")
        # The key store is asked before the books are held: it may take its time.
        mark = await self._secrets.recharge_mark(order.sealed, terminal)
        async with self._shelf.write() as connection:
            cards = self._cards(connection)
            # While its tries are held no other number of this terminal is judged beside this one.
            before = await cards.hold_tries(terminal)
            payment = await self._store(connection).payment(payment_id)
            if payment is not None and payment.terminal == terminal:
                refuse_forestalled(payment)
            if stored := await cards.redemption(payment_id):
                return _replay(stored, terminal, plain, mark)
            if payment is not None:
                raise Refusal("id_reused", "the id is another payment's", field="id")
            answer, card = await self._judged(connection, terminal, payment_id, order, mark, before, now)
            body = msgspec.json.encode(answer)
            record = RedemptionRecord(
                id=payment_id,
                terminal=terminal,
                content=canonical(plain),
                mark=mark,
                outcome=answer.refusal or answer.status,
                serial=card.serial if card else None,
                reply=body,
                decided_at=now,
            )
            await cards.add_redemption(record)
        return Reply(body, new=True)

    async def _judged(
        self,
        connection: C,
        terminal: str,
        payment_id: str,
        order: RedemptionOrder,
        mark: str,
        before: WrongNumbers | None,
        now: datetime,
    ) -> tuple[Redemption, RechargeCard | None]:
        """Spend the card, or count a wrong number; give the answer, and the card where there is one."""
        cards = self._cards(connection)
        quoted: Stored | None = await self._store(connection).quote(order.quote_id)
        quote = check_quote(order, quoted, terminal)
        tries = tries_now(before, now, self._limits)
        if is_locked(tries, self._limits):
            return refused_answer(payment_id, "locked", tries, self._limits), None
        check_wait(tries, now)
        on = self._day.business_date(now)
        standing = await self._billing(connection).hold(order.account_no, on)
        if standing is not None and standing.state == "closed":
            raise Refusal("account_closed", f"account {order.account_no} is closed", field="account_no")
        card = await cards.hold_card(mark)
        refusal = why_not(card, quote, on)
        if card is not None and refusal is None:
            await cards.spend(card.serial, payment_id)
            paid = payment_order(order, "recharge_card", card.value_fen)
            payment, _ = await self._booking.book(connection, terminal, payment_id, paid, now)
            return redeemed_answer(payment_id, card, payment), card
        if refusal == "unknown":
            tries = one_more(tries, now)
            await cards.set_tries(terminal, tries, first=before is None)
        return refused_answer(payment_id, refusal or "unknown", tries, self._limits, card), card


def _replay(stored: RedemptionRecord, terminal: str, plain: RedemptionOrder, mark: str) -> Reply:
    """Give the stored answer; the number's mark stands for what was sealed, since each sealing differs."""
    check_same(stored, terminal, plain, canonical(plain))
    if not hmac.compare_digest(stored.mark, mark):
        raise Refusal("id_reused", "another number came first under this id", field="sealed")
    return Reply(stored.reply, new=False)
