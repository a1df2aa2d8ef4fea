"""Small bodies for small events: raw DEFLATE with a dictionary that the journal's file carries itself.

packed = DEFLATE( the event's JSON, in which each string of 32 hex digits is written as FF and its 16 bytes )

A byte FF stands nowhere in UTF-8, so the way back is without doubt. Every byte of the file counts several times: in the
write-ahead log, in the pages that a longer row opens, and in the checkpoint.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from typing import get_args

from kiosk.payment import events as ev

_WINDOW_BITS = -13  # reads what was packed with a smaller window, too
DICTIONARY_MOST = 8192 - 262  # what DEFLATE can reach back to in a window of 8 KiB
BODY_MOST = 1 << 20
_HEX = re.compile(rb'"([0-9a-f]{32})"')
_RAW = re.compile(rb"\xff(.{16})", re.DOTALL)
_OFTEN = (
    b'"late_fee_fen":0,"principal_fen":{"month":"2026-"business":"arrears","lang":"zh"},"due_fen":,"attempt":1,'
    b'"by":"customer"}"counter":null}"slip":"paid"}"asked":true,"recovered":false}'
)


@dataclass(frozen=True, slots=True)
class Packing:
    """Packs and unpacks bodies with one dictionary."""

    dictionary: bytes

    def pack(self, body: bytes) -> bytes:
        """Pack the JSON of one event."""
        packer = zlib.compressobj(9, zlib.DEFLATED, _WINDOW_BITS, 5, zlib.Z_DEFAULT_STRATEGY, self.dictionary)
        raw = _HEX.sub(lambda found: b"\xff" + bytes.fromhex(found[1].decode()), body)
        return packer.compress(raw) + packer.flush()

    def unpack(self, packed: bytes) -> bytes:
        """Unpack a body. Raises ValueError for what nobody packed, and for more than BODY_MOST bytes."""
        unpacker = zlib.decompressobj(_WINDOW_BITS, self.dictionary)
        try:
            raw = unpacker.decompress(packed, BODY_MOST)
        except zlib.error as error:
            raise ValueError(f"not a packed body: {error}") from error
        if not unpacker.eof or unpacker.unused_data:
            raise ValueError("not a packed body: it is cut short or has a tail")
        return _RAW.sub(lambda found: b'"' + found[1].hex().encode() + b'"', raw)


def dictionary() -> bytes:
    """Give the dictionary for a new journal: the names of today's events and fields, the most frequent at the end."""
    kinds = sorted(get_args(ev.AnyEvent), key=lambda kind: kind.__name__.startswith("Note"))
    parts = [ev.TenderFacts, ev.Allocation, ev.NoteCount, ev.AccountFacts, ev.QuoteFacts]
    names = [_skeleton("{", part.__struct_encode_fields__) for part in parts]
    names += [_skeleton(f'{{"kind":"{kind.__name__}",', kind.__struct_encode_fields__) for kind in kinds]
    return (b"".join(names) + _OFTEN)[-DICTIONARY_MOST:]


def _skeleton(begin: str, fields: tuple[str, ...]) -> bytes:
    return (begin + ",".join(f'"{name}":' for name in fields)).encode().replace(b'"key":', b'"key":\xff')
