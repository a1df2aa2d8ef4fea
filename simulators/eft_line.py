"""A terminal box's side of its line: requests one after another, replies said again until they are acknowledged."""

from __future__ import annotations

from asyncio import TimerHandle
from collections import deque
from collections.abc import Callable
from functools import partial

from drivers.eft.codec import Request, parse_request
from drivers.eft.frame import Broken, Decoder, Frame, Signal, to_bytes
from drivers.errors import ProtocolError
from simulators.far_end import ControlError, FarEnd, Reply

SAY_AGAIN = 1.0
BYTE_GAP = 0.2
"""The protocol's own, never divided."""
SAYINGS = 3
DRAWL = 0.15
FAULTS = ("nak", "nak_and_take", "lose_ack", "swallow", "drop", "lrc_break", "twice", "drawl")


class EftLineEnd(FarEnd):
    """A subclass gives `execute`, and calls `answer` once for each request when it is done with it.

    What comes meanwhile is kept and taken in its turn, as a box does whose port fills a buffer while it is busy.
    """

    def __init__(self, speed: float) -> None:
        super().__init__(speed)
        self.powered = True
        self.swallowed = self.naks = 0
        self.reset_line()

    def reset_line(self) -> None:
        """Forget all that was on the line, and the faults that were ordered."""
        self._decoder = Decoder()
        self._inbox: deque[Request] = deque()
        self.at: Request | None = None
        self._unheard = b""
        self._said = 0
        self._heard: Callable[[], None] | None = None
        self._timers: dict[str, TimerHandle] = {}
        self._faults: dict[str, tuple[int, str]] = {}

    def execute(self, request: Request) -> None:
        """Begin a request."""
        raise NotImplementedError

    def at_once(self, request: Request) -> bytes | None:
        """The answer to what can be told in the middle of a transaction; None for all that has to wait."""
        raise NotImplementedError

    def received(self, data: bytes) -> None:
        """Take what the kiosk says."""
        if not self.powered:
            return
        self._timer("gap", None)
        for event in self._decoder.feed(data):
            if isinstance(event, Frame):
                self._requested(event)
            elif isinstance(event, Broken):
                self.send(bytes([Signal.NAK]))
            elif self._unheard and event is Signal.ACK:
                self._acknowledged()
            elif self._unheard:
                self.naks += 1
                self._say()
        if self._decoder.pending:
            self._timer("gap", self.after_real(BYTE_GAP, self._cut_short))

    def _cut_short(self) -> None:
        self._decoder.clear()
        self.send(bytes([Signal.NAK]))

    def _requested(self, frame: Frame) -> None:
        try:
            request = parse_request(frame.data)
        except ProtocolError:
            self.send(bytes([Signal.NAK]))
            return
        if self.due("nak", request.type):
            self.send(bytes([Signal.NAK]))
            return
        if self.due("nak_and_take", request.type):
            self.send(bytes([Signal.NAK]))
        elif not self.due("lose_ack", request.type):
            self.send(bytes([Signal.ACK]))
        if self.due("swallow", request.type):
            self.swallowed += 1
            return
        now = self.at_once(request) if self.at is not None and not self._unheard else None
        if now is not None:
            self.send(to_bytes(now))
            return
        self._inbox.append(request)
        self.work()

    def work(self) -> None:
        """Begin the next request if nothing is under way."""
        if self.at is None and self._inbox:
            self.at = self._inbox.popleft()
            self.execute(self.at)

    def answer(self, text: bytes, heard: Callable[[], None] | None = None) -> None:
        """Reply to the request at hand; `heard` is called when the kiosk has acknowledged it."""
        if self.due("drop"):
            self._next_one()
            return
        self._unheard, self._said, self._heard = to_bytes(text), 0, heard
        self._say()

    def _say(self) -> None:
        if self._said == SAYINGS:
            self._next_one()
            return
        self._said += 1
        wire = self._unheard
        if self.due("drawl"):
            for place in range(len(wire)):
                self.after_real(place * DRAWL, partial(self.send, wire[place : place + 1]))
            return
        if self.due("lrc_break"):
            wire = wire[:-1] + bytes([wire[-1] ^ 0x55])
        for _ in range(1 + self.due("twice")):
            self.send(wire)
        self._timer("again", self.after_real(SAY_AGAIN, self._say))

    def _acknowledged(self) -> None:
        heard = self._heard
        self._next_one()
        if heard is not None:
            heard()

    def _next_one(self) -> None:
        self._timer("again", None)
        self._unheard, self._heard, self.at = b"", None, None
        self.work()

    def _timer(self, name: str, timer: TimerHandle | None) -> None:
        before = self._timers.pop(name, None)
        if before is not None:
            before.cancel()
        if timer is not None:
            self._timers[name] = timer

    def lose_power(self) -> None:
        """All that stood on the line is gone; orders for later stay."""
        for name in list(self._timers):
            self._timer(name, None)
        orders = self._faults
        self.reset_line()
        self._faults = orders
        self.powered = False

    def due(self, fault: str, letter: str = "") -> bool:
        """Whether this fault was ordered for a request of this type, by default the one at hand, counting it off."""
        times, only = self._faults.get(fault, (0, ""))
        letter = letter or (self.at.type if self.at else "")
        if times <= 0 or letter not in (only or letter):
            return False
        self._faults[fault] = (times - 1, only)
        return True

    def do_fault(self, what: str, next: int = 1, only: str = "") -> Reply:  # noqa: A002 - the control protocol's word
        """Let a fault of the line come so many times, with requests of these types `only` or with any.

        nak             answer a request with NAK, as if it had come in broken
        nak_and_take    take a request with an ACK that the line turns into a NAK
        lose_ack        take a request without acknowledging it
        swallow         acknowledge a request and forget it
        drop            do what was asked and never say what came of it
        lrc_break       say a reply with a wrong check byte
        twice           say a reply twice
        drawl           say a reply byte by byte, so slowly that it takes half a minute
        """
        if what not in FAULTS:
            raise ControlError(f"no such fault; there are {list(FAULTS)}")
        self._faults[what] = (next, only)
        return {}
