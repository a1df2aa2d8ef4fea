"""How long a card of the field takes: bytes over T=0, work in the chip, writes to its memory."""

from __future__ import annotations

# 12 elementary time units a byte at 9,600 baud: what every card starts with, and many kiosk readers stay with.
_BYTE_S = 12 / 9600
_WORK_S = 0.001
_CIPHER_S = 0.008
_PAGE_S = 0.004
_PAGE = 32
_UPDATE, _WRITE_KEY = 0xD6, 0xD4
_CIPHERS = frozenset({0x82, 0x84, 0x88, 0x1A, 0xFA})


def before_effect(raw: bytes) -> float:
    """Seconds from the first byte of a command until it takes effect."""
    return len(raw) * _BYTE_S + _work(raw)


def after_effect(answer: bytes) -> float:
    """Seconds until the answer is out."""
    return len(answer) * _BYTE_S


def _work(raw: bytes) -> float:
    ins = raw[1] if len(raw) > 1 else 0
    if ins in (_UPDATE, _WRITE_KEY):
        return _CIPHER_S + -(-len(raw) // _PAGE) * _PAGE_S
    return _CIPHER_S if ins in _CIPHERS else _WORK_S
