"""Looks after orders that phones pay until each is at its end, beside other processes that do the same.

What is to be done next stands in the order's row (`hub.business.phone_rules`): whoever attends to an order moves its
`next_at` on first, so that nobody else does, and whoever finds it due again takes it up where it stands. Each call to
the provider may be made twice: an order has one number there, and its refund has one.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from hub.business.day import Day
from hub.business.keeping import Keeping, Shelf, TakenError
from hub.business.ledger import kept_back_legs, opposite
from hub.business.phone_rules import (
    PhonePolicy,
    PhoneRecord,
    Said,
    State,
    duty,
    gives_up,
    phone_order,
    refund_no,
    rest,
    step,
)
from hub.business.refusals import Refusal
from hub.business.tender_forms import payment_order
from hub.composition.booking import Booking
from hub.composition.phone_ports import Acquirer, Phones
from hub.composition.replies import once, own

LOOK_S = 0.5
"""How often orders that are due are looked for, and what other processes did to an order that a kiosk waits for."""
SPARE_S = 5.0
"""How much longer than a call to the provider an order is taken for."""
MOST_BESIDE = 16
"""Orders that one process attends to at the same time."""
ALARM_TRIES = 3
"""Failed attempts to give money back after which the log says so."""

C = TypeVar("C")
log = logging.getLogger(__name__)


class PhoneKeeper(Generic[C]):
    """Does what is due for orders; without an acquirer nothing is, and what is open waits for one."""

    def __init__(
        self,
        shelf: Shelf[C],
        store: Callable[[C], Keeping],
        phones: Callable[[C], Phones],
        booking: Booking[C],
        clock: Callable[[], datetime],
        day: Day,
        acquirer: Acquirer | None,
    ) -> None:
        self._shelf = shelf
        self._store = store
        self._phones = phones
        self._booking = booking
        self._clock = clock
        self._day = day
        self.acquirer = acquirer
        self.policy = acquirer.policy if acquirer else PhonePolicy()
        self._waiting: dict[str, set[asyncio.Event]] = {}
        self._due = asyncio.Event()
        self._room = asyncio.Semaphore(MOST_BESIDE)
        self._beside: set[asyncio.Task[None]] = set()
        self.stopping = False

    # What is due ---------------------------------------------------------------------------------------------

    async def work(self) -> None:
        """Attend to what is due, whoever began it, until cancelled or told to stop."""
        try:
            while not self.stopping:
                try:
                    await self._look_after_due()
                except Refusal as refusal:  # the books are away for now
                    log.warning("orders by phone: %s", refusal)
                except Exception:
                    log.exception("orders by phone")
                # Not wait_for, which in Python 3.11 may lose a cancellation.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_S):
                        await self._due.wait()
                self._due.clear()
        finally:
            for task in self._beside:
                task.cancel()

    async def attend(self, record: PhoneRecord) -> None:
        """Do what is due for an order that this process has taken."""
        acquirer = self.acquirer
        if acquirer is None:
            return
        match duty(record, self._clock(), self.policy):
            case "open":
                said = await acquirer.provider.open(record)
            case "ask":
                said = await acquirer.provider.ask(record)
            case "close":
                if record.state != "closing":
                    record = await self.begin_closing(record.terminal, record.id, record.amount_fen)
                said = await acquirer.provider.shut(record)
            case "refund":
                said = await acquirer.provider.refund(record)
            case _:
                said = Said("silent", detail=record.trouble)  # nothing is due: it rests
        await self.told(record, said)

    async def noticed(self, order_id: str) -> bool:
        """Something happened to an order: look at it now. False for one that is not ours.

        What the notice says is not believed but asked, so one that comes twice does nothing twice.
        """
        async with self._shelf.write() as connection:
            known = await self._phones(connection).hurry(order_id, self._clock())
        if known:
            self._due.set()
        return known

    async def _look_after_due(self) -> None:
        if self.acquirer is None:
            return
        now = self._clock()
        async with self._shelf.read() as connection:
            due = await self._phones(connection).due(now)
        for order_id in due:
            await self._room.acquire()
            task = asyncio.get_running_loop().create_task(self._take(order_id))
            self._beside.add(task)
            task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._beside.discard(task)
        self._room.release()
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("an order by phone was not attended to: %s", error, exc_info=error)

    async def _take(self, order_id: str) -> None:
        now = self._clock()
        async with self._shelf.write() as connection:
            phones = self._phones(connection)
            if not await phones.lease(order_id, now, self.lease(now)):
                return
            record = await phones.find(order_id)
        if record is not None:
            await self.attend(record)

    # The beginning of an end -------------------------------------------------------------------------------

    async def begin_closing(self, terminal: str, order_id: str, amount_fen: int) -> PhoneRecord:
        """Begin to close an order that can be paid; one that was never heard of can never be opened after this."""
        now = self._clock()
        async with self._shelf.write() as connection:
            phones = self._phones(connection)
            record = await phones.hold(order_id)
            if record is None:
                record = PhoneRecord(
                    id=order_id,
                    terminal=terminal,
                    content="",
                    amount_fen=amount_fen,
                    scanned=False,
                    state="closed",
                    given_up=True,
                    opened_at=now,
                    changed_at=now,
                    next_at=None,
                )
                await phones.add(record)
                return record
            own(record, terminal, "unknown_order")
            if record.amount_fen != amount_fen:
                text = f"the order is of {record.amount_fen} fen"
                raise Refusal("amount_differs", text, field="amount_fen")
            if record.state in {"opening", "open"}:
                record = replace(record, state="closing", changed_at=now, tries=0)
            if record.state == "closing":
                record = replace(record, next_at=self.lease(now))
                await phones.save(record)
        return record

    async def give_up(self, order_id: str) -> None:
        """With late money going back, an order may be told closed though the provider has not said so yet."""
        async with self._held(order_id) as (connection, record):
            if record.state == "closing" and gives_up(record, self.policy):
                await self._phones(connection).save(replace(record, given_up=True))

    async def refuse(self, order_id: str, said: Said, *, still_there: bool) -> None:
        """Give up on an order that could not be opened; the provider may have it all the same."""
        now = self._clock()
        async with self._held(order_id) as (connection, record):
            if record.state != "opening":
                return
            refused = replace(
                record,
                state="closing" if still_there else "refused",
                given_up=True,
                refusal="provider_away",
                changed_at=now,
                next_at=now if still_there else None,
                tries=0,
                trouble=said.detail,
            )
            await self._phones(connection).save(refused)
        self._tell(order_id)

    # What the provider said ----------------------------------------------------------------------------------

    async def told(self, asked: PhoneRecord, said: Said) -> None:
        """Do what the provider's word on an order means that stood as in `asked` when it was given.

        Crediting the money and marking the order paid is one transaction; what cannot be credited goes back.
        """
        try:
            await once(lambda: self._step(asked, said, credit=True))
        except Refusal as refusal:
            if refusal.code == "hub_busy":
                raise
            log.warning("order %s: paid by phone and not creditable: %s", asked.id, refusal)
            await self._step(asked, said, credit=False)
        except TakenError:
            raise Refusal("hub_busy", "the order changes all the time", retry_after_s=2) from None
        self._tell(asked.id)

    async def _step(self, asked: PhoneRecord, said: Said, *, credit: bool) -> None:
        now = self._clock()
        async with self._held(asked.id) as (connection, before):
            if before.state != asked.state and said.told in {"open", "missing"}:
                said = Said("silent", detail="the order has changed since")
            record = _heard(before, said)
            state, act = step(record, said.told)
            if act == "book" and (not credit or await self._is_forestalled(connection, record)):
                state, act = "refund_due", "keep_back"
            if act == "keep_back":
                await self._keep_back(connection, record, now)
                return
            if act == "book":
                order = payment_order(phone_order(record), "qr", record.amount_fen)
                await self._booking.book(connection, record.terminal, record.id, order, now)
            elif act == "gave_back":
                record = await self._gave_back(connection, record, now)
            record = self._moved(record, before, said, state, now)
            await self._phones(connection).save(record)
        if record.state == "refund_due" and record.tries >= ALARM_TRIES:
            log.error("order %s: %d fen do not go back: %s", record.id, record.amount_fen, record.trouble)

    def _moved(
        self, record: PhoneRecord, before: PhoneRecord, said: Said, state: State, now: datetime
    ) -> PhoneRecord:
        """The order in its next state, with the time at which somebody is to attend to it again."""
        if state != before.state:
            record = replace(record, state=state, changed_at=now, tries=0)
        if state == "closed" and not record.given_up:
            record = replace(record, given_up=gives_up(record, self.policy))
        if state == "refused":
            record = replace(record, given_up=True, refusal=record.refusal or said.refusal or "other")
        return replace(record, next_at=rest(record, now, self.policy))

    async def _is_forestalled(self, connection: C, record: PhoneRecord) -> bool:
        """Whether a reversal or a claim stands in the payment's place."""
        return not record.content or await self._store(connection).payment(record.id) is not None

    async def _keep_back(self, connection: C, record: PhoneRecord, now: datetime) -> None:
        """Put money that is not to be credited into suspense, and fix the number under which it goes back."""
        legs = kept_back_legs(record.amount_fen, record.terminal)
        on = self._day.business_date(now)
        serial = await self._store(connection).post("kept_back", record.id, on, now, legs)
        due = replace(
            record,
            state="refund_due",
            given_up=True,
            refund_no=refund_no(record.id),
            kept_back=serial,
            changed_at=now,
            next_at=now,
            tries=0,
        )
        await self._phones(connection).save(due)
        self._due.set()

    async def _gave_back(self, connection: C, record: PhoneRecord, now: datetime) -> PhoneRecord:
        legs = opposite(kept_back_legs(record.amount_fen, record.terminal))
        on = self._day.business_date(now)
        serial = await self._store(connection).post("gave_back", record.id, on, now, legs)
        return replace(record, gave_back=serial)

    # Who waits -----------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def waiting(self, order_id: str) -> Iterator[asyncio.Event]:
        """Give an event that is set whenever this process has done something to the order."""
        changed = asyncio.Event()
        self._waiting.setdefault(order_id, set()).add(changed)
        try:
            yield changed
        finally:
            self._waiting[order_id].discard(changed)
            if not self._waiting[order_id]:
                del self._waiting[order_id]

    def stop(self) -> None:
        """Let nobody wait any longer: the process is about to end."""
        self.stopping = True
        self._due.set()
        for order_id in self._waiting:
            self._tell(order_id)

    def _tell(self, order_id: str) -> None:
        for changed in self._waiting.get(order_id, ()):
            changed.set()

    def lease(self, now: datetime, calls: int = 1) -> datetime:
        """Until when an order is taken by who makes so many calls for it."""
        call_s = self.acquirer.call_s if self.acquirer else 0.0
        return now + timedelta(seconds=calls * call_s + SPARE_S)

    @contextlib.asynccontextmanager
    async def _held(self, order_id: str) -> AsyncIterator[tuple[C, PhoneRecord]]:
        async with self._shelf.write() as connection:
            record = await self._phones(connection).hold(order_id)
            if record is None:
                raise LookupError(order_id)
            yield connection, record


def _heard(record: PhoneRecord, said: Said) -> PhoneRecord:
    """The order with what the provider said of it; a word that was no answer leaves all but the count of tries."""
    return replace(
        record,
        code=said.code or record.code,
        wallet_no=said.wallet_no or record.wallet_no,
        tries=record.tries + 1,
        trouble=said.detail,
    )
