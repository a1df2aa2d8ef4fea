"""What comes over serial lines, each decoder judged by a second reading of the same bytes written another way."""

from __future__ import annotations

import re
from collections.abc import Iterator

from drivers.card import dispenser_crt571, motor_crt310
from drivers.card import frame as card
from drivers.cash import ccnet
from drivers.errors import ProtocolError
from drivers.printer import escpos_codec as escpos
from simulators.escpos_parser import Command, Item, Parser


def pieces(data: bytes) -> Iterator[bytes]:
    """The bytes after the first, cut into pieces of a length that the first one gives."""
    size = 1 + data[0] % 64 if data else 1
    for start in range(1, len(data), size):
        yield data[start : start + size]


def _crc(data: bytes) -> int:
    """CRC-16/KERMIT bit by bit, as the standard draws it."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x8408 if crc & 1 else 0)
    return crc


def ccnet_frame_at(data: bytes, at: int, *, from_host: bool) -> bytes:
    """The whole frame that stands at this place; empty where none does."""
    if data[at] != 0x02 or len(data) < at + 6:
        return b""
    length = data[at + 2]
    if 0 < length < 6 or length > 250:
        return b""
    if length == 0:
        where = at + 4 if from_host else at + 3
        length = int.from_bytes(data[where : where + 2], "big")
        if not 250 < length <= 1024:
            return b""
    frame = data[at : at + length]
    whole = len(frame) == length and _crc(frame[:-2]) == frame[-2] | frame[-1] << 8
    return frame if whole else b""


def ccnet_frames(data: bytes, *, from_host: bool) -> list[tuple[int, bytes]]:
    """The leftmost whole frames that do not overlap, with their places."""
    found, at = [], 0
    while at < len(data):
        frame = ccnet_frame_at(data, at, from_host=from_host)
        if frame:
            found.append((at, frame))
        at += len(frame) or 1
    return found


def check_ccnet(data: bytes) -> None:
    """Frames are the leftmost whole ones, however the stream is cut; what is held and told stays bounded."""
    from_host = bool(data[:1] and data[0] & 0x80)
    decoder = ccnet.Decoder(from_host=from_host)
    events: list[ccnet.Frame | ccnet.Broken] = []
    for piece in pieces(data):
        events += decoder.feed(piece)
        assert decoder.pending < 1024
    events += decoder.flush()
    assert decoder.pending == 0
    told = [e.to_bytes(from_host=from_host) for e in events if isinstance(e, ccnet.Frame)]
    assert told == [frame for _, frame in ccnet_frames(data[1:], from_host=from_host)]
    # What is broken is told once, and once more when the line falls silent.
    assert sum(len(e.data) for e in events if isinstance(e, ccnet.Broken)) <= 2 * len(data)


def check_ccnet_payloads(data: bytes) -> None:
    """Each payload parser gives its form or a ProtocolError."""
    for parse in (ccnet.parse_identification, ccnet.parse_bill_table, ccnet.parse_counter, ccnet.parse_poll):
        try:
            parse(data or b"\0")
        except ProtocolError:
            continue
    assert all(0 <= kind < 8 * len(data) for kind in ccnet.parse_type_mask(data))


def _card_frame_at(data: bytes, at: int, framing: card.Framing) -> bytes:
    """The whole frame of a card unit that stands at this place; empty where none does."""
    head = 4 if framing.addressed else 3
    if data[at] != framing.start or len(data) < at + head + 3:
        return b""
    text = data[at + head - 2] << 8 | data[at + head - 1]
    frame = data[at : at + head + text + 2]
    if not 1 <= text <= 520 or len(frame) != head + text + 2:
        return b""
    check = 0
    for byte in frame[:-1]:
        check ^= byte
    return frame if frame[-2:] == bytes([3, check]) else b""


def check_card_frames(data: bytes) -> None:
    """Frames are the leftmost whole ones; all that is told does not depend on how the stream is cut."""
    framing = card.DISPENSER if data[:1] and data[0] & 0x80 else card.MOTOR
    whole, decoder = card.Decoder(framing), card.Decoder(framing)
    expected = whole.feed(data[1:]) + whole.flush()
    events: list[card.Event] = []
    for piece in pieces(data):
        events += decoder.feed(piece)
        assert decoder.pending < 530
    events += decoder.flush()
    assert events == expected
    assert decoder.pending == 0
    told = [framing.to_bytes(event) for event in events if isinstance(event, card.Frame)]
    frames, at = [], 0
    while at < len(data[1:]):
        frame = _card_frame_at(data[1:], at, framing)
        frames += [frame] if frame else []
        at += len(frame) or 1
    assert told == frames
    assert sum(len(e.data) for e in events if isinstance(e, card.Broken)) <= 2 * len(data)


def check_card_payloads(data: bytes) -> None:
    """Each reading of a card unit's text gives its form or a ProtocolError."""
    for parse in (
        motor_crt310.parse_answer,
        motor_crt310.parse_status,
        motor_crt310.parse_done,
        motor_crt310.shutter_open,
        dispenser_crt571.parse_answer,
        dispenser_crt571.parse_status,
    ):
        try:
            parse(data or b"\0")
        except ProtocolError:
            continue


_BLOCK = re.compile(rb"7([ -~]{1,78})\x00")
_JOB_DONE = re.compile(rb'7"([ -~]{4})\x00')
_CHANGE = re.compile(rb"[\x10\x14\x18\x1c048<PTX\\ptx|][\x00-\x0f -/@-O`-o]{3}")
_REAL_TIME = re.compile(rb"[\x12\x16\x1a\x1e26:>RVZ^rvz~]")
_PAPER = re.compile(rb"[\x00-\x0f -/@-O`-o]")


def _answer_at(data: bytes, at: int) -> tuple[int, escpos.Frame]:
    if found := _JOB_DONE.match(data, at):
        return 7, escpos.JobDone(found[1].decode())
    if found := _BLOCK.match(data, at):
        hidden = _JOB_DONE.match(data, found.end() - 7) if found.end() - 7 > at else None
        end = found.end() - 7 if hidden else found.end()
        return end - at, escpos.Block(data[at + 1 : end if hidden else end - 1])
    if data[at : at + 1] in (b"\x11", b"\x13"):
        return 1, escpos.Flow(on=data[at] == 0x11)
    if _CHANGE.match(data, at):
        return 4, escpos.PrinterState.from_asb(*data[at : at + 3])
    if _REAL_TIME.match(data, at):
        return 1, escpos.RealTimeStatus(data[at])
    if _PAPER.match(data, at):
        return 1, escpos.PaperStatus(low=bool(data[at] & 0x03), out=bool(data[at] & 0x0C))
    return 1, escpos.Garbage(data[at])


def printer_answers(data: bytes) -> list[escpos.Frame]:
    """The answers of the whole stream, read with patterns from its beginning."""
    answers, at = [], 0
    while at < len(data):
        used, answer = _answer_at(data, at)
        answers.append(answer)
        at += used
    return answers


def check_printer_answers(data: bytes) -> None:
    """Answers do not depend on how the stream is cut, and those that cannot be hidden are all found."""
    decoder = escpos.Decoder()
    told: list[escpos.Frame] = []
    for piece in pieces(data):
        told += decoder.feed(piece)
        assert len(decoder._buffer) < 80
    told += decoder.flush()
    stream = data[1:]
    assert told == printer_answers(stream)
    markers = [answer.marker.encode() for answer in told if isinstance(answer, escpos.JobDone)]
    assert markers == _JOB_DONE.findall(stream)
    for certain in b"\x12\x16\x1a\x1e":
        assert told.count(escpos.RealTimeStatus(certain)) == stream.count(certain)


def check_printer_commands(data: bytes) -> None:
    """The far end's reader takes every byte once, however they arrive."""
    at_once, in_pieces = Parser(), Parser()
    at_once.feed(data[1:])
    items = list(_items(at_once))
    told: list[Item] = []
    for piece in pieces(data):
        in_pieces.feed(piece)
        told += _items(in_pieces)
    assert told == items
    assert len(at_once) == len(in_pieces)
    assert sum(len(item.data) for item in items if isinstance(item, Command)) <= len(data)


def _items(parser: Parser) -> Iterator[Item]:
    while (item := parser.next()) is not None:
        yield item
