"""The line between kiosk and hub, which delays, drops, repeats and reorders, and the hub's rules behind it.

What travels are the bytes of the real contract: the kiosk's own lane and client make and judge them, the hub's own
forms, desk and problem documents answer. Only HTTP, signatures and the sockets are left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any

import msgspec

from hub.access.problems import problem
from hub.business import forms
from hub.business.day import Day
from hub.business.late_fee import LateFeeRule
from hub.business.refusals import Refusal
from hub.composition.desk import Desk
from hub.composition.replies import Reply
from kiosk.hubclient import client as hubclient
from kiosk.hubclient.outcomes import Answer, NotSent, NotSentReason, Outcome, Unknown, UnknownReason
from kiosk.hubclient.sign_wire import SealKey
from kiosk.lanes.hub import HubLane
from kiosk.payment.effects import Effect
from tests.crash.card_hub import CardHub, Keys
from tests.crash.memory import Books, Conversation, MemoryShelf
from tests.crash.memory_billing import MemoryBilling
from tests.crash.memory_store import MemoryStore

TERMINAL = "T-1"
MOST_TURNS = 1000
"""A piece of the hub's work takes some dozens."""
RULE = LateFeeRule(per_mille_per_day=1, floor_fen=100)
_EARLY = re.compile("/quotes/|/routes/|/card-reads/|/identity-checks/")
_STEPS = re.compile("/card-writes/[^/]+(?:/macs/|/cryptograms/|$)|/card-reads/[^/]+/cryptograms/|/seal-key$")
"""Answers to these name no request: that an answer is for its own request, its signature says."""
Later = Callable[[float, Callable[[], None]], None]


@dataclass(frozen=True, slots=True)
class Answered:
    """A reply on the wire, as the kiosk's client reads it."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class Asked(BaseException):
    """Carries a request out of the client at the moment when it would go on the wire."""

    def __init__(
        self, method: str, path: str, body: bytes, kind: Any, expect: Mapping[str, object], s: float
    ) -> None:
        self.method, self.path, self.body, self.kind = method, path, body, kind
        self.expect, self.deadline_s = expect, s


class WireClient(hubclient.HubClient):
    """The kiosk's client with its two ends apart: first a request comes out, later its outcome goes in.

    Work that asks twice is begun anew with the first outcome, and comes to its second request.
    """

    outcomes: Sequence[Outcome[Any]] = ()

    def begin(self, heard: Sequence[Outcome[Any]]) -> None:
        """Begin work anew that has heard so much; what it asked for its seal it asks again."""
        self.outcomes = heard
        if heard and isinstance(heard[0], Answer) and isinstance(heard[0].body, SealKey):
            self._seal_key = None

    def _call(
        self, method: str, path: str, body: bytes, kind: Any, expect: Mapping[str, object], deadline_s: float
    ) -> Any:
        if not self.outcomes:
            raise Asked(method, path, body, kind, expect, deadline_s)
        outcome, *self.outcomes = self.outcomes
        return outcome


class WireLane(HubLane):
    """The kiosk's lane on a virtual clock, or several that share its work: so many calls at a time, in order."""

    def __init__(
        self,
        name: str,
        client: WireClient,
        tell: Any,
        done: Callable[[Effect], None],
        line: Line,
        calls: int = 1,
    ) -> None:
        super().__init__(name, client, tell)
        self.wire, self.done, self.line = client, done, line
        self.waiting: list[Effect] = []
        self.calls, self.under_way = calls, 0
        self.dead = False

    @property
    def busy(self) -> bool:
        return self.under_way > 0

    def put(self, effect: Effect) -> None:
        self.waiting.append(effect)
        self.line.later(0.001, self.next)

    def next(self) -> None:
        """Make the next call, unless as many as may be are under way."""
        if self.under_way >= self.calls or self.dead or not self.waiting:
            return
        self._go_on(self.waiting.pop(0), ())

    def _go_on(self, effect: Effect, heard: tuple[Outcome[Any], ...]) -> None:
        self.wire.begin(heard)
        try:
            self._call(effect)
        except Asked as asked:
            self.under_way += 1
            if self.line.send(asked, lambda outcome: self._end(effect, (*heard, outcome))):
                self.done(effect)

    def _end(self, effect: Effect, heard: tuple[Outcome[Any], ...]) -> None:
        if self.dead:
            return
        self.under_way -= 1
        self.line.later(0.001, self.next)
        self._go_on(effect, heard)


class Hub:
    """The hub: the real desk over books in memory; processes that die keep what is committed."""

    def __init__(self, books: Books, clock: Callable[[], datetime], keys: Keys | None = None) -> None:
        """`keys` are those of the meter cards, where the hub serves any."""
        self.books = books
        self.cards = CardHub(books, _billing, clock, keys) if keys is not None else None
        self.desk: Desk[Conversation] = Desk(
            MemoryShelf(books),
            MemoryStore,
            _billing,
            clock,
            Day(),
            "1",
            cards=self.cards.counter if self.cards else None,
        )

    def route(self, asked: Asked, terminal: str = TERMINAL) -> Coroutine[Any, Any, Any]:
        """The desk's work for a request; raises Refusal for what is not of the form."""
        if self.cards is not None:
            work = self.cards.route(terminal, asked.method, asked.path, asked.body, _form)
            if work is not None:
                return work
        kind, _, key = asked.path.removeprefix("/v1/").partition("/")
        desk = self.desk
        match asked.method, kind:
            case "GET", "status":
                return _plain(desk.status())
            case "GET", "accounts":
                return desk.account(key)
            case "GET", "meters":
                return desk.account_of_meter(key.removesuffix("/account"))
            case "GET", "references":
                return desk.reference(key)
            case "PUT", "quotes":
                return desk.quote(TERMINAL, key, _form(asked.body, forms.QuoteOrder))
            case "PUT", "payments":
                return desk.pay(TERMINAL, key, _form(asked.body, forms.PaymentOrder))
            case "PUT", "claims":
                return desk.claim(TERMINAL, key, _form(asked.body, forms.ClaimOrder))
            case "PUT", "reversals":
                return desk.reverse(TERMINAL, key, _form(asked.body, forms.ReversalOrder))
            case "PUT", "heartbeats":
                return desk.beat(TERMINAL, key, _form(asked.body, forms.HeartbeatOrder))
        raise Refusal("not_found", f"no resource {asked.path}")


def _billing(conversation: Conversation) -> MemoryBilling:
    return MemoryBilling(conversation, RULE)


async def _plain(value: Any) -> Any:
    return value


def _form(body: bytes, form: Any) -> Any:
    try:
        return msgspec.json.decode(body, type=form)
    except msgspec.DecodeError as error:
        raise Refusal("bad_request", str(error), field="body") from None


def _refused(refusal: Refusal) -> Answered:
    document = problem(refusal)
    return Answered(document.status, msgspec.json.encode(document))


def _answer(result: Any) -> Answered:
    if isinstance(result, Reply):
        return Answered(
            201 if result.new else 200, result.body, {} if result.new else {"Idempotency-Replayed": "true"}
        )
    body = result if isinstance(result, bytes) else msgspec.json.encode(result)
    return Answered(200, body)


@dataclass
class Line:
    """The network and the hub's processes; `bad` is the chance of each fault, 0 when healed."""

    rng: Random
    later: Later
    hub: Hub
    judged: Callable[[Asked, Answered], None]
    """Called for each answer that leaves the hub, before anything may lose it."""
    bad: float
    down: bool = False
    history: dict[str, dict[str, Answered]] = field(default_factory=dict)
    """The last answer on each path, by the kind of resource."""
    under_way: int = 0
    call: type[_Call] = field(init=False)

    def __post_init__(self) -> None:
        self.call = _Call

    def ask_hub(self, asked: Asked, terminal: str = TERMINAL) -> Answered:
        """A call over a good line, at once."""
        try:
            work = self.hub.route(asked, terminal)
            for _ in range(MOST_TURNS):
                work.send(None)
        except StopIteration as end:
            return _answer(end.value)
        except Refusal as refusal:
            return _refused(refusal)
        work.close()  # it waits for a row that somebody else holds
        return _refused(Refusal("hub_busy", "", retry_after_s=2))

    def send(self, asked: Asked, told: Callable[[Outcome[Any]], None]) -> bool:
        """One call: exactly one outcome is told before the deadline, whatever becomes of request and reply.

        Gives whether the request has left the kiosk; what becomes of it on the way is another matter.
        """
        bad = self.bad * _weight(asked)
        if self.down or self.rng.random() < bad / 2:
            self.later(0.01, lambda: told(NotSent(NotSentReason.REFUSED, "")))
            return False
        call = self.call(self, asked, told)
        self.later(asked.deadline_s, lambda: call.end(Unknown(UnknownReason.TIMEOUT, "")))
        luck = self.rng.random()
        if luck < bad:
            return True  # the request is lost
        self.later(self._delay(), call.arrive)
        if luck > 1 - self.bad / 2:
            self.later(
                self._delay() + self.rng.choice([0.0, 30.0, 300.0]), self.call(self, asked, None).arrive
            )
        return True

    def _delay(self) -> float:
        return self.rng.choice([0.01, 0.05, 0.4, 5.0, 25.0]) if self.rng.random() < self.bad else 0.02


def _weight(asked: Asked) -> float:
    """What is asked before money is in is spared most faults, so that money gets in; what a write asks, so that it
    comes to its end."""
    if asked.method == "GET" or _EARLY.search(asked.path):
        return 0.3
    if asked.path.endswith("/outcome"):
        return 2.0  # nobody waits for it
    return 0.15 if _STEPS.search(asked.path) else 1.0


@dataclass
class _Call:
    line: Line
    asked: Asked
    told: Callable[[Outcome[Any]], None] | None
    work: Coroutine[Any, Any, Any] | None = None

    @property
    def weight(self) -> float:
        return _weight(self.asked)

    def end(self, outcome: Outcome[Any]) -> None:
        told, self.told = self.told, None
        if told is not None:
            told(outcome)

    def arrive(self) -> None:
        line = self.line
        if line.rng.random() < line.bad / 4:
            self._reply(_refused(Refusal("hub_busy", "", retry_after_s=2)))
            return
        try:
            self.work = line.hub.route(self.asked)
        except Refusal as refusal:
            self._done(_refused(refusal))
            return
        line.under_way += 1
        self.go_on()

    def go_on(self) -> None:
        """Run the hub's work: mostly through, sometimes in pieces between which others come."""
        line, work = self.line, self.work
        assert work is not None
        dies = line.rng.random() < line.bad / 4
        pieces = line.rng.randrange(12) if dies or line.rng.random() < line.bad / 2 else 60
        try:
            for _ in range(pieces):
                work.send(None)
        except StopIteration as end:
            line.under_way -= 1
            self._done(_answer(end.value), lost=dies)
        except Refusal as refusal:
            line.under_way -= 1
            self._done(_refused(refusal))
        else:
            if dies:
                line.under_way -= 1
                work.close()
                self.end(Unknown(UnknownReason.BROKEN, "the hub died"))
            else:
                line.later(line.rng.choice([0.01, 0.3, 3.0]), self.go_on)

    def _done(self, answered: Answered, *, lost: bool = False) -> None:
        self.line.judged(self.asked, answered)
        if lost:
            self.end(Unknown(UnknownReason.BROKEN, "the hub died"))
        else:
            self._reply(answered)

    def _reply(self, answered: Answered) -> None:
        line = self.line
        path = self.asked.path
        known = line.history.setdefault(path.rpartition("/")[0], {})
        luck = line.rng.random()
        if luck < line.bad * 0.8 * self.weight:
            return  # the reply is lost
        others = (
            [told for other, told in known.items() if other != path]
            if luck < line.bad * 2 * self.weight and not _STEPS.search(path)
            else []
        )
        known[path] = answered
        if others:
            answered = line.rng.choice(others)  # what was meant for an earlier request
        line.later(line._delay(), lambda: self.end(self._meaning(answered)))

    def _meaning(self, answered: Answered) -> Outcome[Any]:
        reply: Any = answered
        return hubclient._meaning(reply, answered.body, self.asked.kind, self.asked.expect)
