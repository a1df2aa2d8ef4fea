"""The PIN pad's lane with the real driver on the unit's far end: what the core hears and what goes into the hold."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from drivers.pinpad.driver import GenericPinPad, PinPadSettings
from drivers.transport import SerialTransport
from kiosk.config_tenders import PinPad
from kiosk.core.inputs import DeviceFelt, Input, PinSaid
from kiosk.hubclient.tender_wire import BankCard
from kiosk.lanes.hold import Hold
from kiosk.lanes.pin_pad import KEYS_POLL_S, REOPEN_S, PinPadLane
from kiosk.payment import effects as fx
from simulators.far_end import Launched, launched

PATIENCE_S = 20.0
PAN = "6212142000000000012"
MASTER = "CA5D92598DCA48CE8A4C76361A9269E9"
ASK = fx.AskPin("r1", "union", "6701EAD6A9AD51E51AA406E2C27FCFA9", "8D0A74B8", 12300)
SETTINGS = PinPadSettings(slots=(3,), call=PATIENCE_S, answer=0.3, repeats=1000, quiet=0.02)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launched]:
    with launched("simulators.pin_pad", tmp_path_factory.mktemp("pad"), "--speed", "1000") as far_end:
        yield far_end


class Stand:
    """A lane whose thread the test is itself, on a unit with a master key in slot 3, and a card in the hold."""

    def __init__(self, program: Launched) -> None:
        self.do = program.do
        self.do("renew")
        self.do("load", slot=3, master=MASTER)
        self.told: list[Input] = []
        self.hold = Hold()
        self.hold.put_card(BankCard(pan=PAN))
        self.device = GenericPinPad(SerialTransport(str(program.link)), SETTINGS)
        self.config = PinPad(port="line", slots={"union": 3})
        self.lane = PinPadLane(self.device, self.config, self.hold, self.told.append)
        self.lane.round()

    def said(self) -> list[PinSaid]:
        """What was told of a PIN since it was asked last."""
        found = [each for each in self.told if isinstance(each, PinSaid)]
        self.told[:] = [each for each in self.told if not isinstance(each, PinSaid)]
        return found

    def health(self) -> str:
        return [each.health.code for each in self.told if isinstance(each, DeviceFelt)][-1]

    def look(self) -> None:
        """A round in which it is time to look at the unit, whether a PIN is entered or not."""
        self.lane._checked_at = 0.0
        self.lane.round()

    def ask(self, wish: fx.AskPin = ASK) -> list[PinSaid]:
        self.lane.serve(wish)
        return self.said()

    def until(self, true: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE_S
        while not true():
            assert time.monotonic() < end
            self.look()

    @contextmanager
    def hurried(self) -> Iterator[None]:
        """Within the block the unit is given up soon."""
        self.device._line.settings = self.device.settings = replace(SETTINGS, call=0.05, acknowledge=0.02)
        try:
            yield
        finally:
            self.device._line.settings = self.device.settings = SETTINGS


@pytest.fixture
def stand(program: Launched) -> Iterator[Stand]:
    stand = Stand(program)
    yield stand
    stand.lane.close()


def test_a_pin_block_goes_into_the_hold_and_nothing_else_is_told(stand: Stand) -> None:
    assert stand.health() == "ok"
    assert stand.ask() == [PinSaid("r1", "ready")]
    stand.do("press", digits="12345")
    assert stand.lane.round() == KEYS_POLL_S
    stand.do("delete")
    stand.lane.round()
    stand.do("press", digits="56")
    stand.lane.round()
    assert [(each.what, each.digits) for each in stand.said()] == [("typed", 5), ("typed", 4), ("typed", 6)]
    stand.do("enter")
    stand.lane.round()
    assert stand.said() == [PinSaid("r1", "entered", 6)]
    card = stand.hold.take_card()
    assert card is not None
    assert card.pin_block == "AF5DABE4951A8715"
    assert PAN not in repr([vars(stand.lane), stand.told])


@pytest.mark.parametrize(("order", "what"), [("cancel", "cancelled"), ("expire", "timeout")])
def test_an_entry_that_ends_without_a_pin(stand: Stand, order: str, what: str) -> None:
    stand.ask()
    stand.do("press", digits="123456")
    stand.do(order)
    stand.lane.round()
    assert stand.said() == [PinSaid("r1", what)]
    assert stand.hold.pan == PAN


def test_the_core_ends_the_entry(stand: Stand) -> None:
    stand.ask()
    stand.do("press", digits="123456")
    stand.lane.serve(fx.EndPin())
    assert stand.do("status")["entry"] == "none"
    stand.lane.round()
    assert stand.said() == []
    stand.lane.serve(fx.EndPin())


def test_the_banks_key_is_loaded_once_and_again_when_the_unit_has_lost_it(stand: Stand) -> None:
    for request in ("r1", "r2"):
        assert stand.ask(replace(ASK, request=request)) == [PinSaid(request, "ready")]
    assert stand.do("status")["totals"]["load_working"] == 1
    stand.do("load", slot=3, master=MASTER)
    assert stand.ask() == [PinSaid("r1", "ready")]
    assert stand.do("status")["totals"]["load_working"] == 2


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        (replace(ASK, check="00000000"), "check_wrong"),
        (replace(ASK, acquirer="unknown"), "no_slot"),
    ],
)
def test_no_pin_is_typed_under_a_key_that_is_not_the_banks(stand: Stand, wish: fx.AskPin, code: str) -> None:
    assert stand.ask(wish) == [PinSaid("r1", "failed", code=code)]
    assert stand.do("status")["entry"] == "none"


def test_no_card_is_held_any_more(stand: Stand) -> None:
    stand.hold.take_card()
    assert stand.ask() == [PinSaid("r1", "failed", code="no_card")]


def test_keys_that_are_lost(stand: Stand) -> None:
    stand.do("lose_keys")
    stand.look()
    assert stand.health() == "no_key"
    assert stand.ask() == [PinSaid("r1", "failed", code="no_key")]


@pytest.mark.parametrize("order", ["tamper", "restart"])
def test_a_unit_that_ends_the_entry_by_itself(stand: Stand, order: str) -> None:
    stand.ask()
    stand.do(order)
    stand.lane.round()
    assert stand.said() == [PinSaid("r1", "failed", code="aborted")]
    stand.look()
    assert stand.health() == ("tampered" if order == "tamper" else "ok")


def test_an_opened_case_is_noticed_while_nobody_pays(stand: Stand) -> None:
    stand.do("tamper")
    stand.look()
    assert stand.health() == "tampered"
    assert stand.ask()[0].code == "tampered"


def test_a_silent_unit_goes_on_with_its_entry_when_it_speaks_again(stand: Stand) -> None:
    stand.ask()
    stand.do("press", digits="123")
    stand.do("silence")
    with stand.hurried():
        stand.lane.round()
    assert stand.said() == []
    stand.do("silence", on=False)
    stand.lane.round()
    assert stand.said() == [PinSaid("r1", "typed", 3)]


def test_a_silent_unit_is_not_waited_for(stand: Stand) -> None:
    stand.do("silence")
    with stand.hurried():
        assert stand.ask() == [PinSaid("r1", "failed", code="no_answer")]
    stand.do("silence", on=False)


def test_a_trickling_unit_is_not_waited_for(stand: Stand) -> None:
    stand.do("trickle", ms=200)
    with stand.hurried():
        assert stand.ask() == [PinSaid("r1", "failed", code="no_answer")]
    stand.do("trickle", ms=0)


def test_a_cable_that_is_pulled(stand: Stand) -> None:
    stand.ask()
    stand.do("unplug")
    assert stand.lane.round() == REOPEN_S
    assert stand.said() == [PinSaid("r1", "failed", code="line_lost")]
    assert stand.health() == "no_device"
    assert stand.ask() == [PinSaid("r1", "failed", code="line_lost")]
    stand.do("plug")
    stand.until(lambda: stand.health() == "ok")
    assert stand.ask() == [PinSaid("r1", "ready")]


def test_a_unit_that_forgets_the_pin_before_its_block_is_fetched(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand.ask()
    stand.do("press", digits="123456")
    stand.do("enter")
    fetch = stand.device.pin_block

    def late() -> bytes:
        stand.do("restart")
        return fetch()

    monkeypatch.setattr(stand.device, "pin_block", late)
    stand.lane.round()
    assert stand.said() == [PinSaid("r1", "failed", code="no_pin")]
    card = stand.hold.take_card()
    assert card is not None
    assert card.pin_block == ""


def test_an_entry_that_an_earlier_kiosk_began_is_ended_before_anything_else(stand: Stand) -> None:
    stand.ask()
    stand.device.close()
    lane = PinPadLane(stand.device, stand.config, stand.hold, stand.told.append)
    lane.round()
    assert stand.do("status")["entry"] == "none"


def test_an_entry_that_could_not_be_ended_is_ended_before_the_next(stand: Stand) -> None:
    stand.ask()
    stand.do("press", digits="123456")
    stand.do("silence")
    with stand.hurried():
        stand.lane.serve(fx.EndPin())
    stand.do("silence", on=False)
    stand.look()
    assert stand.do("status")["entry"] == "none"


def test_the_end_of_the_program_leaves_no_entry(stand: Stand) -> None:
    stand.ask()
    stand.do("press", digits="123456")
    stand.lane.close()
    assert stand.do("status")["entry"] == "none"


def test_in_its_own_thread(stand: Stand, start: Callable[[Any], Any]) -> None:
    start(stand.lane).put(ASK)
    end = time.monotonic() + PATIENCE_S
    while not any(isinstance(each, PinSaid) for each in list(stand.told)):
        assert time.monotonic() < end
        time.sleep(0.003)
    stand.do("press", digits="123456")
    stand.do("enter")
    while PinSaid("r1", "entered", 6) not in list(stand.told):
        assert time.monotonic() < end
        time.sleep(0.003)
