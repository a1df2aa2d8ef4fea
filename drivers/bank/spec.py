"""Which fields a bank's message has and how each stands on the wire: data for pyiso8583, no code per field.

Lengths of variable fields are BCD. Digits are packed two to a byte; where their number is odd one zero fills them up,
on the right, but for field 23 on the left. `bcd` counts digits, `text` and `raw` count bytes.
"""

from __future__ import annotations

from typing import Any

FieldSpec = dict[str, Any]


def _field(title: str, encoding: str, count: str, length_bytes: int, most: int, **pad: str) -> FieldSpec:
    return {
        "data_enc": encoding,
        "len_enc": "bcd",
        "len_type": length_bytes,
        "max_len": most,
        "len_count": count,
        "desc": title,
        **pad,
    }


def _digits(title: str, length: int) -> FieldSpec:
    """So many digits, left in their bytes."""
    return _field(title, "b", "nibbles", 0, length, right_pad="0")


def _digits_right(title: str, length: int) -> FieldSpec:
    """So many digits, right in their bytes."""
    return _field(title, "b", "nibbles", 0, length, left_pad="0")


def _digits_to(title: str, most: int) -> FieldSpec:
    """Digits with their number before them: one byte below 100, two above."""
    return _field(title, "b", "nibbles", 1 if most < 100 else 2, most, right_pad="0")


def _digits_lll(title: str, most: int) -> FieldSpec:
    return _field(title, "b", "nibbles", 2, most, right_pad="0")


def _raw(title: str, length: int) -> FieldSpec:
    return _field(title, "b", "bytes", 0, length)


def _raw_lll(title: str, most: int) -> FieldSpec:
    return _field(title, "b", "bytes", 2, most)


def _text(title: str, length: int) -> FieldSpec:
    return _field(title, "ascii", "bytes", 0, length)


def _bytes_text(title: str, length_bytes: int, most: int) -> FieldSpec:
    """Text of the bank's own alphabet, one character a byte, so that no remark of a bank makes a message unreadable."""
    return _field(title, "latin-1", "bytes", length_bytes, most)


SPEC: dict[str, FieldSpec] = {
    "h": _text("no header: it stands in the frame", 0),
    "t": _digits("message type", 4),
    "p": _raw("bitmap", 8),
    "1": _raw("second bitmap, never used", 8),
    "2": _digits_to("card number", 19),
    "3": _digits("processing code", 6),
    "4": _digits("amount in fen", 12),
    "11": _digits("trace number", 6),
    "12": _digits("time at the terminal, hhmmss", 6),
    "13": _digits("date at the terminal, MMDD", 4),
    "14": _digits("card's expiry, YYMM", 4),
    "15": _digits("settlement date, MMDD", 4),
    "22": _digits("entry mode", 3),
    "23": _digits_right("card sequence number", 3),
    "25": _digits("condition code", 2),
    "26": _digits("longest PIN", 2),
    "32": _digits_to("acquiring institution", 11),
    "35": _digits_to("track 2", 37),
    "36": _digits_to("track 3", 104),
    "37": _text("retrieval reference number", 12),
    "38": _text("authorisation code", 6),
    "39": _text("response code", 2),
    "41": _text("terminal number", 8),
    "42": _text("merchant number", 15),
    "44": _bytes_text("additional response data", 1, 25),
    "48": _digits_lll("additional data", 322),
    "49": _text("currency", 3),
    "52": _raw("PIN block", 8),
    "53": _digits("security control", 16),
    "54": _field("balance", "ascii", "bytes", 2, 20),
    "55": _raw_lll("chip data", 255),
    "58": _bytes_text("electronic purse data", 2, 100),
    "60": _digits_lll("kind of transaction, batch, network code", 17),
    "61": _digits_lll("original transaction", 29),
    "62": _raw_lll("keys, texts for the slip", 512),
    "63": _bytes_text("operator, reference", 2, 163),
    "64": _raw("MAC", 8),
}
"""The fields that a message may have. Whatever else a bitmap names is refused: its length would be a guess."""

TRACKS = frozenset({35, 36})
"""Here "=" separates, and is D on the wire."""
NUMERIC = frozenset(
    int(name)
    for name, field in SPEC.items()
    if name.isdigit()
    and field["data_enc"] == "b"
    and field["len_count"] == "nibbles"
    and int(name) not in TRACKS
)
"""Fields of decimal digits only."""
SECRET = frozenset({2, 14, 35, 36, 52, 55, 62})
"""What never stands in a text that somebody may read: card data, PIN blocks, keys."""
MAC_FIELD = 64
