"""The network between kiosk and hub in the tenders' world: as that of cash, to a hub that has an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hub.business.refusals import Refusal
from kiosk.hubclient.outcomes import NotSent, NotSentReason, Outcome, Unknown, UnknownReason
from kiosk.hubclient.tender_wire import BankCard
from kiosk.lanes.hold import Hold
from kiosk.payment.effects import Effect
from tests.crash.line import Answered, Asked, Line, WireClient, WireLane, _answer, _Call, _refused
from tests.crash.tender_keys import seal


class TenderClient(WireClient):
    """Seals without asking for a key."""

    def sealing(self, call: Any) -> Any:
        return call(seal)


class MemoryHold(Hold):
    """Gives a card out once, and again to the same call when it is gone through a second time for its outcome."""

    given: BankCard | None = None
    code = ""
    again = False

    def take_card(self) -> BankCard | None:
        if not self.again:
            self.given = super().take_card()
        return self.given

    def take_payer(self) -> str:
        if not self.again:
            self.code = super().take_payer()
        return self.code


class TenderLane(WireLane):
    """The kiosk's lane with what it holds for a sale."""

    hold: MemoryHold

    def holding(self, hold: MemoryHold) -> TenderLane:
        self._hold = self.hold = hold
        return self

    def _go_on(self, effect: Effect, heard: tuple[Outcome[Any], ...]) -> None:
        self.hold.again = bool(heard)
        super()._go_on(effect, heard)


@dataclass
class TenderCall(_Call):
    """One call whose work is a task of the hub's process."""

    def arrive(self) -> None:
        line: Any = self.line
        hub = line.hub
        if not hub.up:
            self._broken_off()
            return
        if id(self.asked) in line.seen:
            return  # the hub takes the same signed bytes once
        line.seen[id(self.asked)] = self.asked
        if line.rng.random() < line.bad / 4:
            self._reply(_refused(Refusal("hub_busy", "", retry_after_s=2)))
            return
        try:
            work = hub.route(self.asked)
        except Refusal as refusal:
            self._done(_refused(refusal))
            return
        line.under_way += 1
        hub.calls[id(self)] = self._broken
        task = hub.loop.create_task(work, name=f"{self.asked.method} {self.asked.path}")
        task.add_done_callback(lambda done: line.later(0.0, lambda: self._finished(done)))

    def _reply(self, answered: Answered) -> None:
        """A refusal names no request: that it is for this one, its signature says, so none comes for another."""
        if answered.status < 400:
            super()._reply(answered)
        elif self.line.rng.random() >= self.line.bad * 0.8 * self.weight:
            self.line.later(self.line._delay(), lambda: self.end(self._meaning(answered)))

    def _broken(self) -> None:
        self.line.under_way -= 1
        self._broken_off()

    def _broken_off(self) -> None:
        self.end(Unknown(UnknownReason.BROKEN, "the hub died"))

    def _finished(self, task: asyncio.Task[Any]) -> None:
        hub: Any = self.line.hub
        if hub.calls.pop(id(self), None) is None or task.cancelled():
            return
        self.line.under_way -= 1
        error = task.exception()
        if isinstance(error, Refusal):
            self._done(_refused(error))
        elif error is not None:
            raise error
        else:
            self._done(_answer(task.result()))


@dataclass
class TenderLine(Line):
    """The network."""

    seen: dict[int, Asked] = field(default_factory=dict)
    """The requests that have reached the hub, whose copies it refuses by its replay window."""

    def __post_init__(self) -> None:
        self.call = TenderCall

    def send(self, asked: Asked, told: Callable[[Outcome[Any]], None]) -> bool:
        """As any network; a hub that does not run takes no connection, and nothing leaves the kiosk."""
        hub: Any = self.hub
        if not hub.up:
            self.later(0.01, lambda: told(NotSent(NotSentReason.REFUSED, "")))
            return False
        return super().send(asked, told)


__all__ = ["MemoryHold", "TenderClient", "TenderLane", "TenderLine"]
