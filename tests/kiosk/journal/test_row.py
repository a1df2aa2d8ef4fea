"""One row: its columns, its place in the chain, and its time."""

from __future__ import annotations

import hashlib

import msgspec
import pytest

from kiosk.journal.packing import Packing, dictionary
from kiosk.journal.row import Row, chain_hash, chained, from_columns, genesis, milliseconds, stamp
from kiosk.payment import events as ev

PACKING = Packing(dictionary())
EVENT = ev.Cancelled(key="a" * 32)
AT, AT_MS = "2026-11-22T20:00:00.250+08:00", 1_795_348_800_250


def test_a_row_holds_all_that_is_stored_and_what_it_means() -> None:
    row = chained("00" * 32, 7, AT_MS, EVENT, PACKING)
    body = b'{"kind":"Cancelled","key":"%s"}' % (b"a" * 32)
    packed = PACKING.pack(body)
    assert row == Row(7, AT_MS, packed, chain_hash("00" * 32, 7, AT_MS, packed), body)
    assert (row.event, row.key, row.kind) == (EVENT, "a" * 32, "Cancelled")
    assert row.at == "2026-11-22T12:00:00.250Z"
    assert from_columns((7, AT_MS, bytes.fromhex(row.hash), packed), PACKING) == row


def test_the_hash_is_what_the_page_says_it_is() -> None:
    def field(part: bytes) -> bytes:
        return len(part).to_bytes(4, "big") + part

    told = hashlib.sha256(field(b"before") + field(b"7") + field(b"1790000000000") + field(b"\x00body"))
    assert chain_hash("before", 7, 1790000000000, b"\x00body") == told.hexdigest()
    first = hashlib.sha256(field(b"power-kiosk journal") + field(b"id") + field(PACKING.dictionary))
    assert genesis("id", PACKING) == first.hexdigest()


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        (("7", 1, b"", b""), "row 7 was changed: a column is not of its type"),
        ((7, None, b"", b""), "row 7 was changed: a column is not of its type"),
        ((7, 1, "00", b""), "row 7 was changed: a column is not of its type"),
        ((7, 1, b"", 5), "row 7 was changed: a column is not of its type"),
        ((7, 1, b"", b"x"), "row 7 was changed: not a packed body"),
    ],
)
def test_a_column_that_was_changed_is_named(columns: tuple[object, ...], told: str) -> None:
    with pytest.raises(ValueError, match=f"^{told}"):
        from_columns(columns, PACKING)


def test_a_body_that_is_no_event_is_refused() -> None:
    row = Row(1, 0, b"", "", b'{"kind":"Nothing"}')
    for ask in (lambda: row.event, lambda: row.key):
        with pytest.raises(msgspec.DecodeError):
            ask()


def test_a_time_is_milliseconds_since_1970_in_utc() -> None:
    assert milliseconds("1970-01-01T00:00:00Z") == 0
    assert milliseconds(AT) == AT_MS
    assert milliseconds("1970-01-01T00:00:00.0019Z") == 1
    assert stamp(AT_MS) == "2026-11-22T12:00:00.250Z"
    assert stamp(0) == "1970-01-01T00:00:00.000Z"
    assert stamp(1 << 62) == str(1 << 62)
    with pytest.raises(ValueError, match="Invalid isoformat"):
        milliseconds("no time")
