"""One table of a profile's TOML: gives out checked values by key and knows which keys nobody asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class ProfileError(ValueError):
    """A mistake in a profile: its `file`, its `key` as a path (`files.wallet.length`), and what is wrong."""

    def __init__(self, file: str, key: str, what: str) -> None:
        super().__init__(f"{file}: {key}: {what}" if key else f"{file}: {what}")
        self.file = file
        self.key = key
        self.what = what


class Table:
    """One table at `path` in `file`; each reading call marks its key as known, `done` refuses the others."""

    def __init__(self, file: str, data: Mapping[str, Any], path: str = "") -> None:
        self.file = file
        self.path = path
        self._data = data
        self._known: set[str] = set()

    def wrong(self, key: str, what: str) -> ProfileError:
        """Make the error for one key of this table."""
        return ProfileError(self.file, ".".join(part for part in (self.path, key) if part), what)

    def keys(self) -> tuple[str, ...]:
        """Tell all keys, in the file's order."""
        return tuple(self._data)

    def done(self) -> None:
        """Refuse a key that nothing has read."""
        for key in self._data:
            if key not in self._known:
                raise self.wrong(key, "is no key of a profile")

    def over(self, below: Table) -> Table:
        """Lay this table over another one; key by key, this one's values count. Keys read already stay known."""
        merged = Table(self.file, {**below._data, **self._data}, self.path)
        merged._known |= self._known
        return merged

    def any(self, key: str) -> Any:
        """Give whatever stands at a key, None when nothing does."""
        self._known.add(key)
        return self._data.get(key)

    def whole(self, key: str, low: int, high: int, *, default: int | None = None) -> int:
        """Read a whole number from `low` to `high`."""
        return self._whole(key, self._given(key, default), low, high)

    def wholes(self, key: str, low: int, high: int, *, default: tuple[int, ...]) -> tuple[int, ...]:
        """Read a list of whole numbers, at least one; the default is not checked."""
        given = self.any(key)
        if given is None:
            return default
        if not isinstance(given, list) or not given:
            raise self.wrong(key, "has to be a list of whole numbers")
        return tuple(self._whole(key, each, low, high) for each in given)

    def span(self, key: str, length: int) -> tuple[int, int]:
        """Read first and last offset, both within `length` bytes."""
        given = self.wholes(key, 0, length - 1, default=())
        if len(given) != 2 or given[0] > given[1]:
            raise self.wrong(key, "has to be [first, last] offset")
        return given[0], given[1]

    def text(self, key: str, *, choices: Sequence[str] = (), default: str | None = None) -> str:
        """Read a text, one of `choices` where there are any; only a default may be empty."""
        given = self._given(key, default)
        if given == default and isinstance(given, str):
            return given
        if not isinstance(given, str) or not given:
            raise self.wrong(key, "has to be a text")
        if choices and given not in choices:
            raise self.wrong(key, f"{given!r} is none of {', '.join(choices)}")
        return given

    def hex(self, key: str, length: int) -> bytes:
        """Read `length` bytes written as hex digits."""
        given = self.text(key)
        try:
            data = bytes.fromhex(given)
        except ValueError:
            data = b""
        if len(data) != length:
            raise self.wrong(key, f"has to be {2 * length} hex digits")
        return data

    def flag(self, key: str, *, default: bool) -> bool:
        """Read true or false."""
        given = self._given(key, default)
        if not isinstance(given, bool):
            raise self.wrong(key, "has to be true or false")
        return given

    def table(self, key: str) -> Table:
        """Read a table that has to be there."""
        found = self.optional(key)
        if found is None:
            raise self.wrong(key, "is missing")
        return found

    def optional(self, key: str) -> Table | None:
        """Read a table that may be absent."""
        given = self.any(key)
        if given is None:
            return None
        if not isinstance(given, dict):
            raise self.wrong(key, "has to be a table")
        return Table(self.file, given, self._below(key))

    def tables(self, key: str) -> tuple[Table, ...]:
        """Read a list of tables; each one's path is its name, or its place where it has none."""
        given = self._given(key, None)
        if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
            raise self.wrong(key, "has to be a list of tables")
        return tuple(
            Table(self.file, each, self._below(f"{key}.{each.get('name', number)}"))
            for number, each in enumerate(given)
        )

    def _below(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key

    def _given(self, key: str, default: Any) -> Any:
        given = self.any(key)
        if given is None and default is None:
            raise self.wrong(key, "is missing")
        return default if given is None else given

    def _whole(self, key: str, given: Any, low: int, high: int) -> int:
        if not isinstance(given, int) or isinstance(given, bool) or not low <= given <= high:
            raise self.wrong(key, f"has to be a whole number from {low} to {high}")
        return given
