"""A printable slip as data, independent of the printer's language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Align = Literal["left", "center", "right"]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text, wrapped when it is longer than the paper is wide; `size` 2 is double width and height."""

    text: str
    align: Align = "left"
    bold: bool = False
    size: Literal[1, 2] = 1


@dataclass(frozen=True, slots=True)
class Pair:
    """A label at the left and its value at the right edge; a value too long for that moves to lines of its own."""

    label: str
    value: str
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a bold header, the first column at the left, the others to the right edge of theirs.

    Every row has as many cells as the header. Where the columns do not fit on the paper, each row becomes its first
    cell and a Pair of header and value for each of the others.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """A horizontal rule across the paper."""


@dataclass(frozen=True, slots=True)
class Blank:
    """An empty line."""


@dataclass(frozen=True, slots=True)
class QrCode:
    """A QR code, centred, with `text` as content."""

    text: str


Element = Line | Pair | Table | Rule | Blank | QrCode


@dataclass(frozen=True, slots=True)
class Document:
    """One slip, from the top of the paper to the cut. `job` names it across restarts (32 hex digits)."""

    job: str
    elements: tuple[Element, ...]
