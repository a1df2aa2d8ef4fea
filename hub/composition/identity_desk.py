"""The identity desk: whether it is the customer who asks for a card, slowed and limited, and never in clear."""

import hmac
from collections.abc import Callable
from datetime import datetime
from typing import Generic, TypeVar

import msgspec

from hub.business.billing import Billing
from hub.business.card_forms import IdentityCheckOrder, PendingCard
from hub.business.card_keeping import CardKeeping, CardSecrets, CheckRecord
from hub.business.day import Day
from hub.business.identity import canonical
from hub.business.identity_checks import IDENTITY_DEFAULTS, IdentityLimits, check_answer, check_tries
from hub.business.keeping import Shelf
from hub.business.pending_cards import pending_card
from hub.business.refusals import Refusal
from hub.composition.replies import Reply, once, replay

C = TypeVar("C")


class IdentityDesk(Generic[C]):
    """Compares what a customer typed with what is known of the account, both as fingerprints."""

    def __init__(
        self,
        shelf: Shelf[C],
        store: Callable[[C], CardKeeping],
        billing: Callable[[C], Billing],
        clock: Callable[[], datetime],
        day: Day,
        secrets: CardSecrets,
        limits: IdentityLimits = IDENTITY_DEFAULTS,
    ) -> None:
        self._shelf = shelf
        self._store = store
        self._billing = billing
        self._clock = clock
        self._day = day
        self._secrets = secrets
        self._limits = limits

    async def check(self, terminal: str, check_id: str, order: IdentityCheckOrder) -> Reply:
        """Say whether it is the customer; raises Refusal when it is asked too often or too soon."""
        return await once(lambda: self._check(terminal, check_id, order))

    async def _check(self, terminal: str, check_id: str, order: IdentityCheckOrder) -> Reply:
        content, now = canonical(order), self._clock()
        # The key store is asked before the books are held: it may take its time.
        found = await self._secrets.mark(order.sealed, terminal, order.field)
        async with self._shelf.write() as connection:
            store = self._store(connection)
            if stored := await store.check(check_id):
                return replay(stored, terminal, order, content)
            # While the account is held no other try is counted beside this one.
            held = await self._billing(connection).hold(order.account_no, self._day.business_date(now))
            if held is None:
                raise Refusal("unknown_account", "no such account", field="account_no")
            tries = await store.tries(order.account_no, terminal, now - self._limits.window)
            check_tries(tries, now, self._limits)
            known = await store.identity_mark(order.account_no, order.field)
            matched = known is not None and hmac.compare_digest(found, known)
            pending = await _pending(store, terminal, order.account_no, now) if matched else None
            answer = check_answer(check_id, tries, matched=matched, pending=pending, limits=self._limits)
            body = msgspec.json.encode(answer)
            record = CheckRecord(check_id, terminal, content, body, order.account_no, matched, now)
            await store.add_check(record)
        return Reply(body, new=True)


async def _pending(store: CardKeeping, terminal: str, account_no: str, now: datetime) -> PendingCard | None:
    """The first new card that is owed to the account and may be made now; its write is judged anew."""
    for meter in await store.meters_of(account_no):
        purchase = await store.pending_card(meter.meter_no)
        if purchase is None or purchase.account_no != account_no:
            continue  # another account paid for it: whose it is now a person decides
        orders = await store.orders(meter.meter_no, meter.purchase_count)
        writes = await store.writes_of(purchase.id)
        if found := pending_card(purchase, meter, orders, writes, terminal, now):
            return found
    return None
