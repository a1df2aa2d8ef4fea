"""What is packed comes back byte for byte, whatever it holds, and nothing else is taken for a packed body."""

from __future__ import annotations

import hashlib
import json
import zlib
from contextlib import suppress
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.journal.packing import BODY_MOST, DICTIONARY_MOST, Packing, dictionary
from kiosk.payment import events as ev

PACKING = Packing(dictionary())
IDS = st.binary(min_size=16, max_size=16).map(bytes.hex)


@given(st.recursive(st.one_of(st.text(), IDS, st.integers(), st.none()), st.lists, max_leaves=8))
def test_any_json_comes_back(value: object) -> None:
    body = json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
    assert PACKING.unpack(PACKING.pack(body)) == body


@given(st.binary(max_size=200))
def test_what_nobody_packed_is_refused_or_ends(packed: bytes) -> None:
    with suppress(ValueError):
        assert len(PACKING.unpack(packed)) <= 3 * BODY_MOST


def test_a_tail_a_cut_and_a_bomb_are_refused() -> None:
    packed = PACKING.pack(b'{"key":"x"}')
    bomb = zlib.compressobj(9, zlib.DEFLATED, -12)
    for changed in (packed + b"\0", packed[:-1], b"", bomb.compress(bytes(2 * BODY_MOST)) + bomb.flush()):
        with pytest.raises(ValueError, match="not a packed body"):
            PACKING.unpack(changed)


def test_the_dictionary_is_within_reach_and_pays() -> None:
    assert len(PACKING.dictionary) <= DICTIONARY_MOST
    body = (
        b'{"kind":"NoteStacked","key":"%s","note_id":"%s","value_fen":10000,"asked":true,"recovered":false}'
        % (
            (b"0198f2c4a1b3e5d7" * 2),
            (b"5d70198f2c4a1b3e" * 2),
        )
    )
    assert len(PACKING.pack(body)) < len(body) / 2.5


def test_the_dictionary_names_every_event_and_field_and_ends_with_what_comes_most() -> None:
    whole = dictionary()
    for kind in get_args(ev.AnyEvent):
        assert b'{"kind":"%s",' % kind.__name__.encode() in whole, kind
        for name in kind.__struct_encode_fields__:
            assert b'"%s":' % name.encode() in whole, (kind, name)
    for part in (ev.TenderFacts, ev.Allocation, ev.NoteCount, ev.AccountFacts, ev.QuoteFacts):
        first, *_ = part.__struct_encode_fields__
        assert b'{"%s":' % first.encode() in whole, part
    assert b'"key":\xff' in whole
    assert b'"count":{"account_no":,' in whole, "one after the other, nothing between"
    assert b'{"kind":"PaymentOpened","key":\xff,"kiosk_no":,"business":,' in whole
    last = [whole.rfind(b'"kind":"%s"' % name) for name in (b"ClaimTaken", b"NoteStacked")]
    assert last == sorted(last), "notes come most, so they stand where few bits reach them"
    often = (
        b'"late_fee_fen":0,"principal_fen":{"month":"2026-"business":"arrears","lang":"zh"},"due_fen":,"attempt":1,'
        b'"by":"customer"}"counter":null}"slip":"paid"}"asked":true,"recovered":false}'
    )
    assert whole.endswith(often)


def test_what_an_earlier_program_packed_is_still_read() -> None:
    """The bytes as DEFLATE with a dictionary and a window of 4 KiB: an id is FF and its sixteen bytes."""
    key = bytes(range(16))
    packer = zlib.compressobj(9, zlib.DEFLATED, -12, 5, zlib.Z_DEFAULT_STRATEGY, PACKING.dictionary)
    packed = packer.compress(b'{"key":\xff' + key + b"}") + packer.flush()
    assert PACKING.unpack(packed) == b'{"key":"%s"}' % key.hex().encode()
    assert PACKING.pack(b'{"key":"%s"}' % key.hex().encode()) == packed


def test_the_longest_body_is_read_and_one_byte_more_is_not() -> None:
    longest = b"a" * BODY_MOST
    assert PACKING.unpack(PACKING.pack(longest)) == longest
    with pytest.raises(ValueError, match="^not a packed body: it is cut short or has a tail$"):
        PACKING.unpack(PACKING.pack(longest + b"a"))
    assert (BODY_MOST, DICTIONARY_MOST) == (1 << 20, 8192 - 262)


def test_what_is_no_deflate_is_named_so() -> None:
    with pytest.raises(ValueError, match="^not a packed body: Error -3 "):
        PACKING.unpack(b"\xff\xff")


def test_nothing_reaches_further_back_than_the_window() -> None:
    """Else a kiosk that keeps 8 KiB only could not read it."""
    noise = b"".join(hashlib.sha256(bytes([number % 256, number >> 8])).digest() for number in range(270))
    assert len(noise) > 8192
    assert len(PACKING.pack(noise + noise)) > 1.9 * len(PACKING.pack(noise))
