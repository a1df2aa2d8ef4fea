"""The fields that banks divide, there and back; PIN blocks and masked numbers."""

from __future__ import annotations

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.bank import elements as module
from drivers.bank.elements import (
    Balance,
    Detail,
    Field60,
    Field61,
    Totals,
    details_from_field,
    details_to_field,
    field63,
    masked,
    operator_of,
    pin_block,
    pin_of,
    security_control,
)
from drivers.errors import ProtocolError

PAN = "6212142000000000012"
FEN = st.integers(0, 10**12 - 1)
COUNT = st.integers(0, 999)


def digits(least: int, most: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=least, max_size=most)


def test_the_modules_vectors() -> None:
    failed, tried = doctest.testmod(module)
    assert (failed, tried) == (0, 7)


@given(st.builds(Totals, COUNT, FEN, COUNT, FEN, st.sampled_from(Balance)))
def test_totals(totals: Totals) -> None:
    assert len(totals.to_field()) == 62
    assert Totals.from_field(totals.to_field()) == totals


def test_totals_that_have_no_room_or_another_form() -> None:
    for totals in (Totals(debit_count=1000), Totals(credit_fen=10**12), Totals(debit_fen=-1)):
        with pytest.raises(ValueError, match="no room"):
            totals.to_field()
    for text in ("0" * 61, "0" * 63, "0" * 61 + "x"):
        with pytest.raises(ProtocolError, match="field 48"):
            Totals.from_field(text)


def test_the_worse_half_of_the_banks_finding_counts() -> None:
    text = Totals(1, 1, code=Balance.EQUAL).to_field()
    assert Totals.from_field(text).code == Balance.EQUAL
    assert Totals.from_field(text[:-1] + "2").code == Balance.UNEQUAL


@given(st.lists(st.builds(Detail, digits(6, 6), FEN, st.just("") | st.just(PAN)), max_size=8))
def test_a_batch_upload(details: list[Detail]) -> None:
    assert details_from_field(details_to_field(details)) == details


def test_a_batch_upload_of_a_wrong_form() -> None:
    for details in ([Detail("000001", 1)] * 9, [Detail("1234567", 1)], [Detail("00000x", 1)]):
        with pytest.raises(ValueError, match="batch upload"):
            details_to_field(details)
    for text in ("", "01", "00" + "0" * 40, "x0"):
        with pytest.raises(ProtocolError, match="field 48"):
            details_from_field(text)


@given(digits(2, 2), digits(6, 6), digits(0, 9))
def test_field_60(kind: str, batch: str, more: str) -> None:
    text = kind + batch + more
    read = Field60.from_field(text)
    assert (read.kind, read.batch) == (kind, batch)
    assert text.startswith(read.to_field())
    assert Field60.from_field(read.to_field()) == read


def test_field_60_of_a_sign_on() -> None:
    assert Field60.from_field("00000001003") == Field60("00", "000001", "003")


def test_field_60_of_a_wrong_form() -> None:
    for wrong in (Field60("2", "000001"), Field60("22", ""), Field60("22", "000001", "", "6")):
        with pytest.raises(ValueError, match="field 60"):
            wrong.to_field()
    for text in ("2200000", "2" * 18, "22x00001"):
        with pytest.raises(ProtocolError, match="field 60"):
            Field60.from_field(text)


@given(digits(6, 6), digits(6, 6), st.one_of(st.just(""), digits(4, 4)))
def test_field_61(batch: str, trace: str, date: str) -> None:
    original = Field61(batch, trace, date)
    assert Field61.from_field(original.to_field()) == original
    assert Field61.from_field(original.to_field().ljust(29, "0")[:29]).trace == trace


def test_field_61_of_a_wrong_form() -> None:
    for wrong in (Field61("1", "000001"), Field61("000001", "000001", "11x4")):
        with pytest.raises(ValueError, match="field 61"):
            wrong.to_field()
    with pytest.raises(ProtocolError, match="field 61"):
        Field61.from_field("00000100000")


def test_field_53_and_63() -> None:
    assert security_control(pin=False) == "0600000000000000"
    assert security_control(pin=True, double_length=False) == "2000000000000000"
    assert operator_of(field63()) == "01 "
    assert operator_of("") == ""
    with pytest.raises(ValueError, match="3 characters"):
        field63("1")


@given(digits(4, 12), digits(12, 19))
def test_pin_blocks(pin: str, pan: str) -> None:
    assert pin_of(pin_block(pin, pan), pan) == pin


def test_a_pin_block_of_another_card_is_none() -> None:
    with pytest.raises(ProtocolError, match="format 0"):
        pin_of(pin_block("123456", PAN), "6228489999999999990")
    with pytest.raises(ProtocolError, match="format 0"):
        pin_of(b"short", PAN)


@pytest.mark.parametrize(("pin", "pan"), [("123", PAN), ("1" * 13, PAN), ("12a4", PAN), ("1234", "62121420")])
def test_what_has_no_pin_block(pin: str, pan: str) -> None:
    with pytest.raises(ValueError, match="PIN"):
        pin_block(pin, pan)


@given(digits(0, 19))
def test_a_masked_number_hides_all_but_ten_digits(pan: str) -> None:
    shown = masked(pan)
    assert len(shown) == len(pan)
    assert sum(letter != "*" for letter in shown) == (10 if len(pan) > 10 else 0)
