"""The listener against clients that dawdle, ask for the wrong thing, or come in crowds."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from http import HTTPStatus

import pytest

from kiosk.health import listener
from kiosk.health.listener import MOST_CONNECTIONS, Listener, Reply

BODY = b"all is well\n"


def answer(path: str, accept: str) -> Reply | None:
    """One page, and one that says what the asker accepts."""
    if path == "/here":
        return Reply(HTTPStatus.OK, "text/plain", BODY)
    if path == "/accept":
        return Reply(HTTPStatus.ACCEPTED, "text/plain", accept.encode())
    return None


@pytest.fixture(params=["127.0.0.1", "::1"])
def server(request: pytest.FixtureRequest) -> Iterator[Listener]:
    """A listener that takes its turns."""
    with serving(request.param) as listening:
        yield listening


@contextlib.contextmanager
def serving(host: str = "127.0.0.1") -> Iterator[Listener]:
    done = threading.Event()

    def turns() -> None:
        while not done.is_set():
            listening.turn()

    with Listener(host, 0, answer) as listening:
        thread = threading.Thread(target=turns)
        thread.start()
        try:
            yield listening
        finally:
            done.set()
            thread.join()


def connected(server: Listener) -> socket.socket:
    host, port = server.server_address[:2]
    return socket.create_connection((str(host), int(port)), timeout=30)


def asked(server: Listener, request: bytes) -> bytes:
    """Everything that comes back for these bytes."""
    with connected(server) as line:
        with contextlib.suppress(ConnectionError):  # it may have heard enough before all is sent
            line.sendall(request)
        return rest(line)


def rest(line: socket.socket) -> bytes:
    """All bytes until the other side ends the connection, however it does."""
    heard = b""
    with contextlib.suppress(ConnectionResetError):
        while part := line.recv(4096):
            heard += part
    return heard


def test_answers_get_and_head(server: Listener) -> None:
    got = asked(server, b"GET /here?of=interest HTTP/1.1\r\nHost: x\r\n\r\n")
    head = asked(server, b"HEAD /here HTTP/1.1\r\nHost: x\r\n\r\n")
    assert got.startswith(b"HTTP/1.0 200 OK\r\n")
    assert got.endswith(b"\r\n\r\n" + BODY)
    assert b"Content-Length: 12\r\n" in head
    assert head.endswith(b"\r\n\r\n")
    assert str(server.server_address[1]) in server.url


def test_hands_the_accept_header_on(server: Listener) -> None:
    got = asked(server, b"GET /accept HTTP/1.1\r\naccept: text/x\r\n\r\n")
    assert got.startswith(b"HTTP/1.0 202 ")
    assert got.endswith(b"\r\n\r\ntext/x")


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        (b"GET /elsewhere HTTP/1.1", b"404"),
        (b"GET /../here HTTP/1.1", b"404"),
        (b"POST /here HTTP/1.1", b"501"),
        (b"DELETE /here HTTP/1.1", b"501"),
        (b"GET", b"400"),
        (b"GET /here HTTP/9.9", b"505"),
        (b"\x16\x03\x01\x02\x00\x01", b"400"),
        (b"GET /" + b"a" * 70_000 + b" HTTP/1.1", b"414"),
        (b"GET /here HTTP/1.1\r\n" + b"x: y\r\n" * 101, b"431"),
    ],
)
def test_refuses_what_it_does_not_serve(request_line: bytes, status: bytes) -> None:
    with serving() as server:
        got = asked(server, request_line + b"\r\n\r\n")
    assert status in got.split(b"\n")[0][:40]
    assert BODY not in got
    assert b"a" * 100 not in got


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A listener that cuts nobody off while a test lasts."""
    monkeypatch.setattr(listener, "CONNECTION_S", 50.0)
    monkeypatch.setattr(listener._Handler, "timeout", 50.0)


@pytest.mark.usefixtures("patient")
def test_a_client_that_dawdles_keeps_nobody_waiting() -> None:
    with serving() as server, connected(server) as slow:
        slow.sendall(b"GET /here HTTP/1.1\r\n")
        assert asked(server, b"GET /here HTTP/1.0\r\n\r\n").endswith(BODY)
        slow.sendall(b"\r\n")
        assert rest(slow).endswith(BODY), "it was cut off"


def test_a_client_that_dawdles_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "CONNECTION_S", 2.0)
    start = time.monotonic()
    with serving() as server, connected(server) as slow:
        # A byte now and then keeps a socket's own time-out from ever passing.
        with contextlib.suppress(ConnectionError):
            slow.sendall(b"GET /here HTTP/1.1\r\n")
            while time.monotonic() - start < 30:
                slow.sendall(b"x")
                time.sleep(0.1)
        assert 2.0 <= time.monotonic() - start < 25
        assert BODY not in rest(slow)


@pytest.mark.usefixtures("patient")
def test_a_crowd_of_dawdlers_makes_room_for_one_who_asks() -> None:
    with serving() as server, contextlib.ExitStack() as crowd:
        slow = [crowd.enter_context(connected(server)) for _ in range(MOST_CONNECTIONS + 3)]
        for line in slow:
            with contextlib.suppress(ConnectionError):
                line.sendall(b"GET /he")
        assert asked(server, b"GET /here HTTP/1.0\r\n\r\n").endswith(BODY)
        assert rest(slow[0]) == b"", "the oldest should have been cut off"
        slow[-1].sendall(b"re HTTP/1.0\r\n\r\n")
        assert rest(slow[-1]).endswith(BODY), "the newest should have been left alone"


def test_a_client_that_does_not_read_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "CONNECTION_S", 1.0)
    big = Reply(HTTPStatus.OK, "text/plain", b"x" * 30_000_000)
    with serving() as server, connected(server) as deaf:
        begun = threading.Event()

        def bulky(path: str, accept: str) -> Reply:
            begun.set()
            return big

        server.answer = bulky
        deaf.sendall(b"GET /here HTTP/1.0\r\n\r\n")
        assert begun.wait(20)
        until = time.monotonic() + 20
        while server._open:  # its thread forgets it as the last thing
            assert time.monotonic() < until, "the thread still writes"
            time.sleep(0.05)


def test_a_port_that_is_taken_is_told() -> None:
    with serving() as server, pytest.raises(OSError, match="in use"):
        Listener("127.0.0.1", int(server.server_address[1]), answer)
