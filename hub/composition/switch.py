"""The card switch: which bank takes a card, sales that are sent once, and what becomes of them.

A sale is on disk, with the time at which it goes back, before its first byte leaves. Its approval, the booking of its
payment and the end of the duty to give it back are one transaction.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

import msgspec
from msgspec.structs import replace as replace_fields

from drivers.bank.frame import Wanted
from hub.business.acquirers import MOST_ANSWER_S, Acquirer
from hub.business.acquirers import route as route_to
from hub.business.bank_keeping import EvidenceKind, RouteRecord, SaleKeeping, SaleRecord
from hub.business.bank_rules import (
    FAULT_HERE,
    NO_ANSWER,
    OTHER_REASON,
    SALE_ANSWER,
    Finding,
    approved_late,
    ended,
    entry_mode,
    give_back,
    judge_sale,
    may_have_taken,
    moved,
    sale_message,
    wants_sign_on,
)
from hub.business.bank_sales import check_card, check_sale, sale_view
from hub.business.billing import Billing
from hub.business.day import Day
from hub.business.forms import Payment
from hub.business.identity import canonical
from hub.business.keeping import Keeping, Shelf, Stored, TakenError
from hub.business.refusals import Refusal
from hub.business.tender_forms import BankCard, PinKey, Route, RouteOrder, SaleOrder, Title, payment_order
from hub.composition.bank_line import NoAnswer, NotSent
from hub.composition.bank_terminals import BankTerminal, BankTerminals
from hub.composition.bank_wire import BankWire, Heard
from hub.composition.bank_witness import Witness
from hub.composition.booking import Booking
from hub.composition.forestalling import refuse_forestalled
from hub.composition.replies import Reply, check_same, once, own, replay
from hub.composition.sale_secrets import OpenedCard, SaleSecrets
from hub.data.direct import Conversation

DUE_GRACE = 5.0
"""Seconds between the last moment of the process that sends a sale and the first at which any other gives it back."""
BOOK_AGAIN_S = 0.5
"""How long an approval waits to be booked again when the books were busy."""
AGAIN_S = 10
_encode = msgspec.json.Encoder().encode
log = logging.getLogger(__name__)


class SignsOn(Protocol):
    """Gets a terminal its working keys at a bank."""

    async def ensure_signed_on(
        self, acquirer: Acquirer, terminal: str, *, fresh: bool = True
    ) -> BankTerminal:
        """Give the terminal with keys that can be used, `fresh` ones of this business day.

        Raises Refusal where there is none or the bank is away.
        """


@dataclass(frozen=True, slots=True)
class Books:
    """Where the switch keeps things; what works on one conversation is one transaction."""

    shelf: Shelf[Conversation]
    store: Callable[[Conversation], Keeping]
    sales: Callable[[Conversation], SaleKeeping]
    billing: Callable[[Conversation], Billing]
    clock: Callable[[], datetime]
    day: Day


@dataclass(frozen=True, slots=True)
class _Begun:
    """A sale that is on disk and not sent yet."""

    sale: SaleRecord
    at: BankTerminal
    acquirer: Acquirer
    order: SaleOrder
    card: BankCard
    deadline: float


class Switch:
    """What the hub does for bank cards; each method is one order of the internal form or raises Refusal."""

    def __init__(
        self,
        books: Books,
        acquirers: Iterable[Acquirer],
        terminals: BankTerminals,
        sign_ons: SignsOn,
        wire: BankWire,
        booking: Booking[Conversation],
        secrets: SaleSecrets,
        witness: Witness,
        wake: Callable[[str], None],
    ) -> None:
        self._books = books
        self._acquirers = {each.name: each for each in acquirers}
        self._terminals = terminals
        self._sign_ons = sign_ons
        self._wire = wire
        self._booking = booking
        self._secrets = secrets
        self._witness = witness
        self._wake = wake
        self._under_way: dict[str, asyncio.Task[None]] = {}

    # Routes --------------------------------------------------------------------------------------------------

    async def route(self, terminal: str, route_id: str, order: RouteOrder) -> Reply:
        """Say which bank takes a card, with the PIN key that is good there now."""
        content = canonical(order)
        async with self._books.shelf.read() as connection:
            known = await self._books.sales(connection).route(route_id)
        if known is not None:
            return replay(known.stored, terminal, order, content)
        acquirer = route_to(self._acquirers.values(), order.prefix, order.length)
        if acquirer is None:
            raise Refusal("card_not_served", "no bank takes this card", field="prefix")
        async with self._books.shelf.read() as connection:
            await self._refuse_unsettled(connection, acquirer, terminal)
        at = await self._sign_ons.ensure_signed_on(acquirer, terminal)
        answer, check = _route_view(route_id, acquirer, at)
        return await once(lambda: self._keep_route(terminal, route_id, order, answer, check))

    async def _keep_route(
        self, terminal: str, route_id: str, order: RouteOrder, answer: Route, check: str | None
    ) -> Reply:
        content = canonical(order)
        async with self._books.shelf.write() as connection:
            sales = self._books.sales(connection)
            if known := await sales.route(route_id):
                return replay(known.stored, terminal, order, content)
            stored = Stored(terminal, content, _encode(answer))
            await sales.add_route(route_id, RouteRecord(stored, answer.acquirer, check), self._books.clock())
        return Reply(stored.reply, new=True)

    # Sales ---------------------------------------------------------------------------------------------------

    async def sell(self, terminal: str, payment_id: str, order: SaleOrder) -> Reply:
        """Take the amount from the card, once by the payment's id; a repeat tells how the sale stands.

        The answer waits for the bank where this process asks it.
        """
        kept = replace_fields(order, sealed="")
        async with self._books.shelf.read() as connection:
            known = await self._books.sales(connection).sale(payment_id)
        new = False
        if known is None:
            opened = await self._secrets.open(order.sealed, terminal, payment_id)
            new = await once(lambda: self._begin(terminal, payment_id, kept, opened))
        else:
            check_same(known, terminal, kept, canonical(kept))
        if task := self._under_way.get(payment_id):
            await asyncio.wait([task], timeout=MOST_ANSWER_S + DUE_GRACE)
        return Reply(await self.sale(terminal, payment_id), new=new)

    async def sale(self, terminal: str, payment_id: str) -> bytes:
        """Say how the terminal's own sale stands now."""
        async with self._books.shelf.read() as connection:
            sale = own(await self._books.sales(connection).sale(payment_id), terminal, "unknown_sale")
            stored = await self._books.store(connection).payment(payment_id)
        payment = None
        if stored is not None and stored.serial is not None:
            payment = msgspec.json.decode(stored.reply, type=Payment)
        acquirer = self._acquirers.get(sale.acquirer)
        title = acquirer.title if acquirer else Title(sale.acquirer, sale.acquirer)
        return _encode(sale_view(sale, title, payment))

    async def close(self) -> None:
        """Leave what is under way to whoever finds it due."""
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # Before the first byte -----------------------------------------------------------------------------------

    async def _begin(self, terminal: str, payment_id: str, order: SaleOrder, opened: OpenedCard) -> bool:
        """Write the sale and begin to send it; false where it was there already."""
        now, started = self._books.clock(), asyncio.get_running_loop().time()
        async with self._books.shelf.write() as connection:
            sales, store = self._books.sales(connection), self._books.store(connection)
            if known := await sales.hold_sale(payment_id):
                check_same(known, terminal, order, canonical(order))
                return False
            if payment := await store.payment(payment_id):
                if payment.terminal == terminal:
                    refuse_forestalled(payment)
                raise Refusal("id_reused", "the payment's id was used before", field="id")
            at, acquirer = await self._admitted(connection, terminal, payment_id, order, opened.card, now)
            sale = SaleRecord(
                id=payment_id,
                terminal=terminal,
                content=canonical(order),
                acquirer=acquirer.name,
                tid=at.tid,
                merchant_no=at.merchant_no,
                stan=await self._terminals.next_stan(connection, at),
                batch=at.batch,
                card=opened.shown,
                card_mark=opened.mark,
                pan_kept=opened.kept,
                entry=entry_mode(opened.card),
                sequence=opened.card.sequence,
                amount_fen=order.amount_fen,
                state="sending",
                made_at=now,
                due_at=now + timedelta(seconds=acquirer.answer_s + DUE_GRACE),
            )
            if await sales.is_settled(sale):
                detail = f"{acquirer.name} has closed batch {at.batch} and given no other"
                raise Refusal("bank_away", detail, retry_after_s=AGAIN_S)
            await sales.add_sale(sale)
        begun = _Begun(sale, at, acquirer, order, opened.card, started + acquirer.answer_s)
        task = asyncio.create_task(self._carry_out(begun), name=f"sale {payment_id}")
        self._under_way[payment_id] = task
        task.add_done_callback(lambda _: self._under_way.pop(payment_id, None))
        return True

    async def _admitted(
        self,
        connection: Conversation,
        terminal: str,
        payment_id: str,
        order: SaleOrder,
        card: BankCard,
        now: datetime,
    ) -> tuple[BankTerminal, Acquirer]:
        """The bank and the terminal there, held, at which this sale may be begun; raises Refusal."""
        route = await self._books.sales(connection).route(order.route_id)
        if route is None or route.stored.terminal != terminal:
            raise Refusal("unknown_route", f"no route {order.route_id} of this terminal", field="route_id")
        check_card(card, route)
        acquirer = self._acquirers.get(route.acquirer)
        if acquirer is None:
            raise Refusal("card_not_served", f"{route.acquirer} is no bank of this hub any more")
        at = await self._terminals.hold(connection, acquirer.name, terminal)
        if at is None:
            raise Refusal("card_not_served", f"this kiosk is no terminal of {acquirer.name}")
        if not at.ready:
            detail = "the batch is being settled" if at.settling else "the terminal must sign on first"
            raise Refusal("bank_away", detail, retry_after_s=AGAIN_S)
        quote = await self._books.store(connection).quote(order.quote_id)
        on = self._books.day.business_date(now)
        standing = await self._books.billing(connection).standing(order.account_no, on)
        check_sale(order, terminal, quote, standing, _check_of(at), route)
        await self._refuse_unsettled(connection, acquirer, terminal, payment_id)
        return at, acquirer

    async def _refuse_unsettled(
        self, connection: Conversation, acquirer: Acquirer, terminal: str, payment_id: str = ""
    ) -> None:
        before = await self._books.sales(connection).unsettled(acquirer.name, terminal)
        if before is not None and before.id == payment_id:
            raise TakenError  # the same order, begun while this one waited for the terminal
        if before is not None:
            detail = f"sale {before.id} at {acquirer.name} is {before.state}"
            raise Refusal("reversal_due", detail, retry_after_s=AGAIN_S)

    # At the bank ---------------------------------------------------------------------------------------------

    async def _carry_out(self, begun: _Begun) -> None:
        try:
            finding, heard = await self._asked(begun)
            await self._settled(begun, finding)
            if heard is not None:
                await self._heard_besides(begun, finding, heard)
        except Exception:
            log.exception("sale %s: what is not settled goes back when it is due", begun.sale.id)
        self._wake(begun.acquirer.name)  # once the terminal is known to need new keys, if it does

    async def _asked(self, begun: _Begun) -> tuple[Finding, Heard | None]:
        """Send the sale and judge what comes of it."""
        sale = begun.sale
        message = sale_message(sale, begun.card)
        try:
            heard = await self._wire.ask(begun.acquirer, begun.at, message, SALE_ANSWER, begun.deadline)
        except NotSent as error:
            log.warning("sale %s was not sent: %s", sale.id, error)
            return Finding("declined", fault=str(error)), None
        except NoAnswer as error:
            log.warning("sale %s: %s", sale.id, error)
            return Finding("doubtful", reason=NO_ANSWER, fault=str(error)), None
        return judge_sale(sale, heard.message, mac_good=heard.mac_good), heard

    async def _heard_besides(self, begun: _Begun, finding: Finding, heard: Heard) -> None:
        """Keep an answer with a fault, and let the terminal sign on again where the bank's keys are not ours."""
        if finding.fault:
            log.error("sale %s: %s", begun.sale.id, finding.fault)
            kind: EvidenceKind = "contradicts" if heard.mac_good else "bad_mac"
            await self._witness.keep(begun.sale, kind, heard.message)
        if wants_sign_on(finding.code) or heard.wanted is Wanted.SIGN_ON or not heard.mac_good:
            async with self._books.shelf.write() as connection:
                await self._terminals.need_sign_on(connection, begun.at)

    async def _settled(self, begun: _Begun, finding: Finding) -> None:
        """Book what the bank has approved; whatever keeps it from being booked sends it back."""
        while True:
            try:
                await once(partial(self._settle, begun, finding))
                break
            except Refusal as refusal:
                if refusal.code == "hub_busy":
                    await asyncio.sleep(BOOK_AGAIN_S)
                    continue
                log.error("sale %s cannot be booked: %s", begun.sale.id, refusal)
            except TakenError:
                log.error("sale %s cannot be booked: its payment came another way", begun.sale.id)
            finding = replace(finding, verdict="doubtful", reason=FAULT_HERE)

    async def _settle(self, begun: _Begun, finding: Finding) -> None:
        now = self._books.clock()
        async with self._books.shelf.write() as connection:
            sales = self._books.sales(connection)
            sale = await sales.hold_sale(begun.sale.id)
            if sale is None:
                return
            if sale.state not in {"sending", "reversing"}:
                await self._after_its_end(sales, sale, finding, now)
                return
            sale = replace(
                sale,
                answered_at=now,
                code=finding.code,
                rrn=finding.rrn or sale.rrn,
                auth_code=finding.auth_code or sale.auth_code,
            )
            if finding.verdict == "declined" and not sale.attempts:
                sale = ended(sale, "declined", finding.code, now)
            elif sale.state == "reversing":
                # It was wanted back while it was under way: from now on nothing of it can come after the reversal.
                sale = replace(sale, next_at=sale.next_at if sale.attempts else now)
            elif finding.verdict == "approved" and not await self._claimed(connection, sale):
                sale = replace(moved(sale, "approved"), ended_at=now)
                await self._booking.book(
                    connection,
                    sale.terminal,
                    sale.id,
                    payment_order(begun.order, "bank_card", sale.amount_fen),
                    now,
                )
            else:
                back = give_back(sale, finding.reason or OTHER_REASON, now)
                sale = replace(back, next_at=now)
            await sales.set_sale(sale)

    async def _after_its_end(
        self, sales: SaleKeeping, sale: SaleRecord, finding: Finding, now: datetime
    ) -> None:
        """Another process gave the sale back while this one waited; where the bank knew of none then, once more."""
        if may_have_taken(finding) and (after := approved_late(sale, finding, now)) is not sale:
            log.error("sale %s went back before its bank approved it", sale.id)
            await sales.set_sale(after)

    async def _claimed(self, connection: Conversation, sale: SaleRecord) -> bool:
        """Whether a claim or a reversal stands against the payment."""
        return await self._books.store(connection).hold_payment(sale.id) is not None


def _route_view(route_id: str, acquirer: Acquirer, at: BankTerminal) -> tuple[Route, str | None]:
    key = None
    check = _check_of(at)
    if acquirer.pin and at.pik is not None and check is not None:
        key = PinKey(wrapped=at.pik.hex().upper(), check=check)
    answer = Route(id=route_id, acquirer=acquirer.name, title=acquirer.title, terminal_no=at.tid, pin_key=key)
    return answer, check if key else None


def _check_of(at: BankTerminal) -> str | None:
    return None if at.pik_check is None else at.pik_check.hex().upper()
