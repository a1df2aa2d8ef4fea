"""One row of the journal: an event, when it was written, and its place in the hash chain.

hash = SHA-256( previous hash | seq | at | body )      body = the event as JSON, tagged with its kind
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import msgspec

from kiosk.payment.events import AnyEvent

GENESIS = "0" * 64
_decoder: msgspec.json.Decoder[AnyEvent] = msgspec.json.Decoder(AnyEvent)
_encoder = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class Row:
    """`at` is UTC, RFC 3339; `hash` is hexadecimal."""

    seq: int
    at: str
    key: str
    kind: str
    body: bytes
    hash: str

    @property
    def event(self) -> AnyEvent:
        """The event itself. Raises msgspec.DecodeError on a body that is none."""
        return _decoder.decode(self.body)


def from_columns(found: tuple[object, ...]) -> Row:
    """Make a row of what the table holds; raises ValueError where a column is not of its type."""
    match found:
        case (int() as seq, str() as at, str() as key, str() as kind, bytes() as body, str() as row_hash):
            return Row(seq, at, key, kind, body, row_hash)
    raise ValueError(f"row {found[0]} was changed: a column is not of its type")


def chained(previous: str, seq: int, at: str, event: AnyEvent) -> Row:
    """Make the row that follows the row with the hash `previous`."""
    body = _encoder.encode(event)
    return Row(seq, at, event.key, type(event).__name__, body, chain_hash(previous, seq, at, body))


def chain_hash(previous: str, seq: int, at: str, body: bytes) -> str:
    """Hash of a row; each field is length-prefixed so that no two rows share an encoding."""
    digest = hashlib.sha256()
    for part in (previous.encode(), str(seq).encode(), at.encode(), body):
        digest.update(len(part).to_bytes(4, "big") + part)
    return digest.hexdigest()
