"""ESC/POS bytes: read back by the far end's own parser, and its answers in any portions."""

from __future__ import annotations

from typing import Literal

import pytest
import segno
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.printer import escpos_codec as codec
from drivers.printer import raster
from drivers.printer.document import Blank, Document, Line, Pair, QrCode, Rule
from drivers.printer.escpos_codec import (
    Block,
    Decoder,
    Flow,
    Frame,
    Garbage,
    JobDone,
    Paper,
    PaperStatus,
    PrinterState,
    RealTimeStatus,
)
from simulators.escpos_parser import Character, Command, Item, Parser

JOB = "0" * 32


def items(data: bytes) -> list[Item]:
    parser = Parser()
    parser.feed(data)
    found = []
    while (item := parser.next()) is not None:
        found.append(item)
    assert len(parser) == 0
    return found


def printed(data: bytes) -> list[str]:
    lines: list[str] = []
    line = ""
    for item in items(data):
        if isinstance(item, Character):
            line += item.text
        elif item.name == "line_feed":
            lines, line = [*lines, line], ""
    return lines


def test_a_slip_byte_by_byte() -> None:
    document = Document(JOB, (Line("凭条", align="center", bold=True, size=2), Pair("户号", "0399")))
    assert (
        codec.encode(document, Paper(columns=32))
        == (
            b"\x1b@\x1b2\x1ba\x00\x1da\x0e"  # initialise, spacing, left, tell changes
            b"\x1c&"  # Chinese
            b"\x1bJ\x06\x1d!\x11\x1c!\x0c\x1bE\x01\x1ba\x01\xc6\xbe\xcc\xf5\n"
            b"\x1bJ\x06\x1d!\x00\x1c!\x00\x1bE\x00\x1ba\x00\xbb\xa7\xba\xc5" + b" " * 24 + b"0399\n"
            b"\x1dVB\x00"
        )
    )


def test_the_slip_prints_what_the_document_says() -> None:
    document = Document(
        JOB, (Line("缴费凭条"), Rule(), Pair("Name", "陈*明"), Blank(), Line("6.61 元", "right"))
    )
    assert printed(codec.encode(document, Paper())) == [
        "缴费凭条",
        "-" * 48,
        "Name" + " " * 39 + "陈*明",
        "",
        "6.61 元",
    ]


@settings(deadline=None, max_examples=40)
@given(st.text(max_size=120), st.sampled_from([48, 42, 32]))
def test_no_text_can_become_a_command(text: str, columns: Literal[48, 42, 32]) -> None:
    names = {
        item.name
        for item in items(codec.encode(Document(JOB, (Line(text), Pair(text, text))), Paper(columns)))
        if isinstance(item, Command)
    }
    assert names <= {"initialize", "default_spacing", "align", "asb", "chinese_on", "line_feed", "cut"}


def test_the_printer_gets_the_content_of_a_qr_code_in_text_mode() -> None:
    data = codec.encode(Document(JOB, (QrCode("ECLAIM1|PK-0001"),)), Paper())
    stored = [
        i.data for i in items(data) if isinstance(i, Command) and i.name == "function_k" and i.data[1] == 80
    ]
    assert stored == [b"1P0ECLAIM1|PK-0001"]


@pytest.mark.parametrize("columns", [48, 42, 32])
def test_raster_mode_sends_pictures_only_and_none_is_wider_than_the_head(
    columns: Literal[48, 42, 32],
) -> None:
    document = Document(JOB, (Line("凭条", size=2), Blank(), Pair("户号", "0399"), QrCode("x" * 60)))
    found = items(codec.encode(document, Paper(columns, "raster")))
    assert not any(isinstance(item, Character) for item in found)
    pictures = [item.data for item in found if isinstance(item, Command) and item.name == "raster"]
    assert len(pictures) == 3
    for picture in pictures:
        assert int.from_bytes(picture[1:3], "little") * 8 <= columns * 12 + 7
        assert any(picture[5:])


def test_a_drawn_qr_code_is_the_qr_code() -> None:
    text = "ECLAIM1|PK-0001|C0001-000127|MJSY-PIPS"
    picture = raster.draw_qr(text, 384, 6)
    matrix = [bytes(row) for row in segno.make_qr(text, error="m").matrix_iter(border=4)]
    side = len(matrix)
    left = (384 - 6 * side) // 2
    seen = [
        bytes(picture.getpixel((left + 6 * x + 3, 6 * y + 3)) == 0 for x in range(side)) for y in range(side)
    ]
    assert seen == matrix


@pytest.mark.parametrize(("length", "scale"), [(20, 6), (400, 4), (1200, 2)])
def test_a_long_qr_code_is_made_to_fit_the_paper(length: int, scale: int) -> None:
    assert raster.qr_scale("x" * length, 384, 6) == scale
    data = codec.encode(Document(JOB, (QrCode("x" * length),)), Paper(columns=32))
    sizes = [
        i.data[2]
        for i in items(data)
        if isinstance(i, Command) and i.name == "function_k" and i.data[1] == 67
    ]
    assert sizes == [scale]


def test_raster_mode_replaces_only_what_the_font_lacks() -> None:
    assert raster.in_font("户")
    assert raster.in_font("𠮷")
    assert not raster.in_font("\U0010fffe")


def test_a_marker_is_four_ascii_characters() -> None:
    assert codec.ask_done("AB12") == b"\x1d(H\x06\x0000AB12"
    with pytest.raises(ValueError, match="four ASCII characters"):
        codec.ask_done("AB1")


ANSWERS: list[tuple[bytes, list[Frame]]] = [
    (b"\x12", [RealTimeStatus(0x12)]),
    (b"\x72\x1a", [RealTimeStatus(0x72), RealTimeStatus(0x1A)]),
    (b"\x37\x22AB12\x00", [JobDone("AB12")]),
    (b"\x37\x25\x00", [Block(b"\x25")]),
    (
        b"\x37\x22\xff\xff\x12",
        [Garbage(0x37), PaperStatus(True, False), *[Garbage(0xFF)] * 2, RealTimeStatus(0x12)],
    ),
    (b"\x37\x00", [Garbage(0x37), PaperStatus(False, False)]),
    # A byte of noise before the end of a slip does not hide it.
    (b"\x37AB\x37\x22AB12\x00", [Block(b"AB"), JobDone("AB12")]),
    (b"\x37\x22\x37\x22AB\x00", [JobDone('7"AB')]),
    (b"\x03\x0c\x00", [PaperStatus(True, False), PaperStatus(False, True), PaperStatus(False, False)]),
    (b"\x18\x00\x0f\x0f", [PrinterState(offline=True, paper_low=True, paper_out=True)]),
    (b"\x38\x08\x00\x0f", [PrinterState(offline=True, cover_open=True, cutter_error=True)]),
    (b"\x13\x11", [Flow(False), Flow(True)]),
    (b"\xff\x92", [Garbage(0xFF), Garbage(0x92)]),
    # A change of state broken off by an answer: the answer is still heard.
    (b"\x10\x12\x12", [Garbage(0x10), RealTimeStatus(0x12), RealTimeStatus(0x12)]),
]


@pytest.mark.parametrize(("data", "frames"), ANSWERS)
def test_answers_are_told_apart_by_their_fixed_bits(data: bytes, frames: list[Frame]) -> None:
    assert Decoder().feed(data) == frames


@pytest.mark.parametrize(("data", "frames"), ANSWERS)
def test_answers_may_come_byte_by_byte(data: bytes, frames: list[Frame]) -> None:
    decoder = Decoder()
    assert [frame for byte in data for frame in decoder.feed(bytes([byte]))] == frames


@given(st.lists(st.binary(max_size=12)))
def test_the_decoder_survives_anything_and_portions_do_not_matter(portions: list[bytes]) -> None:
    at_once, in_portions = Decoder(), Decoder()
    assert at_once.feed(b"".join(portions)) == [f for portion in portions for f in in_portions.feed(portion)]


def test_a_block_without_end_is_given_up() -> None:
    assert len(Decoder().feed(b"\x37" + b"A" * 100)) > 20


@pytest.mark.parametrize(
    ("answers", "state"),
    [
        ((0x12, 0x12, 0x12, 0x12), PrinterState()),
        ((0x1A, 0x12, 0x12, 0x12), PrinterState(offline=True)),
        ((0x1A, 0x16, 0x12, 0x12), PrinterState(offline=True, cover_open=True)),
        ((0x12, 0x12, 0x12, 0x1E), PrinterState(paper_low=True)),
        ((0x1A, 0x32, 0x12, 0x7E), PrinterState(offline=True, paper_low=True, paper_out=True)),
        ((0x1A, 0x52, 0x1A, 0x12), PrinterState(offline=True, cutter_error=True)),
        ((0x1A, 0x52, 0x32, 0x12), PrinterState(offline=True, fatal_error=True)),
        ((0x1A, 0x52, 0x16, 0x12), PrinterState(offline=True, other_error=True)),
        ((0x1A, 0x52, 0x12, 0x12), PrinterState(offline=True, other_error=True)),
    ],
)
def test_the_four_real_time_answers(answers: tuple[int, int, int, int], state: PrinterState) -> None:
    assert PrinterState.from_real_time(*answers) == state
