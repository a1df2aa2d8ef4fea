"""The printer driver against the far end over a pty, in every state a printer can be in."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from drivers.errors import DeviceTimeout, TransportError
from drivers.printer import raster
from drivers.printer.document import Blank, Document, Line, Pair, QrCode, Rule, Table
from drivers.printer.escpos_codec import Paper
from drivers.printer.escpos_driver import EscposPrinter, EscposSettings
from drivers.printer.model import Outcome, PrintResult
from drivers.status import DeviceStatus, ErrorAction, Supply
from drivers.transport import LineSettings, SerialTransport
from simulators.far_end import Launched, launched

SLIP = Document(
    "a" * 32, (Line("缴费凭条", "center", bold=True, size=2), Rule(), Pair("实收金额", "130.00 元"))
)
LONG = Document("b" * 32, tuple(Line(f"第 {n} 行") for n in range(150)))
# As long as a sound printer may take on a busy machine; who waits for a silent one is `hurried`.
SETTINGS = EscposSettings(answer_seconds=20.0, done_seconds=20.0)
PRINTED = PrintResult(Outcome.PRINTED)


@pytest.fixture
def far(tmp_path: Path) -> Iterator[Launched]:
    """A printer ten times as fast as a real one."""
    with launched(
        "simulators.escpos_printer", tmp_path, "--out", str(tmp_path / "out"), "--speed", "10"
    ) as far:
        yield far


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[Launched]:
    """A printer so slow that a slip is still being printed while the test does something to it."""
    with launched(
        "simulators.escpos_printer", tmp_path, "--out", str(tmp_path / "out"), "--speed", "0.1"
    ) as far:
        yield far


def printer_at(far: Launched, settings: EscposSettings = SETTINGS) -> EscposPrinter:
    return EscposPrinter(SerialTransport(str(far.link), LineSettings(115_200)), settings)


@contextmanager
def hurried(printer: EscposPrinter) -> Iterator[None]:
    """Within the block the driver waits one second for an answer."""
    before = printer._settings
    printer._settings = replace(before, answer_seconds=1.0)
    try:
        yield
    finally:
        printer._settings = before


def awaited(far: Launched, condition: Callable[[dict[str, object]], bool]) -> None:
    until = time.monotonic() + 20
    while not condition(far.do("status")):
        assert time.monotonic() < until, far.do("status")
        time.sleep(0.02)


def while_printing(far: Launched, printer: EscposPrinter, act: Callable[[], object]) -> PrintResult:
    """Do `act` when the first centimetre of a slip is out, and return how the print ended."""
    with ThreadPoolExecutor(1) as lane:
        result = lane.submit(printer.print, LONG)
        awaited(far, lambda status: float(str(status["uncut_mm"])) > 10)
        act()
        return result.result(40)


def test_a_slip_is_printed_and_confirmed(far: Launched) -> None:
    printer = printer_at(far)
    assert printer.print(SLIP) == PRINTED
    assert far.do("status")["last_text"] == (
        " " * 16 + "缴费凭条\n" + "-" * 48 + "\n实收金额" + " " * 31 + "130.00 元\n"
    )
    assert printer.health().code == "ok"
    assert printer.health().supply is Supply.GOOD


def test_raster_mode_is_printed_and_confirmed(far: Launched) -> None:
    printer = printer_at(far, replace(SETTINGS, paper=Paper(mode="raster")))
    assert printer.print(SLIP) == PRINTED
    assert far.do("status")["unknown"] == []


def test_every_element_reaches_the_paper(far: Launched) -> None:
    table = Table(("月份", "小计"), (("2026-10", "81.37"),))
    document = Document("c" * 32, (*SLIP.elements, table, Blank(), QrCode("ECLAIM1|x"), Line("再见")))
    assert printer_at(far).print(document) == PRINTED
    text = far.do("status")["last_text"]
    assert "[QR ECLAIM1|x]" in text
    assert "2026-10" in text
    assert text.endswith("再见\n")


def test_a_long_slip_comes_out_whole(far: Launched) -> None:
    assert printer_at(far).print(LONG) == PRINTED
    assert far.do("status")["last_text"].splitlines() == [f"第 {n} 行" for n in range(150)]


def test_low_paper_is_told_and_prints(far: Launched) -> None:
    far.do("paper_low")
    printer = printer_at(far)
    assert printer.print(SLIP) == PRINTED
    assert (printer.check().code, printer.check().supply) == ("paper_low", Supply.LOW)
    assert printer.health().usable


@pytest.mark.parametrize(
    ("fault", "cure", "code", "status"),
    [
        ("paper_out", "paper_in", "paper_out", DeviceStatus.USER_ERROR),
        ("cover_open", "cover_close", "cover_open", DeviceStatus.USER_ERROR),
        ("cutter_jam", "clear", "cutter_jam", DeviceStatus.HARDWARE_ERROR),
    ],
)
def test_nothing_is_sent_to_a_printer_that_cannot_print(
    far: Launched, fault: str, cure: str, code: str, status: DeviceStatus
) -> None:
    printer = printer_at(far)
    far.do(fault)
    assert printer.print(SLIP) == PrintResult(Outcome.NOT_PRINTED, code)
    assert (printer.health().code, printer.health().status) == (code, status)
    assert not printer.health().usable
    far.do(cure)
    assert printer.check().code == "ok"
    assert printer.print(SLIP) == PRINTED
    assert far.do("status")["slips"] == 1


def test_off_line_without_a_cause(far: Launched) -> None:
    far.do("offline")
    assert printer_at(far).print(SLIP) == PrintResult(Outcome.NOT_PRINTED, "offline")


def test_paper_out_on_the_way_is_not_a_slip_and_the_rest_never_comes(far: Launched) -> None:
    printer = printer_at(far)
    far.do("paper_out_after", mm=100)
    assert printer.print(LONG) == PrintResult(Outcome.NOT_PRINTED, "paper_out", part=True)
    assert (printer.health().code, printer.health().supply) == ("paper_out", Supply.OUT)
    far.do("paper_in")
    awaited(far, lambda status: status["waiting_bytes"] == 0)
    assert far.do("status")["slips"] == 0
    assert printer.print(SLIP) == PRINTED
    first = (far.link.parent / "out" / "slip-0001.txt").read_text(encoding="utf-8").splitlines()
    assert first[0] == "第 0 行"
    assert first[-1].strip() == "*** VOID 作废 ***"
    assert "第 149 行" not in first
    assert far.do("status")["last_text"].splitlines()[-1].endswith("130.00 元")
    assert far.do("status")["slips"] == 2


def test_the_cover_is_opened_on_the_way(slow: Launched) -> None:
    printer = printer_at(slow)
    result = while_printing(slow, printer, lambda: slow.do("cover_open"))
    assert result == PrintResult(Outcome.NOT_PRINTED, "cover_open", part=True)


def test_the_cutter_jams_at_the_end_of_the_slip(far: Launched) -> None:
    printer = printer_at(far)
    far.do("cutter_jam", at_next_cut=True)
    assert printer.print(SLIP) == PrintResult(Outcome.NOT_PRINTED, "cutter_jam", part=True)
    far.do("clear")
    assert printer.reset().code == "ok"
    assert printer.print(SLIP) == PRINTED


def test_a_printer_that_falls_silent_on_the_way_leaves_the_outcome_unknown(slow: Launched) -> None:
    printer = printer_at(slow, replace(SETTINGS, answer_seconds=3.0, done_seconds=2.0))
    result = while_printing(slow, printer, lambda: slow.do("silence"))
    assert result == PrintResult(Outcome.UNKNOWN, "no_answer", part=True)
    assert printer.health().code == "offline"


def test_a_printer_unplugged_on_the_way_leaves_the_outcome_unknown(slow: Launched) -> None:
    printer = printer_at(slow)
    result = while_printing(slow, printer, lambda: slow.do("unplug"))
    assert result == PrintResult(Outcome.UNKNOWN, "line_lost", part=True)
    assert printer.health().code == "no_device"
    with pytest.raises(TransportError):
        printer.open()


def test_a_printer_that_is_plugged_in_again_is_found_again(far: Launched) -> None:
    printer = printer_at(far)
    assert printer.check().code == "ok"
    far.do("unplug")
    health = printer.check()
    assert (health.code, health.status, health.action) == (
        "no_device",
        DeviceStatus.NO_DEVICE,
        ErrorAction.MAINTENANCE,
    )
    assert printer.print(SLIP) == PrintResult(Outcome.NOT_PRINTED, "no_device")
    far.do("plug")
    assert printer.print(SLIP) == PRINTED


def test_an_unplugged_printer_is_a_transport_error(far: Launched) -> None:
    printer = printer_at(far)
    printer.open()
    far.do("unplug")
    with pytest.raises(TransportError):
        printer.status()


def test_no_such_port_is_told_without_raising(tmp_path: Path) -> None:
    printer = EscposPrinter(SerialTransport(str(tmp_path / "nothing")))
    assert printer.health().code == "no_device"
    assert printer.check().code == "no_device"


def test_a_silent_printer_is_given_up_within_the_deadline(far: Launched) -> None:
    far.do("silence")
    printer = printer_at(far)
    start = time.monotonic()
    with hurried(printer):
        assert printer.print(SLIP) == PrintResult(Outcome.NOT_PRINTED, "offline")
    assert time.monotonic() - start < 40
    far.do("silence", on=False)
    assert printer.print(SLIP) == PRINTED


def test_a_printer_that_dawdles_over_each_answer_is_given_up_within_the_deadline(far: Launched) -> None:
    far.do("delay_answer", ms=400)
    printer = printer_at(far)
    printer.open()
    start = time.monotonic()
    with hurried(printer), pytest.raises(DeviceTimeout, match="DLE EOT"):
        printer.status()
    assert time.monotonic() - start < 40


def test_the_end_of_the_slip_may_trickle_in(tmp_path: Path) -> None:
    settings = replace(SETTINGS, asks_status=False)
    with launched("simulators.escpos_printer", tmp_path, "--out", str(tmp_path / "out")) as far:
        result = while_printing(far, printer_at(far, settings), lambda: far.do("trickle", ms=100))
    assert result == PRINTED


def test_noise_on_the_line_costs_at_most_one_check(far: Launched) -> None:
    printer = printer_at(far)
    printer.open()
    far.do("noise", bytes=300)
    with hurried(printer):
        printer.check()
    assert printer.check().code == "ok"
    assert printer.print(SLIP) == PRINTED


def test_each_garbled_answer_costs_at_most_one_check(far: Launched) -> None:
    printer = printer_at(far)
    far.do("garble", next=3)
    start = time.monotonic()
    with hurried(printer):
        for _ in range(3):
            printer.check()
    assert time.monotonic() - start < 40
    far.do("garble", next=0)
    assert printer.check().code == "ok"


def test_a_printer_that_cannot_tell_its_state_prints_all_the_same(far: Launched) -> None:
    far.do("answers", on=False)
    printer = printer_at(far, replace(SETTINGS, asks_status=False, end_of_job="none"))
    assert printer.check().usable
    assert printer.print(SLIP) == PrintResult(Outcome.PRINTED, confirmed=False)
    awaited(far, lambda status: status["slips"] == 1)


def test_a_printer_without_markers_is_asked_for_its_paper_behind_the_slip(far: Launched) -> None:
    printer = printer_at(far, replace(SETTINGS, end_of_job="paper_status"))
    assert printer.print(SLIP) == PRINTED
    assert far.do("status")["slips"] == 1


def test_a_marker_that_never_comes_is_an_unknown_outcome(far: Launched) -> None:
    printer = printer_at(far, replace(SETTINGS, asks_status=False, done_seconds=1.0))
    far.do("answers", on=False)
    assert printer.print(SLIP) == PrintResult(Outcome.UNKNOWN, "no_answer", part=True)


def test_the_late_end_of_an_earlier_slip_does_not_confirm_the_next(far: Launched) -> None:
    printer = printer_at(far, replace(SETTINGS, asks_status=False, done_seconds=1.0))
    far.do("answers", on=False)
    assert printer.print(SLIP) == PrintResult(Outcome.UNKNOWN, "no_answer", part=True)
    late = b"\x37\x22" + printer._marker.encode() + b"\x00"
    # The late end comes before each answer, and no answer comes whole.
    far.do("answers")
    far.do("intrude", hex=late.hex(), next=100)
    far.do("truncate", next=100)
    assert printer.print(SLIP) == PrintResult(Outcome.UNKNOWN, "no_answer", part=True)


def test_a_missing_font_is_told_before_money_is_taken(far: Launched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(raster, "FONTS", {False: Path("/nowhere/NoSuchFont.ttc")})
    raster.font.cache_clear()
    printer = printer_at(far, replace(SETTINGS, paper=Paper(mode="raster")))
    assert (printer.check().code, printer.health().usable) == ("no_font", False)
    assert "fonts-noto-cjk" in printer.health().detail
    assert printer.print(SLIP) == PrintResult(Outcome.NOT_PRINTED, "no_font")


def test_characters_without_a_code_are_visible_on_paper(far: Launched) -> None:
    assert printer_at(far).print(Document("d" * 32, (Pair("户名", "𠮷*😀"),))) == PRINTED
    assert "〓*〓" in far.do("status")["last_text"]
