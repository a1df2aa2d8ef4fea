"""A CCNET note validator: the far end of `drivers.cash.ccnet_driver`, with its mechanics, timings and faults."""

from __future__ import annotations

import sys
import time
from asyncio import TimerHandle
from collections import Counter, deque
from collections.abc import Callable, Sequence
from pathlib import Path

from drivers.cash import ccnet
from drivers.cash.ccnet import Broken, Command, Decoder, Frame, PollAnswer, State
from drivers.cash.model import NoteType
from simulators.far_end import ControlError, FarEnd, Reply, argument_parser, run
from simulators.note_store import NoteStore

# Mechanical delays in seconds, divided by --speed.
INITIALIZE = 3.0
ACCEPT = 1.2
STACK = 1.0
RETURN = 0.8
REJECT = 0.8
# The protocol's own, never divided.
ESCROW_TIMEOUT = 10.0
BYTE_GAP = 0.05

YUAN = (1, 5, 10, 20, 50, 100)
TYPE_DISABLED = 0x68

_POWER_UP = frozenset({State.POWER_UP, State.POWER_UP_BILL_IN_VALIDATOR, State.POWER_UP_BILL_IN_STACKER})
_IN_ESCROW = frozenset({State.ESCROW, State.HOLDING})
_STARTING = _POWER_UP | {State.INITIALIZE}
_WHOLE_LENGTHS = {Command.ENABLE_BILL_TYPES: 7, Command.SET_SECURITY: 4}


class CcnetValidator(FarEnd):
    """One validator. `state` is where its mechanics stand; a fault covers it until it is cleared."""

    def __init__(
        self,
        speed: float = 1.0,
        *,
        yuan: Sequence[int] = YUAN,
        store: NoteStore | None = None,
        has_counter: bool = True,
        ack_window: float | None = None,
        capacity: int = 600,
        escrow_timeout: float = ESCROW_TIMEOUT,
    ) -> None:
        super().__init__(speed)
        self.notes = [NoteType(index, 100 * value, "CHN") for index, value in enumerate(yuan)]
        self.store = store or NoteStore()
        self.has_counter = has_counter
        self.ack_window = ack_window
        self.capacity = capacity
        self.escrow_timeout = escrow_timeout
        self.powered = False
        self.answer = PollAnswer(State.POWER_UP)
        self.fault: PollAnswer | None = None
        self.enabled: frozenset[int] = frozenset()
        self.escrowed: frozenset[int] = frozenset()
        self.security: frozenset[int] = frozenset()
        self.log: deque[dict[str, object]] = deque(maxlen=1000)
        self.totals: Counter[str] = Counter()
        self._timer: TimerHandle | None = None
        self._decoder = Decoder(from_host=True)
        self._last_sent = b""
        self._unacknowledged: PollAnswer | None = None
        self._sent_at = self._heard_at = 0.0
        self._lost_acks = 0
        self._broken_crcs = 0
        self._reject_reason: int | None = None
        self._cut_at: State | None = None

    def started(self) -> None:
        """The program's start is the device's power-up."""
        self.do_power_on()

    @property
    def shown(self) -> PollAnswer:
        """What a POLL is answered with now."""
        return self.answer if self.starting or self.fault is None else self.fault

    @property
    def starting(self) -> bool:
        """Whether nothing but POLL and RESET is possible yet."""
        return self.answer.state in _STARTING

    # The wire.

    def received(self, data: bytes) -> None:
        """Answer each whole frame to our address; a broken one with NAK."""
        if not self.powered:
            return
        now = time.monotonic()
        if now - self._heard_at > BYTE_GAP:
            self._decoder.clear()
        self._heard_at = now
        for event in self._decoder.feed(data):
            if isinstance(event, Broken):
                self._reply(ccnet.NAK)
            elif event.address == ccnet.VALIDATOR:
                self._command(event.payload)

    def _command(self, payload: bytes) -> None:
        if payload == ccnet.ACK:
            self._acked()
        elif payload == ccnet.NAK:
            self._transmit(self._last_sent)
        else:
            self._unacknowledged = None
            self._reply(self._execute(payload))

    def _reply(self, payload: bytes) -> None:
        frame = Frame(ccnet.VALIDATOR, payload).to_bytes(from_host=False)
        self._last_sent = frame
        self._sent_at = time.monotonic()
        self._transmit(frame)

    def _transmit(self, frame: bytes) -> None:
        if self._broken_crcs > 0:
            self._broken_crcs -= 1
            frame = frame[:-1] + bytes([frame[-1] ^ 0x55])
        self.send(frame)

    def _acked(self) -> None:
        if self._lost_acks > 0:
            self._lost_acks -= 1
            return
        told, self._unacknowledged = self._unacknowledged, None
        late = self.ack_window is not None and time.monotonic() - self._sent_at > self.ack_window
        if told is None or late or told != self.shown:
            return
        if told.state in (State.STACKED, State.RETURNED):
            self._rest()
        elif told.state is State.REJECTING and self._timer is None:
            self._timer = self.after(REJECT, self._rest)

    def _execute(self, payload: bytes) -> bytes:
        """The answer to a command; ILLEGAL COMMAND where the present state or its form does not allow it."""
        try:
            command = Command(payload[0])
        except ValueError:
            return ccnet.ILLEGAL
        if len(payload) != _WHOLE_LENGTHS.get(command, 1):
            return ccnet.ILLEGAL
        if command is Command.POLL:
            self._unacknowledged = self.shown
            return self.shown.to_bytes()
        if command is Command.RESET:
            self._initialize()
            return ccnet.ACK
        if self.starting:
            return ccnet.ILLEGAL
        return self._ordered(command, payload[1:]) or self._asked(command)

    def _ordered(self, command: Command, data: bytes) -> bytes | None:
        if command is Command.SET_SECURITY:
            self.security = ccnet.parse_type_mask(data)
        elif command is Command.ENABLE_BILL_TYPES:
            self.enabled, self.escrowed = ccnet.parse_type_mask(data[:3]), ccnet.parse_type_mask(data[3:])
            if self.answer.state in (State.IDLING, State.UNIT_DISABLED):
                self._rest()
        elif command in (Command.STACK, Command.RETURN, Command.HOLD):
            if self.shown.state not in _IN_ESCROW:
                return ccnet.ILLEGAL
            {Command.STACK: self._stack, Command.RETURN: self._return, Command.HOLD: self._hold}[command]()
        else:
            return None
        return ccnet.ACK

    def _asked(self, command: Command) -> bytes:
        if command is Command.GET_STATUS:
            return ccnet.type_mask(self.enabled) + ccnet.type_mask(self.security)
        if command is Command.IDENTIFICATION:
            return ccnet.Identification("PK-SIM-CN1", "000000000001", bytes(7)).to_bytes()
        if command is Command.GET_BILL_TABLE:
            return ccnet.bill_table(self.notes)
        if command is Command.GET_STACKED_COUNTER and self.has_counter:
            return self.store.stacked.to_bytes(4, "big")
        return ccnet.ILLEGAL

    # The mechanics.

    def _move(
        self, answer: PollAnswer, seconds: float | None = None, then: Callable[[], None] | None = None
    ) -> None:
        """Stand in a new state; `then` follows after `seconds` of mechanical time."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.after(seconds, then) if then and seconds is not None else None
        self.answer = answer
        if answer.state is self._cut_at:
            self._cut_at = None
            self.do_power_off()

    def _note(self, what: str, value: int | None = None) -> None:
        entry: dict[str, object] = {"what": what, "at": time.monotonic()}
        self.log.append(entry if value is None else entry | {"value_fen": value})
        if value is not None:
            self.totals[what] += value

    def _type(self, value: int | None) -> int:
        return next(note.index for note in self.notes if note.value_fen == value)

    def _rest(self) -> None:
        """Nothing on the way: idle, disabled, or stopped by a full box."""
        self._move(PollAnswer(State.IDLING if self.enabled else State.UNIT_DISABLED))
        if self.fault is None and self.store.box.total() >= self.capacity:
            self.fault = PollAnswer(State.CASSETTE_FULL)

    def _initialize(self) -> None:
        self.enabled = self.escrowed = frozenset()
        self._note("initialize")
        self._move(PollAnswer(State.INITIALIZE), INITIALIZE, self._initialized)

    def _initialized(self) -> None:
        """A note in the head is given out and one before the box goes in, neither with a report."""
        if self.store.on_way is not None and self.fault is None:
            if self.store.place == "head":
                self._note("returned_at_start", self.store.on_way)
                self.store.carry(None)
            else:
                self._note("stacked_at_start", self.store.drop_into_box())
        self._rest()

    def _accepted(self) -> None:
        index = self._type(self.store.on_way)
        reason, self._reject_reason = self._reject_reason, None
        if reason is None and index not in self.enabled:
            reason = TYPE_DISABLED
        if reason is not None:
            self._note("rejected", self.store.on_way)
            self.store.carry(None)
            self._move(PollAnswer(State.REJECTING, reason))
        elif index in self.escrowed:
            self._wait(PollAnswer(State.ESCROW, index))
        else:
            self._stack()

    def _stack(self) -> None:
        self.store.carry(self.store.on_way, "box_path")
        self._move(PollAnswer(State.STACKING), STACK, self._stacked)

    def _stacked(self) -> None:
        value = self.store.drop_into_box()
        self._note("stacked", value)
        self._move(PollAnswer(State.STACKED, self._type(value)))

    def _hold(self) -> None:
        self._wait(PollAnswer(State.HOLDING))

    def _wait(self, answer: PollAnswer) -> None:
        """Keep the note in escrow; undecided, it goes back by itself."""
        self._move(answer)
        if self.powered:
            self._timer = self.after_real(self.escrow_timeout, self._return)

    def _return(self) -> None:
        self.store.carry(self.store.on_way, "head")
        self._move(PollAnswer(State.RETURNING), RETURN, self._offered)

    def _offered(self) -> None:
        self._note("offered")
        self._timer = None

    # What a customer, a technician, a thief and the mains can do.

    def do_insert(self, value_fen: int | None = None, type: int | None = None) -> Reply:  # noqa: A002
        """Put a note to the slot: by value, or by its type in the table. `taken` tells whether it was drawn in."""
        wanted = [note for note in self.notes if note.value_fen == value_fen or note.index == type]
        if not wanted:
            raise ControlError(f"no such note; there are {[note.value_fen for note in self.notes]}")
        if not self.powered or self.shown.state is not State.IDLING:
            return {"taken": False, "why": self._word()}
        self._note("inserted", wanted[0].value_fen)
        self.store.carry(wanted[0].value_fen)
        self._move(PollAnswer(State.ACCEPTING), ACCEPT, self._accepted)
        return {"taken": True}

    def do_take_note(self) -> Reply:
        """The customer takes the note that is held out to him."""
        value = self.store.on_way
        if self.answer.state is not State.RETURNING or self._timer is not None or value is None:
            raise ControlError("no note is held out")
        self._note("returned", value)
        self.store.carry(None)
        self._move(PollAnswer(State.RETURNED, self._type(value)))
        return {"value_fen": value}

    def do_speed(self, times: float) -> Reply:
        """Let the mechanics go so many times as fast from now on."""
        if times <= 0:
            raise ControlError("times is above 0")
        self.speed = times
        return {}

    def do_reject_next(self, reason: int = 0x65) -> Reply:
        """Find the next note bad, for this reason code."""
        self._reject_reason = reason
        return {}

    def do_jam(self, where: str = "entry") -> Reply:
        """A note jams in the `entry` or before the `box`."""
        states = {"entry": State.VALIDATOR_JAMMED, "box": State.CASSETTE_JAMMED}
        if where not in states:
            raise ControlError("where is entry or box")
        return self._break("jam_" + where, PollAnswer(states[where]))

    def do_fail(self, code: int = 0x50) -> Reply:
        """The device fails with this code."""
        return self._break("failure", PollAnswer(State.FAILURE, code))

    def do_pause(self) -> Reply:
        """A second note is pushed in; `clear` is the customer pulling it out again."""
        return self._break("pause", PollAnswer(State.PAUSE))

    def do_cheat(self) -> Reply:
        """A thief pulls the note on its way back out."""
        reply = self._break("cheat", PollAnswer(State.CHEATED))
        if self.store.on_way is not None:
            self._note("fished", self.store.on_way)
            self.store.carry(None)
        return reply

    def do_fill(self) -> Reply:
        """The box is full."""
        return self._break("full", PollAnswer(State.CASSETTE_FULL))

    def do_box_remove(self) -> Reply:
        """The technician pulls the box out."""
        return self._break("box_removed", PollAnswer(State.CASSETTE_OUT))

    def do_box_insert(self) -> Reply:
        """The box is put back; the device starts anew."""
        if self.fault is None or self.fault.state is not State.CASSETTE_OUT:
            raise ControlError("the box is in")
        return self._repaired("box_inserted")

    def do_empty_box(self) -> Reply:
        """Take all notes out of the box; ends a full box."""
        notes = self.store.empty()
        self._note("emptied", sum(value * count for value, count in notes.items()))
        if self.fault is not None and self.fault.state is State.CASSETTE_FULL:
            self._repaired("box_has_room")
        return {"box": notes}

    def do_clear(self) -> Reply:
        """Clear a jam, failure, pause or alarm; a note that was stuck is taken out by hand."""
        fault = self.fault
        if fault is None or fault.state in (State.CASSETTE_OUT, State.CASSETTE_FULL):
            raise ControlError("nothing to clear")
        if fault.state is State.PAUSE:
            self._unpause()
            return {}
        removed = self.store.on_way
        if removed is not None:
            self._note("removed_by_hand", removed)
            self.store.carry(None)
        return self._repaired("cleared") | {"removed_fen": removed or 0}

    def do_power_off(self) -> Reply:
        """Cut the device's power."""
        if not self.powered:
            raise ControlError("has no power")
        if self._timer is not None:
            self._timer.cancel()
        self._note("power_off")
        self.powered = False
        return {}

    def do_cut_power_at(self, state: str) -> Reply:
        """Cut the power at the moment this state is next reached: `accepting`, `escrow`, `stacking` ..."""
        try:
            self._cut_at = State[state.upper()]
        except KeyError:
            raise ControlError(f"no such state; there are {[each.name.lower() for each in State]}") from None
        return {}

    def do_power_on(self) -> Reply:
        """Give it power again: it tells where it finds a note, and waits for RESET."""
        if self.powered:
            raise ControlError("has power")
        self.powered = True
        self._decoder.clear()
        self._unacknowledged = None
        self.enabled = self.escrowed = frozenset()
        state = State.POWER_UP
        if self.store.on_way is not None:
            in_head = self.store.place == "head"
            state = State.POWER_UP_BILL_IN_VALIDATOR if in_head else State.POWER_UP_BILL_IN_STACKER
        self._note("power_on")
        self._move(PollAnswer(state))
        return {"state": self._word()}

    def do_drop_ack(self, next: int = 1) -> Reply:  # noqa: A002
        """Lose the host's next acknowledgements on the line."""
        self._lost_acks = next
        return {}

    def do_crc_break(self, next: int = 1) -> Reply:  # noqa: A002
        """Send the next answers with a wrong CRC."""
        self._broken_crcs = next
        return {}

    def do_status(self, log: int = 100) -> Reply:
        """All there is to know, with the last entries of the log and what became of all notes, in fen."""
        values = {note.index: note.value_fen for note in self.notes}
        box = dict(sorted(self.store.box.items()))
        return {
            "state": self._word(),
            "code": self.shown.detail,
            "enabled": sorted(values[index] for index in self.enabled if index in values),
            "box": box,
            "box_fen": sum(value * count for value, count in box.items()),
            "counter": self.store.stacked,
            "on_way_fen": self.store.on_way or 0,
            "held_out": self.answer.state is State.RETURNING and self._timer is None,
            "plugged": self.plugged,
            "totals": self.totals,
            "log": list(self.log)[-log:],
        }

    def _word(self) -> str:
        return self.shown.state.name.lower() if self.powered else "power_off"

    def _break(self, what: str, fault: PollAnswer) -> Reply:
        """Stop where we stand; only the box can be pulled out of a unit that has stopped already."""
        if self.fault is not None and fault.state is not State.CASSETTE_OUT:
            raise ControlError(f"has stopped already: {self.fault.state.name.lower()}")
        self._note(what)
        self.fault = fault
        if self.powered and not self.starting:
            self._move(self.answer)
        return {}

    def _unpause(self) -> None:
        """Give out the note that was on its way; without one go on as before."""
        self.fault = None
        if self.powered and not self.starting and self.store.on_way is not None:
            self._return()

    def _repaired(self, what: str) -> Reply:
        self._note(what)
        self.fault = None
        if self.powered and self.answer.state not in _POWER_UP:
            self._initialize()
        return {}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until a signal comes."""
    parser = argument_parser("A CCNET note validator on a pty.")
    parser.add_argument("--state", type=Path, help="file that keeps counter, box and a note on its way")
    parser.add_argument("--notes", default=",".join(map(str, YUAN)), help="the note table, in yuan")
    parser.add_argument("--no-counter", action="store_true", help="refuse GET COUNTER OF STACKED BILLS")
    parser.add_argument("--ack-window", type=float, help="seconds after which an ACK comes too late")
    parser.add_argument("--capacity", type=int, default=600, help="notes that the box holds")
    parser.add_argument(
        "--escrow-timeout", type=float, default=ESCROW_TIMEOUT, help="seconds, whatever the speed"
    )
    options = parser.parse_args(arguments)
    validator = CcnetValidator(
        options.speed,
        yuan=[int(value) for value in options.notes.split(",")],
        store=NoteStore.load(options.state),
        has_counter=not options.no_counter,
        ack_window=options.ack_window,
        capacity=options.capacity,
        escrow_timeout=options.escrow_timeout,
    )
    return run(validator, options)


if __name__ == "__main__":
    sys.exit(main())
