"""The CCNET note acceptor: polls, reports changes of state, and holds back the one ACK that credits a note."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from drivers.cash import ccnet
from drivers.cash.ccnet import Broken, Command, Decoder, Frame, PollAnswer, State
from drivers.cash.model import CashIdentity, CashReport, CashState, NoteType
from drivers.errors import CommandRefused, DeviceTimeout, ProtocolError
from drivers.status import DeviceHealth, DeviceStatus, ErrorAction, Supply
from drivers.transport import SerialTransport

Answer = TypeVar("Answer")

STATES: dict[State, CashState] = {
    State.POWER_UP: CashState.POWER_UP,
    State.POWER_UP_BILL_IN_VALIDATOR: CashState.POWER_UP_NOTE_IN_HEAD,
    State.POWER_UP_BILL_IN_STACKER: CashState.POWER_UP_NOTE_IN_BOX,
    State.INITIALIZE: CashState.INITIALIZING,
    State.IDLING: CashState.IDLE,
    State.ACCEPTING: CashState.ACCEPTING,
    State.STACKING: CashState.STACKING,
    State.RETURNING: CashState.RETURNING,
    State.UNIT_DISABLED: CashState.DISABLED,
    State.HOLDING: CashState.HOLDING,
    State.BUSY: CashState.BUSY,
    State.REJECTING: CashState.REJECTING,
    State.CASSETTE_FULL: CashState.BOX_FULL,
    State.CASSETTE_OUT: CashState.BOX_OUT,
    State.VALIDATOR_JAMMED: CashState.JAM_ENTRY,
    State.CASSETTE_JAMMED: CashState.JAM_BOX,
    State.CHEATED: CashState.CHEATED,
    State.PAUSE: CashState.PAUSED,
    State.FAILURE: CashState.FAILED,
    State.ESCROW: CashState.ESCROW,
    State.STACKED: CashState.STACKED,
    State.RETURNED: CashState.RETURNED,
}

REJECT_REASONS: dict[int, str] = {
    0x60: "insertion",
    0x61: "magnetic",
    0x62: "note_in_head",
    0x63: "compensation",
    0x64: "conveying",
    0x65: "identification",
    0x66: "verification",
    0x67: "optic",
    0x68: "type_disabled",
    0x69: "capacitance",
    0x6A: "operation",
    0x6C: "length",
    0x6D: "ultraviolet",
    0x92: "barcode_unreadable",
    0x93: "barcode_length",
    0x94: "barcode_start",
    0x95: "barcode_stop",
}

FAILURES: dict[int, str] = {
    0x50: "stack_motor",
    0x51: "transport_motor_speed",
    0x52: "transport_motor",
    0x53: "aligning_motor",
    0x54: "box_status",
    0x55: "optic_sensor",
    0x56: "magnetic_sensor",
    0x5F: "capacitance_sensor",
}

_REASONS = {State.REJECTING: REJECT_REASONS, State.FAILURE: FAILURES}
_NOTE_STATES = frozenset({State.ESCROW, State.STACKED, State.RETURNED})

# Questions whose answer, known by its length, answers nothing else: what is heard after it cannot be older than it.
_MARKS = {
    Command.IDENTIFICATION: ccnet.IDENTIFICATION_BYTES,
    Command.GET_BILL_TABLE: ccnet.BILL_TABLE_BYTES,
}

_OK = DeviceHealth(DeviceStatus.ONLINE, supply=Supply.GOOD)
_STARTING = DeviceHealth(DeviceStatus.DEVICE_BUSY, "power_up", ErrorAction.RESET, Supply.GOOD)

HEALTH: dict[CashState, DeviceHealth] = {
    CashState.OFFLINE: DeviceHealth(DeviceStatus.OFFLINE, "offline", ErrorAction.MAINTENANCE),
    CashState.POWER_UP: _STARTING,
    CashState.POWER_UP_NOTE_IN_HEAD: _STARTING,
    CashState.POWER_UP_NOTE_IN_BOX: _STARTING,
    CashState.INITIALIZING: DeviceHealth(DeviceStatus.DEVICE_BUSY, "initializing", supply=Supply.GOOD),
    CashState.DISABLED: _OK,
    CashState.IDLE: _OK,
    CashState.ACCEPTING: _OK,
    CashState.ESCROW: _OK,
    CashState.HOLDING: _OK,
    CashState.STACKING: _OK,
    CashState.STACKED: _OK,
    CashState.RETURNING: _OK,
    CashState.RETURNED: _OK,
    CashState.REJECTING: _OK,
    CashState.PAUSED: DeviceHealth(DeviceStatus.USER_ERROR, "paused", ErrorAction.CLEAR, Supply.GOOD),
    CashState.BUSY: DeviceHealth(DeviceStatus.DEVICE_BUSY, "busy", supply=Supply.GOOD),
    CashState.BOX_FULL: DeviceHealth(
        DeviceStatus.HARDWARE_ERROR, "box_full", ErrorAction.MAINTENANCE, Supply.FULL
    ),
    CashState.BOX_OUT: DeviceHealth(
        DeviceStatus.USER_ERROR, "box_out", ErrorAction.MAINTENANCE, Supply.MISSING
    ),
    CashState.JAM_ENTRY: DeviceHealth(
        DeviceStatus.HARDWARE_ERROR, "jam_entry", ErrorAction.CLEAR, Supply.GOOD
    ),
    CashState.JAM_BOX: DeviceHealth(DeviceStatus.HARDWARE_ERROR, "jam_box", ErrorAction.CLEAR, Supply.GOOD),
    CashState.CHEATED: DeviceHealth(DeviceStatus.FRAUD_ATTEMPT, "cheated", ErrorAction.SUSPEND, Supply.GOOD),
    CashState.FAILED: DeviceHealth(
        DeviceStatus.HARDWARE_ERROR, "failed", ErrorAction.MAINTENANCE, Supply.GOOD
    ),
}

_NO_DEVICE = DeviceHealth(DeviceStatus.NO_DEVICE, "no_device", ErrorAction.MAINTENANCE)


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


class CcnetAcceptor:
    """`CashAcceptor` over CCNET; see there for each call's contract. For one thread.

    Each call ends within `settings.call` seconds. While the unit is silent `poll` raises DeviceTimeout; the call
    that finds it silent for `settings.offline` seconds returns one OFFLINE report instead.
    """

    def __init__(self, transport: SerialTransport, settings: CcnetSettings | None = None) -> None:
        self._line = transport
        self._settings = settings or CcnetSettings()
        self._decoder = Decoder()
        self._events: deque[Frame | Broken] = deque()
        self._free_at = 0.0
        self._notes: dict[int, NoteType] | None = None
        self._forget()

    def _forget(self) -> None:
        self._last: PollAnswer | None = None
        self._escrow: PollAnswer | None = None
        self._acknowledged = False
        self._offline = False
        self._tell_again = False
        self._behind = False
        self._late = False
        self._unanswered: dict[Command, float] = {}
        self._heard_at = time.monotonic()

    def open(self) -> None:
        """Open the line and forget what an earlier one told; sends nothing."""
        self._line.open()
        self._forget()

    def close(self) -> None:
        """Close the line; safe to call twice."""
        self._line.close()

    def poll(self) -> CashReport | None:
        """Ask once; a report for a change of state, None while nothing changed."""
        deadline = self._deadline()
        try:
            payload = self._exchange(deadline, Command.POLL)
            if self._behind and self._catch_up(deadline):
                payload = self._exchange(deadline, Command.POLL)
        except DeviceTimeout:
            if self._offline or time.monotonic() - self._heard_at < self._settings.offline:
                raise
            self._offline = True
            return CashReport(CashState.OFFLINE)
        # Behind, this may be the late answer to an earlier question. The unit would take an ACK for what it has told
        # since, perhaps a note; unacknowledged, it tells it again.
        self._late = self._behind
        answer = self._parsed(ccnet.parse_poll, payload)
        again = self._offline or self._tell_again
        self._offline = self._tell_again = False
        repeated = answer == self._last and self._acknowledged
        if not self._late and (answer.state is not State.STACKED or repeated):
            self._send_ack()
        if not self._is_news(answer, again):
            return None
        first, self._last = self._last is None, answer
        self._acknowledged = False
        return self._report(answer, first, deadline)

    def _is_news(self, answer: PollAnswer, again: bool) -> bool:
        """Whether the caller has not been told this, or needs it `again`; the unit repeats unheard answers."""
        last = self._last
        if last is None or answer.state is not last.state:
            if answer.state is State.ESCROW:
                held_on = last is not None and last.state is State.HOLDING and answer == self._escrow
                self._escrow = answer
                return not held_on
            return True
        if answer.state in (State.STACKED, State.RETURNED):
            return answer.detail != last.detail
        return again or (answer.state is not State.BUSY and answer.detail != last.detail)

    def _report(self, answer: PollAnswer, first: bool, deadline: float) -> CashReport:
        return CashReport(
            STATES[answer.state],
            note=self._note(answer, deadline),
            code=answer.detail,
            reason=_REASONS.get(answer.state, {}).get(answer.detail or 0, ""),
            first=first,
            needs_ack=answer.state is State.STACKED,
        )

    def _note(self, answer: PollAnswer, deadline: float) -> NoteType | None:
        if answer.state not in _NOTE_STATES or answer.detail is None:
            return None
        if self._notes is None:
            # We were restarted beside a live unit. Money must be told of even if its table cannot be read now.
            try:
                self._read_table(deadline)
            except (DeviceTimeout, ProtocolError, CommandRefused):
                return None
        return (self._notes or {}).get(answer.detail)

    def acknowledge(self) -> None:
        """Acknowledge the STACKED that was reported; CommandRefused when none waits for it.

        One that may have been a late answer is acknowledged when the unit repeats it.
        """
        if self._last is None or self._last.state is not State.STACKED or self._acknowledged:
            raise CommandRefused("no stacked note waits for its acknowledgement")
        # From here on a repeated 81h only means that this ACK was lost or not yet sent.
        self._acknowledged = True
        if not self._late and not self._behind:
            self._send_ack()

    def reset(self) -> None:
        """RESET: the unit initialises; a note in the head comes out, one on its way to the box goes in."""
        self._order(Command.RESET)

    def identify(self) -> CashIdentity:
        """Read identity and note table; the unit refuses both while it is in POWER_UP."""
        deadline = self._deadline()
        who = self._read(deadline, Command.IDENTIFICATION, ccnet.parse_identification)
        notes = self._read_table(deadline)
        return CashIdentity("CCNET", who.part, who.serial, notes)

    def enable(self, note_types: frozenset[int]) -> None:
        """Take these note types, each held in escrow; the empty set disables."""
        mask = ccnet.type_mask(note_types)
        if self._settings.high_security:
            self._order(Command.SET_SECURITY, ccnet.type_mask(self._settings.high_security))
        self._order(Command.ENABLE_BILL_TYPES, mask + mask)

    def disable(self) -> None:
        """Take no further note; one already on its way still completes."""
        self._order(Command.ENABLE_BILL_TYPES, bytes(6))

    def stack(self) -> None:
        """STACK the note in escrow."""
        self._order(Command.STACK)

    def give_back(self) -> None:
        """RETURN the note in escrow."""
        self._order(Command.RETURN)

    def hold(self) -> None:
        """HOLD the note in escrow a while longer (about 10 s)."""
        self._order(Command.HOLD)

    def stacked_count(self) -> int | None:
        """Read the unit's own count of stacked notes; None where it has none."""
        if not self._settings.has_counter:
            return None
        try:
            return self._read(self._deadline(), Command.GET_STACKED_COUNTER, ccnet.parse_counter)
        except CommandRefused:
            return None

    def health(self) -> DeviceHealth:
        """The state as of the last poll; offline until the first answer, no_device while the line is gone."""
        if not self._line.is_open:
            return _NO_DEVICE
        if self._last is None or self._offline:
            return HEALTH[CashState.OFFLINE]
        health = HEALTH[STATES[self._last.state]]
        if self._last.state is not State.FAILURE:
            return health
        code = self._last.detail or 0
        detail = f"CCNET failure {code:02X}h {FAILURES.get(code, 'unknown')}"
        return DeviceHealth(health.status, health.code, health.action, health.supply, detail)

    def _deadline(self) -> float:
        return time.monotonic() + self._settings.call

    def _order(self, command: Command, data: bytes = b"") -> None:
        # Until the unit has said yes, the caller must hear where it stands even if it stands where it stood.
        self._tell_again = True
        answer = self._exchange(self._deadline(), command, data)
        if answer == ccnet.ILLEGAL:
            raise CommandRefused(f"{command.name} is not possible in the present state")
        self._tell_again = self._behind or answer != ccnet.ACK
        if answer != ccnet.ACK:
            self._behind = True
            raise ProtocolError(f"answer to {command.name} is no ACK", answer)

    def _read(self, deadline: float, command: Command, parse: Callable[[bytes], Answer]) -> Answer:
        if self._behind and not self._catch_up(deadline):
            raise DeviceTimeout(f"late answers may stand before the one to {command.name}")
        answer = self._exchange(deadline, command)
        if answer == ccnet.ILLEGAL:
            raise CommandRefused(f"{command.name} is not possible in the present state")
        found = self._parsed(parse, answer)
        if not self._behind:
            self._send_ack()
        return found

    def _parsed(self, parse: Callable[[bytes], Answer], answer: bytes) -> Answer:
        try:
            return parse(answer)
        except ProtocolError:
            # It may have answered something else.
            self._behind = True
            raise

    def _read_table(self, deadline: float) -> tuple[NoteType, ...]:
        notes = self._read(deadline, Command.GET_BILL_TABLE, ccnet.parse_bill_table)
        self._notes = {note.index: note for note in notes}
        return notes

    def _exchange(self, deadline: float, command: Command, data: bytes = b"") -> bytes:
        """The payload of the unit's answer; asks a broken answer again a few times and never without end."""
        request = outgoing = bytes([command]) + data
        broken = b""
        if command is not Command.POLL:
            self._unanswered[command] = time.monotonic()
        for _ in range(1 + self._settings.repeats):
            self._send(outgoing, drop=True)
            event = self._receive(deadline)
            if isinstance(event, Broken):
                self._free_at = time.monotonic() + self._settings.free
                outgoing, broken = ccnet.NAK, event.data
            elif event.payload == ccnet.NAK:
                outgoing, broken = request, event.payload
            else:
                if not self._behind:
                    self._unanswered.clear()
                return event.payload
            # Both questions may be answered yet.
            self._behind = True
        raise ProtocolError(f"no sound answer to {command.name}", broken)

    def _catch_up(self, deadline: float) -> bool:
        """Put a question that marks the line, and drop the late answers before its own; whether that came.

        A late answer is only dropped: the unit was not told that it was heard, and says again what must be heard.
        """
        now = time.monotonic()
        self._unanswered = {
            command: at for command, at in self._unanswered.items() if now - at < self._settings.offline
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
            self._send_ack()
        self._behind = False
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
            self._line.drop_input()
            self._decoder.clear()
            self._events.clear()
        self._line.write(Frame(self._settings.address, payload).to_bytes())

    def _send_ack(self) -> None:
        self._send(ccnet.ACK)
        self._free_at = time.monotonic() + self._settings.free

    def _receive(self, deadline: float) -> Frame | Broken:
        """The first whole frame from our unit; a Broken one if the line fell silent after it."""
        broken: Broken | None = None
        while time.monotonic() < deadline:
            silent = False
            if not self._events:
                wait = self._settings.quiet if broken or self._decoder.pending else self._settings.call
                data = self._line.read(min(deadline, time.monotonic() + wait))
                self._events += self._decoder.feed(data) if data else self._decoder.flush()
                silent = not data
            while self._events:
                event = self._events.popleft()
                if isinstance(event, Frame) and event.address == self._settings.address:
                    self._heard_at = time.monotonic()
                    self._strike_off(event.payload)
                    return event
                if isinstance(event, Broken) and event.whole:
                    broken = event
            if broken and silent:
                return broken
        self._behind = True
        raise DeviceTimeout(f"no answer within {self._settings.call} s")
