"""Data objects: their lengths and tags as EMV Book 3, Annex B draws them, and any bytes at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.card.tlv import Tlv, find, parse, tag_and_length, walk
from drivers.errors import ProtocolError


@pytest.mark.parametrize(
    ("data", "tag", "length"),
    [("5A0162", 0x5A, 1), ("9F120100", 0x9F12, 1), ("DF810100", 0xDF8101, 0), ("00 00 5000", 0x50, 0)],
)
def test_tags(data: str, tag: int, length: int) -> None:
    [found] = parse(bytes.fromhex(data))
    assert (found.tag, len(found.value)) == (tag, length)


@pytest.mark.parametrize("size", [0, 1, 127, 128, 255, 256, 65_535])
def test_lengths(size: int) -> None:
    data = Tlv(0x5A, bytes(size)).to_bytes()
    assert len(data) == size + (2 if size < 128 else 3 if size < 256 else 4)
    assert parse(data) == (Tlv(0x5A, bytes(size)),)


def test_too_long_to_be_told() -> None:
    with pytest.raises(ValueError, match="65,535|two bytes"):
        Tlv(0x5A, bytes(65_536)).to_bytes()


@pytest.mark.parametrize(
    "data",
    ["5A", "5A02 62", "5A80 62", "5A83 000001 62", "5A81", "9F", "9F8182 00", "7002 5A", "DF818181 00"],
)
def test_what_is_no_object(data: str) -> None:
    with pytest.raises(ProtocolError):
        list(walk(bytes.fromhex(data)))


def test_inside_one_another() -> None:
    data = bytes.fromhex("70 08 61 06 4F 01 AA 87 01 02".replace(" ", ""))
    assert [each.tag for each in walk(data)] == [0x70, 0x61, 0x4F, 0x87]
    assert find(data, 0x87) == b"\x02"
    assert find(data, 0x50) is None
    deep = b""
    for _ in range(10):
        deep = Tlv(0x70, deep).to_bytes()
    with pytest.raises(ProtocolError, match="too deep"):
        list(walk(deep))


def test_a_list_has_no_values() -> None:
    assert tag_and_length(bytes.fromhex("9F1A02"), 0) == (0x9F1A, 2, 3)


def test_values_are_not_shown() -> None:
    assert "62" not in repr(Tlv(0x50, b"\x62\x62"))


@given(st.binary(max_size=300))
def test_any_bytes_are_objects_or_refused(data: bytes) -> None:
    try:
        found = list(walk(data))
    except ProtocolError:
        return
    assert sum(len(each.value) for each in parse(data)) <= len(data)
    assert all(each.tag for each in found)
