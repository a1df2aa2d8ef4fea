"""Sign-on at banks: a terminal is given its working keys, by one hub process at a time, and echoes keep lines awake."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Protocol

from drivers.bank.frame import Frame
from drivers.bank.message import Message, decode, encode
from drivers.bank.working_keys import WorkingKeys
from hub.business.acquirers import Acquirer
from hub.business.bank_management import (
    ECHO_ANSWER,
    SIGN_ON_ANSWER,
    Asker,
    BankRefused,
    echo_message,
    read_sign_on,
    require_done,
    sign_on_message,
)
from hub.business.day import Day
from hub.business.keeping import Shelf
from hub.business.refusals import Refusal
from hub.composition.bank_line import Key, LineError
from hub.composition.bank_terminals import BankTerminal, BankTerminals
from hub.composition.vault import Vault
from hub.data.bank_terminals import BankTerminalBooks
from hub.data.direct import Conversation
from hub.data.keystore import KeyStoreError
from hub.data.settlements import SettlementBooks

LEASE_GRACE = timedelta(seconds=30)
"""How much longer than its exchange a sign-on belongs to the process that began it; then another may begin one."""
LOOK_POLL = 0.2
"""How often, in seconds, a process looks whether another has signed the terminal on."""
AGAIN_S = 10
log = logging.getLogger(__name__)


class Exchanges(Protocol):
    """A bank's line."""

    async def exchange(self, message: bytes, key: Key, deadline: float) -> Frame:
        """Send a frame and give its answer; raises LineError."""


class BankTalk:
    """Asks banks what needs no MAC, over their lines."""

    def __init__(self, lines: Mapping[str, Exchanges]) -> None:
        self._lines = lines

    async def ask(self, acquirer: Acquirer, message: Message, answer: str) -> Message:
        """Give the bank's answer of type `answer`, waited for as long as this bank may take; raises LineError."""
        frame = Frame(acquirer.tpdu, acquirer.header, encode(message, None)).to_bytes()
        deadline = asyncio.get_running_loop().time() + acquirer.answer_s
        key = Key(message.get(41), answer, message.get(11))
        heard = await self._lines[acquirer.name].exchange(frame, key, deadline)
        return decode(heard.body)


class BankSignOns:
    """Gets terminals their keys; everything that banks and terminals are asked for goes through these parts."""

    def __init__(
        self,
        shelf: Shelf[Conversation],
        talk: BankTalk,
        terminals: BankTerminals,
        vault: Vault,
        clock: Callable[[], datetime],
        day: Day,
    ) -> None:
        self._shelf = shelf
        self._talk = talk
        self._terminals = terminals
        self._vault = vault
        self._clock = clock
        self._day = day
        self._under_way: dict[tuple[str, str], asyncio.Task[BankTerminal]] = {}

    async def ensure_signed_on(
        self, acquirer: Acquirer, terminal: str, *, fresh: bool = True
    ) -> BankTerminal:
        """Give the kiosk's terminal at this bank with keys that can be used.

        With `fresh` they are of this business day. Raises Refusal `card_not_served` where the kiosk has no terminal
        there, and `bank_away` where the bank, or the key store, gives it no keys now.
        """
        at = await self._found(acquirer, terminal)
        if self._good(at, fresh=fresh):
            return at
        key = acquirer.name, terminal
        task = self._under_way.get(key)
        if task is None:
            task = asyncio.create_task(
                self._signed_on(acquirer, terminal, fresh=fresh), name=f"sign-on {at.tid}"
            )
            self._under_way[key] = task
            task.add_done_callback(lambda _: self._under_way.pop(key, None))
        # Who asks may go away: the sign-on is for everybody.
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Break off what is under way."""
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _good(self, at: BankTerminal, *, fresh: bool) -> bool:
        since = self._day.begins(self._clock())
        return at.signed_on and not (fresh and at.signed_on_at is not None and at.signed_on_at < since)

    async def _found(self, acquirer: Acquirer, terminal: str) -> BankTerminal:
        async with self._shelf.read() as connection:
            at = await self._terminals.of(connection, acquirer.name, terminal)
        if at is None:
            raise Refusal("card_not_served", f"this kiosk is no terminal of {acquirer.name}")
        return at

    async def _signed_on(self, acquirer: Acquirer, terminal: str, *, fresh: bool) -> BankTerminal:
        """Sign on, or wait for the process that does."""
        patience = acquirer.answer_s
        end = asyncio.get_running_loop().time() + patience
        while True:
            if self._good(at := await self._found(acquirer, terminal), fresh=fresh):
                return at
            now = self._clock()
            until = now + timedelta(seconds=patience) + LEASE_GRACE
            async with self._shelf.write() as connection:
                taken = await BankTerminalBooks(connection).begin_sign_on(acquirer.name, terminal, now, until)
            if taken:
                return await self._sign_on(acquirer, at, until)
            if asyncio.get_running_loop().time() >= end:
                raise Refusal("bank_away", "another hub is signing on", retry_after_s=AGAIN_S)
            await asyncio.sleep(LOOK_POLL)

    async def _sign_on(self, acquirer: Acquirer, at: BankTerminal, until: datetime) -> BankTerminal:
        try:
            keys, batch = await self._asked(acquirer, at)
            kept = await self._keep(at, keys, batch, until)
        except (LineError, BankRefused, KeyStoreError) as error:
            log.error("bank %s: terminal %s is not signed on: %s", acquirer.name, at.tid, error)
            await self._let_go(at, until)
            raise Refusal("bank_away", f"sign-on: {error}", retry_after_s=AGAIN_S) from None
        except (Exception, asyncio.CancelledError):
            await asyncio.shield(self._let_go(at, until))
            raise
        if not kept:
            raise Refusal("bank_away", "the sign-on took too long", retry_after_s=AGAIN_S)
        return await self._found(acquirer, at.terminal)

    async def _asked(self, acquirer: Acquirer, at: BankTerminal) -> tuple[WorkingKeys, str]:
        """The keys that the bank gives, once their check value has been compared."""
        asker = await next_asker(self._shelf, self._terminals, at)
        answer = await self._talk.ask(acquirer, sign_on_message(asker), SIGN_ON_ANSWER)
        keys, batch = read_sign_on(answer, double_mak=acquirer.double_mak, batch=at.batch)
        check = await self._vault.ask(lambda store: store.bank_check(at.acquirer, at.tid, keys.mak))
        if check != keys.mak_check:
            raise BankRefused("the MAC key has another check value: bank and hub have different master keys")
        return keys, batch

    async def _keep(self, at: BankTerminal, keys: WorkingKeys, batch: str, until: datetime) -> bool:
        """Keep keys and batch in one transaction; a batch that the bank ended by itself is to be settled still."""
        now = self._clock()
        async with self._shelf.write() as connection:
            books = BankTerminalBooks(connection)
            held = await books.hold(at.acquirer, at.terminal)
            kept = held is not None and await books.signed_on(
                at.acquirer,
                at.terminal,
                pik=keys.pik,
                pik_check=keys.pik_check,
                mak=keys.mak,
                mak_check=keys.mak_check,
                batch=batch,
                now=now,
                until=until,
            )
            if kept and held is not None and batch != held.batch:
                on = self._day.business_date(now)
                if await SettlementBooks(connection).leave(held, now, on):
                    log.warning("bank %s: batch %s of terminal %s was ended", at.acquirer, held.batch, at.tid)
        return kept

    async def _let_go(self, at: BankTerminal, until: datetime) -> None:
        async with self._shelf.write() as connection:
            await BankTerminalBooks(connection).end_sign_on(at.acquirer, at.terminal, until)


class BankEchoes:
    """Asks every bank now and then whether it is there, so that a dead line is known before a customer stands at it."""

    def __init__(
        self,
        shelf: Shelf[Conversation],
        talk: BankTalk,
        terminals: BankTerminals,
        acquirers: Iterable[Acquirer],
    ) -> None:
        self._shelf = shelf
        self._talk = talk
        self._terminals = terminals
        self._acquirers = tuple(acquirers)
        self._silent: set[str] = set()

    @property
    def silent(self) -> frozenset[str]:
        """The banks that did not answer last."""
        return frozenset(self._silent)

    async def run(self) -> None:
        """Ask until this is cancelled."""
        async with asyncio.TaskGroup() as group:
            for acquirer in self._acquirers:
                group.create_task(self._of(acquirer), name=f"echo {acquirer.name}")

    async def _of(self, acquirer: Acquirer) -> None:
        while True:
            await asyncio.sleep(acquirer.echo_every_s)
            try:
                await self.ask(acquirer)
            except Exception:
                log.exception("bank %s: no echo", acquirer.name)

    async def ask(self, acquirer: Acquirer) -> bool:
        """Ask once, as the first of the terminals there; true where there is none, or the bank answered."""
        async with self._shelf.read() as connection:
            found = await self._terminals.first_of(connection, acquirer.name)
        if found is None:
            return True
        try:
            asker = await next_asker(self._shelf, self._terminals, found)
            answer = await self._talk.ask(acquirer, echo_message(asker), ECHO_ANSWER)
            require_done(answer, "echo refused")
        except (LineError, BankRefused) as error:
            if acquirer.name not in self._silent:
                log.error("bank %s gives no echo: %s", acquirer.name, error)
            self._silent.add(acquirer.name)
            return False
        if acquirer.name in self._silent:
            log.warning("bank %s gives echo again", acquirer.name)
        self._silent.discard(acquirer.name)
        return True


async def next_asker(shelf: Shelf[Conversation], terminals: BankTerminals, at: BankTerminal) -> Asker:
    """Give a terminal's numbers with its next trace number, which is on disk."""
    async with shelf.write() as connection:
        stan = await terminals.next_stan(connection, at)
    return Asker(at.tid, at.merchant_no, at.batch, stan)
