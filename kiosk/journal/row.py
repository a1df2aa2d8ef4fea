"""One row of the journal: an event, when it was written, and its place in the hash chain.

hash = SHA-256( previous hash | seq | at | packed body )     genesis = SHA-256( journal id | dictionary )
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec

from kiosk.journal.packing import Packing
from kiosk.payment.events import AnyEvent

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_decoder: msgspec.json.Decoder[AnyEvent] = msgspec.json.Decoder(AnyEvent)


class _Label(msgspec.Struct):
    kind: str
    key: str


_labels = msgspec.json.Decoder(_Label)
_encoder = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class Row:
    """`at_ms`: milliseconds since 1970, UTC; `hash`: hexadecimal; `body`: the event's JSON; `packed`: as stored."""

    seq: int
    at_ms: int
    packed: bytes
    hash: str
    body: bytes

    @property
    def event(self) -> AnyEvent:
        """The event itself. Raises msgspec.DecodeError on a body that is none."""
        return _decoder.decode(self.body)

    @property
    def key(self) -> str:
        """The payment or claim that it belongs to. Raises msgspec.DecodeError."""
        return _labels.decode(self.body).key

    @property
    def kind(self) -> str:
        """The name of the event. Raises msgspec.DecodeError."""
        return _labels.decode(self.body).kind

    @property
    def at(self) -> str:
        """When it was written: UTC, RFC 3339, to the millisecond."""
        return stamp(self.at_ms)


def from_columns(found: tuple[object, ...], packing: Packing) -> Row:
    """Make a row of (seq, at, hash, body) as the table holds them. Raises ValueError where a column was changed."""
    match found:
        case (int() as seq, int() as at_ms, bytes() as row_hash, bytes() as packed):
            try:
                return Row(seq, at_ms, packed, row_hash.hex(), packing.unpack(packed))
            except ValueError as error:
                raise ValueError(f"row {seq} was changed: {error}") from error
    raise ValueError(f"row {found[0]} was changed: a column is not of its type")


def chained(previous: str, seq: int, at_ms: int, event: AnyEvent, packing: Packing) -> Row:
    """Make the row that follows the row with the hash `previous`."""
    body = _encoder.encode(event)
    packed = packing.pack(body)
    return Row(seq, at_ms, packed, chain_hash(previous, seq, at_ms, packed), body)


def chain_hash(previous: str, *fields: int | str | bytes) -> str:
    """Hash of a row, a snapshot or an anchor; each field is length-prefixed so that no two share an encoding."""
    digest = hashlib.sha256()
    for field in (previous, *fields):
        part = field if isinstance(field, bytes) else str(field).encode()
        digest.update(len(part).to_bytes(4, "big") + part)
    return digest.hexdigest()


def genesis(journal_id: str, packing: Packing) -> str:
    """Give the hash on which a journal's first row hangs: no row can be moved from one journal to another."""
    return chain_hash("power-kiosk journal", journal_id, packing.dictionary)


def milliseconds(at: str) -> int:
    """Milliseconds since 1970 of an RFC 3339 time. Raises ValueError."""
    return (datetime.fromisoformat(at).astimezone(UTC) - _EPOCH) // timedelta(milliseconds=1)


def stamp(at_ms: int) -> str:
    """The other way round. A number that is no time of this calendar is given as it is."""
    try:
        moment = _EPOCH + timedelta(milliseconds=at_ms)
    except OverflowError:
        return str(at_ms)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
