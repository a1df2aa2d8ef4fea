"""A CCNET driver on the validator program, and what its tests wait for."""

from __future__ import annotations

import os
import threading
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from drivers.cash.ccnet import NAK, Command, Decoder, Frame
from drivers.cash.ccnet import VALIDATOR as VALIDATOR_ADDRESS
from drivers.cash.ccnet_driver import CcnetAcceptor, CcnetSettings
from drivers.cash.model import CashReport, CashState
from drivers.transport import SerialTransport
from simulators.far_end import Launched, launched

VALIDATOR = "simulators.ccnet_validator"
ALL = frozenset(range(6))
HUNDRED, FIFTY = 5, 4
PATIENCE_S = 20.0
"""How long a sound unit on a busy machine may take for one answer; who waits for a silent one is `hurried`."""
PATIENT = CcnetSettings(call=PATIENCE_S, free=0.002)

Connect = Callable[..., CcnetAcceptor]


@pytest.fixture
def unit(tmp_path: Path) -> Iterator[Launched]:
    with launched(VALIDATOR, tmp_path, "--speed", "50", "--state", str(tmp_path / "kept.json")) as far_end:
        yield far_end


@pytest.fixture
def connect(unit: Launched) -> Iterator[Connect]:
    """Open a new driver on the unit, as a host program does when it starts; ends the one before."""
    opened: list[CcnetAcceptor] = []

    def connect(**settings: object) -> CcnetAcceptor:
        for old in opened:
            old.close()
        line = SerialTransport(str(unit.link))
        acceptor = CcnetAcceptor(line, replace(PATIENT, **settings))  # type: ignore[arg-type]
        acceptor.open()
        opened.append(acceptor)
        return acceptor

    yield connect
    for acceptor in opened:
        acceptor.close()


@contextmanager
def hurried(acceptor: CcnetAcceptor, **settings: float) -> Iterator[None]:
    """Within the block the driver has these settings."""
    before = acceptor._line.settings
    acceptor._line.settings = replace(before, **settings)  # type: ignore[arg-type]
    try:
        yield
    finally:
        acceptor._line.settings = before


def until(acceptor: CcnetAcceptor, state: CashState, seconds: float = PATIENCE_S) -> CashReport:
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


class ScriptedUnit:
    """Answers each command with the next payload of its script; the last one stays."""

    def __init__(self, **script: list[bytes]) -> None:
        self._script = {Command[name]: answers for name, answers in script.items()}
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.acceptor = CcnetAcceptor(
            SerialTransport(os.ttyname(self._slave)), CcnetSettings(call=PATIENCE_S)
        )
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> CcnetAcceptor:
        self._thread.start()
        self.acceptor.open()
        return self.acceptor

    def __exit__(self, *_: object) -> None:
        self.acceptor.close()
        os.write(self._slave, b"\x02\x03\x06\xff\xba\x8d" * 2)
        self._thread.join(20)
        os.close(self._slave)
        os.close(self._master)

    def _serve(self) -> None:
        decoder, naks = Decoder(from_host=True), 0
        while naks < 2:
            for event in decoder.feed(os.read(self._master, 256)):
                if not isinstance(event, Frame):
                    continue
                naks = naks + 1 if event.payload == NAK else 0
                answers = self._script.get(Command(event.payload[0]))
                if answers:
                    payload = answers.pop(0) if len(answers) > 1 else answers[0]
                    os.write(self._master, Frame(VALIDATOR_ADDRESS, payload).to_bytes(from_host=False))
