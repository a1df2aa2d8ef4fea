"""The printer's lane always says how a slip ended, and minds paper and cover in between."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from drivers.printer.document import Document, Line
from drivers.printer.escpos_driver import EscposPrinter, EscposSettings
from drivers.status import Supply
from drivers.transport import LineSettings, SerialTransport
from kiosk.core.inputs import DeviceFelt, Input, SlipOutcome
from kiosk.lanes.lane import Lane
from kiosk.lanes.printer import PrinterLane
from kiosk.payment.effects import PrintSlip
from kiosk.payment.events import ClaimOpened
from kiosk.payment.fold import claim_opened
from simulators.far_end import Launched
from tests.kiosk.lanes.conftest import PATIENCE, Told

CLAIM = claim_opened(
    ClaimOpened(
        key="c" * 32,
        reference="CCCC-CCCC-CCCC",
        reason="orphan_note",
        payment_id="",
        account_no="",
        amount_fen=1000,
        memo_fen=0,
        notes=(),
        note_id="",
        at="2026-11-22T12:00:00.000Z",
        lang="en",
    )
)


def slip(job: str) -> PrintSlip:
    return PrintSlip(job, "claim", 0, CLAIM)


def compose(effect: PrintSlip) -> Document:
    """A slip that names its job; there is one that cannot be composed."""
    if effect.job == "impossible":
        raise ValueError("no such words")
    return Document(effect.job, (Line(f"slip {effect.job}"),))


def ended(job: str) -> Callable[[Input], bool]:
    return lambda told: isinstance(told, SlipOutcome) and told.job == job


@pytest.fixture
def answer_s() -> float:
    """How long the printer may take to answer: a busy machine must not make it a silent one."""
    return PATIENCE / 2


@pytest.fixture
def lane(printer: Launched, told: Told, start: Callable[[Lane], Lane], answer_s: float) -> Lane:
    """A running lane."""
    line = SerialTransport(str(printer.link), LineSettings(115200))
    settings = EscposSettings(answer_seconds=answer_s, done_seconds=PATIENCE)
    return start(PrinterLane(EscposPrinter(line, settings), compose, 0.1, told))


def test_a_slip_that_is_out_is_told(lane: Lane, told: Told, tmp_path: Path) -> None:
    lane.put(slip("1"))
    assert told.wait(ended("1")) == SlipOutcome("1", True)
    [text] = (tmp_path / "prints").glob("*.txt")
    assert "slip 1" in text.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("order", "arguments", "reason", "answer_s"),
    [
        ("paper_out", {}, "paper_out", PATIENCE / 2),
        ("cover_open", {}, "cover_open", PATIENCE / 2),
        ("cutter_jam", {"at_next_cut": True}, "cutter_jam", PATIENCE / 2),
        ("unplug", {}, "no_device", PATIENCE / 2),
        ("silence", {}, "offline", 1.0),
    ],
)
def test_a_slip_that_does_not_come_out_is_told(
    lane: Lane, told: Told, printer: Launched, order: str, arguments: dict[str, bool], reason: str
) -> None:
    told.wait(lambda t: isinstance(t, DeviceFelt) and t.health.usable)
    printer.do(order, **arguments)
    lane.put(slip("1"))
    assert told.wait(ended("1")) == SlipOutcome("1", False, reason)


def test_a_slip_that_cannot_be_composed_is_told_and_the_next_one_comes(lane: Lane, told: Told) -> None:
    lane.put(slip("impossible"))
    lane.put(slip("2"))
    assert told.wait(ended("impossible")) == SlipOutcome("impossible", False, "software_error")
    assert told.wait(ended("2")) == SlipOutcome("2", True)


def test_paper_is_minded_between_slips(lane: Lane, told: Told, printer: Launched) -> None:
    for order, supply in (("paper_low", Supply.LOW), ("paper_out", Supply.OUT), ("paper_in", Supply.GOOD)):
        printer.do(order)
        told.wait(lambda t, s=supply: isinstance(t, DeviceFelt) and t.health.supply is s)  # type: ignore[misc]
