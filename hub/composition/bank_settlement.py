"""The close of a batch: totals that no sale can change any more are told to the bank, and compared by it.

A batch is begun to be settled only while no sale of it is under way or on its way back, under the hold of its terminal:
from then on the terminal takes no sale until the bank has closed the batch.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Literal

import msgspec

from drivers.bank.elements import DETAILS_MOST, Balance, Detail, Totals
from hub.business.acquirers import Acquirer
from hub.business.bank_keeping import SaleRecord, pan_place
from hub.business.bank_management import (
    SETTLE_ANSWER,
    SIGN_ON_AGAIN,
    UPLOAD_ANSWER,
    Asker,
    BankRefused,
    end_message,
    read_totals,
    require_done,
    settle_message,
    upload_message,
)
from hub.business.day import Day
from hub.business.keeping import Shelf
from hub.business.refusals import Refusal
from hub.composition.bank_line import LineError
from hub.composition.bank_sign_on import BankSignOns, BankTalk, next_asker
from hub.composition.bank_terminals import BankTerminal, BankTerminals
from hub.composition.vault import Vault
from hub.data.bank_terminals import BankTerminalBooks
from hub.data.direct import Conversation
from hub.data.keystore import KeyStore, KeyStoreError, Unreadable
from hub.data.sales import Sales
from hub.data.settlements import Settlement, SettlementBooks, opened

AT_ONCE = 4
"""How many terminals of one bank are settled at the same time."""
ROUND_POLL = 60.0
"""How often, in seconds, a hub looks for batches that are to be settled."""
LEASE_GRACE = timedelta(seconds=30)
"""How much longer than its next exchange a settlement belongs to the process that is at it."""
Ending = Literal["settled", "differs", "waits", "busy", "nothing", "unanswered"]
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Closed:
    """What became of one batch.

    `waits`: a sale of it is under way or on its way back. `busy`: another hub is at it. `unanswered`: the bank gave no
    answer that ends it, and it is asked again; `why` says more, and `silent` that it gave none at all.
    """

    acquirer: str
    tid: str
    batch: str
    ending: Ending
    why: str = ""
    silent: bool = False


class _TakenUp(Exception):  # noqa: N818 - no error: it took too long
    """Another process is at this settlement."""


class BankSettlements:
    """Settles batches: by `run` those of business days that are over, by `settle` whichever is asked for."""

    def __init__(
        self,
        shelf: Shelf[Conversation],
        talk: BankTalk,
        sign_ons: BankSignOns,
        terminals: BankTerminals,
        acquirers: Iterable[Acquirer],
        vault: Vault,
        clock: Callable[[], datetime],
        day: Day,
    ) -> None:
        self._shelf = shelf
        self._talk = talk
        self._sign_ons = sign_ons
        self._terminals = terminals
        self._acquirers = {each.name: each for each in acquirers}
        self._vault = vault
        self._clock = clock
        self._day = day

    # Which -------------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Settle what is due until this is cancelled."""
        while True:
            try:
                await self.settle_due()
            except Exception:
                log.exception("batches that are due cannot be settled now")
            await asyncio.sleep(ROUND_POLL)

    async def settle_due(self) -> list[Closed]:
        """Settle the batches of business days that are over, and what is not ended; one look at each."""
        now = self._clock()
        async with self._shelf.read() as connection:
            found = await SettlementBooks(connection).to_do(now, self._day.begins(now))
        of_bank: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for acquirer, terminal, batch in found:
            of_bank[acquirer].append((terminal, batch))
        rounds = (
            self._round(self._acquirers[name], batches)
            for name, batches in of_bank.items()
            if name in self._acquirers
        )
        return [closed for each in await asyncio.gather(*rounds) for closed in each]

    async def _round(self, acquirer: Acquirer, batches: Sequence[tuple[str, str]]) -> list[Closed]:
        """Some at once; after the first that finds the line silent no further one is begun."""
        waiting, closed = list(reversed(batches)), list[Closed]()

        async def work() -> None:
            while waiting:
                closed.append(await self.settle(acquirer, *waiting.pop()))
                if closed[-1].silent:
                    waiting.clear()

        await asyncio.gather(*(work() for _ in range(AT_ONCE)))
        return closed

    # One batch ---------------------------------------------------------------------------------------------------

    async def settle(self, acquirer: Acquirer, terminal: str, batch: str = "") -> Closed:
        """Settle one batch of the kiosk's terminal, by default the one it has now, and sign on for the next.

        Raises Refusal where the kiosk has no terminal at this bank.
        """
        begun = await self._begin(acquirer, terminal, batch)
        if isinstance(begun, Closed):
            return begun
        at, settlement = begun
        closed = Closed(acquirer.name, at.tid, settlement.batch, "unanswered")
        try:
            closed = replace(closed, ending=await self._carry_out(acquirer, at, settlement))
        except BankRefused as refused:
            closed = replace(closed, why=str(refused))
            if refused.code in SIGN_ON_AGAIN:
                await self._need_sign_on(at)
        except _TakenUp:
            return replace(closed, ending="busy", why="another hub is at it")
        except (
            LineError,
            KeyStoreError,
            Refusal,
            ValueError,
        ) as error:  # ValueError: totals that have no room
            closed = replace(closed, why=str(error), silent=isinstance(error, LineError))
        if closed.ending == "unanswered":
            await self._let_go(acquirer, settlement, closed.why)
        else:
            await self._next_batch(acquirer, terminal)
        return closed

    async def _begin(
        self, acquirer: Acquirer, terminal: str, batch: str
    ) -> tuple[BankTerminal, Settlement] | Closed:
        """Fix the totals of a batch, or take up a settlement that was left; what it ended in where there is none."""
        now = self._clock()
        async with self._shelf.write() as connection:
            at = await self._terminals.hold(connection, acquirer.name, terminal)
            if at is None:
                raise Refusal("card_not_served", f"{terminal} is no terminal of {acquirer.name}")
            batch = batch or at.batch
            key = acquirer.name, at.tid, batch
            books = SettlementBooks(connection)
            known = await books.find(*key)
            if known is not None and known.ended_at is not None:
                return Closed(*key, "nothing", f"settled on {known.ended_at:%Y-%m-%d %H:%M} UTC")
            if known is not None and known.worked_until is not None and known.worked_until > now:
                return Closed(*key, "busy", "another hub is at it")
            settlement = known or opened(at, batch, now, self._day.business_date(now))
            if not settlement.fixed:
                await books.hold_sales(*key)
                if await books.still_open(*key):
                    return Closed(*key, "waits", "a sale is under way, or on its way back")
                if not await books.has_sales(*key):
                    return Closed(*key, "nothing", "no sales")
                settlement = await self._with_totals(books, settlement)
            settlement = replace(
                settlement, attempts=settlement.attempts + 1, worked_until=self._lease(acquirer)
            )
            await (books.add(settlement) if known is None else books.set(settlement))
            if batch == at.batch:
                await BankTerminalBooks(connection).set_settling(acquirer.name, terminal, settling=True)
        return at, settlement

    async def _with_totals(self, books: SettlementBooks, settlement: Settlement) -> Settlement:
        totals, first = await books.totals(settlement.acquirer, settlement.tid, settlement.batch)
        return replace(
            settlement,
            state="sent",
            business_date=self._day.business_date(first or settlement.opened_at),
            debit_count=totals.debit_count,
            debit_fen=totals.debit_fen,
        )

    def _lease(self, acquirer: Acquirer) -> datetime:
        """For a sign-on and one exchange."""
        return self._clock() + timedelta(seconds=2 * acquirer.answer_s) + LEASE_GRACE

    async def _carry_out(
        self, acquirer: Acquirer, at: BankTerminal, settlement: Settlement
    ) -> Literal["settled", "differs"]:
        """Say what there is to say; raises LineError, BankRefused, Refusal and KeyStoreError."""
        at = await self._sign_ons.ensure_signed_on(acquirer, at.terminal, fresh=False)
        if settlement.state == "sent":
            asker = await self._asker(at, settlement)
            answer = await self._talk.ask(acquirer, settle_message(asker, settlement.totals), SETTLE_ANSWER)
            theirs = read_totals(answer)
            settlement = _found(settlement, theirs)
            if theirs.code == Balance.EQUAL:
                await self._end(replace(settlement, state="settled"))
                return "settled"
            settlement = replace(settlement, state="uploading", worked_until=self._lease(acquirer))
            await self._keep(settlement)
        await self._upload(acquirer, at, settlement)
        return "differs"

    async def _upload(self, acquirer: Acquirer, at: BankTerminal, settlement: Settlement) -> None:
        """Tell the bank each sale of a batch whose totals it finds others, and go on where it was left."""
        key = settlement.acquirer, settlement.tid, settlement.batch
        async with self._shelf.read() as connection:
            told = await SettlementBooks(connection).told(*key)
        while settlement.uploaded < len(told):
            some = told[settlement.uploaded : settlement.uploaded + DETAILS_MOST]
            details = await self._vault.ask(partial(_details, some))
            asker = await self._asker(at, settlement)
            answer = await self._talk.ask(acquirer, upload_message(asker, details), UPLOAD_ANSWER)
            require_done(answer, "batch upload refused")
            uploaded = settlement.uploaded + len(some)
            settlement = replace(settlement, uploaded=uploaded, worked_until=self._lease(acquirer))
            await self._keep(settlement)
        asker = await self._asker(at, settlement)
        require_done(
            await self._talk.ask(acquirer, end_message(asker, len(told)), UPLOAD_ANSWER),
            "end of the batch upload refused",
        )
        await self._end(replace(settlement, state="differs"))
        await self._alarm(settlement, f"the bank has other totals: {_shown(settlement)}")

    async def _asker(self, at: BankTerminal, settlement: Settlement) -> Asker:
        return replace(await next_asker(self._shelf, self._terminals, at), batch=settlement.batch)

    # What came of it -------------------------------------------------------------------------------------------

    async def _keep(self, settlement: Settlement) -> None:
        async with self._shelf.write() as connection:
            await self._still_mine(connection, settlement)
            await SettlementBooks(connection).set(settlement)

    async def _still_mine(self, connection: Conversation, settlement: Settlement) -> None:
        """Hold the terminal; raises _TakenUp where another process has taken the settlement up since."""
        await BankTerminalBooks(connection).hold(settlement.acquirer, settlement.terminal)
        kept = await SettlementBooks(connection).find(settlement.acquirer, settlement.tid, settlement.batch)
        if kept is None or kept.ended_at is not None or kept.attempts != settlement.attempts:
            raise _TakenUp

    async def _end(self, settlement: Settlement) -> None:
        """The bank has closed the batch: the terminal is free, and signs on for its next one."""
        async with self._shelf.write() as connection:
            terminals, books = BankTerminalBooks(connection), SettlementBooks(connection)
            where = settlement.acquirer, settlement.terminal
            await self._still_mine(connection, settlement)
            await books.set(replace(settlement, ended_at=self._clock(), worked_until=None))
            fixed = await books.fixed_now(settlement.acquirer, settlement.tid)
            await terminals.set_settling(*where, settling=fixed)
            await terminals.need_sign_on(*where)

    async def _next_batch(self, acquirer: Acquirer, terminal: str) -> None:
        try:
            await self._sign_ons.ensure_signed_on(acquirer, terminal)
        except Refusal as refusal:  # the next sale's route asks again
            log.warning("bank %s: %s", acquirer.name, refusal)

    async def _need_sign_on(self, at: BankTerminal) -> None:
        async with self._shelf.write() as connection:
            await self._terminals.need_sign_on(connection, at)

    async def _let_go(self, acquirer: Acquirer, begun: Settlement, why: str) -> None:
        """Leave it to whoever looks next."""
        key = begun.acquirer, begun.tid, begun.batch
        log.warning(
            "bank %s: batch %s of terminal %s is not settled: %s", *key[:1], begun.batch, begun.tid, why
        )
        async with self._shelf.write() as connection:
            books = SettlementBooks(connection)
            await BankTerminalBooks(connection).hold(begun.acquirer, begun.terminal)
            kept = await books.find(*key)
            if kept is not None and kept.ended_at is None and kept.attempts == begun.attempts:
                await books.set(replace(kept, worked_until=None))
        if begun.attempts == acquirer.reversal_alarm_after:
            await self._alarm(begun, f"not settled after {begun.attempts} attempts: {why}")

    async def _alarm(self, settlement: Settlement, why: str) -> None:
        log.error(
            "bank %s, terminal %s, batch %s: %s", settlement.acquirer, settlement.tid, settlement.batch, why
        )
        text = msgspec.json.encode({"batch": settlement.batch, "why": why}).decode()
        async with self._shelf.write() as connection:
            await Sales(connection).add_evidence(
                settlement.acquirer, "alarm", settlement.tid, "", None, text, self._clock()
            )


def _found(settlement: Settlement, theirs: Totals) -> Settlement:
    return replace(
        settlement,
        bank_debit_count=theirs.debit_count,
        bank_debit_fen=theirs.debit_fen,
        bank_credit_count=theirs.credit_count,
        bank_credit_fen=theirs.credit_fen,
        bank_code=int(theirs.code),
    )


def _details(sales: Sequence[SaleRecord], store: KeyStore) -> list[Detail]:
    """Each sale as the bank is told of it, with the card's number where it is still kept and can be read."""
    return [Detail(sale.stan, sale.amount_fen, _pan(store, sale)) for sale in sales]


def _pan(store: KeyStore, sale: SaleRecord) -> str:
    if not sale.pan_kept:
        return ""
    try:
        return store.reveal(sale.pan_kept, pan_place(sale.id))
    except Unreadable:
        return ""


def _shown(settlement: Settlement) -> str:
    return f"{settlement.debit_count} sales, {settlement.debit_fen} fen here, code {settlement.bank_code}"
