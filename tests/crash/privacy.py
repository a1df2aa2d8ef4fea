"""I13: what may stand nowhere in clear - names and addresses of customers, whole card numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Set

_CARD = re.compile(
    rb"(?<![0-9A-Za-z.])(?:[2-9]\d{12,18}|[2-9]\d{3}(?:[ -]\d{4}){2,3}(?:[ -]\d{1,4})?)(?![0-9A-Za-z])"
)
"""What a bank's card number looks like (ISO/IEC 7812-1: the first digit is the industry's)."""


def luhn(digits: bytes) -> bool:
    """Whether the last digit checks the others as a card's does (ISO/IEC 7812-1 annex B).

    >>> luhn(b"79927398713"), luhn(b"79927398710")
    (True, False)
    """
    doubled = (int(chr(d)) * (1 + at % 2) for at, d in enumerate(reversed(digits)))
    return sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0


def exposed(where: str, text: bytes, secrets: Set[bytes]) -> Iterator[str]:
    """What of `secrets` stands in clear in `text`, and what looks like a whole card number."""
    for secret in secrets:
        if secret in text:
            yield f"I13: {secret.decode()} stands in clear in {where}"
    for found in _CARD.findall(text):
        digits = re.sub(rb"[ -]", b"", found)
        if 13 <= len(digits) <= 19 and luhn(digits):
            yield f"I13: {where} holds what may be a card number: {digits[:6].decode()}...{digits[-4:].decode()}"
