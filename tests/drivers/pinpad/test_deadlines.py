"""Every deadline of the PIN pad's driver, against units that say nothing or nothing that is of use."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from drivers.errors import DeviceTimeout, ProtocolError
from drivers.pinpad.codec import Answer, Command, Entry, Flag, Status
from drivers.pinpad.driver import GenericPinPad, PinPadSettings
from drivers.pinpad.model import KeyKind
from drivers.security.cipher import TRIPLE_DES
from drivers.security.keys import check_value
from tests.drivers.card.test_card_deadlines import wire

CALL_S = 0.04
SLACK_S = 40.0
COMPONENT = bytes(range(1, 17))
CALLS: dict[str, Callable[[GenericPinPad], object]] = {
    "poll": lambda p: p.poll(),
    "identify": lambda p: p.identify(),
    "slots": lambda p: p.slots(),
    "self_test": lambda p: p.self_test(),
    "load_master_key": lambda p: p.load_master_key(0, 1, COMPONENT, check_value(TRIPLE_DES, COMPONENT)),
    "load_working_key": lambda p: p.load_working_key(0, KeyKind.PIN, bytes(16), bytes(4)),
    "start_pin": lambda p: p.start_pin(0, "6212142000000000012", seconds=60),
    "pin_block": lambda p: p.pin_block(),
    "end_pin": lambda p: p.end_pin(),
    "mac": lambda p: p.mac(0, b"0"),
}
SOUND = Answer(0, Command.STATUS, data=Status(Flag(0), Entry.NONE, 0, {}).to_bytes()).to_bytes()
PEERS = {
    "trickling a frame without end": (b"\x06" + SOUND[:-1], 0.012),
    "greeting and nothing more": (SOUND, 0.0005),
    "acknowledging without end": (b"\x06", 0.002),
    "refusing without end": (b"\x15", 0.002),
    "beginning without end": (b"\x02", 0.002),
    "chattering": (b"\x55" * 64, 0.0005),
}


def ends_in_time(call: Callable[[], object]) -> None:
    since = time.monotonic()
    with pytest.raises((DeviceTimeout, ProtocolError)):
        call()
    assert time.monotonic() - since < CALL_S + SLACK_S


def a_pad(line: object) -> GenericPinPad:
    settings = PinPadSettings(call=CALL_S, test=CALL_S, acknowledge=0.01, answer=0.02)
    pad = GenericPinPad(line, settings)  # type: ignore[arg-type]
    pad.open()
    return pad


@pytest.mark.parametrize("call", CALLS)
def test_a_silent_pin_pad(call: str) -> None:
    with wire(b"", 0.01) as line:
        pad = a_pad(line)
        ends_in_time(lambda: CALLS[call](pad))


@pytest.mark.parametrize("peer", PEERS)
def test_pin_pads_that_speak_without_sense(peer: str) -> None:
    with wire(*PEERS[peer]) as line:
        pad = a_pad(line)
        for call in ("pin_block", "start_pin", "self_test"):
            ends_in_time(lambda call=call: CALLS[call](pad))  # type: ignore[misc]
