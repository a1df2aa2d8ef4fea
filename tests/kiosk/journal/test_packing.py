"""What is packed comes back byte for byte, whatever it holds, and nothing else is taken for a packed body."""

from __future__ import annotations

import json
import zlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.journal.packing import BODY_MOST, DICTIONARY_MOST, Packing, dictionary

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
