"""What any printer can be asked and how a print can end."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from drivers.printer.document import Document
from drivers.status import DeviceHealth


class Outcome(StrEnum):
    """How a print ended. UNKNOWN: bytes were sent and nobody can tell whether the slip came out."""

    PRINTED = "printed"
    NOT_PRINTED = "not_printed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class PrintResult:
    """The end of one print.

    `reason` is a code of `DeviceHealth` (`paper_out`, `cover_open`, ...), `line_lost` or `no_answer`; "" when printed.
    `part` is true when some of the slip may have come out: a later print of the same slip is a copy. `confirmed` is
    false when the printer cannot tell that it is done and was taken at its silence.
    """

    outcome: Outcome
    reason: str = ""
    part: bool = False
    confirmed: bool = True


class Printer(Protocol):
    """A slip printer. Every call has a deadline; one thread at a time.

    Only `open` raises: `drivers.errors.TransportError`.
    """

    def open(self) -> None:
        """Open the line."""
        ...

    def close(self) -> None:
        """Close the line; safe to call twice."""
        ...

    def check(self) -> DeviceHealth:
        """Ask the printer how it is, opening a line that was lost; never raises a DriverError."""
        ...

    def health(self) -> DeviceHealth:
        """Tell the state as of the last `check` or `print`, without asking."""
        ...

    def print(self, document: Document) -> PrintResult:
        """Print one slip and wait until it is out; nothing is sent to a printer that says it cannot print."""
        ...

    def reset(self) -> DeviceHealth:
        """Let the printer drop what it holds and leave an error that a person has cleared; then `check`."""
        ...
