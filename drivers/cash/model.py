"""One cash model above all acceptor protocols: what a driver tells and what it can be asked."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from drivers.status import DeviceHealth


class CashState(StrEnum):
    """Where the acceptor stands, in words that every protocol's own states map to."""

    OFFLINE = "offline"
    POWER_UP = "power_up"
    POWER_UP_NOTE_IN_HEAD = "power_up_note_in_head"
    POWER_UP_NOTE_IN_BOX = "power_up_note_in_box"
    INITIALIZING = "initializing"
    DISABLED = "disabled"
    IDLE = "idle"
    ACCEPTING = "accepting"
    ESCROW = "escrow"
    HOLDING = "holding"
    STACKING = "stacking"
    STACKED = "stacked"
    RETURNING = "returning"
    RETURNED = "returned"
    REJECTING = "rejecting"
    PAUSED = "paused"
    BUSY = "busy"
    BOX_FULL = "box_full"
    BOX_OUT = "box_out"
    JAM_ENTRY = "jam_entry"
    JAM_BOX = "jam_box"
    CHEATED = "cheated"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class NoteType:
    """One line of the acceptor's own note table: its index there, the value in fen, the ISO currency or country."""

    index: int
    value_fen: int
    currency: str


@dataclass(frozen=True, slots=True)
class CashReport:
    """One change that the acceptor told of.

    ESCROW, STACKED and RETURNED carry the note's type in `code` and its line of the note table in `note`; `note` is
    None when the acceptor names a type outside its table or its table cannot be read now. REJECTING and FAILED carry
    the vendor's code in `code` and our word for it in `reason`. `first` is true for the first state heard after the
    driver was opened: a STACKED that is `first` may be one that an earlier run of the program already credited.
    `needs_ack` is true where the acceptor waits for `acknowledge()`: the caller makes the credit durable before it
    calls that. OFFLINE is told once. After OFFLINE, and after an order that failed or was refused, the present state
    is told again even if it did not change (so an ESCROW may be the same note once more), except for a STACKED or
    RETURNED that was told before.
    """

    state: CashState
    note: NoteType | None = None
    code: int | None = None
    reason: str = ""
    first: bool = False
    needs_ack: bool = False


@dataclass(frozen=True, slots=True)
class CashIdentity:
    """What the acceptor says of itself; `notes` is its note table without the empty lines."""

    protocol: str
    model: str
    serial: str
    notes: tuple[NoteType, ...]


class CashAcceptor(Protocol):
    """A note acceptor, whatever its protocol. Every call has a deadline; none retries for ever.

    Calls raise `drivers.errors.DeviceTimeout` when the device does not answer, `drivers.errors.TransportError` when
    the line is gone, `drivers.errors.ProtocolError` when it answers nonsense, `drivers.errors.CommandRefused` when it
    says no.
    """

    def open(self) -> None:
        """Open the line. Does not reset the device: whatever it is doing is told by the first polls."""
        ...

    def close(self) -> None:
        """Close the line; safe to call twice."""
        ...

    def poll(self) -> CashReport | None:
        """Ask once; a report for a change of state, None while nothing changed.

        DeviceTimeout while the acceptor is silent, which every protocol allows it for some seconds; the call that
        finds it silent for longer returns OFFLINE once.
        """
        ...

    def acknowledge(self) -> None:
        """Acknowledge the report that `needs_ack`; CommandRefused when none waits for it.

        Until then the device repeats the report and takes no further note.
        """
        ...

    def reset(self) -> None:
        """Let the device start anew; needed after any POWER_UP report."""
        ...

    def identify(self) -> CashIdentity:
        """Read identity and note table; the device must not be in POWER_UP."""
        ...

    def enable(self, note_types: frozenset[int]) -> None:
        """Take these note types, each held in escrow until `stack` or `give_back`; all others are refused."""
        ...

    def disable(self) -> None:
        """Take no further note; one already on its way still completes."""
        ...

    def stack(self) -> None:
        """Move the note in escrow to the box: the point of no return follows as a STACKED report."""
        ...

    def give_back(self) -> None:
        """Return the note in escrow to the customer."""
        ...

    def hold(self) -> None:
        """Keep the note in escrow a while longer."""
        ...

    def stacked_count(self) -> int | None:
        """Read the device's own persistent count of stacked notes; None where it keeps none."""
        ...

    def health(self) -> DeviceHealth:
        """Tell the state as of the last poll, without asking the device."""
        ...
