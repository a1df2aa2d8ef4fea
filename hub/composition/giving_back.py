"""Store and forward: sales whose money goes back are reversed until the bank has answered that it is done.

Every hub process looks for what is due, at each bank for itself, so one that died leaves nothing behind and a bank that
is away holds no other up. A sale is taken by its row: its next time is set beyond this attempt before a byte leaves.
"""

import asyncio
import contextlib
import logging
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from drivers.bank.frame import Wanted
from hub.business.acquirers import Acquirer
from hub.business.bank_keeping import SaleRecord
from hub.business.bank_rules import (
    APPROVED,
    NO_ANSWER,
    REVERSAL_ANSWER,
    SETTLED,
    back_off,
    ended,
    for_people,
    give_back,
    heard_since,
    next_act,
    reversal_message,
    undone,
    wants_sign_on,
)
from hub.business.refusals import Refusal
from hub.composition.bank_line import LineError
from hub.composition.bank_terminals import BankTerminal, BankTerminals
from hub.composition.bank_wire import BankWire, Heard
from hub.composition.bank_witness import Witness
from hub.composition.sale_secrets import SaleSecrets
from hub.composition.switch import DUE_GRACE, Books, SignsOn

LOOK_POLL = 1.0
"""How often, in seconds, a process looks for sales that are due; its own it finds at once."""
AT_ONCE = 16
"""How many reversals one process has under way at one bank."""
TIDY_POLL = 600.0
"""How often, in seconds, the card numbers of settled sales are dropped."""
log = logging.getLogger(__name__)


class GivingBack:
    """The workers of one hub process, one for each bank; `run` until it is cancelled."""

    def __init__(
        self,
        books: Books,
        acquirers: Iterable[Acquirer],
        terminals: BankTerminals,
        sign_ons: SignsOn,
        wire: BankWire,
        secrets: SaleSecrets,
        witness: Witness,
    ) -> None:
        self._books = books
        self._acquirers = {each.name: each for each in acquirers}
        self._terminals = terminals
        self._sign_ons = sign_ons
        self._wire = wire
        self._secrets = secrets
        self._witness = witness
        self._woken = {name: asyncio.Event() for name in self._acquirers}
        self._under_way: dict[str, dict[str, asyncio.Task[None]]] = {name: {} for name in self._acquirers}

    def wake(self, acquirer: str) -> None:
        """Look at once: something of this bank's has become due."""
        self._woken[acquirer].set()

    async def run(self) -> None:
        """Give back what is due, until this is cancelled."""
        async with asyncio.TaskGroup() as group:
            for acquirer in self._acquirers.values():
                group.create_task(self._work(acquirer), name=f"giving back at {acquirer.name}")
            group.create_task(self._tidy(), name="dropping card numbers")

    async def _work(self, acquirer: Acquirer) -> None:
        woken, under_way = self._woken[acquirer.name], self._under_way[acquirer.name]
        try:
            while True:
                woken.clear()
                try:
                    await self._begin_due(acquirer)
                except Refusal as refusal:
                    log.warning("bank %s: what is due cannot be read now: %s", acquirer.name, refusal)
                except Exception:
                    log.exception("bank %s: what is due cannot be read", acquirer.name)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_POLL):
                        await woken.wait()
        finally:
            for task in under_way.values():
                task.cancel()

    async def _begin_due(self, acquirer: Acquirer) -> None:
        under_way = self._under_way[acquirer.name]
        async with self._books.shelf.read() as connection:
            sales = self._books.sales(connection)
            found = await sales.due(acquirer.name, self._books.clock(), AT_ONCE)
        for sale_id in found:
            if sale_id not in under_way and len(under_way) < AT_ONCE:
                under_way[sale_id] = asyncio.create_task(self._attempt(acquirer, sale_id))

    async def _attempt(self, acquirer: Acquirer, sale_id: str) -> None:
        """One attempt at one sale, from taking it to what came of it."""
        try:
            sale = await self._taken(acquirer, sale_id)
            if sale is not None:
                await self._give_back(acquirer, sale)
        except Exception:
            log.exception("sale %s is given back later", sale_id)
        finally:
            del self._under_way[acquirer.name][sale_id]

    async def _taken(self, acquirer: Acquirer, sale_id: str) -> SaleRecord | None:
        """Take the sale for one attempt; none where another process has it, or where only people can give it back."""
        now = self._books.clock()
        async with self._books.shelf.write() as connection:
            sales = self._books.sales(connection)
            sale = await sales.hold_sale(sale_id)
            if sale is None or next_act(sale, now) != "reverse":
                return None
            sale = give_back(sale, NO_ANSWER, now)
            settled = await sales.is_settled(sale)
            if settled:
                sale = for_people(sale)
            else:
                sale = replace(sale, attempts=sale.attempts + 1, next_at=now + self._lease(acquirer))
            await sales.set_sale(sale)
        if settled:
            await self._alarm(sale, SETTLED)
            return None
        return sale

    def _lease(self, acquirer: Acquirer) -> timedelta:
        """How long an attempt is left to the process that began it: the sign-on before it, and the answer."""
        return timedelta(seconds=2 * acquirer.answer_s + acquirer.connect_s + DUE_GRACE)

    async def _give_back(self, acquirer: Acquirer, sale: SaleRecord) -> None:
        heard, at, why = None, None, "the bank did not confirm it"
        try:
            at = await self._sign_ons.ensure_signed_on(acquirer, sale.terminal, fresh=False)
            heard = await self._asked(acquirer, at, sale)
        except (Refusal, LineError) as error:
            why = str(error)
        done = heard is not None and undone(sale, heard.message, mac_good=heard.mac_good)
        await self._set(acquirer, sale, heard.message.get(39) if heard and done else "")
        if done or heard is None:
            log.info("sale %s: %s", sale.id, "went back" if done else why)
        else:
            await self._heard_otherwise(at, sale, heard)
        if not done and sale.attempts == acquirer.reversal_alarm_after:
            await self._alarm(sale, f"not reversed after {sale.attempts} attempts: {why}")

    async def _asked(self, acquirer: Acquirer, at: BankTerminal, sale: SaleRecord) -> Heard:
        deadline = asyncio.get_running_loop().time() + acquirer.answer_s
        message = reversal_message(sale, await self._secrets.pan(sale), self._books.day.utc_offset)
        return await self._wire.ask(acquirer, at, message, REVERSAL_ANSWER, deadline)

    async def _set(self, acquirer: Acquirer, sale: SaleRecord, code: str) -> None:
        """Keep what came of an attempt: `code` is the bank's where it is done, empty where it is tried again."""
        now = self._books.clock()
        async with self._books.shelf.write() as connection:
            sales = self._books.sales(connection)
            held = await sales.hold_sale(sale.id)
            if held is None or held.state != "reversing":
                return
            if code and code != APPROVED and heard_since(held, sale):
                held = replace(held, next_at=now)
                self.wake(acquirer.name)
            elif code:
                held = ended(held, "reversed", code, now)
            elif held.attempts == sale.attempts:  # else another attempt has begun, and sets its own time
                wait = back_off(acquirer.reversal_first_s, acquirer.reversal_most_s, sale.attempts)
                held = replace(held, next_at=now + wait)
                asyncio.get_running_loop().call_later(wait.total_seconds(), self.wake, acquirer.name)
            await sales.set_sale(held)

    async def _heard_otherwise(self, at: BankTerminal | None, sale: SaleRecord, heard: Heard) -> None:
        """An answer that does not end it: kept, and where the keys may differ the terminal signs on again."""
        code = heard.message.get(39)
        log.warning("sale %s: its reversal was answered %s", sale.id, code or "without a code")
        await self._witness.keep(sale, "contradicts" if heard.mac_good else "bad_mac", heard.message)
        if at and (wants_sign_on(code) or heard.wanted is Wanted.SIGN_ON or not heard.mac_good):
            async with self._books.shelf.write() as connection:
                await self._terminals.need_sign_on(connection, at)

    async def _alarm(self, sale: SaleRecord, why: str) -> None:
        log.error("sale %s of terminal %s at %s: %s", sale.id, sale.terminal, sale.acquirer, why)
        await self._witness.keep(sale, "alarm", None, why)

    async def _tidy(self) -> None:
        while True:
            try:
                async with self._books.shelf.write() as connection:
                    await self._books.sales(connection).forget_numbers()
            except Exception:
                log.exception("card numbers of settled sales could not be dropped")
            await asyncio.sleep(TIDY_POLL)
