"""The PIN pad's frames: their bytes, each way they can be cut or broken, and what stands in a status."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.errors import ProtocolError
from drivers.pinpad.codec import (
    LONGEST_BODY,
    Answer,
    Broken,
    Command,
    Control,
    Decoder,
    Entry,
    Flag,
    Frame,
    Question,
    Status,
    account_part,
)
from drivers.pinpad.model import SlotKeys

START = Question(7, Command.START_PIN, bytes((0, 4, 12, 60)) + account_part("6212142000000000012"))


def test_vectors() -> None:
    assert START.to_bytes() == b"\x02072000040C3C200000000001\x0302"
    assert Answer(7, Command.START_PIN, 0x03).to_bytes() == b"\x02072003\x0305"
    assert Question.read(b"\x07\x20\x00") == Question(7, 0x20, b"\0")
    assert Answer.read(b"\x07\x20\x00\xaa") == Answer(7, 0x20, 0, b"\xaa")


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_a_stream_cut_anywhere(size: int) -> None:
    stream = b"noise\x06" + START.to_bytes() + b"\x15" + Frame(b"\x01\x02\x03").to_bytes()
    decoder, found = Decoder(), []
    for at in range(0, len(stream), size):
        found += decoder.feed(stream[at : at + size])
    body = Decoder().feed(START.to_bytes())[0]
    assert found == [Control.ACK, body, Control.NAK, Frame(b"\x01\x02\x03")]
    assert isinstance(body, Frame)
    assert Question.read(body.body) == START


@pytest.mark.parametrize(
    "wire",
    [
        b"\x0207\x0300",  # a wrong check
        b"\x02070\x0300",  # half a byte
        b"\x02\x0303",  # nothing
        b"\x0207x",  # no hex digit
        b"\x0207\x06",  # a control character
        b"\x0207\x03\x03",  # two ends
        b"\x0207ab",  # lower case
    ],
)
def test_what_is_no_frame(wire: bytes) -> None:
    [found] = Decoder().feed(wire)
    assert isinstance(found, Broken)


def test_a_beginning_begins_anew() -> None:
    found = Decoder().feed(b"\x020123" + START.to_bytes())
    assert isinstance(found[0], Broken)
    assert isinstance(found[1], Frame)


def test_a_line_full_of_digits_is_bounded() -> None:
    decoder = Decoder()
    found = decoder.feed(b"\x02" + b"0" * 100_000)
    assert len(found) == 1
    assert not decoder.pending
    with pytest.raises(ValueError, match="1 to"):
        Frame(bytes(LONGEST_BODY + 1)).to_bytes()


@given(st.binary(max_size=200))
def test_any_bytes_end_in_the_documented_way(data: bytes) -> None:
    for event in Decoder().feed(data):
        assert isinstance(event, Frame | Control | Broken)
        if isinstance(event, Frame):
            with suppress(ProtocolError):
                Status.read(Answer.read(event.body).data)


@given(st.binary(max_size=30))
def test_any_status_is_read_or_refused(data: bytes) -> None:
    try:
        status = Status.read(data)
    except ProtocolError:
        return
    assert Status.read(status.to_bytes()) == status


def test_status() -> None:
    status = Status(Flag.TAMPERED, Entry.OPEN, 3, {0: SlotKeys.MASTER | SlotKeys.PIN, 9: SlotKeys.HALF})
    assert status.to_bytes().hex() == "01010300030908"
    assert Status.read(status.to_bytes()) == status


@pytest.mark.parametrize("wrong", ["0001", "00010300", "040100", "000600", "00010d", "0001000010"])
def test_a_status_that_no_unit_tells(wrong: str) -> None:
    with pytest.raises(ProtocolError):
        Status.read(bytes.fromhex(wrong))


def test_nothing_of_a_customer_is_shown() -> None:
    for shown in (
        repr(START),
        repr(Frame(START.data)),
        repr(Answer(1, Command.PIN_BLOCK, 0, b"\xaf\x5d\xab")),
    ):
        assert "2000" not in shown
        assert "data" not in shown
        assert "af" not in shown


@pytest.mark.parametrize("pan", ["", "621214200000", "6212 1420 0000 0012", "٦٢١٢١٤٢٠٠٠٠٠٠٠٠٠٠١٢"])
def test_what_is_no_card_number(pan: str) -> None:
    with pytest.raises(ValueError, match="digits"):
        account_part(pan)


def test_too_short_to_say_anything() -> None:
    with pytest.raises(ProtocolError):
        Question.read(b"\x01")
    with pytest.raises(ProtocolError):
        Answer.read(b"\x01\x02")
