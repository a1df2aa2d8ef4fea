"""A motorised card reader: the far end of `drivers.card.motor_driver`, and what customers and technicians do to it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from drivers.card import motor_crt310 as crt
from drivers.card.frame import MOTOR
from drivers.card.motor_crt310 import Command, Done, Entry, Move, Place, Rear, Reset, Stop
from simulators.card_unit import CardUnit
from simulators.far_end import ControlError, Reply, argument_parser, run

# Mechanical delays in seconds, divided by --speed.
ENTER = 1.5
MOVE = 1.2

NAME = b"PK-SIM-MR1 V1.00"
SERIAL = b"MR1-000001"

_FRONT = frozenset({Place.FRONT_LOOSE, Place.FRONT_HELD})
_MOVES = {
    Move.INSIDE: ("inside", Place.INSIDE),
    Move.CONTACT: ("contact", Place.CONTACT),
    Move.FRONT_LOOSE: ("eject", Place.FRONT_LOOSE),
    Move.FRONT_HELD: ("eject", Place.FRONT_HELD),
    Move.REAR_HELD: ("rear", Place.REAR_HELD),
    Move.REAR_OUT: ("capture", Place.REAR_OUT),
    Move.ABNORMAL_OUT: ("capture", Place.REAR_OUT),
}
_STOPS = {
    Stop.FRONT_LOOSE: Place.FRONT_LOOSE,
    Stop.FRONT_HELD: Place.FRONT_HELD,
    Stop.INSIDE: Place.INSIDE,
    Stop.CONTACT: Place.CONTACT,
    Stop.REAR_HELD: Place.REAR_HELD,
    Stop.REAR_OUT: Place.REAR_OUT,
}
_BARRIERS = [_FRONT, {Place.FRONT_HELD}, {Place.INSIDE}, {Place.CONTACT}, {Place.REAR_HELD}, {Place.REAR_OUT}]


class MotorReader(CardUnit):
    """One reader. `place` is where its sensors see the card, `card` what goes to the card program with `insert`."""

    STEPS = ("enter", "inside", "contact", "eject", "rear", "capture")

    def __init__(
        self, speed: float = 1.0, *, chip_control: Path | None = None, bin_capacity: int = 50
    ) -> None:
        self.bin_capacity = bin_capacity
        super().__init__(speed, MOTOR, enquires=True, chip_control=chip_control)

    def fresh(self) -> None:
        """From the factory: nothing inside, an empty bin."""
        super().fresh()
        self.place = Place.NONE
        self.card: dict[str, object] = {}
        self.length = "standard"
        self.bin = 0
        self._shutter: bool | None = None
        self._backup = False
        self._refusals: list[str] = []
        self._answer = bytes(2)
        self._default()

    def _default(self) -> None:
        """What a reader lets in after power-up and reset: any card, from both ends."""
        self.front, self.rear, self.stop = Entry.SWITCH, Rear.ALLOWED, Stop.INSIDE

    @property
    def shutter_open(self) -> bool:
        """Whether the shutter stands open."""
        if self._shutter is not None:
            return self._shutter
        return self.place in _FRONT or self.step in ("enter", "eject")

    # Commands.

    def execute(self, text: bytes) -> bytes | None:
        """The answer to a command, or None for one that moves a card."""
        command, parameter, data = text[0], text[1] if len(text) > 1 else 0, text[2:]
        if self._backup:
            return self._no(command, crt.POWER_DOWN)
        if command == Command.STATUS and self._refusals:
            return self._no(command, self._refusals.pop())
        try:
            if command == Command.RESET and parameter != crt.SERIAL.parameter:
                return self._reset(Reset(parameter))
            if command == Command.MOVE:
                return self._ordered(Move(parameter))
            return text[:2] + self._asked(command, parameter, data)
        except KeyError:
            return self._no(command, crt.UNKNOWN_COMMAND)
        except (ValueError, IndexError):
            return self._no(command, crt.UNKNOWN_PARAMETER)

    def _asked(self, command: int, parameter: int, data: bytes) -> bytes:
        question = (command, parameter)
        if question == (crt.STATUS.command, crt.STATUS.parameter):
            front = crt.FRONT_SHUT if self.front is Entry.NONE else crt.FRONT_OPEN[self.front]
            rear = crt.REAR_SHUT if self.rear is Rear.REFUSED else crt.REAR_OPEN
            return bytes([self.place, front, rear])
        if question == (crt.SENSORS.command, crt.SENSORS.parameter):
            sensors = [self.place in seen for seen in _BARRIERS] + [self.shutter_open, self.step == "enter"]
            return bytes(0x30 + seen for seen in sensors)
        if question == (crt.SERIAL.command, crt.SERIAL.parameter):
            return bytes([Done.YES, len(SERIAL)]) + SERIAL
        if command == Command.STOP_POSITION:
            self.stop = Stop(parameter)
        elif command == Command.ENTRY:
            self.front, self.rear = Entry(parameter), Rear(data[0])
        else:
            raise KeyError(command)
        return bytes([Done.YES])

    @staticmethod
    def _no(command: int, error: str) -> bytes:
        return bytes([crt.NO, command, int(error, 16)])

    def _reset(self, how: Reset) -> bytes | None:
        self._default()
        self.note("reset")
        answer = bytes([Command.RESET, how]) + NAME
        if how is Reset.STAY or self.place is Place.NONE or self.moving:
            return answer
        step, goal = _MOVES[Move.FRONT_LOOSE if how is Reset.TO_FRONT else Move.REAR_OUT]
        self.length = "standard"
        self._answer = answer
        self.travel(step, MOVE, lambda: self._arrived(goal))
        return None

    def _ordered(self, to: Move) -> bytes | None:
        head = bytes([Command.MOVE, to])
        if self.moving:
            return self._no(Command.MOVE, crt.NOT_NOW)
        if self.place in (Place.TOO_LONG, Place.TOO_SHORT):
            return self._no(Command.MOVE, crt.ABNORMAL_CARD)
        if self.place is Place.NONE:
            return head + bytes([Done.NO_CARD])
        if self.place is Place.FRONT_LOOSE and not self.jammed and to is not Move.FRONT_LOOSE:
            return head + bytes([Done.WRONG_PLACE])
        step, goal = _MOVES[to]
        self._answer = head + bytes([Done.YES])
        self.travel(step, MOVE, lambda: self._arrived(goal))
        return None

    # The mechanics.

    def halfway(self, step: str) -> None:
        """Under way a card is seen inside, or at the end that it has begun from."""
        if step == "capture":
            self.place = Place.REAR_HELD
        elif step != "enter":
            self.place = Place.INSIDE

    def stuck(self) -> None:
        """The motor has tried and gives up."""
        self.note("jammed")
        self._failed()

    def _failed(self) -> None:
        """Answer the command whose move has come to nothing; a reset says no more than that it was one."""
        command, parameter = self._answer[:2]
        failed = bytes([command, parameter, Done.FAILED])
        self.finish(failed if command == Command.MOVE else self._answer)

    def power_lost(self) -> None:
        """Without power the contact lifts."""
        if self.step == "enter" or self.place is Place.CONTACT:
            self.place = Place.INSIDE
        self._backup = False
        self._default()

    def _arrived(self, goal: Place) -> None:
        if goal is Place.CONTACT:
            self.settle(self.card, lambda: self._rest(goal))
        else:
            self._rest(goal)

    def _rest(self, place: Place) -> None:
        self.place = place
        if place is Place.REAR_OUT and self.bin < self.bin_capacity:
            self._fall()
        self.note("at_" + self.place.name.lower())
        self.finish(self._answer)

    def _fall(self) -> None:
        self.place = Place.NONE
        self.bin += 1
        self.note("captured")

    def _entered(self) -> None:
        if self.length != "standard":
            self.place, self.length = Place.FRONT_LOOSE, "standard"
            self.note("turned_away")
        else:
            self._arrived(_STOPS[self.stop])

    # What customers and technicians can do.

    def do_push(self, length: str = "standard", **card: object) -> Reply:
        """Push a card into the mouth; `taken` tells whether it was drawn in, `why` what was in the way.

        `length` is standard, long or short. The rest goes to the card program with its `insert`.
        """
        if length not in ("standard", "long", "short"):
            raise ControlError("length is standard, long or short")
        why = self._in_the_way()
        if why:
            return {"taken": False, "why": why}
        self.place, self.card, self.length = Place.FRONT_LOOSE, card, length
        self.note("pushed")
        self.travel("enter", ENTER, self._entered)
        return {"taken": True}

    def _in_the_way(self) -> str:
        if not self.powered:
            return "no_power"
        if self.moving or self.place is not Place.NONE:
            return "card_inside"
        if self.front is Entry.NONE or self._backup:
            return "shut"
        return "shutter" if self._shutter is False else ""

    def do_take(self) -> Reply:
        """The customer draws the card out: from the mouth, or from the rollers on its way in or out."""
        at_hand = self.place in _FRONT or self.step in ("enter", "eject")
        if not at_hand or self.step == "settle":
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
        self.place, self.jammed = Place.NONE, False
        self.note(what)
        if under_way:
            self._failed()
        return {"taken": True}

    def do_clear(self) -> Reply:
        """The technician takes out by hand whatever is in the path."""
        self.halt()
        self.chip.pull()
        removed = self.place is not Place.NONE
        self.place, self.jammed, self.length = Place.NONE, False, "standard"
        if removed:
            self.note("removed_by_hand")
        return {"removed": removed}

    def do_stuff(self, length: str = "long") -> Reply:
        """Somebody forces something into the path that is too long or too short for a card."""
        if self.place is not Place.NONE:
            raise ControlError("the path is not free")
        self.place = Place.TOO_LONG if length == "long" else Place.TOO_SHORT
        return {}

    def do_bin(self, full: bool) -> Reply:
        """Fill the bin, or empty it: a card that stood in its mouth falls in."""
        self.bin = self.bin_capacity if full else 0
        if not full and self.place is Place.REAR_OUT:
            self._fall()
        return {"bin": self.bin}

    def do_shutter(self, stuck: str = "") -> Reply:
        """The shutter sticks `open` or `closed`; "" lets it go again."""
        self._shutter = {"open": True, "closed": False}.get(stuck)
        return {}

    def do_refuse(self, error: str, next: int = 1) -> Reply:  # noqa: A002 - the word of the control protocol
        """Refuse the next questions for status or sensors with this error code."""
        self._refusals = [error] * next
        return {}

    def do_backup(self, on: bool = True) -> Reply:
        """The main power is down and the unit runs on its backup: it refuses everything."""
        self._backup = on
        return {}

    def do_status(self, log: int = 100) -> Reply:
        """All there is to know."""
        return {
            "place": self.place.name.lower(),
            "entry": self.front.name.lower(),
            "rear": self.rear.name.lower(),
            "stop": self.stop.name.lower(),
            "shutter_open": self.shutter_open,
            "bin": self.bin,
            **self.common_status(log),
        }


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until a signal comes."""
    parser = argument_parser("A motorised card reader on a pty.")
    parser.add_argument("--chip-control", type=Path, help="control socket of the card program at the contact")
    parser.add_argument("--bin", type=int, default=50, help="cards that the bin holds")
    options = parser.parse_args(arguments)
    reader = MotorReader(options.speed, chip_control=options.chip_control, bin_capacity=options.bin)
    return run(reader, options)


if __name__ == "__main__":
    sys.exit(main())
