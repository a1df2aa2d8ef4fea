"""The line of the card units against a peer that says exactly what a test wants: late, foreign, broken answers."""

from __future__ import annotations

import os
import threading
import time
import tty
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from drivers.card.dispenser_crt571 import CRT571, SENSORS, STATUS, VERSION, Command, Move, to_text
from drivers.card.frame import DISPENSER, Answer, Decoder, Frame, Question
from drivers.card.line import CardLine, CardLineSettings
from drivers.errors import DeviceTimeout, ProtocolError
from drivers.transport import SerialTransport
from tests.drivers.card.conftest import PATIENCE_S

ACK = b"\x06"
PATIENT = CardLineSettings(call=PATIENCE_S, move=PATIENCE_S, quiet=0.02)
BYE = DISPENSER.to_bytes(Frame(b"bye"))


def says(question: Question, data: bytes = b"020", address: int = 0) -> bytes:
    """A unit's yes, with the ACK before it."""
    text = b"P" + bytes([question.command, question.parameter]) + data
    return ACK + DISPENSER.to_bytes(Frame(text, address))


def spoilt(wire: bytes) -> bytes:
    return wire[:-1] + bytes([wire[-1] ^ 0x10])


@contextmanager
def peer(*script: bytes, acks: bool = False) -> Iterator[tuple[CardLine, list[bytes]]]:
    """A line whose other end answers what it hears, word by word, with the script; and the words that it has heard."""
    master, slave = os.openpty()
    tty.setraw(slave)
    heard: list[bytes] = []

    def serve() -> None:
        decoder, answers = Decoder(DISPENSER), list(script)
        while True:
            for event in decoder.feed(os.read(master, 256)):
                word = (
                    event.text
                    if isinstance(event, Frame)
                    else bytes([event])
                    if isinstance(event, int)
                    else b"?"
                )
                if word == b"bye":
                    return
                if word != ACK or acks:
                    heard.append(word)
                    os.write(master, answers.pop(0) if answers else b"")

    thread = threading.Thread(target=serve)
    thread.start()
    line = CardLine(SerialTransport(os.ttyname(slave)), CRT571, PATIENT)
    line.transport.open()
    try:
        yield line, heard
    finally:
        line.transport.write(BYE)
        thread.join(PATIENCE_S)
        line.transport.close()
        os.close(slave)
        os.close(master)


def await_heard(heard: list[bytes], words: list[bytes]) -> None:
    until = time.monotonic() + PATIENCE_S
    while heard != words:
        assert time.monotonic() < until, heard
        time.sleep(0.003)


def soon() -> float:
    return time.monotonic() + 0.1


def test_an_answer() -> None:
    with peer(says(STATUS)) as (line, heard):
        assert line.ask(line.deadline(), STATUS) == Answer(0x31, 0x30, b"020")
        assert heard == [to_text(STATUS)]
        assert not line.behind
        assert line.silent_s < PATIENCE_S


def test_an_answer_is_acknowledged() -> None:
    with peer(says(STATUS), b"", acks=True) as (line, heard):
        line.ask(line.deadline(), STATUS)
        await_heard(heard, [to_text(STATUS), ACK])


def test_an_answer_whose_acknowledgement_was_lost() -> None:
    with peer(says(STATUS)[1:]) as (line, _):
        assert line.ask(line.deadline(), STATUS).data == b"020"


@pytest.mark.parametrize(
    "before",
    [
        says(SENSORS, b"0200000"),
        says(STATUS, b"220", address=1),
        ACK + ACK,
        b"\xaa\x55\x00",
        DISPENSER.to_bytes(Frame(b"N20B0")),
    ],
    ids=["of another question", "of another unit", "acknowledged thrice", "noise", "a late no"],
)
def test_what_stands_before_the_answer(before: bytes) -> None:
    with peer(before + says(STATUS)) as (line, heard):
        assert line.ask(line.deadline(), STATUS).data == b"020"
        assert heard == [to_text(STATUS)]


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ([spoilt(says(STATUS)), says(STATUS)[1:]], [to_text(STATUS), b"\x15"]),
        ([spoilt(says(STATUS)[1:]) + b"\x15", says(STATUS)[1:]], [to_text(STATUS), b"\x15"]),
        ([says(STATUS)[:7], says(STATUS)[1:]], [to_text(STATUS), b"\x15"]),
        ([b"\x15", says(STATUS)], [to_text(STATUS), to_text(STATUS)]),
        ([spoilt(says(STATUS))] * 3 + [says(STATUS)], [to_text(STATUS), *[b"\x15"] * 3]),
    ],
    ids=["garbled", "garbled with what looks like a NAK", "torn", "not understood", "garbled three times"],
)
def test_said_again(script: list[bytes], words: list[bytes]) -> None:
    with peer(*script) as (line, heard):
        assert line.ask(line.deadline(), STATUS).data == b"020"
        assert heard == words


@pytest.mark.parametrize(
    "wire",
    [spoilt(says(STATUS)), b"\x15", ACK + DISPENSER.to_bytes(Frame(b"nonsense")), b"\x04"],
    ids=["always garbled", "never understood", "nonsense", "cancelled"],
)
def test_no_answer_that_can_be_used(wire: bytes) -> None:
    with peer(*[wire] * 9) as (line, heard):
        with pytest.raises(ProtocolError):
            line.ask(line.deadline(), STATUS)
        assert len(heard) <= 1 + PATIENT.repeats
        assert line.behind


def test_late_answers_are_dropped_behind_a_mark() -> None:
    old, new = says(STATUS, b"220"), says(STATUS, b"020")
    with peer(b"", old + says(VERSION, b"020name"), new) as (line, heard):
        with pytest.raises(DeviceTimeout):
            line.ask(soon(), STATUS)
        assert line.behind
        assert line.ask(line.deadline(), STATUS).data == b"020"
        assert heard == [to_text(STATUS), to_text(VERSION), to_text(STATUS)]
        assert not line.behind


def test_a_mark_may_be_refused() -> None:
    no = ACK + DISPENSER.to_bytes(Frame(b"N\xa40B0"))
    with peer(b"", no, says(STATUS)) as (line, _):
        with pytest.raises(DeviceTimeout):
            line.ask(soon(), STATUS)
        assert line.ask(line.deadline(), STATUS).data == b"020"


def test_a_move_is_not_repeated_on_silence() -> None:
    move = Question(Command.MOVE, Move.CONTACT)
    with peer() as (line, heard):
        with pytest.raises(DeviceTimeout):
            line.ask(soon(), move)
        for _ in CRT571.marks:
            with pytest.raises(DeviceTimeout):
                line.ask(soon(), move)
        # Every mark may be answered yet: nothing is asked until that is over.
        with pytest.raises(DeviceTimeout, match="late"):
            line.ask(line.deadline(), move)
        await_heard(heard, [to_text(move), to_text(VERSION), to_text(SENSORS)])
        line.forget()
        assert not line.behind
