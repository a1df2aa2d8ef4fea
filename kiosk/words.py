"""The texts of screen and slips, by language and key.

Every `kiosk/texts/<part>.<lang>.toml` holds `key = "text with {fields}"`; `title = ...` in a table `[done]` is the key
`done.title`. All parts of one language are one name space.
"""

from __future__ import annotations

import string
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

LANGUAGES = ("zh", "en")


class MissingText(LookupError):  # noqa: N818 - the field's word
    """No such key in this language, or a field of the text was not given."""


@dataclass(frozen=True, slots=True)
class Words:
    """All texts of one language."""

    lang: str
    texts: Mapping[str, str]

    def text(self, key: str, **fields: object) -> str:
        """Return the text of `key` with its fields filled in; raises MissingText."""
        try:
            template = self.texts[key]
        except KeyError:
            raise MissingText(f"{self.lang}: no text {key!r}") from None
        try:
            return template.format_map(fields)
        except KeyError as missing:
            raise MissingText(f"{self.lang}: text {key!r} needs the field {missing}") from None

    def fields(self) -> dict[str, frozenset[str]]:
        """Return every key with the names of its fields, to compare languages with each other."""
        return {
            key: frozenset(name for _, name, _, _ in string.Formatter().parse(text) if name)
            for key, text in self.texts.items()
        }


@cache
def load(lang: str) -> Words:
    """Load all texts of `lang`; raises MissingText for an unknown language, ValueError for a bad or doubled key."""
    texts: dict[str, str] = {}
    for part in sorted(files("kiosk").joinpath("texts").iterdir(), key=lambda entry: entry.name):
        if not part.name.endswith(f".{lang}.toml"):
            continue
        for key, text in _flat(tomllib.loads(part.read_text(encoding="utf-8")), part.name):
            if key in texts:
                raise ValueError(f"{part.name}: the text {key!r} is in another file too")
            texts[key] = text
    if not texts:
        raise MissingText(f"no texts for the language {lang!r}")
    return Words(lang, MappingProxyType(texts))


def _flat(table: Mapping[str, object], source: str, prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, source, f"{prefix}{name}.")
        elif isinstance(value, str):
            yield f"{prefix}{name}", value
        else:
            raise ValueError(f"{source}: {prefix}{name} is a {type(value).__name__}, expected a text")
