"""The inside of a CCNET note validator: what it answers on the line, and how its mechanics move a note."""

from __future__ import annotations

import time
from asyncio import TimerHandle
from collections import Counter, deque
from collections.abc import Callable, Sequence

from drivers.cash import ccnet
from drivers.cash.ccnet import Broken, Command, Decoder, Frame, PollAnswer, State
from drivers.cash.model import NoteType
from simulators.far_end import FarEnd
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
BUSY_FOR = 10
"""What a busy unit tells of how long yet, in tenths of a second."""

POWER_UPS = frozenset({State.POWER_UP, State.POWER_UP_BILL_IN_VALIDATOR, State.POWER_UP_BILL_IN_STACKER})
_IN_ESCROW = frozenset({State.ESCROW, State.HOLDING})
_STARTING = POWER_UPS | {State.INITIALIZE}
_WHOLE_LENGTHS = {Command.ENABLE_BILL_TYPES: 7, Command.SET_SECURITY: 4}


class CcnetUnit(FarEnd):
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
        self._freeze_at: State | None = None
        self._frozen: Callable[[], None] | None = None
        self._table_hidden = self._stacks_unasked = self._tells_after_reset = self._cannot_stack = False
        self._unlisted = self._takes_closed = self._busy = False

    def started(self) -> None:
        """The program's start is the device's power-up."""
        self._power_up()

    @property
    def shown(self) -> PollAnswer:
        """What a POLL is answered with now."""
        if self._busy and self.answer.state not in POWER_UPS:
            return PollAnswer(State.BUSY, BUSY_FOR)
        return self.answer if self.starting or self.fault is None else self.fault

    @property
    def held_out(self) -> bool:
        """Whether a note stands in the mouth for its owner to take."""
        at_rest = self._timer is None and self._frozen is None
        return self.answer.state is State.RETURNING and at_rest and self.store.on_way is not None

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
        if command is Command.GET_BILL_TABLE and not self._table_hidden:
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
        self._timer = self._frozen = None
        self.answer = answer
        if answer.state is self._freeze_at:
            self._freeze_at, self._frozen = None, then
        elif then and seconds is not None:
            self._timer = self.after(seconds, then)
        if answer.state is self._cut_at:
            self._cut_at = None
            self._power_cut()

    def _note(self, what: str, value: int | None = None) -> None:
        entry: dict[str, object] = {"what": what, "at": time.monotonic()}
        self.log.append(entry if value is None else entry | {"value_fen": value})
        if value is not None:
            self.totals[what] += value

    def _type(self, value: int | None) -> int:
        return next(note.index for note in self.notes if note.value_fen == value)

    def _told_type(self, value: int | None) -> int:
        """The type in a report; an odd unit names one that its table does not list."""
        return len(self.notes) if self._unlisted else self._type(value)

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
            if self._tells_after_reset and self.store.place == "box_path":
                self._stacked()
                return
            if self.store.place == "head":
                self._note("returned_at_start", self.store.on_way)
                self.store.carry(None)
            else:
                self._note("stacked_at_start", self.store.drop_into_box())
        self._rest()

    def _accepted(self) -> None:
        index = self._type(self.store.on_way)
        reason, self._reject_reason = self._reject_reason, None
        if reason is None and index not in self.enabled and not self._takes_closed:
            reason = TYPE_DISABLED
        if reason is not None:
            self._note("rejected", self.store.on_way)
            self.store.carry(None)
            self._move(PollAnswer(State.REJECTING, reason))
        elif index in self.escrowed and not self._stacks_unasked:
            self._wait(PollAnswer(State.ESCROW, self._told_type(self.store.on_way)))
        else:
            self._stack()

    def _stack(self) -> None:
        if self._cannot_stack:
            self._cannot_stack = False
            self._return()
            return
        self.store.carry(self.store.on_way, "box_path")
        self._move(PollAnswer(State.STACKING), STACK, self._stacked)

    def _stacked(self) -> None:
        value = self.store.drop_into_box()
        self._note("stacked", value)
        self._move(PollAnswer(State.STACKED, self._told_type(value)))

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

    # The mains.

    def _power_cut(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._frozen = None
        shown = self.shown.state.name.lower() if self.plugged else "unplugged"
        self.log.append({"what": "power_off", "at": time.monotonic(), "state": shown})
        self.powered = self._busy = False

    def _power_up(self) -> None:
        """Tell where a note is found, and wait for RESET."""
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
