"""The health server's deadline for a client that never sends its request, and for one that is never done with it."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from http import HTTPStatus

import pytest

from kiosk.health import listener
from kiosk.health.listener import Listener, Reply

CONNECTION_S = 1.0


@pytest.fixture
def since() -> float:
    """A moment before the connection was there."""
    return time.monotonic()


@pytest.fixture
def line(since: float, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """A connection to a listener that takes its turns."""
    monkeypatch.setattr(listener, "CONNECTION_S", CONNECTION_S)
    done = threading.Event()
    with Listener("127.0.0.1", 0, lambda path, accept: Reply(HTTPStatus.OK, "text/plain", b"well")) as server:

        def turns() -> None:
            while not done.is_set():
                server.turn()

        thread = threading.Thread(target=turns)
        thread.start()
        with socket.create_connection(("127.0.0.1", int(server.server_address[1])), timeout=30) as connection:
            yield connection
        done.set()
        thread.join()


def test_a_client_that_says_nothing_is_cut_off(since: float, line: socket.socket) -> None:
    assert line.recv(100) == b""
    assert CONNECTION_S <= time.monotonic() - since < 25


@pytest.mark.parametrize(
    "said", [b"GET /health HTTP/1.1", b"GET /health HTTP/1.1\r\nX: "], ids=["request", "header"]
)
def test_a_client_that_trickles_is_cut_off(since: float, line: socket.socket, said: bytes) -> None:
    with contextlib.suppress(ConnectionError):
        line.sendall(said)
        while time.monotonic() - since < 25:
            line.sendall(b"a")
            time.sleep(0.05)
    assert CONNECTION_S <= time.monotonic() - since < 25
