"""`power-bench`: the hub and the far ends alone, with a panel, for any kiosk to be pointed at."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from simulators.bench.bench import Bench, Plan
from simulators.bench.programs import BenchError

_SOCKETS = ("ccnet_validator", "escpos_printer", "hub_proxy")


def main(argv: Sequence[str] | None = None) -> int:
    """Run until the panel is closed or a signal comes; 1 when a far end does not start."""
    parser = argparse.ArgumentParser(prog="power-bench", description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("build/bench"), help="made anew at every start")
    parser.add_argument("--speed", type=float, default=1.0, help="divides mechanical delays, never deadlines")
    parser.add_argument("--accounts", type=int, default=2000, help="size of the hub's town")
    parser.add_argument("--no-panel", action="store_true", help="control sockets only, also with a display")
    args = parser.parse_args(argv)
    shutil.rmtree(args.folder, ignore_errors=True)
    with_panel = not args.no_panel and bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    # A signal must unwind the bench, so that every far end ends with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        with Bench(Plan(args.folder, args.speed, accounts=args.accounts)) as bench:
            _tell(bench)
            return _panel(bench) if with_panel else _wait()
    except BenchError as error:
        print(f"power-bench: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0


def _tell(bench: Bench) -> None:
    print(f"kiosk settings   {bench.config}")
    for name in _SOCKETS:
        print(f"control socket   {bench.folder / name}.sock")
    print(f"slips            {bench.prints}")
    print(f"hub              {bench.line_url} (past the line: {bench.hub_url})")
    print("ready", flush=True)


def _wait() -> int:
    while True:
        signal.pause()


def _panel(bench: Bench) -> int:
    from PySide6.QtWidgets import QApplication

    from simulators.panel.window import Panel

    application = QApplication(["power-bench"])
    panel = Panel(bench.far_ends, bench.prints)
    panel.show()
    return application.exec()


if __name__ == "__main__":
    sys.exit(main())
