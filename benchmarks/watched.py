"""A screen with a finger on it that also notes when frames showed what: the kiosk's, or the bare window's.

    python -m benchmarks.watched --config kiosk.toml --socket finger.sock --frames frames.jsonl
    python -m benchmarks.watched --socket finger.sock --frames frames.jsonl          the bare window

Prints `ready` after the first frame. When it ends it writes one JSON object a line: `{"at", "touch_s"}` for each
touch, the seconds from the touch's arrival at the window until the first frame that shows the button pressed was on
the screen; `{"at", "money"}` for each frame that shows another sum in the money panel. `at` is time.monotonic().
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, QUrl
from PySide6.QtGui import QGuiApplication
from PySide6.QtQuick import QQuickItem, QQuickView

from simulators.finger.screen import Screen
from simulators.finger.server import FingerServer

HERE = Path(__file__).parent


class Watch(QObject):
    """Sees each touch come in and each frame go out. `pressed` and `money` tell what the frame was drawn from."""

    def __init__(
        self, view: QQuickView, pressed: Callable[[], bool], money: Callable[[], str], frames: Path
    ) -> None:
        super().__init__()
        self._pressed, self._money, self._frames = pressed, money, frames
        self._touched: float | None = None
        self._shown = ""
        self._seen: list[dict[str, Any]] = []
        view.installEventFilter(self)
        view.frameSwapped.connect(self._frame)
        view.frameSwapped.connect(lambda: print("ready", flush=True), Qt.ConnectionType.SingleShotConnection)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Note when a touch begins; let everything through."""
        if event.type() == QEvent.Type.TouchBegin:
            self._touched = time.monotonic()
        elif event.type() == QEvent.Type.TouchEnd and self._touched is not None:
            # No frame showed it while it lasted: it counts with all that time.
            self._note_touch(time.monotonic(), self._touched)
        return False

    def _frame(self) -> None:
        now = time.monotonic()
        if self._touched is not None and self._pressed():
            self._note_touch(now, self._touched)
        if (money := self._money()) != self._shown:
            self._shown = money
            self._seen.append({"at": now, "money": money})

    def _note_touch(self, now: float, touched: float) -> None:
        self._seen.append({"at": now, "touch_s": now - touched})
        self._touched = None

    def write(self) -> None:
        """Leave what was seen in the file."""
        self._frames.write_text("".join(json.dumps(one) + "\n" for one in self._seen), encoding="utf-8")


def watch_kiosk(config: Path, socket: Path, frames: Path) -> int:
    """Run the kiosk as in the field."""
    from kiosk.config import load
    from ui.app import build

    application = build(load(config))
    view, page = application.screen.view, application.screen.page
    finger = view.engine().singletonInstance("Kiosk", "Finger")
    assert isinstance(finger, QObject)
    watch = Watch(
        view,
        lambda: finger.property("holder") is not None,
        lambda: str(page.property("panel").get("headline", "")),
        frames,
    )
    screen = Screen(view, lambda: str(page.property("name")), lambda: not finger.property("closed"))
    server = FingerServer(screen, socket)
    application.qt.aboutToQuit.connect(watch.write)
    status = application.run()
    server.close()
    return status


def watch_bare(socket: Path, frames: Path) -> int:
    """Run the bare window."""
    application = QGuiApplication(sys.argv[:1])
    signal.signal(signal.SIGTERM, lambda *_: application.quit())
    # Python's handlers run only when Python is woken.
    waker = QTimer()
    waker.timeout.connect(lambda: None)
    waker.start(200)
    view = QQuickView()
    view.setSource(QUrl.fromLocalFile(str(HERE / "qml" / "Bare.qml")))
    pad = view.rootObject().findChild(QQuickItem, "pad")
    assert pad is not None
    watch = Watch(view, lambda: bool(pad.property("down")), lambda: "", frames)
    server = FingerServer(Screen(view, lambda: "bare"), socket)
    view.showFullScreen()
    status = application.exec()
    server.close()
    watch.write()
    return status


def main() -> int:
    """Run until a signal comes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path)
    parser.add_argument("--socket", type=Path, required=True)
    parser.add_argument("--frames", type=Path, required=True)
    options = parser.parse_args()
    if options.config is None:
        return watch_bare(options.socket, options.frames)
    return watch_kiosk(options.config, options.socket, options.frames)


if __name__ == "__main__":
    sys.exit(main())
