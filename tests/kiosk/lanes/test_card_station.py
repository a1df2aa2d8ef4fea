"""The reader at the dispenser's chip station: a card that was brought is waited for, and nobody else is told of it."""

from __future__ import annotations

import threading
import time

from kiosk.core.inputs import CardFelt, CardRead, DeviceFelt, Input
from kiosk.lanes.card import CardLane, Place
from kiosk.payment import effects as fx
from tests.drivers.meter_card.desk import SERIAL, Desk, card
from tests.kiosk.lanes.test_card import Authority

WAITS_S = 0.3


class Station:
    """A lane whose thread the test is itself."""

    def __init__(self, waits_s: float = WAITS_S) -> None:
        self.desk = Desk()
        self.told: list[Input] = []
        place = Place("new_card", "new_card", slot=False, waits_s=waits_s)
        self.lane = CardLane(self.desk.writer, Authority(), self.told.append, place)
        self.lane.round()

    def reads(self) -> CardRead:
        self.lane.serve(fx.ReadCard("ask", new=True))
        [told] = [each for each in self.told if isinstance(each, CardRead)]
        return told


def test_a_card_that_comes_a_moment_later_is_read() -> None:
    station = Station(waits_s=60.0)
    later = threading.Timer(0.1, lambda: station.desk.slot.insert(card()))
    later.start()
    told = station.reads()
    later.join()
    assert told.face is not None
    assert told.face.contents.serial == SERIAL
    assert told.face.contents.blank


def test_a_card_that_the_reader_never_notices() -> None:
    station = Station()
    began = time.monotonic()
    told = station.reads()
    assert (told.face, told.code) == (None, "card_gone")
    assert time.monotonic() - began >= WAITS_S


def test_of_the_station_its_dispenser_tells_and_health_has_its_own_name() -> None:
    station = Station()
    station.desk.slot.insert(card())
    station.lane.round()
    assert not [each for each in station.told if isinstance(each, CardFelt)]
    assert {each.device for each in station.told if isinstance(each, DeviceFelt)} == {"new_card"}
