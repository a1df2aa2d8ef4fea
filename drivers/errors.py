"""What can go wrong between us and a device, by whose fault it is.

DriverError
├── TransportError     the line is gone: no such port, unplugged, closed
├── DeviceTimeout      the line stands, nothing came back in time
├── ProtocolError      bytes came back that the protocol does not allow
└── CommandRefused     the device understood and said no
"""

from __future__ import annotations


class DriverError(Exception):
    """Any failure of a device call."""


class TransportError(DriverError):
    """The line is gone or was never there."""


class DeviceTimeout(DriverError):  # noqa: N818 - the field's word
    """The device did not answer within the call's deadline."""


class ProtocolError(DriverError):
    """The answer breaks the protocol; carries the offending bytes."""

    def __init__(self, message: str, data: bytes = b"") -> None:
        super().__init__(f"{message}: {data[:64].hex(' ')}" if data else message)
        self.data = data


class CommandRefused(DriverError):  # noqa: N818 - the field's word
    """The device refused the command in its present state."""
