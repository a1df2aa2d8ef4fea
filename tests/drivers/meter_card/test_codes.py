"""Values to bytes and back by code, and what each code refuses."""

from __future__ import annotations

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.meter_card import codes
from drivers.meter_card.codes import Code, CodeError, decode, encode


def test_the_page_it_opens_with() -> None:
    told = doctest.testmod(codes)
    assert told.attempted > 1
    assert not told.failed


@pytest.mark.parametrize(
    ("code", "value", "length"),
    [
        (Code.BINARY, 256, 1),
        (Code.BINARY, -1, 4),
        (Code.BCD, 100, 1),
        (Code.BCD, "12", 1),
        (Code.BCD, True, 1),
        (Code.DIGITS, 12, 1),
        (Code.DIGITS, "1", 1),
        (Code.DIGITS, "1A", 1),
        (Code.DIGITS, "١٢", 1),
        (Code.HEX, "1G", 1),
        (Code.HEX, "1234", 1),
        (Code.TIME, "2026-11-22", 5),
        (Code.TIME, "1926-11-22T18:30", 5),
        (Code.TIME, "2026-13-22T18:30", 5),
        (Code.TIME, "2026-11-22 18:30", 5),
    ],
)
def test_a_value_that_does_not_fit_is_refused(code: Code, value: object, length: int) -> None:
    with pytest.raises(CodeError) as caught:
        encode(code, value, length)
    assert caught.value.found == repr(value)


@pytest.mark.parametrize("code", [Code.BCD, Code.DIGITS, Code.TIME])
@pytest.mark.parametrize("data", ["0A00000000", "00000000F0", "FFFFFFFFFF"])
def test_a_digit_above_nine_is_refused(code: Code, data: str) -> None:
    with pytest.raises(CodeError) as caught:
        decode(code, bytes.fromhex(data))
    assert (caught.value.expected, caught.value.found) == ("decimal digits", data)


@pytest.mark.parametrize(
    ("digits", "told"),
    [
        ("2602282359", "2026-02-28T23:59"),
        ("2802290000", "2028-02-29T00:00"),
        ("2602290000", "2602290000"),
        ("2600010000", "2600010000"),
        ("2601010060", "2601010060"),
        ("0000000000", ""),
    ],
)
def test_a_time_that_is_none_stays_digits(digits: str, told: str) -> None:
    assert decode(Code.TIME, bytes.fromhex(digits)) == told
    assert encode(Code.TIME, told, 5) == bytes.fromhex(digits)


@given(st.sampled_from([code for code in Code if code is not Code.SUM]), st.binary(min_size=5, max_size=5))
def test_what_is_read_is_written_back_the_same(code: Code, data: bytes) -> None:
    try:
        value = decode(code, data)
    except CodeError:
        assert not data.hex().isdecimal()
        return
    assert encode(code, value, len(data)) == data
