"""What terminal boxes and scanners send, each decoder judged by a second reading written another way."""

from __future__ import annotations

import re

from drivers.barcode import codec as barcode
from drivers.eft import codec as eft
from drivers.eft import frame
from drivers.eft.model import EftResult
from drivers.errors import ProtocolError
from tests.fuzz.serial_targets import pieces

BOX_FRAMES = (
    b"\x10\x06" + frame.to_bytes(b"0" * 41),
    b"\x03\x15" + frame.to_bytes(b"H") + frame.to_bytes(b"00" + b" " * 19 + b"1" * 18),
    b"\x20\x02\x05\x12" + frame.to_bytes(b"A\x02\x00\x01H\x03\x4a"),
)
_HEAD = b"6212149876543210124015873472877109805"
_TAIL = b"~6212149876543210124~000001~123456~261124000001~20261124080000~000000000001~000000012050"
BOX_REPLIES = (
    b"00" + _HEAD + b"A000000012050898000000000001~10000001~A" + _TAIL,
    b"98" + _HEAD + b"E000000012050898000000000001~10000001~D" + _TAIL,
    b"00" + b" " * 19 + b"015873472877109805H000000000000898000000000001~10000001~I~000001~000000000001",
    b"00" + b" " * 19 + b"015873472877109805G000000000000000001~3~900~1~300~20261124235959",
    b"0000000001015873472877109805D000000012050000000000001",
)
CODES = (
    b"\x05]C13120000017450042~\r",
    "\x20]C1电费单 42~\r".encode(),
    b"\x01]C1~\r\r]C1" + b"1" * 600 + b"~\r",
)


def _frame_at(data: bytes, at: int) -> bytes:
    """The data of the whole frame that stands at this place, by a pattern; empty where none does."""
    found = re.match(rb"\x02([\x00-\x05])([\x00-\xff])", data[at : at + 3], re.DOTALL)
    digits = data[at + 1 : at + 3].hex()
    if found is None or not digits.isdecimal() or not 0 < int(digits) <= 512:
        return b""
    rest = data[at + 1 : at + 5 + int(digits)]
    check = 0
    for byte in rest:
        check ^= byte
    return rest[2:-2] if len(rest) == int(digits) + 4 and rest[-2] == 3 and check == 0 else b""


def check_box_frames(data: bytes) -> None:
    """Frames are the leftmost whole ones; all that is told does not depend on how the stream is cut."""
    whole, decoder = frame.Decoder(), frame.Decoder()
    expected = whole.feed(data[1:]) + whole.flush()
    events: list[frame.Event] = []
    for piece in pieces(data):
        events += decoder.feed(piece)
        assert decoder.pending <= frame.LONGEST + 5
    events += decoder.flush()
    assert events == expected
    frames, at = [], 0
    while at < len(data[1:]):
        found = _frame_at(data[1:], at)
        frames += [found] if found else []
        at += len(found) + 5 if found else 1
    assert [event.data for event in events if isinstance(event, frame.Frame)] == frames


def check_box_replies(data: bytes) -> None:
    """A reply is read or refused; what is read holds no card's number in full."""
    for parse in (eft.parse_reply, eft.parse_request):
        try:
            told = parse(data)
        except ProtocolError:
            continue
        body = told.body if isinstance(told, eft.Reply) else None
        if isinstance(body, EftResult):
            assert re.fullmatch(r"([0-9]{6}\*+[0-9]{4})?", body.card)
            assert not body.approved or (body.card and body.trace and body.at)


def check_codes(data: bytes) -> None:
    """Codes are what stands between the marks, however the stream is cut; the rest is told once a line."""
    form = barcode.ScannerForm(b"\r", b"]C1", b"~")
    decoder, found = barcode.Decoder(form), list[barcode.Event]()
    for piece in pieces(data):
        found += decoder.feed(piece)
        assert len(decoder._buffer) < 600 + len(piece)
    *lines, _rest = data[1:].split(b"\r")
    expected = []
    for line in lines:
        marked = re.fullmatch(rb"\]C1(.{1,512})~", line, re.DOTALL)
        try:
            text = marked[1].decode() if marked else ""
        except UnicodeDecodeError:
            continue
        expected += [text] if text and text.isprintable() else []
    assert [event.text for event in found if isinstance(event, barcode.Code)] == expected
