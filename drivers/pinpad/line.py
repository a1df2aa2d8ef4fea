"""Questions and answers on a PIN pad's line: each has a number, so none is done twice and none answers another."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass

from drivers.errors import DeviceTimeout, ProtocolError
from drivers.pinpad.codec import Answer, Broken, Command, Control, Decoder, Event, Frame, Question
from drivers.transport import SerialTransport


@dataclass(frozen=True, slots=True)
class PinPadSettings:
    """Times in seconds, and the slots that this kiosk's banks use.

    `call` bounds every driver call as a whole, `test` that of the self test; `acknowledge` is how long a unit may take
    for its ACK, and `answer` for its answer after that, before the question is asked again under its number; `repeats`
    is how often a broken question or answer is, once the line was silent for `quiet`; `offline` is how long a unit may
    be silent before it counts as gone; `grace` is how much longer than its time an entry may last before the driver
    ends it. Without a master key in each of `slots` the health is `no_key`.
    """

    slots: tuple[int, ...] = (0,)
    call: float = 2.0
    test: float = 10.0
    acknowledge: float = 0.3
    answer: float = 1.0
    repeats: int = 3
    quiet: float = 0.05
    offline: float = 5.0
    grace: float = 3.0


class PinPadLine:
    """One unit's line. Deadlines are `time.monotonic()` instants; a unit that misses one raises DeviceTimeout.

    The first question on a line has the number 0, which a unit never takes for one that it has answered.
    """

    def __init__(self, transport: SerialTransport, settings: PinPadSettings) -> None:
        self.transport = transport
        self.settings = settings
        self.forget()

    def forget(self) -> None:
        """Begin anew, as on a line that was just opened."""
        self._decoder = Decoder()
        self._events: deque[Event] = deque()
        self._number = 0
        self._greeted = False
        self._heard_at = time.monotonic()

    @property
    def silent_s(self) -> float:
        """For how long no whole frame was heard."""
        return time.monotonic() - self._heard_at

    def ask(self, deadline: float, command: Command, data: bytes = b"") -> Answer:
        """The unit's answer, yes or no; ProtocolError when it stays broken, or the question does."""
        if not self._greeted:
            self._exchange(deadline, Question(0, Command.STATUS))
            self._greeted = True
        self._number = self._number % 255 + 1
        return self._exchange(deadline, Question(self._number, command, data))

    def _exchange(self, deadline: float, question: Question) -> Answer:
        self.transport.drop_input()
        self._decoder.clear()
        self._events.clear()
        broken = 0
        while broken <= self.settings.repeats:
            self.transport.write(question.to_bytes())
            heard = self._answer(deadline, question)
            if isinstance(heard, Answer):
                return heard
            broken += heard
        raise ProtocolError("no sound answer")

    def _answer(self, deadline: float, question: Question) -> Answer | bool:
        """The answer, or that the question must be asked again; True where something broken was the reason.

        After something broken the line is heard out: what is asked into the rest of an answer breaks the next one too.
        """
        until, broken = time.monotonic() + self.settings.acknowledge, False
        while True:
            match self._event(deadline, until):
                case None:
                    return broken
                case Control.ACK if not broken:
                    until = time.monotonic() + self.settings.answer
                case Frame(body) if len(body) >= Answer.HEAD:
                    self._heard_at = time.monotonic()
                    answer = Answer.read(body)
                    if (answer.number, answer.command) == (question.number, question.command):
                        return answer
                case Broken() | Control.NAK | Frame():
                    until, broken = time.monotonic() + self.settings.quiet, True

    def _event(self, deadline: float, until: float) -> Event | None:
        """The next event, None when none came until then and the line is quiet."""
        while not self._events:
            now = time.monotonic()
            if now >= deadline:
                raise DeviceTimeout("no answer in time")
            if now >= until:
                return None
            if data := self.transport.read(min(until, deadline)):
                self._events += self._decoder.feed(data)
                until = max(until, time.monotonic() + self.settings.quiet)
        return self._events.popleft()
