"""A card reader of a simulated kiosk, the cards in it, and the kiosk's own lane over both on virtual time.

What the lane, its writer and its client to the hub do is their own; here stands only what happens between two of their
commands: time passes, the card is pulled, the kiosk dies. A lane that waits lets the world go on meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from drivers.card.apdu import Command, Response
from drivers.errors import TransportError
from drivers.meter_card.writer import CpuCardWriter, WriterSettings
from kiosk.hubclient import client as hubclient
from kiosk.hubclient.outcomes import Outcome
from kiosk.lanes.authority import HubAuthority
from kiosk.lanes.card import REOPEN_S, SLOT, CardLane, Place
from kiosk.lanes.lane import Lane
from kiosk.payment.effects import Effect
from simulators.cards.card import CardCut, Cut, SimulatedCard
from simulators.cards.slot import CardSlot, Look, Pull
from simulators.cards.user_card import UserCard
from tests.crash.config import KEY
from tests.crash.coverage import Death
from tests.crash.home import LAYOUT, serial_of
from tests.crash.line import Asked

COMMAND_S = 0.02
UPDATE_BINARY = 0xD6


class Watched:
    """A card in a reader of the kiosk's; implements `SimulatedCard`. Everything that it is asked goes by here."""

    def __init__(self, world: Any, card: SimulatedCard, reader: Reader) -> None:
        self.world, self.card, self.reader = world, card, reader

    @property
    def atr(self) -> bytes:
        return self.card.atr

    def status(self) -> dict[str, Any]:
        return self.card.status()

    def reset(self) -> None:
        self.card.reset()

    def apdu(self, raw: bytes, cut: Cut | None = None, torn: int | None = None) -> bytes:
        """Answer one command, unless the card is out by then or the kiosk dies over it."""
        world, cards = self.world, self.world.cards
        kiosk = world.kiosk
        world.passes(COMMAND_S)
        if kiosk.dead:
            raise Death
        if self.reader.inside is not self:
            raise CardCut
        dies = cards.dies_at_command()
        if dies is not None:
            cut, torn = dies, world.rng.choice([None, world.rng.randrange(49)])
        self.reader.lane.reached()
        if dies is None:
            answer: bytes = self._asked(raw, cut, torn)
            return answer
        with suppress(CardCut):  # it stays in the reader
            self._asked(raw, cut, torn)
        world.note(f"the kiosk's power goes {dies} command {raw[:5].hex()}")
        kiosk.die()
        raise Death

    def _asked(self, raw: bytes, cut: Cut | None, torn: int | None) -> bytes:
        cards = self.world.cards
        before = dict(self.card.state.files) if isinstance(self.card, UserCard) else {}
        try:
            answer = self.card.apdu(raw, cut, torn)
            if raw[1] == UPDATE_BINARY and isinstance(self.card, UserCard) and cards.cell_is_weak():
                self._forgets(before, raw[2] & 0x1F)
        except CardCut:
            cards.judge.asked(self.card, raw, b"", before)
            raise
        cards.judge.asked(self.card, raw, answer, before)
        return answer

    def _forgets(self, before: Mapping[int, bytes], sfi: int) -> None:
        """The memory has said yes and kept only the first bytes."""
        assert isinstance(self.card, UserCard)
        kept = self.world.rng.randrange(9)
        self.card.state.files[sfi] = self.card.state.files[sfi][:kept] + before[sfi][kept:]
        self.world.note(f"a weak cell of file {sfi}: {kept} bytes are kept")


class Reader(CardSlot):
    """The kiosk's slot, or the contact of its dispenser; it outlives the process, and is unplugged now and then."""

    lane: CardPort
    """That of the kiosk that runs now."""

    def __init__(self, world: Any, *, at_slot: bool = True) -> None:
        super().__init__()
        self.world, self.at_slot = world, at_slot
        self.inside: Watched | None = None
        self.unplugged = False

    @property
    def card(self) -> SimulatedCard | None:
        """The card that stands in it."""
        return self.inside.card if self.inside else None

    def put_in(self, card: SimulatedCard, pull: Pull | None = None) -> None:
        """A customer puts a card in, or the dispenser's motor."""
        watched = Watched(self.world, card, self)
        super().insert(watched, pull)
        self.inside = watched
        if self.at_slot and isinstance(card, UserCard):
            self.world.cards.shown.add(serial_of(card))
        self.moved()

    def remove(self) -> None:
        """The card comes out."""
        super().remove()
        self.inside = None
        self.moved()

    def moved(self) -> None:
        """A card came or went, or the reader did: the kiosk's lane looks five times a second."""
        kiosk = getattr(self.world, "kiosk", None)
        if kiosk is not None and not kiosk.dead:
            self.lane.listen()

    def plugged(self) -> None:
        """Somebody puts the cable back."""
        self.unplugged = False
        self.moved()

    def open(self) -> None:
        self._plugged()

    def look(self) -> Look:
        self._plugged()
        return super().look()

    def connect(self) -> bytes:
        self._plugged()
        return super().connect()

    def exchange(self, command: Command, deadline: float = 0.0) -> Response:
        self._plugged()
        return super().exchange(command, deadline)

    def _plugged(self) -> None:
        if self.unplugged:
            self.connected = False
            raise TransportError("the reader is unplugged")


class WaitingClient(hubclient.HubClient):
    """The kiosk's client as a card's thread has it: it waits for the hub while the world goes on."""

    def __init__(self, world: Any, kiosk: Any, port: CardPort) -> None:
        super().__init__("http://127.0.0.1:1", "T-1", KEY)
        self._world, self._kiosk, self._port = world, kiosk, port

    def _call(
        self, method: str, path: str, body: bytes, kind: Any, expect: Mapping[str, object], deadline_s: float
    ) -> Any:
        heard: list[Outcome[Any]] = []
        asked = Asked(method, path, body, kind, expect, deadline_s)
        if self._world.line.send(asked, heard.append):
            self._port.reached()
        self._world.waits(lambda: bool(heard) or self._kiosk.dead)
        if self._kiosk.dead:
            raise Death
        return heard[0]


class Turns(Lane):
    """A lane that serves one effect after the other and lets the world go on meanwhile; `done` is told when an effect
    has reached what it is for."""

    def takes_turns(self, world: Any, done: Callable[[Effect], None]) -> None:
        """Begin with nothing to do."""
        self.world, self.done = world, done
        self.waiting: list[Effect] = []
        self.at: Effect | None = None
        self.busy = self.due = self.dead = False

    def put(self, effect: Effect) -> None:
        self.world.judge.ordered(effect)
        self.waiting.append(effect)
        self.world.later(0.001, self.next)

    def next(self) -> None:
        """Serve the next effect, unless one is being served."""
        if self.busy or self.dead or not self.waiting:
            return
        self.at, self.busy = self.waiting.pop(0), True
        try:
            self.serve(self.at)
            self.reached()
        except Death:
            return
        finally:
            self.busy = False
        self.world.later(0.001, self.next)
        self.listen()

    def reached(self) -> None:
        """The effect has got to where it goes, or came to nothing: dying from here on is dying after it."""
        effect, self.at = self.at, None
        if effect is not None and not self.dead:
            self.done(effect)
            if self.dead:
                raise Death

    def listen(self) -> None:
        """Look soon how things stand."""
        if not self.due and not self.dead:
            self.due = True
            self.world.later(self.world.rng.uniform(0.01, 0.2), self._look_in)

    def _look_in(self) -> None:
        self.due = False
        if self.dead or self.busy:
            return  # it looks again when it has served
        if self.round() == REOPEN_S and not self.due:
            self.due = True
            self.world.later(REOPEN_S, self._look_in)


class CardPort(Turns, CardLane):
    """The kiosk's own lane of a meter card in one of its readers."""

    def __init__(
        self,
        world: Any,
        kiosk: Any,
        reader: Reader,
        tell: Any,
        done: Callable[[Effect], None],
        place: Place = SLOT,
    ) -> None:
        cards = world.config.meter_card
        settings = WriterSettings(read=cards.read_s, write=cards.write_s, command=cards.command_s)
        writer = CpuCardWriter(reader, [LAYOUT], settings)
        super().__init__(writer, HubAuthority(WaitingClient(world, kiosk, self), [LAYOUT]), tell, place)
        self.takes_turns(world, done)
        reader.lane = self
