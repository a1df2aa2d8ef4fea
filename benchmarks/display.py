"""A display of one's own without hardware (Xvfb), seen and touched from outside through the X11 protocol.

Only four requests of the protocol are needed, so no library is: GetImage (73), QueryExtension (98), and FakeInput of
the XTEST extension for pointer motion and button 1. All replies are little-endian, as asked for in the set-up.
"""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

LOOK_EVERY_S = 0.004
_MOTION, _PRESS, _RELEASE = 6, 4, 5


class Display:
    """A running Xvfb; `name` is for DISPLAY."""

    def __init__(self, width: int, height: int) -> None:
        told, tell = os.pipe()
        command = [
            "Xvfb",
            "-displayfd",
            str(tell),
            "-screen",
            "0",
            f"{width}x{height}x24",
            "-nolisten",
            "tcp",
        ]
        self._process = subprocess.Popen(
            command, pass_fds=[tell], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        os.close(tell)
        with os.fdopen(told) as pipe:
            number = pipe.readline().strip()
        if not number:
            raise RuntimeError(f"Xvfb did not start: it ended with {self._process.wait(10)}")
        self.name = f":{number}"
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(10)
        self._socket.connect(f"/tmp/.X11-unix/X{number}")  # noqa: S108 - X11 fixes this place
        self._root = self._set_up()
        self._xtest = self._extension(b"XTEST")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()
        self._process.terminate()
        self._process.wait(10)

    def pixels(self, x: int, y: int, width: int, height: int) -> bytes:
        """Give what stands there now, four bytes a pixel: blue, green, red, nothing."""
        request = struct.pack("<BBHIhhHHI", 73, 2, 5, self._root, x, y, width, height, 0xFFFFFFFF)
        return self._ask(request)[1]

    def press(self, x: int, y: int) -> None:
        """Put the finger down."""
        self._fake(_MOTION, 0, x, y)
        self._fake(_PRESS, 1)

    def release(self) -> None:
        """Lift it."""
        self._fake(_RELEASE, 1)

    def _fake(self, kind: int, detail: int, x: int = 0, y: int = 0) -> None:
        self._socket.sendall(
            struct.pack("<BBHBBHIIQhhQ", self._xtest, 2, 9, kind, detail, 0, 0, self._root, 0, x, y, 0)
        )

    def _set_up(self) -> int:
        """Shake hands; give the window id of the root."""
        self._socket.sendall(struct.pack("<BxHHHHxx", ord("l"), 11, 0, 0, 0))
        status, _, _, _, words = struct.unpack("<BBHHH", self._read(8))
        reply = self._read(4 * words)
        if status != 1:
            raise RuntimeError(f"the display refuses: {reply!r}")
        vendor, _, _, formats = struct.unpack_from("<HHBB", reply, 16)
        (root,) = struct.unpack_from("<I", reply, 32 + (vendor + 3) // 4 * 4 + 8 * formats)
        return int(root)

    def _extension(self, name: bytes) -> int:
        padded = name.ljust((len(name) + 3) // 4 * 4, b"\0")
        reply, _ = self._ask(struct.pack("<BxHHxx", 98, 2 + len(padded) // 4, len(name)) + padded)
        if not reply[8]:
            raise RuntimeError(f"the display has no {name.decode()}")
        return reply[9]

    def _ask(self, request: bytes) -> tuple[bytes, bytes]:
        self._socket.sendall(request)
        reply = self._read(32)
        if reply[0] != 1:
            raise RuntimeError(f"the display answers request {request[0]} with error {reply[1]}")
        return reply, self._read(4 * struct.unpack_from("<I", reply, 4)[0])

    def _read(self, size: int) -> bytes:
        data = bytearray()
        while len(data) < size:
            piece = self._socket.recv(size - len(data))
            if not piece:
                raise RuntimeError("the display is gone")
            data += piece
        return bytes(data)


@dataclass(frozen=True, slots=True)
class Mark:
    """A part of the page that is there when so many of its pixels have this colour (`#rrggbb`)."""

    x: int
    y: int
    width: int
    height: int
    colour: str
    least: int

    def stands(self, display: Display) -> bool:
        """Look."""
        red, green, blue = bytes.fromhex(self.colour.removeprefix("#"))
        found = display.pixels(self.x, self.y, self.width, self.height)
        # The fourth byte carries nothing; servers leave 0 or 255 in it.
        wanted = bytes((blue, green, red))
        return sum(found.count(wanted + rest) for rest in (b"\0", b"\xff")) >= self.least


def wait_for(marks: Sequence[Mark], display: Display, deadline_s: float = 30.0) -> float:
    """Wait until all marks stand and give the moment (monotonic). Raises RuntimeError with those that do not."""
    until = time.monotonic() + deadline_s
    waiting = list(marks)
    while True:
        while waiting and waiting[0].stands(display):
            waiting.pop(0)
        if not waiting:
            # What stood first may be gone by now: all of it must be there in one look.
            now = time.monotonic()
            waiting = [mark for mark in marks if not mark.stands(display)]
            if not waiting:
                return now
        if time.monotonic() > until:
            raise RuntimeError(f"not on the screen after {deadline_s:g} s: {waiting[0]}")
        time.sleep(LOOK_EVERY_S)


def tap_until(
    answered: Callable[[], bool], display: Display, x: int, y: int, deadline_s: float = 30.0
) -> float:
    """Tap one spot again and again, as an impatient person, until the page answers; give the moment (monotonic)."""
    until = time.monotonic() + deadline_s
    while time.monotonic() < until:
        display.press(x, y)
        time.sleep(0.03)
        display.release()
        again = time.monotonic() + 0.15
        while time.monotonic() < again:
            now = time.monotonic()
            if answered():
                return now
            time.sleep(LOOK_EVERY_S)
    raise RuntimeError(f"the page answers no tap after {deadline_s:g} s")
