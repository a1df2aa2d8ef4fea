"""What banks say besides: kept masked for those who reconcile, and acted on where money would be lost otherwise."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

import msgspec

from drivers.bank.elements import masked
from drivers.bank.frame import Frame
from drivers.bank.message import Message
from hub.business.bank_keeping import EvidenceKind, SaleKeeping, SaleRecord
from hub.business.bank_rules import (
    REVERSAL_ANSWER,
    SALE_ANSWER,
    Finding,
    approved_late,
    judge_sale,
    may_have_taken,
)
from hub.business.keeping import Shelf
from hub.business.refusals import Refusal
from hub.composition.bank_line import Evidence
from hub.composition.bank_terminals import BankTerminals
from hub.composition.bank_wire import vouched
from hub.data.direct import Conversation

TELLING = (3, 4, 11, 12, 13, 15, 37, 38, 39, 41, 42, 60, 61)
"""The fields that are kept of a message besides the masked card number; nothing else ever is."""
KEEP_AGAIN_S = 0.5
"""How long what a bank said unasked waits to be kept again when the books were busy."""
MOST_WAITING = 64
"""How many such messages wait in memory; a further one is only in the log."""
log = logging.getLogger(__name__)


def told(message: Message) -> str:
    """A bank's message as it may be kept: no card number, no track, no PIN block, no key.

    >>> told(Message("0210", {2: "6212142000000000012", 11: "000007", 35: "6212142000000000012=2512", 39: "00"}))
    '{"mti":"0210","2":"621214*********0012","11":"000007","39":"00"}'
    """
    shown = {"mti": message.mti}
    if pan := message.get(2):
        shown["2"] = masked(pan)
    shown |= {str(number): message.fields[number] for number in TELLING if number in message.fields}
    return msgspec.json.encode(shown).decode()


class Witness:
    """Keeps evidence, and sends back a sale that a bank approved after it had said that it knew of none."""

    def __init__(
        self,
        shelf: Shelf[Conversation],
        sales: Callable[[Conversation], SaleKeeping],
        terminals: BankTerminals,
        clock: Callable[[], datetime],
    ) -> None:
        self._shelf = shelf
        self._sales = sales
        self._terminals = terminals
        self._clock = clock
        self._again: set[asyncio.Task[None]] = set()

    def of(self, acquirer: str) -> Evidence:
        """What a line to this bank tells frames to for which nobody waits."""

        async def unasked(frame: Frame, message: Message | None) -> None:
            try:
                await self._unasked(acquirer, frame, message)
            except Refusal:  # the books are busy: an approval among it must not be lost, nor hold up the line
                if len(self._again) >= MOST_WAITING:
                    raise
                task = asyncio.create_task(self._until_kept(acquirer, frame, message))
                self._again.add(task)
                task.add_done_callback(self._again.discard)

        return unasked

    async def close(self) -> None:
        """Let go what waits to be kept."""
        tasks = list(self._again)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _until_kept(self, acquirer: str, frame: Frame, message: Message | None) -> None:
        while True:
            await asyncio.sleep(KEEP_AGAIN_S)
            try:
                await self._unasked(acquirer, frame, message)
            except Refusal as refusal:
                log.warning("bank %s: what it said unasked is kept later: %s", acquirer, refusal)
            except Exception:
                log.exception("bank %s: what it said unasked could not be kept", acquirer)
                return
            else:
                return

    async def keep(
        self, sale: SaleRecord, kind: EvidenceKind, message: Message | None, why: str = ""
    ) -> None:
        """Keep an answer that came in time and is wrong, or what happened without any."""
        text = told(message) if message else msgspec.json.encode({"why": why}).decode()
        async with self._shelf.write() as connection:
            await self._sales(connection).add_evidence(
                sale.acquirer, kind, sale.tid, sale.stan, sale.id, text, self._clock()
            )

    async def _unasked(self, acquirer: str, frame: Frame, message: Message | None) -> None:
        now = self._clock()
        tid, stan = ("", "") if message is None else (message.get(41), message.get(11))
        sale, finding = None, None
        if message is not None and message.mti in {SALE_ANSWER, REVERSAL_ANSWER}:
            sale, finding = await self._found(acquirer, frame, message)
        kind: EvidenceKind = "late" if sale else "unmatched" if message else "unreadable"
        async with self._shelf.write() as connection:
            sales = self._sales(connection)
            held = await sales.hold_sale(sale.id) if sale else None
            if held is not None and finding is not None and may_have_taken(finding):
                after = approved_late(held, finding, now)
                if held.state == "declined" or after.state != held.state:
                    kind = "contradicts"
                    log.error("bank %s: sale %s was %s and is approved", acquirer, held.id, held.state)
                await sales.set_sale(after)
            text = told(message) if message else msgspec.json.encode({"bytes": len(frame.body)}).decode()
            await sales.add_evidence(acquirer, kind, tid, stan, sale.id if sale else None, text, now)
        log.warning("bank %s: %s answer, terminal %s, trace %s", acquirer, kind, tid, stan)

    async def _found(
        self, acquirer: str, frame: Frame, message: Message
    ) -> tuple[SaleRecord | None, Finding | None]:
        async with self._shelf.read() as connection:
            sale = await self._sales(connection).sale_of_message(acquirer, message.get(41), message.get(11))
            at = await self._terminals.of(connection, acquirer, sale.terminal) if sale else None
        if sale is None or at is None or message.mti != SALE_ANSWER:
            return sale, None
        mac_good = await vouched(self._terminals, at, frame)
        return sale, judge_sale(sale, message, mac_good=mac_good)
