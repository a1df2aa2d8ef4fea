"""The finger's socket: one JSON object a line in, one a line out, all in Qt's own thread.

    {"do": "page"}                                   what stands on the screen
    {"do": "find", "name": "Start"}                  one target
    {"do": "touch", "name": "id=start", "hold_ms": 80}
    {"do": "touch", "name": "id=start", "on": "attract"}     answers `turned`
    {"do": "wait_page", "names": ["home"], "timeout_s": 5}
    {"do": "wait_text", "text": "100.00", "timeout_s": 5}
    {"do": "grab", "path": "home.png"}

Answers are `{"ok": true, "at": <time.monotonic() when it was so>, ...}` or `{"ok": false, "error": "..."}`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer
from PySide6.QtNetwork import QLocalServer, QLocalSocket

from simulators.finger.screen import CannotDo, Screen

# A handler yields the milliseconds it wants to let pass and returns its answer.
Answer = Generator[int, None, dict[str, Any]]
_LOOK_EVERY_MS = 10
_TURNING_S = 10.0


class FingerServer(QObject):
    """Listens at `path` and serves each connection in turn order, one order after another."""

    def __init__(self, screen: Screen, path: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._orders = Orders(screen)
        self._server = QLocalServer(self)
        QLocalServer.removeServer(str(path))
        if not self._server.listen(str(path)):
            raise OSError(f"cannot listen at {path}: {self._server.errorString()}")
        self._server.newConnection.connect(self._accept)

    def close(self) -> None:
        """Stop listening and take the socket away."""
        self._server.close()

    def _accept(self) -> None:
        while (connection := self._server.nextPendingConnection()) is not None:
            _Connection(self._orders, connection)


class _Connection(QObject):
    """One customer's line; a new order waits until the one before it is answered."""

    def __init__(self, orders: Orders, socket: QLocalSocket) -> None:
        super().__init__(socket)
        self._orders = orders
        self._socket = socket
        self._running: Answer | None = None
        socket.readyRead.connect(self._next)
        socket.disconnected.connect(socket.deleteLater)

    def _next(self) -> None:
        if self._running is None and self._socket.canReadLine():
            self._running = self._orders.answer(bytes(self._socket.readLine().data()))
            self._go_on()

    def _go_on(self) -> None:
        if self._running is None:
            return
        try:
            pause = next(self._running)
        except StopIteration as end:
            reply = {"ok": True, "at": time.monotonic(), **end.value}
        except CannotDo as refusal:
            reply = {"ok": False, "error": str(refusal)}
        else:
            QTimer.singleShot(pause, self, self._go_on)
            return
        self._running = None
        self._socket.write(json.dumps(reply, ensure_ascii=False).encode() + b"\n")
        self._socket.flush()
        self._next()


class Orders:
    """What can be asked of the finger; each `do_<word>` is one order."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen

    def answer(self, line: bytes) -> Answer:
        """Carry one order out. Raises CannotDo, also for an order that makes no sense."""
        try:
            order = json.loads(line)
            handler = getattr(self, f"do_{order.pop('do')}")
            answering: Answer = handler(**order)
        except (ValueError, AttributeError, KeyError, TypeError) as error:
            raise CannotDo(f"no such order: {error}") from error
        return (yield from answering)

    def do_page(self) -> Answer:
        """Tell what stands on the screen now."""
        yield 0
        return self._screen.page()

    def do_find(self, name: str) -> Answer:
        """Tell where a target is and whether it is on."""
        yield 0
        target = self._screen.find(name)
        rect = target.rect
        return {
            "id": target.id,
            "name": target.name,
            "enabled": target.enabled,
            "rect": [round(side) for side in (rect.x(), rect.y(), rect.width(), rect.height())],
        }

    def do_touch(self, name: str, hold_ms: int = 60, on: str = "") -> Answer:
        """Touch a target for so long, once the page takes touches; answers when the finger is lifted.

        `on` is the page on which the customer saw the target. If another one came before the finger was lifted, or the
        target was switched off, the answer's `turned` is true; before the finger is down nothing is touched then.
        """
        until = time.monotonic() + _TURNING_S
        while not self._screen.takes_touch() and time.monotonic() < until:
            yield _LOOK_EVERY_MS
        if on and not self._screen.offers(name, on):
            return {"turned": True}
        spot = self._screen.press(name)
        yield hold_ms
        turned = bool(on) and not self._screen.offers(name, on)
        at = time.monotonic()
        self._screen.release(spot)
        return {"at": at, "turned": turned}

    def do_wait_page(self, names: list[str], timeout_s: float = 10.0) -> Answer:
        """Wait until one of these pages stands and tell which."""
        until = time.monotonic() + timeout_s
        while (page := self._screen.page_name()) not in names:
            if time.monotonic() > until:
                seen = " | ".join(self._screen.texts()[:12])
                raise CannotDo(f"none of {', '.join(names)} came in {timeout_s:g} s; {page!r} stands: {seen}")
            yield _LOOK_EVERY_MS
        return {"name": page}

    def do_wait_text(self, text: str, timeout_s: float = 10.0) -> Answer:
        """Wait until this text can be read somewhere on the screen."""
        until = time.monotonic() + timeout_s
        while not any(text in seen for seen in self._screen.texts()):
            if time.monotonic() > until:
                page, seen = self._screen.page_name(), " | ".join(self._screen.texts()[:12])
                raise CannotDo(f"{text!r} could not be read within {timeout_s:g} s; {page!r} stands: {seen}")
            yield _LOOK_EVERY_MS
        return {}

    def do_grab(self, path: str) -> Answer:
        """Save what the screen shows as PNG."""
        yield 0
        self._screen.grab(path)
        return {"path": path}
