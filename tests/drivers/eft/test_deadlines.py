"""Every deadline of the terminal box's driver, against boxes that say nothing or nothing that is of use."""

from __future__ import annotations

import contextlib
import os
import threading
import time
import tty
from collections.abc import Callable, Iterator

import pytest

from drivers.eft.codec import reply_bytes
from drivers.eft.driver import EftBox, EftSettings
from drivers.eft.frame import to_bytes
from drivers.eft.model import NotTaken
from drivers.errors import DeviceTimeout, ProtocolError
from drivers.transport import SerialTransport
from simulators.far_end import Launched
from tests.drivers.eft.conftest import FEN, REFERENCE, hurried, sold

CALL_S = 0.06
SLACK_S = 40.0
HASTY = EftSettings(CALL_S, CALL_S, CALL_S, CALL_S, CALL_S, CALL_S, acknowledge=0.02, quiet=0.01)

CALLS: dict[str, Callable[[EftBox], object]] = {
    "status": lambda b: b.status(),
    "sign_on": lambda b: b.sign_on(),
    "sale": lambda b: b.sale(REFERENCE, FEN),
    "void": lambda b: b.void("1", REFERENCE, FEN),
    "last_result": lambda b: b.last_result(),
    "settle": lambda b: b.settle(),
}
UNSOUND = to_bytes(reply_bytes("00", "H"))[:-1] + b"\x00"
PEERS = {
    "silent": (b"", 0.01),
    "trickling a frame": (UNSOUND, 0.005),
    "acknowledging without end": (b"\x06", 0.002),
    "refusing without end": (b"\x15", 0.002),
    "beginning without end": (b"\x02\x05\x00", 0.002),
    "chattering": (b"\x55" * 64, 0.0005),
    "answering others": (to_bytes(reply_bytes("00", "H", "7" * 18, context="1~1~I~1~1")), 0.0001),
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


@pytest.mark.parametrize("peer", PEERS)
def test_boxes_that_say_nothing_of_use(peer: str) -> None:
    with wire(*PEERS[peer]) as line:
        box = EftBox(line, HASTY)
        box.open()
        for name, call in CALLS.items():
            since = time.monotonic()
            with pytest.raises(
                NotTaken if name in ("sale", "void", "settle") else (DeviceTimeout, ProtocolError)
            ):
                call(box)
            assert time.monotonic() - since < CALL_S + SLACK_S
            assert box.health().code == "offline"


@pytest.mark.parametrize(
    ("limit", "letter"), [("sale", "A"), ("void", "D"), ("settlement", "G"), ("last", "E"), ("sign_on", "F")]
)
@pytest.mark.parametrize("fault", ["drop", "drawl"])
def test_a_box_that_falls_silent_after_it_took_a_request(
    box: EftBox, unit: Launched, limit: str, letter: str, fault: str
) -> None:
    """It answers each status, so that only the limit of the call itself can end it."""
    sale = sold(box, unit)
    unit.do("present", always=True)
    unit.do("fault", what=fault, only=letter, next=100)
    call = {"settlement": "settle", "last": "last_result"}.get(limit, limit)
    acts: dict[str, Callable[[EftBox], object]] = {
        **CALLS,
        "void": lambda b: b.void(sale.trace, REFERENCE, FEN),
    }
    since = time.monotonic()
    with hurried(box, **{limit: 0.3}), pytest.raises(DeviceTimeout):
        acts[call](box)
    assert time.monotonic() - since < SLACK_S
