"""Runs the kiosk of kiosk.toml as in the field, with a finger on its screen.

    python -m simulators.finger --config kiosk.toml --socket finger.sock [--form FORM] [--window]

Prints `ready` when the first page stands and the finger can be asked for touches.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import cast

import msgspec
from PySide6.QtCore import QObject, Qt

from kiosk.config import load
from simulators.finger.screen import Screen
from simulators.finger.server import FingerServer
from ui.app import build

# Leaves room for the frame of a window manager, and the right of the display for the bench panel.
_CORNER = (40, 40)


def main() -> int:
    """Run until the kiosk ends; returns its exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--socket", type=Path, required=True)
    parser.add_argument("--form", choices=["lobby", "wall", "through"])
    parser.add_argument(
        "--window", action="store_true", help="an ordinary window instead of the whole screen"
    )
    args = parser.parse_args()

    config = load(args.config)
    if args.form:
        config = msgspec.structs.replace(
            config, terminal=msgspec.structs.replace(config.terminal, form=args.form)
        )
    application = build(config, window=args.window)
    view, page = application.screen.view, application.screen.page
    if args.window:
        view.setPosition(*_CORNER)
    finger: QObject = cast(QObject, view.engine().singletonInstance("Kiosk", "Finger"))
    screen = Screen(view, lambda: str(page.property("name")), lambda: not finger.property("closed"))
    server = FingerServer(screen, args.socket)
    view.frameSwapped.connect(_say_ready, Qt.ConnectionType.SingleShotConnection)
    status = application.run()
    server.close()
    return status


def _say_ready() -> None:
    print("ready", flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
