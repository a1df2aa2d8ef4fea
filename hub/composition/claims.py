"""The claims desk: suspended money is released by two persons, and the open items of a replaced kiosk become claims."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar

import msgspec

from hub.business.allocation import allocate
from hub.business.billing import Billing
from hub.business.day import Day
from hub.business.deciding import (
    RESOLUTIONS,
    TAKEN_OVER,
    TO_ACCOUNT,
    Deciding,
    DecisionError,
    Proposal,
    check_decision,
    check_proposal,
)
from hub.business.forms import Claim, OpenItem, Payment
from hub.business.keeping import ClaimRecord, Head, Shelf
from hub.business.ledger import SUSPENSE, claim_legs, payment_legs, refund_legs
from hub.business.orders import claim_tender, stands_for_payment
from hub.composition.forestalling import forestall
from hub.composition.replies import once

C = TypeVar("C")
AFTER_MONEY = frozenset({"credited", "undelivered", "writing", "reading_back", "torn"})
"""A kiosk's words for an open payment that takes no more money: it is booked, card or receipt are still due."""


class ClaimsDesk(Generic[C]):
    """What operators do; each method is one transaction, and raises DecisionError when it is not carried out.

    Whoever calls has made sure that the persons are who they say.
    """

    def __init__(
        self,
        shelf: Shelf[C],
        store: Callable[[C], Deciding],
        billing: Callable[[C], Billing],
        clock: Callable[[], datetime],
        day: Day,
    ) -> None:
        self._shelf = shelf
        self._store = store
        self._billing = billing
        self._clock = clock
        self._day = day

    async def claims(self, state: str | None, older_than: timedelta) -> list[ClaimRecord]:
        """Give the claims of a state (none: of all) that the hub has had for so long, oldest first.

        With no age asked for, also one that a clock which was set back since makes younger than now.
        """
        before = self._clock() - older_than if older_than else datetime.max.replace(tzinfo=UTC)
        async with self._shelf.read() as connection:
            found = await self._store(connection).all_claims()
        return [claim for claim in found if state in {None, claim.state} and claim.received_at <= before]

    async def show(self, reference: str) -> list[tuple[ClaimRecord, list[Proposal]]]:
        """Give the claims of a reference or id, each with all that was proposed for it."""
        async with self._shelf.read() as connection:
            store = self._store(connection)
            found = await store.find_claims(reference)
            shown = [(claim, list(await store.proposals(claim.id))) for claim in found]
        if not shown:
            raise DecisionError(f"no claim {reference}")
        return shown

    async def booked_beside(self, claim: ClaimRecord) -> Payment | None:
        """Give the booked payment because of which a claim was closed, or holds only what goes beyond the booking."""
        if claim.payment_id is None:
            return None
        async with self._shelf.read() as connection:
            payment = await self._store(connection).payment(claim.payment_id)
        if payment is None or payment.serial is None or payment.reversal_id is not None:
            return None
        touched = claim.resolution == "already_credited" or payment.claim_id == claim.id
        return msgspec.json.decode(payment.reply, type=Payment) if touched else None

    async def claimed_beside(self, claim: ClaimRecord) -> list[ClaimRecord]:
        """Give the other claims for the same payment, oldest first: one note may be told of in more than one."""
        if claim.payment_id is None:
            return []
        async with self._shelf.read() as connection:
            found = await self._store(connection).claims_of(claim.payment_id)
        return [other for other in found if other.id != claim.id]

    async def propose(
        self, reference: str, target: str, found_fen: int | None, by: str, note: str
    ) -> ClaimRecord:
        """Propose where a claim's money should go."""
        now = self._clock()
        async with self._shelf.write() as connection:
            store = self._store(connection)
            claim = await _hold_the_one(store, reference)
            found = check_proposal(claim, target, found_fen)
            if target.startswith(TO_ACCOUNT):
                await self._require_account(connection, target.removeprefix(TO_ACCOUNT), now)
            await store.add_proposal(claim.id, target, found, by, note, now)
            await store.set_claim(claim.id, "proposed", claim.resolution)
        return claim

    async def reject(self, reference: str, by: str, note: str) -> ClaimRecord:
        """Set a proposal aside; the claim is open again."""
        async with self._shelf.write() as connection:
            store = self._store(connection)
            claim = await _hold_the_one(store, reference)
            proposal = check_decision(claim, await store.proposals(claim.id), None)
            await store.decide(proposal.id, "rejected", by, note, self._clock(), (None, None))
            await store.set_claim(claim.id, "open", claim.resolution)
        return claim

    async def approve(self, reference: str, by: str) -> ClaimRecord:
        """Carry a proposal out: a second person's word moves the money."""
        now = self._clock()
        async with self._shelf.write() as connection:
            store = self._store(connection)
            claim = await _hold_the_one(store, reference)
            proposal = check_decision(claim, await store.proposals(claim.id), by)
            serials = (
                await self._count(store, claim, proposal, now),
                await self._release(connection, claim, proposal, now),
            )
            await store.decide(proposal.id, "approved", by, "", now, serials)
            resolution = RESOLUTIONS.get(proposal.target, "credited")
            state = "closed" if resolution == "nothing_found" else "released"
            await store.set_claim(claim.id, state, resolution)
        return claim

    async def open(self, terminal: str, item: OpenItem, new_id: Callable[[], str]) -> ClaimRecord:
        """Make a claim of what only a lost disk had open, as a memo amount; the disk is refused from now on."""
        return await once(lambda: self._open(terminal, item, new_id))

    async def replace(
        self, terminal: str, persons: tuple[str, str], note: str, new_id: Callable[[], str]
    ) -> list[ClaimRecord]:
        """Take over what a terminal's lost computer or disk had open; give the claims that were made of it.

        The next heartbeat's journal is taken as the new one.
        """
        return await once(lambda: self._replace(terminal, persons, note, new_id))

    async def _open(self, terminal: str, item: OpenItem, new_id: Callable[[], str]) -> ClaimRecord:
        now = self._clock()
        async with self._shelf.write() as connection:
            store = self._store(connection)
            await _hold_journal(store, terminal)
            claim = await _take_over(store, terminal, item, new_id, now)
        if claim is None:
            raise DecisionError(
                f"the hub has {item.kind} {item.id} already: see what became of {item.reference}"
            )
        return claim

    async def _replace(
        self, terminal: str, persons: tuple[str, str], note: str, new_id: Callable[[], str]
    ) -> list[ClaimRecord]:
        if persons[0] == persons[1]:
            raise DecisionError("a terminal is replaced by two different persons")
        now = self._clock()
        async with self._shelf.write() as connection:
            store = self._store(connection)
            head = await _hold_journal(store, terminal)
            items = [item for item in await store.open_items(terminal) if not _is_free_write(item)]
            made = [await _take_over(store, terminal, item, new_id, now) for item in items]
            await store.renew(terminal, head, persons, note, now)
        return [claim for claim in made if claim is not None]

    async def _count(
        self, store: Deciding, claim: ClaimRecord, proposal: Proposal, now: datetime
    ) -> int | None:
        if not proposal.found_fen:
            return None
        entries = claim_legs(proposal.found_fen, claim.terminal, claim_tender(claim))
        return await store.post("count", claim.id, self._day.business_date(now), now, entries)

    async def _release(
        self, connection: C, claim: ClaimRecord, proposal: Proposal, now: datetime
    ) -> int | None:
        amount_fen = claim.amount_fen + proposal.found_fen
        if not amount_fen:
            return None
        store, on = self._store(connection), self._day.business_date(now)
        if not proposal.target.startswith(TO_ACCOUNT):
            return await store.post("release", claim.id, on, now, refund_legs(amount_fen, claim.reference))
        billing = self._billing(connection)
        account_no = proposal.target.removeprefix(TO_ACCOUNT)
        standing = await billing.hold(account_no, on)
        if standing is None:
            raise DecisionError(f"no account {account_no}")
        settlement = allocate(standing, amount_fen)
        await billing.apply(settlement, on)
        return await store.post("release", claim.id, on, now, payment_legs(settlement, SUSPENSE))

    async def _require_account(self, connection: C, account_no: str, now: datetime) -> None:
        if await self._billing(connection).standing(account_no, self._day.business_date(now)) is None:
            raise DecisionError(f"no account {account_no}")


async def _hold_journal(store: Deciding, terminal: str) -> Head:
    head = await store.hold_head(terminal)
    if head is None:
        raise DecisionError(f"terminal {terminal} has sent no heartbeat: nothing is known of its journal")
    return head


async def _hold_the_one(store: Deciding, reference: str) -> ClaimRecord:
    found = await store.find_claims(reference)
    if len(found) > 1:
        ids = ", ".join(claim.id for claim in found)
        raise DecisionError(f"{len(found)} claims have the reference {reference}: give one of the ids {ids}")
    held = await store.hold_claim(found[0].id) if found else None
    if held is None:
        raise DecisionError(f"no claim {reference}")
    return held


def _is_free_write(item: OpenItem) -> bool:
    """Whether it only writes a card that was paid for before: then no note is in, and none can come any more.

    A payment that nothing was in at the last heartbeat, and that still took notes, is taken over.
    """
    return item.kind == "payment" and not item.amount_fen + item.memo_fen and item.state in AFTER_MONEY


async def _take_over(
    store: Deciding, terminal: str, item: OpenItem, new_id: Callable[[], str], now: datetime
) -> ClaimRecord | None:
    """Make a claim of an open item unless the hub has it; from then on the lost disk cannot book it any more."""
    if item.kind == "payment":
        if await store.hold_payment(item.id) is not None:
            return None
        claim = _claim_of(item, terminal, new_id(), item.id, now)
        await store.add_tombstone(item.id, terminal, claim_id=claim.id)
    else:
        if await store.claim(item.id) is not None:
            return None
        against = await forestall(store, terminal, item.id, item)
        if against.payment is not None:
            return None
        payment_id = item.payment_id if stands_for_payment(item) else None
        claim = _claim_of(item, terminal, item.id, payment_id, now, against.credited_fen)
    await store.add_claim(claim)
    return claim


def _claim_of(
    item: OpenItem, terminal: str, claim_id: str, payment_id: str | None, now: datetime, credited_fen: int = 0
) -> ClaimRecord:
    # Nobody has seen the money since: all of it is a memo amount until the box is counted.
    memo_fen = max(item.amount_fen + item.memo_fen - credited_fen, 0)
    answer = Claim(
        id=claim_id,
        reference=item.reference,
        state="open",
        amount_fen=0,
        memo_fen=memo_fen,
        payment_id=payment_id,
        resolution="",
    )
    return ClaimRecord(
        id=claim_id,
        terminal=terminal,
        content=msgspec.json.encode(item, order="sorted").decode(),
        reply=msgspec.json.encode(answer),
        reference=item.reference,
        reason=TAKEN_OVER,
        payment_id=payment_id,
        account_no=item.account_no,
        amount_fen=0,
        memo_fen=memo_fen,
        state="open",
        resolution="",
        serial=None,
        made_at=item.opened_at,
        received_at=now,
    )
