"""I13: what may stand nowhere in clear: names and addresses, whole card numbers, tracks, PINs, recharge numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Set

from kiosk.numbers import recharge_error

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
    yield from _card_data(where, text)


_TRACK = re.compile(rb"(?<![0-9A-Za-z])\d{12,19}[=Dd]\d{7,}")
"""Track 2 as it stands on the stripe and in the chip (ISO/IEC 7813): number, separator, expiry, service code."""
_BLOCK = re.compile(rb"(?i)pin_?block[\"' :=]{1,6}[0-9a-f]{16}(?![0-9a-f])")
_CVV = re.compile(rb"(?i)(?<![a-z])cv[vnc]2?[\"' :=]{1,6}\d{3,4}(?!\d)")
_RECHARGE = re.compile(
    rb"(?<![0-9A-Za-z.])9999(?:\d{14}|[ -]\d{4}[ -]\d{4}[ -]\d{4}[ -]\d{2})(?![0-9A-Za-z])"
)
"""The secret numbers of a bench's recharge cards all begin so, and their last digit checks the others."""


def _card_data(where: str, text: bytes) -> Iterator[str]:
    for pattern, what in (
        (_TRACK, "a track 2"),
        (_BLOCK, "a PIN block"),
        (_CVV, "a card verification number"),
    ):
        if pattern.search(text):
            yield f"I13: {where} holds what may be {what}"
    for found in _RECHARGE.findall(text):
        digits = re.sub(rb"[ -]", b"", found).decode()
        if not recharge_error(digits, len(digits)):
            yield f"I13: {where} holds a recharge card's number: 9999...{digits[-2:]}"


def bank_card_secrets(pan: str, track2: str, *blocks: bytes) -> frozenset[bytes]:
    """What of one bank card may stand nowhere: its number and track in every form that a program might write.

    `blocks` are its PIN blocks and the keys for them, as bytes.
    """
    packed = [pan, track2.replace("=", "D")]
    forms = {pan.encode(), track2.encode(), packed[1].encode()}
    for digits in packed:
        even = digits + "F" * (len(digits) % 2)
        forms |= {bytes.fromhex(even), even.encode(), even.lower().encode()}
    for block in blocks:
        forms |= {block, block.hex().encode(), block.hex().upper().encode()}
    return frozenset(forms)


def pin_stands(where: str, text: bytes, pin: str) -> Iterator[str]:
    """Where a PIN stands as a number of its own: among other digits and letters six digits mean nothing."""
    if re.search(rb"(?<![0-9A-Za-z.])" + pin.encode() + rb"(?![0-9A-Za-z])", text):
        yield f"I13: a PIN stands in clear in {where}"
