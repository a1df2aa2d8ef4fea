"""What comes from a PIN pad and from a bank's chip, judged by a second reading of the same bytes."""

from __future__ import annotations

import re
from collections.abc import Callable

from drivers.card import emv
from drivers.card.tlv import Tlv, parse
from drivers.errors import ProtocolError
from drivers.pinpad.codec import Answer, Command, Decoder, Entry, Flag, Frame, Question, Status
from drivers.pinpad.model import SlotKeys
from tests.fuzz.serial_targets import pieces

PAN = "6212142000000000012"
_FRAME = re.compile(rb"\x02((?:[0-9A-F]{2})+)\x03([0-9A-F]{2})")


def _tlv(tag: int, *inside: bytes) -> bytes:
    return Tlv(tag, b"".join(inside)).to_bytes()


PAD_FRAMES = (
    b"\x06" + Question(1, Command.STATUS).to_bytes(),
    Answer(
        1, Command.STATUS, data=Status(Flag(0), Entry.OPEN, 4, {0: SlotKeys.MASTER}).to_bytes()
    ).to_bytes(),
    b"\x06" + Answer(9, Command.PIN_BLOCK, data=bytes.fromhex("AF5DABE4951A8715")).to_bytes(),
)
_ENTRY = _tlv(0x61, _tlv(0x4F, bytes.fromhex("A000000333010101")), _tlv(0x50, b"DEBIT"), _tlv(0x87, b"\x01"))
CARD_OBJECTS = (
    _tlv(0x6F, _tlv(0x84, emv.CONTACT_DIRECTORY), _tlv(0xA5, _tlv(0x88, b"\x01"))),
    _tlv(0x70, _ENTRY),
    _tlv(0x77, _tlv(0x82, b"\x18\x00"), _tlv(0x94, bytes.fromhex("10010200"))),
    _tlv(0x70, _tlv(0x5A, bytes.fromhex(PAN + "F")), _tlv(0x5F24, bytes.fromhex("301231"))),
    _tlv(0x70, _tlv(0x57, bytes.fromhex(PAN + "D3012220000000F"))),
)
_READERS: tuple[Callable[[bytes], object], ...] = (
    emv.directory_file,
    emv.directory_record,
    emv.near_directory,
    emv.selected,
    emv.records,
    emv.processing_options,
    lambda data: emv.face([data]),
)


def check_pad_frames(data: bytes) -> None:
    """However it is cut the same is found, and each frame with a right check that a pattern finds is among it."""
    line = data[1:]
    whole = Decoder().feed(line)
    decoder = Decoder()
    assert whole == [event for piece in pieces(data) for event in decoder.feed(piece)]
    frames = [event for event in whole if isinstance(event, Frame)]
    assert [frame.to_bytes() for frame in frames] == _sound(line)
    for frame in frames:
        assert ":" not in _told(lambda body: Status.read(Answer.read(body).data), frame.body)


def _told(read: Callable[[bytes], object], data: bytes) -> str:
    """What a reader says against the bytes; empty where it takes them. Bytes would stand behind a colon."""
    try:
        read(data)
    except ProtocolError as error:
        return f"{error}{':' if error.data else ''}"
    return ""


def _sound(line: bytes) -> list[bytes]:
    found = []
    for match in _FRAME.finditer(line):
        check = 0x03
        for byte in match[1]:
            check ^= byte
        if int(match[2], 16) == check and len(match[1]) <= 1200:
            found.append(match[0])
    return found


def check_card_objects(data: bytes) -> None:
    """Objects say the same again, but for zeros between them; no error carries a byte of the card."""
    if not _told(parse, data):
        again = b"".join(each.to_bytes() for each in parse(data))
        assert parse(again) == parse(data)
    for read in (parse, *_READERS):
        told = _told(read, data)
        assert ":" not in told
        assert PAN not in told
