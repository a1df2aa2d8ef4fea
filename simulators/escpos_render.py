"""The print head and the paper under it: draws what is printed, 203 dots an inch, as PNG and as text."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

import segno
from PIL import Image, ImageDraw, ImageFont

from simulators.escpos_parser import Character

DOTS_A_MM = 8
LINE_DOTS = 30
_CELL, _HEIGHT = 12, 24
# Smaller than the cell, as in a printer's own font, so that the tails of g and y stay inside it.
_FONT, _BASELINE = 22, 19
_MARGIN = 32
_FONTS = {
    False: "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    True: "/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc",
}
# Noto Sans Mono CJK SC within Debian's collection
_FACE = 7
_QR_LEVELS = {48: "l", 49: "m", 50: "q", 51: "h"}


@cache
def _font(bold: bool, height: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(_FONTS[bold], height, index=_FACE)


@dataclass(frozen=True, slots=True)
class Style:
    """How the next characters look."""

    align: int = 0
    bold: bool = False
    across: int = 1
    down: int = 1


@dataclass(slots=True)
class Head:
    """Prints lines onto the strip of paper that has come out since the last cut.

    Every printing method returns how many rows of dots the paper moved.
    """

    dots: int = 576
    style: Style = field(default_factory=Style)
    spacing: int = LINE_DOTS
    text: list[str] = field(default_factory=list)
    _strips: list[Image.Image] = field(default_factory=list)
    _line: list[tuple[Character, Style]] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """Rows of dots on the strip."""
        return sum(strip.height for strip in self._strips)

    @property
    def mid_line(self) -> bool:
        """Whether characters wait for the end of their line."""
        return bool(self._line)

    def put(self, character: Character) -> int:
        """Take one character into the line; a line that is full is printed first."""
        room = character.columns * _CELL * self.style.across
        moved = self.end_line() if self._width() + room > self.dots else 0
        self._line.append((character, self.style))
        return moved

    def end_line(self) -> int:
        """Print the line."""
        line, self._line = self._line, []
        height = max([self.spacing, *(_HEIGHT * style.down for _, style in line)])
        strip = Image.new("L", (self.dots, height), 255)
        width = sum(character.columns * _CELL * style.across for character, style in line)
        left = (self.dots - width) * self.style.align // 2
        self.text.append(" " * (left // _CELL) + "".join(character.text for character, _ in line))
        for character, style in line:
            glyph = _glyph(character, style)
            strip.paste(glyph, (left, height - glyph.height))
            left += glyph.width
        self._strips.append(strip)
        return height

    def feed(self, rows: int) -> int:
        """Move the paper."""
        self._strips.append(Image.new("L", (self.dots, rows), 255))
        self.text.extend([""] * (rows // self.spacing))
        return rows

    def raster(self, across: int, rows: int, data: bytes) -> int:
        """Burn a picture, `across` bytes wide; what is wider than the head is lost, as on a real one."""
        picture = (
            Image.frombytes("1", (across * 8, rows), data).point(lambda dot: 0 if dot else 255).convert("L")
        )
        strip = Image.new("L", (self.dots, rows), 255)
        strip.paste(picture, ((self.dots - picture.width) * self.style.align // 2, 0))
        self._strips.append(strip)
        self.text.append(f"[picture {picture.width}x{rows}]")
        return rows

    def qr(self, content: str, module: int, level: int) -> int:
        """Print a QR code of our own making, as a printer does that is handed the content only."""
        code = segno.make_qr(content, error=_QR_LEVELS.get(level, "l"))
        matrix = [bytes(row) for row in code.matrix_iter(border=0)]
        side = len(matrix)
        picture = Image.new("L", (side, side))
        picture.putdata([0 if dot else 255 for row in matrix for dot in row])
        picture = picture.resize((side * module, side * module), Image.Resampling.NEAREST)
        strip = Image.new("L", (self.dots, picture.height + module), 255)
        strip.paste(picture, ((self.dots - picture.width) * self.style.align // 2, 0))
        self._strips.append(strip)
        self.text.append(f"[QR {content}]")
        return strip.height

    def cut(self) -> tuple[Image.Image, str]:
        """Part the strip from the roll and give it as a picture with the paper's margins, and as text."""
        slip = Image.new("L", (self.dots + 2 * _MARGIN, max(1, self.rows) + _MARGIN), 255)
        top = _MARGIN
        for strip in self._strips:
            slip.paste(strip, (_MARGIN, top))
            top += strip.height
        text = "\n".join(line.rstrip() for line in self.text).strip("\n") + "\n"
        self.text, self._strips = [], []
        return slip, text

    def initialize(self) -> None:
        """Back to the settings of the start; a half line is dropped."""
        self.style, self.spacing, self._line = Style(), LINE_DOTS, []

    def _width(self) -> int:
        return sum(character.columns * _CELL * style.across for character, style in self._line)


@cache
def _glyph(character: Character, style: Style) -> Image.Image:
    width = character.columns * _CELL
    scale = max(style.across, style.down)
    picture = Image.new("L", (width * scale, _HEIGHT * scale), 255)
    font = _font(style.bold, _FONT * scale)
    middle = width * scale // 2
    ImageDraw.Draw(picture).text((middle, _BASELINE * scale), character.text, font=font, fill=0, anchor="ms")
    return picture.resize((width * style.across, _HEIGHT * style.down))
