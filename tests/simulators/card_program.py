"""A card program's control socket, as far as a card unit's contact needs it: it writes down what it is told."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path


class CardProgram:
    """Answers `ok` to every order, `refuse` says what to answer instead; while `hold` is not set it answers nothing."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.orders: list[dict[str, object]] = []
        self.refuse = ""
        self.hold = threading.Event()
        self.hold.set()
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(path))
        self._server.listen()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            connection, _ = self._server.accept()
            # A unit that was ended may not wait for its answer.
            with contextlib.suppress(ConnectionError), connection, connection.makefile("rw") as lines:
                order = json.loads(lines.readline())
                if order["do"] == "end":
                    return
                self.orders.append(order)
                self.hold.wait(20)
                lines.write(json.dumps({"ok": not self.refuse, "error": self.refuse}) + "\n")

    def await_orders(self, orders: list[dict[str, object]]) -> None:
        deadline = time.monotonic() + 20
        while self.orders != orders:
            assert time.monotonic() < deadline, self.orders
            time.sleep(0.003)

    def end(self) -> None:
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(str(self.path))
            line.sendall(b'{"do": "end"}\n')
        self._thread.join(20)
        self._server.close()


@contextlib.contextmanager
def card_program(path: Path) -> Iterator[CardProgram]:
    program = CardProgram(path)
    try:
        yield program
    finally:
        program.end()
