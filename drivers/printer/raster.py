"""Lines and QR codes drawn as pictures, for a printer that lacks the characters."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from drivers.printer.layout import SetLine

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFont import FreeTypeFont

FONTS = {
    False: Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"),
    True: Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc"),
}
# Debian's fonts-noto-cjk keeps Noto Sans Mono CJK SC as the eighth face of each collection.
_FACE = 7
_CELL = 12
# Smaller than the cell of 24, so that the tails of g and y stay inside it.
FONT, _BASELINE = 22, 19
_NOBODY_HAS = "\U0010fffe"
# Grey of a glyph's edge above which a dot is burnt: thin strokes stay whole.
_BURNT = 150


@cache
def font(bold: bool, size: int) -> FreeTypeFont:
    """Load the face whose ASCII is half as wide as its Chinese, `size` dots high; OSError when it is not installed."""
    # Pillow takes 0.1 s to import: only where pictures are wanted
    from PIL import ImageFont

    return ImageFont.truetype(str(FONTS[bold]), size, index=_FACE)


@cache
def in_font(character: str) -> bool:
    """Whether the font has the character."""
    face = font(False, FONT)
    return character.isprintable() and bytes(face.getmask(character)) != bytes(face.getmask(_NOBODY_HAS))


def draw_line(line: SetLine, columns: int, dots: int, height: int) -> Image:
    """Draw one set line, `columns` wide, on paper `dots` wide; ASCII takes 12 dots, anything else 24."""
    from PIL import Image, ImageDraw

    cell = _CELL * line.size
    picture = Image.new("L", (dots, height * line.size), 255)
    draw = ImageDraw.Draw(picture)
    face = font(line.bold, FONT * line.size)
    spare = dots - columns * cell
    left = {"left": 0, "center": spare // 2, "right": spare}[line.align]
    baseline = (height - 2 * _CELL) // 2 * line.size + _BASELINE * line.size
    for character in line.text:
        room = cell if character.isascii() else 2 * cell
        # A character narrower than its two columns stands in their middle.
        draw.text((left + room // 2, baseline), character, font=face, fill=0, anchor="ms")
        left += room
    return picture.point(lambda grey: 255 if grey > _BURNT else 0)


def ink(picture: Image) -> tuple[int, int, int]:
    """Return the first row with a dot, the column behind the last and the row behind the last; 0, 0, 0 for none."""
    box = picture.point(lambda grey: 255 - grey).getbbox()
    return (box[1], box[2], box[3]) if box else (0, 0, 0)


def qr_scale(text: str, dots: int, largest: int) -> int:
    """Return how many dots a module of the QR code of `text` may take on paper `dots` wide."""
    return min(largest, dots // len(_qr_rows(text)))


def draw_qr(text: str, dots: int, scale: int) -> Image:
    """Draw a QR code with its quiet zone, `scale` dots a module, centred on paper `dots` wide."""
    from PIL import Image

    rows = _qr_rows(text)
    side = len(rows)
    small = Image.new("L", (side, side))
    small.putdata([0 if module else 255 for row in rows for module in row])
    picture = Image.new("L", (dots, side * scale), 255)
    code = small.resize((side * scale, side * scale), Image.Resampling.NEAREST)
    picture.paste(code, ((dots - side * scale) // 2, 0))
    return picture


def _qr_rows(text: str) -> list[bytes]:
    import segno

    return [bytes(row) for row in segno.make_qr(text, error="m").matrix_iter(border=4)]
