"""The file with the terminal's key, and the mark that keeps test keys on a bench."""

from __future__ import annotations

import binascii
from pathlib import Path

TEST_MARK = "TEST KEY"


class KeyFileError(ValueError):
    """The key file cannot be used; the text names the file and what is wrong, never its content."""


def load_key(path: Path, *, bench: bool = False) -> bytes:
    """The 32 key bytes of a file with 64 hex digits and `#` comment lines.

    Raises KeyFileError when the file cannot be read or is malformed, and when it is marked as a test key
    and this is no bench.
    """
    try:
        lines = [line.strip() for line in path.read_text("ascii").splitlines()]
    except OSError as error:
        raise KeyFileError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise KeyFileError(f"{path}: cannot be read: it is not ASCII text") from error
    if not bench and any(line.startswith("#") and TEST_MARK in line.upper() for line in lines):
        raise KeyFileError(f"{path}: is a test key, which only a bench may use (bench = true)")
    digits = [line for line in lines if line and not line.startswith("#")]
    if len(digits) != 1 or len(digits[0]) != 64:
        raise KeyFileError(f"{path}: expected one line of 64 hex digits")
    try:
        return binascii.unhexlify(digits[0])
    except binascii.Error as error:
        raise KeyFileError(f"{path}: expected one line of 64 hex digits") from error
