"""The card's lane whose own SAM computes, both in slots of a real pcscd: no SAM, another one, other keys."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from drivers.card.pcsc import PcscCard
from drivers.meter_card.layout import Layout
from drivers.meter_card.writer import CpuCardWriter, WriterSettings
from drivers.security.psam import CardSlots, PsamModule, Sam, SamSettings
from kiosk.core.inputs import CardRead, Input
from kiosk.lanes.card import SLOT, CardLane
from kiosk.payment import effects as fx
from simulators.bench.cards import CardProgram, card_program
from simulators.bench.pcscd import BenchPcscd
from simulators.bench.settings import SAM_SERIAL
from tests.kiosk.lanes.test_card import Authority

PROFILE = "state_grid_2013"
PATIENCE_S = 60.0
PATIENT = WriterSettings(read=PATIENCE_S, prove=PATIENCE_S, write=PATIENCE_S, command=PATIENCE_S)


@pytest.fixture
def sam(pcscd: BenchPcscd, tmp_path: Path) -> Iterator[CardProgram]:
    """The program of the SAM in slot 1, with the test keys of the card's profile."""
    options = ("--sam", "--serial", SAM_SERIAL, "--profile", PROFILE)
    program = card_program("sam", pcscd.slots[1], tmp_path, 1000.0, options)
    assert program.do("insert")["powered"]
    yield program
    program.end()


@pytest.fixture
def lanes(
    user_card: CardProgram, sam: CardProgram
) -> Iterator[Callable[[str], tuple[CardLane, list[Input]]]]:
    """Make a lane whose settings name the SAM of this serial; it is the test's thread."""
    with ExitStack() as ends:

        def made(serial: str) -> tuple[CardLane, list[Input]]:
            reader, told = PcscCard(sam.slot.reader), list[Input]()
            ends.callback(reader.close)
            ends.callback(reader.disconnect)
            module = PsamModule(
                Sam(reader.exchange, SamSettings(serial, call_s=PATIENCE_S), reader.connect),
                {PROFILE: CardSlots()},
            )
            writer = CpuCardWriter(PcscCard(user_card.slot.reader), [Layout.named(PROFILE)], PATIENT)
            lane = CardLane(writer, Authority(), told.append, SLOT, module)
            ends.callback(lane.close)
            return lane, told

        yield made


def reads(lane: CardLane, told: list[Input]) -> CardRead:
    """What the core is told of the card that stands in slot 0."""
    lane.serve(fx.ReadCard("r"))
    return [each for each in told if isinstance(each, CardRead)][-1]


def test_without_its_sam_no_card_goes_on_to_any_money_and_with_it_again_it_does(
    lanes: Callable[[str], tuple[CardLane, list[Input]]], sam: CardProgram, caplog: pytest.LogCaptureFixture
) -> None:
    lane, told = lanes(SAM_SERIAL)
    lane.round()
    assert reads(lane, told).face is not None
    sam.do("pull")
    with caplog.at_level(logging.WARNING):
        missing = reads(lane, told)
    assert (missing.face, missing.code) == (None, "module_away")
    assert "module_away" in caplog.messages
    sam.do("insert")
    until = time.monotonic() + PATIENCE_S
    while reads(lane, told).face is None:  # pcscd takes a moment to see it
        assert time.monotonic() < until


def test_another_sam_is_asked_nothing_and_named_to_the_technician(
    lanes: Callable[[str], tuple[CardLane, list[Input]]], sam: CardProgram, caplog: pytest.LogCaptureFixture
) -> None:
    lane, told = lanes("5A4D000000000002")
    lane.round()
    before = sam.do("status")["apdus"]
    with caplog.at_level(logging.WARNING):
        wrong = reads(lane, told)
    assert (wrong.face, wrong.code) == (None, "module_away")
    [said] = [vars(record)["error"] for record in caplog.records if record.message == "module_away"]
    assert SAM_SERIAL in said
    assert sam.do("status")["apdus"] - before <= 4, "select and the serial, no key"


def test_a_card_whose_keys_the_sam_has_not_goes_no_further_and_keeps_its_tries(
    lanes: Callable[[str], tuple[CardLane, list[Input]]],
    user_card: CardProgram,
    caplog: pytest.LogCaptureFixture,
) -> None:
    user_card.do("rekey")
    lane, told = lanes(SAM_SERIAL)
    lane.round()
    with caplog.at_level(logging.WARNING):
        strange = reads(lane, told)
    assert (strange.face, strange.code) == (None, "module_away")
    assert "module_has_other_keys" in caplog.messages
    assert user_card.do("status")["tries_left"] == 3
