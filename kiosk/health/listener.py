"""A small HTTP server for loopback: two verbs, few connections at a time, each with a deadline for the whole of it."""

from __future__ import annotations

import contextlib
import logging
import socket
import socketserver
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

log = logging.getLogger("kiosk.health")

CONNECTION_S = 5.0
MOST_CONNECTIONS = 8
TURN_S = 0.25


@dataclass(frozen=True, slots=True)
class Reply:
    """What a path answers."""

    status: HTTPStatus
    kind: str
    body: bytes


Answer = Callable[[str, str], Reply | None]
"""Path and Accept header in, reply out; None for a path that does not exist."""


class Listener(ThreadingHTTPServer):
    """Answers GET and HEAD. Whoever takes longer than CONNECTION_S is cut off; when MOST_CONNECTIONS are open the
    oldest of them makes room, so that clients that dawdle keep nobody out."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 16
    timeout = TURN_S

    def __init__(self, host: str, port: int, answer: Answer) -> None:
        """Bind and listen; raises OSError when the port is taken."""
        self.answer = answer
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._open: dict[socket.socket, float] = {}
        self._lock = threading.Lock()
        super().__init__((host, port), _Handler)

    @property
    def url(self) -> str:
        """Where it listens."""
        host, port = self.server_address[:2]
        return f"http://[{host!s}]:{port}" if ":" in str(host) else f"http://{host!s}:{port}"

    def server_bind(self) -> None:
        """Bind without HTTPServer's look-up of the host's name, which can wait for a name server."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "power-kiosk", int(self.server_address[1])

    def turn(self) -> None:
        """Take one connection or wait TURN_S for one, and cut off those whose time is up."""
        self.handle_request()
        now = time.monotonic()
        with self._lock:
            for connection, until in self._open.items():
                if until <= now:
                    _cut(connection)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve the connection in a thread of its own."""
        with self._lock:
            if len(self._open) >= MOST_CONNECTIONS:
                oldest = next(iter(self._open))
                del self._open[oldest]
                _cut(oldest)
            self._open[request] = time.monotonic() + CONNECTION_S
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget the connection before its number can belong to another one."""
        with self._lock:
            self._open.pop(request, None)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no event of ours; anything else is."""
        gone = isinstance(sys.exception(), ConnectionError | TimeoutError)
        log.log(logging.DEBUG if gone else logging.ERROR, "health_connection_failed", exc_info=True)


def _cut(connection: socket.socket) -> None:
    # Only shut down, not closed: the thread that reads from it wakes up and closes it itself.
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    server: Listener
    timeout = CONNECTION_S
    server_version = "power-kiosk"
    sys_version = ""
    error_message_format = "%(code)d %(message)s\n"
    error_content_type = "text/plain; charset=utf-8"

    def do_GET(self) -> None:
        reply = self.server.answer(self.path.partition("?")[0], self.headers.get("Accept", ""))
        if reply is None:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.kind)
        self.send_header("Content-Length", str(len(reply.body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body)

    do_HEAD = do_GET  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        log.debug("health_request", extra={"told": format % args})
