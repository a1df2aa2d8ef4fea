"""Commands and responses to and from bytes, and every status word's word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.card.apdu import Command, Response, get_response, meaning
from drivers.errors import ProtocolError

byte = st.integers(0, 255)


@pytest.mark.parametrize(
    ("command", "t0", "t1"),
    [
        (Command(0x80, 0xE0, 0, 1), "80E0000100", "80E00001"),
        (Command(0x00, 0xB0, 0x99, 0x01, le=8), "00B0990108", "00B0990108"),
        (Command(0x00, 0xB0, 0x83, 0x00, le=256), "00B0830000", "00B0830000"),
        (Command(0x00, 0xA4, 0, 0, b"\x3f\x00"), "00A40000023F00", "00A40000023F00"),
        (Command(0x00, 0x88, 0, 1, b"\x11\x22", le=8), "00880001021122", "0088000102112208"),
    ],
    ids=["case 1", "case 2", "case 2, all", "case 3", "case 4"],
)
def test_the_four_cases(command: Command, t0: str, t1: str) -> None:
    assert command.encode().hex().upper() == t0
    assert command.encode(t0=False).hex().upper() == t1


@given(byte, byte, byte, byte, st.binary(min_size=1, max_size=255))
def test_data_stands_behind_its_length(cla: int, ins: int, p1: int, p2: int, data: bytes) -> None:
    assert Command(cla, ins, p1, p2, data).encode() == bytes([cla, ins, p1, p2, len(data)]) + data


@pytest.mark.parametrize(
    "make",
    [
        lambda: Command(0x100, 0, 0, 0),
        lambda: Command(0, 0, 0, -1),
        lambda: Command(0, 0, 0, 0, bytes(256)),
        lambda: Command(0, 0, 0, 0, le=0),
        lambda: Command(0, 0, 0, 0, le=257),
    ],
)
def test_what_is_no_short_command(make: object) -> None:
    with pytest.raises(ValueError):
        make()  # type: ignore[operator]


@given(st.binary(max_size=256), st.integers(0, 0xFFFF))
def test_response_round_trip(data: bytes, sw: int) -> None:
    assert Response.decode(Response(data, sw).encode()) == Response(data, sw)


@pytest.mark.parametrize("raw", [b"", b"\x90", bytes(259)])
def test_what_is_no_response(raw: bytes) -> None:
    with pytest.raises(ProtocolError):
        Response.decode(raw)


@pytest.mark.parametrize(
    ("sw", "word"),
    [
        (0x9000, "ok"),
        (0x6108, "more"),
        (0x6C2D, "wrong_le"),
        (0x6300, "auth_failed"),
        (0x63C2, "auth_failed"),
        (0x6581, "worn"),
        (0x6700, "wrong_length"),
        (0x6982, "not_allowed"),
        (0x6983, "locked"),
        (0x6984, "no_challenge"),
        (0x6985, "not_now"),
        (0x6988, "mac_wrong"),
        (0x6989, "mac_wrong"),
        (0x6A82, "no_file"),
        (0x6B00, "unissued"),
        (0x6F00, "fault"),
        (0x63D0, "fault"),
        (0x1234, "fault"),
    ],
)
def test_words(sw: int, word: str) -> None:
    assert meaning(sw) == Response(b"", sw).word == word
    assert Response(b"", sw).ok is (word == "ok")


def test_what_a_status_word_orders() -> None:
    assert Response(b"", 0x6108).waiting == 8
    assert Response(b"", 0x6100).waiting == 256
    assert Response(b"", 0x6C2D).right_le == 0x2D
    assert Command(0, 0xB0, 0x81, 0, le=256).with_le(0x2D) == Command(0, 0xB0, 0x81, 0, le=0x2D)
    assert Command(0, 0xB0, 0x81, 0, le=1).with_le(0).le == 256
    assert get_response(8).encode().hex() == "00c0000008"
    assert [Response(b"", sw).tries_left for sw in (0x63C2, 0x63C0, 0x6983, 0x6300, 0x9000)] == [
        2,
        0,
        0,
        None,
        None,
    ]
    assert Response(b"", 0x9000).waiting is Response(b"", 0x9000).right_le is None
