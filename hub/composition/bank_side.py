"""The hub's side towards banks, put together: lines, sign-ons, the switch, and what goes on without a customer."""

import asyncio
import logging
from collections.abc import Sequence

from hub.business.acquirers import Acquirer
from hub.composition.bank_line import BankLine
from hub.composition.bank_settlement import BankSettlements
from hub.composition.bank_sign_on import BankEchoes, BankSignOns, BankTalk
from hub.composition.bank_terminals import BankTerminals
from hub.composition.bank_wire import BankWire
from hub.composition.bank_witness import Witness
from hub.composition.booking import Booking
from hub.composition.giving_back import GivingBack
from hub.composition.sale_secrets import SaleSecrets
from hub.composition.switch import Books, Switch
from hub.composition.vault import Vault
from hub.data.direct import Conversation

log = logging.getLogger(__name__)


class BankSide:
    """All parts of one hub process; `begin` in a running loop, `close` at the end."""

    def __init__(
        self, books: Books, acquirers: Sequence[Acquirer], vault: Vault, booking: Booking[Conversation]
    ) -> None:
        terminals = BankTerminals(acquirers, vault)
        self._witness = witness = Witness(books.shelf, books.sales, terminals, books.clock)
        self._lines = {
            each.name: BankLine(each.host, each.port, each.connect_s, witness.of(each.name))
            for each in acquirers
        }
        talk, wire = BankTalk(self._lines), BankWire(self._lines, terminals)
        self._sign_ons = BankSignOns(books.shelf, talk, terminals, vault, books.clock, books.day)
        secrets = SaleSecrets(vault)
        back = GivingBack(books, acquirers, terminals, self._sign_ons, wire, secrets, witness)
        self.switch = Switch(
            books, acquirers, terminals, self._sign_ons, wire, booking, secrets, witness, back.wake
        )
        self.settlements = BankSettlements(
            books.shelf, talk, self._sign_ons, terminals, acquirers, vault, books.clock, books.day
        )
        self._workers = (
            back,
            BankEchoes(books.shelf, talk, terminals, acquirers),
            self.settlements,
        )
        self._tasks: list[asyncio.Task[None]] = []

    def begin(self) -> None:
        """Begin what goes on without a customer."""
        for worker in self._workers:
            task = asyncio.create_task(worker.run(), name=type(worker).__name__)
            task.add_done_callback(_ended)
            self._tasks.append(task)

    async def close(self) -> None:
        """End all of it; what is under way is on disk, and goes back when it is due."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.switch.close()
        await self._sign_ons.close()
        for line in self._lines.values():
            await line.close()
        await self._witness.close()


def _ended(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.critical("%s has ended: money may wait for it", task.get_name(), exc_info=error)
