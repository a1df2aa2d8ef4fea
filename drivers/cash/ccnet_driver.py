"""The CCNET note acceptor: polls, reports changes of state, and holds back the one ACK that credits a note."""

from __future__ import annotations

from drivers.cash import ccnet, ccnet_states
from drivers.cash.ccnet import Command, PollAnswer, State
from drivers.cash.ccnet_line import CcnetLine, CcnetSettings
from drivers.cash.model import CashIdentity, CashReport, CashState, NoteType
from drivers.errors import CommandRefused, DeviceTimeout, ProtocolError
from drivers.status import DeviceHealth
from drivers.transport import SerialTransport

__all__ = ["CcnetAcceptor", "CcnetSettings"]


class CcnetAcceptor:
    """`CashAcceptor` over CCNET; see there for each call's contract. For one thread.

    Each call ends within `settings.call` seconds. While the unit is silent `poll` raises DeviceTimeout; the call
    that finds it silent for `settings.offline` seconds returns one OFFLINE report instead.
    """

    def __init__(self, transport: SerialTransport, settings: CcnetSettings | None = None) -> None:
        self._line = CcnetLine(transport, settings or CcnetSettings())
        self._notes: dict[int, NoteType] | None = None
        self._forget()

    def _forget(self) -> None:
        self._last: PollAnswer | None = None
        self._escrow: PollAnswer | None = None
        self._acknowledged = False
        self._offline = False
        self._tell_again = False
        self._late = False

    def open(self) -> None:
        """Open the line and forget what an earlier one told; sends nothing."""
        self._line.transport.open()
        self._line.forget()
        self._forget()

    def close(self) -> None:
        """Close the line; safe to call twice."""
        self._line.transport.close()

    def poll(self) -> CashReport | None:
        """Ask once; a report for a change of state, None while nothing changed."""
        deadline = self._line.deadline()
        try:
            payload = self._line.ask(deadline, Command.POLL)
            if self._line.behind and self._line.catch_up(deadline):
                payload = self._line.ask(deadline, Command.POLL)
        except DeviceTimeout:
            if self._offline or self._line.silent_s < self._line.settings.offline:
                raise
            self._offline = True
            return CashReport(CashState.OFFLINE)
        # Behind, this may be the late answer to an earlier question. The unit would take an ACK for what it has told
        # since, perhaps a note; unacknowledged, it tells it again.
        self._late = self._line.behind
        answer = self._line.parsed(ccnet.parse_poll, payload)
        again = self._offline or self._tell_again
        self._offline = self._tell_again = False
        repeated = answer == self._last and self._acknowledged
        if not self._late and (answer.state is not State.STACKED or repeated):
            self._line.acknowledge()
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
            ccnet_states.STATES[answer.state],
            note=self._note(answer, deadline),
            code=answer.detail,
            reason=ccnet_states.reason(answer),
            first=first,
            needs_ack=answer.state is State.STACKED,
        )

    def _note(self, answer: PollAnswer, deadline: float) -> NoteType | None:
        if answer.state not in ccnet_states.TELLS_A_NOTE or answer.detail is None:
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
        if not self._late and not self._line.behind:
            self._line.acknowledge()

    def reset(self) -> None:
        """RESET: the unit initialises; a note in the head comes out, one on its way to the box goes in."""
        self._order(Command.RESET)

    def identify(self) -> CashIdentity:
        """Read identity and note table; the unit refuses both while it is in POWER_UP."""
        deadline = self._line.deadline()
        who = self._line.read(deadline, Command.IDENTIFICATION, ccnet.parse_identification)
        notes = self._read_table(deadline)
        return CashIdentity("CCNET", who.part, who.serial, notes)

    def enable(self, note_types: frozenset[int]) -> None:
        """Take these note types, each held in escrow; the empty set disables."""
        mask = ccnet.type_mask(note_types)
        if self._line.settings.high_security:
            self._order(Command.SET_SECURITY, ccnet.type_mask(self._line.settings.high_security))
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
        if not self._line.settings.has_counter:
            return None
        try:
            return self._line.read(self._line.deadline(), Command.GET_STACKED_COUNTER, ccnet.parse_counter)
        except CommandRefused:
            return None

    def health(self) -> DeviceHealth:
        """The state as of the last poll; offline until the first answer, no_device while the line is gone."""
        if not self._line.transport.is_open:
            return ccnet_states.NO_DEVICE
        if self._last is None or self._offline:
            return ccnet_states.HEALTH[CashState.OFFLINE]
        return ccnet_states.health(self._last)

    def _order(self, command: Command, data: bytes = b"") -> None:
        # Until the unit has said yes, the caller must hear where it stands even if it stands where it stood.
        self._tell_again = True
        self._line.order(self._line.deadline(), command, data)
        self._tell_again = self._line.behind

    def _read_table(self, deadline: float) -> tuple[NoteType, ...]:
        notes = self._line.read(deadline, Command.GET_BILL_TABLE, ccnet.parse_bill_table)
        self._notes = {note.index: note for note in notes}
        return notes
