"""What an ESC/POS printer reads: bytes cut into characters and commands, however they arrive.

Written from the printer's side and on purpose without the driver's codec, so that neither hides the other's mistake.
"""

from __future__ import annotations

from dataclasses import dataclass

ESC, FS, GS, DLE = 0x1B, 0x1C, 0x1D, 0x10

# First two bytes -> name and number of bytes that follow.
_FIXED: dict[bytes, tuple[str, int]] = {
    b"\x1b@": ("initialize", 0),
    b"\x1b!": ("mode", 1),
    b"\x1b-": ("underline", 1),
    b"\x1b2": ("default_spacing", 0),
    b"\x1b3": ("spacing", 1),
    b"\x1bE": ("bold", 1),
    b"\x1bG": ("bold", 1),
    b"\x1bJ": ("feed_dots", 1),
    b"\x1bM": ("font", 1),
    b"\x1bR": ("country", 1),
    b"\x1ba": ("align", 1),
    b"\x1bd": ("feed_lines", 1),
    b"\x1bt": ("code_page", 1),
    b"\x1c!": ("chinese_mode", 1),
    b"\x1c&": ("chinese_on", 0),
    b"\x1c.": ("chinese_off", 0),
    b"\x1d!": ("size", 1),
    b"\x1dB": ("invert", 1),
    b"\x1da": ("asb", 1),
    b"\x1dr": ("ask", 1),
    b"\x10\x04": ("real_time", 1),
    b"\x10\x05": ("real_time", 1),
}
_CONTROL = {0x0A: "line_feed", 0x0D: "carriage_return", 0x09: "tab"}


@dataclass(frozen=True, slots=True)
class Character:
    """One printable character; `columns` is 1 or, for Chinese, 2."""

    text: str
    columns: int


@dataclass(frozen=True, slots=True)
class Command:
    """One command by name, with the bytes that belong to it."""

    name: str
    data: bytes = b""


Item = Character | Command


class Parser:
    """Takes bytes in any portions and gives what is complete, one item at a time."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self.chinese = True

    def feed(self, data: bytes) -> None:
        """Put bytes into the receive buffer."""
        self._buffer += data

    def clear(self) -> None:
        """Empty the receive buffer."""
        self._buffer.clear()

    def __len__(self) -> int:
        return len(self._buffer)

    def next(self) -> Item | None:
        """Take the next item out of the buffer; None while it is not complete."""
        if not self._buffer:
            return None
        used, item = self._item()
        del self._buffer[:used]
        if isinstance(item, Command) and item.name in {"chinese_on", "chinese_off", "initialize"}:
            self.chinese = item.name != "chinese_off"
        return item

    def _item(self) -> tuple[int, Item | None]:
        data, first = self._buffer, self._buffer[0]
        if first in (ESC, FS, GS, DLE):
            return self._command() if len(data) > 1 else (0, None)
        if first in _CONTROL:
            return 1, Command(_CONTROL[first])
        if first < 0x20 or first == 0x7F:
            return 1, Command("unknown", bytes(data[:1]))
        if first < 0x80:
            return 1, Character(chr(first), 1)
        return self._chinese_character()

    def _chinese_character(self) -> tuple[int, Item | None]:
        if not self.chinese:
            return 1, Character("?", 1)
        data = self._buffer
        if len(data) < 2:
            return 0, None
        # GB18030: a digit as second byte makes it a four-byte code, which the character generator lacks.
        length = 4 if 0x30 <= data[1] <= 0x39 else 2
        if len(data) < length:
            return 0, None
        try:
            text = bytes(data[:length]).decode("gb18030") if length == 2 else "□"
        except UnicodeDecodeError:
            text = "□"
        return length, Character(text, 2)

    def _command(self) -> tuple[int, Item | None]:
        data = self._buffer
        prefix = bytes(data[:2])
        if prefix in _FIXED:
            name, more = _FIXED[prefix]
            return self._whole(name, 2, more)
        if prefix == b"\x1dV":
            more = 2 if len(data) > 2 and data[2] in (65, 66) else 1
            return self._whole("cut", 2, more)
        if prefix == b"\x1dv":
            return self._raster()
        if prefix[1:] == b"(" and prefix[0] in (GS, FS, ESC):
            if len(data) < 5:
                return 0, None
            return self._whole(f"function_{chr(data[2])}", 5, int.from_bytes(data[3:5], "little"))
        if prefix == b"\x10\x14":
            more = 8 if len(data) > 2 and data[2] == 8 else 3
            return self._whole("real_time", 2, more)
        return 2, Command("unknown", prefix)

    def _whole(self, name: str, head: int, more: int) -> tuple[int, Item | None]:
        if len(self._buffer) < head + more:
            return 0, None
        return head + more, Command(name, bytes(self._buffer[head : head + more]))

    def _raster(self) -> tuple[int, Item | None]:
        """GS v 0 m xL xH yL yH, then x bytes for each of y rows; `data` begins with m."""
        if len(self._buffer) < 8:
            return 0, None
        across = int.from_bytes(self._buffer[4:6], "little")
        down = int.from_bytes(self._buffer[6:8], "little")
        return self._whole("raster", 3, 5 + across * down)
