"""A card in its slot: the contacts, the commands that come over them, and where its power is cut."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from simulators.cards import pace
from simulators.cards.card import CardCut, Cut, SimulatedCard
from simulators.cards.vpcd import Contacts, Order

_RETRY_S = 0.05
_NOTICE_S = 2.0
# A reader that is there and has not looked yet is one whom a busy machine lets wait.
_LATE_S = 6.0
# pcscd looks every 0.4 s, whatever our speed. A card that was swapped in between it never notices, and where it was a
# command that found the old one gone it knows of none from then on: so no card comes before an empty look.
_LOOK_S = 0.5
_SEATINGS = 4
_LOG = 400


@dataclass(frozen=True, slots=True)
class Fault:
    """The card loses its contacts at this command (counted from the program's start)."""

    at: int
    cut: Cut
    torn: int | None
    stay: bool


class _Lost(Exception):  # noqa: N818 - no error: somebody pulls
    """The contacts were cut at a command; whether the card is back in them at once."""

    def __init__(self, *, stays: bool) -> None:
        self.stays = stays


class Seat:
    """Holds one card in one slot, also over restarts of the reader; `keep` is called after each command it obeyed."""

    def __init__(self, port: int, speed: float, keep: Callable[[SimulatedCard], None]) -> None:
        self._port = port
        self._speed = speed
        self._keep = keep
        self._task: asyncio.Task[None] | None = None
        self._gone: asyncio.Task[None] | None = None
        self._powered = asyncio.Event()
        self._known = asyncio.Event()
        self.chip: SimulatedCard | None = None
        self.fault: Fault | None = None
        self._silent_from: int | None = None
        self._speaking = asyncio.Event()
        self._silent = False
        self.late = (0, 0.0)
        self.commands = 0
        self._touched = self._found = False
        self._seconds = 0.0
        self._power_ups = 0
        self._log: deque[dict[str, str]] = deque(maxlen=_LOG)

    @property
    def inserted(self) -> bool:
        """Whether a card is in the slot."""
        return self._task is not None and not self._task.done()

    def status(self) -> dict[str, Any]:
        """What happened in the slot so far; `apdu_s` is the time that the card took for its commands, `silent` whether
        a command waits that it neither obeys nor answers."""
        return {
            "inserted": self.inserted,
            "powered": self._powered.is_set(),
            "silent": self._silent,
            "power_ups": self._power_ups,
            "apdus": self.commands,
            "apdu_s": self._seconds,
            "log": list(self._log),
        }

    def silence(self, after: int | None) -> None:
        """Neither obey nor answer after so many commands more; None ends it, and the command that waits is obeyed."""
        self._silent_from = None if after is None else self.commands + after + 1
        if after is None:
            self._speaking.set()
        else:
            self._speaking.clear()

    async def insert(self, chip: SimulatedCard, patience_s: float = 0.0) -> bool:
        """Put a card in and wait this long for the reader to power it up; whether it did.

        On a busy machine the reader may look late, and is waited for once it is there; or it may not have looked at
        the empty slot: then the card is put in again.
        """
        self.chip = chip
        for seating in range(_SEATINGS):
            await self._until_seen()
            await asyncio.sleep(seating * _LOOK_S)
            self._task, self._found = asyncio.create_task(self._sit(chip)), False
            powered = await _comes(self._powered, patience_s)
            if not powered and patience_s and self._touched and not self._found:
                await _comes(self._powered, _LATE_S)
            if self._powered.is_set() or not self._found:
                break
            await self.pull()
        if patience_s and self._powered.is_set():
            await _comes(self._known, _LATE_S)  # before it has the answer to reset, a reader tells of no card
        return self._powered.is_set()

    async def pull(self) -> None:
        """Take the card out; safe when there is none."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def close(self) -> None:
        """Take the card out for good; the next program's card may come at once."""
        await self.pull()
        await self._until_seen()

    async def _sit(self, chip: SimulatedCard) -> None:
        while True:
            try:
                contacts = await Contacts.touch(self._port)
            except OSError:
                await asyncio.sleep(_RETRY_S)  # pcscd is on its way
                continue
            self._touched = True
            try:
                await self._answer(contacts, chip)
            except _Lost as lost:
                self._lift(contacts, chip)
                if not lost.stays:
                    return
                await self._until_seen()
            except (ConnectionError, asyncio.IncompleteReadError):
                self._lift(contacts, chip)
            except asyncio.CancelledError:
                self._lift(contacts, chip)
                raise

    async def _until_seen(self) -> None:
        """Wait until the reader has seen that the slot was empty."""
        gone, self._gone = self._gone, None
        if gone is not None:
            await gone

    def _lift(self, contacts: Contacts, chip: SimulatedCard) -> None:
        """The contacts part: the chip forgets, and the reader is given time to see it."""
        self._touched = False
        self._powered.clear()
        self._known.clear()
        chip.reset()
        self._gone = asyncio.create_task(_noticed(contacts))

    async def _answer(self, contacts: Contacts, chip: SimulatedCard) -> None:
        while True:
            message = await contacts.hear()
            match message:
                case Order.ATR:
                    await contacts.say(chip.atr)
                    self._found = True
                    if self._powered.is_set():
                        self._known.set()
                case Order.ON | Order.RESET:
                    chip.reset()
                    self._known.clear()
                    self._power_ups += 1
                    self._powered.set()
                case Order.OFF:
                    chip.reset()
                    self._powered.clear()
                case bytes():
                    if not self._powered.is_set():
                        raise _Lost(stays=True)  # the reader takes it for the card before
                    await self._command(contacts, chip, message)

    async def _command(self, contacts: Contacts, chip: SimulatedCard, raw: bytes) -> None:
        began = time.monotonic()
        self.commands += 1
        if self._silent_from is not None and self.commands >= self._silent_from:
            await self._hold_tongue(contacts)
        await asyncio.sleep(pace.before_effect(raw) / self._speed)
        answer = self._obeyed(chip, raw)
        await asyncio.sleep(pace.after_effect(answer) / self._speed)
        count, seconds = self.late
        if count:
            self.late = (count - 1, seconds)
            await asyncio.sleep(seconds)
        await contacts.say(answer)
        self._seconds += time.monotonic() - began

    async def _hold_tongue(self, contacts: Contacts) -> None:
        self._silent = True
        ends = [asyncio.ensure_future(end) for end in (contacts.gone(), self._speaking.wait())]
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._silent = False
            for end in ends:
                end.cancel()
        if ends[0].done():
            await ends[0]

    def _obeyed(self, chip: SimulatedCard, raw: bytes) -> bytes:
        fault = self.fault if self.fault is not None and self.fault.at == self.commands else None
        try:
            answer = chip.apdu(raw, fault.cut, fault.torn) if fault else chip.apdu(raw)
        except CardCut:
            self._note(chip, raw, b"")
            self.fault = None
            raise _Lost(stays=fault is not None and fault.stay) from None
        self._note(chip, raw, answer)
        return answer

    def _note(self, chip: SimulatedCard, raw: bytes, answer: bytes) -> None:
        # Before the answer goes out: what it tells of must stand in the memory whoever is killed then.
        self._keep(chip)
        self._log.append({"command": raw[:5].hex().upper(), "sw": answer[-2:].hex().upper()})


async def _comes(event: asyncio.Event, patience_s: float) -> bool:
    """Whether it happens within this time."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), patience_s)
    return event.is_set()


async def _noticed(contacts: Contacts) -> None:
    await contacts.leave(_NOTICE_S)
    await asyncio.sleep(_LOOK_S)
