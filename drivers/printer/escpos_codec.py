r"""ESC/POS: what goes to the printer and what comes back, in bytes.

To the printer, a slip::

    ESC @          initialise           GS a 0EH       tell changes of state unasked (ASB)
    FS &           Chinese characters   FS ! / GS !    size of both character sets
    ... lines, each in GB18030 and ended by LF, or GS v 0 raster pictures ...
    GS V 42H 00    feed to the cutter and cut
    GS ( H ...     "say these four characters when all this is done"

From the printer, told apart by their fixed bits::

    0xx1xx10                 answer to DLE EOT n
    0xx1xx00 + 3 * 0xx0xxxx  change of state (ASB)
    0xx0xxxx                 answer to GS r 1
    37H 22H d1 d2 d3 d4 00H  the four characters of GS ( H
    11H, 13H                 XON, XOFF

What stands between answers may hide some of them, for most have no check sum. The decoder keeps these promises: the
answer to GS ( H is found whatever stands before it; so is every answer that begins with a control character (01H to
1FH) except that one of GS r may be taken for the rest of a change of state. Any other is found unless noise with it
makes a whole block (37H, characters, 00H) or change of state; noise that only begins like one of the two holds
the answers behind it back until it proves to be none, after 79 bytes at most, or the line falls silent (`flush`).

>>> Decoder().feed(b"\x12\x37\x22AB12\x00")
[RealTimeStatus(value=18), JobDone(marker='AB12')]
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from drivers.printer import raster
from drivers.printer.document import Document, QrCode
from drivers.printer.layout import SetElement, SetLine, in_gb18030, set_document, width

if TYPE_CHECKING:
    from escpos.printer import Dummy

DLE_EOT = b"\x10\x04"
ASK_PAPER = b"\x1dr\x01"
ABORT = b"\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08"
"""DLE DC4 function 8: at once clear the buffers, and with them what is left of a slip."""
MARKER_CHARACTERS = "".join(map(chr, range(33, 127)))

_START = b"\x1ba\x00\x1da\x0e"
_CHINESE = b"\x1c&"
_CHINESE_SIZE = {1: b"\x1c!\x00", 2: b"\x1c!\x0c"}
# The usual default of ESC 2, so that a picture of a line is as high as a line of text.
_LINE_DOTS = 30
_QR_DOTS = 6
# Room above and below a double line, which is higher than the line spacing.
_LEADING = b"\x1bJ\x06"
# Of these profiles only the width of the head counts.
_PROFILES = {48: "TM-T20II", 42: "TM-T88V", 32: "POS-5890"}
_BLOCK_HEADER, _BLOCK_LIMIT = 0x37, 80
_CHARACTERS = re.compile(rb"[ -~]+")
_JOB_DONE = b"\x37\x22"


@dataclass(frozen=True, slots=True)
class Paper:
    """The paper and how it is written on: 48 or 42 columns are 80 mm, 32 are 58 mm; a column is 12 dots.

    `mode` "text" leaves the characters and QR codes to the printer; "raster" draws both here, for a printer that
    has no Chinese font.
    """

    columns: Literal[48, 42, 32] = 48
    mode: Literal["text", "raster"] = "text"

    @property
    def dots(self) -> int:
        """The width of the print head."""
        return self.columns * 12


def encode(document: Document, paper: Paper) -> bytes:
    """Return all bytes of one slip, from initialising to the cut, without the question for its end."""
    commands = _commands(paper)
    if paper.mode == "raster":
        shows = raster.in_font
        body = b"".join(_raster(commands, set_document(document, paper.columns, shows), paper))
    else:
        elements = set_document(document, paper.columns, in_gb18030)
        body = _CHINESE + b"".join(_text(commands, elements, paper))
    return _begin(commands) + body + _cut(commands)


def void(paper: Paper) -> bytes:
    """Return the bytes that end a slip of which only a part came out, so that nobody takes it for a whole one."""
    commands = _commands(paper)
    mark = SetLine("*** VOID 作废 ***", "center", bold=True)
    if paper.mode == "raster":
        return _begin(commands) + b"".join(_raster(commands, [mark], paper)) + _cut(commands)
    return _begin(commands) + _CHINESE + b"".join(_text(commands, [mark], paper)) + _cut(commands)


def ask_status(number: int) -> bytes:
    """Return DLE EOT `number`: 1 printer, 2 cause of being off-line, 3 error, 4 paper; answered even when busy."""
    return DLE_EOT + bytes([number])


def ask_done(marker: str) -> bytes:
    """Return GS ( H function 48: the printer sends JobDone(marker) when everything before it is on paper."""
    if len(marker) != 4 or not all(32 <= ord(c) <= 126 for c in marker):
        raise ValueError(f"a marker is four ASCII characters, not {marker!r}")
    return b"\x1d(H\x06\x0000" + marker.encode("ascii")


def _commands(paper: Paper) -> Dummy:
    # 0.3 s to import: not before the first slip
    from escpos.printer import Dummy

    return Dummy(profile=_PROFILES[paper.columns])


def _taken(commands: Dummy) -> bytes:
    output: bytes = commands.output
    commands.clear()
    return output


def _begin(commands: Dummy) -> bytes:
    commands.hw("INIT")
    commands.line_spacing()
    return _taken(commands) + _START


def _cut(commands: Dummy) -> bytes:
    commands.cut(feed=False)
    return _taken(commands)


def _text(commands: Dummy, elements: Iterable[SetElement], paper: Paper) -> Iterator[bytes]:
    style = SetLine("")
    for element in elements:
        if isinstance(element, QrCode):
            commands.print_and_feed(1)
            commands.set(align="center")
            scale = raster.qr_scale(element.text, paper.dots, _QR_DOTS)
            commands.qr(element.text, native=True, size=scale, ec=1)
            commands.print_and_feed(1)
            commands.set(align=style.align)
            yield _taken(commands)
            continue
        if element.size != style.size:
            commands.set(custom_size=True, width=element.size, height=element.size)
            yield _LEADING + _taken(commands) + _CHINESE_SIZE[element.size]
        commands.set(
            align=element.align if element.align != style.align else None,
            bold=element.bold if element.bold != style.bold else None,
        )
        yield _taken(commands) + element.text.encode("gb18030") + b"\n"
        style = element


def _raster(commands: Dummy, elements: Iterable[SetElement], paper: Paper) -> Iterator[bytes]:
    for element in elements:
        if isinstance(element, QrCode):
            scale = raster.qr_scale(element.text, paper.dots, _QR_DOTS)
            picture = raster.draw_qr(element.text, paper.dots, scale)
        else:
            picture = raster.draw_line(element, width(element.text), paper.dots, _LINE_DOTS)
        top, right, bottom = raster.ink(picture)
        if right:
            commands.image(picture.crop((0, top, right, bottom)))
        # White rows need no dots: they are a third of all bytes.
        yield _feed(top) + _taken(commands) + _feed(picture.height - bottom)


def _feed(rows: int) -> bytes:
    return b"\x1bJ" + bytes([rows]) if rows else b""


@dataclass(frozen=True, slots=True)
class RealTimeStatus:
    """The answer to one DLE EOT; which one it answers is known only from the question."""

    value: int


@dataclass(frozen=True, slots=True)
class PaperStatus:
    """The answer to GS r 1, given in the order of the data: what was sent before it has been taken up."""

    low: bool
    out: bool


@dataclass(frozen=True, slots=True)
class JobDone:
    """The answer to GS ( H: everything before that marker is on paper."""

    marker: str


@dataclass(frozen=True, slots=True)
class Flow:
    """XON or XOFF."""

    on: bool


@dataclass(frozen=True, slots=True)
class Block:
    """Another answer of the form header to NUL."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Garbage:
    """A byte that no answer begins with."""

    value: int


@dataclass(frozen=True, slots=True)
class PrinterState:
    """What the printer says of itself."""

    offline: bool = False
    cover_open: bool = False
    paper_low: bool = False
    paper_out: bool = False
    cutter_error: bool = False
    fatal_error: bool = False
    other_error: bool = False

    @classmethod
    def from_real_time(cls, printer: int, cause: int, error: int, paper: int) -> PrinterState:
        """Read the answers to DLE EOT 1, 2, 3 and 4."""
        return cls(
            offline=bool(printer & 0x08),
            cover_open=bool(cause & 0x04),
            paper_low=bool(paper & 0x0C),
            paper_out=bool(paper & 0x60) or bool(cause & 0x20),
            cutter_error=bool(error & 0x08),
            fatal_error=bool(error & 0x20),
            other_error=bool(error & 0x44) or (bool(cause & 0x40) and not error & 0x28),
        )

    @classmethod
    def from_asb(cls, first: int, second: int, third: int) -> PrinterState:
        """Read the first three of the four bytes that GS a asked for; the fourth says nothing."""
        return cls(
            offline=bool(first & 0x08),
            cover_open=bool(first & 0x20),
            paper_low=bool(third & 0x03),
            paper_out=bool(third & 0x0C),
            cutter_error=bool(second & 0x08),
            fatal_error=bool(second & 0x20),
            other_error=bool(second & 0x44),
        )


Frame = RealTimeStatus | PaperStatus | JobDone | Flow | Block | PrinterState | Garbage


class Decoder:
    """Cuts what the printer sends into frames; keeps an unfinished one (79 bytes at most) for the next `feed`."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Frame]:
        """Take bytes in, give the frames that are complete now."""
        self._buffer += data
        frames: list[Frame] = []
        while self._buffer:
            used, frame = _frame(bytes(self._buffer[:_BLOCK_LIMIT]))
            if frame is None:
                break
            frames.append(frame)
            del self._buffer[:used]
        return frames

    def flush(self) -> list[Frame]:
        """The line fell silent: what has begun was no frame, but whole ones may stand in it."""
        frames: list[Frame] = []
        while self._buffer:
            frames.append(Garbage(self._buffer.pop(0)))
            frames += self.feed(b"")
        return frames


def _frame(data: bytes) -> tuple[int, Frame | None]:
    first = data[0]
    if first == _BLOCK_HEADER:
        return _block(data)
    if first in (0x11, 0x13):
        return 1, Flow(on=first == 0x11)
    if first & 0x93 == 0x12:
        return 1, RealTimeStatus(first)
    if first & 0x93 == 0x10:
        rest = data[1:4]
        if any(byte & 0x90 for byte in rest):
            return 1, Garbage(first)
        return (4, PrinterState.from_asb(first, rest[0], rest[1])) if len(rest) == 3 else (0, None)
    if first & 0x90 == 0:
        return 1, PaperStatus(low=bool(first & 0x03), out=bool(first & 0x0C))
    return 1, Garbage(first)


def _block(data: bytes) -> tuple[int, Frame | None]:
    """Read 37H, one character or more, 00H; the last block in it if it is the answer to GS ( H."""
    found = _CHARACTERS.match(data, 1)
    end = found.end() if found else 1
    if end == len(data) < _BLOCK_LIMIT:
        return 0, None
    if end in (1, len(data)) or data[end]:
        return 1, Garbage(data[0])
    start = end - 6
    if start < 0 or data[start : start + 2] != _JOB_DONE:
        return end + 1, Block(data[1:end])
    # Noise before it that looks like the head of a block must not hide that a slip is out.
    return (start, Block(data[1:start])) if start else (7, JobDone(data[2:end].decode("ascii")))
