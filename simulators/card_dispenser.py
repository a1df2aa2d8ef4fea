"""A dispenser of blank cards: the far end of `drivers.card.dispenser_driver`, and what people do to it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from drivers.card import dispenser_crt571 as crt
from drivers.card.dispenser_crt571 import Command, Entry, Move, Reset
from drivers.card.dispenser_crt571 import Path as Seen
from drivers.card.frame import DISPENSER
from drivers.status import Supply
from simulators.card_unit import CardUnit
from simulators.far_end import ControlError, Reply, argument_parser, run

# A mechanical delay in seconds, divided by --speed.
MOVE = 1.5

NAME = b"PK-SIM-CD1 V1.00"
STACKER_SENSOR = 7
"""Which of the sensors, counted from 0, sees the card box; the driver's `stacker_sensor`."""

_STEPS = {
    Move.MOUTH_HELD: ("present", Seen.MOUTH),
    Move.CONTACT: ("dispense", Seen.STATION),
    Move.ANTENNA: ("antenna", Seen.STATION),
    Move.BIN: ("retract", Seen.NONE),
    Move.MOUTH_OUT: ("drop", Seen.NONE),
}
_STACKS = {supply: byte for byte, supply in crt.STACKS.items()}


class CardDispenser(CardUnit):
    """One dispenser. `place` is where its sensors see the card in the path.

    `blanks` are the cards of a stack that is known card by card, as files of the card program at the contact.
    """

    STEPS = ("dispense", "antenna", "present", "retract", "drop")

    def __init__(
        self,
        speed: float = 1.0,
        *,
        chip_control: Path | None = None,
        cards: int = 40,
        low: int = 5,
        bin_capacity: int = 20,
        blanks: Sequence[Path] = (),
    ) -> None:
        self.loaded, self.low, self.bin_capacity = len(blanks) or cards, low, bin_capacity
        self._blanks = [str(each) for each in blanks]
        super().__init__(speed, DISPENSER, enquires=False, chip_control=chip_control)

    def fresh(self) -> None:
        """From the factory, its stack loaded."""
        super().fresh()
        self.place = Seen.NONE
        self.cards, self.bin = self.loaded, 0
        self.stacker_in = True
        self.reset_since_power_up = False
        self.entry = Entry.ALLOWED
        self._tells_unreset = False
        self._error, self._errs_at = "", "move"
        self._answering = bytes(2)
        self._card: dict[str, object] = {}

    @property
    def stack(self) -> Supply:
        """What the stack's sensors tell: a box that is missing looks like an empty one."""
        if not self.cards or not self.stacker_in:
            return Supply.OUT
        return Supply.LOW if self.cards <= self.low else Supply.GOOD

    # Commands.

    def execute(self, text: bytes) -> bytes | None:
        """The answer to a command, or None for one that moves a card."""
        if len(text) < 3 or text[0] != crt.COMMAND:
            return self._no(text[1:3].ljust(2, b"0"), "04")
        asked = text[1:3]
        self._answering = asked
        try:
            return self._carried_out(Command(asked[0]), asked[1])
        except ValueError:
            return self._no(asked, "01" if asked[0] in set(Command) else "00")

    def _carried_out(self, command: Command, parameter: int) -> bytes | None:
        if command is Command.RESET:
            return self._reset(Reset(parameter))
        told = self._tells_unreset and command is Command.STATUS
        if not self.reset_since_power_up and not told:
            return self._no(self._answering, crt.NOT_RESET)
        if self._error and command.name.lower() == self._errs_at:
            error, self._error = self._error, ""
            return self._no(self._answering, error)
        if command is Command.MOVE:
            return self._ordered(Move(parameter))
        if command is Command.ENTRY:
            self.entry = Entry(parameter)
        return self._yes(self._data(command, parameter))

    def _data(self, command: Command, parameter: int) -> bytes:
        if command is Command.STATUS and parameter == crt.SENSORS.parameter:
            sensors = [self.place is Seen.MOUTH, self.place is Seen.STATION, *[False] * 5, self.stacker_in]
            return bytes(0x30 + seen for seen in sensors)
        return NAME if command is Command.VERSION else b""

    def _yes(self, data: bytes = b"") -> bytes:
        status = bytes([self.place, _STACKS[self.stack], 0x31 if self.bin >= self.bin_capacity else 0x30])
        return bytes([crt.YES]) + self._answering + status + data

    @staticmethod
    def _no(asked: bytes, error: str) -> bytes:
        return b"N" + asked + error.encode("ascii")

    def _reset(self, how: Reset) -> bytes | None:
        self.reset_since_power_up, self.entry = True, Entry.ALLOWED
        self.note("reset")
        if how is Reset.STAY or self.place is Seen.NONE:
            return self._yes(NAME)
        self._travel(Move.MOUTH_HELD if how is Reset.TO_MOUTH else Move.BIN)
        return None

    def _ordered(self, to: Move) -> bytes | None:
        if self.moving:
            return self._no(self._answering, "02")
        if to is Move.BIN and self.bin >= self.bin_capacity:
            return self._no(self._answering, "A1")
        if self.place is Seen.NONE:
            if self.stack is Supply.OUT:
                return self._no(self._answering, "A0")
            self.cards -= 1
            if self._blanks:
                self._card = {"card": self._blanks.pop(0)}
            self.note("from_stack")
        self._travel(to)
        return None

    def _travel(self, to: Move) -> None:
        step, goal = _STEPS[to]
        self.travel(step, MOVE, lambda: self._arrived(to, goal))

    # The mechanics.

    def halfway(self, step: str) -> None:
        """Under way a card is seen inside."""
        self.place = Seen.STATION

    def stuck(self) -> None:
        """The motor has tried and gives up."""
        self.note("jammed")
        self.finish(self._no(self._answering, "10"))

    def power_lost(self) -> None:
        """It forgets that it was reset."""
        self.reset_since_power_up, self.entry = False, Entry.ALLOWED

    def _arrived(self, to: Move, goal: Seen) -> None:
        self.place = goal
        if to is Move.BIN:
            self.bin += 1
            self.note("in_bin")
        elif to is Move.MOUTH_OUT:
            self.note("dropped")
        if to is Move.CONTACT:
            self.settle(self._card, self._done)
        else:
            self._done()

    def _done(self) -> None:
        self.note("at_" + self.place.name.lower())
        self.finish(self._yes())

    # What customers and technicians can do.

    def do_take(self) -> Reply:
        """The customer draws the card out of the mouth, or from the rollers on its way there."""
        if self.place is not Seen.MOUTH and self.step not in ("present", "drop"):
            return {"taken": False, "why": self.place.name.lower()}
        return self._gone("taken")

    def do_pull(self) -> Reply:
        """A strong hand draws the card out wherever it is moving."""
        if not self.moving:
            raise ControlError("no card is moving")
        return self._gone("pulled")

    def _gone(self, what: str) -> Reply:
        under_way = self.moving
        self.halt()
        self.chip.pull()
        self.place, self.jammed = Seen.NONE, False
        self.note(what)
        if under_way:
            self.finish(self._no(self._answering, "16"))
        return {"taken": True}

    def do_clear(self) -> Reply:
        """The technician takes out by hand whatever is in the path."""
        self.halt()
        self.chip.pull()
        removed = self.place is not Seen.NONE
        self.place, self.jammed = Seen.NONE, False
        if removed:
            self.note("removed_by_hand")
        return {"removed": removed}

    def do_next_card(self, **card: object) -> Reply:
        """What goes to the card program with its `insert` from now on."""
        self._card = card
        return {}

    def do_load(self, cards: int) -> Reply:
        """Put so many cards into the stack."""
        self.cards = cards
        return {"stack": self.stack.value}

    def do_stacker(self, inserted: bool) -> Reply:
        """Take the card box out, or put it in."""
        self.stacker_in = inserted
        return {"stack": self.stack.value}

    def do_bin(self, full: bool) -> Reply:
        """Fill the reject bin, or empty it."""
        self.bin = self.bin_capacity if full else 0
        return {"bin": self.bin}

    def do_fail_next(self, error: str, command: str = "move") -> Reply:
        """Refuse the next such command (reset, status, move, entry, version) with this error code."""
        if len(error) != 2 or not error.isascii():
            raise ControlError("a code has two characters")
        self._error, self._errs_at = error, command
        return {}

    def do_odd(self, tells_unreset: bool = False) -> Reply:
        """Be an edition that tells its status though it was not reset."""
        self._tells_unreset = tells_unreset
        return {}

    def do_status(self, log: int = 100) -> Reply:
        """All there is to know."""
        return {
            "place": self.place.name.lower(),
            "cards": self.cards,
            "stack": self.stack.value,
            "stacker_in": self.stacker_in,
            "reset": self.reset_since_power_up,
            "entry": self.entry.name.lower(),
            "bin": self.bin,
            "card": self._card.get("card"),
            **self.common_status(log),
        }


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until a signal comes."""
    parser = argument_parser("A dispenser of blank cards on a pty.")
    parser.add_argument("--chip-control", type=Path, help="control socket of the card program at the contact")
    parser.add_argument("--cards", type=int, default=40, help="blank cards in the stack")
    parser.add_argument("--low", type=int, default=5, help="from how many cards on the stack is told as low")
    parser.add_argument("--bin", type=int, default=20, help="cards that the reject bin holds")
    parser.add_argument("--blank", type=Path, action="append", default=[], help="file of a card in the stack")
    options = parser.parse_args(arguments)
    dispenser = CardDispenser(
        options.speed,
        chip_control=options.chip_control,
        cards=options.cards,
        low=options.low,
        bin_capacity=options.bin,
        blanks=options.blank,
    )
    return run(dispenser, options)


if __name__ == "__main__":
    sys.exit(main())
