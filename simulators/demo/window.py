"""The demo with a display: the kiosk in a window, the bench panel beside it."""

from __future__ import annotations

import signal
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from shiboken6 import delete

import ui  # noqa: F401 - guards Python 3.11's singletons against PySide6, see ui/singletons.py
from simulators.bench.bench import Bench, Plan
from simulators.bench.pcscd import why_not
from simulators.bench.tenders import Part
from simulators.customer.journeys import IN_THE_METER
from simulators.demo.headless import clear, copy_journal, holder_of
from simulators.panel.window import Panel

SIZES = {"lobby": (1080, 1920), "wall": (1280, 1024), "through": (1024, 768)}
_GAP = 40
BLANKS = 10
ALL_MEANS: frozenset[Part] = frozenset({"bank_card", "qr", "recharge_card", "scanner"})
"""A kiosk has either its own reader for bank cards or a terminal box."""
PHONE = f"154{IN_THE_METER.account_no[-8:]}"
"""By which the card's owner shows who he is: the sample town's end in the account's own digits."""


def bench_with_cards(plan: Plan) -> Bench:
    """A bench with card, meter and new cards; without them where this machine can run no pcscd of the bench's own."""
    if why := why_not():
        print(f"demo: no meter cards and no bank cards here: {why}", flush=True)  # noqa: T201
        return Bench(replace(plan, tenders=ALL_MEANS - {"bank_card"}))
    return Bench(replace(plan, holder=holder_of(IN_THE_METER), blanks=BLANKS, tenders=ALL_MEANS))


def show(out: Path, form: str, language: str) -> int:
    """Run until the kiosk's window or the panel is closed."""
    application = QApplication.instance() or QApplication(["power-kiosk demo"])
    screen = application.primaryScreen().availableGeometry()  # type: ignore[attr-defined]
    clear(out)
    width, height = SIZES[form]
    scale = min(1.0, 0.9 * screen.height() / height)
    # A panel's window that was closed ends it; a signal must unwind the bench just the same.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: application.quit())
    print("demo: starting the hub, the far ends and the kiosk", flush=True)  # noqa: T201
    plan = Plan(out / "bench", form=form, language=language, window=True, scale=scale)
    with bench_with_cards(plan) as bench:
        kiosk = bench.start_kiosk()
        panel = Panel(bench.far_ends, bench.prints, bench.home)
        beside = screen.left() + int(width * scale) + _GAP * 2
        panel.move(min(beside, screen.right() - panel.width()), screen.top() + _GAP)
        panel.show()
        watch = QTimer(panel)
        watch.timeout.connect(lambda: None if kiosk.running else application.quit())
        watch.start(500)
        print("demo: the account 0399000000000018 owes for three months; close a window to end", flush=True)  # noqa: T201
        if bench.home is not None:
            print(f"demo: the meter card is of account {IN_THE_METER.account_no}, mobile {PHONE}", flush=True)  # noqa: T201
        status = application.exec()
        # The window goes while the far ends that it asks still stand, and before the interpreter takes it apart.
        watch.stop()
        panel.close()
        delete(panel)
        bench.end_kiosk()
        copy_journal(bench.folder / "journal.sqlite", out / "journal.sqlite")
    return status
