"""The coding of the contract: whole or refused, bounded, and the same text on both sides of the wire."""

from __future__ import annotations

import random
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.access import coding as hubs
from kiosk.hubclient import coding


@given(st.binary(max_size=3000))
def test_each_side_reads_what_the_other_packed(body: bytes) -> None:
    assert hubs.unpacked(coding.packed(body), len(body)) == body
    assert coding.unpacked(hubs.packed(body), len(body)) == body


def test_the_known_text_is_part_of_the_contract_and_never_changes() -> None:
    assert coding.KNOWN_TEXT == hubs.KNOWN_TEXT
    assert (coding.NAME, zlib.adler32(coding.KNOWN_TEXT)) == ("kiosk-1", 0x7F1C79FA)


@pytest.mark.parametrize("unpacked", [coding.unpacked, hubs.unpacked])
@given(body=st.binary(max_size=300))
def test_arbitrary_bytes_are_refused_and_nothing_else(unpacked: object, body: bytes) -> None:
    with pytest.raises((coding.BadCoding, hubs.BadCoding)):
        unpacked(body, 1000)  # type: ignore[operator]


@pytest.mark.parametrize("room", [0, 1, 65_535])
def test_a_bomb_is_not_unpacked_beyond_its_bound(room: int) -> None:
    bomb = coding.packed(b"0" * 20_000_000)
    assert len(bomb) < 20_000
    for unpacked in (coding.unpacked, hubs.unpacked):
        with pytest.raises(OverflowError):
            unpacked(bomb, room)


def test_each_cut_and_each_addition_is_noticed() -> None:
    packed = coding.packed(b'{"status":"credited","amount_fen":10000}')
    for end in range(len(packed)):
        with pytest.raises(coding.BadCoding):
            coding.unpacked(packed[:end], 1000)
    with pytest.raises(coding.BadCoding):
        coding.unpacked(packed + b"0", 1000)


def test_one_wrong_bit_never_gives_another_body() -> None:
    body = b'{"status":"credited","amount_fen":10000,"balance_after_fen":12345}'
    packed, chance = coding.packed(body), random.Random(1)
    for _ in range(500):
        spot = chance.randrange(len(packed))
        spoilt = packed[:spot] + bytes([packed[spot] ^ (1 << chance.randrange(8))]) + packed[spot + 1 :]
        try:
            assert coding.unpacked(spoilt, 1000) == body
        except coding.BadCoding:
            continue
