"""The hub's door and clients that never end their request: nobody else waits, and no more is held than the bound."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import uvicorn

from hub.access import whole
from hub.access.listen import tcp_socket

HEAD = b"PUT /v1/payments/" + b"a" * 32 + b" HTTP/1.1\r\nHost: hub\r\nContent-Length: %d\r\n\r\n"
UNENDED = {"silent": b"", "in the head": b"PUT /v1/paym", "in the body": HEAD % 100 + b"{"}


@contextlib.contextmanager
def connected(hub: Any, count: int) -> Iterator[list[socket.socket]]:
    address = urlsplit(hub.process.url)
    with contextlib.ExitStack() as stack:
        yield [
            stack.enter_context(socket.create_connection((address.hostname, address.port), timeout=60))
            for _ in range(count)
        ]


@pytest.mark.parametrize("said", UNENDED.values(), ids=UNENDED)
def test_a_crowd_that_never_ends_its_requests_keeps_nobody_waiting(hub: Any, said: bytes) -> None:
    with connected(hub, 100) as crowd:
        for line in crowd:
            line.sendall(said)
        since = time.monotonic()
        assert hub.client().get("/v1/status").status_code == 200
        assert time.monotonic() - since < 30


def test_a_request_that_trickles_is_answered_when_it_is_whole(hub: Any) -> None:
    with connected(hub, 1) as [line]:
        for byte in HEAD % 2 + b"{}":
            line.sendall(bytes([byte]))
            time.sleep(0.002)
        assert line.recv(100).startswith(b"HTTP/1.1 401 ")


def test_a_body_without_end_is_refused_at_the_bound(hub: Any) -> None:
    with connected(hub, 1) as [line]:
        line.sendall(HEAD % (1 << 40) + b" " * 70_000)
        assert line.recv(100).startswith(b"HTTP/1.1 400 ")


async def _answers(_scope: Any, receive: Any, send: Any) -> None:
    """An application that takes the whole request and answers it."""
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body"})


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A server behind the hub's own protocol that gives a request half a second; its port."""
    monkeypatch.setattr(whole, "REQUEST_S", 0.5)
    sock = tcp_socket("127.0.0.1", 0)
    config = uvicorn.Config(
        _answers, http=whole.WholeMessages, lifespan="off", log_config=None, timeout_keep_alive=60
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[sock])))
    thread.start()
    yield sock.getsockname()[1]
    server.should_exit = True
    thread.join(60)


REQUEST = b"GET / HTTP/1.1\r\nHost: hub\r\n\r\n"


def connected_to(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=60)


def answered(port: int) -> socket.socket:
    """A kept connection with one request behind it, which had all the time it wanted; the next one has not."""
    with pytest.MonkeyPatch.context() as patient:
        patient.setattr(whole, "REQUEST_S", 60.0)
        line = connected_to(port)
        line.sendall(REQUEST)
        assert line.recv(1000).startswith(b"HTTP/1.1 200 ")
    return line


def ended(line: socket.socket, within_s: float = 60.0) -> bool:
    """Whether the other side hangs up without a word."""
    return heard(line, within_s) == b""


@pytest.mark.parametrize("said", UNENDED.values(), ids=UNENDED)
def test_a_request_that_is_not_whole_in_time_is_hung_up_on(hasty: int, said: bytes) -> None:
    with connected_to(hasty) as line:
        with contextlib.suppress(ConnectionError):  # it may be late before it has said a word
            line.sendall(said)
        assert ended(line)


@pytest.mark.parametrize("kept", [False, True], ids=["new connection", "kept connection"])
def test_a_request_that_trickles_for_too_long_is_hung_up_on(hasty: int, kept: bool) -> None:
    with answered(hasty) if kept else connected_to(hasty) as line:
        sent = 0
        with contextlib.suppress(ConnectionError):
            line.sendall(b"GET / HTTP/1.1\r\n")
            while sent < 6000:
                line.sendall(b"a")
                sent += 1
                time.sleep(0.01)
        assert sent < 6000
        assert ended(line)


def test_an_empty_line_keeps_no_connection(hasty: int) -> None:
    with answered(hasty) as line:
        line.sendall(b"\r\n")
        assert ended(line)


def test_nothing_is_left_of_a_connection_that_was_lost(hasty: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whole, "REQUEST_S", 600.0)
    until = time.monotonic() + 150

    def wait(*, held: bool) -> None:
        # By its type alone: isinstance raises at a proxy, left by some other test, whose object is gone.
        while any(type(each) is whole.WholeMessages for each in gc.get_objects()) is not held:
            assert time.monotonic() < until, f"it should be {held} that the server holds it"
            time.sleep(0.05)
            gc.collect()

    wait(held=False)
    for said in UNENDED.values():
        with connected_to(hasty) as line:
            line.sendall(said)
            wait(held=True)
        wait(held=False)


def test_an_idle_connection_is_kept(hasty: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whole, "REQUEST_S", 2.0)  # a request must be whole in time here on a busy machine too
    with connected_to(hasty) as line:
        line.sendall(REQUEST)
        assert line.recv(1000).startswith(b"HTTP/1.1 200 ")
        time.sleep(2.5)  # that nothing happens has no event
        line.sendall(REQUEST)
        assert line.recv(1000).startswith(b"HTTP/1.1 200 ")


def test_a_head_without_end_is_hung_up_on(hub: Any) -> None:
    with connected(hub, 1) as [line]:
        with contextlib.suppress(ConnectionError):
            line.sendall(b"GET / HTTP/1.1\r\nHost: hub\r\nX: " + b"a" * (1 << 20))
        assert ended(line)


CHUNKED = b"PUT /v1/payments/" + b"a" * 32 + b" HTTP/1.1\r\nHost: hub\r\nTransfer-Encoding: chunked\r\n\r\n"
UNBOUNDED = {
    "tiny fields": b"GET /v1/status HTTP/1.1\r\nHost: hub\r\n" + b"a:b\r\n" * 1000,
    "tiny trailers": CHUNKED + b"0\r\n" + b"a:b\r\n" * 1000,
    "tiny fields and trailers": CHUNKED[:-2] + b"a:b\r\n" * 300 + b"\r\n0\r\n" + b"a:b\r\n" * 300,
    "one long trailer": CHUNKED + b"0\r\na:" + b"b" * (1 << 20),
    "chunks of nothing": CHUNKED + b"1\r\n \r\n" * 60_000 + b"0\r\n",
}


@pytest.mark.parametrize("said", UNBOUNDED.values(), ids=UNBOUNDED)
def test_a_request_of_more_than_any_has_is_hung_up_on_unserved(hub: Any, said: bytes) -> None:
    with connected(hub, 1) as [line]:
        with contextlib.suppress(ConnectionError):
            for start in range(0, len(said), 8192):
                line.sendall(said[start : start + 8192])
            line.sendall(b"\r\n\r\n")
        assert b"unknown_terminal" not in heard(line)


def test_a_request_with_as_many_fields_as_some_have_is_served(hub: Any) -> None:
    many = b"".join(b"X-Field-%d: of no use\r\n" % number for number in range(100))
    with connected(hub, 1) as [line]:
        for part in (CHUNKED[:-2], many, b"\r\n", b"2\r\n", b"{}\r\n", b"0\r\n", many, b"\r\n"):
            line.sendall(part)
        assert line.recv(1000).startswith(b"HTTP/1.1 401 ")


def heard(line: socket.socket, within_s: float = 60.0) -> bytes:
    """All that comes before the other side hangs up."""
    told = b""
    for patience in (within_s, 3.0):
        line.settimeout(patience)
        try:
            while part := line.recv(1 << 16):
                told += part
            return told
        except ConnectionError:
            return told
        except TimeoutError:
            # A reset that was lost is sent once more to whoever says something: the other side may have gone long ago.
            with contextlib.suppress(ConnectionError):
                line.sendall(b" ")
    raise AssertionError(f"it does not hang up; so far it said {told!r}")


def test_a_kept_connection_has_the_bounds_anew_for_each_request(hub: Any) -> None:
    long = b"GET /v1/status HTTP/1.1\r\nHost: hub\r\nX: " + b"a" * (whole.MOST_HEAD * 3 // 4) + b"\r\n\r\n"
    with_body = HEAD % 60_000 + b" " * 60_000
    with connected(hub, 1) as [line]:
        for said in (long, with_body, long, with_body, with_body, long):
            line.sendall(said)
            assert line.recv(1 << 16).startswith(b"HTTP/1.1 401 ")
        with contextlib.suppress(ConnectionError):
            line.sendall(b"GET / HTTP/1.1\r\nHost: hub\r\nX: " + b"a" * (whole.MOST_HEAD * 2))
        assert ended(line, 25)  # less than the time of a request


@pytest.mark.parametrize("filler", [b"\r\n" * 40_000], ids=["empty lines"])
def test_nothing_but_empty_lines_is_hung_up_on(hub: Any, filler: bytes) -> None:
    with connected(hub, 1) as [line]:
        with contextlib.suppress(ConnectionError):
            line.sendall(filler)
        assert ended(line)
