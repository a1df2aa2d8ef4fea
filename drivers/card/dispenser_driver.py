"""The CRT-571 card dispenser: one blank card at a time from the stack to the chip contact, the mouth or the bin."""

from __future__ import annotations

from dataclasses import dataclass, replace

from drivers.card import dispenser_crt571 as crt
from drivers.card.card_driver import FAULTS, OK, CardDriver
from drivers.card.dispenser_crt571 import CRT571, Command, Entry, Move, Path, Reset
from drivers.card.frame import Question
from drivers.card.line import CardLineSettings
from drivers.card.model import CardState, CardUnitIdentity, DispenserReport, ResetTo
from drivers.errors import CommandRefused, ProtocolError
from drivers.status import DeviceHealth, DeviceStatus, ErrorAction, Supply
from drivers.transport import SerialTransport

__all__ = ["Crt571Dispenser", "Crt571Settings"]

_AT_CONTACT = frozenset({CardState.CONTACT})
_GIVEN = frozenset({CardState.HELD, CardState.EMPTY})
_GONE = frozenset({CardState.EMPTY})
_NOWHERE: frozenset[CardState] = frozenset()
_STACK_HEALTH = {
    Supply.LOW: DeviceHealth(DeviceStatus.ONLINE, "stack_low", supply=Supply.LOW),
    Supply.OUT: DeviceHealth(DeviceStatus.USER_ERROR, "stack_out", ErrorAction.MAINTENANCE, Supply.OUT),
    Supply.MISSING: DeviceHealth(
        DeviceStatus.USER_ERROR, "stack_missing", ErrorAction.MAINTENANCE, Supply.MISSING
    ),
}


@dataclass(frozen=True, slots=True)
class Crt571Settings(CardLineSettings):
    """What the unit at hand can do, beside the line's times.

    `stacker_sensor` is the place, counted from 0, in the sensors' answer of the one that sees the card box in its
    place; None where the unit has none, and then a missing box is told as an empty one.
    """

    stacker_sensor: int | None = None


class Crt571Dispenser(CardDriver[DispenserReport]):
    """`CardDispenser` over the CRT-571 protocol; see there for each call's contract. For one thread.

    The unit tells one and the same state for a card at the chip contact and one that merely stands inside: CONTACT
    is told after a move to the contact that this driver has seen through, INSIDE otherwise.
    """

    def __init__(self, transport: SerialTransport, settings: Crt571Settings | None = None) -> None:
        self.settings = settings or Crt571Settings()
        super().__init__(transport, CRT571, self.settings, DispenserReport(CardState.OFFLINE))

    def _forget(self) -> None:
        super()._forget()
        self._contacted = False
        self._wants_reset = False

    def _look(self, deadline: float) -> DispenserReport:
        answer = self._line.ask(deadline, crt.STATUS)
        if answer.error == crt.NOT_RESET:
            self._restarted()
            return DispenserReport(CardState.UNKNOWN, needs_reset=True)
        if answer.error:
            raise ProtocolError(f"status refused with {answer.error} {crt.meaning(answer.error)[1]}")
        status = crt.parse_status(answer.data)
        if status.path is not Path.STATION:
            self._contacted = False
        inside = CardState.CONTACT if self._contacted else CardState.INSIDE
        state = {Path.NONE: CardState.EMPTY, Path.MOUTH: CardState.HELD}.get(status.path, inside)
        stack = status.stack if self._stacker_in(deadline) else Supply.MISSING
        return DispenserReport(state, stack, status.reject_bin, needs_reset=self._wants_reset)

    def _stacker_in(self, deadline: float) -> bool:
        place = self.settings.stacker_sensor
        if place is None:
            return True
        # Before the sensors' own bytes stand the three of the status.
        sensors = self._order(deadline, crt.SENSORS)[3:]
        if place >= len(sensors):
            raise ProtocolError("the unit has fewer sensors than stacker_sensor says", sensors)
        return sensors[place] == 0x31

    def _restarted(self) -> None:
        self._wants_reset, self._contacted = True, False

    def reset(self, to: ResetTo = ResetTo.STAY) -> None:
        """RESET without moving a card, shut the mouth to cards from outside; then move the card `to`."""
        deadline = self._line.deadline(moving=True)
        self._tell_again = True
        self._contacted = False
        self._order(deadline, Question(Command.RESET, Reset.STAY))
        self._order(deadline, Question(Command.ENTRY, Entry.REFUSED))
        self._wants_reset = False
        state = self._ready(deadline)
        if to is ResetTo.STAY or state is CardState.EMPTY:
            return
        if to is ResetTo.EXIT:
            self._arrived(deadline, _GIVEN, self._move(deadline, Move.MOUTH_HELD))
        else:
            self._retract(deadline)

    def identify(self) -> CardUnitIdentity:
        """Read the unit's version text, as far as it is printable."""
        data = self._order(self._line.deadline(), crt.VERSION)[3:]
        return CardUnitIdentity("CRT-571", "".join(chr(byte) for byte in data if 0x20 <= byte < 0x7F))

    def dispense(self) -> None:
        """MOVE to the chip contact with no card in the path: one comes from the stack."""
        deadline = self._line.deadline(moving=True)
        if self._ready(deadline) is not CardState.EMPTY:
            raise CommandRefused("a card is in the path already")
        stack = self._seen.stack if self._seen else Supply.NOT_CONFIGURED
        if stack in (Supply.OUT, Supply.MISSING):
            raise CommandRefused(f"the stack is {stack}")
        self._contact(deadline)

    def to_contact(self) -> None:
        """MOVE the card inside to the chip contact; refused with one in the mouth.

        The customer may take that at any moment, and then the same command would fetch another from the stack.
        """
        deadline = self._line.deadline(moving=True)
        state = self._ready(deadline)
        if state not in (CardState.INSIDE, CardState.CONTACT):
            raise CommandRefused(f"no card inside: {state}")
        self._contact(deadline)

    def present(self) -> None:
        """MOVE to the mouth, held."""
        deadline = self._line.deadline(moving=True)
        self._need_card(deadline)
        self._arrived(deadline, _GIVEN, self._move(deadline, Move.MOUTH_HELD))

    def retract(self) -> None:
        """MOVE into the reject bin."""
        deadline = self._line.deadline(moving=True)
        self._need_card(deadline)
        self._retract(deadline)

    def _need_card(self, deadline: float) -> None:
        if self._ready(deadline) is CardState.EMPTY:
            raise CommandRefused("no card is in the path")

    def _contact(self, deadline: float) -> None:
        trouble = self._move(deadline, Move.CONTACT)
        self._contacted = trouble is None
        self._arrived(deadline, _AT_CONTACT, trouble)

    def _retract(self, deadline: float) -> None:
        trouble = self._move(deadline, Move.BIN)
        self._arrived(deadline, _GONE if trouble is None else _NOWHERE, trouble)

    def _move(self, deadline: float, to: Move) -> tuple[str, str] | None:
        """Have the card moved; what the unit says went wrong, in our word and its own, or None."""
        self._contacted = False
        answer = self._line.ask(deadline, Question(Command.MOVE, to))
        if not answer.error:
            return None
        if answer.error == crt.NOT_RESET:
            self._restarted()
        word, said = crt.meaning(answer.error)
        said = f"{answer.error} {said}"
        if word in (crt.REFUSED, crt.STACK_OUT):
            raise CommandRefused(f"the unit refuses to move the card: {said}")
        return word, said

    def _condition(self, seen: DispenserReport) -> DeviceHealth:
        if self._fault is not None:
            return self._fault
        if seen.reject_bin is Supply.FULL:
            return FAULTS["bin_full"]
        return _STACK_HEALTH.get(seen.stack, replace(OK, supply=seen.stack))
