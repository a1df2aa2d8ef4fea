"""Key files: 64 hex digits, or a test key that says so in its first line."""

from pathlib import Path

TEST_MARK = "# TEST KEY"
KEY_BYTES = 32


class KeyFileError(ValueError):
    """A key file that cannot be used; the message names the file and what was expected."""


def read_key(path: Path, *, bench: bool) -> bytes:
    """Read a terminal's key; a test key only on the bench. Raises KeyFileError."""
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise KeyFileError(f"key file {path}: {error}") from None
    if any(line.startswith(TEST_MARK) for line in lines) and not bench:
        raise KeyFileError(
            f"key file {path} is a test key: use it with --bench only, or make a key of your own"
        )
    digits = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    try:
        key = bytes.fromhex(digits[0]) if len(digits) == 1 else b""
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise KeyFileError(f"key file {path}: one line of {2 * KEY_BYTES} hex digits expected")
    return key
