"""Every deadline of the CCNET driver against units that say nothing, trickle, chatter without end or always refuse."""

from __future__ import annotations

import contextlib
import os
import threading
import time
import tty
from collections.abc import Callable, Iterator

import pytest

from drivers.cash.ccnet import ILLEGAL, VALIDATOR, Frame
from drivers.cash.ccnet_driver import CcnetAcceptor, CcnetSettings
from drivers.cash.model import CashReport, CashState
from drivers.errors import DeviceTimeout, DriverError, ProtocolError
from drivers.transport import SerialTransport
from tests.drivers.cash.conftest import PATIENCE_S, ScriptedUnit

CALL_S = 0.15
SLACK_S = 40.0
# Nearly the frame of an idle unit: were it sound, a driver that is held up would find it whole in its buffer.
UNSOUND = Frame(VALIDATOR, b"\x14").to_bytes(from_host=False)[:-1] + b"\x00"

CALLS: dict[str, Callable[[CcnetAcceptor], object]] = {
    "poll": lambda a: a.poll(),
    "reset": lambda a: a.reset(),
    "identify": lambda a: a.identify(),
    "enable": lambda a: a.enable(frozenset({5})),
    "disable": lambda a: a.disable(),
    "stack": lambda a: a.stack(),
    "give_back": lambda a: a.give_back(),
    "hold": lambda a: a.hold(),
    "stacked_count": lambda a: a.stacked_count(),
}


@contextlib.contextmanager
def unit(says: bytes, every_s: float, offline_s: float) -> Iterator[CcnetAcceptor]:
    """A driver on a line whose other end says these bytes again and again, one at a time, whatever it is asked."""
    master, slave = os.openpty()
    tty.setraw(slave)
    os.set_blocking(master, False)
    over = threading.Event()

    def talk() -> None:
        place = 0
        while not over.wait(every_s):
            with contextlib.suppress(BlockingIOError):
                os.read(master, 4096)
            with contextlib.suppress(BlockingIOError):
                if says:
                    os.write(master, says[place % len(says)].to_bytes())
                place += 1

    thread = threading.Thread(target=talk)
    thread.start()
    settings = CcnetSettings(call=CALL_S, offline=offline_s, high_security=frozenset({5}))
    acceptor = CcnetAcceptor(SerialTransport(os.ttyname(slave)), settings)
    acceptor.open()
    try:
        yield acceptor
    finally:
        acceptor.close()
        over.set()
        thread.join(20)
        os.close(slave)
        os.close(master)


PEERS = {
    "silent": (b"", 0.02),
    "trickling a frame": (UNSOUND, 0.12),
    "trickling noise": (b"\xaa", 0.03),
    "beginning without end": (b"\x02\x03\xff" + b"\x02" * 300, 0.01),
    "chattering": (b"\x55" * 64, 0.0005),
}


@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.parametrize("call", CALLS)
def test_each_call_ends_in_time(call: str, peer: str) -> None:
    # Never offline: a poll that was held up would tell that instead of the time-out.
    with unit(*PEERS[peer], offline_s=1000.0) as acceptor:
        since = time.monotonic()
        with pytest.raises((DeviceTimeout, ProtocolError)):
            CALLS[call](acceptor)
        assert time.monotonic() - since < CALL_S + SLACK_S


@pytest.mark.parametrize("peer", PEERS)
def test_a_unit_that_never_speaks_a_whole_word_is_offline_once(peer: str) -> None:
    told: list[CashReport | None] = []
    with unit(*PEERS[peer], offline_s=2 * CALL_S) as acceptor:
        # As long as it takes until it is told, and a while longer.
        quiet_from = time.monotonic() + 10.0
        while time.monotonic() < quiet_from + 2 * CALL_S:
            with contextlib.suppress(DriverError):
                told.append(acceptor.poll())
                quiet_from = time.monotonic()
    assert told == [CashReport(CashState.OFFLINE)]


def test_an_acknowledgement_waits_for_nothing() -> None:
    with ScriptedUnit(POLL=[b"\x81\x05"], GET_BILL_TABLE=[ILLEGAL]) as acceptor:
        report = acceptor.poll()
        assert report is not None
        assert report.needs_ack
        since = time.monotonic()
        acceptor.acknowledge()
        assert time.monotonic() - since < PATIENCE_S / 2
