"""Every deadline of the card units' drivers, against units that say nothing or nothing that is of use."""

from __future__ import annotations

import contextlib
import os
import threading
import time
import tty
from collections.abc import Callable, Iterator

import pytest

from drivers.card.dispenser_driver import Crt571Dispenser, Crt571Settings
from drivers.card.frame import DISPENSER, MOTOR, Frame
from drivers.card.motor_driver import Crt310Reader, Crt310Settings
from drivers.errors import DeviceTimeout, ProtocolError
from drivers.transport import SerialTransport

CALL_S = 0.04
SLACK_S = 40.0

READER: dict[str, Callable[[Crt310Reader], object]] = {
    "poll": lambda r: r.poll(),
    "reset": lambda r: r.reset(),
    "identify": lambda r: r.identify(),
    "accept": lambda r: r.accept(),
    "refuse": lambda r: r.refuse(),
    "to_contact": lambda r: r.to_contact(),
    "eject": lambda r: r.eject(),
    "capture": lambda r: r.capture(),
}
DISPENSES: dict[str, Callable[[Crt571Dispenser], object]] = {
    "poll": lambda d: d.poll(),
    "reset": lambda d: d.reset(),
    "identify": lambda d: d.identify(),
    "dispense": lambda d: d.dispense(),
    "to_contact": lambda d: d.to_contact(),
    "present": lambda d: d.present(),
    "retract": lambda d: d.retract(),
}
UNSOUND = MOTOR.to_bytes(Frame(b"\x31\x30\x4e\x4e\x4e"))[:-1] + b"\x00"
UNSOUND_571 = DISPENSER.to_bytes(Frame(b"P10020"))[:-1] + b"\x00"
PEERS = {
    "trickling a frame": (UNSOUND + UNSOUND_571, 0.012),
    "acknowledging without end": (b"\x06", 0.002),
    "refusing without end": (b"\x15", 0.002),
    "beginning without end": (b"\x02\x02\x08\xf2\x00\x02\x08", 0.002),
    "chattering": (b"\x55" * 64, 0.0005),
}


@contextlib.contextmanager
def wire(says: bytes, every_s: float) -> Iterator[SerialTransport]:
    """A line whose other end says these bytes again and again, one at a time, whatever it is asked."""
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
    line = SerialTransport(os.ttyname(slave))
    try:
        yield line
    finally:
        line.close()
        over.set()
        thread.join(20)
        os.close(slave)
        os.close(master)


def ends_in_time(call: Callable[[], object]) -> None:
    since = time.monotonic()
    with pytest.raises((DeviceTimeout, ProtocolError)):
        call()
    assert time.monotonic() - since < CALL_S + SLACK_S


def a_reader(line: SerialTransport) -> Crt310Reader:
    reader = Crt310Reader(line, Crt310Settings(call=CALL_S, move=CALL_S, offline=0.0))
    reader.open()
    return reader


def a_dispenser(line: SerialTransport) -> Crt571Dispenser:
    dispenser = Crt571Dispenser(line, Crt571Settings(call=CALL_S, move=CALL_S, offline=1000))
    dispenser.open()
    return dispenser


@pytest.mark.parametrize("call", READER)
def test_reader_and_silence(call: str) -> None:
    with wire(b"", 0.01) as line:
        reader = a_reader(line)
        if call == "poll":
            assert reader.poll() is not None  # offline at once
        ends_in_time(lambda: READER[call](reader))


@pytest.mark.parametrize("call", DISPENSES)
def test_dispenser_and_silence(call: str) -> None:
    with wire(b"", 0.01) as line:
        ends_in_time(lambda: DISPENSES[call](a_dispenser(line)))


@pytest.mark.parametrize("peer", PEERS)
def test_units_that_speak_without_sense(peer: str) -> None:
    with wire(*PEERS[peer]) as line:
        reader = a_reader(line)
        for call in ("refuse", "eject"):
            ends_in_time(lambda call=call: READER[call](reader))  # type: ignore[misc]
        line.close()
        dispenser = a_dispenser(line)
        for call in ("identify", "dispense"):
            ends_in_time(lambda call=call: DISPENSES[call](dispenser))  # type: ignore[misc]
