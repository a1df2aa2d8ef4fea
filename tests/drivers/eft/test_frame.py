"""The frames of a terminal box's line, whole, cut, spoilt and between noise."""

from __future__ import annotations

import pytest

from drivers.eft.frame import LONGEST, Broken, Decoder, Event, Frame, Signal, to_bytes

VECTORS = [
    # Worked out by hand: length in decimal digits, the check over length, data and ETX.
    (b"H", "02 00 01 48 03 4a"),
    (b"0" * 41, "02 00 41" + " 30" * 41 + " 03 72"),
    (b"1" * 120, "02 01 20" + " 31" * 120 + " 03 22"),
]


@pytest.mark.parametrize(("data", "wire"), VECTORS)
def test_vectors(data: bytes, wire: str) -> None:
    assert to_bytes(data) == bytes.fromhex(wire)
    assert Decoder().feed(bytes.fromhex(wire)) == [Frame(data)]


@pytest.mark.parametrize("size", [1, 2, 9, 10, 99, 100, LONGEST])
def test_any_cut_gives_the_same(size: int) -> None:
    data = bytes(0x30 + n % 10 for n in range(size))
    decoder, found = Decoder(), list[Event]()
    for byte in b"\x06" + to_bytes(data) + b"\x15":
        found += decoder.feed(bytes([byte]))
    assert found == [Signal.ACK, Frame(data), Signal.NAK]
    assert decoder.pending == 0


@pytest.mark.parametrize("size", [0, LONGEST + 1])
def test_what_no_frame_holds(size: int) -> None:
    with pytest.raises(ValueError, match="1 to 512"):
        to_bytes(b"0" * size)


def test_a_spoilt_frame_is_broken_once_and_the_next_is_found() -> None:
    wire = to_bytes(b"HELLO")
    for place in range(3, len(wire)):
        spoilt = wire[:place] + bytes([wire[place] ^ 0x01]) + wire[place + 1 :]
        assert Decoder().feed(spoilt + wire) == [Broken(), Frame(b"HELLO")]


def test_a_check_byte_that_looks_like_an_ack_acknowledges_nothing() -> None:
    data = b"\x04"
    wire = to_bytes(data)
    assert wire[-1] == Signal.ACK
    assert Decoder().feed(wire) == [Frame(data)]
    assert Decoder().feed(wire[:3] + b"\x41" + wire[4:]) == [Broken()]


def test_a_frame_cut_short_is_given_up_and_one_inside_it_is_found() -> None:
    decoder = Decoder()
    assert decoder.feed(b"\x02\x04\x99" + to_bytes(b"H") + b"\x06") == []
    assert decoder.flush() == [Broken(), Frame(b"H")]
    assert decoder.flush() == []


@pytest.mark.parametrize("noise", [b"\x00\xff\x30", b"\x02\x00\x00", b"\x02\x05\x13", b"\x02\x0a\x01"])
def test_noise_before_a_frame(noise: bytes) -> None:
    assert Decoder().feed(noise + to_bytes(b"H"))[-1] == Frame(b"H")


def test_no_frame_shows_its_data() -> None:
    assert "6212" not in repr(Decoder().feed(to_bytes(b"6212149876543210124")))


@pytest.mark.parametrize("noise", [b"\x02", b"\x02\x05\x12", b"\x02\x00\x01", b"\x55"])
def test_a_stream_of_starts_is_bounded(noise: bytes) -> None:
    decoder = Decoder()
    for _ in range(3000):
        decoder.feed(noise)
        assert decoder.pending <= LONGEST + 5
