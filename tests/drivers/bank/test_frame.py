"""Frames in any portions; a length that no frame has ends the connection."""

from __future__ import annotations

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.bank import frame as module
from drivers.bank.frame import MOST, Decoder, Frame, Wanted
from drivers.errors import ProtocolError

FRAMES = st.builds(
    Frame,
    st.binary(min_size=5, max_size=5),
    st.text("0123456789", min_size=12, max_size=12),
    st.binary(max_size=300),
)
ONE = Frame(bytes.fromhex("6000030001"), "603100000000", b"message")


def test_the_modules_vectors() -> None:
    failed, tried = doctest.testmod(module)
    assert (failed, tried) == (0, 3)


@given(st.lists(FRAMES, max_size=4), st.lists(st.integers(1, 60), min_size=1))
def test_frames_come_out_as_they_went_in(frames: list[Frame], cuts: list[int]) -> None:
    data = b"".join(frame.to_bytes() for frame in frames)
    decoder, found, at = Decoder(), [], 0
    while at < len(data):
        for cut in cuts:
            found += decoder.feed(data[at : at + cut])
            at += cut
    assert found == frames
    assert decoder.pending == 0


@pytest.mark.parametrize("length", [0, 1, 10, MOST + 1, 0xFFFF])
def test_a_length_that_no_frame_has(length: int) -> None:
    decoder = Decoder()
    bad = length.to_bytes(2, "big")
    assert decoder.feed(ONE.to_bytes() + bad) == [ONE]
    for more in (b"", ONE.to_bytes()):
        with pytest.raises(ProtocolError, match=f"length of {length}"):
            decoder.feed(more)


def test_a_header_that_is_not_of_digits() -> None:
    data = bytearray(ONE.to_bytes())
    data[9] = 0x3A
    with pytest.raises(ProtocolError, match="header"):
        Decoder().feed(bytes(data))


@given(st.lists(st.binary(max_size=100), max_size=6))
def test_any_bytes_are_frames_or_a_protocol_error(pieces: list[bytes]) -> None:
    decoder = Decoder()
    try:
        frames = [frame for piece in pieces for frame in decoder.feed(piece)]
    except ProtocolError:
        return
    assert b"".join(pieces).startswith(b"".join(frame.to_bytes() for frame in frames))
    assert decoder.pending < MOST + 2


def test_what_the_bank_wants() -> None:
    assert [ONE.asking(wanted).wanted for wanted in Wanted] == list(Wanted)
    assert ONE.asking(Wanted.SIGN_ON).header == "603103000000"
    assert Frame(ONE.tpdu, "603109000000", b"").wanted is Wanted.NOTHING


def test_an_answer_goes_back_where_the_question_came_from_and_wants_nothing() -> None:
    answer = ONE.asking(Wanted.SIGN_ON).reply(b"answer")
    assert answer == Frame(bytes.fromhex("6000010003"), "603100000000", b"answer")


def test_what_cannot_be_framed() -> None:
    for frame in (
        Frame(b"1234", ONE.header, b""),
        Frame(ONE.tpdu, "60310000000x", b""),
        Frame(ONE.tpdu, ONE.header, bytes(MOST)),
    ):
        with pytest.raises(ValueError, match="has"):
            frame.to_bytes()


def test_a_frame_does_not_show_its_body() -> None:
    assert "message" not in repr(ONE)
