"""The three MACs, each against its vectors and against the others."""

from __future__ import annotations

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.bank import mac as module
from drivers.bank.mac import SCHEMES, decrypt, encrypt, mac

DOUBLE = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")


def test_the_modules_vectors() -> None:
    failed, tried = doctest.testmod(module)
    assert (failed, tried) == (0, 4)


def test_the_names_of_the_schemes() -> None:
    assert SCHEMES == ("ecb_up", "cbc", "x919")


@given(st.binary(max_size=100), st.sampled_from(SCHEMES))
def test_zeros_fill_up_the_last_block(text: bytes, scheme: str) -> None:
    whole = text + bytes(-len(text) % 8) or bytes(8)
    assert mac(scheme, DOUBLE, text) == mac(scheme, DOUBLE, whole)


@given(st.binary(min_size=9, max_size=100), st.integers(0, 799))
def test_one_bit_changes_each_mac_and_no_two_schemes_agree(text: bytes, bit: int) -> None:
    at = bit % (8 * len(text))
    other = bytearray(text)
    other[at // 8] ^= 1 << at % 8
    macs = [mac(scheme, DOUBLE, text) for scheme in SCHEMES]
    assert all(mac(scheme, DOUBLE, bytes(other)) != made for scheme, made in zip(SCHEMES, macs, strict=True))
    assert len(set(macs)) == 3


def test_a_text_of_one_block_cannot_tell_cbc_from_x919() -> None:
    assert mac("cbc", DOUBLE, b"8 bytes.") == mac("x919", DOUBLE, b"8 bytes.")


def test_the_right_half_of_a_double_key_counts() -> None:
    for scheme in SCHEMES:
        assert mac(scheme, DOUBLE, b"text") != mac(scheme, DOUBLE[:8] * 2, b"text")
    for scheme in ("ecb_up", "cbc"):
        assert mac(scheme, DOUBLE[:8] * 2, b"text") == mac(scheme, DOUBLE[:8], b"text")


def test_what_stands_in_field_64_of_ecb_is_letters() -> None:
    assert set(mac("ecb_up", DOUBLE, b"text")) <= set(b"0123456789ABCDEF")


@pytest.mark.parametrize(("scheme", "length"), [("sm4", 16), ("cbc", 24), ("ecb_up", 0), ("x919", 8)])
def test_other_schemes_and_other_keys(scheme: str, length: int) -> None:
    with pytest.raises(ValueError, match="sm4|bytes"):
        mac(scheme, bytes(range(length)), b"text")


@given(st.binary(min_size=16, max_size=16))
def test_blocks_there_and_back(data: bytes) -> None:
    for key in (DOUBLE, DOUBLE[:8]):
        assert decrypt(key, encrypt(key, data)) == data
