"""Lines of a scanner cut into codes, however they come."""

from __future__ import annotations

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.barcode import codec
from drivers.barcode.codec import LONGEST, Code, Decoder, Event, ScannerForm, Spoilt


def fed(decoder: Decoder, data: bytes, size: int = 1) -> list[Event]:
    found: list[Event] = []
    for start in range(0, len(data), size):
        found += decoder.feed(data[start : start + size])
    return found


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n"])
@pytest.mark.parametrize("size", [1, 3, 100])
def test_one_code_a_line(end: bytes, size: int) -> None:
    decoder = Decoder(ScannerForm(end))
    assert fed(decoder, b"123" + end + end + b"abc def" + end, size) == [Code("123"), Code("abc def")]
    assert not decoder.pending


def test_prefix_and_suffix_are_taken_off_and_must_be_there() -> None:
    decoder = Decoder(ScannerForm(b"\r", b"]C1", b"~"))
    assert decoder.feed(b"]C1123~\r]C1~\r123~\r]C1123\r]C1~\r") == [
        Code("123"),
        *[Spoilt("without the prefix or suffix that is set")] * 4,
    ]


@pytest.mark.parametrize(("encoding", "good"), [("utf-8", True), ("gbk", True), ("ascii", False)])
def test_text_in_its_encoding(encoding: str, good: bool) -> None:
    decoder = Decoder(ScannerForm(b"\r", encoding=encoding))  # type: ignore[arg-type]
    text = "电费单 42"
    wire = text.encode(encoding if good else "utf-8") + b"\r"
    assert decoder.feed(wire) == [Code(text) if good else Spoilt("not in the encoding that is set")]


@pytest.mark.parametrize("wire", [b"12\x0034\r", b"12\x1b34\r", b"\x7f\r", b"1\n2\r"])
def test_what_cannot_be_printed_is_no_code(wire: bytes) -> None:
    assert Decoder(ScannerForm(b"\r")).feed(wire) == [Spoilt("not printable")]


@pytest.mark.parametrize("end", [b"\r", b"\r\n"])
@pytest.mark.parametrize("size", [1, 7, 4096])
def test_a_code_that_is_too_long_is_dropped_once_and_whole(end: bytes, size: int) -> None:
    decoder = Decoder(ScannerForm(end))
    longest = b"1" * LONGEST
    assert fed(decoder, longest + end, size) == [Code("1" * LONGEST)]
    assert fed(decoder, longest + b"1" + end, size) == [Spoilt("too long")]
    assert fed(decoder, longest * 9 + end + b"42" + end, size) == [Spoilt("too long"), Code("42")]


def test_a_line_without_end_is_bounded_and_given_up_when_it_falls_silent() -> None:
    decoder = Decoder(ScannerForm())
    assert decoder.feed(b"123") == []
    assert decoder.pending
    assert decoder.flush() == [Spoilt("cut short, or without the end that is set")]
    assert decoder.flush() == []
    found = [event for _ in range(1000) for event in decoder.feed(b"1" * 100)]
    assert found == [Spoilt("too long")]
    assert len(decoder._buffer) < 2 * LONGEST
    assert decoder.pending
    assert decoder.flush() == []
    assert decoder.feed(b"42\r\n") == [Code("42")]


@given(st.lists(st.binary(max_size=30)))
def test_any_bytes_end_in_codes_that_can_be_printed(parts: list[bytes]) -> None:
    decoder = Decoder(ScannerForm(b"\r"))
    whole = Decoder(ScannerForm(b"\r")).feed(b"".join(parts))
    cut = [event for part in parts for event in decoder.feed(part)]
    assert cut == whole
    assert all(e.text.isprintable() and e.text for e in cut if isinstance(e, Code))


def test_no_code_shows_itself() -> None:
    assert "4242" not in repr(Decoder(ScannerForm(b"\r")).feed(b"4242\r"))


def test_the_example_in_the_source() -> None:
    assert doctest.testmod(codec).failed == 0
