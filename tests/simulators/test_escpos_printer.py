"""The printer at the far end: what raw ESC/POS bytes make it do, say and put on paper."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import segno
from PIL import Image

from drivers.transport import LineSettings, SerialTransport
from simulators.far_end import ControlError, Launched, launched

OFF_LINE_PAPER_OUT = b"\x1a\x32\x12\x7e"
ASK_ALL = b"\x10\x04\x01\x10\x04\x02\x10\x04\x03\x10\x04\x04"


@pytest.fixture
def far(tmp_path: Path) -> Iterator[Launched]:
    with launched(
        "simulators.escpos_printer", tmp_path, "--out", str(tmp_path / "out"), "--speed", "10"
    ) as far:
        yield far


@pytest.fixture
def line(far: Launched) -> Iterator[SerialTransport]:
    line = SerialTransport(str(far.link), LineSettings(115_200))
    line.open()
    yield line
    line.close()


def heard(line: SerialTransport, count: int) -> bytes:
    data, until = b"", time.monotonic() + 20
    while len(data) < count and time.monotonic() < until:
        data += line.read(until)
    return data


def slip(far: Launched, number: int, kind: str) -> Path:
    return far.link.parent / "out" / f"slip-{number:04d}.{kind}"


def done(line: SerialTransport, data: bytes) -> None:
    """Send `data` and wait until it is on paper."""
    line.write(data + b"\x1d(H\x06\x0000DONE")
    answer = b""
    until = time.monotonic() + 20
    while b"\x37\x22DONE\x00" not in answer:
        assert time.monotonic() < until
        answer += line.read(until)


def test_a_new_printer_is_well(line: SerialTransport) -> None:
    line.write(ASK_ALL)
    assert heard(line, 4) == b"\x12\x12\x12\x12"


def test_chinese_text_comes_out_as_picture_and_text(far: Launched, line: SerialTransport) -> None:
    done(line, b"\x1b@\x1c&\x1ba\x01\x1bE\x01\xc6\xbe\xcc\xf5\n\x1ba\x00\x1bE\x00No. 1\n\x1dVB\x00")
    assert slip(far, 1, "txt").read_text(encoding="utf-8") == " " * 22 + "凭条\nNo. 1\n"
    picture = Image.open(slip(far, 1, "png"))
    assert picture.width == 640
    assert picture.crop((280, 32, 360, 62)).getextrema() == (0, 255)
    assert picture.crop((32, 32, 280, 62)).getextrema() == (255, 255)


def test_a_full_line_goes_on_in_the_next(far: Launched, line: SerialTransport) -> None:
    done(line, b"x" * 50 + b"\n\x1dVB\x00")
    assert slip(far, 1, "txt").read_text(encoding="utf-8") == "x" * 48 + "\nxx\n"


def test_double_size_takes_double_room(far: Launched, line: SerialTransport) -> None:
    done(line, b"\x1d!\x11" + b"x" * 25 + b"\n\x1dVB\x00")
    assert slip(far, 1, "txt").read_text(encoding="utf-8") == "x" * 24 + "\nx\n"


def test_a_qr_code_is_drawn_for_real(far: Launched, line: SerialTransport) -> None:
    content = b"ECLAIM1|PK-0001"
    store = b"\x1d(k" + bytes([len(content) + 3, 0]) + b"1P0" + content
    done(line, b"\x1d(k\x03\x001C\x04\x1d(k\x03\x001E1" + store + b"\x1d(k\x03\x001Q0\x1dVB\x00")
    picture = Image.open(slip(far, 1, "png"))
    matrix = [bytes(row) for row in segno.make_qr(content.decode(), error="m").matrix_iter(border=0)]
    side = range(len(matrix))
    assert [bytes(picture.getpixel((34 + 4 * x, 34 + 4 * y)) == 0 for x in side) for y in side] == matrix


def test_a_raster_picture_is_burnt_dot_by_dot(far: Launched, line: SerialTransport) -> None:
    done(line, b"\x1dv0\x00\x02\x00\x02\x00\xff\x00\x00\xff\x1dVB\x00")
    picture = Image.open(slip(far, 1, "png"))
    rows = [[picture.getpixel((32 + x, 32 + y)) for x in (0, 7, 8, 15)] for y in (0, 1)]
    assert rows == [[0, 0, 255, 255], [255, 255, 0, 0]]


def test_commands_may_come_byte_by_byte(far: Launched, line: SerialTransport) -> None:
    for byte in b"\x1b@\x1c&\x1d!\x11\xc6\xbe\n\x10\x04\x01\x1dVB\x00":
        line.write(bytes([byte]))
    assert heard(line, 1) == b"\x12"
    done(line, b"")
    assert slip(far, 1, "txt").read_text(encoding="utf-8") == "凭\n"


def test_unknown_commands_are_told_and_do_not_stop_it(far: Launched, line: SerialTransport) -> None:
    done(line, b"\x1bz\x1d(X\x02\x00\x01\x02ok\n\x1dVB\x00")
    status = far.do("status")
    assert status["unknown"] == ["unknown 1b 7a", "function_X 01 02"]
    assert status["last_text"] == "ok\n"


def test_it_answers_while_it_prints(tmp_path: Path) -> None:
    with launched("simulators.escpos_printer", tmp_path, "--out", str(tmp_path), "--speed", "0.01") as far:
        line = SerialTransport(str(far.link), LineSettings(115_200))
        line.open()
        line.write(b"x\n" * 20 + b"\x1dVB\x00" + ASK_ALL)
        assert heard(line, 4) == b"\x12\x12\x12\x12"
        assert far.do("status")["slips"] == 0
        line.close()


def test_the_roll_ends_on_the_way_and_a_new_one_finishes_the_slip(
    far: Launched, line: SerialTransport
) -> None:
    far.do("paper_out_after", mm=20)
    line.write(b"x\n" * 20 + b"\x1dVB\x00")
    until = time.monotonic() + 20
    while not far.do("status")["stopped"]:
        assert time.monotonic() < until
    line.write(ASK_ALL)
    assert heard(line, 4) == OFF_LINE_PAPER_OUT
    assert far.do("status")["uncut_mm"] == pytest.approx(20, abs=4)
    far.do("paper_in")
    done(line, b"")
    assert far.do("status")["last_text"] == "x\n" * 20


def test_the_buffers_can_be_cleared_while_the_paper_is_out(far: Launched, line: SerialTransport) -> None:
    far.do("paper_out")
    line.write(b"old\n\x1dVB\x00\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08new\n\x1dVB\x00")
    assert heard(line, 3) == b"\x37\x25\x00"
    far.do("paper_in")
    done(line, b"")
    assert (far.do("status")["slips"], far.do("status")["last_text"]) == (1, "new\n")


def test_changes_are_told_unasked_when_wanted(far: Launched, line: SerialTransport) -> None:
    line.write(b"\x1da\x0e")
    assert heard(line, 4) == b"\x10\x00\x00\x0f"
    far.do("cover_open")
    assert heard(line, 4) == b"\x38\x00\x00\x0f"
    far.do("cover_close")
    far.do("paper_low")
    assert heard(line, 8) == b"\x10\x00\x00\x0f\x10\x00\x03\x0f"


def test_paper_is_used_up(far: Launched, line: SerialTransport) -> None:
    far.do("paper_in", mm=1000)
    done(line, b"x\n" * 10 + b"\x1dVB\x00")
    assert far.do("status")["paper_mm"] == pytest.approx(1000 - 10 * 30 / 8 - 13)


def test_an_unknown_order_is_refused(far: Launched) -> None:
    with pytest.raises(ControlError, match="no such command"):
        far.do("catch_fire")
