"""The town that all journeys share, and a cabinet of its own for each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from simulators.bench.cards import CardProgram
from simulators.bench.pcscd import BenchPcscd
from tests.journeys.cabinet import Cabinet
from tests.journeys.till import Till, Visit, opened
from tests.journeys.town import Town, founded


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A hub with a small town; its books must balance at the end."""
    with founded(tmp_path_factory.mktemp("town")) as town:
        yield town


@pytest.fixture
def cabinet(tmp_path: Path, town: Town) -> Iterator[Cabinet]:
    """Acceptor, printer and line to the hub, for one kiosk after the other."""
    cabinet = Cabinet(tmp_path, town)
    try:
        yield cabinet
    finally:
        cabinet.close()


@pytest.fixture(scope="module")
def till(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Till]:
    """The far ends that the module names in `PARTS`, with a town of their own; its books must balance at the end."""
    parts = request.module.PARTS
    reader = request.getfixturevalue("bank_program") if "bank_card" in parts else None
    with opened(tmp_path_factory.mktemp("till"), parts, reader) as till:
        yield till


@pytest.fixture
def visit(
    tmp_path: Path, till: Till, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> Iterator[Visit]:
    """A cabinet beside the till, for one kiosk after the other; each logs all that it can."""
    caplog.set_level("DEBUG")
    monkeypatch.setattr("drivers.card.pcsc._ANSWER_S", 20.0)
    cabinet = Cabinet(tmp_path, till.town)
    try:
        yield Visit(cabinet, till, lambda: caplog.text)
    finally:
        cabinet.close()


@pytest.fixture
def program(
    pcscd: BenchPcscd, card_program: CardProgram, monkeypatch: pytest.MonkeyPatch
) -> Iterator[CardProgram]:
    """The slot, empty before and after; its reader is not given up while a busy machine lets pcscd wait."""
    monkeypatch.setattr("drivers.card.pcsc._ANSWER_S", 20.0)
    _empty(card_program)
    yield card_program
    _empty(card_program)


def _empty(program: CardProgram) -> None:
    program.do("calm")
    if program.do("status")["inserted"]:
        program.do("pull")
