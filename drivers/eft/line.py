"""Requests and replies on a terminal box's line: acknowledged, asked again when broken, and never money twice.

A box answers in the order in which it is asked, and says a reply again until it is acknowledged, before it hears
anything else. So a status with a number of its own, made up for this one question, is a mark: what comes before its
answer is old, and a request that was not acknowledged before it was not taken if nothing came of it by then.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field

from drivers.eft import codec
from drivers.eft.codec import EftLetters, Reply, Request
from drivers.eft.frame import Broken, Decoder, Event, Frame, Signal, to_bytes
from drivers.errors import DeviceTimeout, ProtocolError
from drivers.transport import SerialTransport


@dataclass(frozen=True, slots=True)
class EftSettings:
    """Times in seconds; `operator` is ours at the box; `utc_offset_min` is how far the box's clock is ahead of UTC.

    `status`, `last`, `sale`, `void`, `sign_on` and `settlement` bound these calls as a whole, without the status that
    stands before each of them; a sale has the time in which a customer finds his card and types his PIN. `acknowledge`
    is how long the box may take for its ACK, `quiet` how long the line must be silent for a frame that has begun to
    count as cut short; `repeats` is how often something broken is sent again.
    """

    status: float = 3.0
    last: float = 5.0
    sale: float = 120.0
    void: float = 60.0
    sign_on: float = 30.0
    settlement: float = 60.0
    acknowledge: float = 1.0
    quiet: float = 0.2
    repeats: int = 3
    operator: str = "1"
    utc_offset_min: int = 480
    letters: EftLetters = field(default=codec.LETTERS)


class Unheard(Exception):  # noqa: N818 - not an error before its cause is known
    """No ACK came for a request. It was taken or it was not."""


class EftLine:
    """One box's line. Deadlines are `time.monotonic()` instants; a box that misses one raises DeviceTimeout."""

    def __init__(self, transport: SerialTransport, settings: EftSettings) -> None:
        self.transport = transport
        self.settings = settings
        self._decoder = Decoder()
        self._events: deque[Event] = deque()

    def ask(self, request: Request, deadline: float, *also: Request) -> Reply:
        """The reply to a request that moves no money: said again until the box takes it, `repeats` times at most.

        The reply to one of `also`, which were said before, counts as well. ProtocolError when the box does not take
        the request or a reply cannot be understood.
        """
        for _ in range(1 + self.settings.repeats):
            try:
                return self.say(request, deadline, *also)
            except Unheard:
                continue
        raise ProtocolError("the box does not take the request")

    def say(self, request: Request, deadline: float, *also: Request) -> Reply:
        """Say a request once, and see it through to its reply; Unheard when it is not acknowledged in time."""
        self.transport.drop_input()
        self._decoder.clear()
        self._events.clear()
        self.transport.write(to_bytes(request.to_bytes()))
        return self.hear((request, *also), deadline, acknowledged=False)

    def hear(self, requests: tuple[Request, ...], deadline: float, *, acknowledged: bool = True) -> Reply:
        """Wait for the reply to one of these. What answers something else is acknowledged and dropped."""
        broken = 0
        heard_by = time.monotonic() + self.settings.acknowledge
        while True:
            event = self._receive(deadline if acknowledged else min(deadline, heard_by))
            if event is None and not acknowledged and time.monotonic() < deadline:
                raise Unheard
            if event is None:
                raise DeviceTimeout("no reply in time")
            if isinstance(event, Frame):
                self._signal(Signal.ACK)
                for request in requests:
                    reply = self._reply(event, request)
                    if reply is not None:
                        return reply
            elif isinstance(event, Broken):
                broken += 1
                if broken > self.settings.repeats:
                    raise ProtocolError("no sound reply")
                self._signal(Signal.NAK)
            elif event is Signal.ACK:
                acknowledged = True
            elif not acknowledged:
                raise Unheard

    def _reply(self, frame: Frame, request: Request) -> Reply | None:
        """What a frame says if it answers the request.

        A frame of another type is none of ours, whatever it holds; one of our own that makes no sense is an error.
        """
        if frame.data[39:40] != request.type.encode("ascii"):
            return None
        settings = self.settings
        reply = codec.parse_reply(frame.data, settings.letters, settings.utc_offset_min)
        return reply if reply.answers(request) else None

    def _signal(self, signal: Signal) -> None:
        self.transport.write(bytes([signal]))

    def _receive(self, until: float) -> Event | None:
        """The next event; a frame that broke is told once the line fell silent behind it. None when time is up."""
        broken: Broken | None = None
        while True:
            while self._events:
                event = self._events.popleft()
                if isinstance(event, Broken):
                    broken = event
                elif isinstance(event, Frame) or broken is None:
                    return event
            now = time.monotonic()
            if now >= until:
                return None
            waits = broken is not None or self._decoder.pending > 0
            data = self.transport.read(min(until, now + self.settings.quiet) if waits else until)
            if data:
                self._events += self._decoder.feed(data)
            elif broken is not None:
                return broken
            else:
                self._events += self._decoder.flush()
