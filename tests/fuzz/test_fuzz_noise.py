"""Frames with noise between them: every one whose bytes are intact comes out, and what can hide one is named."""

from __future__ import annotations

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from drivers.cash.ccnet import Broken, Decoder, Frame
from drivers.printer import escpos_codec as escpos
from tests.fuzz.serial_targets import ccnet_frames

FIXED = settings(
    max_examples=120, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
frames = st.builds(
    Frame,
    st.integers(0, 255),
    st.one_of(st.binary(min_size=1, max_size=30), st.binary(min_size=243, max_size=400)),
)
noise = st.lists(
    st.one_of(
        st.binary(max_size=30),
        # Heads of every length that a frame can claim, and frames with something wrong in them.
        st.builds(lambda n: bytes([2, 3, n]), st.integers(0, 255)),
        st.builds(lambda n: b"\x02\x03\x00" + n.to_bytes(2, "big"), st.integers(240, 1100)),
        frames.map(lambda frame: frame.to_bytes(from_host=False)[:-1]),
        frames.map(lambda frame: frame.to_bytes(from_host=False)[:-1] + b"\x02"),
    ),
    max_size=3,
).map(b"".join)


def wire(frame: Frame) -> bytes:
    return frame.to_bytes(from_host=False)


@FIXED
@given(st.lists(st.tuples(noise, frames, st.booleans()), max_size=6), noise, st.integers(1, 300))
def test_an_intact_frame_is_lost_only_to_another_whole_frame(
    parts: list[tuple[bytes, Frame, bool]], tail: bytes, piece: int
) -> None:
    decoder = Decoder()
    told: list[Frame | Broken] = []
    stream, sent = b"", []
    for rubbish, frame, _ in parts:
        sent.append((len(stream) + len(rubbish), frame))
        stream += rubbish + wire(frame)
    stream += tail
    for start in range(0, len(stream), piece):
        told += decoder.feed(stream[start : start + piece])
    told += decoder.flush()
    found = [event for event in told if isinstance(event, Frame)]
    accepted = ccnet_frames(stream, from_host=False)
    for at, frame in sent:
        hidden = [s for s, whole in accepted if s != at and s < at + len(wire(frame)) and at < s + len(whole)]
        event("hidden" if hidden else "found")
        assert hidden or frame in found


@FIXED
@given(st.lists(st.tuples(noise, frames), max_size=5))
def test_silence_before_a_frame_lets_no_noise_hide_it(parts: list[tuple[bytes, Frame]]) -> None:
    decoder = Decoder()
    for rubbish, frame in parts:
        decoder.feed(rubbish)
        decoder.flush()
        assert decoder.feed(wire(frame)) == [frame]


@FIXED
@given(noise, frames)
def test_noise_holds_a_frame_back_no_longer_than_its_longest_length(rubbish: bytes, frame: Frame) -> None:
    decoder = Decoder()
    told = decoder.feed(rubbish + wire(frame) + bytes(1024))
    whole = [data for _, data in ccnet_frames(rubbish + wire(frame), from_host=False)]
    assert [wire(event) for event in told if isinstance(event, Frame)][: len(whole)] == whole


markers = st.text(escpos.MARKER_CHARACTERS, min_size=4, max_size=4)
printer_noise = st.one_of(
    st.binary(max_size=100), st.lists(st.sampled_from([b"7", b'7"', b"\x10", b"AB", b"\x00"])).map(b"".join)
)


@FIXED
@given(st.lists(st.tuples(printer_noise, markers), max_size=5), printer_noise, st.integers(1, 40))
def test_the_word_that_a_slip_is_out_cannot_be_hidden(
    parts: list[tuple[bytes, str]], tail: bytes, piece: int
) -> None:
    stream = b"".join(rubbish + b'7"' + marker.encode() + b"\x00" for rubbish, marker in parts) + tail
    decoder = escpos.Decoder()
    told: list[escpos.Frame] = []
    for start in range(0, len(stream), piece):
        told += decoder.feed(stream[start : start + piece])
    said = [answer.marker for answer in told if isinstance(answer, escpos.JobDone)]
    wanted = iter(said)
    assert all(marker in wanted for _, marker in parts)
