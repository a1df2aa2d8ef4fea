"""Questions and answers on a CCNET line, and how the host gets back in step when an answer comes late."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from drivers.cash import ccnet
from drivers.cash.ccnet import Broken, Command, Decoder, Frame
from drivers.errors import CommandRefused, DeviceTimeout, ProtocolError
from drivers.transport import SerialTransport

Answer = TypeVar("Answer")

# Questions whose answer, known by its length, answers nothing else: what is heard after it cannot be older than it.
_MARKS = {
    Command.IDENTIFICATION: ccnet.IDENTIFICATION_BYTES,
    Command.GET_BILL_TABLE: ccnet.BILL_TABLE_BYTES,
}


@dataclass(frozen=True, slots=True)
class CcnetSettings:
    """Times in seconds and what the unit at hand can do.

    `call` bounds every driver call as a whole; `quiet` is how long the line must be silent for a frame that has
    begun to count as cut short (the protocol says 5 ms between bytes, USB converters add up to 16); `free` is
    the silence kept after our ACK or NAK; `offline` is how long a unit may be silent before it counts as gone.
    """

    address: int = ccnet.VALIDATOR
    call: float = 1.0
    quiet: float = 0.05
    free: float = 0.02
    offline: float = 5.0
    repeats: int = 3
    has_counter: bool = True
    high_security: frozenset[int] = frozenset()


class CcnetLine:
    """One unit's line. `behind` says that an earlier question may be answered yet: what is heard may be old.

    Deadlines are `time.monotonic()` instants. A unit that says nothing until then raises DeviceTimeout.
    """

    def __init__(self, transport: SerialTransport, settings: CcnetSettings) -> None:
        self.transport = transport
        self.settings = settings
        self._decoder = Decoder()
        self._events: deque[Frame | Broken] = deque()
        self._free_at = 0.0
        self.forget()

    def forget(self) -> None:
        """Begin anew, as on a line that was just opened."""
        self.behind = False
        self._unanswered: dict[Command, float] = {}
        self._heard_at = time.monotonic()

    def deadline(self) -> float:
        """When a call that begins now must have ended."""
        return time.monotonic() + self.settings.call

    @property
    def silent_s(self) -> float:
        """For how long nothing was heard."""
        return time.monotonic() - self._heard_at

    def ask(self, deadline: float, command: Command, data: bytes = b"") -> bytes:
        """The payload of the unit's answer; asks a broken answer again a few times and never without end."""
        request = outgoing = bytes([command]) + data
        broken = b""
        if command is not Command.POLL:
            self._unanswered[command] = time.monotonic()
        for _ in range(1 + self.settings.repeats):
            self._send(outgoing, drop=True)
            event = self._receive(deadline)
            if isinstance(event, Broken):
                self._free_at = time.monotonic() + self.settings.free
                outgoing, broken = ccnet.NAK, event.data
            elif event.payload == ccnet.NAK:
                outgoing, broken = request, event.payload
            else:
                if not self.behind:
                    self._unanswered.clear()
                return event.payload
            # Both questions may be answered yet.
            self.behind = True
        raise ProtocolError(f"no sound answer to {command.name}", broken)

    def order(self, deadline: float, command: Command, data: bytes = b"") -> None:
        """Have the unit do something; CommandRefused when it cannot now, ProtocolError for a word that is no ACK."""
        answer = self._permitted(deadline, command, data)
        if answer != ccnet.ACK:
            self.behind = True
            raise ProtocolError(f"answer to {command.name} is no ACK", answer)

    def read(self, deadline: float, command: Command, parse: Callable[[bytes], Answer]) -> Answer:
        """What the unit answers to a question, acknowledged; CommandRefused when it cannot now."""
        if self.behind and not self.catch_up(deadline):
            raise DeviceTimeout(f"late answers may stand before the one to {command.name}")
        found = self.parsed(parse, self._permitted(deadline, command))
        if not self.behind:
            self.acknowledge()
        return found

    def parsed(self, parse: Callable[[bytes], Answer], answer: bytes) -> Answer:
        """Parse what was heard; a ProtocolError leaves the line behind."""
        try:
            return parse(answer)
        except ProtocolError:
            # It may have answered something else.
            self.behind = True
            raise

    def _permitted(self, deadline: float, command: Command, data: bytes = b"") -> bytes:
        answer = self.ask(deadline, command, data)
        if answer == ccnet.ILLEGAL:
            raise CommandRefused(f"{command.name} is not possible in the present state")
        return answer

    def acknowledge(self) -> None:
        """Tell the unit that its answer was heard."""
        self._send(ccnet.ACK)
        self._free_at = time.monotonic() + self.settings.free

    def catch_up(self, deadline: float) -> bool:
        """Put a question that marks the line, and drop the late answers before its own; whether that came.

        A late answer is only dropped: the unit was not told that it was heard, and says again what must be heard.
        """
        now = time.monotonic()
        self._unanswered = {
            command: at for command, at in self._unanswered.items() if now - at < self.settings.offline
        }
        mark = next((mark for mark in _MARKS if mark not in self._unanswered), None)
        if mark is None:
            return False
        may_be_refused = not self._unanswered
        self._unanswered[mark] = now
        self._send(bytes([mark]), drop=True)
        try:
            while True:
                event = self._receive(deadline)
                if isinstance(event, Broken):
                    continue
                if event.payload == ccnet.ILLEGAL and not may_be_refused:
                    return False
                if event.payload == ccnet.ILLEGAL or len(event.payload) == _MARKS[mark]:
                    break
        except DeviceTimeout:
            return False
        if event.payload != ccnet.ILLEGAL:
            self.acknowledge()
        self.behind = False
        self._unanswered.clear()
        return True

    def _strike_off(self, answer: bytes) -> None:
        """A mark's answer was heard: nothing asked before it is answered any more."""
        for mark, length in _MARKS.items():
            if mark in self._unanswered and len(answer) == length:
                asked_at = self._unanswered[mark]
                self._unanswered = {c: at for c, at in self._unanswered.items() if at > asked_at}

    def _send(self, payload: bytes, *, drop: bool = False) -> None:
        time.sleep(max(0.0, self._free_at - time.monotonic()))
        if drop:
            # What came late belongs to an earlier command and must not be read as this one's answer.
            self.transport.drop_input()
            self._decoder.clear()
            self._events.clear()
        self.transport.write(Frame(self.settings.address, payload).to_bytes())

    def _receive(self, deadline: float) -> Frame | Broken:
        """The first whole frame from our unit; a Broken one if the line fell silent after it."""
        broken: Broken | None = None
        while time.monotonic() < deadline:
            silent = False
            if not self._events:
                wait = self.settings.quiet if broken or self._decoder.pending else self.settings.call
                data = self.transport.read(min(deadline, time.monotonic() + wait))
                self._events += self._decoder.feed(data) if data else self._decoder.flush()
                silent = not data
            while self._events:
                event = self._events.popleft()
                if isinstance(event, Frame) and event.address == self.settings.address:
                    self._heard_at = time.monotonic()
                    self._strike_off(event.payload)
                    return event
                if isinstance(event, Broken) and event.whole:
                    broken = event
            if broken and silent:
                return broken
        self.behind = True
        raise DeviceTimeout(f"no answer within {self.settings.call} s")
