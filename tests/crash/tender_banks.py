"""Two banks with their own books and MAC schemes, and lines to them that lose, delay, repeat and spoil answers."""

from __future__ import annotations

import asyncio
from random import Random
from typing import Any

from drivers.bank.elements import pin_block
from drivers.bank.frame import Decoder, Frame, Wanted
from drivers.bank.mac import encrypt
from drivers.bank.message import decode
from drivers.bank.working_keys import unwrap
from drivers.errors import ProtocolError
from drivers.security.bench_keys import bank_key
from hub.business.acquirers import Acquirer, CardRange
from hub.business.tender_forms import Title
from hub.composition.bank_line import Evidence, Key, NoAnswer, NotSent
from simulators.banks.answers import spoilt
from simulators.banks.bank import Bank, Settings, kind_of
from simulators.banks.books import Books
from simulators.banks.cards import RANGES, Card, bench_cards
from simulators.banks.faults import Fault

TIDS = {"bank_a": "90000001", "bank_b": "80000001"}
MERCHANT = "104440000000001"
SCHEMES = {"bank_a": ("ecb_up", False), "bank_b": ("x919", True)}
SPOILT = ("break_mac", "break_mac", "wrong_amount", "garbage", "other_stan", "ask_sign_on", "twice")
DECLINES = ("51", "05", "96", "68", "98", "A0", "77", "04", "55")


def acquirers() -> tuple[Acquirer, ...]:
    """The two banks as the hub's settings have them; the second asks for no PIN."""
    return tuple(
        Acquirer(
            name=name,
            title=Title("示例银行", name),
            host="",
            port=1,
            merchant_no=MERCHANT,
            tpdu=bytes.fromhex("6000030000"),
            header="603100000000",
            mac=scheme,
            double_mak=double,
            ranges=(CardRange(RANGES[name]),),
            pin=name == "bank_a",
            answer_s=30.0,
            echo_every_s=1e6,
            reversal_first_s=20.0,
            reversal_most_s=60.0,
        )
        for name, (scheme, double) in SCHEMES.items()
    )


def cards_of(name: str) -> tuple[Card, ...]:
    """What customers of a bank carry: mostly a good card, and one without money."""
    cards = bench_cards(name)
    if name == "bank_b":
        return (cards["no_pin"],)
    return cards["plain"], cards["second"], cards["poor"]


class House:
    """The two banks, which outlive every process of the hub's."""

    def __init__(self, world: Any) -> None:
        self.world = world
        self.rng = Random(world.rng.random())
        self.banks: dict[str, Bank] = {}
        for name, (scheme, double) in SCHEMES.items():
            settings = Settings(name, scheme, double, MERCHANT, {}, tuple(bench_cards(name).values()))
            self.banks[name] = Bank(settings, Books(), world.hub_clock)
        self.away: set[str] = set()
        self.bad_answers: set[tuple[str, str]] = set()
        """Bank and trace number of the sales whose answer went out as nothing vouches for it."""

    @property
    def bad(self) -> float:
        return float(self.world.bad)

    def sales(self, name: str) -> list[dict[str, Any]]:
        """All that a bank's books hold of sales."""
        return self.banks[name].books.rows("SELECT * FROM business WHERE kind = 'sale' ORDER BY id")

    def misfortune(self) -> None:
        """A bank takes no connection for a while, or forgets the keys of our terminal."""
        name = self.rng.choice(sorted(self.banks))
        if self.rng.random() < 0.5:
            self.away.add(name)
            self.world.note(f"{name} is away")
            self.world.later(self.rng.choice([3.0, 40.0, 200.0]), lambda: self.away.discard(name))
        else:
            self.world.note(f"{name} forgets our keys")
            self.banks[name].books.sign_off(TIDS[name])

    def pin_block(self, name: str, wrapped: str, card: Card) -> bytes:
        """What the kiosk's PIN pad makes of the customer's PIN under the key that it was given."""
        pik = unwrap(bank_key(name, TIDS[name]), bytes.fromhex(wrapped))
        return encrypt(pik, pin_block(card.pin, card.pan))


class MemoryLine:
    """The line of one process to one bank, in place of `BankLine`: the same promises, no socket."""

    def __init__(self, house: House, name: str, evidence: Evidence) -> None:
        self.house, self.name, self._evidence = house, name, evidence
        self._waiting: dict[Key, asyncio.Future[Frame]] = {}

    async def exchange(self, message: bytes, key: Key, deadline: float) -> Frame:
        """As the real one: NotSent only if the bank never gets it, NoAnswer whenever nobody knows."""
        loop, rng, bad = asyncio.get_running_loop(), self.house.rng, self.house.bad
        await asyncio.sleep(0)
        if self.name in self.house.away or rng.random() < bad / 3:
            raise NotSent("no connection")
        if loop.time() >= deadline:
            raise NotSent("the time was over")
        if key in self._waiting:
            raise NotSent("awaited already")
        answer: asyncio.Future[Frame] = loop.create_future()
        self._waiting[key] = answer
        self.house.world.note(f"{self.name} gets {key.mti} {key.stan}")
        try:
            self._travels(loop, Frame(*_parts(message)), answer)
            async with asyncio.timeout_at(deadline):
                return await answer
        except TimeoutError:
            raise NoAnswer("the bank did not answer in time") from None
        finally:
            del self._waiting[key]

    def _travels(self, loop: Any, frame: Frame, answer: asyncio.Future[Frame]) -> None:
        rng, bad = self.house.rng, self.house.bad
        luck = rng.random()
        if luck < bad / 4:
            return  # it is lost, or the bank is silent
        if luck < bad / 3:
            loop.call_later(0.1, _break, answer)
            return
        # What is on the wire goes on, whatever becomes of the process that sent it.
        self.house.world.later(self._delay(), lambda: self._arrives(loop, frame, answer))

    def _delay(self) -> float:
        rng, bad = self.house.rng, self.house.bad
        return rng.choice([0.05, 1.0, 12.0, 29.0]) if rng.random() < bad else 0.05

    def _arrives(self, loop: Any, frame: Frame, answer: asyncio.Future[Frame]) -> None:
        rng, bad, bank = self.house.rng, self.house.bad, self.house.banks[self.name]
        kind = kind_of(decode(frame.body))
        forced = rng.choice(DECLINES) if kind == "sale" and rng.random() < bad / 3 else ""
        if kind == "reversal" and rng.random() < bad:
            forced = rng.choice(["96", "A0", "98"])
        reply = bank.handle(frame.body, forced=forced)
        self.house.world.note(f"{self.name} answers {kind} {reply.message.get(11)}: {reply.message.get(39)}")
        luck = rng.random()
        if luck < bad / 3:
            return  # the answer is lost
        if luck < bad / 2:
            if not loop.dead:
                loop.call_soon(_break, answer)
            return
        name: Any = rng.choice(SPOILT) if rng.random() < bad * (0.9 if kind == "sale" else 0.4) else "none"
        if kind == "sale" and name in {"break_mac", "wrong_amount", "garbage", "other_stan"}:
            self.house.bad_answers.add((self.name, reply.message.get(11)))
        data = spoilt(bank, frame, reply, Fault(name, "any", "", None))
        late = rng.choice([20.0, 45.0, 90.0]) if rng.random() < bad / 3 else self._delay()
        self.house.world.later(late, lambda: self._heard(loop, data))

    def _heard(self, loop: Any, data: bytes) -> None:
        if loop.dead:
            return
        try:
            frames = list(Decoder().feed(data))
        except ProtocolError:
            for answer in self._waiting.values():
                loop.call_soon(_break, answer)
            return
        for frame in frames:
            try:
                message = decode(frame.body)
            except ProtocolError:
                message = None
            waits = None
            if message is not None:
                waits = self._waiting.get(Key(message.get(41), message.mti, message.get(11)))
            if waits is None or waits.done():
                loop.create_task(self._evidence(frame, message))
            else:
                waits.set_result(frame)


def _break(answer: asyncio.Future[Frame]) -> None:
    if not answer.done():
        answer.set_exception(NoAnswer("the line broke before the bank answered"))


def _parts(data: bytes) -> tuple[bytes, str, bytes]:
    [frame] = Decoder().feed(data)
    return frame.tpdu, frame.header, frame.body


__all__ = ["TIDS", "House", "MemoryLine", "Wanted", "acquirers", "cards_of"]
