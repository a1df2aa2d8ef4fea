"""What any barcode scanner can be asked."""

from __future__ import annotations

from typing import Protocol

from drivers.status import DeviceHealth


class BarcodeReader(Protocol):
    """A scanner. Every call has a deadline; for one thread.

    Silence is no fault: a scanner has nothing to say while nobody holds a code out. One that was pulled out is told.
    """

    def open(self) -> None:
        """Open the line and let the scanner rest. Raises TransportError, or DeviceTimeout when it takes nothing."""
        ...

    def close(self) -> None:
        """Close the line; safe to call twice."""
        ...

    def health(self) -> DeviceHealth:
        """Tell the state as of the last call, without asking."""
        ...

    def start(self) -> None:
        """Let it read; what was held out before is forgotten. Raises TransportError, DeviceTimeout."""
        ...

    def stop(self) -> None:
        """Let it rest. Raises TransportError, DeviceTimeout."""
        ...

    def read(self, seconds: float) -> str | None:
        """Wait for the next code; None when none came in time.

        Raises TransportError when it is gone, and ProtocolError, which never repeats what came, for no code.
        """
        ...
