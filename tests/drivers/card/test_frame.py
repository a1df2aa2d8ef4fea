"""The frames of the CRT family: the published ones byte for byte, and streams cut and broken in every way."""

from __future__ import annotations

import doctest
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.card import dispenser_crt571, frame, motor_crt310
from drivers.card.frame import DISPENSER, LONGEST_TEXT, MOTOR, Broken, Control, Decoder, Frame, Framing, bcc

# As found in public programs: eject, reset with eject, status, entry by magnetic signal and switch, a move's answer.
PUBLISHED = [
    "02 00 02 32 30 03 01",
    "02 00 02 30 31 03 02",
    "02 00 02 31 30 03 02",
    "02 00 03 2F 32 31 03 2E",
    "02 00 03 32 30 59 03 59",
]
BOTH = pytest.mark.parametrize("framing", [MOTOR, DISPENSER], ids=["motor", "dispenser"])
texts = st.binary(min_size=1, max_size=60)


@pytest.mark.parametrize("module", [frame, motor_crt310, dispenser_crt571])
def test_examples(module: object) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]


@pytest.mark.parametrize("wire", PUBLISHED)
def test_published_frames(wire: str) -> None:
    data = bytes.fromhex(wire)
    [found] = Decoder(MOTOR).feed(data)
    assert found == Frame(data[3:-2])
    assert MOTOR.to_bytes(found) == data


def test_dispenser_frame() -> None:
    wire = DISPENSER.to_bytes(Frame(b"C\x30\x33", 5))
    assert wire.hex(" ").upper() == "F2 05 00 03 43 30 33 03 B7"
    assert wire[-1] == bcc(wire[:-1])
    assert Decoder(DISPENSER).feed(wire) == [Frame(b"C\x30\x33", 5)]


@BOTH
@pytest.mark.parametrize("length", [0, LONGEST_TEXT + 1])
def test_texts_that_no_frame_carries(framing: Framing, length: int) -> None:
    with pytest.raises(ValueError, match="1 to 520"):
        framing.to_bytes(Frame(bytes(length)))
    longest = framing.to_bytes(Frame(bytes(LONGEST_TEXT)))
    assert Decoder(framing).feed(longest) == [Frame(bytes(LONGEST_TEXT))]


@BOTH
@settings(max_examples=40)
@given(found=st.lists(st.one_of(texts, st.sampled_from(Control)), max_size=6), seed=st.integers(0, 999))
def test_however_it_is_cut(framing: Framing, found: list[bytes | Control], seed: int) -> None:
    expected = [Frame(each) if isinstance(each, bytes) else each for each in found]
    wire = b"".join(framing.to_bytes(e) if isinstance(e, Frame) else bytes([e]) for e in expected)
    decoder, chance, got, place = Decoder(framing), random.Random(seed), [], 0
    while place < len(wire):
        step = chance.randrange(1, 9)
        got += decoder.feed(wire[place : place + step])
        place += step
    assert got == expected
    assert decoder.pending == 0


@BOTH
@settings(max_examples=40)
@given(noise=st.binary(max_size=80), text=texts)
def test_a_frame_behind_noise_is_found_or_the_noise_was_one(
    framing: Framing, noise: bytes, text: bytes
) -> None:
    wire = framing.to_bytes(Frame(text))
    decoder = Decoder(framing)
    got = decoder.feed(noise + wire) + decoder.flush()
    frames = [each for each in got if isinstance(each, Frame)]
    swallowed = any(framing.to_bytes(each) not in wire for each in frames)
    assert Frame(text) in frames or swallowed


@BOTH
def test_one_flipped_bit_is_noticed(framing: Framing) -> None:
    wire = framing.to_bytes(Frame(b"\x31\x30\x4b\x4e\x4e"))
    for bit in range(8 * len(wire)):
        torn = bytearray(wire)
        torn[bit // 8] ^= 1 << bit % 8
        decoder = Decoder(framing)
        got = decoder.feed(bytes(torn)) + decoder.flush()
        assert not [each for each in got if isinstance(each, Frame)]


def test_a_frame_ends_with_etx() -> None:
    wire = bytearray(MOTOR.to_bytes(Frame(b"\x31\x30")))
    wire[-2] ^= 1
    wire[-1] ^= 1
    assert Decoder(MOTOR).feed(bytes(wire)) == [Broken(bytes(wire))]


def test_inside_a_broken_frame_nothing_is_acknowledged() -> None:
    wire = bytearray(MOTOR.to_bytes(Frame(b"\x06\x15\x04\x05")))
    wire[-1] ^= 1
    assert Decoder(MOTOR).feed(bytes(wire)) == [Broken(bytes(wire))]
    decoder = Decoder(MOTOR)
    assert decoder.feed(bytes(wire[:5])) == []
    assert decoder.flush() == [Broken(bytes(wire[:5]))]
    assert decoder.feed(b"\x06") == [Control.ACK]


@pytest.mark.parametrize("head", [b"\x02\x00\x00", b"\x02\xff\xff", b"\x02\x02\x09"])
def test_an_impossible_length_holds_nothing_back(head: bytes) -> None:
    wire = MOTOR.to_bytes(Frame(b"\x31\x30"))
    assert Frame(b"\x31\x30") in Decoder(MOTOR).feed(head + wire)


def test_a_line_full_of_starts_is_bounded() -> None:
    decoder = Decoder(MOTOR)
    for _ in range(200):
        decoder.feed(b"\x02\x02\x08" * 10)
        assert decoder.pending < 2 * LONGEST_TEXT
    decoder.clear()
    assert decoder.pending == 0
