"""What can keep the journal from being used.

JournalError
├── JournalLocked    another kiosk process has it
├── JournalUnsafe    the file system or SQLite would not keep what was written
├── JournalDamaged   what is there cannot be trusted: a person must look, nothing may be written
└── JournalFailed    an append did not become durable: the program must stop acting
"""

from __future__ import annotations


class JournalError(Exception):
    """Anything that keeps the journal from being used."""


class JournalLocked(JournalError):  # noqa: N818 - the state's name
    """Another process holds the journal."""


class JournalUnsafe(JournalError):  # noqa: N818 - the state's name
    """Durability cannot be had."""


class JournalDamaged(JournalError):  # noqa: N818 - the state's name
    """The file is no journal, or its chain is broken, or its events contradict the table."""


class JournalFailed(JournalError):  # noqa: N818 - the state's name
    """The append failed: disk full, I/O error. What it would have permitted must not happen."""
