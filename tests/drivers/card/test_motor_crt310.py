"""The CRT-310 codec: every code of the tables, and answers that no unit gives."""

from __future__ import annotations

import pytest

from drivers.card import motor_crt310 as crt
from drivers.card.frame import Answer, Question
from drivers.card.model import CardState
from drivers.card.motor_crt310 import Command, Done, Entry, Move, Place, Rear
from drivers.errors import ProtocolError


def test_texts_of_questions() -> None:
    assert crt.to_text(Question(Command.MOVE, Move.CONTACT)) == b"\x32\x2f"
    assert (
        crt.to_text(Question(Command.ENTRY, Entry.MAGNETIC_AND_SWITCH, bytes([Rear.REFUSED])))
        == b"\x2f\x32\x31"
    )


def test_every_place_has_a_state() -> None:
    assert set(crt.STATES) == set(Place)
    assert crt.parse_status(b"\x4b\x4a\x4e") == crt.Status(Place.CONTACT, 0x4A, crt.REAR_SHUT)
    assert [
        state.media for state in (CardState.EMPTY, CardState.LOOSE, CardState.CONTACT, CardState.ABNORMAL)
    ] == [
        "notPresent",
        "entering",
        "present",
        "jammed",
    ]


@pytest.mark.parametrize("data", [b"", b"\x4b\x4a", b"\x4b\x4a\x4e\x4e", b"\x45\x4a\x4e", b"\x4f\x4a\x4e"])
def test_a_status_that_is_none(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        crt.parse_status(data)


@pytest.mark.parametrize(("data", "is_open"), [(b"0000010", True), (b"1111101", False), (b"00000010", True)])
def test_shutter_in_both_editions(data: bytes, is_open: bool) -> None:
    assert crt.shutter_open(data) is is_open


@pytest.mark.parametrize("data", [b"", b"000000", b"000000000", b"0000020"])
def test_sensors_that_cannot_be_read(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        crt.shutter_open(data)


def test_ends_of_a_move() -> None:
    assert [crt.parse_done(data) for data in (b"Y", b"N", b"E", b"W")] == list(Done)
    for data in (b"", b"y"):
        with pytest.raises(ProtocolError):
            crt.parse_done(data)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("31 30 4B 4A 4E", Answer(0x31, 0x30, b"\x4b\x4a\x4e")),
        ("2E 33", Answer(0x2E, 0x33)),
        ("4E 32 02", Answer(0x32, None, error="02")),
        ("4E 32 2F 07", Answer(0x32, None, error="07")),
    ],
)
def test_answers(text: str, answer: Answer) -> None:
    assert crt.parse_answer(bytes.fromhex(text)) == answer


@pytest.mark.parametrize("text", ["4E", "4E 32", "31"])
def test_answers_that_are_none(text: str) -> None:
    with pytest.raises(ProtocolError):
        crt.parse_answer(bytes.fromhex(text))


def test_what_answers_what() -> None:
    assert Answer(0x31, 0x30).answers(crt.STATUS)
    assert not Answer(0x31, 0x2F).answers(crt.STATUS)
    assert not Answer(0x32, 0x30).answers(crt.STATUS)
    assert Answer(0x31, None, error="02").answers(crt.STATUS)
