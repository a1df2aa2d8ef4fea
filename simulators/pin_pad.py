"""A PIN pad on a pty, with whoever stands at its keys, what it forgets and what is done to its case.

    python -m simulators.pin_pad --link LINK --control SOCKET [--state FILE] [--speed N]
        [--test-key SLOT:BANK:TID ...]

FILE keeps its keys over restarts, clear, for they are test keys. `--test-key` puts the bench's master key for the
kiosk's terminal TID at a bank into a slot that has none.
"""

from __future__ import annotations

import json
import sys
from asyncio import TimerHandle
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from drivers.pinpad.codec import Broken, Command, Control, Decoder, Entry, Frame, Question
from drivers.security.bench_keys import bank_key
from simulators.far_end import ControlError, FarEnd, Reply, argument_parser, run
from simulators.pin_pad_unit import PadState, PinPadUnit, Slot, read

_WORK_S = {Command.SELF_TEST: 2.0, Command.LOAD_COMPONENT: 0.2, Command.LOAD_WORKING: 0.1}
"""How long the unit works on a question; on others hardly."""


class PinPad(FarEnd):
    """The unit on its line. What it answers is computed at once and sent when the unit would have it."""

    def __init__(self, speed: float, state: Path | None = None) -> None:
        super().__init__(speed)
        self._path = state
        kept = json.loads(state.read_text(encoding="ascii")) if state is not None and state.exists() else None
        self.unit = PinPadUnit(PadState.restored(kept) if kept else PadState(), self._begun)
        self._decoder = Decoder()
        self._working: Question | None = None
        self._clock: TimerHandle | None = None
        self._clock_stands = False
        self._next: Counter[str] = Counter()
        self.totals: Counter[str] = Counter()

    def load_test_key(self, slot: int, master: bytes) -> None:
        """Have a master key in a slot that has none."""
        if not self.unit.state.slots.get(slot, Slot()).master:
            self.unit.state.slots[slot] = Slot(master)
            self._keep()

    # The line.

    def received(self, data: bytes) -> None:
        """Take each question; one that is asked again while it is worked on is only acknowledged."""
        for event in self._decoder.feed(data):
            if isinstance(event, Broken):
                self.totals["broken"] += 1
                self.send(bytes([Control.NAK]))
            elif isinstance(event, Frame) and (question := read(event.body)) is not None:
                self._asked(question)

    def _asked(self, question: Question) -> None:
        if self._due("nak"):
            self.send(bytes([Control.NAK]))
            return
        if not self._due("lose_ack"):
            self.send(bytes([Control.ACK]))
        if question == self._working:
            return
        self._working = question
        self.totals[_name(question.command)] += 1
        answer = self.unit.answer(question)
        self._keep()
        seconds = _WORK_S.get(Command(question.command), 0.0) if question.command in list(Command) else 0.0
        if seconds:
            self.after(seconds, lambda: self._tell(question, answer))
        else:
            self._tell(question, answer)

    def _tell(self, question: Question, answer: bytes) -> None:
        if self._working == question:
            self._working = None
        if not self._due("lose_answer"):
            self.send(answer)

    def _due(self, fault: str) -> bool:
        if self._next[fault] <= 0:
            return False
        self._next[fault] -= 1
        return True

    def _begun(self, seconds: int) -> None:
        """An entry was opened: it ends by the unit's clock, which no speed changes."""
        if self._clock is not None:
            self._clock.cancel()
        self._clock = None if self._clock_stands else self.after_real(seconds, self._expired)

    def _expired(self) -> None:
        self._clock = None
        self.unit.end(Entry.TIMED_OUT)

    def _keep(self) -> None:
        if self._path is not None:
            fresh = self._path.with_name(f".{self._path.name}.new")
            fresh.write_text(json.dumps(self.unit.state.kept(), indent=1), encoding="ascii")
            fresh.replace(self._path)

    # Whoever stands at the keys.

    def do_press(self, digits: str) -> Reply:
        """Press these digits; `taken` counts those that the unit took."""
        if not (digits.isascii() and digits.isdigit()):
            raise ControlError("digits are 0 to 9")
        return {"taken": sum(self.unit.press(digit) for digit in digits)}

    def do_delete(self) -> Reply:
        """Press the key that takes the last digit back."""
        return {"taken": self.unit.delete()}

    def do_enter(self) -> Reply:
        """Press enter."""
        return {"taken": self.unit.enter()}

    def do_cancel(self) -> Reply:
        """Press cancel."""
        return {"taken": self.unit.end(Entry.CANCELLED)}

    def do_expire(self) -> Reply:
        """Let the time for the entry be over now."""
        return {"taken": self.unit.end(Entry.TIMED_OUT)}

    # What is done to it.

    def do_clock(self, stands: bool = True) -> Reply:
        """Let the unit's clock stand still: entries that begin from now on last for ever."""
        self._clock_stands = stands
        return {}

    def do_lose_keys(self) -> Reply:
        """Forget all keys, as with an empty battery."""
        return self._lost(tampered=False)

    def do_tamper(self) -> Reply:
        """Open its case."""
        return self._lost(tampered=True)

    def do_mend(self) -> Reply:
        """Close its case, as the maker's service does; the keys stay lost."""
        self.unit.state.tampered = False
        self._keep()
        return {}

    def do_load(self, slot: int, master: str) -> Reply:
        """Have this master key, in hexadecimal, and no working keys in a slot."""
        self.unit.state.slots[slot] = Slot(bytes.fromhex(master))
        self._keep()
        return {}

    def do_wrong_checks(self, next: int = 1) -> Reply:  # noqa: A002 - the word of the control protocol
        """Find the check value of the next working keys wrong."""
        self.unit.wrong_checks = next
        return {}

    def do_self_test(self, fails: bool = True) -> Reply:
        """Fail the self tests from now on, or pass them."""
        self.unit.self_test_fails = fails
        return {}

    def do_restart(self) -> Reply:
        """Lose the power for a moment."""
        self._decoder.clear()
        self._working = None
        self.unit.power_up()
        return {}

    def do_nak(self, next: int = 1) -> Reply:  # noqa: A002
        """Answer the next questions with NAK, as if they had come in broken."""
        return self._faults("nak", next)

    def do_lose_ack(self, next: int = 1) -> Reply:  # noqa: A002
        """Take the next questions without acknowledging them."""
        return self._faults("lose_ack", next)

    def do_lose_answer(self, next: int = 1) -> Reply:  # noqa: A002
        """Obey the next questions and do not answer."""
        return self._faults("lose_answer", next)

    def do_renew(self) -> Reply:
        """Put a unit without keys on a sound line in its place."""
        if not self.plugged:
            self.do_plug()
        self.do_silence(on=False)
        self.do_delay_answer()
        self.do_trickle()
        self.do_garble(0)
        self.do_truncate(0)
        self._next.clear()
        self.totals.clear()
        self.unit.wrong_checks, self._clock_stands = 0, False
        self.unit = PinPadUnit(PadState(), self._begun)
        self.do_restart()
        self._keep()
        return {}

    def do_status(self) -> Reply:
        """All there is to know but keys and PINs."""
        return {
            "entry": self.unit.entry.name.lower(),
            "digits": self.unit.digits,
            "tampered": self.unit.state.tampered,
            "slots": {str(n): int(slot.keys) for n, slot in self.unit.state.slots.items()},
            "plugged": self.plugged,
            "totals": self.totals,
        }

    def _faults(self, fault: str, times: int) -> Reply:
        self._next[fault] = times
        return {}

    def _lost(self, *, tampered: bool) -> Reply:
        self.unit.lose_keys(tampered=tampered)
        self._keep()
        return {}


def _name(command: int) -> str:
    return Command(command).name.lower() if command in list(Command) else "unknown"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until a signal comes."""
    parser = argument_parser("A PIN pad on a pty.")
    parser.add_argument("--state", type=Path, help="file that keeps the keys")
    parser.add_argument(
        "--test-key",
        action="append",
        default=[],
        type=_test_key,
        metavar="SLOT:BANK:TID",
        help="the bench's master key of a terminal at a bank, in this slot",
    )
    options = parser.parse_args(arguments)
    pad = PinPad(options.speed, options.state)
    for slot, bank, terminal_no in options.test_key:
        pad.load_test_key(slot, bank_key(bank, terminal_no))
    return run(pad, options)


def _test_key(text: str) -> tuple[int, str, str]:
    slot, bank, terminal_no = text.split(":")
    return int(slot), bank, terminal_no


if __name__ == "__main__":
    sys.exit(main())
