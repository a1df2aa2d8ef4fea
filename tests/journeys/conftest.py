"""The town that all journeys share, and a cabinet of its own for each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from simulators.bench.cards import CardProgram
from simulators.bench.pcscd import BenchPcscd
from tests.journeys.cabinet import Cabinet
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
