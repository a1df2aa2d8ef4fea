"""A Document set in lines of a fixed number of columns, a Chinese character being two columns wide.

Nothing is cut off: what is too long goes on in the next line. What the printer's character set lacks becomes `〓`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from drivers.printer.document import Align, Blank, Document, Line, Pair, QrCode, Rule, Table

MISSING = "〓"
_NOT_FIRST = frozenset("，。、；：！？）】》」』”’…·%％℃元")
_NOT_LAST = frozenset("（【《「『“‘￥")
_INDENT = 2
_GAP = 2

Shows = Callable[[str], bool]
"""Whether the printer can show this one character."""


@dataclass(frozen=True, slots=True)
class SetLine:
    """One line as it goes on paper: at most `columns // size` wide, already padded where it has two ends."""

    text: str
    align: Align = "left"
    bold: bool = False
    size: int = 1


SetElement = SetLine | QrCode


def in_gb18030(character: str) -> bool:
    """Whether a GB18030 printer has the character: ASCII or a two-byte code outside the private areas."""
    if character.isascii():
        return character.isprintable()
    if unicodedata.category(character)[0] == "C":
        return False
    return len(character.encode("gb18030")) == 2


def width(text: str) -> int:
    """Count the columns of `text` at size 1.

    >>> width("户号 0399")
    9
    """
    return sum(1 if character.isascii() else 2 for character in text)


def printable(text: str, shows: Shows = in_gb18030) -> str:
    """Return `text` with each character that the printer lacks replaced by `〓`; line breaks stay."""
    spaced = text.replace("\t", " ").replace("\N{NO-BREAK SPACE}", " ").replace("¥", "￥")
    return "".join(c if c == "\n" or shows(c) else MISSING for c in spaced)


def wrap(text: str, columns: int) -> list[str]:
    """Break `text` into lines of at most `columns`; at spaces and between Chinese characters where possible.

    Only the spaces at a break are dropped. `columns` is at least 2.
    """
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for piece in _pieces(paragraph, columns):
            if line and width(line) + width(piece.rstrip()) > columns:
                lines.append(line.rstrip())
                line = piece.lstrip()
            else:
                line += piece
        lines.append(line.rstrip())
    return lines


def set_document(document: Document, columns: int, shows: Shows = in_gb18030) -> Iterator[SetElement]:
    """Set each element of `document` in lines of `columns`."""
    for element in document.elements:
        match element:
            case Line(text, align, bold, size):
                for line in wrap(printable(text, shows), columns // size):
                    yield SetLine(line, align, bold, size)
            case Pair(label, value, bold):
                yield from _set_pair(printable(label, shows), printable(value, shows), bold, columns)
            case Table():
                yield from _set_table(element, columns, shows)
            case Rule():
                yield SetLine("-" * columns)
            case Blank():
                yield SetLine("")
            case QrCode():
                yield element


def _set_pair(label: str, value: str, bold: bool, columns: int) -> Iterator[SetLine]:
    room = columns - width(label) - width(value)
    if room >= _GAP and "\n" not in label + value:
        yield SetLine(label + " " * room + value, bold=bold)
        return
    for line in wrap(label, columns):
        yield SetLine(line, bold=bold)
    lines = wrap(value, columns - _INDENT)
    if len(lines) == 1:
        yield SetLine(" " * (columns - width(lines[0])) + lines[0], bold=bold)
        return
    for line in lines:
        yield SetLine(" " * _INDENT + line, bold=bold)


def _set_table(table: Table, columns: int, shows: Shows) -> Iterator[SetLine]:
    header, *rows = (tuple(printable(cell, shows) for cell in row) for row in (table.header, *table.rows))
    widths = [max(map(width, column)) for column in zip(header, *rows, strict=True)]
    spare = columns - sum(widths) - _GAP * (len(widths) - 1)
    if spare < 0 or any("\n" in cell for row in (header, *rows) for cell in row):
        for first, *cells in rows:
            for line in wrap(first, columns):
                yield SetLine(line, bold=True)
            for label, value in zip(header[1:], cells, strict=True):
                yield from _set_pair(label, value, False, columns)
        return
    gaps = _shared(spare + _GAP * (len(widths) - 1), len(widths) - 1)
    for number, (first, *cells) in enumerate((header, *rows)):
        line = first + " " * (widths[0] - width(first))
        for cell, room, gap in zip(cells, widths[1:], gaps, strict=True):
            line += " " * (gap + room - width(cell)) + cell
        yield SetLine(line, bold=number == 0)


def _shared(total: int, parts: int) -> list[int]:
    return [total // parts + (1 if part >= parts - total % parts else 0) for part in range(parts)]


def _pieces(text: str, columns: int) -> Iterator[str]:
    """Cut a paragraph into what must stay together, nothing wider than `columns`."""
    piece = ""
    for character, following in pairwise([*text, ""]):
        piece += character
        if not following or _may_break(character, following) or width(piece + following) > columns:
            yield piece
            piece = ""


def _may_break(before: str, after: str) -> bool:
    if before == " " or after == " ":
        return before != after
    if before.isascii() and after.isascii():
        return False
    return after not in _NOT_FIRST and before not in _NOT_LAST
