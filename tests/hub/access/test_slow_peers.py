"""The hub's door and clients that never end their request: nobody else waits, and no more is held than the bound."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

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
