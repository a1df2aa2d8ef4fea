"""Replies leave the hub in one piece."""

import socket
from typing import Any

import requests


def raw(request: requests.PreparedRequest) -> bytes:
    """The request as bytes."""
    head = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
    body = request.body if isinstance(request.body, bytes) else b""
    return f"{request.method} {request.path_url} HTTP/1.1\r\nHost: hub\r\n{head}\r\n".encode() + body


def test_head_and_body_come_together_on_a_kept_connection(hub: Any) -> None:
    client = hub.client()
    path = f"/v1/accounts/{hub.account((10000, 8000)).account_no}"
    with socket.create_connection(("127.0.0.1", int(hub.process.url.rpartition(":")[2])), timeout=60) as line:
        for _ in range(10):
            line.sendall(raw(client.signed("GET", path)))
            head, _, body = line.recv(1 << 16).partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 OK")
            assert f"content-length: {len(body)}".encode() in head
            assert body.endswith(b"}")


def test_requests_that_come_together_are_answered_in_order(hub: Any) -> None:
    client = hub.client()
    paths = ["/v1/status", "/v1/nothing", "/v1/status"]
    with socket.create_connection(("127.0.0.1", int(hub.process.url.rpartition(":")[2])), timeout=60) as line:
        line.sendall(b"".join(raw(client.signed("GET", path)) for path in paths))
        told = b""
        while told.count(b"HTTP/1.1 ") < len(paths) or not told.endswith(b"}"):
            told += line.recv(1 << 16)
    assert [part[:3] for part in told.split(b"HTTP/1.1 ")[1:]] == [b"200", b"404", b"200"]
