"""Messages to bytes and back; what is none ends in one error that tells nothing of a card."""

from __future__ import annotations

import doctest
import traceback
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.bank import message as module
from drivers.bank.message import Message, decode, encode, mab
from drivers.bank.spec import NUMERIC, SPEC, TRACKS
from drivers.errors import ProtocolError

PAN = "6212142000000000012"
SALE = Message(
    "0200",
    {
        2: PAN,
        3: "000000",
        4: "000000012345",
        11: "000042",
        22: "051",
        35: f"{PAN}=30122010000012300",
        41: "10000001",
        42: "104310000000001",
        49: "156",
        52: "AF5DABE4951A8715",
        60: "22000001000",
    },
)


def counted(text: bytes) -> bytes:
    return len(text).to_bytes(8, "big")


def test_the_modules_vectors() -> None:
    failed, tried = doctest.testmod(module)
    assert (failed, tried > 3) == (0, True)


def test_a_mac_covers_all_before_it_with_its_own_bit() -> None:
    data = encode(SALE, counted)
    plain = encode(SALE, None)
    assert len(data) == len(plain) + 8
    assert data[-8:] == counted(mab(data)) == len(plain).to_bytes(8, "big")
    assert data[2:10] == (int.from_bytes(plain[2:10], "big") | 1).to_bytes(8, "big")
    assert decode(data).fields == {**SALE.fields, 64: data[-8:].hex().upper()}


def test_a_message_without_mac_has_nothing_to_check() -> None:
    with pytest.raises(ProtocolError, match="no MAC"):
        mab(encode(SALE, None))


def test_nothing_secret_is_shown() -> None:
    shown = repr(SALE) + repr(Message("0810", {62: "6701EAD6", 36: PAN, 55: "9F26", 14: "3012"}))
    for secret in (PAN, "AF5DABE4951A8715", "30122010", "6701EAD6", "9F26", "'3012'"):
        assert secret not in shown
    assert "'000000012345'" in shown


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({4: "12345"}, "field 4"),
        ({4: "00000001234A"}, "field 4"),
        ({2: PAN + "1"}, "field 2"),
        ({35: PAN + "X"}, "field 35"),
        ({39: "000"}, "field 39"),
        ({52: "AF"}, "field 52"),
        ({70: "301"}, "no field 70"),
        ({1: "00" * 8}, "no field 1"),
        ({5: "0"}, "no field 5"),
        ({41: "1000000中"}, "field 41"),
    ],
)
def test_what_the_wire_cannot_carry(fields: dict[int, str], fault: str) -> None:
    with pytest.raises(ValueError, match=fault) as told:
        encode(Message("0200", {**SALE.fields, **fields}), None)
    assert PAN not in "".join(traceback.format_exception(told.value))
    assert told.value.__context__ is None


def test_a_mac_of_another_length_is_not_sent() -> None:
    with pytest.raises(ValueError, match="8 bytes"):
        encode(SALE, lambda text: text[:4])


@pytest.mark.parametrize(
    ("hexadecimal", "fault"),
    [
        ("", "cannot be read"),
        ("0200", "cannot be read"),
        ("02000000000000000000ff", "cannot be read"),
        ("0A000000000000000000", "four digits"),
        ("0200 8000000000000000 00", "field 1,"),
        ("0200 0800000000000000 00", "field 5,"),
        ("0200 1000000000000000 00000000000a", "field 4"),
        ("0200 4000000000000000 20" + "11" * 10, "field 2"),
        ("0200 4000000000000000 1962121420", "field 2"),
        ("0200 0000000020000000 3c", "field 35"),
        ("0200 0000000000800000 ff" + "30" * 7, "field 41"),
    ],
)
def test_what_is_no_message(hexadecimal: str, fault: str) -> None:
    with pytest.raises(ProtocolError, match=fault) as told:
        decode(bytes.fromhex(hexadecimal))
    assert told.value.data == b""
    assert told.value.__context__ is None


def test_a_message_cut_anywhere_tells_nothing_of_the_card() -> None:
    data = encode(SALE, counted)
    for length in range(len(data)):
        with pytest.raises(ProtocolError) as told:
            decode(data[:length])
        assert "62121420" not in str(told.value)


def _values(number: int) -> st.SearchStrategy[str]:
    field: dict[str, Any] = SPEC[str(number)]
    most = field["max_len"]
    least = 0 if field["len_type"] else most
    if number in NUMERIC:
        return st.text("0123456789", min_size=least, max_size=most)
    if number in TRACKS:
        return st.text("0123456789=", min_size=least, max_size=most)
    if field["data_enc"] == "b":
        return st.binary(min_size=least, max_size=most).map(lambda data: data.hex().upper())
    alphabet = st.characters(max_codepoint=255 if field["data_enc"] == "latin-1" else 127)
    return st.text(alphabet, min_size=least, max_size=most)


MESSAGES = st.builds(
    Message,
    st.from_regex(r"[0-9]{4}", fullmatch=True).filter(str.isascii),
    st.fixed_dictionaries({}, optional={int(n): _values(int(n)) for n in SPEC if n.isdigit() and int(n) > 1}),
)


@settings(max_examples=100)
@given(MESSAGES)
def test_what_was_encoded_is_decoded(message: Message) -> None:
    assert decode(encode(message, None)) == message


CHANGED = st.builds(
    lambda whole, at, put: whole[:at] + put + whole[at + len(put) :],
    st.just(encode(SALE, counted)),
    st.integers(0, 110),
    st.binary(max_size=3),
)


@settings(max_examples=300)
@given(st.one_of(st.binary(max_size=200), CHANGED))
def test_any_bytes_are_a_message_or_a_protocol_error(data: bytes) -> None:
    told = ""
    try:
        message = decode(data)
    except ProtocolError as error:
        told = str(error)
    else:
        assert decode(encode(message, None)) == message
    assert "62121420" not in told
