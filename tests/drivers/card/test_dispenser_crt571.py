"""The CRT-571 codec: every code of the tables, and answers that no unit gives."""

from __future__ import annotations

import pytest

from drivers.card import dispenser_crt571 as crt
from drivers.card.card_driver import FAULTS
from drivers.card.dispenser_crt571 import Command, Move, Path
from drivers.card.frame import Answer, Question
from drivers.errors import ProtocolError
from drivers.status import Supply


def test_text_of_a_question() -> None:
    assert crt.to_text(Question(Command.MOVE, Move.BIN)) == b"C\x32\x33"


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"020", crt.Status(Path.NONE, Supply.GOOD, Supply.GOOD)),
        (b"111", crt.Status(Path.MOUTH, Supply.LOW, Supply.FULL)),
        (b"200more", crt.Status(Path.STATION, Supply.OUT, Supply.GOOD)),
    ],
)
def test_status(data: bytes, status: crt.Status) -> None:
    assert crt.parse_status(data) == status


@pytest.mark.parametrize("data", [b"", b"02", b"320", b"030", b"022"])
def test_a_status_that_is_none(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        crt.parse_status(data)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (b"P10020", Answer(0x31, 0x30, b"020")),
        (b"P\xa40020name", Answer(0xA4, 0x30, b"020name")),
        (b"N2110", Answer(0x32, 0x31, error="10")),
        (b"E21A0", Answer(0x32, 0x31, error="A0")),
        (b"N21B0more", Answer(0x32, 0x31, b"more", "B0")),
    ],
)
def test_answers(text: bytes, answer: Answer) -> None:
    assert crt.parse_answer(text) == answer


@pytest.mark.parametrize("text", [b"P", b"P1002", b"N211", b"C10020", b"\0\0\0\0\0\0"])
def test_answers_that_are_none(text: bytes) -> None:
    with pytest.raises(ProtocolError):
        crt.parse_answer(text)


def test_every_code_has_a_word_that_the_driver_knows() -> None:
    known = set(FAULTS) | {crt.REFUSED, crt.STACK_OUT, crt.PULLED}
    assert {word for word, _ in crt.ERRORS.values()} <= known
    assert crt.meaning("10") == ("jam", "card jam")
    assert crt.meaning("ZZ") == ("failed", "unknown code")
