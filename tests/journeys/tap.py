"""A line to the hub that is listened to."""

from __future__ import annotations

import contextlib
import socket
import threading
import zlib

from kiosk.hubclient import coding


class Tap:
    """A TCP line to the hub that keeps what goes over it, both ways."""

    def __init__(self, hub: tuple[str, int]) -> None:
        self._hub = hub
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self._asked: list[bytes] = []
        self._said: list[bytes] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def heard(self) -> bytes:
        """All that went over it, and beside it what stands in packed bodies."""
        return self.asked() + _readable(self._said)

    def asked(self) -> bytes:
        """The same of what went to the hub."""
        return _readable(self._asked)

    def close(self) -> None:
        self._server.close()

    def _serve(self) -> None:
        while True:
            try:
                kiosk, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._relay, args=(kiosk,), daemon=True).start()

    def _relay(self, kiosk: socket.socket) -> None:
        with kiosk, socket.create_connection(self._hub) as hub:
            back = threading.Thread(target=self._carry, args=(hub, kiosk, self._said), daemon=True)
            back.start()
            self._carry(kiosk, hub, self._asked)
            back.join()

    def _carry(self, one: socket.socket, other: socket.socket, kept: list[bytes]) -> None:
        with contextlib.suppress(OSError):
            while data := one.recv(1 << 16):
                kept.append(data)
                other.sendall(data)
        with contextlib.suppress(OSError):
            other.shutdown(socket.SHUT_RDWR)


def _readable(kept: list[bytes]) -> bytes:
    raw = b"".join(kept)
    return raw + b"".join(map(_unpacked, raw.split(b"\r\n\r\n")))


def _unpacked(body: bytes) -> bytes:
    try:
        return zlib.decompressobj(zdict=coding.KNOWN_TEXT).decompress(body)
    except zlib.error:
        return b""
