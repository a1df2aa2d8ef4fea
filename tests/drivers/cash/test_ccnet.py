"""The CCNET codec against published frames, arbitrary bytes and noise."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.cash.ccnet import (
    ACK,
    NAK,
    VALIDATOR,
    Broken,
    Command,
    Decoder,
    Frame,
    Identification,
    PollAnswer,
    State,
    bill_table,
    crc16,
    parse_bill_table,
    parse_counter,
    parse_identification,
    parse_poll,
    parse_type_mask,
    type_mask,
)
from drivers.cash.model import NoteType
from drivers.errors import ProtocolError

HOST_FRAMES = {
    "02 03 06 30 41 B3": bytes([Command.RESET]),
    "02 03 06 00 C2 82": ACK,
    "02 03 06 33 DA 81": bytes([Command.POLL]),
    "02 03 06 FF BA 8D": NAK,
    "02 03 06 31 C8 A2": bytes([Command.GET_STATUS]),
    "02 03 06 35 EC E4": bytes([Command.STACK]),
    "02 03 06 36 77 D6": bytes([Command.RETURN]),
    "02 03 06 37 FE C7": bytes([Command.IDENTIFICATION]),
    "02 03 06 38 09 3F": bytes([Command.HOLD]),
    "02 03 06 41 4F D1": bytes([Command.GET_BILL_TABLE]),
    "02 03 0C 34 FF FF FF FF FF FF FE F7": bytes([Command.ENABLE_BILL_TYPES]) + b"\xff" * 6,
    "02 03 0C 34 00 00 00 00 00 00 17 0C": bytes([Command.ENABLE_BILL_TYPES]) + bytes(6),
}
DEVICE_FRAMES = {
    "02 03 06 14 67 D4": PollAnswer(State.IDLING),
    "02 03 06 19 82 0F": PollAnswer(State.UNIT_DISABLED),
    "02 03 07 80 02 9E 10": PollAnswer(State.ESCROW, 2),
    "02 03 07 81 02 46 09": PollAnswer(State.STACKED, 2),
    "02 03 07 1C 68 3F 6C": PollAnswer(State.REJECTING, 0x68),
}
IDLING = bytes.fromhex("02 03 06 14 67 D4")

frames = st.builds(
    Frame,
    st.integers(0, 255),
    st.one_of(st.binary(min_size=1, max_size=60), st.binary(min_size=240, max_size=1017)),
)
# Noise that cannot itself be a frame, so that the frames found are exactly those that were sent.
noise = st.binary(max_size=40).map(lambda data: data.replace(b"\x02", b"\x03"))
fake_heads = st.sampled_from(
    [b"\x02", b"\x02\x03", b"\x02\x03\xfa", b"\x02\x03\x00", b"\x02\x03\x06\x14", b"\x02\x03\x03"]
)


def decoded(events: list[Frame | Broken]) -> list[Frame]:
    return [event for event in events if isinstance(event, Frame)]


def test_crc_check_value() -> None:
    assert crc16(b"123456789") == 0x2189


@pytest.mark.parametrize("wire", HOST_FRAMES)
def test_published_host_frames(wire: str) -> None:
    frame = Frame(VALIDATOR, HOST_FRAMES[wire])
    assert frame.to_bytes() == bytes.fromhex(wire)
    assert Decoder(from_host=True).feed(bytes.fromhex(wire)) == [frame]


@pytest.mark.parametrize("wire", DEVICE_FRAMES)
def test_published_device_frames(wire: str) -> None:
    answer = DEVICE_FRAMES[wire]
    frame = Frame(VALIDATOR, answer.to_bytes())
    assert frame.to_bytes(from_host=False) == bytes.fromhex(wire)
    assert Decoder().feed(bytes.fromhex(wire)) == [frame]
    assert parse_poll(frame.payload) == answer


@given(st.lists(frames, max_size=4), st.booleans(), st.integers(1, 17))
def test_frames_survive_any_cutting(sent: list[Frame], from_host: bool, piece: int) -> None:
    wire = b"".join(frame.to_bytes(from_host=from_host) for frame in sent)
    decoder = Decoder(from_host=from_host)
    found: list[Frame | Broken] = []
    for start in range(0, len(wire), piece):
        found += decoder.feed(wire[start : start + piece])
    assert found == sent
    assert decoder.pending == 0


def test_long_frame_carries_its_length_in_its_data() -> None:
    wire = Frame(VALIDATOR, b"\x50" + b"\x11" * 300).to_bytes()
    assert wire[:6] == bytes([0x02, 0x03, 0x00, 0x50]) + (308).to_bytes(2, "big")
    assert len(wire) == 308
    assert Decoder(from_host=True).feed(wire) == [Frame(VALIDATOR, b"\x50" + b"\x11" * 300)]


@pytest.mark.parametrize("payload", [b"", bytes(1018)])
def test_impossible_payloads_are_refused(payload: bytes) -> None:
    with pytest.raises(ValueError, match="1 to 1017 bytes"):
        Frame(VALIDATOR, payload).to_bytes()


@given(st.lists(st.binary(max_size=300), max_size=12))
def test_arbitrary_bytes_never_raise_and_stay_bounded(pieces: list[bytes]) -> None:
    decoder = Decoder()
    for piece in pieces:
        decoder.feed(piece)
        assert decoder.pending <= 1024
    decoder.flush()
    assert decoder.pending == 0


def test_a_flood_of_false_heads_stays_bounded() -> None:
    decoder = Decoder()
    for _ in range(40):
        decoder.feed(b"\x02\x03\xfa" * 100)
        assert decoder.pending <= 1024


@given(st.lists(st.tuples(noise, frames), max_size=5), noise)
def test_noise_between_frames_hides_none(parts: list[tuple[bytes, Frame]], tail: bytes) -> None:
    wire = b"".join(rubbish + frame.to_bytes(from_host=False) for rubbish, frame in parts) + tail
    assert decoded(Decoder().feed(wire)) == [frame for _, frame in parts]


@given(st.lists(fake_heads, min_size=1, max_size=6))
def test_noise_that_looks_like_a_frame_hides_none_once_the_line_is_silent(heads: list[bytes]) -> None:
    decoder = Decoder()
    found: list[Frame | Broken] = []
    for head in heads:
        found += decoder.feed(head + IDLING)
    found += decoder.flush()
    assert decoded(found) == [Frame(VALIDATOR, b"\x14")] * len(heads)


@given(st.integers(0, 6 * 8 - 1))
def test_any_flipped_bit_is_noticed(bit: int) -> None:
    wire = bytearray(IDLING)
    wire[bit // 8] ^= 1 << bit % 8
    decoder = Decoder()
    assert decoded(decoder.feed(bytes(wire)) + decoder.flush()) == []


def test_broken_crc_is_told_with_its_bytes() -> None:
    wire = IDLING[:-1] + b"\x00"
    assert Decoder().feed(wire) == [Broken(wire, whole=True)]


def test_a_frame_cut_short_is_told_when_the_line_falls_silent() -> None:
    decoder = Decoder()
    assert decoder.feed(IDLING[:4]) == []
    assert decoder.flush() == [Broken(IDLING[:4], whole=False)]


@given(st.binary(max_size=130))
def test_parsers_raise_nothing_but_protocol_errors(payload: bytes) -> None:
    for parse in (parse_identification, parse_bill_table, parse_counter):
        try:
            parse(payload)
        except ProtocolError:
            continue
    if payload:
        try:
            parse_poll(payload)
        except ProtocolError:
            return


@pytest.mark.parametrize("payload", [b"\x99", b"\x80", b"\x30"])
def test_impossible_poll_answers(payload: bytes) -> None:
    with pytest.raises(ProtocolError):
        parse_poll(payload)


def test_a_second_byte_is_ignored_where_the_state_has_none() -> None:
    assert parse_poll(b"\x14\x00") == PollAnswer(State.IDLING)


notes = st.lists(
    st.builds(
        NoteType,
        st.integers(0, 23),
        st.builds(lambda digits, power: digits * 10**power, st.integers(1, 255), st.integers(0, 9)),
        st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=3, max_size=3),
    ),
    unique_by=lambda note: note.index,
)


@given(notes)
def test_bill_table_round_trip(table: list[NoteType]) -> None:
    assert parse_bill_table(bill_table(table)) == tuple(sorted(table, key=lambda note: note.index))


def test_bill_table_entries_of_every_form() -> None:
    entries = [b"\x01CHN\x02", b"\x0aCHN\x01", b"\x64CHN\x00", b"\x00\x00\x00\x00\x00", b"\x05CHN\x81"]
    table = parse_bill_table(b"".join(entries).ljust(120, b"\x00"))
    assert [(note.index, note.value_fen) for note in table] == [(0, 10000), (1, 10000), (2, 10000), (4, 50)]


@pytest.mark.parametrize("entry", [b"\x01CHN\x83", b"\x01CHN\x7f", b"\x01CHN\xff"])
def test_impossible_bill_table_entries(entry: bytes) -> None:
    with pytest.raises(ProtocolError):
        parse_bill_table(entry.ljust(120, b"\x00"))


@given(st.frozensets(st.integers(0, 23)))
def test_type_mask_round_trip(types: frozenset[int]) -> None:
    assert parse_type_mask(type_mask(types)) == types


def test_type_mask_has_type_0_in_the_last_bit() -> None:
    assert type_mask({0, 9}) == b"\x00\x02\x01"
    with pytest.raises(ValueError, match="not within"):
        type_mask({24})


def test_identification_round_trip() -> None:
    who = Identification("FLS-CN1234", "23KC0012345", b"\x00\x01\x02\x03\x04\x05\x06")
    assert len(who.to_bytes()) == 34
    assert parse_identification(who.to_bytes()) == who


def test_counter_has_its_highest_byte_first() -> None:
    assert parse_counter(b"\x00\x00\x01\x02") == 258


@pytest.mark.parametrize("answer", [b"\x30", b"\x81\x04", bytes(9), bytes(34)])
def test_what_answers_another_question_is_no_counter(answer: bytes) -> None:
    with pytest.raises(ProtocolError):
        parse_counter(answer)


def test_what_answers_another_question_is_no_state() -> None:
    # A note table that begins with 20 yuan begins like IDLING, a part number that begins with F like PAUSE.
    for answer in (b"\x14CHN\x00".ljust(120, b"\0"), b"FLS-CN1234".ljust(34)):
        with pytest.raises(ProtocolError):
            parse_poll(answer)
