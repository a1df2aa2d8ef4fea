"""A serial line by device path or pyserial URL, read and written against wall-clock deadlines."""

from __future__ import annotations

import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import serial

from drivers.errors import DeviceTimeout, TransportError

# pyserial's own timeout is set once: on an rfc2217 line each change of it is a negotiation over the network.
_SLICE = 0.02
_WRITE_TIMEOUT = 2.0
# Bounds what one read can make us hold, whatever the peer sends.
_READ_LIMIT = 4096


@dataclass(frozen=True, slots=True)
class LineSettings:
    """How the line is set: `parity` is one of N E O M S, `bits` 5..8, `stop` 1, 1.5 or 2.

    A pty must be opened 8N1: with another setting the second opening fails with EINVAL.
    """

    baud: int = 9600
    bits: int = 8
    parity: str = "N"
    stop: float = 1


class SerialTransport:
    """One exclusive handle on a serial line; for one thread at a time.

    `address` is a device path (`/dev/ttyUSB0`, a pty) or a pyserial URL (`rfc2217://host:port`,
    `socket://host:port`). Deadlines are `time.monotonic()` instants and are kept within 50 ms. After a
    TransportError the line is closed and `open()` may be called again.
    """

    def __init__(self, address: str, settings: LineSettings | None = None) -> None:
        self.address = address
        self.settings = settings or LineSettings()
        self._port: serial.Serial | None = None

    @property
    def is_open(self) -> bool:
        """Whether the line is held; one that was pulled out counts as open until the next read or write."""
        return self._port is not None

    def open(self) -> None:
        """Open the line and drop what stood in its buffer; does nothing when it is open.

        Raises TransportError: no such port, held by another program, or settings it does not take.
        """
        if self._port is not None:
            return
        with self._mapped("cannot open"):
            port = serial.serial_for_url(
                self.address,
                baudrate=self.settings.baud,
                bytesize=self.settings.bits,
                parity=self.settings.parity,
                stopbits=self.settings.stop,
                timeout=_SLICE,
                # pyserial's rfc2217 client knows no write timeout but its socket's own; a URL cannot be locked
                write_timeout=None if self.address.startswith("rfc2217:") else _WRITE_TIMEOUT,
                exclusive=None if "://" in self.address else True,
            )
        self._port = port

    def close(self) -> None:
        """Close the line; safe to call twice and on a line that is gone."""
        port, self._port = self._port, None
        if port is not None:
            try:
                port.close()
            except (OSError, termios.error):
                return

    def write(self, data: bytes) -> None:
        """Write all bytes; DeviceTimeout when the other side does not take them all within 2 s.

        Over rfc2217 that is a TransportError after 5 s.
        """
        with self._mapped("cannot write"):
            self._open_port().write(data)

    def read(self, deadline: float) -> bytes:
        """Wait for a byte and return all that is there (at most 4096); b"" once the deadline passed."""
        with self._mapped("cannot read"):
            port = self._open_port()
            while True:
                first = bytes(port.read(1))
                if first:
                    return first + bytes(port.read(min(port.in_waiting, _READ_LIMIT - 1)))
                if time.monotonic() >= deadline:
                    return b""

    def drop_input(self) -> None:
        """Throw away what has arrived and was not read."""
        with self._mapped("cannot clear"):
            self._open_port().reset_input_buffer()

    def _open_port(self) -> serial.Serial:
        if self._port is None:
            raise TransportError(f"{self.address}: not open")
        return self._port

    @contextmanager
    def _mapped(self, what: str) -> Iterator[None]:
        """Turn pyserial's and termios' errors into ours; close a line that failed, so it can be reopened."""
        try:
            yield
        except serial.SerialTimeoutException as error:
            raise DeviceTimeout(f"{self.address}: {what}: {error}") from error
        except (OSError, termios.error, ValueError) as error:
            self.close()
            raise TransportError(f"{self.address}: {what}: {error}") from error
