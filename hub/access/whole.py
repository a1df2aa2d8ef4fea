"""uvicorn's HTTP protocol with bounds: a request is whole in time or hung up on, a reply leaves in one piece."""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

REQUEST_S = 30.0
"""From the connection, or from the first byte of a further request, to the end of the request."""
MOST_HEAD = 16 * 1024
"""Bytes of a request before its body, and of all its fields, the trailers too; uvicorn would keep any number."""
MOST_BYTES = 128 * 1024
"""Bytes of a whole request: more than any has that the gate takes, with the sizes of its chunks and its trailers."""
FIELD_COST = 40
"""Bytes that a field costs beside its own."""


class WholeMessages(HttpToolsProtocol):
    """uvicorn waits for ever for the rest of a request. And it writes head and body apart, which makes two packets,
    and two records in a TLS server before us."""

    _late: asyncio.TimerHandle | None = None
    _bytes = 0
    _fields = 0
    _in_body = False

    def connection_made(self, transport: Any) -> None:
        """Begin a connection; what is written within one turn of the loop goes out together."""
        super().connection_made(_Joined(transport, self.loop))  # type: ignore[arg-type]
        self._set_time()

    def connection_lost(self, exc: Exception | None) -> None:
        """Let the time go that was set for it."""
        self._in_time()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on; a request without end is not kept, and no byte keeps the connection for longer than a request."""
        self._bytes += len(data)
        super().data_received(data)
        if self._bytes > (MOST_BYTES if self._in_body else MOST_HEAD):
            self._hang_up()
        if self.cycle is None or self.cycle.response_complete:
            self._set_time()

    def on_message_begin(self) -> None:
        """Set the time for the whole of this request."""
        super().on_message_begin()
        self._set_time()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a field of the head or a trailer; what is raised for one too many ends the request unserved."""
        self._fields += len(name) + len(value) + FIELD_COST
        if self._fields > MOST_HEAD:
            self._hang_up()
            raise ValueError("more header fields than any request has")
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """What comes now is the body, bounded by the gate, and trailers."""
        self._in_body = True
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The request is whole."""
        super().on_message_complete()
        self._in_time()

    def _set_time(self) -> None:
        if self._late is None:
            self._late = self.loop.call_later(REQUEST_S, self._hang_up)

    def _in_time(self) -> None:
        self._bytes, self._fields, self._in_body = 0, 0, False
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _hang_up(self) -> None:
        self.transport.abort()


class _Joined:
    """A transport that gathers writes until the loop comes round."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> None:
        if not self._parts:
            self._loop.call_soon(self._flush)
        self._parts.append(data)

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._parts:
            self._transport.write(b"".join(self._parts))
            self._parts.clear()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
