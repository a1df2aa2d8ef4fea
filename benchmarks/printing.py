"""Chinese on the receipt printer: characters left to the printer or drawn here, over a line of 115,200 baud.

Run it from the top folder: ``python -m benchmarks.printing``. The far end reads its pty no faster than such a line
and moves paper at 150 mm/s; rounds are interleaved, the median of five counts, the first print is left out. A slip
counts only when the printer confirmed its end and the far end holds its picture.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from drivers.printer.document import Document
from drivers.printer.escpos_codec import Paper, encode
from drivers.printer.escpos_driver import EscposPrinter, EscposSettings
from drivers.printer.model import Outcome
from drivers.transport import LineSettings, SerialTransport
from kiosk.payment.events import AccountFacts, Allocation, NoteCount
from kiosk.receipts import Place, ReceiptFacts, receipt
from simulators.escpos_printer import CUT_SECONDS, CUTTER_MM, MM_A_SECOND
from simulators.far_end import Launched, launched

BAUD = 115_200
ROUNDS = 5
TEXT, RASTER = Paper(mode="text"), Paper(mode="raster")
DOTS_A_MM = 8


def slip() -> Document:
    """The receipt of a common payment: two months, three kinds of notes."""
    facts = ReceiptFacts(
        kind="paid",
        lang="zh",
        place=Place("示例供电公司", "PK-0001", "漠阳营业厅"),
        at=datetime(2026, 11, 22, 19, 40, 11),  # noqa: DTZ001 - a slip prints local time
        kiosk_no="000127",
        business="arrears",
        account=AccountFacts("0399000000012345", "陈*明", "漠阳市***花园*栋"),
        received_fen=13000,
        notes=(NoteCount(10000, 1), NoteCount(2000, 1), NoteCount(1000, 1)),
        business_date="2026-11-22",
        hub_no="H20261122000451",
        months=(Allocation("2026-09", 237, 4000), Allocation("2026-10", 0, 8137)),
        due_fen=12374,
        to_balance_fen=626,
        balance_before_fen=35,
        balance_after_fen=661,
    )
    return receipt(facts, "0" * 32, b"bench")


def figures() -> list[dict[str, Any]]:
    """Measure both ways in one run; each figure with its peer, the other way, or its ceiling, the paper's own time."""
    document = slip()
    with (
        tempfile.TemporaryDirectory() as folder,
        launched("simulators.escpos_printer", Path(folder), "--out", folder, "--baud", str(BAUD)) as far,
    ):
        # The first print imports and caches; it is left out.
        seconds(far, document, TEXT), seconds(far, document, RASTER)
        rounds = [(seconds(far, document, TEXT), seconds(far, document, RASTER)) for _ in range(ROUNDS)]
        before = float(far.do("status")["paper_mm"])
        seconds(far, document, TEXT)
        paper = before - float(far.do("status")["paper_mm"])
    text, raster = (statistics.median(column) for column in zip(*rounds, strict=True))
    moving = (paper - CUTTER_MM) / MM_A_SECOND
    bytes_text, bytes_raster = len(encode(document, TEXT)), len(encode(document, RASTER))
    line = max(moving, bytes_raster * 10 / BAUD) + own(CUTTER_MM)
    return [
        figure("receipt, text mode: bytes", bytes_text, "B", "raster mode", bytes_raster, 0.1),
        figure("receipt, text mode: until confirmed", text, "s", "raster mode", raster, 0.8),
        figure(
            "receipt, text mode: over the paper's own time",
            text,
            "s",
            "paper and cutter alone",
            own(paper),
            1.3,
        ),
        figure(
            "receipt, raster mode: over the line's own time", raster, "s", "line and cutter alone", line, 1.3
        ),
    ]


def seconds(far: Launched, document: Document, paper: Paper) -> float:
    """Print one slip and return how long it took until the printer confirmed its end."""
    printer = EscposPrinter(SerialTransport(str(far.link), LineSettings(BAUD)), EscposSettings(paper))
    printer.check()
    held = far.do("status")["slips"]
    start = time.perf_counter()
    result = printer.print(document)
    took = time.perf_counter() - start
    printer.close()
    if result.outcome is not Outcome.PRINTED or far.do("status")["slips"] != held + 1:
        raise RuntimeError(f"no slip came out: {result}")
    return took


def own(paper_mm: float) -> float:
    """What the printer's mechanics need for so much paper and one cut."""
    return paper_mm / MM_A_SECOND + CUT_SECONDS


def figure(name: str, value: float, unit: str, against: str, peer: float, limit: float) -> dict[str, Any]:
    """One row of `build/bench.json`."""
    ratio = value / peer
    return {
        "figure": name,
        "value": round(value, 3),
        "unit": unit,
        "against": against,
        "against_value": round(peer, 3),
        "ratio": round(ratio, 3),
        "target": f"<= {limit}x",
        "met": ratio <= limit,
    }


if __name__ == "__main__":
    print(json.dumps(figures(), indent=2))
