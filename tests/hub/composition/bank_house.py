"""A hub's parts that speak with banks, on books of a test, before the bank of `simulators.bank_host` on a real wire."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from drivers.bank.frame import Frame
from drivers.bank.message import Message
from hub.business.acquirers import Acquirer, CardRange
from hub.business.bank_keeping import SaleRecord, pan_place
from hub.business.bank_rules import SALE_ANSWER, sale_message
from hub.business.day import Day
from hub.business.tender_forms import BankCard, Title
from hub.composition.bank_line import BankLine
from hub.composition.bank_settlement import BankSettlements
from hub.composition.bank_sign_on import BankEchoes, BankSignOns, BankTalk
from hub.composition.bank_terminals import BankTerminals
from hub.composition.bank_wire import BankWire
from hub.composition.vault import Vault
from hub.data.bank_terminals import BankTerminal, add_bank_terminal
from hub.data.database import Database
from hub.data.keys_bench import BenchStore
from hub.data.sales import Sales
from simulators.banks.cards import bench_cards

BANK, KIOSK = "bank_a", "kiosk-1"
_tids = itertools.count(10_000_001)
CARD = bench_cards(BANK)["no_pin"]


def acquirer(port: int, **changes: Any) -> Acquirer:
    """The far end's bank as the settings would name it."""
    return replace(
        Acquirer(
            name=BANK,
            title=Title("甲行", "Bank A"),
            host="127.0.0.1",
            port=port,
            merchant_no="898440000000001",
            tpdu=bytes.fromhex("6000030000"),
            header="603100000000",
            mac="ecb_up",
            double_mak=False,
            ranges=(CardRange("62"),),
            connect_s=10.0,
            answer_s=20.0,
        ),
        **changes,
    )


def register(books: Any, terminal: str = KIOSK, tid: str = "") -> str:
    """Let a kiosk have a terminal at the bank, by default one that no test had before; give its number."""
    tid = tid or str(next(_tids))
    with books.engine.begin() as connection:
        add_bank_terminal(connection, BANK, terminal, tid, "", datetime.now(UTC))
    return tid


@dataclass
class Clock:
    """The time, so much ahead of the true one."""

    ahead: timedelta = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


class House:
    """The parts of one hub process, with a line and a database of its own."""

    def __init__(self, url: str, bank: Acquirer, clock: Clock, day: Day, keys: Path | None = None) -> None:
        self.bank = bank
        self.clock = clock
        self.database = Database(url)
        self.store = BenchStore(keys, {}, bench=True)
        self.vault = Vault(self.store)
        self.terminals = BankTerminals((bank,), self.vault)
        self.evidence: list[Message | None] = []
        self.line = BankLine(bank.host, bank.port, bank.connect_s, self._evidence)
        lines = {bank.name: self.line}
        talk = self._talk = BankTalk(lines)
        self._day = day
        self.wire = BankWire(lines, self.terminals)
        self.sign_ons = BankSignOns(self.database, talk, self.terminals, self.vault, clock, day)
        self.settlements = self.settlements_of(bank, talk, day)
        self.echoes = BankEchoes(self.database, talk, self.terminals, (bank,))

    def settlements_of(self, bank: Acquirer, talk: BankTalk, day: Day) -> BankSettlements:
        parts = self.database, talk, self.sign_ons, self.terminals, (bank,), self.vault
        return BankSettlements(*parts, self.clock, day)

    def hurry(self, answer_s: float = 0.3) -> Acquirer:
        """The bank, and what is settled by itself there, with little patience: where silence is to be heard."""
        hurried = replace(self.bank, answer_s=answer_s)
        self.settlements = self.settlements_of(hurried, self._talk, self._day)
        return hurried

    def calm(self) -> Acquirer:
        """The bank with patience again."""
        self.settlements = self.settlements_of(self.bank, self._talk, self._day)
        return self.bank

    async def _evidence(self, _frame: Frame, message: Message | None) -> None:
        self.evidence.append(message)

    async def close(self) -> None:
        await self.sign_ons.close()
        await self.line.close()
        self.vault.close()
        await self.database.close()

    async def signed_on(self, terminal: str = KIOSK) -> BankTerminal:
        return await self.sign_ons.ensure_signed_on(self.bank, terminal)

    async def at(self, terminal: str = KIOSK) -> BankTerminal:
        async with self.database.read() as connection:
            found = await self.terminals.of(connection, self.bank.name, terminal)
        assert found
        return found

    async def sold(self, fen: int, *, sent: bool = True, **changes: Any) -> SaleRecord:
        """A sale that the bank has taken (unless it was never sent), and that the books have as the changes say."""
        at, now, sale_id = await self.signed_on(), self.clock(), uuid4().hex
        async with self.database.write() as connection:
            stan = await self.terminals.next_stan(connection, at)
        sale = SaleRecord(
            id=sale_id,
            terminal=at.terminal,
            content="{}",
            acquirer=at.acquirer,
            tid=at.tid,
            merchant_no=at.merchant_no,
            stan=stan,
            batch=at.batch,
            card="621214*********0012",
            card_mark="m",
            pan_kept=self.store.protect(CARD.pan, pan_place(sale_id)),
            entry="021",
            sequence="",
            amount_fen=fen,
            state="approved",
            made_at=now,
            due_at=now,
        )
        if sent:
            card = BankCard(pan=CARD.pan, track2=CARD.track2)
            deadline = asyncio.get_running_loop().time() + 20
            heard = await self.wire.ask(self.bank, at, sale_message(sale, card), SALE_ANSWER, deadline)
            assert (heard.message.get(39), heard.mac_good) == ("00", True)
        sale = replace(sale, **changes)
        async with self.database.write() as connection:
            await Sales(connection).add_sale(sale)
        return sale


@asynccontextmanager
async def houses(
    books: Any,
    bank: Acquirer,
    count: int,
    clock: Clock | None = None,
    day: Day | None = None,
    keys: Path | None = None,
) -> AsyncIterator[list[House]]:
    """So many hub processes on the same books."""
    async with AsyncExitStack() as stack:
        made = [House(books.url, bank, clock or Clock(), day or books.day, keys) for _ in range(count)]
        for each in made:
            stack.push_async_callback(each.close)
        yield made


def run(
    books: Any,
    bank: Acquirer,
    work: Callable[..., Awaitable[Any]],
    count: int = 1,
    clock: Clock | None = None,
    day: Day | None = None,
    keys: Path | None = None,
) -> Any:
    """Do some work with so many hub processes on the same books."""

    async def whole() -> Any:
        async with houses(books, bank, count, clock, day, keys) as made:
            return await work(*made)

    return asyncio.run(whole())


def heard_by(told: Iterable[dict[str, Any]], kind: str) -> int:
    """How many messages of a kind the bank's log has."""
    return sum(1 for each in told if each["kind"] == kind)
