"""The dispenser's lane with the real driver on the unit's far end: what it tells the core, whatever goes wrong."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from drivers.card.dispenser_driver import Crt571Dispenser, Crt571Settings
from drivers.card.model import CardState
from drivers.transport import SerialTransport
from kiosk.core.inputs import CardPresented, CardStaged, DeviceFelt, DispenserSaid, Input
from kiosk.lanes.dispenser import DispenserLane
from kiosk.payment import effects as fx
from simulators.card_dispenser import STACKER_SENSOR
from simulators.far_end import Launched, launched
from tests.kiosk.lanes.test_card import PAYMENT

PATIENCE_S = 20.0


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launched]:
    folder: Path = tmp_path_factory.mktemp("dispenser")
    with launched("simulators.card_dispenser", folder, "--speed", "1000") as far_end:
        yield far_end


def settings(call_s: float) -> Crt571Settings:
    """For a unit that is given so long for everything."""
    return Crt571Settings(call=call_s, move=call_s, quiet=0.01, offline=call_s, stacker_sensor=STACKER_SENSOR)


class Stand:
    """A lane whose thread the test is itself."""

    def __init__(self, program: Launched) -> None:
        self.do = program.do
        self.told: list[Input] = []
        self.device = Crt571Dispenser(SerialTransport(str(program.link)), settings(PATIENCE_S))
        self.lane = DispenserLane(self.device, 0.01, self.told.append)

    def took(self, kind: type[Any]) -> list[Any]:
        found = [each for each in self.told if isinstance(each, kind)]
        self.told.clear()
        return found

    def states(self) -> list[CardState]:
        return [each.report.state for each in self.took(DispenserSaid)]

    def serve(self, effect: fx.Effect) -> Any:
        self.told.clear()
        self.lane.serve(effect)
        [told] = [each for each in self.told if isinstance(each, CardStaged | CardPresented)]
        assert told is self.told[-1]  # where the card is comes first
        return told

    def until(self, true: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE_S
        while not true():
            assert time.monotonic() < end
            self.lane.round()


@pytest.fixture
def stand(program: Launched) -> Iterator[Stand]:
    program.do("renew")
    stand = Stand(program)
    stand.lane.round()
    yield stand
    stand.lane.close()


def test_a_unit_that_was_just_powered_up_is_set_up_and_nothing_moves(stand: Stand) -> None:
    assert stand.states()[-1] is CardState.EMPTY
    status = stand.do("status")
    assert status["reset"]
    assert status["cards"] == 40


def test_a_card_is_staged_presented_and_taken(stand: Stand) -> None:
    assert stand.serve(fx.StageCard("ask")) == CardStaged("ask")
    assert stand.states()[-1] is CardState.CONTACT
    assert stand.serve(fx.PresentCard(PAYMENT)) == CardPresented(PAYMENT.payment_id)
    assert stand.states()[-1] is CardState.HELD
    stand.do("take")
    stand.lane.round()
    assert stand.states() == [CardState.EMPTY]


def test_the_card_that_is_there_is_staged_and_none_from_the_stack(stand: Stand) -> None:
    stand.serve(fx.StageCard("first"))
    assert stand.serve(fx.StageCard("again")) == CardStaged("again")
    assert stand.do("status")["cards"] == 39


def test_a_card_that_may_be_somebodys_is_never_taken_from_the_stack(stand: Stand) -> None:
    assert stand.serve(fx.StageCard("ask", fresh=False)).code == "refused"
    assert stand.do("status")["cards"] == 40


def test_after_a_restart_of_the_kiosk_the_card_inside_is_told_and_contacted(
    stand: Stand, program: Launched
) -> None:
    stand.serve(fx.StageCard("ask"))
    stand.lane.close()
    again = Stand(program)
    again.lane.round()
    assert again.states() == [CardState.INSIDE]
    assert again.serve(fx.StageCard("look", fresh=False)).code == ""
    assert again.states()[-1] is CardState.CONTACT
    again.lane.close()


def test_a_card_that_is_nobodys_goes_into_the_bin(stand: Stand) -> None:
    stand.serve(fx.StageCard("ask"))
    stand.lane.serve(fx.RetractCard())
    assert stand.states()[-1] is CardState.EMPTY
    assert stand.do("status")["bin"] == 1


def test_what_cannot_be_moved_is_told_with_its_word(stand: Stand) -> None:
    stand.do("load", cards=0)
    assert stand.serve(fx.StageCard("ask")).code == "refused"
    assert [each.health.code for each in stand.took(DeviceFelt)][-1:] == ["stack_out"]
    stand.do("load", cards=5)
    stand.do("jam", step="dispense")
    assert stand.serve(fx.StageCard("ask")).code == "jam"
    assert [each.health.code for each in stand.took(DeviceFelt)][-1:] == ["jam"]


def test_a_unit_that_restarts_is_set_up_again_with_its_card_inside(stand: Stand) -> None:
    stand.serve(fx.StageCard("ask"))
    stand.do("power_off")
    stand.do("power_on")
    stand.told.clear()
    stand.until(lambda: any(isinstance(each, DispenserSaid) for each in stand.told))
    assert stand.states()[-1] is CardState.INSIDE


def test_a_silent_unit_ends_the_call_and_is_told_as_silent(program: Launched) -> None:
    program.do("renew")
    stand = Stand(program)
    stand.until(lambda: any(isinstance(each, DispenserSaid) for each in stand.told))
    stand.do("silence", on=True)
    # Only now: what a busy machine holds up would else be told as silent before it is, and so not again.
    stand.device._line.settings = settings(0.2)
    assert stand.serve(fx.StageCard("ask")).code == "no_answer"
    stand.until(
        lambda: any(isinstance(e, DispenserSaid) and e.report.state is CardState.OFFLINE for e in stand.told)
    )
    stand.do("silence", on=False)
    stand.lane.close()


def test_a_line_that_is_gone_is_told_and_opened_again(stand: Stand) -> None:
    stand.do("unplug")
    stand.told.clear()
    stand.until(lambda: any(isinstance(each, DispenserSaid) for each in stand.told))
    assert stand.states() == [CardState.OFFLINE]
    stand.do("plug")
    with contextlib.suppress(OSError):
        stand.until(lambda: any(isinstance(each, DispenserSaid) for each in stand.told))
    assert stand.states()[-1] is CardState.EMPTY
