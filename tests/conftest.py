"""Every test that shows a window shows it nowhere: no display is needed and no graphics card."""

from __future__ import annotations

import gc
import os
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from simulators.bench.cards import CardProgram
from simulators.bench.cards import card_program as start_card
from simulators.bench.pcscd import BenchPcscd
from simulators.thin_line import LineError, laid
from tests.slot import until_present

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QT_QUICK_BACKEND", "software")

# A busy machine may hold up any example for as long as it likes, and what is found is found on every run.
settings.register_profile(
    "suite", deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("suite")

LONG_WAYS = (
    "simulators/customer",
    "ui/test_pages_fit",
    "journeys",
    "simulators/demo",
    "crash",
    "powercut",
    "kills",
    "hub",
)
"""What takes longest, first: a long file that one worker begins last would keep the others waiting."""


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is collected stays to the end: no search for garbage among it, neither while it grows nor later."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the long ones; within each folder the order stays."""
    here = Path(__file__).parent

    def place(item: pytest.Item) -> int:
        where = item.path.relative_to(here).as_posix()
        return next((n for n, way in enumerate(LONG_WAYS) if where.startswith(way)), len(LONG_WAYS))

    items.sort(key=place)


@pytest.fixture(scope="session")
def no_line(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Why this machine can lay no thin line between two namespaces; empty where it can."""
    try:
        with laid(tmp_path_factory.mktemp("line")):
            return ""
    except LineError as error:
        return str(error)


@pytest.fixture
def thin_line(no_line: str) -> None:
    """The test needs such a line; where it cannot be, the reason stands at the end of the run."""
    if no_line:
        pytest.skip(f"no thin line here: {no_line}")


@pytest.fixture(scope="session", autouse=True)
def _pcscd_of_its_own() -> Iterator[BenchPcscd]:
    """Where this process, and all that it starts, looks for a pcscd; it does not run yet.

    libpcsclite looks up its socket once in a process: whichever test makes the first call, it must look here.
    """
    with tempfile.TemporaryDirectory(prefix="pcscd-") as folder:
        daemon = BenchPcscd(Path(folder))
        os.environ.update(daemon.environment)
        yield daemon


@pytest.fixture(scope="session")
def pcscd(_pcscd_of_its_own: BenchPcscd) -> Iterator[BenchPcscd]:
    """The bench's pcscd: this process and all that it starts find it, and no other. Who stops it starts it again."""
    _pcscd_of_its_own.start()
    yield _pcscd_of_its_own
    _pcscd_of_its_own.stop()


@pytest.fixture(scope="session")
def card_program(pcscd: BenchPcscd, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CardProgram]:
    """The program that puts cards into slot 0; the slot is empty."""
    folder = tmp_path_factory.mktemp("cards")
    options = ("--profile", "state_grid_2013", "--serial", "1122334455667788")
    program = start_card("user_card", pcscd.slots[0], folder, 1000.0, options)
    yield program
    program.end()


@pytest.fixture
def user_card(card_program: CardProgram, tmp_path: Path) -> CardProgram:
    """A blank State Grid card (2013) for each test, in the reader `slot.reader`; `do` gives orders.

    It is the same card as in the test before, which costs no waiting for the reader, unless that has pulled it.
    """
    card_program.do("calm")
    status = card_program.do("status")
    if status["inserted"] and status["kind"] == "user":
        card_program.do("renew")
        return card_program
    if status["inserted"]:
        card_program.do("pull")
    card = str(tmp_path / "card.json")
    card_program.do("issue", card=card, profile="state_grid_2013", serial="1122334455667788")
    assert card_program.do("insert", card=card)["powered"]
    until_present(card_program.slot.reader)
    return card_program


BANK_PAN = "6212142000000000012"


@pytest.fixture(scope="session")
def bank_program(pcscd: BenchPcscd, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CardProgram]:
    """The program that puts a bank's card, with the number `BANK_PAN`, into slot 2; the slot may be empty."""
    folder = tmp_path_factory.mktemp("bank")
    program = start_card("bank_card", pcscd.slots[2], folder, 1000.0, ("--pan", BANK_PAN))
    yield program
    program.end()


@pytest.fixture
def bank_card(bank_program: CardProgram) -> CardProgram:
    """The bank's card in its slot, and nothing is wrong with it."""
    bank_program.do("calm")
    own, status = _own_card(bank_program), bank_program.do("status")
    if status["inserted"] and (status["kind"], status["card"]) != ("bank", own):
        bank_program.do("pull")
    if not bank_program.do("status")["inserted"]:
        assert bank_program.do("insert", card=own)["powered"]
        until_present(bank_program.slot.reader)
    bank_program.do("trouble")
    return bank_program


def _own_card(bank_program: CardProgram) -> str:
    """The file of the card that the program began with; a journey may have put in another one."""
    return str(bank_program.program.log.with_suffix(".json"))


@pytest.fixture
def bank_card_outside(bank_program: CardProgram) -> CardProgram:
    """The bank's card in its customer's hand, and nothing is wrong with it."""
    bank_program.do("calm")
    if bank_program.do("status")["inserted"]:
        bank_program.do("pull")
    if bank_program.do("status")["card"] != _own_card(bank_program):
        bank_program.do("insert", card=_own_card(bank_program))
        bank_program.do("pull")
    bank_program.do("trouble")
    return bank_program
