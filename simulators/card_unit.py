"""What the far ends of card units share: commands taken and answered on the line, moves that can go wrong, power."""

from __future__ import annotations

import time
from asyncio import TimerHandle
from collections import Counter, deque
from collections.abc import Callable, Mapping
from pathlib import Path

from drivers.card.frame import Broken, Control, Decoder, Event, Frame, Framing
from simulators.chip_slot import ChipSlot
from simulators.far_end import ControlError, FarEnd, Reply

BYTE_GAP = 0.05
"""The protocol's own, never divided: a command cut short is forgotten after it."""


class CardUnit(FarEnd):
    """A unit that carries one card. A subclass gives `execute` and the places; its moves are named in `STEPS`.

    A move goes to its middle, where an order may let it jam, stand still or lose the power, and then to its end.
    """

    STEPS: tuple[str, ...] = ()

    def __init__(self, speed: float, framing: Framing, *, enquires: bool, chip_control: Path | None) -> None:
        super().__init__(speed)
        self.chip = ChipSlot(chip_control)
        self._framing = framing
        self._enquires = enquires
        self._decoder = Decoder(framing)
        self._timer: TimerHandle | None = None
        self._frozen: Callable[[], None] | None = None
        self.fresh()

    def fresh(self) -> None:
        """Be a unit from the factory that was just powered up; a subclass adds what is its own."""
        self.powered = True
        self.jammed = False
        self.step = ""
        self.log: deque[dict[str, object]] = deque(maxlen=1000)
        self.totals: Counter[str] = Counter()
        self._heard_at = 0.0
        self._inbox: deque[Event] = deque()
        self._command: Frame | None = None
        self._owes_answer = False
        self._last_sent = b""
        self._at: dict[str, str] = {}
        self._next: Counter[str] = Counter()

    # What a subclass gives.

    def execute(self, text: bytes) -> bytes | None:
        """Carry out a command; its answer, or None when that follows from `finish` at the end of a move."""
        raise NotImplementedError

    def stuck(self) -> None:
        """The move under way has jammed in its middle."""
        raise NotImplementedError

    def power_lost(self) -> None:
        """Leave the card where it stands without power, and forget what does not outlast it."""
        raise NotImplementedError

    # The line.

    def received(self, data: bytes) -> None:
        """Take each command; what comes during a commanded move waits for its end."""
        if not self.powered:
            return
        now = time.monotonic()
        if now - self._heard_at > BYTE_GAP:
            self._decoder.clear()
        self._heard_at = now
        self._inbox += self._decoder.feed(data)
        self._work()

    def _work(self) -> None:
        while self._inbox and not self._owes_answer:
            event = self._inbox.popleft()
            if isinstance(event, Frame):
                self._commanded(event)
            elif isinstance(event, Broken):
                self._signal(Control.NAK)
            elif event is Control.ENQ and self._command is not None:
                command, self._command = self._command, None
                self._begin(command)
            elif event is Control.NAK:
                self._transmit(self._last_sent)

    def _commanded(self, frame: Frame) -> None:
        if frame.address != 0:
            return
        if self._due("nak"):
            self._signal(Control.NAK)
            return
        if self._due("cancel"):
            self._signal(Control.EOT)
            return
        if not self._due("lose_ack"):
            self._signal(Control.ACK)
        if self._enquires:
            self._command = frame
        else:
            self._begin(frame)

    def _begin(self, frame: Frame) -> None:
        self._owes_answer = True
        text = self.execute(frame.text)
        if text is not None:
            self.finish(text)

    def finish(self, text: bytes) -> None:
        """Give the answer that is owed, if one is, and go on with what came meanwhile."""
        if not self._owes_answer:
            return
        self._owes_answer = False
        self._last_sent = self._framing.to_bytes(Frame(text))
        for _ in range(1 + self._due("twice")):
            self._transmit(self._last_sent)
        self._work()

    def _transmit(self, wire: bytes) -> None:
        if wire and self._due("bcc_break"):
            wire = wire[:-1] + bytes([wire[-1] ^ 0x55])
        self.send(wire)

    def _signal(self, control: Control) -> None:
        self.send(bytes([control]))

    def _due(self, fault: str) -> bool:
        if self._next[fault] <= 0:
            return False
        self._next[fault] -= 1
        return True

    # The mechanics.

    @property
    def moving(self) -> bool:
        """Whether a card is under way, or stands still in the middle of it."""
        return bool(self.step)

    def travel(self, step: str, seconds: float, then: Callable[[], None]) -> None:
        """Move a card: to the middle, then to the end and `then`. The chip loses its contact first."""
        self.step = step

        def begin() -> None:
            if self.step == step:
                self._wait(seconds / 2, lambda: self._midway(step, seconds / 2, then))

        self.chip.pull(begin)

    def _wait(self, seconds: float, then: Callable[[], None]) -> None:
        if self.powered:
            self._timer = self.after(seconds, then)

    def _midway(self, step: str, seconds: float, then: Callable[[], None]) -> None:
        self.halfway(step)
        what = self._at.pop(step, "") or ("jam" if self.jammed else "")
        if what == "cut":
            self._power_cut()
        elif what == "freeze":
            self._frozen = lambda: self._wait(seconds, lambda: self._end(then))
            self.note("frozen_" + step)
        elif what == "jam":
            self.jammed = True
            self._wait(seconds, lambda: self._end(self.stuck))
        else:
            self._wait(seconds, lambda: self._end(then))

    def halfway(self, step: str) -> None:
        """A subclass says where the card is seen now."""

    def _end(self, then: Callable[[], None]) -> None:
        self._timer = None
        self.step = ""
        then()

    def settle(self, card: Mapping[str, object], then: Callable[[], None]) -> None:
        """Let the contact down on a card; the move ends, with `then`, when its chip stands in the slot."""
        self.step = "settle"

        def settled() -> None:
            if self.step == "settle":
                self._end(then)

        self.chip.insert(card, settled)

    def halt(self) -> None:
        """The move under way ends where it is, because the card is gone."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._frozen = None
        self.step = ""

    def note(self, what: str, **more: object) -> None:
        """Write it down and count it."""
        self.log.append({"what": what, "at": time.monotonic(), **more})
        self.totals[what] += 1

    def _power_cut(self) -> None:
        self.power_lost()
        self.halt()
        self.chip.pull()
        self.powered = self._owes_answer = False
        self._command = None
        self._inbox.clear()
        self._decoder.clear()
        self.note("power_cut")

    # What people and mains can do.

    def _step(self, step: str) -> str:
        if step not in self.STEPS:
            raise ControlError(f"no such step; there are {list(self.STEPS)}")
        return step

    def do_jam(self, step: str) -> Reply:
        """Let the next such move jam in its middle; from then on none succeeds until `clear`."""
        self._at[self._step(step)] = "jam"
        return {}

    def do_loosen(self) -> Reply:
        """What was jammed comes loose by itself."""
        self.jammed = False
        return {}

    def do_freeze_at(self, step: str) -> Reply:
        """Let the next such move stand still in its middle until `go_on`."""
        self._at[self._step(step)] = "freeze"
        return {}

    def do_cut_power_at(self, step: str) -> Reply:
        """Cut the power in the middle of the next such move."""
        self._at[self._step(step)] = "cut"
        return {}

    def do_go_on(self) -> Reply:
        """Let a move that stands still go to its end."""
        then, self._frozen = self._frozen, None
        if then is None:
            raise ControlError("nothing stands still")
        then()
        return {}

    def do_power_off(self) -> Reply:
        """Cut the power."""
        if not self.powered:
            raise ControlError("has no power")
        self._power_cut()
        return {}

    def do_power_on(self) -> Reply:
        """Give it power again; the card stays where it is."""
        if self.powered:
            raise ControlError("has power")
        self.powered = True
        self.note("power_up")
        return {}

    def do_renew(self) -> Reply:
        """Put a unit fresh from the factory on a sound line in its place, just powered up."""
        if not self.plugged:
            self.do_plug()
        self.do_silence(on=False)
        self.do_delay_answer()
        self.do_trickle()
        self.do_garble(0)
        self.do_truncate(0)
        self.halt()
        self.chip.pull()
        self.fresh()
        return {}

    def do_speed(self, times: float) -> Reply:
        """Let the mechanics go so many times as fast from now on."""
        if times <= 0:
            raise ControlError("times is above 0")
        self.speed = times
        return {}

    # Faults of the line that need the frames.

    def do_nak(self, next: int = 1) -> Reply:  # noqa: A002 - the word of the control protocol
        """Answer the next commands with NAK, as if they had come in broken."""
        return self._faults("nak", next)

    def do_cancel(self, next: int = 1) -> Reply:  # noqa: A002
        """Answer the next commands with EOT."""
        return self._faults("cancel", next)

    def do_lose_ack(self, next: int = 1) -> Reply:  # noqa: A002
        """Take the next commands without acknowledging them."""
        return self._faults("lose_ack", next)

    def do_bcc_break(self, next: int = 1) -> Reply:  # noqa: A002
        """Send the next answers with a wrong check byte."""
        return self._faults("bcc_break", next)

    def do_twice(self, next: int = 1) -> Reply:  # noqa: A002
        """Send each of the next answers twice."""
        return self._faults("twice", next)

    def _faults(self, fault: str, times: int) -> Reply:
        self._next[fault] = times
        return {}

    def common_status(self, log: int) -> Mapping[str, object]:
        """What both kinds tell of themselves."""
        return {
            "powered": self.powered,
            "plugged": self.plugged,
            "moving": self.step,
            "frozen": self._frozen is not None,
            "jammed": self.jammed,
            "chip": self.chip.inserted,
            "chip_error": self.chip.error,
            "totals": self.totals,
            "log": list(self.log)[-log:] if log else [],
        }
