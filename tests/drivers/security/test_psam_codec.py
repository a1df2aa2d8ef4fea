"""The SAM's commands against frames written by hand, and both ends against each other."""

from __future__ import annotations

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.card.apdu import Command, Response
from drivers.errors import CommandRefused, ProtocolError
from drivers.security import psam_codec as codec
from drivers.security.psam_codec import ESAM, PBOC, Choose, Crypt, PbocDialect, Use

FACTOR = bytes.fromhex("1122334455667788")
INITIAL = bytes.fromhex("A1B2C3D400000000")
WALLET = bytes.fromhex("04D682000C0000138800000007800000")
"""The wallet's UPDATE BINARY as it is MACed: header and data, padded."""


@pytest.mark.parametrize(
    ("command", "frame"),
    [
        (PBOC.choose(Use.ENCRYPT, 1, FACTOR), "80 1A 27 01 08 11 22 33 44 55 66 77 88"),
        (PBOC.choose(Use.MAC, 2, FACTOR), "80 1A 25 02 08 11 22 33 44 55 66 77 88"),
        (PBOC.choose(Use.DECRYPT, 0x10, b"WORKING\0"), "80 1A 29 10 08 57 4F 52 4B 49 4E 47 00"),
        (PBOC.cipher(FACTOR), "80 FA 00 00 08 11 22 33 44 55 66 77 88"),
        (
            PBOC.mac(INITIAL, WALLET)[0],
            "80 FA 05 00 18 A1 B2 C3 D4 00 00 00 00 04 D6 82 00 0C 00 00 13 88 00 00 00 07 80 00 00",
        ),
        (ESAM.choose(Use.ENCRYPT, 3, FACTOR), "80 FA 00 03 08 11 22 33 44 55 66 77 88"),
        (ESAM.cipher(FACTOR), "80 FA 00 00 08 11 22 33 44 55 66 77 88"),
        (codec.select(b"\x3f\x00"), "00 A4 00 00 02 3F 00"),
        (codec.select(b"PSAM1"), "00 A4 04 00 05 50 53 41 4D 31"),
        (codec.read_serial(0x15, 10), "00 B0 95 00 0A"),
        (codec.read_serial(0x16, 6), "00 B0 96 00 06"),
        (codec.verify(b"\x12\x34"), "00 20 00 00 02 12 34"),
        (
            codec.load_component(1, 0x10, bytes(range(16)), b"abc"),
            "80 D4 01 10 13 00 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F 61 62 63",
        ),
        (codec.read_check(0x10), "80 CA 00 10 03"),
    ],
)
def test_frames(command: Command, frame: str) -> None:
    assert command.encode().hex(" ").upper() == frame


def test_the_example_in_the_modules_head() -> None:
    failed, tried = doctest.testmod(codec)
    assert (failed, tried) == (0, 2)


def test_a_long_mac_goes_in_parts() -> None:
    commands = PbocDialect(longest=16).mac(INITIAL, bytes(range(40)))
    assert [(c.p1, len(c.data), c.le) for c in commands] == [(7, 16, None), (3, 16, None), (1, 16, 4)]
    assert b"".join(c.data for c in commands) == INITIAL + bytes(range(40))
    assert [len(c.data) for c in PBOC.mac(INITIAL, bytes(240))] == [240, 8]


def test_an_esam_says_what_it_cannot_do() -> None:
    with pytest.raises(CommandRefused, match="makes no MACs"):
        ESAM.mac(INITIAL, WALLET)
    with pytest.raises(CommandRefused, match="not for mac"):
        ESAM.choose(Use.MAC, 1, FACTOR)
    with pytest.raises(CommandRefused, match="numbered from 1"):
        ESAM.choose(Use.ENCRYPT, 0, FACTOR)


@given(st.sampled_from(Use), st.integers(0, 255), st.binary(min_size=8, max_size=8))
def test_the_card_reads_which_key_is_chosen(use: Use, key_id: int, factor: bytes) -> None:
    assert codec.parse(PBOC.choose(use, key_id, factor)) == Choose(use, key_id, (factor,))
    if key_id:
        assert codec.parse(ESAM.choose(Use.ENCRYPT, key_id, factor)) == Choose(Use.ENCRYPT, key_id, (factor,))


@given(st.sampled_from((16, 48, 240)), st.binary(min_size=1, max_size=60))
def test_the_card_reads_a_mac_in_parts(longest: int, text: bytes) -> None:
    padded = text + bytes(-len(text) % 16)
    parts = [codec.parse(c) for c in PbocDialect(longest=longest).mac(bytes(16), padded)]
    assert all(isinstance(part, Crypt) and part.mac for part in parts)
    crypts = [part for part in parts if isinstance(part, Crypt)]
    assert [part.initial for part in crypts] == [True] + [False] * (len(parts) - 1)
    assert [part.more for part in crypts] == [True] * (len(parts) - 1) + [False]
    assert b"".join(part.data for part in crypts) == bytes(16) + padded


def test_the_card_reads_what_else_is_asked() -> None:
    assert codec.parse(PBOC.cipher(FACTOR)) == Crypt(False, False, False, FACTOR)
    assert codec.parse(codec.verify(b"1234")) == codec.Verify(b"1234")
    assert codec.parse(codec.read_check(7)) == codec.ReadCheck(7)
    for number in (1, 2):
        read = codec.parse(codec.load_component(number, 9, bytes(16), b"abc"))
        assert read == codec.LoadComponent(number, 9, bytes(16), b"abc")
    assert codec.parse(codec.select(b"\x3f\x00")) is None


@pytest.mark.parametrize(
    "frame",
    [
        Command(0x80, 0x1A, 0x27, 1, bytes(16)),
        Command(0x80, 0x1A, 0x07, 1, bytes(8)),
        Command(0x80, 0x1A, 0x21, 1, bytes(8)),
        Command(0x80, 0xFA, 0x08, 0, bytes(8)),
        Command(0x80, 0xFA, 0x00, 1, bytes(16)),
        Command(0x80, 0xFA, 0x01, 1, bytes(8)),
        Command(0x80, 0xFA, 0x00, 0),
        Command(0x80, 0xD4, 0x03, 1, bytes(19)),
        Command(0x80, 0xD4, 0x01, 1, bytes(18)),
        Command(0x80, 0xCA, 0x01, 1),
    ],
)
def test_the_card_refuses_what_contradicts_itself(frame: Command) -> None:
    with pytest.raises(ProtocolError):
        codec.parse(frame)


@pytest.mark.parametrize(("number", "component", "check"), [(0, 16, 3), (3, 16, 3), (1, 15, 3), (1, 16, 4)])
def test_no_command_carries_a_maimed_component(number: int, component: int, check: int) -> None:
    with pytest.raises(ValueError, match="component 1 or 2 has 16 bytes"):
        codec.load_component(number, 1, bytes(component), bytes(check))


def test_a_refusal_is_told_in_words() -> None:
    with pytest.raises(CommandRefused, match=r"80 CA 00 10: no_key \(6A88\)$"):
        codec.answered(codec.read_check(0x10), Response(b"", 0x6A88))
    with pytest.raises(CommandRefused, match=r"auth_failed \(63C2\), 2 tries left"):
        codec.answered(codec.verify(b"1234"), Response(b"", 0x63C2))


def test_an_answer_of_another_length_is_no_answer() -> None:
    with pytest.raises(ProtocolError, match="answered 2 bytes, not 3$") as told:
        codec.answered(codec.read_check(1), Response(b"ab", 0x9000))
    # What came may be half of a working key: the error ends in log and health.
    assert told.value.data == b""
    assert codec.answered(codec.read_check(1), Response(b"abc", 0x9000)) == b"abc"
