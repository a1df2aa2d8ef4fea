"""One model above all units that carry a card: the motorised reader and the dispenser of blank cards.

Neither reads the chip. A unit brings the card to its chip contact, and the chip is then spoken to through PC/SC.

At any moment, whatever the unit or the customer is doing, these calls are safe, for they move nothing:
`open close poll health identify refuse` and `reset(ResetTo.STAY)`. The others move a card, and only the caller knows
whose it is:

| call | do not make it |
|---|---|
| `accept` | while a card of an earlier customer is inside or in the mouth |
| `to_contact` | while nothing says that the card is to be read |
| `eject` `present` `reset(EXIT)` | while a card is being written: end that and read back first |
| `capture` `retract` `reset(RETAIN)` | unless it is decided and durable that the customer does not get it back |
| `dispense` | unless it is decided and durable for whom the card is |

A call that moves a card ends when the card has come to rest, and has been looked for with the unit's own sensors. One
that raises DeviceTimeout or TransportError may have been carried out, or may be carried out yet: `poll` tells. Nothing
that moves a card is ever sent a second time by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from drivers.errors import DriverError
from drivers.status import DeviceHealth, Supply


class CardState(StrEnum):
    """Where the card is, as the unit's sensors tell."""

    OFFLINE = "offline"
    """The unit is silent."""
    UNKNOWN = "unknown"
    """The unit speaks but cannot say: it has restarted and wants a reset first."""
    EMPTY = "empty"
    """No card in the path."""
    LOOSE = "loose"
    """In the mouth, not held: on its way in, or given out so that the unit cannot draw it back."""
    HELD = "held"
    """In the mouth, lightly held: the customer can take it, and the unit can draw it back."""
    INSIDE = "inside"
    """Within, the chip not contacted: out of the customer's reach."""
    CONTACT = "contact"
    """At the chip contact: the chip can be spoken to."""
    REAR = "rear"
    """At the rear end, held before the bin."""
    IN_BIN_MOUTH = "in_bin_mouth"
    """Given out to the rear and not fallen: the bin is full, or not there."""
    ABNORMAL = "abnormal"
    """Something is in the path that is longer or shorter than a card."""

    @property
    def media(self) -> str:
        """XFS4IoT's `media` word for it: unknown, notPresent, present, entering or jammed."""
        return _MEDIA.get(self, "present")


_MEDIA = {
    CardState.OFFLINE: "unknown",
    CardState.UNKNOWN: "unknown",
    CardState.EMPTY: "notPresent",
    CardState.LOOSE: "entering",
    CardState.ABNORMAL: "jammed",
}


class ResetTo(StrEnum):
    """What a reset does with a card that it finds, as XFS4IoT's `Reset` names it."""

    STAY = "currentPosition"
    EXIT = "exit"
    RETAIN = "retain"


class MoveFailed(DriverError):  # noqa: N818 - says what happened
    """The unit began to move a card, or tried to, and the card is not where it was to go.

    `code` is jam, bin_full, card_abnormal or failed, which `health` keeps until the card's path is seen free or a move
    succeeds; or pulled (the customer drew the card out) or out_of_reach (it stands in the mouth, not held), which are
    no faults of the unit. `state` is where the card was seen last.
    """

    def __init__(self, code: str, state: CardState, detail: str) -> None:
        super().__init__(f"{code}: {detail}; the card is seen: {state}")
        self.code = code
        self.state = state
        self.detail = detail


@dataclass(frozen=True, slots=True)
class CardReport:
    """One change that a motorised reader told of.

    `first` is true for the first state heard after the driver was opened. `needs_reset` says that the unit has
    restarted (or was never set up) and wants `reset` before anything else; what it was told before is forgotten, and
    it may let cards in unasked. OFFLINE is told once. After OFFLINE, and after a call that failed or was refused, the
    present state is told again even if it did not change.
    """

    state: CardState
    first: bool = False
    needs_reset: bool = False


@dataclass(frozen=True, slots=True)
class DispenserReport:
    """One change that a card dispenser told of, of the card in its path, its stack or its reject bin.

    `stack` is GOOD, LOW, OUT, MISSING or NOT_CONFIGURED (not known), `reject_bin` GOOD, FULL or NOT_CONFIGURED. The
    rest is as in `CardReport`.
    """

    state: CardState
    stack: Supply = Supply.NOT_CONFIGURED
    reject_bin: Supply = Supply.NOT_CONFIGURED
    first: bool = False
    needs_reset: bool = False


@dataclass(frozen=True, slots=True)
class CardUnitIdentity:
    """What a unit says of itself; `text` is its own words, "" where it says none."""

    protocol: str
    text: str


class CardUnit(Protocol):
    """What both kinds have. Every call has a deadline; none retries for ever. For one thread.

    Calls raise `drivers.errors.DeviceTimeout` when the device does not answer, `drivers.errors.TransportError` when
    the line is gone, `drivers.errors.ProtocolError` when it answers nonsense, `drivers.errors.CommandRefused` when
    the unit, or the state it is in, says no (nothing has moved then), and `MoveFailed` when a card does not arrive.
    """

    def open(self) -> None:
        """Open the line. Does not reset the unit: where a card stands is told by the first poll."""
        ...

    def close(self) -> None:
        """Close the line; safe to call twice."""
        ...

    def reset(self, to: ResetTo = ResetTo.STAY) -> None:
        """Start the unit anew and set it up: no card is let in. Needed after a report that `needs_reset`.

        STAY leaves a card where it is, EXIT offers it to the customer, RETAIN carries it into the bin.
        """
        ...

    def identify(self) -> CardUnitIdentity:
        """Ask the unit for its name."""
        ...

    def to_contact(self) -> None:
        """Bring the card that is in the path to the chip contact; CommandRefused when there is none."""
        ...

    def health(self) -> DeviceHealth:
        """Tell the state as of the last call, without asking the unit."""
        ...


class CardReader(CardUnit, Protocol):
    """A motorised card reader (XFS4IoT CardReader, type motor)."""

    def poll(self) -> CardReport | None:
        """Ask once; a report for a change of state, None while nothing changed.

        DeviceTimeout while the unit is silent; the call that finds it silent for longer returns OFFLINE once.
        """
        ...

    def accept(self) -> None:
        """Let one card in, which the unit draws to the chip contact by itself: LOOSE, then CONTACT.

        A card that comes to rest at INSIDE or LOOSE instead did not get through: `to_contact` tries again or says
        why not. Stays in force until `refuse`, `reset` or a restart of the unit.
        """
        ...

    def refuse(self) -> None:
        """Let no further card in; one that has begun to enter still does."""
        ...

    def eject(self) -> None:
        """Offer the card in the mouth. When the customer takes it is told by `poll`: HELD, then EMPTY."""
        ...

    def capture(self) -> None:
        """Carry the card into the bin behind the reader [吞卡]; it does not come back from there."""
        ...


class CardDispenser(CardUnit, Protocol):
    """A dispenser of blank cards (XFS4IoT CardDispenser) with a chip contact on the way."""

    def poll(self) -> DispenserReport | None:
        """Ask once; a report for a change of state, stack or bin, None while nothing changed.

        DeviceTimeout while the unit is silent; the call that finds it silent for longer returns OFFLINE once.
        """
        ...

    def dispense(self) -> None:
        """Take one card from the stack to the chip contact.

        CommandRefused when a card is in the path already (never two at once) or the stack is empty or missing.
        """
        ...

    def present(self) -> None:
        """Offer the card in the mouth. When the customer takes it is told by `poll`: HELD, then EMPTY."""
        ...

    def retract(self) -> None:
        """Carry the card in the path into the reject bin."""
        ...
