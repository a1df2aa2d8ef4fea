"""The bank card's lane: lets one in, reads its face, gives it back or keeps it, and tells where it is.

Its number and tracks go into the hold that the lanes share; the core hears first six and last four digits.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from drivers.card.bank_card import BankCardCode, BankCardError
from drivers.card.bank_card import BankCardFace as ReadFace
from drivers.card.bank_card_unit import BankCardUnit, Place, why_not_moved
from drivers.errors import DriverError, TransportError
from drivers.status import DeviceHealth
from kiosk.config_tenders import BankCard
from kiosk.core.inputs import BankCardFace, BankCardFelt, BankCardRead, DeviceFelt
from kiosk.hubclient import tender_wire
from kiosk.lanes.hold import Hold
from kiosk.lanes.lane import Lane, Tell
from kiosk.payment import effects as fx
from kiosk.payment.effects import Effect

REOPEN_S = 1.0
_WORDS = {
    BankCardCode.BLOCKED: "no_application",
    BankCardCode.READER_GONE: "unreadable",
}
"""Codes that the customer is told in another's words; every other is its own."""


def today() -> str:
    """This month as a card has it, YYMM, by the clock of the place."""
    return datetime.now().astimezone().strftime("%y%m")


class BankCardLane(Lane):
    """Owns the unit's handles. Moves a card only when the core asks."""

    def __init__(
        self,
        unit: BankCardUnit,
        settings: BankCard,
        hold: Hold,
        tell: Tell,
        this_month: Callable[[], str] = today,
    ) -> None:
        super().__init__("bank_card", tell)
        self._unit = unit
        self._settings = settings
        self._hold = hold
        self._this_month = this_month
        self._open = False
        self._request = ""
        self._place = Place.NONE
        self._kept = False
        self._owed: Callable[[], None] | None = None
        """A move that the unit may not have heard of."""
        self._health: DeviceHealth | None = None

    def serve(self, effect: Effect) -> None:
        """Let in, give back or keep; what becomes of the card is told by the look that follows."""
        match effect:
            case fx.AcceptBankCard(request):
                self._hold.take_card()
                self._request, self._owed = request, None
                self._accept()
            case fx.EjectBankCard():
                self._hold.take_card()
                self._request = ""
                self._move(self._unit.eject)
            case fx.CaptureBankCard(reason):
                self._hold.take_card()
                self._request = ""
                self._capture(reason)
        self.round()

    def round(self) -> float:
        """Look where the card is, and read it if it was asked for."""
        began = time.monotonic()
        try:
            self._look()
        except TransportError as error:
            self._lost(error)
            return REOPEN_S
        except DriverError as error:
            self.log.info("poll_failed", extra={"error": str(error)[:200]})
        self._feel()
        return max(self._settings.poll_s - (time.monotonic() - began), 0.0)

    def close(self) -> None:
        """Leave the card where it is and forget what was read of it."""
        self._hold.take_card()
        self._unit.close()

    def _look(self) -> None:
        self._ready()
        place = self._unit.poll()
        if place is not None:
            self._went(place)
        if self._owed is not None:
            self._again(self._owed)
        if self._request and self._place is Place.IN:
            self._read()

    def _ready(self) -> None:
        if not self._open:
            self._unit.open()
            self._open = True

    def _went(self, place: Place) -> None:
        before, self._place = self._place, place
        if place is before:
            return
        word = str(place)
        if place is Place.NONE:
            if self._kept:
                word = "captured"
            elif before is Place.MOUTH:
                word = "taken"
            self._kept = False
        self.tell(BankCardFelt(word))

    def _accept(self) -> None:
        if self._place is Place.IN:
            return  # it is read as it stands
        try:
            self._ready()
            self._unit.accept()
        except DriverError as error:
            self.log.warning("bank_card_not_let_in", extra={"error": str(error)[:200]})
            self._answer(BankCardCode.READER_GONE)

    def _read(self) -> None:
        """Read the card and tell its face, or why not; what nobody may keep goes into the hold."""
        request, self._request = self._request, ""
        told = BankCardRead(request, None, "unreadable")
        try:
            told = self._face(request)
        except BankCardError as error:
            # Its text is the driver's own and carries nothing of the card.
            self.log.info("bank_card_not_read", extra={"error": str(error)[:200]})
            told = BankCardRead(request, None, _WORDS.get(error.code, str(error.code)))
        except DriverError as error:
            self.log.warning("bank_card_not_read", extra={"error": why_not_moved(error)})
        finally:
            self.tell(told)

    def _face(self, request: str) -> BankCardRead:
        face = self._unit.read(time.monotonic() + self._settings.read_s)
        if face.expiry and face.expiry < self._this_month():
            return BankCardRead(request, None, "expired")
        self._hold.put_card(_wire(face))
        return BankCardRead(request, BankCardFace(face.masked, face.prefix, face.length, face.label))

    def _answer(self, code: BankCardCode) -> None:
        request, self._request = self._request, ""
        self.tell(BankCardRead(request, None, _WORDS.get(code, str(code))))

    def _move(self, move: Callable[[], None]) -> bool:
        """Whether the unit did it. What it may not have heard is owed; a card that it cannot move is stuck."""
        self._owed = None
        try:
            self._ready()
            move()
        except DriverError as error:
            code = why_not_moved(error)
            self.log.warning("bank_card_not_moved", extra={"code": code, "error": str(error)[:200]})
            if code == "no_answer":
                self._owed = move
            elif code not in ("pulled", "out_of_reach") and self._place is not Place.NONE:
                self._went(Place.STUCK)
            return False
        return True

    def _again(self, owed: Callable[[], None]) -> None:
        """Do what is owed, but for what was done after all."""
        if self._place is Place.NONE or (self._place is Place.MOUTH and owed == self._unit.eject):
            self._owed = None
        else:
            self._move(owed)

    def _capture(self, reason: str) -> None:
        if not self._unit.carries:
            self._move(self._unit.eject)  # nothing here can keep it: it is asked for
            return
        self.log.warning("bank_card_captured", extra={"reason": reason})
        self._kept = True
        if not self._move(self._unit.capture):
            self._kept = self._owed is not None

    def _lost(self, error: TransportError) -> None:
        if self._open or self._health is None:
            self.log.warning("line_lost", extra={"error": str(error)[:200]})
        self._open = False
        self._unit.close()
        self._feel()

    def _feel(self) -> None:
        health = self._unit.health()
        if health != self._health:
            self._health = health
            self.tell(DeviceFelt("bank_reader", health))


def _wire(face: ReadFace) -> tender_wire.BankCard:
    return tender_wire.BankCard(pan=face.pan, expiry=face.expiry, sequence=face.sequence, track2=face.track2)
