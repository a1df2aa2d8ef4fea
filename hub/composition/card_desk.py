"""The card desk: cards that are read, writes that are authorised once, what is computed for them, how they end."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Generic, TypeVar

import msgspec
from msgspec.structs import replace as replace_fields

from drivers.meter_card.layout import Layout
from hub.business.billing import Billing
from hub.business.card_answers import STRANGE, card_read_answer, write_now
from hub.business.card_forms import (
    CardContents,
    CardProof,
    CardProofOrder,
    CardReadOrder,
    CardSaid,
    CardToWrite,
    CardWrite,
    CardWriteOrder,
    ChallengeOrder,
    Cryptogram,
    Mac,
    MacOrder,
    OutcomeOrder,
    Seen,
    WriteOutcome,
    WriteState,
)
from hub.business.card_keeping import CardKeeping, CardSecrets, Opened, ReadRecord, reading_place
from hub.business.card_sales import LIMITS, CardLimits, most_fen
from hub.business.card_writes import (
    believed,
    check_admitted,
    check_open,
    check_write,
    on_card,
    outcome_after,
    plan_of,
    whole_command,
    write_plan,
)
from hub.business.cards import (
    Card,
    CardMeter,
    Judgement,
    Known,
    Purchase,
    WriteRecord,
    after_outcome,
    judge,
    last_sold,
)
from hub.business.day import Day
from hub.business.identity import canonical
from hub.business.keeping import Shelf
from hub.business.orders import account_view
from hub.business.refusals import Refusal
from hub.composition.replies import Reply, check_same, once, own, replay

C = TypeVar("C")
_encode = msgspec.json.Encoder().encode


class CardDesk(Generic[C]):
    """What the hub does for meter cards beside taking money; each method is one order or raises Refusal.

    Whatever is decided about a meter is decided while its row is held, so two kiosks with two cards of one meter wait
    for one another.
    """

    def __init__(
        self,
        shelf: Shelf[C],
        store: Callable[[C], CardKeeping],
        billing: Callable[[C], Billing],
        clock: Callable[[], datetime],
        day: Day,
        secrets: CardSecrets,
        layouts: Mapping[str, Layout],
        limits: CardLimits = LIMITS,
    ) -> None:
        self._shelf = shelf
        self._store = store
        self._billing = billing
        self._clock = clock
        self._day = day
        self._secrets = secrets
        self._layouts = layouts
        self._limits = limits

    async def prove(self, terminal: str, proof_id: str, order: CardProofOrder) -> CardProof:
        """Say whether a card is genuine."""
        opened = await self._secrets.open(order.sealed, terminal, CardSaid)
        return CardProof(id=proof_id, genuine=await self._genuine(order, opened.said.serial))

    async def read(self, terminal: str, read_id: str, order: CardReadOrder) -> Reply:
        """Judge a card that was read, and take its reading as evidence."""
        return await once(lambda: self._read(terminal, read_id, order))

    async def admit(self, terminal: str, read_id: str, order: ChallengeOrder) -> Cryptogram:
        """Answer the challenge of a card that the terminal has read just now and may write here; nothing else."""
        async with self._shelf.read() as connection:
            read = own(await self._store(connection).read(read_id), terminal, "unknown_card_read")
        check_admitted(read, self._clock())
        made = await self._secrets.cryptogram_of_reading(read, bytes.fromhex(order.challenge))
        return Cryptogram(cryptogram=made.hex().upper())

    async def write(self, terminal: str, write_id: str, order: CardWriteOrder) -> Reply:
        """Authorise a write, once by its id; a repeat tells how it stands now."""
        return await once(lambda: self._write(terminal, write_id, order))

    async def find_write(self, terminal: str, write_id: str) -> CardWrite:
        """Say how the terminal's own write stands."""
        async with self._shelf.read() as connection:
            stored = await self._store(connection).write(write_id)
        return self._told(own(stored, terminal, "unknown_write"))

    async def cryptogram(self, terminal: str, write_id: str, order: ChallengeOrder) -> Cryptogram:
        """Answer the card's challenge for a write that is under way."""
        write, card = await self._open(terminal, write_id)
        challenge = bytes.fromhex(order.challenge)
        made = await self._secrets.cryptogram(plan_of(write).profile, card, challenge)
        return Cryptogram(cryptogram=made.hex().upper())

    async def mac(self, terminal: str, write_id: str, order: MacOrder) -> Mac:
        """Give the MAC of a command that writes a file of this write, and of no other."""
        write, card = await self._open(terminal, write_id)
        plan = plan_of(write)
        command = whole_command(self._layout(plan.profile), plan, bytes.fromhex(order.command))
        challenge = bytes.fromhex(order.challenge)
        made = await self._secrets.mac(plan.profile, card, challenge, command)
        return Mac(mac=made.hex().upper())

    async def outcome(self, terminal: str, write_id: str, order: OutcomeOrder) -> WriteOutcome:
        """Learn how a write ended, durably; say how it stands with that."""
        return await once(lambda: self._outcome(terminal, write_id, order))

    async def _read(self, terminal: str, read_id: str, order: CardReadOrder) -> Reply:
        now, place = self._clock(), reading_place(read_id)
        opened = await self._secrets.open(order.sealed, terminal, CardContents, place)
        genuine = await self._genuine(order, opened.said.serial)
        order = replace_fields(order, sealed=opened.content)
        content = canonical(order)
        async with self._shelf.write() as connection:
            store = self._store(connection)
            if stored := await store.read(read_id):
                return replay(stored, terminal, order, content)
            known = replace(await self._known(connection, opened, now), profile=order.profile)
            judgement = judge(opened.said, known, genuine=genuine)
            await _learn(store, known.meter, judgement, opened.mark)
            ready = known.meter if judgement.verdict == "ready" else None
            most = most_fen(ready, opened.said, self._limits) if ready else 0
            body = _encode(await self._answer(connection, read_id, known, judgement, most, now))
            await store.add_read(
                ReadRecord(
                    id=read_id,
                    terminal=terminal,
                    content=content,
                    reply=body,
                    card_mark=opened.mark,
                    profile=order.profile,
                    reading=opened.kept,
                    verdict=judgement.verdict,
                    count=known.meter.purchase_count if known.meter else 0,
                    max_fen=most,
                    received_at=now,
                )
            )
        return Reply(body, new=True)

    async def _known(self, connection: C, opened: Opened[CardContents], now: datetime) -> Known:
        store = self._store(connection)
        card = await store.card(opened.mark)
        if card is None:
            number = opened.said.meter_no
            return Known(None, None, numbered=await store.meter_of_number(number) if number else None)
        if card.meter_no is None or (meter := await store.hold_meter(card.meter_no)) is None:
            return Known(card, None)
        # Another kiosk may have put a new card in its place while this one waited for the meter.
        card = await store.card(opened.mark)
        known = Known(card, meter, await store.orders(meter.meter_no, meter.purchase_count))
        begun = known.bound is not None and bool(await store.writes_of(known.bound.id))
        standing = await self._billing(connection).standing(meter.account_no, self._day.business_date(now))
        closed = standing is None or standing.state == "closed"
        return replace(known, begun=begun, closed=closed)

    async def _answer(
        self, connection: C, read_id: str, known: Known, judgement: Judgement, most: int, now: datetime
    ) -> object:
        on, account = self._day.business_date(now), None
        if known.meter is not None and judgement.verdict not in STRANGE:
            found = await self._billing(connection).account(known.meter.account_no, on)
            account = account_view(*found, now, on) if found else None
        return card_read_answer(read_id, known, judgement, account, self._limits, most, now, on)

    async def _write(self, terminal: str, write_id: str, order: CardWriteOrder) -> Reply:
        opened, now = await self._secrets.open(order.sealed, terminal, CardToWrite), self._clock()
        order = replace_fields(order, sealed=opened.content)
        content = canonical(order)
        async with self._shelf.write() as connection:
            store = self._store(connection)
            if stored := await store.write(write_id):
                check_same(stored, terminal, order, content)
                return Reply(_encode(self._told(await _as_of_now(store, stored))), new=False)
            purchase, meter = await _hold_purchase(store, order.purchase_id)
            card = await store.card(opened.mark)
            writes = await store.writes_of(order.purchase_id)
            purchase, meter = check_write(order, opened.said.count, purchase, meter, card, writes)
            new = Card(opened.mark, meter.meter_no, "active", opened.serial)
            purchase = await self._bound(store, purchase, meter, new)
            write = WriteRecord(
                id=write_id,
                terminal=terminal,
                content=content,
                plan=_encode(write_plan(self._layout(meter.profile), purchase, meter)),
                purchase_id=purchase.id,
                number=len(writes) + 1,
                kind=order.kind,
                card_mark=opened.mark,
                state="authorised",
                made_at=now,
            )
            await store.add_write(write)
        return Reply(_encode(self._told(write)), new=True)

    async def _bound(self, store: CardKeeping, purchase: Purchase, meter: CardMeter, new: Card) -> Purchase:
        """Make a new card the meter's before anything is written on it; the old one is replaced from now on."""
        if purchase.kind == "purchase":
            return purchase
        orders = await store.orders(meter.meter_no, meter.purchase_count)
        purchase = replace(on_card(purchase, meter, last_sold(orders)), card_mark=new.mark)
        former = await store.active_card(meter.meter_no)
        if former is not None and former.mark != new.mark:
            await store.put_card(replace(former, state="replaced"))
        await store.put_card(new)
        await store.set_purchase(purchase)
        return purchase

    async def _open(self, terminal: str, write_id: str) -> tuple[WriteRecord, Card]:
        """Give a write for which something may be computed, and its card; raises Refusal."""
        async with self._shelf.read() as connection:
            store = self._store(connection)
            write = own(await store.write(write_id), terminal, "unknown_write")
            purchase = await store.purchase(write.purchase_id)
            card = await store.card(write.card_mark)
            newest = len(await store.writes_of(write.purchase_id))
        return write, check_open(write, purchase, card, newest)

    async def _outcome(self, terminal: str, write_id: str, order: OutcomeOrder) -> WriteOutcome:
        seen = None
        if order.seen is not None:
            seen = await self._secrets.open(order.seen, terminal, Seen, f"card_writes/{write_id}")
        order = replace_fields(order, seen=seen.kept if seen else None)
        async with self._shelf.write() as connection:
            store = self._store(connection)
            write = own(await store.write(write_id), terminal, "unknown_write")
            purchase, meter = await _hold_purchase(store, write.purchase_id)
            write = own(await store.write(write_id), terminal, "unknown_write")
            new_card = purchase is not None and purchase.kind != "purchase"
            told = believed(
                order.state,
                seen.said if seen else None,
                plan_of(write),
                own_card=seen is not None and seen.mark == write.card_mark,
                new_card=new_card,
            )
            state = outcome_after(write.state, told)
            await store.set_write(write_id, state, canonical(order))
            if purchase is not None and meter is not None:
                await _settle(store, write, purchase, meter, state)
        return WriteOutcome(id=write_id, state=state)

    async def _genuine(self, order: CardProofOrder | CardReadOrder, serial: str) -> bool:
        if order.profile not in self._layouts:
            return False
        challenge, answer = bytes.fromhex(order.challenge), bytes.fromhex(order.cryptogram)
        return await self._secrets.genuine(order.profile, serial, challenge, answer)

    def _told(self, write: WriteRecord) -> CardWrite:
        return write_now(write, self._layout(plan_of(write).profile))

    def _layout(self, profile: str) -> Layout:
        if profile not in self._layouts:
            raise Refusal("not_authorised", f"no card layout {profile}", field="profile")
        return self._layouts[profile]


async def _hold_purchase(store: CardKeeping, purchase_id: str) -> tuple[Purchase | None, CardMeter | None]:
    """Give an order as it stands once its meter is held."""
    purchase = await store.purchase(purchase_id)
    if purchase is None:
        return None, None
    meter = await store.hold_meter(purchase.meter_no)
    return await store.purchase(purchase_id), meter


async def _as_of_now(store: CardKeeping, write: WriteRecord) -> WriteRecord:
    """A write as its terminal may take it up again: one whose purchase is on a card by another write is written.

    Raises Refusal where the purchase was taken back or is for another new card by now: a kiosk with a SAM could go on
    with this one.
    """
    purchase = await store.purchase(write.purchase_id)
    if purchase is None:
        return write
    if purchase.state == "withdrawn":
        raise Refusal("unknown_purchase", "no such purchase is to be written", field="purchase_id")
    if purchase.state in {"written", "taken"}:
        return replace(write, state="written")
    if purchase.card_mark != write.card_mark:
        raise Refusal("other_card", "another card has taken this one's place", field="sealed")
    return write


async def _learn(store: CardKeeping, meter: CardMeter | None, judgement: Judgement, mark: str) -> None:
    """Keep what a reading has proved. Its last write on this card was one that reached it: who tells so late tells
    nothing new, and it may be owed again by then because the meter did not take it."""
    for purchase in judgement.changed:
        await store.set_purchase(purchase)
        newest = next(reversed(await store.writes_of(purchase.id)), None)
        if newest is not None and newest.card_mark == mark and newest.state != "written":
            await store.set_write(newest.id, "written", newest.outcome)
    if meter is not None and judgement.opened and not meter.opened:
        await store.set_meter(replace(meter, opened=True))


async def _settle(
    store: CardKeeping, write: WriteRecord, purchase: Purchase, meter: CardMeter, state: WriteState
) -> None:
    """Carry what became of a write over to its order, and what is written also to the purchase that it carries.

    A card that another one has replaced meanwhile delivers nothing: the order is for that one now. Nor does what is
    told once more, or of a write that another one has followed: a reading has said since how the card stood.
    """
    newest = len(await store.writes_of(purchase.id))
    if state in {"authorised", write.state} or write.number < newest:
        return
    if purchase.card_mark != write.card_mark:
        state = "unknown"
    orders: Sequence[Purchase] = [purchase]
    if state == "written":
        found = await store.orders(purchase.meter_no, purchase.count)
        orders = [each for each in found if each.id == purchase.id or each.sells]
    for each in orders:
        after = after_outcome(each.state, state)
        if after != each.state:
            await store.set_purchase(replace(each, state=after))
