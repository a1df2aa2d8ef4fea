"""Lanes on real lines: what they tell is kept in order, and what goes over the line can be looked at."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from kiosk.core.inputs import Input
from kiosk.lanes.lane import Lane
from simulators.far_end import Launched, launched

PATIENCE = 20.0


class Told:
    """What a lane told the core."""

    def __init__(self) -> None:
        self._inputs: queue.SimpleQueue[Input] = queue.SimpleQueue()

    def __call__(self, told: Input) -> None:
        self._inputs.put(told)

    def wait(self, so: Callable[[Input], bool]) -> Input:
        """The next input of which this is so; those before it are dropped."""
        until = time.monotonic() + PATIENCE
        while not so(told := self._inputs.get(timeout=max(until - time.monotonic(), 0.001))):
            pass
        return told

    @property
    def empty(self) -> bool:
        """Whether all was looked at."""
        return self._inputs.empty()


@pytest.fixture
def told() -> Told:
    """The ear of the core."""
    return Told()


@pytest.fixture
def start() -> Iterator[Callable[[Lane], Lane]]:
    """Start a lane; it ends with the test."""
    with ExitStack() as ends:

        def begin(lane: Lane) -> Lane:
            lane.start()
            ends.callback(lane.stop)
            return lane

        yield begin


@pytest.fixture
def validator(tmp_path: Path) -> Iterator[Launched]:
    """The note acceptor's far end."""
    with launched("simulators.ccnet_validator", tmp_path, "--speed", "40") as far:
        yield far


@pytest.fixture
def printer(tmp_path: Path) -> Iterator[Launched]:
    """The printer's far end."""
    (tmp_path / "prints").mkdir()
    options = ("--out", str(tmp_path / "prints"), "--speed", "40")
    with launched("simulators.escpos_printer", tmp_path, *options) as far:
        yield far


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Launched]:
    """The terminal box's far end, with its bank."""
    options = ("--speed", "1000", "--books", str(tmp_path / "books.json"))
    with launched("simulators.eft_box", tmp_path, *options) as far:
        yield far


@pytest.fixture
def scanner(tmp_path: Path) -> Iterator[Launched]:
    """The barcode scanner's far end; it reads between the orders 01 and 02."""
    with launched("simulators.scanner", tmp_path, "--on", "01", "--off", "02") as far:
        yield far
