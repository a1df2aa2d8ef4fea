"""The CRT-310 motorised card reader: moves cards, believes its sensors, and notices when it has restarted."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from drivers.card import motor_crt310 as crt
from drivers.card.card_driver import FAULTS, OK, POWER_FAILED, CardDriver
from drivers.card.frame import Question
from drivers.card.line import CardLineSettings
from drivers.card.model import CardReport, CardState, CardUnitIdentity, ResetTo
from drivers.card.motor_crt310 import CRT310, Command, Done, Entry, Move, Rear, Reset, Stop
from drivers.errors import CommandRefused, DeviceTimeout, ProtocolError
from drivers.status import DeviceHealth, DeviceStatus, ErrorAction, Supply
from drivers.transport import SerialTransport

__all__ = ["Crt310Reader", "Crt310Settings"]

_AT_CONTACT = frozenset({CardState.CONTACT})
_GIVEN = frozenset({CardState.HELD, CardState.LOOSE, CardState.EMPTY})
_GONE = frozenset({CardState.EMPTY})
_NOWHERE: frozenset[CardState] = frozenset()
_SHUTTER = DeviceHealth(
    DeviceStatus.HARDWARE_ERROR,
    "shutter_open",
    ErrorAction.MAINTENANCE,
    detail="the shutter stands open, no card is in the path and none is let in",
)
_LOOK_AGAIN_S = 0.1


@dataclass(frozen=True, slots=True)
class Crt310Settings(CardLineSettings):
    """What the unit at hand can do, beside the line's times.

    `entry` is which cards are let in and `stop` where they come to rest; `eject_held` offers a card so that it can
    be drawn back, `has_shutter` reads the shutter's sensor, which may stand open for `shutter` seconds after its
    time; `rear_tells_restart` takes an open rear entry, which a unit has after power-up, for a restart.
    """

    entry: Entry = Entry.SWITCH
    stop: Stop = Stop.CONTACT
    eject_held: bool = True
    has_shutter: bool = True
    shutter: float = 3.0
    rear_tells_restart: bool = True


class Crt310Reader(CardDriver[CardReport]):
    """`CardReader` over the CRT-310 protocol; see there for each call's contract. For one thread."""

    def __init__(self, transport: SerialTransport, settings: Crt310Settings | None = None) -> None:
        self.settings = settings or Crt310Settings()
        super().__init__(transport, CRT310, self.settings, CardReport(CardState.OFFLINE))

    def _forget(self) -> None:
        super()._forget()
        self._power_down = ""
        self._entry_open = False
        self._shutter_since: float | None = None

    def _look(self, deadline: float) -> CardReport:
        answer = self._line.ask(deadline, crt.STATUS)
        while answer.error == crt.NOT_NOW:
            if time.monotonic() + _LOOK_AGAIN_S >= deadline:
                raise DeviceTimeout("the unit is busy")
            time.sleep(_LOOK_AGAIN_S)
            answer = self._line.ask(deadline, crt.STATUS)
        self._power_down = ""
        if answer.error in (crt.POWER_DOWN, crt.VOLTAGE):
            self._power_down = crt.ERRORS[answer.error]
            return CardReport(CardState.UNKNOWN)
        if answer.error:
            raise ProtocolError(f"status refused with {answer.error}")
        status = crt.parse_status(answer.data)
        self._entry_open = status.front != crt.FRONT_SHUT
        restarted = self.settings.rear_tells_restart and status.rear != crt.REAR_SHUT
        state = crt.STATES[status.place]
        self._watch_shutter(deadline, state)
        return CardReport(state, needs_reset=restarted)

    def _watch_shutter(self, deadline: float, state: CardState) -> None:
        """Ask for the shutter where it should be shut, and remember since when it is not."""
        should_be_shut = state is CardState.EMPTY and not self._entry_open and self.settings.has_shutter
        if not should_be_shut or not crt.shutter_open(self._order(deadline, crt.SENSORS)):
            self._shutter_since = None
        elif self._shutter_since is None:
            self._shutter_since = time.monotonic()

    def reset(self, to: ResetTo = ResetTo.STAY) -> None:
        """RESET without moving a card, shut both entries, set where cards come to rest; then move the card `to`."""
        deadline = self._line.deadline(moving=True)
        self._tell_again = True
        self._order(deadline, Question(Command.RESET, Reset.STAY))
        self._order(deadline, Question(Command.ENTRY, Entry.NONE, bytes([Rear.REFUSED])))
        self._order(deadline, Question(Command.STOP_POSITION, self.settings.stop))
        state = self._ready(deadline)
        if to is ResetTo.STAY or state is CardState.EMPTY:
            return
        if state is CardState.ABNORMAL:
            self._clear_path(deadline, to)
        elif to is ResetTo.EXIT:
            self._eject(deadline)
        else:
            self._capture(deadline)

    def identify(self) -> CardUnitIdentity:
        """Read the unit's serial number, as far as it is printable."""
        data = self._order(self._line.deadline(), crt.SERIAL)
        text = "".join(chr(byte) for byte in data[1:] if 0x20 <= byte < 0x7F)
        return CardUnitIdentity("CRT-310", text)

    def accept(self) -> None:
        """ENTRY at the front for the settings' cards; refused while a card is in the path."""
        deadline = self._line.deadline()
        if self._ready(deadline) is not CardState.EMPTY:
            raise CommandRefused("a card is in the path")
        self._order(deadline, Question(Command.ENTRY, self.settings.entry, bytes([Rear.REFUSED])))

    def refuse(self) -> None:
        """ENTRY shut at the front. The rear stays as it is: open, it tells that the unit has restarted."""
        deadline = self._line.deadline()
        restarted = self._see(deadline).needs_reset
        self._tell_again = True
        rear = Rear.ALLOWED if restarted else Rear.REFUSED
        self._order(deadline, Question(Command.ENTRY, Entry.NONE, bytes([rear])))

    def to_contact(self) -> None:
        """MOVE to the chip contact."""
        deadline = self._line.deadline(moving=True)
        self._need_card(deadline)
        self._arrived(deadline, _AT_CONTACT, self._move(deadline, Move.CONTACT))

    def eject(self) -> None:
        """MOVE to the mouth; a card that the customer takes on the way out has been given to him."""
        deadline = self._line.deadline(moving=True)
        if self._need_card(deadline) is CardState.ABNORMAL:
            self._clear_path(deadline, ResetTo.EXIT)
        else:
            self._eject(deadline)

    def capture(self) -> None:
        """MOVE out to the rear, where the bin is."""
        deadline = self._line.deadline(moving=True)
        if self._need_card(deadline) is CardState.ABNORMAL:
            self._clear_path(deadline, ResetTo.RETAIN)
        else:
            self._capture(deadline)

    def _need_card(self, deadline: float) -> CardState:
        state = self._ready(deadline)
        if state is CardState.EMPTY:
            raise CommandRefused("no card is in the path")
        return state

    def _eject(self, deadline: float) -> None:
        to = Move.FRONT_HELD if self.settings.eject_held else Move.FRONT_LOOSE
        self._arrived(deadline, _GIVEN, self._move(deadline, to))

    def _capture(self, deadline: float) -> None:
        trouble = self._move(deadline, Move.REAR_OUT)
        # A card that is gone though the unit says no was pulled out at the front.
        self._arrived(deadline, _GONE if trouble is None else _NOWHERE, trouble)

    def _clear_path(self, deadline: float, to: ResetTo) -> None:
        """Drive out what is no card, which only a reset does; it takes the unit's set-up with it."""
        out = Reset.TO_FRONT if to is ResetTo.EXIT else Reset.TO_REAR
        self._order(deadline, Question(Command.RESET, out))
        self._order(deadline, Question(Command.ENTRY, Entry.NONE, bytes([Rear.REFUSED])))
        self._order(deadline, Question(Command.STOP_POSITION, self.settings.stop))
        self._arrived(deadline, _GIVEN if to is ResetTo.EXIT else _GONE, None)

    def _move(self, deadline: float, to: Move) -> tuple[str, str] | None:
        """Have the card moved; what the unit says went wrong, in our word and its own, or None."""
        answer = self._line.ask(deadline, Question(Command.MOVE, to))
        if answer.error == crt.ABNORMAL_CARD:
            return "card_abnormal", crt.ERRORS[crt.ABNORMAL_CARD]
        if answer.error:
            said = crt.ERRORS.get(answer.error, "unknown code")
            raise CommandRefused(f"the unit refuses to move the card: {answer.error} {said}")
        done = crt.parse_done(answer.data)
        if done is Done.YES:
            return None
        word = "out_of_reach" if done is Done.WRONG_PLACE else "jam"
        return word, f"move ended with {chr(done)} ({done.name.lower()})"

    def _condition(self, seen: CardReport) -> DeviceHealth:
        if self._power_down:
            return replace(POWER_FAILED, detail=self._power_down)
        if self._fault is not None:
            return self._fault
        if seen.state is CardState.IN_BIN_MOUTH:
            return FAULTS["bin_full"]
        if seen.state is CardState.ABNORMAL:
            return FAULTS["card_abnormal"]
        since = self._shutter_since
        if since is not None and time.monotonic() - since >= self.settings.shutter:
            return _SHUTTER
        return replace(OK, supply=Supply.NOT_CONFIGURED)
