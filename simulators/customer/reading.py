"""What a person can read on the kiosk's pages, by the keys of the catalogues: the words that stand there for sure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from string import Formatter

from kiosk.words import LANGUAGES, load


def literals(*keys: str) -> tuple[str, ...]:
    """Give of each screen text its longest part without fields, in every language.

    >>> literals("receipt.printed")
    ('请取走凭条', 'Take your receipt')
    """
    return tuple(_longest(load(lang).texts[f"screen.{key}"]) for key in keys for lang in LANGUAGES)


def _longest(template: str) -> str:
    return max((part.strip() for part, *_ in Formatter().parse(template)), key=len)


def stands(words: Iterable[str], texts: Sequence[str]) -> bool:
    """Tell whether one of these words stands in one of the texts."""
    return any(word in text for word in words for text in texts)


PRINTED = literals("receipt.printed", "receipt.kept", "slip.printed")
NOT_PRINTED = literals("receipt.failed", "slip.failed")
