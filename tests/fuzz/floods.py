"""A peer that never ends its message: ten times the bytes take ten times the time, and no more memory."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable

from drivers.card import frame as card
from drivers.cash import ccnet
from drivers.printer import escpos_codec as escpos
from kiosk.hubclient import wire
from simulators.escpos_parser import Parser

PIECE = 4096
"""What one read of a serial line can bring."""
TRIES = 6
"""The best of so many counts: another program beside this one takes from its processor's time, too."""


def _ccnet(data: bytes) -> None:
    decoder = ccnet.Decoder()
    for start in range(0, len(data), PIECE):
        decoder.feed(data[start : start + PIECE])
    decoder.flush()


def _card(framing: card.Framing) -> Callable[[bytes], None]:
    def decode(data: bytes) -> None:
        decoder = card.Decoder(framing)
        for start in range(0, len(data), PIECE):
            decoder.feed(data[start : start + PIECE])
        decoder.flush()

    return decode


def _printer_answers(data: bytes) -> None:
    decoder = escpos.Decoder()
    for start in range(0, len(data), PIECE):
        decoder.feed(data[start : start + PIECE])
    decoder.flush()


def _printer_commands(data: bytes) -> None:
    parser = Parser()
    for start in range(0, len(data), PIECE):
        parser.feed(data[start : start + PIECE])
        while parser.next() is not None:
            pass


def _wire(data: bytes) -> None:
    for body in (data, b'{"id":' + data, b'{"unknown":' + data):
        try:
            wire.decode(wire.Payment, body)
        except wire.BadAnswer:
            continue


FLOODS: dict[str, tuple[Callable[[bytes], None], bytes]] = {
    "ccnet heads": (_ccnet, b"\x02\x03\xfa"),
    "ccnet long heads": (_ccnet, b"\x02\x03\x00\x04\x00"),
    "ccnet syncs": (_ccnet, b"\x02"),
    "motor heads": (_card(card.MOTOR), b"\x02\x02\x08"),
    "dispenser starts": (_card(card.DISPENSER), b"\xf2\x00"),
    "printer blocks": (_printer_answers, b"7"),
    "printer block text": (_printer_answers, b"7" + b"2" * 78),
    "printer changes": (_printer_answers, b"\x10\x00"),
    "printer pictures": (_printer_commands, b"\x1dv0\x00\xff\xff\xff\xff"),
    "printer functions": (_printer_commands, b"\x1d(k\x01\x00"),
    "wire arrays": (_wire, b"["),
    "wire digits": (_wire, b"9"),
    "wire objects": (_wire, b'{"a":'),
}


def growth(name: str, size: int) -> float:
    """How many times as long ten times `size` bytes take; 10 for a decoder that looks at each byte once."""
    decode, pattern = FLOODS[name]
    small, large = ((pattern * (count // len(pattern) + 1))[:count] for count in (size, 10 * size))
    decode(small[:1000])
    once = max(min(_seconds(decode, small) for _ in range(TRIES)), 1e-3)
    grown = _seconds(decode, large)
    for _ in range(TRIES - 1):
        if grown < 20 * once:
            break
        grown = min(grown, _seconds(decode, large))
    return grown / once


def _seconds(decode: Callable[[bytes], None], data: bytes) -> float:
    since = time.process_time()
    decode(data)
    return time.process_time() - since


def held(name: str, size: int) -> int:
    """The most bytes of memory at a time that decoding `size` bytes takes."""
    decode, pattern = FLOODS[name]
    data = (pattern * (size // len(pattern) + 1))[:size]
    tracemalloc.start()
    try:
        decode(data)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
