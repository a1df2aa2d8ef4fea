"""A CCNET driver on the validator program, and what its tests wait for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from drivers.cash.ccnet_driver import CcnetAcceptor, CcnetSettings
from drivers.cash.model import CashReport, CashState
from drivers.transport import SerialTransport
from simulators.far_end import Launched, launched

VALIDATOR = "simulators.ccnet_validator"
ALL = frozenset(range(6))
HUNDRED, FIFTY = 5, 4

Connect = Callable[..., CcnetAcceptor]


@pytest.fixture
def unit(tmp_path: Path) -> Iterator[Launched]:
    with launched(VALIDATOR, tmp_path, "--speed", "50", "--state", str(tmp_path / "kept.json")) as far_end:
        yield far_end


@pytest.fixture
def connect(unit: Launched) -> Iterator[Connect]:
    """Open a new driver on the unit, as a host program does when it starts; ends the one before."""
    opened: list[CcnetAcceptor] = []

    def connect(**settings: float) -> CcnetAcceptor:
        for old in opened:
            old.close()
        line = SerialTransport(str(unit.link))
        acceptor = CcnetAcceptor(line, CcnetSettings(**({"free": 0.002} | settings)))  # type: ignore[arg-type]
        acceptor.open()
        opened.append(acceptor)
        return acceptor

    yield connect
    for acceptor in opened:
        acceptor.close()


def until(acceptor: CcnetAcceptor, state: CashState, seconds: float = 20.0) -> CashReport:
    """Poll until this state is reported; everything reported on the way is allowed."""
    deadline = time.monotonic() + seconds
    seen = []
    while time.monotonic() < deadline:
        report = acceptor.poll()
        if report is not None:
            seen.append(report.state)
            if report.state is state:
                return report
        time.sleep(0.003)
    raise AssertionError(f"no {state} but {seen}")


def started(acceptor: CcnetAcceptor) -> CcnetAcceptor:
    """Bring a unit from power-up to IDLE with all notes enabled."""
    until(acceptor, CashState.POWER_UP)
    acceptor.reset()
    until(acceptor, CashState.DISABLED)
    acceptor.identify()
    acceptor.enable(ALL)
    until(acceptor, CashState.IDLE)
    return acceptor


@pytest.fixture
def ready(connect: Connect) -> CcnetAcceptor:
    return started(connect())


def logged(unit: Launched) -> list[str]:
    return [entry["what"] for entry in unit.do("status")["log"]]


def quiet_polls(acceptor: CcnetAcceptor, count: int = 4) -> list[CashReport | None]:
    return [acceptor.poll() for _ in range(count)]


def stack_one(acceptor: CcnetAcceptor, unit: Launched, value_fen: int = 10000) -> CashReport:
    """Bring a note to STACKED, not yet acknowledged."""
    unit.do("insert", value_fen=value_fen)
    until(acceptor, CashState.ESCROW)
    acceptor.stack()
    return until(acceptor, CashState.STACKED)


def await_status(unit: Launched, key: str, value: object) -> None:
    deadline = time.monotonic() + 20
    while unit.do("status")[key] != value:
        assert time.monotonic() < deadline, unit.do("status")
        time.sleep(0.003)
