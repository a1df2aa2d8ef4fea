"""Questions and answers on a card unit's line: acknowledged, asked again when broken, in step again when late."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass

from drivers.card.frame import Answer, Broken, Control, Decoder, Dialect, Event, Frame, Question
from drivers.errors import DeviceTimeout, ProtocolError
from drivers.transport import SerialTransport


@dataclass(frozen=True, slots=True)
class CardLineSettings:
    """Times in seconds.

    `call` bounds every driver call that moves nothing as a whole, `move` every call that moves a card; `acknowledge`
    is how long a unit that is enquired may take for its ACK before the command, not yet begun, is sent again; `quiet`
    is how long the line must be silent for a frame that has begun to count as cut short; `offline` is how long a unit
    may be silent before it counts as gone, and how late an answer can come; `repeats` is how often a broken
    command or answer is sent again.
    """

    address: int = 0
    call: float = 2.0
    move: float = 10.0
    acknowledge: float = 0.5
    quiet: float = 0.05
    offline: float = 5.0
    repeats: int = 3


class CardLine:
    """One unit's line. Deadlines are `time.monotonic()` instants; a unit that misses one raises DeviceTimeout.

    After that the unit may answer yet. The line is then `behind`: before the next question it asks one whose answer
    cannot be mistaken, and drops all that comes before that answer, for a unit answers in the order it is asked.
    """

    def __init__(self, transport: SerialTransport, dialect: Dialect, settings: CardLineSettings) -> None:
        self.transport = transport
        self.settings = settings
        self._dialect = dialect
        self._decoder = Decoder(dialect.framing)
        self._events: deque[Event] = deque()
        self.forget()

    def forget(self) -> None:
        """Begin anew, as on a line that was just opened."""
        self.behind = False
        self._owed: dict[tuple[int, int], float] = {}
        self._heard_at = time.monotonic()

    def deadline(self, *, moving: bool = False) -> float:
        """When a call that begins now must have ended."""
        return time.monotonic() + (self.settings.move if moving else self.settings.call)

    @property
    def silent_s(self) -> float:
        """For how long no whole frame was heard."""
        return time.monotonic() - self._heard_at

    def ask(self, deadline: float, question: Question) -> Answer:
        """The unit's answer, yes or no.

        ProtocolError when it cannot be understood, or the unit does not take the question, after all repetitions.
        """
        if self.behind:
            self._catch_up(deadline)
        return self._exchange(deadline, question)

    def _catch_up(self, deadline: float) -> None:
        now = time.monotonic()
        self._owed = {key: at for key, at in self._owed.items() if now - at < self.settings.offline}
        marks = (mark for mark in self._dialect.marks if (mark.command, mark.parameter) not in self._owed)
        mark = next(marks, None)
        if mark is None:
            raise DeviceTimeout("late answers may come yet")
        self._exchange(deadline, mark)
        self.behind = False
        self._owed.clear()

    def _exchange(self, deadline: float, question: Question) -> Answer:
        key = (question.command, question.parameter)
        self._owed[key] = time.monotonic()
        was_behind, self.behind = self.behind, True
        answer = self._answer(deadline, question)
        self._put(Control.ACK)
        self.behind = was_behind
        del self._owed[key]
        return answer

    def _answer(self, deadline: float, question: Question) -> Answer:
        """Send the question and see it through; every way out but the answer leaves the line behind."""
        frame = Frame(self._dialect.text(question), self.settings.address)
        command, enquires = self._dialect.framing.to_bytes(frame), self._dialect.enquires
        acknowledged = False
        outgoing: bytes | Control = command
        for _ in range(1 + self.settings.repeats):
            self._send(outgoing)
            while True:
                event = self._receive(deadline, patient=acknowledged or not enquires)
                if isinstance(event, Frame):
                    answer = self._dialect.answer(event.text)
                    if answer.answers(question):
                        return answer
                elif event is Control.ACK and not acknowledged:
                    acknowledged = True
                    if enquires:
                        self._put(Control.ENQ)
                elif not isinstance(event, Control) or self._is_refusal(event, acknowledged):
                    break
            # What has not been enquired was not begun, so it may be said twice; an answer is asked for again.
            if event is Control.EOT and not enquires:
                break
            asks_again = isinstance(event, Broken) and (acknowledged or not enquires)
            outgoing = Control.NAK if asks_again else command
        raise ProtocolError("no sound answer", event.data if isinstance(event, Broken) else b"")

    @staticmethod
    def _is_refusal(event: Control, acknowledged: bool) -> bool:
        """Whether the unit does not take the command. EOT may also be an ACK with one bit turned over."""
        return not acknowledged and event in (Control.NAK, Control.EOT)

    def _send(self, outgoing: bytes | Control) -> None:
        """Say it on a cleared line: what came late belongs to an earlier question."""
        self.transport.drop_input()
        self._decoder.clear()
        self._events.clear()
        self._put(outgoing)

    def _put(self, outgoing: bytes | Control) -> None:
        self.transport.write(bytes([outgoing]) if isinstance(outgoing, Control) else outgoing)

    def _receive(self, deadline: float, *, patient: bool) -> Event | None:
        """The first sound event; Broken once the line fell silent after one; None if an ACK is overdue."""
        until = deadline if patient else min(deadline, time.monotonic() + self.settings.acknowledge)
        broken: Broken | None = None
        while True:
            while self._events:
                event = self._events.popleft()
                if isinstance(event, Broken):
                    broken = broken or event
                elif isinstance(event, Control) and broken is None:
                    return event
                elif isinstance(event, Frame) and event.address == self.settings.address:
                    self._heard_at = time.monotonic()
                    return event
            now = time.monotonic()
            if now >= deadline:
                raise DeviceTimeout("no answer in time")
            if now >= until:
                return None
            wait = self.settings.quiet if broken or self._decoder.pending else self.settings.move
            data = self.transport.read(min(until, now + wait))
            self._events += self._decoder.feed(data) if data else self._decoder.flush()
            if broken and not data and not self._events:
                return broken
