"""A serial barcode scanner and whatever people hold before it: the far end of `drivers.barcode.driver`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from simulators.far_end import FarEnd, Reply, argument_parser, run

ENDS = {"cr": b"\r", "lf": b"\n", "crlf": b"\r\n"}


class Scanner(FarEnd):
    """Sends what is scanned. With `on` and `off` it reads only between these two orders, as its `reading` tells."""

    def __init__(self, speed: float = 1.0, *, end: str = "crlf", on: bytes = b"", off: bytes = b"") -> None:
        super().__init__(speed)
        self._end, self._on, self._off = ENDS[end], on, off
        self._heard = b""
        self.reading = not on
        self.scans = 0

    def received(self, data: bytes) -> None:
        """Take orders, however they are cut."""
        self._heard += data
        while orders := [(self._heard.find(o), o) for o in (self._on, self._off) if o and o in self._heard]:
            at, order = min(orders)
            self._heard = self._heard[at + len(order) :]
            self.reading = order == self._on
        self._heard = self._heard[-32:]

    def do_scan(self, text: str, encoding: str = "utf-8", times: int = 1) -> Reply:
        """Hold a code before it; `read` tells whether it was looking."""
        return self._seen(text.encode(encoding) + self._end, times)

    def do_scan_bytes(self, hex: str) -> Reply:  # noqa: A002 - the word of the control protocol
        """Send these bytes as if they had been read, with no end of their own."""
        return self._seen(bytes.fromhex(hex), 1)

    def do_half(self, text: str) -> Reply:
        """Send the first half of a code, and no end."""
        return self._seen(text[: len(text) // 2].encode(), 1)

    def _seen(self, wire: bytes, times: int) -> Reply:
        if self.reading and self.plugged:
            self.scans += times
            self.send(wire * times)
        return {"read": self.reading and self.plugged}

    def do_status(self) -> Reply:
        """How it stands."""
        return {"reading": self.reading, "plugged": self.plugged, "scans": self.scans}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until a signal comes."""
    parser = argument_parser("A barcode scanner on a pty.")
    parser.add_argument("--end", choices=ENDS, default="crlf", help="what closes each code")
    parser.add_argument("--on", type=bytes.fromhex, default=b"", help="order, in hex, that lets it read")
    parser.add_argument("--off", type=bytes.fromhex, default=b"", help="order, in hex, that lets it rest")
    options = parser.parse_args(arguments)
    return run(Scanner(options.speed, end=options.end, on=options.on, off=options.off), options)


if __name__ == "__main__":
    sys.exit(main())
