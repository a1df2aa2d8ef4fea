"""The SAM's lane: what it tells of a SAM that is there, pulled, another one, silent, locked, or without its key."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from drivers.card.apdu import Command, Response
from drivers.security import psam_codec as codec
from drivers.security.bench_keys import terminal_key
from drivers.security.psam import Sam, SamSettings
from drivers.security.terminal import SamTerminal
from drivers.status import DeviceStatus
from kiosk.core.inputs import DeviceFelt, Input
from kiosk.lanes.sam import LOOK_AGAIN_S, LOOK_EVERY_S, SamLane
from tests.drivers.security.conftest import SERIAL, Slot, sam_card


class Stand:
    """A lane whose thread the test is itself."""

    def __init__(self, slot: Slot) -> None:
        self.slot = slot
        self.told: list[Input] = []
        self.lane = self.patient(60.0)

    def patient(self, call_s: float) -> SamLane:
        """A new lane that gives the SAM so long for an answer."""
        terminal = SamTerminal(Sam(self.slot.exchange, SamSettings(SERIAL, call_s=call_s), self.slot.connect))
        return SamLane(terminal, self.told.append)

    def look(self) -> tuple[list[str], float]:
        """Come round once: the codes that were told, and when it comes again."""
        self.told.clear()
        again = self.lane.round()
        assert all(isinstance(each, DeviceFelt) and each.device == "sam" for each in self.told)
        return [each.health.code for each in self.told if isinstance(each, DeviceFelt)], again


@pytest.fixture
def stand() -> Stand:
    return Stand(Slot(sam_card(terminal_key=terminal_key("T1"))))


def test_a_sam_that_is_there_is_told_once_and_looked_at_seldom(stand: Stand) -> None:
    assert stand.look() == (["ok"], LOOK_EVERY_S)
    assert stand.look() == ([], LOOK_EVERY_S)
    assert stand.slot.names() == ["00A4", "00B0", "00A4", "80CA", "80CA"]


def test_a_pulled_sam_is_told_without_anybody_signing_on_and_so_is_its_return(stand: Stand) -> None:
    stand.look()
    card, stand.slot.card = stand.slot.card, None
    assert stand.look() == (["no_device"], LOOK_AGAIN_S)
    assert stand.look() == ([], LOOK_AGAIN_S)
    stand.slot.card = card
    assert stand.look() == (["ok"], LOOK_EVERY_S)


def test_a_sam_without_a_master_key_says_so() -> None:
    stand = Stand(Slot(sam_card()))
    assert stand.look() == (["sam_no_key"], LOOK_AGAIN_S)
    [felt] = stand.told
    assert isinstance(felt, DeviceFelt)
    assert (felt.health.status, felt.health.usable) == (DeviceStatus.USER_ERROR, False)


def _swap(slot: Slot) -> None:
    slot.card, slot.resets = sam_card(serial="00" * 10), 1


def _strike_dumb(slot: Slot) -> None:
    slot.silent = True


@pytest.mark.parametrize(
    ("trouble", "code", "call_s"), [(_swap, "sam_wrong", 60.0), (_strike_dumb, "offline", 0.2)]
)
def test_another_sam_and_a_silent_one_are_told_and_never_held_for_long(
    stand: Stand, trouble: Callable[[Slot], None], code: str, call_s: float
) -> None:
    stand.look()
    trouble(stand.slot)
    stand.lane = stand.patient(call_s)
    began = time.monotonic()
    assert stand.look() == ([code], LOOK_AGAIN_S)
    assert time.monotonic() - began < 40


def test_a_sam_that_tells_no_check_values_is_a_sam_in_its_slot(stand: Stand) -> None:
    def without(command: Command, deadline: float) -> Response:
        answer = stand.slot.exchange(command, deadline)
        return Response(b"", 0x6D00) if command.ins == codec.GET_DATA else answer

    terminal = SamTerminal(Sam(without, SamSettings(SERIAL), stand.slot.connect))
    stand.lane = SamLane(terminal, stand.told.append)
    assert stand.look() == (["ok"], LOOK_EVERY_S)
