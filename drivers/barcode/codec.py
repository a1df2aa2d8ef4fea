"""What a scanner sends: one code after the other, each between prefix and suffix and closed by a line's end.

    prefix | 1 to 512 bytes of printable text | suffix | CR, LF or CR LF

>>> Decoder(ScannerForm(prefix=b"]C1")).feed(b"]C13120000017450042\\r\\n")
[Code()]

A code may be a secret (a payer's, a recharge card's): none shows its text in its repr, a spoilt one keeps none.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

LONGEST = 512
"""No code of this kiosk's is longer; bounds what noise can make us hold."""


@dataclass(frozen=True, slots=True)
class ScannerForm:
    """How the scanner at hand was set to send its codes."""

    end: bytes = b"\r\n"
    prefix: bytes = b""
    suffix: bytes = b""
    encoding: Literal["ascii", "utf-8", "gbk"] = "utf-8"


@dataclass(frozen=True, slots=True)
class Code:
    """One code as text."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Spoilt:
    """Something that was no code, and why."""

    why: str


Event = Code | Spoilt


class Decoder:
    """Cuts a stream of bytes into codes. Holds one code's length at most and what one call to `feed` brought."""

    def __init__(self, form: ScannerForm) -> None:
        self._form = form
        self._most = len(form.prefix) + LONGEST + len(form.suffix)
        self._buffer = bytearray()
        self._drops = False  # in the rest of a line that was too long

    @property
    def pending(self) -> bool:
        """Whether a line has begun that has not ended."""
        return bool(self._buffer) or self._drops

    def feed(self, data: bytes) -> list[Event]:
        """Take bytes and give what they completed, in order. An empty line is none."""
        *lines, rest = (bytes(self._buffer) + data).split(self._form.end)
        found: list[Event] = []
        for line in lines:
            if self._drops:
                self._drops = False
            elif line:
                found.append(self._read(line))
        self._buffer[:] = rest
        if self._drops or len(rest) > self._most + len(self._form.end):
            if not self._drops:
                found.append(Spoilt("too long"))
            self._drops = True
            # The first byte of the end may be here and its second still on the way.
            del self._buffer[: -len(self._form.end)]
        return found

    def flush(self) -> list[Event]:
        """The line fell silent: what has begun will not end any more."""
        cut = bool(self._buffer) and not self._drops
        self.clear()
        return [Spoilt("cut short, or without the end that is set")] if cut else []

    def clear(self) -> None:
        """Forget what was begun."""
        self._buffer.clear()
        self._drops = False

    def _read(self, line: bytes) -> Event:
        form = self._form
        if len(line) > self._most:
            return Spoilt("too long")
        bare = len(line) - len(form.prefix) - len(form.suffix)
        if bare < 1 or not line.startswith(form.prefix) or not line.endswith(form.suffix):
            return Spoilt("without the prefix or suffix that is set")
        try:
            text = line[len(form.prefix) : len(form.prefix) + bare].decode(form.encoding)
        except UnicodeDecodeError:
            return Spoilt("not in the encoding that is set")
        return Code(text) if text.isprintable() else Spoilt("not printable")
